"""Owns what of the stock one sees: what things cost is for those who buy them."""

import dataclasses

from msgspec.structs import replace

from app.inventory.service import Item, Lot
from app.kit.http import shop_scope

BUYS = "stock.buy"


def _buys() -> bool:
    found, _shop_id = shop_scope()
    return BUYS in found.actor.rights


def piece_seen(item: Item) -> Item:
    return item if _buys() else replace(item, cost_paise=None)


def lot_seen(lot: Lot) -> Lot:
    return lot if _buys() else dataclasses.replace(lot, left_cost_paise=None)  # type: ignore[arg-type]
