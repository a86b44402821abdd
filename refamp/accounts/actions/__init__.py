"""Every change to people, roles, invitations and tokens."""

from refamp.accounts.actions.digests import DigestLine, register_digest, send_digests
from refamp.accounts.actions.invitations import (
    accept_invitation,
    resend_invitation,
    send_invitation,
    withdraw_invitation,
)
from refamp.accounts.actions.people import (
    change_own_details,
    create_account,
    deactivate_account,
    end_role,
    grant_role,
    reactivate_account,
    reset_second_factor,
)
from refamp.accounts.actions.privacy import ask_for_erasure, erase_person, export_person
from refamp.accounts.actions.tokens import digest, make_token, note_use, revoke_token

__all__ = [
    "DigestLine",
    "accept_invitation",
    "ask_for_erasure",
    "change_own_details",
    "create_account",
    "deactivate_account",
    "digest",
    "end_role",
    "erase_person",
    "export_person",
    "grant_role",
    "make_token",
    "note_use",
    "reactivate_account",
    "register_digest",
    "resend_invitation",
    "reset_second_factor",
    "revoke_token",
    "send_digests",
    "send_invitation",
    "withdraw_invitation",
]
