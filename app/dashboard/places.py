"""Owns the page of the places of stock: trays, and moving pieces and lots between them."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from flask import Response, request, url_for

from app.dashboard import codes, forms
from app.dashboard.frame import pages, show
from app.inventory import service as inventory
from app.inventory.errors import StockPlaceUnknown
from app.inventory.service import StockPlace
from app.kit.http import allow, shop_read, shop_write
from app.kit.pages import Refusal, Tried, form_key, go_to, try_form, whole_number
from app.kit.texts import _
from app.metal import service as metal
from app.metal.service import Account, Quantities
from shard_router import ShopSession


@pages.get("/stock/places")
@allow("stock.view")
def stock_places() -> str:
    return _page()


@pages.post("/stock/places")
@allow("stock.transfer")
def add_tray() -> Response | tuple[str, int]:
    return _did(lambda db: inventory.add_tray(
        db, outlet_id=codes.id_of("outlet_id"), code=forms.line("code", least=1, most=12),
        name=forms.line("name", least=1, most=60),
    ), "add")  # fmt: skip


@pages.post("/stock/places/<id:tray_id>")
@allow("stock.transfer")
def change_tray(tray_id: UUID) -> Response | tuple[str, int]:
    """Renames it; gives it up or takes it back where that button was pressed."""
    active = request.form.get("active", "yes") == "yes"
    return _did(lambda db: inventory.change_tray(
        db, tray_id=tray_id, expected_version=whole_number("version"), name=forms.line("name", least=1, most=60),
        active=active,
    ), "change", tray_id)  # fmt: skip


@pages.post("/stock/places/shift")
@allow("stock.transfer")
def move_stock() -> Response | tuple[str, int]:
    def work(db: ShopSession) -> StockPlace:
        target = codes.id_of("to_place_id")
        inventory.move_stock(db, to_place_id=target, **codes.things(db))
        return next(one for one in inventory.list_stock_places(db) if one.id == target)

    return _did(work, "shift")


def _did(
    work: Callable[[ShopSession], StockPlace], form: str, tray_id: UUID | None = None
) -> Response | tuple[str, int]:
    tried: Tried[StockPlace] = try_form(lambda: shop_write(work, rebuild=_place))
    if tried.result is not None:
        return go_to(url_for("shop_pages.stock_places", saved=form))
    if tray_id is not None and tray_id not in {one.id for one in codes.places()}:
        raise StockPlaceUnknown()
    return _page(codes.beside(tried), form, tray_id), tried.refusal.status if tried.refusal else 422


def _place(db: ShopSession, place_id: UUID) -> StockPlace:
    return next(one for one in inventory.list_stock_places(db) if one.id == place_id)


def _page(refusal: Refusal | None = None, form: str = "", tray_id: UUID | None = None) -> str:
    known = codes.places()
    held: dict[UUID | None, Quantities] = {}
    for one in shop_read(lambda db: metal.balances(db, account=Account.STOCK)):
        held[one.ref] = held.get(one.ref, Quantities()) + one.held
    return show(
        "places.html", "stock", known=known, held=held, refusal=refusal, form=form, tray_id=tray_id, key=form_key(),
        values=forms.typed() if request.method == "POST" else {}, saved=request.args.get("saved", ""),
        outlets=codes.place_choices(known, trays=False), targets=codes.place_choices(known), nothing=Quantities(),
        place_name=codes.place_name, says={
            "add": _("The tray is there."), "change": _("The tray is changed."),
            "shift": _("What was named lies there now."),
        },
    )  # fmt: skip
