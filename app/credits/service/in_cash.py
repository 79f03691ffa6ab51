"""Owns which part of a credit was cash, bill by bill: of what came partly in cash the cash is what is used first."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple
from uuid import UUID

from app.credits.models import CreditKind, UseKind

STORE_CREDIT = CreditKind.STORE_CREDIT.value


class InCredits(NamedTuple):
    """Paise of cash in credits that pay: paid in by itself, and come with a bill that was returned since."""

    paid_in: int = 0
    returned: int = 0


@dataclass(slots=True)
class CashUsed:
    """Paise of cash that nothing of each credit's uses took yet, and what each credit gave each document."""

    left: dict[UUID, int] = field(default_factory=dict)
    given: Counter[tuple[UUID, UUID]] = field(default_factory=Counter)


def cash_used(rows: Iterable[Sequence[Any]]) -> CashUsed:
    """`rows`: what CASH_BROUGHT gave, in order. What a cancelled document gives back is cash as far as it was; of what
    a note gives back nobody knows, so as much of it as can be."""
    found = CashUsed()
    for credit_id, paise, document_id, kind, used, *_rest in rows:
        brought = max(int(paise), 0)
        left, use = found.left.setdefault(credit_id, brought), (credit_id, document_id)
        if kind == UseKind.SPENT.value:
            cash = min(int(used), left)
            found.given[use] += cash
        elif kind == UseKind.RELEASED.value:
            cash = -min(-int(used), found.given[use] if use in found.given else brought - left)
            found.given[use] += cash if use in found.given else 0
        else:  # paid out, closed, or never used: what went back in money was taken all the same
            continue
        found.left[credit_id] = left - cash
    return found


def cash_of_counted(rows: Sequence[Sequence[Any]]) -> int:
    """Paise of cash that the counted documents had from all of these credits but store credits: what those brought is
    in the cash of the bill that was returned."""
    return sum(cash_of_each([row for row in rows if row[5] != STORE_CREDIT]).values())


def cash_of_each(rows: Sequence[Sequence[Any]]) -> Counter[UUID]:
    """The same by document."""
    given, found = cash_used(rows).given, Counter[UUID]()
    for credit_id, document_id in {(row[0], row[2]) for row in rows if row[6]}:
        found[document_id] += given[credit_id, document_id]
    return found


def most_in_cash(used: Mapping[UUID, int], rows: Sequence[Sequence[Any]]) -> InCredits:
    """Cash in so much more of each credit. `rows`: what CASH_BROUGHT gave."""
    left, returned = cash_used(rows).left, {row[0] for row in rows if row[5] == STORE_CREDIT}
    cash = {credit_id: min(paise, left.get(credit_id, 0)) for credit_id, paise in used.items()}
    of_returned = sum(paise for credit_id, paise in cash.items() if credit_id in returned)
    return InCredits(sum(cash.values()) - of_returned, of_returned)


def cash_by_debt(debts: Sequence[tuple[UUID, int]], receipts: Iterable[tuple[int, int]]) -> Counter[UUID]:
    """Paise of cash by which money on account paid each bill: each receipt pays the oldest bills that are left, its
    cash first.

    debts     bill and what of it was left to be paid on account, the oldest first; below nothing: notes left that much
    receipts  total and what of it was cash, the oldest first
    """
    found, at = Counter[UUID](), 0
    owed = [(bill_id, paise) for bill_id, paise in debts if paise > 0]
    left = owed[0][1] if owed else 0
    over = -sum(min(paise, 0) for _bill_id, paise in debts)
    for total, in_cash in ((over, 0), *receipts):
        for paise, is_cash in ((in_cash, True), (total - in_cash, False)):
            part = paise
            while part and at < len(owed):
                paid = min(part, left)
                part -= paid
                left -= paid
                if is_cash:
                    found[owed[at][0]] += paid
                if not left:
                    at += 1
                    left = owed[at][1] if at < len(owed) else 0
    return found
