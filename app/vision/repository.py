"""Owns the statements on pictures."""

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Select, select

from app.kit.paging import Orders
from app.vision.models import Picture
from shard_router import ShopSession

ORDERS = Orders(tie=Picture.id, default="-createdAt", createdAt=Picture.created_at)


def find_picture(db: ShopSession, picture_id: UUID, *, lock: bool = False) -> Picture | None:
    statement = select(Picture).where(Picture.id == picture_id)
    return db.scalars(statement.with_for_update() if lock else statement).one_or_none()


def find_pictures(db: ShopSession, picture_ids: Iterable[UUID]) -> Sequence[Picture]:
    return db.scalars(select(Picture).where(Picture.id.in_(list(picture_ids)))).all()


def pictures(item_id: UUID | None) -> Select[Any]:
    statement = select(Picture)
    return statement if item_id is None else statement.where(Picture.item_id == item_id)
