"""State moves through one table and nowhere else."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

from refamp.base.errors import Refused


def check_move(moves: Mapping[Any, Mapping[Any, str]], old: str, new: str) -> str:
    """Say who may move a thing from one state to the other; refuse a move that the table does not hold.

    `moves` is {from: {to: who}}.
    """
    who = moves.get(old, {}).get(new)
    if who is None:
        raise Refused(_("This step is not possible from the present state."), code="wrong_state")
    return who
