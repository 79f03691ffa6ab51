"""Where stock lies: outlets, and the counters, trays and safes in them; and moving it between those of one outlet."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.exc import IntegrityError

from app.inventory.errors import (
    AlreadyThere,
    ConsignmentEmpty,
    LotFactsWrong,
    StockPlaceUnknown,
    TrayCodeTaken,
    TrayInUse,
)
from app.inventory.lotting import code_of
from app.inventory.models import Tray
from app.inventory.repository import lots as repository
from app.inventory.repository import pieces
from app.inventory.service import booking
from app.inventory.service.booking import Spot
from app.inventory.service.locking import live_lots, live_pieces
from app.inventory.service.lots import entry_of_lot, lot_of
from app.kit import audit
from app.kit.clock import utc_now
from app.kit.errors import PreconditionFailed
from app.kit.ids import new_id
from app.kit.readable import is_readable
from app.kit.texts import _
from app.metal import service as metal
from app.metal.service import Account
from app.tenants.service.places import outlet_names
from shard_router import ShopSession

LONGEST_CODE = 12


@dataclass(frozen=True, slots=True)
class StockPlace:
    """An outlet itself, or a tray in it."""

    id: UUID
    outlet_id: UUID
    code: str  # empty: the outlet itself
    name: str
    active: bool
    version: int

    @property
    def is_tray(self) -> bool:
        return self.id != self.outlet_id


def list_stock_places(db: ShopSession) -> list[StockPlace]:
    """Outlets, each with its trays behind it, in two statements."""
    trays = repository.list_trays(db)
    found: list[StockPlace] = []
    for outlet_id, name in outlet_names(db).items():
        found.append(StockPlace(outlet_id, outlet_id, "", name, True, 0))
        found += [_tray(row) for row in trays if row.outlet_id == outlet_id]
    return found


def outlet_of(db: ShopSession, place_id: UUID) -> UUID:
    """The outlet that a place is, or is in; raises StockPlaceUnknown, also for a tray that was given up."""
    for place in list_stock_places(db):
        if place.id == place_id and place.active:
            return place.outlet_id
    raise StockPlaceUnknown(fields={"placeId": "unknown"})


def add_tray(db: ShopSession, *, outlet_id: UUID, code: str, name: str) -> StockPlace:
    """A new counter, tray or safe; raises StockPlaceUnknown, TrayCodeTaken."""
    if outlet_id not in outlet_names(db):
        raise StockPlaceUnknown(fields={"outletId": "unknown"})
    bare = code_of(code)
    if len(bare) > LONGEST_CODE:
        raise LotFactsWrong(_("At most %(most)s letters fit here.", most=LONGEST_CODE), fields={"code": "too long"})
    row = Tray(id=new_id(), outlet_id=outlet_id, code=bare, name=_name(name), active=True, version=1)
    db.add(row)
    try:
        db.flush()
    except IntegrityError as taken:
        raise TrayCodeTaken(_("There is a tray %(code)s.", code=bare), fields={"code": "taken"}) from taken
    audit.record(db, "tray.added", row.id, {"code": bare, "outlet": str(outlet_id)})
    return _tray(row)


def change_tray(db: ShopSession, *, tray_id: UUID, expected_version: int, name: str, active: bool) -> StockPlace:
    """Rename it, give it up, or take it back into use; raises StockPlaceUnknown, PreconditionFailed, TrayInUse."""
    row = repository.lock_tray(db, tray_id)
    if row is None:
        raise StockPlaceUnknown()
    if row.version != expected_version:
        raise PreconditionFailed(_("This tray was changed since you opened it."), action=_("Look at it again."))
    if row.active and not active and any(one.held for one in metal.balances(db, account=Account.STOCK, ref=tray_id)):
        raise TrayInUse(_("Something lies in %(code)s.", code=row.code), fields={"active": "in use"})
    row.name, row.active, row.version = _name(name), active, row.version + 1
    db.flush()
    audit.record(db, "tray.changed", row.id, {"name": row.name, "active": active, "version": row.version})
    return _tray(row)


def move_stock(
    db: ShopSession, *, to_place_id: UUID, item_ids: Sequence[UUID] = (), lot_ids: Sequence[UUID] = ()
) -> int:
    """Lay pieces and lots into another place of the same outlet; how many. To another outlet it takes a transfer.

    Raises ConsignmentEmpty, StockPlaceUnknown, AlreadyThere, ItemUnknown, ItemNotInStock, LotUnknown, LotNotOpen.
    """
    if not (item_ids or lot_ids):
        raise ConsignmentEmpty(_("Nothing is named to be moved."), fields={"itemIds": "none"})
    places = {place.id: place for place in list_stock_places(db)}
    target = places.get(to_place_id)
    if target is None or not target.active:
        raise StockPlaceUnknown(fields={"toPlaceId": "unknown"})
    items, lots = live_pieces(db, item_ids), live_lots(db, lot_ids)
    for place_id in {*(item.place_id for item in items), *(row.place_id for row in lots)}:
        here = places.get(place_id) if place_id else None
        if place_id == to_place_id:
            raise AlreadyThere(_("It lies there already."), fields={"toPlaceId": "where it lies"})
        if here is not None and here.outlet_id != target.outlet_id:
            raise AlreadyThere(
                _("That is another outlet."), action=_("Make it a transfer."), fields={"toPlaceId": "another outlet"}
            )
    spot, now = Spot(Account.STOCK, to_place_id), utc_now()
    entries = [entry for item in items for entry in booking.entries_of(item, booking.shelf(item), spot)]
    entries += [entry_of_lot(lot_of(row), Spot(Account.STOCK, row.place_id), spot) for row in lots]
    pieces.lay(db, [item.id for item in items], to_place_id, now)
    for row in lots:
        row.place_id, row.version, row.updated_at = to_place_id, row.version + 1, now
    db.flush()
    movement_id = new_id()
    metal.post(db, movement_id=movement_id, kind="shift", entries=entries)
    audit.record(db, "stock.shifted", movement_id, {
        "to": str(to_place_id), "items": [item.tag for item in items], "lots": [row.code for row in lots],
    })  # fmt: skip
    return len(items) + len(lots)


def _tray(row: Tray) -> StockPlace:
    return StockPlace(row.id, row.outlet_id, row.code, row.name, row.active, row.version)


def _name(text: str) -> str:
    bare = " ".join(text.split())
    if not 1 <= len(bare) <= 60 or not is_readable(bare):
        raise LotFactsWrong(_("A tray's name has from 1 to 60 letters."), fields={"name": "too short or long"})
    return bare
