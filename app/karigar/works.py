"""Owns which kinds of work there are and what wastage the trade allows at each: dated data."""

import datetime as dt
from dataclasses import dataclass
from pathlib import Path

from app.kit.dated import read_table, remembered

DATA = Path(__file__).parent / "data" / "karigar_works.json"


@dataclass(frozen=True, slots=True)
class Work:
    """A kind of work and the wastage allowed at it where nothing was agreed."""

    work: str
    name: str
    allowed_bp: int
    valid_from: dt.date
    valid_to: dt.date | None


@remembered
def _works() -> tuple[Work, ...]:
    return tuple(
        Work(
            row["work"], row["name"], row["allowed_bp"], dt.date.fromisoformat(row["valid_from"]),
            dt.date.fromisoformat(row["valid_to"]) if row["valid_to"] else None,
        )
        for row in read_table(DATA)["records"]
    )  # fmt: skip


def list_works(on: dt.date) -> tuple[Work, ...]:
    """The kinds of work of a day."""
    return tuple(one for one in _works() if one.valid_from <= on and (one.valid_to is None or on <= one.valid_to))


def usual_wastage(work: str, on: dt.date) -> int:
    """What the trade allows at this work, in basis points; nothing at a work that is not in the table."""
    return next((one.allowed_bp for one in list_works(on) if one.work == work), 0)
