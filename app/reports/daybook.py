"""The day book: a business day's documents and cash in their order, what they come to, and the closing that keeps it.

A day's figures are worked out from the books each time, until its closing; then they are what the closing kept.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from app.cash import service as cash
from app.cash.service import Closing
from app.credits import service as credits
from app.inventory import service as inventory
from app.invoices import service as invoices
from app.kit.clock import ist, utc_now
from app.kit.money import ratio, round_half_up
from app.kit.weights import MG_PER_GRAM
from app.metal import service as metal
from app.oldgold import service as oldgold
from app.rates import service as rates
from app.reports.errors import MonthTooLong, PeriodBackwards
from app.tenants.service.places import list_places
from shard_router import ShopSession

ROWS = 100
MOST_DAYS = 31
GONE = (metal.Account.LOSS, metal.Account.SOLD)


@dataclass(frozen=True, slots=True)
class BookRow:
    """One line of the day book: a document, or cash that no document stands for."""

    at: dt.datetime
    id: UUID
    kind: str
    what: str
    till_id: UUID | None
    customer_id: UUID | None
    paise: int
    document: bool
    actor_id: UUID | None


@dataclass(frozen=True, slots=True)
class BookPage:
    """Some rows of a day; `next_after` is where to go on, None: that was the end."""

    items: list[BookRow]
    next_after: tuple[dt.datetime, UUID] | None


@dataclass(frozen=True, slots=True)
class Day:
    """A business day: its figures, and its closing where it has one."""

    on: dt.date
    figures: dict[str, Any]
    closing: Closing | None


def close_day(
    db: ShopSession, *, business_on: dt.date, note: str | None = None, at: dt.datetime | None = None
) -> Closing:
    """Close a business day with all its figures; raises what cash.close_day does."""
    return cash.close_day(db, business_on=business_on, figures=figures_of, earlier=earliest_unclosed, note=note, at=at)


def get_day(db: ShopSession, on: dt.date) -> Day:
    closing = cash.find_closing(db, on)
    return Day(on, closing.figures if closing else figures_of(db, on), closing)


def figures_of(db: ShopSession, on: dt.date) -> dict[str, Any]:
    """What a business day comes to: sales and taxes, money by mode, cash by drawer, metal sold, old gold bought, metal
    given to karigars and come back, stock by purity."""
    totals, vouchers = invoices.day_totals(db, on), credits.day_vouchers(db, on)
    codes = {place.till_id: place.till_code for place in list_places(db)}
    return {
        "sales": {
            "counts": totals.counts, "givenBackPaise": totals.given_back_paise,
            **{_camel(name): paise for name, paise in totals.sums.items()},
        },
        "receipts": vouchers.by_purpose,
        "modes": _together(totals.modes, vouchers.modes),
        "cash": [_till(one, codes) for one in cash.day_cash(db, on)],
        "counts": [_count(one, codes) for one in cash.counts_of_day(db, on)],
        "sold": [_sold(one) for one in invoices.sold_metal(db, on, on)],
        "oldGold": [_bought(one) for one in oldgold.bought_on(db, on)],
        "karigars": _karigars(metal.flows(db, account=metal.Account.KARIGAR, book_on=on)),
        "stock": _stock(db, on),
    }  # fmt: skip


def list_rows(
    db: ShopSession, on: dt.date, *, after: tuple[dt.datetime, UUID] | None = None, limit: int = ROWS
) -> BookPage:
    """A business day's documents and cash, merged in the order of their making, in three statements."""
    documents = invoices.list_day(db, on, after=after, limit=limit + 1)
    vouchers = credits.list_day(db, on, after=after, limit=limit + 1)
    entries = cash.list_day(db, on, after=after, limit=limit + 1)
    rows = [*map(_document_row, documents), *map(_voucher_row, vouchers), *map(_cash_row, entries)]
    merged = sorted(rows, key=lambda row: (row.at, row.id))
    if len(merged) <= limit:
        return BookPage(merged, None)
    last = merged[limit - 1]
    return BookPage(merged[:limit], (last.at, last.id))


def earliest_unclosed(db: ShopSession, before: dt.date) -> dt.date | None:
    """The first day before this one that has something in it and was not closed."""
    closed = cash.closed_days(db, limit=1)
    last = closed[0] if closed else None
    found = [
        cash.first_unclosed(db, before), invoices.first_day_between(db, last, before),
        credits.first_day_between(db, last, before),
    ]  # fmt: skip
    days = [day for day in found if day is not None]
    return min(days) if days else None


def day_to_close(db: ShopSession) -> dt.date:
    """The day that is to be closed next: the earliest with something in it, else the one the shop is in."""
    today = ist(utc_now()).date()
    return earliest_unclosed(db, today) or cash.day_to_close(db)


# ---------------------------------------------------------------- profit


@dataclass(frozen=True, slots=True)
class ProfitLine:
    """One purity's sales of a day against what the same metal costs at today's rate (None: it has none), and against
    what the pieces cost (None: nobody wrote that down)."""

    metal: str
    fineness: int
    net_mg: int
    sold_paise: int
    metal_paise: int
    replacement_paise: int | None
    cost_paise: int | None

    @property
    def profit_paise(self) -> int | None:
        return None if self.replacement_paise is None else self.sold_paise - self.replacement_paise


def profit_of(db: ShopSession, *, first: dt.date, last: dt.date) -> list[ProfitLine]:
    """What a period's sales (before tax, notes taken off) would leave if their metal were bought again today, and what
    they left over what the pieces cost, as far as the metal book knows it. Raises PeriodBackwards, MonthTooLong.

    Stones and hallmarking are taken off at what the bill charged for them: they are bought in at no known rate here.
    """
    if last < first:
        raise PeriodBackwards(fields={"to": "before from"})
    if (last - first).days >= MOST_DAYS:
        raise MonthTooLong(fields={"to": "too far from from"})
    board = {(rate.metal, rate.fineness): rate.paise_per_g for rate in rates.get_board(db)}
    costs: dict[tuple[str, int], int] = defaultdict(int)
    for day in metal.days(db, account=metal.Account.SOLD, first=first, last=last):
        costs[day.metal, day.fineness] += day.came.cost_paise - day.went.cost_paise
    return [_profit(one, board, costs) for one in invoices.sold_metal(db, first, last)]


def _profit(
    one: invoices.SoldMetal, board: Mapping[tuple[str, int], int], costs: Mapping[tuple[str, int], int]
) -> ProfitLine:
    key = one.metal, one.fineness
    rate, bought_in = board.get(key), one.parts["stones_paise"] + one.parts["hallmark_paise"]
    again = None if rate is None else round_half_up(ratio(one.net_mg * rate, MG_PER_GRAM)) + bought_in
    return ProfitLine(
        one.metal, one.fineness, one.net_mg, one.parts["taxable_paise"], one.parts["metal_paise"], again,
        costs.get(key) or None,
    )  # fmt: skip


# ---------------------------------------------------------------- as JSON


def _till(one: cash.TillDay, codes: dict[UUID, str]) -> dict[str, Any]:
    return {
        "till": None if one.till_id is None else str(one.till_id),
        "code": None if one.till_id is None else codes.get(one.till_id, ""),
        "openingPaise": one.opening_paise, "byKind": one.by_kind, "closingPaise": one.closing_paise,
    }  # fmt: skip


def _count(one: Any, codes: dict[UUID, str]) -> dict[str, Any]:
    return {
        "code": codes.get(one.till_id, ""), "shift": one.shift_no, "purpose": one.purpose,
        "countedPaise": one.counted_paise, "expectedPaise": one.expected_paise, "pieces": one.pieces, "note": one.note,
        "by": None if one.actor_id is None else str(one.actor_id), "at": one.at.isoformat(),
    }  # fmt: skip


def _sold(one: invoices.SoldMetal) -> dict[str, Any]:
    return {
        "metal": one.metal, "fineness": one.fineness, "lines": one.lines, "netMg": one.net_mg,
        "taxablePaise": one.parts["taxable_paise"],
    }  # fmt: skip


def _bought(one: oldgold.DayBought) -> dict[str, Any]:
    return {
        "metal": one.metal, "vouchers": one.vouchers, "grossMg": one.gross_mg, "fineMg": one.fine_mg,
        "valuePaise": one.value_paise,
    }  # fmt: skip


def _karigars(flows: Iterable[metal.Flow]) -> list[dict[str, Any]]:
    """By metal, what was given out and what came back; wastage and what was charged for came back to nobody."""
    sums: dict[str, dict[str, int]] = {}
    for one in flows:
        came = one.source is metal.Account.KARIGAR
        if not one.net_mg or (came and one.target in GONE):
            continue
        row = sums.setdefault(one.metal, {"outMg": 0, "outFine": 0, "backMg": 0, "backFine": 0})
        way = "back" if came else "out"
        row[f"{way}Mg"] += one.net_mg
        row[f"{way}Fine"] += one.fine
    return [{"metal": name, **row} for name, row in sorted(sums.items())]


def _stock(db: ShopSession, on: dt.date) -> list[dict[str, Any]]:
    """By the metal book at the end of that day; by the pieces that are there where the book was not begun."""
    held = metal.balances(db, account=metal.Account.STOCK, upto=on)
    if not held:
        return [
            {"metal": one.metal, "fineness": one.fineness, "pieces": one.pieces, "netMg": one.net_mg,
             "fine": one.net_mg * one.fineness}
            for one in inventory.stock_by_purity(db)
        ]  # fmt: skip
    sums: dict[tuple[str, int], metal.Quantities] = {}
    for one in held:
        key = one.metal, one.fineness
        sums[key] = sums.get(key, metal.Quantities()) + one.held
    return [
        {"metal": name, "fineness": fineness, "pieces": one.pieces, "netMg": one.net_mg, "fine": one.fine}
        for (name, fineness), one in sorted(sums.items())
    ]


def _document_row(one: invoices.DayDocument) -> BookRow:
    return BookRow(
        one.issued_at, one.id, one.kind, one.number, one.till_id, one.customer_id, one.signed_paise, True, one.actor_id
    )


def _voucher_row(one: credits.DayVoucher) -> BookRow:
    return BookRow(
        one.issued_at, one.id, one.kind, one.number, one.till_id, one.customer_id, one.signed_paise, True, one.actor_id
    )


def _together(one: Mapping[str, int], other: Mapping[str, int]) -> dict[str, int]:
    """Both added up, by name."""
    return {name: one.get(name, 0) + other.get(name, 0) for name in sorted({*one, *other})}


def _cash_row(one: cash.Line) -> BookRow:
    return BookRow(one.at, one.id, one.kind, one.note or "", one.till_id, None, one.paise, False, one.actor_id)


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(part.capitalize() for part in rest)
