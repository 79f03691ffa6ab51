"""Owns how long an estimate and its rates hold, and how long a sheet stays aside; dated data."""

import datetime as dt
from dataclasses import dataclass
from pathlib import Path

from app.kit.dated import read_table, remembered

DATA = Path(__file__).parent / "data" / "estimate_terms.json"


@dataclass(frozen=True, slots=True)
class EstimateTerms:
    """Days after the one on which an estimate was made; hours after a sheet was put aside."""

    rate_days: int
    usual_days: int
    most_days: int
    held_hours: int
    valid_from: dt.date
    valid_to: dt.date | None

    def last_rate_day(self, made_on: dt.date, expires_on: dt.date) -> dt.date | None:
        """The last day on which the rates hold, never behind that of the estimate; None: they are not kept."""
        return min(made_on + dt.timedelta(days=self.rate_days), expires_on) if self.rate_days else None

    @property
    def held_for(self) -> dt.timedelta:
        return dt.timedelta(hours=self.held_hours)


@remembered
def _records() -> tuple[EstimateTerms, ...]:
    return tuple(
        EstimateTerms(
            int(row["rate_days"]), int(row["usual_days"]), int(row["most_days"]), int(row["held_hours"]),
            dt.date.fromisoformat(row["valid_from"]),
            dt.date.fromisoformat(row["valid_to"]) if row["valid_to"] else None,
        )
        for row in read_table(DATA)["records"]
    )  # fmt: skip


def estimate_terms(on: dt.date) -> EstimateTerms:
    return next(one for one in _records() if one.valid_from <= on and (one.valid_to is None or on <= one.valid_to))
