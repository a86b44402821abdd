"""Without a mail server, messages become files that one can open."""

from django.core.mail.backends.filebased import EmailBackend


class EmlBackend(EmailBackend):
    """One `.eml` file per message in the data folder."""
