"""Owns what a lock takes: the advance, the longest time; dated data."""

import datetime as dt
from dataclasses import dataclass
from pathlib import Path

from app.kit.dated import read_table, remembered

DATA = Path(__file__).parent / "data" / "rate_locks.json"


@dataclass(frozen=True, slots=True)
class LockTerms:
    """`least_advance_bp` of what the grams cost at the locked rate."""

    least_advance_bp: int
    most_days: int
    valid_from: dt.date
    valid_to: dt.date | None


@remembered
def _records() -> tuple[LockTerms, ...]:
    return tuple(
        LockTerms(
            int(row["least_advance_bp"]), int(row["most_days"]), dt.date.fromisoformat(row["valid_from"]),
            dt.date.fromisoformat(row["valid_to"]) if row["valid_to"] else None,
        )
        for row in read_table(DATA)["records"]
    )  # fmt: skip


def lock_terms(on: dt.date) -> LockTerms:
    return next(one for one in _records() if one.valid_from <= on and (one.valid_to is None or on <= one.valid_to))
