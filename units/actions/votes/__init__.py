"""Deliberations: proposed at a point of an agenda, voted, closed; and what they decide on, by registered handlers.

**Locks.** The deliberation's row first, then the register's, then what it decides on: two chairs who close at once
leave one outcome, and a vote is either counted or refused.
"""

from units.actions.votes.answers import decide_framework, record_metropolitan_answer
from units.actions.votes.ballots import cast_vote, open_voting
from units.actions.votes.closing import close_voting
from units.actions.votes.proposals import propose_deliberation, withdraw_deliberation
from units.actions.votes.subjects import HANDLERS, locked_deliberation, register_handler

__all__ = [
    "HANDLERS",
    "cast_vote",
    "close_voting",
    "decide_framework",
    "locked_deliberation",
    "open_voting",
    "propose_deliberation",
    "record_metropolitan_answer",
    "register_handler",
    "withdraw_deliberation",
]
