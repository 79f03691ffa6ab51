"""Owns which labels there are: dated data."""

import datetime as dt
from dataclasses import dataclass
from pathlib import Path

from app.kit.dated import read_table, remembered
from app.kit.texts import _
from app.labels.errors import LabelsUnfit
from app.printing.tag import Box, TagSize

DATA = Path(__file__).parent / "data" / "tag_sizes.json"


@dataclass(frozen=True, slots=True)
class LabelSize:
    size: str
    name: str
    form: TagSize
    most: int
    valid_from: dt.date
    valid_to: dt.date | None


@remembered
def _records() -> tuple[LabelSize, ...]:
    return tuple(
        LabelSize(
            row["size"], row["name"],
            TagSize(
                int(row["wide"]), int(row["high"]), row["code"], Box(*map(int, row["code_box"])),
                Box(*map(int, row["main_box"])), Box(*map(int, row["more_box"])), int(row["text"]),
            ),
            int(row["most"]), dt.date.fromisoformat(row["valid_from"]),
            dt.date.fromisoformat(row["valid_to"]) if row["valid_to"] else None,
        )
        for row in read_table(DATA)["records"]
    )  # fmt: skip


def list_sizes(on: dt.date) -> tuple[LabelSize, ...]:
    """Those of a day, in the table's order."""
    return tuple(one for one in _records() if one.valid_from <= on and (one.valid_to is None or on <= one.valid_to))


def size_of(size: str, on: dt.date) -> LabelSize:
    """Raises LabelsUnfit."""
    for one in list_sizes(on):
        if one.size == size:
            return one
    names = ", ".join(one.size for one in list_sizes(on))
    raise LabelsUnfit(_("There is no such label; there are %(names)s.", names=names), fields={"size": "unknown"})
