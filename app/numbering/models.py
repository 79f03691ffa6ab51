"""Owns the number series' table."""

from uuid import UUID

from sqlalchemy import ForeignKeyConstraint, Integer, SmallInteger
from sqlalchemy.orm import Mapped, mapped_column

from app.kit.db import Code, Id, ShardBase, facts
from shard_router import ShopOwned


class NumberSeries(ShopOwned, ShardBase):
    """The last number given, per registration, financial year, kind and till; locked just before the commit."""

    __tablename__ = "number_series"
    registration_id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    fy_start: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    kind: Mapped[str] = mapped_column(Code(16), primary_key=True)
    till_id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    last_no: Mapped[int] = mapped_column(Integer)
    __table_args__ = facts(
        ForeignKeyConstraint(["shop_id", "registration_id"], ["registrations.shop_id", "registrations.id"]),
        ForeignKeyConstraint(["shop_id", "till_id"], ["tills.shop_id", "tills.id"]),
        writes="insert-update", mutable=("last_no",), retention="books", purpose="last number of each series",
    )  # fmt: skip
