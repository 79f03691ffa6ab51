"""Owns the limits at the counter: what a sale of a value, or cash of an amount, needs before the bill is issued."""

import datetime as dt
from dataclasses import dataclass

from app.kit.money import indian_grouping
from app.tax.tables import Limit, current_tables, holds_on


@dataclass(frozen=True, slots=True)
class CounterFacts:
    """A sale as the limits see it, this bill included in every sum."""

    value_paise: int  # of the bill, tax included
    cash_paise: int = 0  # from this person: the largest of in a day, in the transaction, for the occasion
    linked_cash_paise: int = 0  # in transactions that seem linked
    buyer_registered: bool = False
    pan_given: bool = False  # or the declaration form
    address_given: bool = False  # name, address and state
    kyc_given: bool = False


@dataclass(frozen=True, slots=True)
class Finding:
    """A rule that bites on this sale and is not satisfied yet."""

    rule: str
    name: str
    message: str
    figure_paise: int
    blocks: bool


def check_counter(facts: CounterFacts, on: dt.date) -> tuple[Finding, ...]:
    """Everything the sale still lacks on this day, blocking rules first."""
    asked = {
        "pan": (facts.value_paise, facts.pan_given),
        "cash": (facts.cash_paise, False),
        "pmla": (max(facts.cash_paise, facts.linked_cash_paise), facts.kyc_given),
        "address": (facts.value_paise, facts.buyer_registered or facts.address_given),
    }
    found = [
        _finding(limit)
        for limit in current_tables().limits
        if holds_on(limit, on) and not asked[limit.rule][1] and is_reached(limit, asked[limit.rule][0])
    ]
    return tuple(sorted(found, key=lambda finding: not finding.blocks))


def limit_on(rule: str, on: dt.date) -> Limit | None:
    """The record of a rule on a day, for screens that show the figure before it is reached."""
    return next((limit for limit in current_tables().limits if limit.rule == rule and holds_on(limit, on)), None)


def is_reached(limit: Limit, paise: int) -> bool:
    """“Above” leaves the figure itself free, “from” does not."""
    return paise > limit.figure_paise if limit.reached == "above" else paise >= limit.figure_paise


def _finding(limit: Limit) -> Finding:
    figure = f"₹{indian_grouping(limit.figure_paise // 100)}"
    return Finding(
        rule=limit.rule,
        name=limit.name,
        message=limit.message.replace("{figure}", figure),
        figure_paise=limit.figure_paise,
        blocks=limit.action == "block",
    )
