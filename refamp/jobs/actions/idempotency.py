"""Where the API keeps the answers to creating calls: see `refamp.base.api.idempotency`."""

from refamp.base.api.idempotency import Answer
from refamp.jobs.models import IdempotencyKey


class KeyStore:
    """One row per caller and key, written in the transaction that creates the thing."""

    def claim(self, *, caller: str, key: str, fingerprint: str) -> Answer | None:
        """Take the key; where another call holds it, wait for that one to end, in the database.

        The unique constraint is what waits: a second insert of the same key blocks until the first transaction is over.
        """
        new = IdempotencyKey(caller=caller, key=key, fingerprint=fingerprint)
        IdempotencyKey.objects.bulk_create([new], ignore_conflicts=True)
        row = IdempotencyKey.objects.select_for_update().get(caller=caller, key=key)
        if row.status is None:
            # Ours: a key without an answer is only ever seen by the transaction that wrote it.
            return None
        return Answer(fingerprint=row.fingerprint, status=row.status, headers=row.headers, body=str(row.body or ""))

    def keep(self, *, caller: str, key: str, status: int, headers: dict[str, str], body: str) -> None:
        IdempotencyKey.objects.filter(caller=caller, key=key).update(status=status, headers=headers, body=body)
