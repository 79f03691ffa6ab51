"""A business day's documents and what they come to, for the day book and the day's closing.

Bills count up, credit notes down; debit notes count up. A day is the drawer's (docs/decisions/0040), not the clock's.
"""

import datetime as dt
from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from app.invoices import by_day
from app.invoices.service.priced_from import others_of
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
    """What was sold of one purity, less what came back. Of a piece of several metals each other metal, its weight and
    what it was billed at, counts under its own purity; the piece and all else of its line under that of its main
    metal."""

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
    for row in by_day.totals_of_day(db, on):
        counts[row.kind] = row.count
        back += int(row.total_paise) if row.kind in DOWN else 0
        for name in SUMS:
            sums[name] += _sign(row.kind) * int(getattr(row, name))
    for kind, mode, paise in by_day.modes_of_day(db, on):
        modes[mode] += _sign(kind) * int(paise)
    return DayTotals(counts, sums, dict(modes), back)


def sold_metal(db: ShopSession, first: dt.date, last: dt.date) -> list[SoldMetal]:
    """Of business days from the first to the last, by metal and purity, in one statement, two where a
    piece of several metals was sold."""
    lines: defaultdict[tuple[str, int], int] = defaultdict(int)
    found: defaultdict[tuple[str, int], Counter[str]] = defaultdict(Counter)
    rows = by_day.weights_of_days(db, first, last)
    others = others_of(db, [row.mixed for row in rows])
    for row in rows:
        sign, own = _sign(row.kind), (row.metal, row.fineness)
        lines[own] += sign * row.lines
        found[own].update({name: sign * int(getattr(row, name)) for name in PARTS})
        for part in others.get(row.mixed, ()):
            moved = {"net_mg": sign * part.net_mg, "taxable_paise": sign * part.paise, "metal_paise": sign * part.paise}
            found[own].subtract(moved)
            found[part.metal, part.fineness].update(moved)
    return [
        SoldMetal(metal, fineness, lines[metal, fineness], {name: parts[name] for name in PARTS})
        for (metal, fineness), parts in sorted(found.items())
    ]


def list_day(db: ShopSession, on: dt.date, *, after: tuple[dt.datetime, UUID] | None, limit: int) -> list[DayDocument]:
    """A business day's documents in the order of their issue, behind a moment and an id."""
    return [_document(row) for row in by_day.chunk_of_day(db, on, after, limit)]


def first_day_between(db: ShopSession, behind: dt.date | None, before: dt.date) -> dt.date | None:
    """The first business day between two, neither included, on which a document was issued."""
    return by_day.first_day_between(db, behind, before)


def _document(row: Any) -> DayDocument:
    return DayDocument(
        row.id, row.kind, row.number, row.issued_at, row.issued_on, row.till_id, row.customer_id, row.taxable_paise,
        row.cgst_paise + row.sgst_paise + row.igst_paise, row.total_paise, row.actor_id,
    )  # fmt: skip


def _sign(kind: str) -> int:
    return -1 if kind in DOWN else 1
