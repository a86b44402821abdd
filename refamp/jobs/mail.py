"""Without a mail server, messages become files that one can open."""

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend


class EmlBackend(BaseEmailBackend):
    """One `.eml` file per message in the data folder, named by its Message-ID: the same message is the same file."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        options.pop("file_path", None)
        super().__init__(*arguments, **options)
        self.folder = Path(settings.EMAIL_FILE_PATH)

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        self.folder.mkdir(parents=True, exist_ok=True)
        for email in email_messages:
            message = email.message()
            name = hashlib.sha256(str(message["Message-ID"]).encode()).hexdigest()[:24]
            unfinished = self.folder / f".{name}.part"
            unfinished.write_bytes(message.as_bytes(linesep="\r\n"))  # type: ignore[call-arg]  # Django's own message
            unfinished.rename(self.folder / f"{name}.eml")
        return len(email_messages)
