"""Owns the story's own books: every figure is what was sent, added up by hand; the product's answers never come in."""

import datetime as dt
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import Any

from tests.support.month.arithmetic import Piece, Sums

TILL, SECOND, SAFE = "till", "second", "safe"
DOWN = "credit_note"


@dataclass
class Day:
    """A business day: documents by kind, their sums with their sign, money by way and purpose, metal sold."""

    counts: Counter[str] = field(default_factory=Counter)
    sums: Sums = field(default_factory=Sums)
    round_off: int = 0
    total: int = 0
    back: int = 0
    modes: Counter[str] = field(default_factory=Counter)
    receipts: Counter[str] = field(default_factory=Counter)
    sold_mg: Counter[tuple[str, int]] = field(default_factory=Counter)
    cash: Counter[str] = field(default_factory=Counter)
    stock_mg: dict[tuple[str, int], int] = field(default_factory=dict)  # at its end
    pieces: dict[tuple[str, int], int] = field(default_factory=dict)


@dataclass
class SoldLine:
    """One line of a bill and what is left of it after notes."""

    id: str
    left: Sums
    bp: int
    piece: Piece | None = None
    came_back: bool = False
    changed: bool = False


@dataclass
class Bill:
    id: str
    customer: str | None
    inter: bool
    lines: list[SoldLine]
    round_off: int
    total: int  # both: what is left of it
    paid: int
    payments: list[dict[str, Any]]
    on: dt.date
    noted: bool = False


@dataclass
class Lot:
    id: str
    metal: str
    fineness: int
    net_mg: int
    pieces: int = 0  # that it counts


@dataclass
class OwnBooks:
    """`today` is the business day that what happens now belongs to, `place` the drawer."""

    today: dt.date = dt.date.min
    place: str = TILL  # whose drawer takes and gives
    days: dict[dt.date, Day] = field(default_factory=lambda: defaultdict(Day))
    cash: Counter[str] = field(default_factory=Counter)
    stock_mg: Counter[tuple[str, int]] = field(default_factory=Counter)
    pieces: dict[str, Piece] = field(default_factory=dict)  # in stock
    away: dict[str, list[Piece]] = field(default_factory=dict)
    lots: list[Lot] = field(default_factory=list)
    owes: Counter[str] = field(default_factory=Counter)
    credits: dict[str, tuple[str, int]] = field(default_factory=dict)  # whose, and what is left
    bound: set[str] = field(default_factory=set)  # credits that hold a rate or came with a bonus: no note pays them out
    suppliers: Counter[str] = field(default_factory=Counter)
    karigars: Counter[str] = field(default_factory=Counter)  # paise owed
    with_karigars: Counter[str] = field(default_factory=Counter)  # mg × fineness
    numbers: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))
    bills: list[Bill] = field(default_factory=list)
    closed: list[dt.date] = field(default_factory=list)

    @property
    def day(self) -> Day:
        return self.days[self.today]

    # ---------------------------------------------------------------- cash and documents

    def cash_moves(self, paise: int, place: str = "") -> None:
        place = place or self.place
        self.cash[place] += paise
        self.day.cash[place] += paise

    def numbered(self, number: str) -> None:
        """Kept by series: what stands before the last run of digits."""
        digits = number[len(number.rstrip("0123456789")) :]
        self.numbers[number[: -len(digits)]].append(int(digits))

    def document(
        self, kind: str, sums: Sums, *, total: int, payments: list[dict[str, Any]], customer: str | None
    ) -> None:  # fmt: skip
        """A bill, or a note on one: a credit note counts down."""
        sign = -1 if kind == DOWN else 1
        day = self.day
        day.counts[kind] += 1
        day.sums = day.sums + sums if sign > 0 else day.sums - sums
        day.round_off += sign * (total - sums.parts)
        day.total += sign * total
        day.back += total if sign < 0 else 0
        self._money(payments, sign)
        if customer is not None:
            self.owes[customer] += sign * (total - sum(one["paise"] for one in payments))

    def voucher(self, purpose: str, payments: list[dict[str, Any]], *, out: bool = False) -> int:
        """A receipt, or money given back (`out`): its paise."""
        sign = -1 if out else 1
        paise = sum(one["paise"] for one in payments)
        self.day.receipts[purpose] += sign * paise
        self._money(payments, sign)
        return paise

    def _money(self, payments: list[dict[str, Any]], sign: int) -> None:
        for one in payments:
            self.day.modes[one["mode"]] += sign * one["paise"]
            if one["mode"] == "cash":
                self.cash_moves(sign * one["paise"])

    # ---------------------------------------------------------------- credits

    def opens(self, credit_id: str, customer: str, paise: int) -> None:
        self.credits[credit_id] = (customer, paise)

    def uses(self, credit_id: str, paise: int) -> None:
        """Below zero it comes back."""
        customer, left = self.credits[credit_id]
        self.credits[credit_id] = (customer, left - paise)

    # ---------------------------------------------------------------- metal

    def comes(self, piece: Piece) -> None:
        self.pieces[piece.id] = piece
        self.stock_mg[piece.purity] += piece.net_mg

    def goes(self, piece: Piece) -> None:
        del self.pieces[piece.id]
        self.stock_mg[piece.purity] -= piece.net_mg

    def sold(self, piece: Piece) -> None:
        self.goes(piece)
        self.day.sold_mg[piece.purity] += piece.net_mg

    def came_back(self, piece: Piece) -> None:
        self.comes(piece)
        self.day.sold_mg[piece.purity] -= piece.net_mg

    def lot(self, lot: Lot) -> None:
        self.lots.append(lot)
        self.stock_mg[lot.metal, lot.fineness] += lot.net_mg

    def draw(self, lot: Lot, mg: int) -> None:
        lot.net_mg -= mg
        self.stock_mg[lot.metal, lot.fineness] -= mg
        if not lot.net_mg:
            self.lots.remove(lot)

    # ---------------------------------------------------------------- the day's end

    def close(self) -> Day:
        """Keeps what lies in stock; whatever comes from here on is of the next day."""
        day = self.day
        day.stock_mg = {purity: mg for purity, mg in self.stock_mg.items() if mg}
        counted = Counter(piece.purity for piece in self.pieces.values())
        for lot in self.lots:
            counted[lot.metal, lot.fineness] += lot.pieces
        day.pieces = {purity: count for purity, count in counted.items() if count}
        self.closed.append(self.today)
        self.today += dt.timedelta(days=1)
        return day
