"""Owns the figures of the home page: sales of today and of the month, money by mode, stock at today's rate."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from app.cash import service as cash
from app.inventory import service as inventory
from app.invoices import service as invoices
from app.kit.money import ratio, round_half_up
from app.kit.weights import MG_PER_GRAM, purity_label
from app.rates import service as rates
from shard_router import ShopSession


@dataclass(frozen=True, slots=True)
class DayPoint:
    """One day of the chart."""

    day: dt.date
    bills: int
    paise: int
    gold_mg: int


@dataclass(frozen=True, slots=True)
class StockPoint:
    """What is in stock of one purity; `metal_paise` is its metal at the board's rate, None where there is no rate."""

    metal: str
    fineness: int
    pieces: int
    net_mg: int
    metal_paise: int | None

    @property
    def label(self) -> str:
        return purity_label(self.metal, self.fineness)


@dataclass(frozen=True, slots=True)
class CashPoint:
    """What a till's drawer holds by the book, or the safe (no code); None where it is counted blind."""

    code: str
    business_on: dt.date
    is_open: bool
    paise: int | None


@dataclass(frozen=True, slots=True)
class HomeFigures:
    """`days` runs from the first of the month to today."""

    days: tuple[DayPoint, ...]
    paid_today: dict[str, int]
    stock: tuple[StockPoint, ...]
    cash: tuple[CashPoint, ...] = ()

    @property
    def today(self) -> DayPoint:
        return self.days[-1]

    @property
    def month_paise(self) -> int:
        return sum(day.paise for day in self.days)

    @property
    def month_gold_mg(self) -> int:
        return sum(day.gold_mg for day in self.days)

    @property
    def month_bills(self) -> int:
        return sum(day.bills for day in self.days)

    def written(self) -> dict[str, Any]:
        """As the cache keeps it."""
        return {
            "days": [[point.day.isoformat(), point.bills, point.paise, point.gold_mg] for point in self.days],
            "paid": self.paid_today,
            "stock": [[p.metal, p.fineness, p.pieces, p.net_mg, p.metal_paise] for p in self.stock],
            "cash": [[p.code, p.business_on.isoformat(), p.is_open, p.paise] for p in self.cash],
        }

    @classmethod
    def read(cls, written: dict[str, Any]) -> HomeFigures:
        days = tuple(DayPoint(dt.date.fromisoformat(day), *rest) for day, *rest in written["days"])
        cash_points = tuple(
            CashPoint(code, dt.date.fromisoformat(day), *rest) for code, day, *rest in written.get("cash", [])
        )
        return cls(days, written["paid"], tuple(StockPoint(*point) for point in written["stock"]), cash_points)


def home_figures(db: ShopSession, *, today: dt.date) -> HomeFigures:
    """Ten statements, whatever the size of the shop; eleven where a piece of several metals was sold this month."""
    takings = invoices.takings_by_day(db, first=today.replace(day=1), last=today)
    board = {(rate.metal, rate.fineness): rate.paise_per_g for rate in rates.get_board(db)}
    return HomeFigures(
        days=tuple(DayPoint(day.day, day.bills, day.paise, day.net_mg.get("gold", 0)) for day in takings),
        paid_today=invoices.paid_by_mode(db, on=today),
        stock=tuple(_point(holding, board) for holding in inventory.stock_by_purity(db)),
        cash=_cash(db, today),
    )


def _cash(db: ShopSession, today: dt.date) -> tuple[CashPoint, ...]:
    """Drawer by drawer, then the safe. The cache serves everybody, so a blind drawer's cash is told to nobody here."""
    drawers = [
        CashPoint(
            one.till_code, one.business_on, one.state == cash.DrawerState.OPEN.value,
            None if one.blind else one.held_paise,
        )
        for one in cash.list_drawers(db)
    ]  # fmt: skip
    return (*drawers, CashPoint("", today, False, cash.safe_paise(db)))


def _point(holding: inventory.Holding, board: dict[tuple[str, int], int]) -> StockPoint:
    rate = board.get((holding.metal, holding.fineness))
    worth = None if rate is None else round_half_up(ratio(holding.net_mg * rate, MG_PER_GRAM))
    return StockPoint(holding.metal, holding.fineness, holding.pieces, holding.net_mg, worth)
