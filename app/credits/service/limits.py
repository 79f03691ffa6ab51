"""Owns what the law says to cash outside a bill: taken from a person in a day, and paid back of what was theirs."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from app.credits.errors import CashOfDayReached, CashPayOutTooLarge
from app.credits.models import CreditKind
from app.credits.repository import cash as repository
from app.credits.service.bills import the_bills, the_purchases
from app.credits.service.in_cash import InCredits, cash_by_debt, cash_of_counted, cash_of_each, most_in_cash
from app.kit.dated import read_table, remembered
from app.kit.money import indian_grouping, rupees
from app.kit.texts import _
from app.tax.limits import CounterFacts, check_counter, is_reached
from app.tax.tables import Limit, holds_on
from shard_router import ShopSession

OLD_GOLD = CreditKind.OLD_GOLD.value
DATA = Path(__file__).parent.parent / "data" / "pay_outs.json"


@dataclass(frozen=True, slots=True)
class PayOutRule:
    """A figure from which a credit of these kinds must not be paid out in cash."""

    kinds: tuple[str, ...]
    limit: Limit


def check_cash_taken(
    db: ShopSession, *, customer_ids: Sequence[UUID], cash_paise: int, on: dt.date, about_id: UUID | None = None
) -> None:
    """The person's cash of the day, bills and receipts together, and what came in cash for this order or passbook on
    any day: it is one transaction. Raises CashOfDayReached. Behind the person's lock."""
    if not cash_paise:
        return
    of_day = cash_of_day(db, customer_ids, on) + the_bills().cash_of_day(db, customer_ids, on)
    if blocked := _blocked(of_day + cash_paise, on):
        raise CashOfDayReached(blocked, fields={"payments": "cash"})
    before = repository.cash_about(db, about_id) if about_id is not None else 0
    if blocked := _blocked(before + cash_paise, on):
        message = _("%(blocked)s %(before)s of it came in cash before.", blocked=blocked, before=rupees(before))
        raise CashOfDayReached(message, fields={"payments": "cash"})


def check_cash_of_bills(
    db: ShopSession, *, customer_ids: Sequence[UUID], paise: int, cash_paise: int, on: dt.date
) -> None:
    """Money on account pays the oldest bills: of none of them so much may come in cash, with the bill, by its credits,
    and on account, on whatever days. Raises CashOfDayReached. Behind the person's lock."""
    if not cash_paise:
        return
    debts, before = the_bills().debts(db, customer_ids), repository.money_on_account(db, customer_ids)
    owed = [(bill_id, left) for bill_id, left, _cash in debts]
    paid, now = cash_by_debt(owed, before), cash_by_debt(owed, [*before, (paise, cash_paise)])
    touched = [bill_id for bill_id in now if now[bill_id] > paid[bill_id]]
    came = {bill_id: cash for bill_id, _left, cash in debts}
    by_credits = cash_of_each(repository.cash_in_bills(db, touched)) if touched else {}
    for bill_id in touched:
        earlier = came[bill_id] + by_credits.get(bill_id, 0) + paid[bill_id]
        if blocked := _blocked(earlier + now[bill_id] - paid[bill_id], on):
            message = _("%(blocked)s %(before)s of it came in cash before.", blocked=blocked, before=rupees(earlier))
            raise CashOfDayReached(message, fields={"payments": "cash"})


def _blocked(cash_paise: int, on: dt.date) -> str:
    """The rule that so much cash breaks, in its words; nothing: it may be taken."""
    found = check_counter(CounterFacts(value_paise=0, cash_paise=cash_paise), on)
    return next((_("%(message)s (%(rule)s)", message=one.message, rule=one.name) for one in found if one.blocks), "")


def cash_of_day(db: ShopSession, customer_ids: Sequence[UUID], on: dt.date) -> int:
    """Paise that these customers gave in cash with receipts of that day, also where some went back later."""
    return repository.cash_of_day(db, customer_ids, on)


def cash_since(db: ShopSession, customer_ids: Sequence[UUID], on: dt.date, since: dt.date) -> tuple[int, int]:
    """The same of that day, and of all days from `since` on."""
    of_day, linked = repository.cash_since(db, customer_ids, on, since)
    return int(of_day), int(linked)


def cash_left(db: ShopSession, used: Mapping[UUID, int]) -> InCredits:
    """Cash in so much more of each credit, behind what was used of it before."""
    return most_in_cash(used, repository.cash_brought(db, used)) if used else InCredits()


def cash_by_credits(db: ShopSession, bill_id: UUID) -> InCredits:
    """Cash that a bill has by the credits that it used."""
    rows = repository.cash_in_bills(db, [bill_id])
    paid_in = cash_of_counted(rows)
    return InCredits(paid_in, cash_of_each(rows)[bill_id] - paid_in)


def check_cash_paid_out(
    db: ShopSession, *, kind: str, customer_ids: Sequence[UUID], cash_paise: int, on: dt.date,
    credit_id: UUID | None = None, bill_id: UUID | None = None,
) -> None:  # fmt: skip
    """What a person gets in cash for credits of a kind, with what they got that day, and for this credit, or by notes
    on this bill, on any day before.

    Behind the person's lock. Raises CashPayOutTooLarge, in the words of the rule."""
    if not cash_paise:
        return
    for rule in _rules_of(kind, on):
        limit, before = rule.limit, _given(db, rule, customer_ids, on, credit_id=credit_id, bill_id=bill_id)
        if OLD_GOLD in rule.kinds:
            before += the_purchases(db, customer_ids, on)
        if is_reached(limit, cash_paise + before):
            figure = f"₹{indian_grouping(limit.figure_paise // 100)}"
            message = _("%(message)s (%(rule)s)", message=limit.message.replace("{figure}", figure), rule=limit.name)
            raise CashPayOutTooLarge(message, fields={"payments": limit.rule})


def cash_given(db: ShopSession, *, kind: str, customer_ids: Sequence[UUID], on: dt.date) -> int:
    """Paise in cash that these people got that day for credits under one rule with those of this kind, and by notes
    beyond what came in cash: what a purchase of theirs adds its own cash to."""
    return max((_given(db, rule, customer_ids, on) for rule in _rules_of(kind, on)), default=0)


def _given(
    db: ShopSession, rule: PayOutRule, customer_ids: Sequence[UUID], on: dt.date, *, credit_id: UUID | None = None,
    bill_id: UUID | None = None,
) -> int:  # fmt: skip
    paid_out = repository.cash_paid_out(db, customer_ids, kinds=rule.kinds, credit_id=credit_id, on=on)
    paid_out += repository.cash_taken_back(db, customer_ids, purposes=rule.kinds, on=on)
    return paid_out + the_bills().cash_refunded(db, customer_ids, on, bill_id=bill_id)


def _rules_of(kind: str, on: dt.date) -> list[PayOutRule]:
    return [rule for rule in _rules() if kind in rule.kinds and holds_on(rule.limit, on)]


@remembered
def _rules() -> tuple[PayOutRule, ...]:
    return tuple(
        PayOutRule(
            tuple(row["kinds"]),
            Limit(
                rule=row["rule"], figure_paise=row["figure_paise"], reached=row["reached"], action="block",
                name=row["name"], message=row["message"], valid_from=dt.date.fromisoformat(row["valid_from"]),
                valid_to=dt.date.fromisoformat(row["valid_to"]) if row["valid_to"] else None, source=row["source"],
                confirm=row["confirm"],
            ),
        )
        for row in read_table(DATA)["records"]
    )  # fmt: skip
