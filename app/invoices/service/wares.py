"""Owns what is sold without a tagged piece and which code it bears: dated data, so that no clerk chooses a tax rate."""

import datetime as dt
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.invoices.errors import WareUnknown
from app.invoices.pricing import LineKind
from app.kit.dated import read_table, remembered
from app.kit.texts import _

DATA = Path(__file__).parent.parent / "data" / "wares.json"


@dataclass(frozen=True, slots=True)
class Ware:
    """Goods or a service at a price of its own; `for_registered`: only a buyer with a GSTIN is billed so."""

    code: str
    name: str
    kind: LineKind
    hsn: str
    use: str
    for_registered: bool
    valid_from: dt.date
    valid_to: dt.date | None


@remembered
def _wares() -> tuple[Ware, ...]:
    return tuple(_ware(row) for row in read_table(DATA)["records"])


def _ware(row: dict[str, Any]) -> Ware:
    until = row["valid_to"]
    return Ware(
        row["code"], row["name"], LineKind(row["kind"]), row["hsn"], row["use"], row["for"] == "registered",
        dt.date.fromisoformat(row["valid_from"]), dt.date.fromisoformat(until) if until else None,
    )  # fmt: skip


def list_wares(on: dt.date) -> tuple[Ware, ...]:
    """What can be billed at a price of its own on a day, in the order of the table."""
    return tuple(ware for ware in _wares() if ware.valid_from <= on and (ware.valid_to is None or on <= ware.valid_to))


def ware_of(code: str, on: dt.date, *, field: str) -> Ware:
    """Raises WareUnknown, naming what there is."""
    known = list_wares(on)
    for ware in known:
        if ware.code == code:
            return ware
    message = _("What is sold at a price is one of %(codes)s.", codes=", ".join(ware.code for ware in known))
    raise WareUnknown(message, fields={field: "unknown"})
