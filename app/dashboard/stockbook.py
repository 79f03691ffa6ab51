"""Owns the page of the metal book: what each account held on a day, how the stock went, and the entries."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from typing import Any
from uuid import UUID

from flask import request, url_for

from app.dashboard import codes
from app.dashboard.frame import may, pages, show
from app.dashboard.lots import account_names
from app.inventory import service as inventory
from app.kit.clock import IST, today_ist
from app.kit.http import allow, shop_read
from app.kit.locale import parse_day
from app.kit.texts import N_, _
from app.kit.weights import fine_mg
from app.metal import service as metal
from app.metal.service import Account, Balance, Quantities

DRAWN_DAYS = 60
KINDS = {
    "opening": N_("Opening"), "purchase": N_("Purchase"), "purchase_return": N_("Sent back"), "sale": N_("Sale"),
    "sale_return": N_("Came back"), "correction": N_("Correction"), "withdrawal": N_("Withdrawn"),
    "shift": N_("Moved"), "transfer_out": N_("Transfer, sent"), "transfer_in": N_("Transfer, arrived"),
    "transfer_back": N_("Transfer, called off"), "memo_out": N_("Out on approval"),
    "memo_back": N_("Back from approval"), "melt_out": N_("Melt"), "melt_loss": N_("Melting loss"), "lost": N_("Lost"),
    "corrected": N_("Was never there"),
    "split": N_("Lot split"), "merge": N_("Lots put together"), "tagging": N_("Tagged out of a lot"),
}  # fmt: skip


@pages.get("/stock/book")
@allow("stock.view")
def stock_book() -> str:
    """At the end of a day, today's where none is asked for."""
    args, today = request.args, today_ist()
    on = parse_day(args.get("on", "")) or today
    account = Account(args["account"]) if args.get("account") in list(Account) else None
    balances = shop_read(lambda db: metal.balances(db, upto=on))
    page = shop_read(lambda db: metal.entries(
        db, account=account, last=on, after=args.get("after"), limit=50
    ))  # fmt: skip
    known = codes.places()
    kept: dict[str, Any] = {name: args[name] for name in ("on", "account") if args.get(name)}
    more = url_for("shop_pages.stock_book", **kept, after=page.next_cursor) if page.next_cursor else ""
    chart, metal_name = _chart(on, args.get("metal", "gold"))
    return show(
        "stock_book.html", "stock", on=on, today=today, account=account, accounts=account_names(), page=page,
        next_url=more, paged="after" in args, chart=chart, metal=metal_name, fine_mg=fine_mg,
        stock=[one for one in balances if one.account is Account.STOCK], others=_others(balances), known=known,
        place_name=codes.place_name, kinds={name: _(text) for name, text in KINDS.items()},
        sees_cost=may("stock.buy"), things=_names(page.items), whole=_by_purity(balances),
    )  # fmt: skip


def _by_purity(balances: list[Balance]) -> list[tuple[str, Quantities]]:
    """The stock of all places, by purity."""
    found: defaultdict[str, Quantities] = defaultdict(Quantities)
    for one in balances:
        if one.account is Account.STOCK:
            found[one.label] += one.held
    return list(found.items())


def _others(balances: list[Balance]) -> list[tuple[str, str, Quantities]]:
    """Every other account, all its refs together."""
    found: defaultdict[tuple[str, str], Quantities] = defaultdict(Quantities)
    for one in balances:
        if one.account is not Account.STOCK:
            found[one.account.value, one.label] += one.held
    return [(account, label, held) for (account, label), held in found.items() if held]


def _chart(on: dt.date, metal_name: str) -> tuple[list[list[int]], str]:
    """Seconds since 1970 and fine mg of the stock at the end of each day."""
    first = on - dt.timedelta(days=DRAWN_DAYS)
    days = shop_read(lambda db: metal.days(db, account=Account.STOCK, first=first, last=on))
    fine: defaultdict[dt.date, int] = defaultdict(int)
    for day in days:
        if day.metal == metal_name:
            fine[day.on] += day.held.fine
    points = sorted(fine.items())
    at = [int(dt.datetime.combine(day, dt.time(12), IST).timestamp()) for day, _fine in points]
    return [at, [fine_mg(product) for _day, product in points]], metal_name


def _names(lines: list[metal.Line]) -> dict[UUID, str]:
    """What the pieces of these lines are tagged."""
    wanted = {line.item_id for line in lines if line.item_id}
    found = shop_read(lambda db: inventory.get_items(db, wanted)) if wanted else {}
    return {item_id: item.tag for item_id, item in found.items()}
