"""Owns what an order may promise at the rate of its day, against what: dated data."""

import datetime as dt
from dataclasses import dataclass
from pathlib import Path

from app.kit.dated import read_table, remembered

DATA = Path(__file__).parent / "data" / "order_terms.json"


@dataclass(frozen=True, slots=True)
class OrderTerms:
    """`weight_over_bp` of the ordered weight may be delivered beyond it. A rate is kept for `most_days`, against
    `least_advance_bp` of what the weight costs at it."""

    weight_over_bp: int
    least_advance_bp: int
    most_days: int
    valid_from: dt.date
    valid_to: dt.date | None


@remembered
def _records() -> tuple[OrderTerms, ...]:
    return tuple(
        OrderTerms(
            int(row["weight_over_bp"]), int(row["least_advance_bp"]), int(row["most_days"]),
            dt.date.fromisoformat(row["valid_from"]),
            dt.date.fromisoformat(row["valid_to"]) if row["valid_to"] else None,
        )
        for row in read_table(DATA)["records"]
    )  # fmt: skip


def order_terms(on: dt.date) -> OrderTerms:
    return next(one for one in _records() if one.valid_from <= on and (one.valid_to is None or on <= one.valid_to))
