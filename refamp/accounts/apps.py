from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AccountsConfig(AppConfig):
    name = "refamp.accounts"
    label = "accounts"
    verbose_name = _("Accounts")

    def ready(self) -> None:
        """Say what the room's changes are called. Models are loaded only now."""
        from refamp.accounts.choices import ACCOUNT_EVENTS  # noqa: PLC0415 - models cannot be imported before
        from refamp.audit.actions import name_actions  # noqa: PLC0415

        name_actions(ACCOUNT_EVENTS)
