"""Owns what is asked before an advance is given back: whether something of a room above still stands on it.

The factory hands the questions in, once, before anything is served.
"""

from collections.abc import Callable
from uuid import UUID

from app.credits.errors import AdvanceStoodOn
from shard_router import ShopSession

StandsOn = Callable[[ShopSession, UUID], str]
"""Says in words what stands on the credit; nothing: an empty text. Its customer is locked."""

_questions: list[StandsOn] = []


def ask_before_giving_back(*questions: StandsOn) -> None:
    """Called by the factory (and the workers) once at start."""
    _questions[:] = questions


def stands_on(db: ShopSession, credit_id: UUID) -> str:
    """What stands on a credit, in words; nothing: its money may go back."""
    return next((stands for question in _questions if (stands := question(db, credit_id))), "")


def check_nothing_stands_on(db: ShopSession, credit_id: UUID) -> None:
    """Raises AdvanceStoodOn."""
    if stands := stands_on(db, credit_id):
        raise AdvanceStoodOn(stands)
