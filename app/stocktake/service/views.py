"""Owns what a count is outside its tables: as its shop sees it, with its figures, scans and findings."""

import dataclasses
import datetime as dt
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from app.stocktake.models import FindingKind, StocktakeState, Verdict
from app.stocktake.models import Stocktake as StocktakeRow


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """How a count stands, in pieces. Expected ones are counted, missing or left: sold or moved away meanwhile.

    extra  what should not be there: elsewhere, gone and unknown together
    """

    expected: int = 0
    counted: int = 0
    missing: int = 0
    left: int = 0
    new: int = 0
    elsewhere: int = 0
    gone: int = 0
    unknown: int = 0
    weighed: int = 0
    drift: int = 0

    @property
    def extra(self) -> int:
        return self.elsewhere + self.gone + self.unknown


@dataclass(frozen=True, slots=True)
class Stocktake:
    """One count; `figures` None in lists, and `undecided` only once it is closed."""

    id: UUID
    place_id: UUID | None
    place_ids: tuple[UUID, ...] | None
    category: str | None
    metal: str | None
    note: str | None
    drift_mg: int
    expected: int
    state: StocktakeState
    opened_at: dt.datetime
    opened_by: UUID | None
    closed_at: dt.datetime | None
    closed_by: UUID | None
    version: int
    figures: Figures | None = None
    undecided: int | None = None

    @property
    def is_open(self) -> bool:
        return self.state is StocktakeState.OPEN

    def holds(self, place_id: UUID | None) -> bool:
        """Whether a piece that lies there is of its place."""
        return self.place_ids is None or place_id in self.place_ids


@dataclass(frozen=True, slots=True)
class ScanDraft:
    """One code as it was read, with what the scale said where it was weighed."""

    code: str
    gross_mg: int | None = None


@dataclass(frozen=True, slots=True)
class Scan:
    """What a code is. `again`: it had been scanned before; `drift_mg`: weighed less entered, where it was weighed."""

    code: str
    verdict: Verdict
    item_id: UUID | None
    status: str | None
    place_id: UUID | None
    book_mg: int | None
    gross_mg: int | None
    again: bool = False
    tag: str = ""
    name: str = ""
    drifts: bool = False

    @property
    def drift_mg(self) -> int | None:
        return None if self.gross_mg is None or self.book_mg is None else self.gross_mg - self.book_mg


@dataclass(frozen=True, slots=True)
class Unscanned:
    """A piece that was expected and not scanned. `left`: it was sold or moved away since, so it is not missing."""

    item_id: UUID
    tag: str
    gross_mg: int
    place_id: UUID | None
    name: str
    status: str
    left: bool


@dataclass(frozen=True, slots=True)
class Finding:
    """A difference as it was at the closing, and what was decided of it."""

    id: UUID
    kind: FindingKind
    code: str
    item_id: UUID | None
    status: str | None
    book_mg: int | None
    found_mg: int | None
    decision: str | None
    reason: str | None
    decided_at: dt.datetime | None
    decided_by: UUID | None
    name: str = ""


def stocktake_of(row: StocktakeRow, *, figures: Figures | None = None, undecided: int | None = None) -> Stocktake:
    known: dict[str, Any] = {
        field.name: getattr(row, field.name)
        for field in dataclasses.fields(Stocktake)
        if field.name not in ("figures", "undecided", "place_ids", "state")
    }
    places = None if row.place_ids is None else tuple(UUID(one) for one in row.place_ids)
    return Stocktake(**known, place_ids=places, state=StocktakeState(row.state), figures=figures, undecided=undecided)


def kept_figures(row: StocktakeRow) -> Figures | None:
    """Those of the closing."""
    return None if row.figures is None else Figures(**row.figures)
