"""Owns the karigars' tables: who they are, their jobs, and the challans, bills and dues that are only ever added to."""

import datetime as dt
import enum
from uuid import UUID

from sqlalchemy import BigInteger, Boolean, Date, ForeignKeyConstraint, Index, Integer, SmallInteger, UniqueConstraint
from sqlalchemy.dialects.mysql import MEDIUMBLOB
from sqlalchemy.orm import Mapped, mapped_column

from app.kit.db import BasisPoints, Code, Fineness, Id, MilliCarats, Milligrams, Name, Paise, ShardBase, Utc, facts
from shard_router import ShopOwned


class JobState(enum.StrEnum):
    OPEN = "open"
    RECEIVED = "received"  # all work came back, the wastage is settled
    CANCELLED = "cancelled"  # nothing was made, all came back


class Why(enum.StrEnum):
    """What a line of a challan or receipt is. `issued` goes to the karigar, all else comes off their account."""

    ISSUED = "issued"
    FINISHED = "finished"  # metal that came back as work
    RETURNED = "returned"  # metal or stones that came back as they were
    WASTAGE = "wastage"  # used up within what is allowed
    CHARGED = "charged"  # used up beyond it, and charged in rupees
    ACCEPTED = "accepted"  # used up beyond it, and let pass
    SET = "set"  # stones that came back in work
    BROKEN = "broken"  # stones broken or lost
    DIFFERENCE = "difference"  # carats by which the counted stones weigh less than when they were issued


class DueKind(enum.StrEnum):
    BILL = "bill"  # labour and its tax: owed to the karigar
    TDS = "tds"  # kept back for the income tax
    PAYMENT = "payment"
    EXCESS = "excess"  # metal beyond the allowed wastage, owed by the karigar


class Karigar(ShopOwned, ShardBase):
    """A goldsmith who does job work. `last_job` numbers the jobs: RAM-12."""

    __tablename__ = "karigars"
    id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    code: Mapped[str] = mapped_column(Code(8))
    name: Mapped[str] = mapped_column(Name(140))
    phone: Mapped[str | None] = mapped_column(Code(16))  # E.164
    pan: Mapped[str | None] = mapped_column(Code(10))
    gstin: Mapped[str | None] = mapped_column(Code(15))
    composition: Mapped[bool] = mapped_column(Boolean)
    address: Mapped[str | None] = mapped_column(Name(300))
    state_code: Mapped[str | None] = mapped_column(Code(2))
    active: Mapped[bool] = mapped_column(Boolean)
    last_job: Mapped[int] = mapped_column(Integer)
    version: Mapped[int] = mapped_column(Integer)
    created_at: Mapped[dt.datetime] = mapped_column(Utc)
    updated_at: Mapped[dt.datetime] = mapped_column(Utc)
    __table_args__ = facts(
        UniqueConstraint("shop_id", "code"), Index(None, "shop_id", "name", "id"),
        writes="insert-update", retention="books", purpose="goldsmiths who work for the shop",
    )  # fmt: skip


class KarigarWastage(ShopOwned, ShardBase):
    """How much a karigar may use up at a kind of work from a day on."""

    __tablename__ = "karigar_wastages"
    karigar_id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    work: Mapped[str] = mapped_column(Code(24), primary_key=True)
    valid_from: Mapped[dt.date] = mapped_column(Date, primary_key=True)
    allowed_bp: Mapped[int] = mapped_column(BasisPoints)
    set_at: Mapped[dt.datetime] = mapped_column(Utc)
    __table_args__ = facts(
        ForeignKeyConstraint(["shop_id", "karigar_id"], ["karigars.shop_id", "karigars.id"]),
        writes="insert", retention="books", purpose="wastage allowed to each karigar, by kind of work and day",
    )  # fmt: skip


class KarigarJob(ShopOwned, ShardBase):
    """Work that a karigar was given; `allowed_bp` is what was agreed when it was opened."""

    __tablename__ = "karigar_jobs"
    id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    karigar_id: Mapped[UUID] = mapped_column(Id)
    number: Mapped[str] = mapped_column(Code(16))
    work: Mapped[str] = mapped_column(Code(24))
    description: Mapped[str] = mapped_column(Name(200))
    metal: Mapped[str] = mapped_column(Code(10))
    fineness: Mapped[int] = mapped_column(Fineness)
    pieces: Mapped[int] = mapped_column(Integer)
    allowed_bp: Mapped[int] = mapped_column(BasisPoints)
    labour_basis: Mapped[str] = mapped_column(Code(12))  # per_gram_net | per_piece | fixed
    labour_paise: Mapped[int] = mapped_column(Paise)
    order_id: Mapped[UUID | None] = mapped_column(Id)  # the customer's order that it is made for
    opened_on: Mapped[dt.date] = mapped_column(Date)
    due_on: Mapped[dt.date] = mapped_column(Date)
    state: Mapped[str] = mapped_column(Code(10))
    closed_at: Mapped[dt.datetime | None] = mapped_column(Utc)
    version: Mapped[int] = mapped_column(Integer)
    created_at: Mapped[dt.datetime] = mapped_column(Utc)
    updated_at: Mapped[dt.datetime] = mapped_column(Utc)
    __table_args__ = facts(
        UniqueConstraint("shop_id", "number"),
        ForeignKeyConstraint(["shop_id", "karigar_id"], ["karigars.shop_id", "karigars.id"]),
        ForeignKeyConstraint(["shop_id", "order_id"], ["orders.shop_id", "orders.id"]),
        Index(None, "shop_id", "state", "due_on", "id"), Index(None, "shop_id", "karigar_id", "created_at"),
        Index(None, "shop_id", "order_id"),
        writes="insert-update", mutable=("closed_at", "due_on", "state", "updated_at", "version"), retention="books",
        purpose="work given to karigars",
    )  # fmt: skip


class KarigarChallan(ShopOwned, ShardBase):
    """What went to a karigar, under a number of ours, or came back from them. `sender` is the shop as printed."""

    __tablename__ = "karigar_challans"
    id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    kind: Mapped[str] = mapped_column(Code(8))  # issue | receipt
    karigar_id: Mapped[UUID] = mapped_column(Id)
    job_id: Mapped[UUID] = mapped_column(Id)
    registration_id: Mapped[UUID] = mapped_column(Id)
    till_id: Mapped[UUID] = mapped_column(Id)
    fy_start: Mapped[int] = mapped_column(SmallInteger)
    no: Mapped[int | None] = mapped_column(Integer)
    number: Mapped[str | None] = mapped_column(Code(16))  # of issues; what comes back has the karigar's own
    reference: Mapped[str | None] = mapped_column(Name(60))
    note: Mapped[str | None] = mapped_column(Name(200))
    sender: Mapped[bytes] = mapped_column(MEDIUMBLOB)  # canonical JSON
    moved_on: Mapped[dt.date] = mapped_column(Date)
    moved_at: Mapped[dt.datetime] = mapped_column(Utc)
    value_paise: Mapped[int] = mapped_column(Paise)
    actor_id: Mapped[UUID | None] = mapped_column(Id)
    __table_args__ = facts(
        UniqueConstraint("shop_id", "registration_id", "fy_start", "number"),
        ForeignKeyConstraint(["shop_id", "karigar_id"], ["karigars.shop_id", "karigars.id"]),
        ForeignKeyConstraint(["shop_id", "job_id"], ["karigar_jobs.shop_id", "karigar_jobs.id"]),
        ForeignKeyConstraint(["shop_id", "registration_id"], ["registrations.shop_id", "registrations.id"]),
        ForeignKeyConstraint(["shop_id", "till_id"], ["tills.shop_id", "tills.id"]),
        Index(None, "shop_id", "karigar_id", "moved_on", "id"), Index(None, "shop_id", "job_id", "id"),
        Index(None, "shop_id", "till_id"),
        writes="insert", retention="books", purpose="metal and stones issued to karigars and received back",
    )  # fmt: skip


class KarigarLine(ShopOwned, ShardBase):
    """One line of a challan: metal (with `metal`) or stones (with `stone_kind`). `fine` is mg × fineness, unrounded."""

    __tablename__ = "karigar_lines"
    challan_id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    pos: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    karigar_id: Mapped[UUID] = mapped_column(Id)
    job_id: Mapped[UUID] = mapped_column(Id)
    why: Mapped[str] = mapped_column(Code(10))
    metal: Mapped[str | None] = mapped_column(Code(10))
    fineness: Mapped[int] = mapped_column(Fineness)
    gross_mg: Mapped[int] = mapped_column(Milligrams)
    net_mg: Mapped[int] = mapped_column(Milligrams)
    fine: Mapped[int] = mapped_column(BigInteger)
    stone_kind: Mapped[str | None] = mapped_column(Name(40))
    stones: Mapped[int] = mapped_column(Integer)
    weight_mct: Mapped[int] = mapped_column(MilliCarats)
    lot_id: Mapped[UUID | None] = mapped_column(Id)
    item_id: Mapped[UUID | None] = mapped_column(Id)
    labour_paise: Mapped[int] = mapped_column(Paise)
    value_paise: Mapped[int] = mapped_column(Paise)
    moved_on: Mapped[dt.date] = mapped_column(Date)
    __table_args__ = facts(
        ForeignKeyConstraint(["shop_id", "challan_id"], ["karigar_challans.shop_id", "karigar_challans.id"]),
        ForeignKeyConstraint(["shop_id", "karigar_id"], ["karigars.shop_id", "karigars.id"]),
        ForeignKeyConstraint(["shop_id", "job_id"], ["karigar_jobs.shop_id", "karigar_jobs.id"]),
        Index(None, "shop_id", "karigar_id", "moved_on"), Index(None, "shop_id", "job_id"),
        Index(None, "shop_id", "item_id"),
        writes="insert", retention="books", purpose="lines of the karigars' challans",
    )  # fmt: skip


class KarigarBill(ShopOwned, ShardBase):
    """A karigar's bill for labour, with the tax on it and the tax kept back, as the law stood on its day."""

    __tablename__ = "karigar_bills"
    id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    karigar_id: Mapped[UUID] = mapped_column(Id)
    number: Mapped[str] = mapped_column(Code(16))  # the karigar's own
    fy_start: Mapped[int] = mapped_column(SmallInteger)
    billed_on: Mapped[dt.date] = mapped_column(Date)
    hsn: Mapped[str] = mapped_column(Code(8))
    karigar_gstin: Mapped[str | None] = mapped_column(Code(15))
    karigar_pan: Mapped[str | None] = mapped_column(Code(10))
    labour_paise: Mapped[int] = mapped_column(Paise)
    tax_bp: Mapped[int] = mapped_column(BasisPoints)
    cgst_paise: Mapped[int] = mapped_column(Paise)
    sgst_paise: Mapped[int] = mapped_column(Paise)
    igst_paise: Mapped[int] = mapped_column(Paise)
    reverse_charge: Mapped[bool] = mapped_column(Boolean)
    tds_base_paise: Mapped[int] = mapped_column(Paise)
    tds_bp: Mapped[int] = mapped_column(BasisPoints)
    tds_paise: Mapped[int] = mapped_column(Paise)
    total_paise: Mapped[int] = mapped_column(Paise)
    noted_at: Mapped[dt.datetime] = mapped_column(Utc)
    actor_id: Mapped[UUID | None] = mapped_column(Id)
    __table_args__ = facts(
        UniqueConstraint("shop_id", "karigar_id", "fy_start", "number"),
        ForeignKeyConstraint(["shop_id", "karigar_id"], ["karigars.shop_id", "karigars.id"]),
        Index(None, "shop_id", "billed_on"),
        writes="insert", retention="books", purpose="karigars' bills for labour",
    )  # fmt: skip


class KarigarBillJob(ShopOwned, ShardBase):
    """Which bill the labour of a job stands on: its key is the job, so no labour is billed twice."""

    __tablename__ = "karigar_bill_jobs"
    job_id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    bill_id: Mapped[UUID] = mapped_column(Id)
    labour_paise: Mapped[int] = mapped_column(Paise)
    __table_args__ = facts(
        ForeignKeyConstraint(["shop_id", "job_id"], ["karigar_jobs.shop_id", "karigar_jobs.id"]),
        ForeignKeyConstraint(["shop_id", "bill_id"], ["karigar_bills.shop_id", "karigar_bills.id"]),
        Index(None, "shop_id", "bill_id"),
        writes="insert", retention="books", purpose="jobs on karigars' bills",
    )  # fmt: skip


class KarigarDue(ShopOwned, ShardBase):
    """One entry of a karigar's account in rupees: above zero the shop owes it, below it was settled or they do."""

    __tablename__ = "karigar_dues"
    id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    karigar_id: Mapped[UUID] = mapped_column(Id)
    kind: Mapped[str] = mapped_column(Code(8))
    paise: Mapped[int] = mapped_column(Paise)
    booked_on: Mapped[dt.date] = mapped_column(Date)
    booked_at: Mapped[dt.datetime] = mapped_column(Utc)
    bill_id: Mapped[UUID | None] = mapped_column(Id)
    job_id: Mapped[UUID | None] = mapped_column(Id)
    number: Mapped[str | None] = mapped_column(Code(16))  # of a payment: the voucher's
    mode: Mapped[str | None] = mapped_column(Code(12))
    reference: Mapped[str | None] = mapped_column(Name(60))
    actor_id: Mapped[UUID | None] = mapped_column(Id)
    __table_args__ = facts(
        ForeignKeyConstraint(["shop_id", "karigar_id"], ["karigars.shop_id", "karigars.id"]),
        ForeignKeyConstraint(["shop_id", "bill_id"], ["karigar_bills.shop_id", "karigar_bills.id"]),
        ForeignKeyConstraint(["shop_id", "job_id"], ["karigar_jobs.shop_id", "karigar_jobs.id"]),
        Index(None, "shop_id", "karigar_id", "booked_on"),
        Index(None, "shop_id", "job_id"),
        Index(None, "shop_id", "bill_id"),
        writes="insert", retention="books", purpose="each karigar's account in rupees",
    )  # fmt: skip
