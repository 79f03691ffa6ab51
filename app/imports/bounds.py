"""Owns how large an import may be: dated data."""

import datetime as dt
from dataclasses import dataclass
from pathlib import Path

from app.kit.dated import read_table, remembered

DATA = Path(__file__).parent / "data" / "import_bounds.json"
ENVELOPE_BYTES = 32 * 1024 * 1024
"""What the address takes at all; the dated bound below it says what is read."""


@dataclass(frozen=True, slots=True)
class Bounds:
    max_bytes: int
    max_unpacked_bytes: int
    max_rows: int
    max_columns: int
    chunk: int
    valid_from: dt.date
    valid_to: dt.date | None


@remembered
def _records() -> tuple[Bounds, ...]:
    return tuple(
        Bounds(
            int(row["max_bytes"]), int(row["max_unpacked_bytes"]), int(row["max_rows"]), int(row["max_columns"]),
            int(row["chunk"]), dt.date.fromisoformat(row["valid_from"]),
            dt.date.fromisoformat(row["valid_to"]) if row["valid_to"] else None,
        )
        for row in read_table(DATA)["records"]
    )  # fmt: skip


def bounds_on(day: dt.date) -> Bounds:
    """Raises LookupError where the table has no record of the day: the operator's mistake."""
    for one in _records():
        if one.valid_from <= day and (one.valid_to is None or day <= one.valid_to):
            return one
    raise LookupError(f"import_bounds.json says nothing of {day}")
