"""Owns the statements on exports."""

from uuid import UUID

from sqlalchemy import select

from app.kit.paging import Orders
from app.reports.models import Export
from shard_router import ShopSession

ORDERS = Orders(tie=Export.id, default="-createdAt", createdAt=Export.created_at)
EXPORTS = select(Export)


def find_export(db: ShopSession, export_id: UUID, *, lock: bool = False) -> Export | None:
    statement = select(Export).where(Export.id == export_id)
    return db.scalars(statement.with_for_update() if lock else statement).one_or_none()
