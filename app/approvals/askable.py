"""Owns which rights may be asked for case by case, and how long a question and its answer hold: dated data."""

import datetime as dt
from dataclasses import dataclass
from pathlib import Path

from app.approvals.errors import RightNotLent
from app.kit.dated import read_table, remembered

DATA = Path(__file__).parent / "data" / "askable.json"


@dataclass(frozen=True, slots=True)
class Askable:
    """A right that may be asked for. `answer` is how long a question waits, `spend` how long a grant may be used."""

    right: str
    answer: dt.timedelta
    spend: dt.timedelta
    valid_from: dt.date
    valid_to: dt.date | None


@remembered
def _records() -> tuple[Askable, ...]:
    return tuple(
        Askable(
            row["right"], dt.timedelta(minutes=row["answer_minutes"]), dt.timedelta(minutes=row["spend_minutes"]),
            dt.date.fromisoformat(row["valid_from"]),
            dt.date.fromisoformat(row["valid_to"]) if row["valid_to"] else None,
        )
        for row in read_table(DATA)["records"]
    )  # fmt: skip


def askable(right: str, on: dt.date) -> Askable:
    """Raises RightNotLent."""
    for one in _records():
        if one.right == right and one.valid_from <= on and (one.valid_to is None or on <= one.valid_to):
            return one
    raise RightNotLent(fields={"right": "not lent"})
