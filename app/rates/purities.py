"""Owns which purities there are and what a gram of each can cost at all: dated data, corrected without a release."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.kit.dated import read_table, remembered
from app.kit.money import ratio, round_half_up, rupees
from app.kit.texts import _
from app.kit.weights import FINE, purity_label
from app.rates.errors import RateAbsurd, UnknownPurity

DATA = Path(__file__).parent / "data"


@dataclass(frozen=True, slots=True)
class Purity:
    metal: str
    fineness: int
    valid_from: dt.date
    valid_to: dt.date | None

    @property
    def label(self) -> str:
        return purity_label(self.metal, self.fineness)


@dataclass(frozen=True, slots=True)
class Sanity:
    """Bounds of a gram of the fine metal."""

    metal: str
    least_paise: int
    most_paise: int
    valid_from: dt.date
    valid_to: dt.date | None

    def bounds(self, fineness: int) -> tuple[int, int]:
        """Bounds of a gram of a fineness."""
        least, most = (round_half_up(ratio(edge * fineness, FINE)) for edge in (self.least_paise, self.most_paise))
        return least, most


@remembered
def _purities() -> tuple[Purity, ...]:
    return tuple(Purity(row["metal"], row["fineness"], *_validity(row)) for row in _records("purities.json"))


@remembered
def _sanity() -> tuple[Sanity, ...]:
    return tuple(
        Sanity(row["metal"], row["least_paise"], row["most_paise"], *_validity(row)) for row in _records("sanity.json")
    )


def list_purities(on: dt.date) -> tuple[Purity, ...]:
    """All purities of a day, gold first, the finest first: the order of a board."""
    order = {"gold": 0, "silver": 1, "platinum": 2}
    held = (purity for purity in _purities() if _holds(purity, on))
    return tuple(sorted(held, key=lambda purity: (order.get(purity.metal, 9), purity.metal, -purity.fineness)))


def check_purity(metal: str, fineness: int, on: dt.date, *, field: str = "purity") -> Purity:
    """The purity; raises UnknownPurity naming what there is of this metal."""
    known = [purity for purity in _purities() if _holds(purity, on)]
    for purity in known:
        if purity.metal == metal and purity.fineness == fineness:
            return purity
    of_metal = ", ".join(str(purity.fineness) for purity in known if purity.metal == metal)
    metals = ", ".join(dict.fromkeys(purity.metal for purity in known))
    message = _("Metals are %(metals)s.", metals=metals)
    if of_metal:
        message = _("%(metal)s comes in %(found)s per ten thousand.", metal=metal[:20], found=of_metal)
    raise UnknownPurity(message, fields={field: "unknown"})


def check_rate(purity: Purity, paise_per_g: int, on: dt.date, *, field: str = "paisePerG") -> None:
    """Raises RateAbsurd when a gram of this purity cannot cost that."""
    for sanity in _sanity():
        if sanity.metal == purity.metal and _holds(sanity, on):
            least, most = sanity.bounds(purity.fineness)
            if not least <= paise_per_g <= most:
                message = _(
                    "%(rate)s for a gram of %(purity)s cannot be right: it lies between %(least)s and %(most)s.",
                    rate=rupees(paise_per_g), purity=purity.label, least=rupees(least), most=rupees(most),
                )  # fmt: skip
                raise RateAbsurd(message, fields={field: "absurd"})


def _records(name: str) -> list[Mapping[str, Any]]:
    records: list[Mapping[str, Any]] = read_table(DATA / name)["records"]
    return records


def _validity(row: Mapping[str, Any]) -> tuple[dt.date, dt.date | None]:
    until = row["valid_to"]
    return dt.date.fromisoformat(row["valid_from"]), dt.date.fromisoformat(until) if until else None


def _holds(record: Purity | Sanity, day: dt.date) -> bool:
    return record.valid_from <= day and (record.valid_to is None or day <= record.valid_to)
