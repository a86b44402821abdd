"""What the running request or task is called, for logs and the audit record."""

import logging
import re
from contextvars import ContextVar

request_id: ContextVar[str] = ContextVar("request_id", default="-")


class RequestIdFilter(logging.Filter):
    """Put the current request id on every log line."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.request_id = request_id.get()
        return True


# What opens something for whoever holds it (invitations, calendar feeds, answers by link) is at least this long in an
# address; a public id has 36 characters.
SECRET_IN_A_PATH = re.compile(r"(?<=/)[A-Za-z0-9_-]{40,}")


class SecretsFilter(logging.Filter):
    """Keep out of the log the addresses that are keys: whoever reads it could open what they open."""

    def filter(self, record: logging.LogRecord) -> bool:
        said = record.getMessage()
        hidden = SECRET_IN_A_PATH.sub("…", said)
        if hidden != said:
            record.msg, record.args = hidden, None
        return True
