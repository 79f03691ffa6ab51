"""Owns how a closed business day becomes the strings of its slip: every figure is written here, none in the form."""

import datetime as dt
from dataclasses import dataclass
from typing import Any

from app.kit.clock import ist
from app.printing.bill import Say
from app.printing.fonts import Typeface
from app.printing.looks import Label

TITLE_ROWS = 2
"""What a part's title takes, in rows."""


@dataclass(frozen=True, slots=True)
class Part:
    """A titled list of labels and figures; titles and labels are told in the slip's language. The last row is the sum
    where `summed`."""

    title: str
    rows: tuple[tuple[str, str], ...]
    summed: bool = False


@dataclass(frozen=True, slots=True)
class DaySlip:
    """A closed day as it is printed; money in paise, weights in mg, names as people are called."""

    shop_name: str
    shop_local_name: str
    address: str
    gstin: str
    business_on: dt.date
    closed_at: dt.datetime
    closed_by: str
    parts: tuple[Part, ...]
    note: str
    chain_seq: int
    chain_hash: str
    content_hash: str


def day_data(slip: DaySlip, type_: Typeface, *, sides: int = 2) -> dict[str, Any]:
    """The form's data, in two columns or one: texts fit to be drawn, empty where there is nothing."""
    say: Say = type_.fit
    closed = ist(slip.closed_at)
    return {
        "name": say(slip.shop_name),
        "local_name": say(slip.shop_local_name),
        "address": say(slip.address),
        "gstin": say(slip.gstin),
        "day": f"{slip.business_on:%d-%m-%Y}",
        "date": [closed.year, closed.month, closed.day],
        "closed": f"{closed:%d-%m-%Y %H:%M}",
        "by": say(slip.closed_by),
        "sides": [[_part(part, say) for part in side] for side in _sides(slip, sides)],
        "note": say(slip.note),
        "chain": [str(slip.chain_seq), _in_fours(slip.chain_hash)],
        "content": _in_fours(slip.content_hash),
    }


def _sides(slip: DaySlip, sides: int) -> list[list[Part]]:
    """One on the roll; two of about the same height on a sheet, in the order of reading."""
    parts = [part for part in slip.parts if part.rows]
    if sides == 1:
        return [parts]
    heights = [len(part.rows) + TITLE_ROWS for part in parts]
    first = [part for at, part in enumerate(parts) if 2 * sum(heights[:at]) + heights[at] <= sum(heights)]
    return [first, parts[len(first) :]]


def _part(part: Part, say: Say) -> dict[str, Any]:
    return {
        "title": say(part.title), "rows": [[Label(say(label)), say(figure)] for label, figure in part.rows],
        "summed": part.summed,
    }  # fmt: skip


def _in_fours(text: str) -> str:
    """A hash as it can be compared by eye and broken over lines."""
    return " ".join(text[at : at + 4] for at in range(0, len(text), 4))
