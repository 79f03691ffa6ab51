"""Owns what the stock's pages share: codes scanned into one field, places by their names, refusals at their fields."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, TypeVar
from uuid import UUID

from flask import request

from app.dashboard import forms
from app.inventory import service as inventory
from app.inventory.service import StockPlace
from app.kit.http import shop_read, shop_write
from app.kit.ids import parse_id
from app.kit.pages import Tried, text_field, try_form
from app.kit.texts import _
from shard_router import ShopSession

T = TypeVar("T")
MOST_CODES = 500
_APART = re.compile(r"[\s,;]+")

NAMES = {
    "itemIds": "codes", "lotIds": "codes", "toPlaceId": "to_place_id", "toOutletId": "to_outlet_id",
    "customerId": "phone", "supplierId": "supplier_id", "placeId": "place_id", "netMg": "net", "stoneMg": "stone",
    "stoneMct": "carat", "costPaise": "cost", "totalPaise": "total", "tdsPaise": "tds", "paise": "amount",
    "billNo": "bill_no", "billOn": "bill_on", "stateCode": "state_code", "grossMg": "gross",
    "stones.code": "stones-code", "stones.name": "stones-name", "stones.hsn": "stones-hsn",
    "stones.stoneMct": "stones-carat", "stones.pieces": "stones-pieces",
}  # fmt: skip
"""What the services call a fact → the form's field."""


def typed_codes() -> list[str]:
    """The tags, HUIDs and codes of lots of the field, as they were scanned."""
    found = [one for one in _APART.split(request.form.get("codes", "")) if one]
    if not found:
        forms.refuse("codes", _("Scan or type at least one tag or code."))
    if len(found) > MOST_CODES:
        forms.refuse("codes", _("At most %(most)s at once.", most=MOST_CODES))
    return found


def things(db: ShopSession) -> dict[str, list[UUID]]:
    """The pieces and lots that were named."""
    items, lots = inventory.find_things(db, typed_codes())
    return {"item_ids": items, "lot_ids": lots}


def id_of(name: str) -> UUID:
    """A choice of the page that names a thing."""
    return forms.at_field(name, lambda: parse_id(text_field(name)))


def id_or_none(name: str) -> UUID | None:
    return id_of(name) if text_field(name) else None


def written(work: Callable[[ShopSession], T], *, rebuild: Callable[[ShopSession, UUID], T]) -> Tried[T]:
    """A form's write, with its refusals beside its fields."""
    tried = try_form(lambda: shop_write(work, rebuild=rebuild))
    return Tried(tried.result, beside(tried))


def beside(tried: Tried[Any]) -> Any:
    """Paths of a list (itemIds.3) belong to the one field that the list was typed into."""
    refusal = tried.refusal
    if refusal is None:
        return None
    known = {path.partition(".")[0] if path.partition(".")[0] in NAMES else path: why for path, why in
             refusal.fields.items()}  # fmt: skip
    return forms.beside(refusal._replace(fields=known), NAMES)


def places() -> list[StockPlace]:
    return shop_read(inventory.list_stock_places)


def place_name(known: list[StockPlace], place_id: UUID | None) -> str:
    """Annex, or Annex · T1 Front tray."""
    here = next((one for one in known if one.id == place_id), None)
    if here is None:
        return "—"
    outlet = next((one.name for one in known if one.id == here.outlet_id), "")
    return f"{outlet} · {here.code} {here.name}" if here.is_tray else here.name


def place_choices(known: list[StockPlace], *, trays: bool = True, anywhere: str = "") -> list[tuple[str, str]]:
    """Places that are in use; `anywhere` is what no choice is called."""
    found = [(str(one.id), place_name(known, one.id)) for one in known if one.active and (trays or not one.is_tray)]
    return [("", anywhere), *found] if anywhere else found


def within(known: list[StockPlace], place_id: UUID | None) -> tuple[UUID, ...]:
    """A place with what is in it: an outlet has its trays."""
    if place_id is None:
        return ()
    return tuple(one.id for one in known if place_id in (one.id, one.outlet_id))
