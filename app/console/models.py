"""Owns the console's tables: figures of shops, counted by a job, and what was decided of the tables of the law."""

import datetime as dt
from uuid import UUID

from sqlalchemy import BigInteger, Date, Integer
from sqlalchemy.dialects.mysql import MEDIUMBLOB
from sqlalchemy.orm import Mapped, mapped_column

from app.kit.db import Code, ControlBase, Id, Name, Utc, facts


class ShopFigures(ControlBase):
    """What one shop amounted to at `as_of`, as its shard's replica told it. Counts only, nothing of a customer."""

    __tablename__ = "shop_figures"
    shop_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    shard: Mapped[str] = mapped_column(Code(40))
    epoch: Mapped[int] = mapped_column(Integer)  # the shop's, where it was counted: an older one never overwrites
    bills: Mapped[int] = mapped_column(BigInteger)  # issued ever
    recent_bills: Mapped[int] = mapped_column(Integer)  # in the 30 days up to then
    last_bill_on: Mapped[dt.date | None] = mapped_column(Date)
    pieces: Mapped[int] = mapped_column(BigInteger)  # in stock
    writes: Mapped[int] = mapped_column(BigInteger)  # entries of its audit chain: how much it ever did
    as_of: Mapped[dt.datetime] = mapped_column(Utc)
    __table_args__ = facts(
        writes="insert-update", retention="platform", purpose="what each shop amounts to, counted on its shard by a job"
    )


class FiguresPart(ControlBase):
    """How far the counting of one shard has come, and how old its whole is."""

    __tablename__ = "shop_figures_parts"
    shard: Mapped[str] = mapped_column(Code(40), primary_key=True)
    began_at: Mapped[dt.datetime | None] = mapped_column(Utc)  # of the run under way; NULL: none is
    upto_shop_id: Mapped[int] = mapped_column(BigInteger)  # that run has counted the shops up to this number
    shops: Mapped[int] = mapped_column(Integer)  # and so many of them
    as_of: Mapped[dt.datetime | None] = mapped_column(Utc)  # when the last run that reached the end began
    __table_args__ = facts(
        writes="insert-update", retention="platform", purpose="how far the counting of each shard's shops has come"
    )


class DatedTable(ControlBase):
    """One decision on a dated table: its whole text from then on. The highest version of a name counts."""

    __tablename__ = "dated_tables"
    name: Mapped[str] = mapped_column(Code(60), primary_key=True)  # the file's: rates.json
    version: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    body: Mapped[bytes | None] = mapped_column(MEDIUMBLOB)  # NULL: the file counts again
    reason: Mapped[str] = mapped_column(Name(300))
    decided_by: Mapped[UUID] = mapped_column(Id)
    decided_at: Mapped[dt.datetime] = mapped_column(Utc)
    __table_args__ = facts(
        writes="insert", retention="platform", purpose="what the console decided of the dated tables of the law"
    )
