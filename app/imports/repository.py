"""Owns the statements on imports."""

from uuid import UUID

from sqlalchemy import select

from app.imports.models import Import
from app.kit.paging import Orders
from app.kit.sums import added_up
from shard_router import ShopSession
from shard_router.moves import Sum

IMPORTS = select(Import)
ORDERS = Orders(tie=Import.id, default="-createdAt", createdAt=Import.created_at)


def find_import(db: ShopSession, import_id: UUID, *, lock: bool = False) -> Import | None:
    statement = select(Import).where(Import.id == import_id)
    return db.scalars(statement.with_for_update() if lock else statement).one_or_none()


def shop_sums() -> tuple[Sum, ...]:
    """Imports by state, and how many rows they entered."""
    return (added_up("imports", Import, by=(Import.state,), of=(Import.total, Import.entered, Import.upto_row)),)
