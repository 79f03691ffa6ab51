"""Owns the check that a place of stock is one of the shop's: an outlet, or a tray that is in use."""

from uuid import UUID

from app.inventory.errors import StockPlaceUnknown
from app.inventory.repository import lots as repository
from app.tenants.service.places import home_outlet, outlet_names
from shard_router import ShopSession


def place_or_home(db: ShopSession, place_id: UUID | None) -> UUID | None:
    """The place that was named; left out, the outlet of the actor's till, else the oldest. Raises StockPlaceUnknown."""
    if place_id is None:
        return home_outlet(db)
    trays = {row.id for row in repository.list_trays(db) if row.active}
    if place_id not in trays and place_id not in outlet_names(db):
        raise StockPlaceUnknown(fields={"placeId": "unknown"})
    return place_id
