"""Owns the tables of plans and contracts, in the control plane."""

import datetime as dt
import enum
from uuid import UUID

from sqlalchemy import BigInteger, Date, ForeignKey, ForeignKeyConstraint, Index, Integer, SmallInteger, String
from sqlalchemy.orm import Mapped, mapped_column

from app.kit.db import Code, ControlBase, Id, Name, Paise, Utc, facts


class ContractState(enum.StrEnum):
    TRIAL = "trial"
    ACTIVE = "active"
    EXPIRED = "expired"  # the trial or the paid year ended; dates say how far along grace, read-only, suspended it is


class Plan(ControlBase):
    """A dated version of what the vendor sells."""

    __tablename__ = "plans"
    code: Mapped[str] = mapped_column(Code(40), primary_key=True)
    valid_from: Mapped[dt.date] = mapped_column(Date, primary_key=True)
    valid_to: Mapped[dt.date | None] = mapped_column(Date)
    name: Mapped[str] = mapped_column(Name(80))
    annual_price_paise: Mapped[int] = mapped_column(Paise)
    trial_days: Mapped[int] = mapped_column(SmallInteger)
    grace_days: Mapped[int] = mapped_column(SmallInteger)
    read_only_days: Mapped[int] = mapped_column(SmallInteger)
    __table_args__ = facts(
        writes="insert-update", mutable=("valid_to",), retention="platform", purpose="dated versions of the plans"
    )


class Contract(ControlBase):
    """A shop's trial or year; one live row a shop."""

    __tablename__ = "contracts"
    shop_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("shops.shop_id"), primary_key=True)
    plan_code: Mapped[str] = mapped_column(Code(40))
    plan_from: Mapped[dt.date] = mapped_column(Date)
    state: Mapped[str] = mapped_column(Code(12))
    starts_on: Mapped[dt.date] = mapped_column(Date)
    ends_on: Mapped[dt.date] = mapped_column(Date)  # last day paid for, or of the trial
    version: Mapped[int] = mapped_column(Integer, default=1)
    updated_at: Mapped[dt.datetime] = mapped_column(Utc)
    __table_args__ = facts(
        ForeignKeyConstraint(["plan_code", "plan_from"], ["plans.code", "plans.valid_from"]),
        Index(None, "state", "ends_on"),
        writes="insert-update", retention="platform", purpose="each shop's trial or AMC year",
    )  # fmt: skip


class ContractEvent(ControlBase):
    """What happened to a contract: started, ended, extended; each made one version of it."""

    __tablename__ = "contract_events"
    id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    shop_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("contracts.shop_id"))
    version: Mapped[int] = mapped_column(Integer)  # the contract's, that this event made
    event: Mapped[str] = mapped_column(Code(20))
    on_date: Mapped[dt.date] = mapped_column(Date)
    reason: Mapped[str | None] = mapped_column(String(300))
    actor_id: Mapped[UUID | None] = mapped_column(Id)
    at: Mapped[dt.datetime] = mapped_column(Utc)
    __table_args__ = facts(
        Index("uq_contract_events_shop_id_version", "shop_id", "version", unique=True),
        writes="insert", retention="platform", purpose="what happened to each contract",
    )  # fmt: skip
