"""Owns which HSN a kind of piece bears: dated data, so that a clerk's figure never chooses the rate of tax."""

import datetime as dt
from dataclasses import dataclass
from pathlib import Path

from app.inventory.errors import HsnDoesNotFit
from app.kit.dated import read_table, remembered
from app.kit.texts import _

DATA = Path(__file__).parent / "data" / "goods.json"


@dataclass(frozen=True, slots=True)
class Goods:
    categories: tuple[str, ...]  # none: any
    metals: tuple[str, ...]
    hsn: tuple[str, ...]
    valid_from: dt.date
    valid_to: dt.date | None

    def names(self, category: str, metal: str, on: dt.date) -> bool:
        held = self.valid_from <= on and (self.valid_to is None or on <= self.valid_to)
        return held and metal in self.metals and (not self.categories or category in self.categories)


@remembered
def _goods() -> tuple[Goods, ...]:
    return tuple(
        Goods(
            tuple(row["categories"]), tuple(row["metals"]), tuple(row["hsn"]), dt.date.fromisoformat(row["valid_from"]),
            dt.date.fromisoformat(row["valid_to"]) if row["valid_to"] else None,
        )
        for row in read_table(DATA)["records"]
    )  # fmt: skip


def check_hsn(hsn: str, *, category: str, metal: str, on: dt.date) -> None:
    """Raises HsnDoesNotFit, naming the codes of such a piece."""
    codes = next((goods.hsn for goods in _goods() if goods.names(category, metal, on)), ())
    if not any(hsn.startswith(code) or code.startswith(hsn) for code in codes):
        message = _(
            "HSN %(hsn)s is not that of a piece of %(metal)s of this category: it has %(codes)s.",
            hsn=hsn, metal=metal, codes=", ".join(codes) or "—",
        )  # fmt: skip
        raise HsnDoesNotFit(message, fields={"hsn": "does not fit category and metal"})
