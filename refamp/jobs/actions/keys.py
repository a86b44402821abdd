"""Creating twice is safe: where the answers given under an Idempotency-Key are kept."""

from django.db import connection

from refamp.base.api.idempotency import Answer
from refamp.jobs.models import IdempotencyKey

# A second call waits on the row of the first (unique caller and key) until that one commits or is rolled back.
CLAIM = """
INSERT INTO jobs_idempotencykey (caller, key, fingerprint, headers, body, status, created_at)
VALUES (%s, %s, %s, '{}', NULL, NULL, now())
ON CONFLICT (caller, key) DO NOTHING
RETURNING id
"""


class IdempotencyStore:
    """What `refamp.base.api.idempotency` asks for. Both methods run in the transaction that creates the thing."""

    def claim(self, *, caller: str, key: str, fingerprint: str) -> Answer | None:
        """Take the key; the answer already given under it, if there is one."""
        with connection.cursor() as cursor:
            cursor.execute(CLAIM, [caller, key, fingerprint])
            if cursor.fetchone():
                return None
        kept = IdempotencyKey.objects.get(caller=caller, key=key)
        return Answer(kept.fingerprint, kept.status or 200, kept.headers, kept.body or "")

    def keep(self, *, caller: str, key: str, status: int, headers: dict[str, str], body: str) -> None:
        """Remember the answer."""
        IdempotencyKey.objects.filter(caller=caller, key=key).update(status=status, headers=headers, body=body)
