"""Owns who must not sell goods to another state: dated data of the law."""

import datetime as dt
from pathlib import Path
from typing import Any

from app.invoices.errors import CompositionAcrossStates, UnregisteredAcrossStates
from app.kit.dated import read_table, remembered
from app.tenants.service.seller import Seller

DATA = Path(__file__).parent / "data" / "across_states.json"
REFUSALS = {"composition": CompositionAcrossStates, "unregistered": UnregisteredAcrossStates}


@remembered
def _records() -> tuple[dict[str, Any], ...]:
    records = tuple(read_table(DATA)["records"])
    for record in records:
        REFUSALS[record["seller"]], record["message"], dt.date.fromisoformat(record["valid_from"])
    return records


def check_may_cross(seller: Seller, on: dt.date) -> None:
    """For a sale to another state; raises CompositionAcrossStates, UnregisteredAcrossStates."""
    kind = "unregistered" if seller.gstin is None else "composition" if seller.composition else ""
    for record in _records():
        until = record["valid_to"]
        if record["seller"] == kind and record["valid_from"] <= on.isoformat() <= (until or on.isoformat()):
            raise REFUSALS[kind](record["message"], fields={"shipTo": "another state"})
