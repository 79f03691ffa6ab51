"""Owns which notes and coins there are, as dated data, and what a count of them comes to."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from app.cash.errors import CountMalformed
from app.kit.dated import read_table, remembered
from app.kit.money import rupees
from app.kit.texts import _

DATA = Path(__file__).parent / "data" / "denominations.json"


@dataclass(frozen=True, slots=True)
class Denomination:
    """One note or coin."""

    paise: int
    form: str
    valid_from: dt.date
    valid_to: dt.date | None

    def holds_on(self, on: dt.date) -> bool:
        return self.valid_from <= on and (self.valid_to is None or on <= self.valid_to)


@remembered
def _data() -> tuple[tuple[Denomination, ...], int]:
    known = read_table(DATA)
    notes = tuple(Denomination(row["paise"], row["form"], *_validity(row)) for row in known["records"])
    return notes, known["most_of_one"]["count"]


def _validity(row: dict[str, str | None]) -> tuple[dt.date, dt.date | None]:
    until = row["valid_to"]
    return dt.date.fromisoformat(str(row["valid_from"])), dt.date.fromisoformat(until) if until else None


def list_denominations(on: dt.date) -> tuple[Denomination, ...]:
    """Those of a day, the dearest first."""
    return tuple(sorted((one for one in _data()[0] if one.holds_on(on)), key=lambda one: -one.paise))


def counted(pieces: Sequence[tuple[int, int]], on: dt.date) -> int:
    """What a count comes to: pairs of a note's or coin's paise and how many there are. Raises CountMalformed."""
    known, most = {one.paise for one in list_denominations(on)}, _data()[1]
    for place, (paise, count) in enumerate(pieces):
        if paise not in known:
            message = _("There is no note or coin of %(amount)s, or it was named before.", amount=rupees(paise))
            raise CountMalformed(message, fields={f"pieces.{place}.paise": "no such note or coin, or named twice"})
        known.discard(paise)
        if type(count) is not int or not 0 <= count <= most:
            message = _("So many of %(amount)s cannot be: %(count)s.", amount=rupees(paise), count=str(count)[:12])
            raise CountMalformed(message, fields={f"pieces.{place}.count": f"0 to {most}"})
    return sum(paise * count for paise, count in pieces)
