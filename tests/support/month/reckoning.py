"""Owns the reckoning at the end of the month: the product's books against the story's own, and against themselves."""

import datetime as dt
from typing import Any

from app.cash import service as cash
from app.credits import service as credits
from app.inventory import service as inventory
from app.invoices import service as invoices
from app.karigar import service as karigars
from app.kit.audit_checking import check
from app.metal import service as metal
from app.oldgold import service as oldgold
from app.ratelocks import service as ratelocks
from app.schemes import service as schemes
from tests.support.month.own_books import SAFE, SECOND, TILL, Day
from tests.support.month.shop import Shop


def reconcile(shop: Shop) -> None:
    """Everything that there is to compare; the first that differs is told."""
    soundness(shop)
    kept = {on: shop.get("/days/figures", on=on.isoformat())["figures"] for on in shop.books.closed}
    for on, figures in kept.items():
        compare_day(shop, on, figures)
    compare_month(shop, kept)
    people_and_suppliers(shop)
    numbers(shop)


def soundness(shop: Shop) -> None:
    """The product's books against themselves: nothing drifts, no number is missing, the chain holds."""
    read = shop.counter.read
    books = read(invoices.verify_books)
    assert books.sound, books
    assert read(credits.verify_vouchers).sound
    assert read(oldgold.verify_vouchers).sound
    walked = read(lambda db: check(db, anchors=cash.chain_anchors(db)))
    assert walked.broken is None
    for drifts in (
        inventory.verify_metal, metal.broken_rows, credits.drifted, ratelocks.drifted, schemes.drifted,
        karigars.disagreements,
    ):  # fmt: skip
        assert not list(read(drifts)), drifts.__name__


# ---------------------------------------------------------------- days


def compare_day(shop: Shop, on: dt.date, figures: dict[str, Any]) -> None:
    """A closing's figures, as they were kept, against our own of that business day."""
    own = shop.books.days[on]
    assert told(figures["sales"]) == expected(own), (on, figures["sales"])
    assert without_zeros(figures["modes"]) == without_zeros(own.modes), on
    assert without_zeros(figures["receipts"]) == without_zeros(own.receipts), on
    sold = {(one["metal"], one["fineness"]): one["netMg"] for one in figures["sold"] if one["netMg"]}
    assert sold == without_zeros(own.sold_mg), on
    stock = {(one["metal"], one["fineness"]): one["netMg"] for one in figures["stock"] if one["netMg"]}
    assert stock == own.stock_mg, (on, stock, own.stock_mg)
    pieces = {(one["metal"], one["fineness"]): one["pieces"] for one in figures["stock"] if one["pieces"]}
    assert pieces == own.pieces, (on, pieces, own.pieces)
    moved = {one["till"]: one["closingPaise"] - one["openingPaise"] for one in figures["cash"]}
    told_of = (moved[shop.till_id], moved[shop.second], moved[None])
    assert told_of == (own.cash[TILL], own.cash[SECOND], own.cash[SAFE]), (on, figures["cash"])


def told(sales: dict[str, Any]) -> tuple[Any, ...]:
    names = ("taxable", "cgst", "sgst", "igst", "roundOff", "total", "givenBack")
    return (without_zeros(sales["counts"]), *(sales[f"{name}Paise"] for name in names))


def expected(day: Day) -> tuple[Any, ...]:
    sums = day.sums
    return (
        without_zeros(day.counts), sums.taxable, sums.cgst, sums.sgst, sums.igst, day.round_off, day.total, day.back
    )  # fmt: skip


def compare_month(shop: Shop, kept: dict[dt.date, dict[str, Any]]) -> None:
    """All closings together are the month; what the drawer and the safe hold now is what they held in the evening."""
    read, books = shop.counter.read, shop.books
    sold = sum(day.total for on, day in books.days.items() if on in kept)
    assert sum(figures["sales"]["totalPaise"] for figures in kept.values()) == sold
    assert (shop.drawer()["heldPaise"], shop.get("/cash/drawers")["safePaise"]) == (books.cash[TILL], books.cash[SAFE])
    with shop.at(shop.second, SECOND):
        assert shop.drawer()["heldPaise"] == books.cash[SECOND]
    held: dict[tuple[str, int], int] = {}
    for one in read(lambda db: metal.balances(db, account=metal.Account.STOCK)):
        if one.held.net_mg:
            held[one.metal, one.fineness] = held.get((one.metal, one.fineness), 0) + one.held.net_mg
    assert held == without_zeros(books.stock_mg)
    assert [one.isoformat() for one in sorted(books.closed, reverse=True)][:60] == shop.get("/days")["closed"]


# ---------------------------------------------------------------- who owes whom


def people_and_suppliers(shop: Shop) -> None:
    books = shop.books
    owing = {one["customerId"]: one["owesPaise"] for one in shop.get("/ledger/outstanding", limit=200)["items"]}
    assert owing == without_zeros(books.owes)
    left = {one.id: one.left_paise for one in shop.counter.read(_all_credits)}
    assert {str(key): paise for key, paise in left.items() if paise} == {
        key: paise for key, (_customer, paise) in books.credits.items() if paise
    }
    owed = {one["id"]: one["owedPaise"] for one in shop.get("/suppliers")["items"]}
    assert without_zeros(owed) == without_zeros(books.suppliers)
    for one in shop.get("/karigars")["items"]:
        assert one["owedPaise"] == books.karigars[one["id"]]
        fine = {metal_of["metal"]: metal_of["fine"] for metal_of in one["metal"]}
        assert fine == without_zeros({"gold": books.with_karigars[one["id"]]})


def _all_credits(db: Any) -> list[Any]:
    found, after = [], None
    while True:
        page = credits.list_credits(db, after=after, limit=200)
        found += page.items
        after = page.next_cursor
        if after is None:
            return found


def numbers(shop: Shop) -> None:
    """Of each series 1, 2, 3 …: none twice, none left out."""
    for series, given in shop.books.numbers.items():
        assert sorted(given) == list(range(1, len(given) + 1)), series


def without_zeros(found: Any) -> dict[Any, Any]:
    return {key: value for key, value in found.items() if value}
