"""Owns what the shop gives for a piece that it sold itself: dated shares of its metal's value today, by its age."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.kit.dated import read_table, remembered
from app.kit.money import BASIS_POINTS, ratio, round_half_up, whole
from app.kit.weights import FINE
from app.tax.tables import holds_on

DATA = Path(__file__).parent / "data" / "buyback.json"


@dataclass(frozen=True, slots=True)
class BuyBack:
    """From so many days after the sale on: the share of the metal's value, in basis points."""

    metal: str
    from_days: int
    exchange_bp: int  # all of it stays with the shop, for a bill
    cash_bp: int  # any of it is paid out
    valid_from: dt.date
    valid_to: dt.date | None


def share_of(metal: str, *, sold_on: dt.date, on: dt.date, paid_out: bool) -> int | None:
    """Basis points of the metal's value that are given on a day; None: the shop promises nothing for this metal."""
    age = (on - sold_on).days
    fitting = [one for one in _records() if one.metal == metal and one.from_days <= age and holds_on(one, on)]
    if not fitting:
        return None
    band = max(fitting, key=lambda one: one.from_days)
    return band.cash_bp if paid_out else band.exchange_bp


def list_shares(on: dt.date) -> tuple[BuyBack, ...]:
    """The shares that hold on a day, by metal, the youngest pieces first."""
    return tuple(one for one in _records() if holds_on(one, on))


def fine_rate_of(board: Mapping[tuple[str, int], int], metal: str, fineness: int, *, share_bp: int) -> int | None:
    """Paise for a fine gram, half-up, once: the share of the board's rate of this purity, or of its finest where it has
    none of this; None where the board has no rate of the metal."""
    known = [one for name, one in board if name == metal]
    if not known:
        return None
    mark = fineness if fineness in known else max(known)
    share = whole(share_bp, "A share in basis points", most=BASIS_POINTS, field="buybackBp")
    return round_half_up(ratio(board[metal, mark] * FINE * share, mark * BASIS_POINTS))


@remembered
def _records() -> tuple[BuyBack, ...]:
    return tuple(map(_record, read_table(DATA)["records"]))


def _record(row: dict[str, Any]) -> BuyBack:
    until = row["valid_to"]
    return BuyBack(
        row["metal"], int(row["from_days"]), int(row["exchange_bp"]), int(row["cash_bp"]),
        dt.date.fromisoformat(row["valid_from"]), dt.date.fromisoformat(until) if until else None,
    )  # fmt: skip
