"""Keeping the rate of the day on which an order is taken: so long, and as long as its advance is there.

It is the same promise as a locked rate, so it takes what that takes: a clerk who may not lower a rate could otherwise
keep today's for ever, for nothing. Whoever has the right may promise more.
"""

import datetime as dt
from collections.abc import Iterable
from uuid import UUID

from app.kit.money import BASIS_POINTS, ratio, round_half_up, rupees
from app.kit.texts import _
from app.kit.weights import MG_PER_GRAM
from app.orders import repository
from app.orders.errors import OrderAdvanceTooSmall, RateKeptTooLong
from app.orders.terms import OrderTerms, order_terms
from shard_router import ShopSession

LOWER = "bill.lower_rate"


def check_days(db: ShopSession, *, due_on: dt.date, taken_on: dt.date) -> None:
    """Of an order that keeps a rate; raises RateKeptTooLong."""
    terms = order_terms(taken_on)
    if due_on > taken_on + dt.timedelta(days=terms.most_days) and not db.actor.may(LOWER):
        message = _("An order keeps its rate for %(days)s days at most.", days=terms.most_days)
        raise RateKeptTooLong(message, fields={"dueOn": "out of range"})


def check_advance(
    db: ShopSession, kept: Iterable[tuple[int, int]], *, advance_paise: int, taken_on: dt.date
) -> None:  # fmt: skip
    """`kept`: mg and the paise per gram that they are promised at. Raises OrderAdvanceTooSmall."""
    least = least_advance_paise(kept, order_terms(taken_on))
    if advance_paise < least and not db.actor.may(LOWER):
        message = _("Keeping this rate takes an advance of %(least)s.", least=rupees(least))
        raise OrderAdvanceTooSmall(message, fields={"advance": "too small"})


def least_advance_paise(kept: Iterable[tuple[int, int]], terms: OrderTerms) -> int:
    """A share of what the grams cost at their rates, to the paisa."""
    worth = sum(mg * paise_per_g for mg, paise_per_g in kept)
    return round_half_up(ratio(worth * terms.least_advance_bp, MG_PER_GRAM * BASIS_POINTS))


def stands_on(db: ShopSession, credit_id: UUID) -> str:
    """What the credits' room asks before it gives an advance back: the open order whose rate it keeps, in words."""
    number = repository.kept_by(db, credit_id)
    return "" if number is None else _("%(number)s keeps its rate by this advance.", number=number)
