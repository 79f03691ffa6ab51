"""Owns how far a count may go, and what a difference in weight is: dated data."""

import datetime as dt
from dataclasses import dataclass
from pathlib import Path

from app.kit.dated import read_table, remembered

DATA = Path(__file__).parent / "data" / "counting.json"


@dataclass(frozen=True, slots=True)
class Bounds:
    weight_drift_mg: int
    most_pieces: int
    most_scans: int
    valid_from: dt.date
    valid_to: dt.date | None


@remembered
def _records() -> tuple[Bounds, ...]:
    return tuple(
        Bounds(
            int(row["weight_drift_mg"]), int(row["most_pieces"]), int(row["most_scans"]),
            dt.date.fromisoformat(row["valid_from"]),
            dt.date.fromisoformat(row["valid_to"]) if row["valid_to"] else None,
        )
        for row in read_table(DATA)["records"]
    )  # fmt: skip


def bounds_on(day: dt.date) -> Bounds:
    """Raises LookupError where the table has no record of the day: the operator's mistake."""
    for one in _records():
        if one.valid_from <= day and (one.valid_to is None or day <= one.valid_to):
            return one
    raise LookupError(f"counting.json says nothing of {day}")
