"""Drawing numbers: one after the other, per registration, year, kind and till; a rolled-back draw leaves no gap.

What breaks the promise: nothing short of writing to the table by hand. The series' row is locked from the draw to the
commit, so it is drawn last of all, just before the audit chain's head.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy.exc import IntegrityError

from app.kit.clock import FinancialYear
from app.numbering import repository
from app.numbering.models import NumberSeries
from app.numbering.numbers import DocumentKind, NumberForm, check_till_code, prefix_for
from shard_router import FleetSession, PacketResult, ShopSession
from shard_router.moves import Restoring, Side

__all__ = [
    "DRAW",
    "DocumentKind",
    "LostNumbers",
    "Series",
    "bind_draw",
    "check_till_code",
    "count_drawn",
    "draw",
    "drawn",
    "last_numbers",
    "settle_restore",
    "shop_sums",
    "written",
]

Series = tuple[UUID, int, str, UUID]  # registration, year, kind, till
DRAW = repository.DRAW
shop_sums = repository.shop_sums


def bind_draw(*, registration_id: UUID, year: FinancialYear, kind: DocumentKind, till_id: UUID) -> Any:
    """The statement that draws the next number, for a packet; `drawn` reads its result."""
    return DRAW.bind(registration_id=registration_id, fy_start=year.start_year, kind=kind.value, till_id=till_id)


def drawn(result: PacketResult) -> int:
    return result.insert_id


def draw(db: ShopSession, *, registration_id: UUID, year: FinancialYear, kind: DocumentKind, till_id: UUID) -> int:
    """The next number, where a bill's packets are not used; called just before the audit entry."""
    facts: dict[str, Any] = {
        "registration_id": registration_id, "fy_start": year.start_year, "kind": kind.value, "till_id": till_id,
    }  # fmt: skip
    row = repository.lock_series(db, **facts)
    if row is None:
        try:
            with db.begin_nested():
                db.add(NumberSeries(last_no=1, **facts))
        except IntegrityError:  # another document opened the series meanwhile; its commit was waited for
            row = repository.lock_series(db, **facts)
            if row is None:
                raise
        else:
            return 1
    row.last_no += 1
    db.flush()
    return row.last_no


def written(no: int, *, year: FinancialYear, kind: DocumentKind, till_code: str) -> str:
    """The number as the document carries it; raises SeriesExhausted, NumberFormUnlawful."""
    return NumberForm(prefix=prefix_for(kind, till_code)).write(year.label, no)


def last_numbers(db: ShopSession) -> dict[Series, int]:
    """The last number given of every series."""
    return {
        (row.registration_id, row.fy_start, row.kind, row.till_id): row.last_no for row in repository.list_series(db)
    }


@dataclass(frozen=True, slots=True)
class LostNumbers:
    """Numbers of one series that were given, or may have been, and whose documents a restore took back."""

    registration_id: UUID
    fy_start: int
    kind: str
    till_id: UUID
    first: int
    last: int

    @property
    def series(self) -> Series:
        return self.registration_id, self.fy_start, self.kind, self.till_id


def settle_restore(restoring: Restoring) -> list[LostNumbers]:
    """No number is ever given twice (Rule 46): a restored series goes on where the closed one stood.

    With the shop's old home dead nobody knows where that was, but no transaction draws two numbers of a series: it goes
    on behind as many as there may have been. What breaks it: a series that was begun in those, whose till is not known.
    """
    restored = _lasts(restoring.restored)
    if restoring.closed is not None:
        wanted = _lasts(restoring.closed)
    else:
        wanted = {series: last + restoring.unknown for series, last in restored.items()}
    lost = [
        LostNumbers(*series, restored.get(series, 0) + 1, last)
        for series, last in sorted(wanted.items())
        if last > restored.get(series, 0)
    ]
    for one in lost:
        restoring.target.run(repository.GO_ON_BEHIND.bind(
            registration_id=one.registration_id, fy_start=one.fy_start, kind=one.kind, till_id=one.till_id,
            last_no=one.last, at_least=one.last,
        ))  # fmt: skip
    return lost


def _lasts(side: Side) -> dict[Series, int]:
    rows = side.run(repository.SERIES.bind()).rows
    return {(row.registration_id, row.fy_start, row.kind, row.till_id): row.last_no for row in rows}


def count_drawn(session: FleetSession, shop_ids: Iterable[int], kinds: Iterable[DocumentKind]) -> dict[int, int]:
    """How many documents of these kinds each of these shops ever issued: numbers have no gap, so no row is counted."""
    return {shop_id: int(total) for shop_id, total in repository.sum_by_shop(session, shop_ids, kinds)}
