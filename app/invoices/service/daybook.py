"""A business day's documents and what they come to, for the day book and the day's closing.

Bills count up, credit notes down; debit notes count up. A day is the drawer's (docs/decisions/0040), not the clock's.
"""

import datetime as dt
from collections import defaultdict
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from app.invoices import repository
from app.numbering.service import DocumentKind
from shard_router import ShopSession

SUMS = ("taxable_paise", "cgst_paise", "sgst_paise", "igst_paise", "round_off_paise", "total_paise")
PARTS = (
    "net_mg", "taxable_paise", "metal_paise", "wastage_paise", "making_paise", "making_discount_paise", "stones_paise",
    "hallmark_paise", "discount_paise",
)  # fmt: skip
DOWN = frozenset((DocumentKind.CREDIT_NOTE.value,))


@dataclass(frozen=True, slots=True)
class DayTotals:
    """`counts` by kind; `sums` and `modes` are bills less credit notes; `given_back_paise` is the notes' own total."""

    counts: dict[str, int]
    sums: dict[str, int]
    modes: dict[str, int]
    given_back_paise: int


@dataclass(frozen=True, slots=True)
class SoldMetal:
    """What was sold of one purity, less what came back."""

    metal: str
    fineness: int
    lines: int
    parts: dict[str, int]

    @property
    def net_mg(self) -> int:
        return self.parts["net_mg"]


@dataclass(frozen=True, slots=True)
class DayDocument:
    """One document of a business day."""

    id: UUID
    kind: str
    number: str
    issued_at: dt.datetime
    issued_on: dt.date
    till_id: UUID
    customer_id: UUID | None
    taxable_paise: int
    tax_paise: int
    total_paise: int
    actor_id: UUID | None

    @property
    def signed_paise(self) -> int:
        return _sign(self.kind) * self.total_paise


def day_totals(db: ShopSession, on: dt.date) -> DayTotals:
    """In two statements."""
    counts: dict[str, int] = {}
    sums, modes = dict.fromkeys(SUMS, 0), defaultdict[str, int](int)
    back = 0
    for row in repository.totals_of_day(db, on):
        counts[row.kind] = row.count
        back += int(row.total_paise) if row.kind in DOWN else 0
        for name in SUMS:
            sums[name] += _sign(row.kind) * int(getattr(row, name))
    for kind, mode, paise in repository.modes_of_day(db, on):
        modes[mode] += _sign(kind) * int(paise)
    return DayTotals(counts, sums, dict(modes), back)


def sold_metal(db: ShopSession, first: dt.date, last: dt.date) -> list[SoldMetal]:
    """Of business days from the first to the last, by metal and purity, in one statement."""
    found: dict[tuple[str, int], list[Any]] = defaultdict(list)
    for row in repository.weights_of_days(db, first, last):
        found[row.metal, row.fineness].append(row)
    return [
        SoldMetal(
            metal, fineness, sum(_sign(row.kind) * row.lines for row in rows),
            {name: sum(_sign(row.kind) * int(getattr(row, name)) for row in rows) for name in PARTS},
        )
        for (metal, fineness), rows in sorted(found.items())
    ]  # fmt: skip


def list_day(db: ShopSession, on: dt.date, *, after: tuple[dt.datetime, UUID] | None, limit: int) -> list[DayDocument]:
    """A business day's documents in the order of their issue, behind a moment and an id."""
    return [_document(row) for row in repository.chunk_of_day(db, on, after, limit)]


def first_day_between(db: ShopSession, behind: dt.date | None, before: dt.date) -> dt.date | None:
    """The first business day between two, neither included, on which a document was issued."""
    return repository.first_day_between(db, behind, before)


def _document(row: Any) -> DayDocument:
    return DayDocument(
        row.id, row.kind, row.number, row.issued_at, row.issued_on, row.till_id, row.customer_id, row.taxable_paise,
        row.cgst_paise + row.sgst_paise + row.igst_paise, row.total_paise, row.actor_id,
    )  # fmt: skip


def _sign(kind: str) -> int:
    return -1 if kind in DOWN else 1
