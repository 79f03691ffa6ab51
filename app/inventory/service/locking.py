"""Holding pieces and lots until the commit, pieces first, each in the order of their keys, and only those in stock."""

from collections.abc import Sequence
from uuid import UUID

from app.inventory.errors import ConsignmentEmpty, ItemNotInStock, ItemUnknown, LotNotOpen, LotUnknown
from app.inventory.models import ItemStatus, LotState, MetalLot
from app.inventory.pieces import Item
from app.inventory.repository import lots as repository
from app.inventory.repository import pieces
from app.inventory.service.booking import open_pieces
from app.inventory.service.reading import parts_of
from app.kit.texts import _
from shard_router import ShopSession


def live_pieces(db: ShopSession, item_ids: Sequence[UUID], *, status: ItemStatus = ItemStatus.IN_STOCK) -> list[Item]:
    """These pieces, locked and known to the metal book; raises ItemUnknown, ItemNotInStock, ConsignmentEmpty for one
    that is named twice."""
    _each_once(item_ids, "itemIds")
    rows = {row.id: row for row in pieces.lock_items(db, item_ids)} if item_ids else {}
    parts = parts_of(db, list(rows))
    for place, wanted in enumerate(item_ids):
        if wanted not in rows:
            raise ItemUnknown(fields={f"itemIds.{place}": "unknown"})
        if rows[wanted].status != status.value:
            message = _("%(tag)s is %(status)s.", tag=rows[wanted].tag, status=rows[wanted].status)
            raise ItemNotInStock(message, fields={f"itemIds.{place}": rows[wanted].status})
    found = [parts.item(rows[wanted]) for wanted in item_ids]
    if found and status is ItemStatus.IN_STOCK:
        open_pieces(db, found)
    return found


def live_lots(db: ShopSession, lot_ids: Sequence[UUID], *, state: LotState = LotState.OPEN) -> list[MetalLot]:
    """These lots' rows, locked; raises LotUnknown, LotNotOpen."""
    _each_once(lot_ids, "lotIds")
    rows = {row.id: row for row in repository.lock_lots(db, lot_ids)} if lot_ids else {}
    for place, wanted in enumerate(lot_ids):
        if wanted not in rows:
            raise LotUnknown(fields={f"lotIds.{place}": "unknown"})
        if rows[wanted].state != state.value:
            message = _("Lot %(code)s is %(state)s.", code=rows[wanted].code, state=rows[wanted].state)
            raise LotNotOpen(message, fields={f"lotIds.{place}": rows[wanted].state})
    return [rows[wanted] for wanted in lot_ids]


def _each_once(ids: Sequence[UUID], field: str) -> None:
    if len(set(ids)) != len(ids):
        raise ConsignmentEmpty(_("Something is named twice."), fields={field: "one twice"})
