"""Owns which part of a credit was cash, bill by bill: of what came partly in cash the cash is what is used first."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from app.credits.models import UseKind


@dataclass(slots=True)
class CashUsed:
    """Paise of cash that nothing of each credit's uses took yet, and what each credit gave each document."""

    left: dict[UUID, int] = field(default_factory=dict)
    given: Counter[tuple[UUID, UUID]] = field(default_factory=Counter)


def cash_used(rows: Iterable[Sequence[Any]]) -> CashUsed:
    """`rows`: what CASH_BROUGHT gave, in order. What a cancelled document gives back is cash as far as it was; of what
    a note gives back nobody knows, so as much of it as can be."""
    found = CashUsed()
    for credit_id, paise, document_id, kind, used, *_counted in rows:
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
    """Paise of cash that the counted documents had from all of these credits."""
    given = cash_used(rows).given
    return sum(given[credit_id, document] for credit_id, document in {(row[0], row[2]) for row in rows if row[5]})


def most_in_cash(used: Mapping[UUID, int], rows: Iterable[Sequence[Any]]) -> int:
    """Paise of cash in so much more of each credit. `rows`: what CASH_BROUGHT gave."""
    left = cash_used(rows).left
    return sum(min(paise, left.get(credit_id, 0)) for credit_id, paise in used.items())
