"""Owns the tables of shops and people, in the control plane and as projections on the shop's shard."""

import datetime as dt
import enum
from typing import Any
from uuid import UUID

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Date,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    SmallInteger,
    UniqueConstraint,
)
from sqlalchemy.dialects.mysql import VARBINARY
from sqlalchemy.orm import Mapped, mapped_column, validates

from app.kit.db import Code, ControlBase, Hash, Id, Name, ShardBase, Utc, facts
from app.numbering import service as numbering
from shard_router import ShopOwned


class Role(enum.StrEnum):
    OWNER = "owner"
    MANAGER = "manager"
    CLERK = "clerk"
    ACCOUNTANT = "accountant"


# ---------------------------------------------------------------- control plane


class Person(ControlBase):
    """A human being with a sign-in; belongs to any number of shops, or to the vendor."""

    __tablename__ = "people"
    id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    email: Mapped[str] = mapped_column(Name(254), unique=True)
    name: Mapped[str] = mapped_column(Name(120))
    phone: Mapped[str | None] = mapped_column(Code(20))
    locale: Mapped[str] = mapped_column(Code(8), default="en")
    password_hash: Mapped[str] = mapped_column(Code(72))
    session_version: Mapped[int] = mapped_column(Integer, default=1)  # raised: signed out everywhere
    address_proved_at: Mapped[dt.datetime | None] = mapped_column(Utc)  # None: joined by a shop's invitation code only
    one_time_until: Mapped[dt.datetime | None] = mapped_column(Utc)  # the password is one-time: good once, until then
    is_vendor_admin: Mapped[bool] = mapped_column(Boolean, default=False)
    second_factor: Mapped[bytes | None] = mapped_column(VARBINARY(128))  # TOTP secret, sealed by the master key
    second_factor_step: Mapped[int | None] = mapped_column(BigInteger)  # last step used; None: not enrolled
    disabled_at: Mapped[dt.datetime | None] = mapped_column(Utc)
    disabled_because: Mapped[str | None] = mapped_column(Name(300))
    last_sign_in_at: Mapped[dt.datetime | None] = mapped_column(Utc)
    version: Mapped[int] = mapped_column(Integer, default=1)
    created_at: Mapped[dt.datetime] = mapped_column(Utc)
    updated_at: Mapped[dt.datetime] = mapped_column(Utc)
    __table_args__ = facts(writes="insert-update", retention="platform", purpose="people who sign in")


class Shop(ControlBase):
    """A tenant: its number, its address in the browser, and what the vendor must know of it."""

    __tablename__ = "shops"
    shop_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=True)
    slug: Mapped[str] = mapped_column(Code(40), unique=True)
    name: Mapped[str] = mapped_column(Name(120))
    state_code: Mapped[str] = mapped_column(Code(2))
    gstin: Mapped[str | None] = mapped_column(Code(15))
    profile: Mapped[dict[str, Any]] = mapped_column(JSON)  # what opening sends to the shard: legal name, outlet address
    profile_version: Mapped[int] = mapped_column(Integer, default=1)  # the shard's profile that the names are of
    version: Mapped[int] = mapped_column(Integer, default=1)
    opened_at: Mapped[dt.datetime] = mapped_column(Utc)
    ready_at: Mapped[dt.datetime | None] = mapped_column(Utc)  # its shard holds its rows and it may trade
    closed_at: Mapped[dt.datetime | None] = mapped_column(Utc)
    __table_args__ = facts(Index(None, "gstin"), writes="insert-update", retention="platform", purpose="the shops")


class Membership(ControlBase):
    """A person's role in a shop; the truth behind the shard's projection `member_rights`."""

    __tablename__ = "memberships"
    person_id: Mapped[UUID] = mapped_column(Id, ForeignKey("people.id"), primary_key=True)
    shop_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("shops.shop_id"), primary_key=True)
    role: Mapped[str] = mapped_column(Code(12))
    version: Mapped[int] = mapped_column(Integer, default=1)
    created_at: Mapped[dt.datetime] = mapped_column(Utc)
    ended_at: Mapped[dt.datetime | None] = mapped_column(Utc)
    __table_args__ = facts(
        Index(None, "shop_id"), writes="insert-update", mutable=("role", "version", "ended_at"), retention="platform",
        purpose="who works in which shop, as what",
    )  # fmt: skip


class Invitation(ControlBase):
    """A shop asks whoever has this address to belong to it; gone once it was answered or its time is over."""

    __tablename__ = "invitations"
    id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    shop_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("shops.shop_id"))
    email: Mapped[str] = mapped_column(Name(254))
    name: Mapped[str] = mapped_column(Name(120))  # as the shop calls the person; their own once they have joined
    phone: Mapped[str | None] = mapped_column(Code(20))
    role: Mapped[str] = mapped_column(Code(12))
    code_hash: Mapped[bytes] = mapped_column(Hash)
    invited_by: Mapped[UUID] = mapped_column(Id)
    invited_at: Mapped[dt.datetime] = mapped_column(Utc)
    expires_at: Mapped[dt.datetime] = mapped_column(Utc)
    __table_args__ = facts(
        UniqueConstraint("shop_id", "email"), Index(None, "email"), Index(None, "expires_at"),
        writes="insert-update-delete", retention="short", purpose="who is asked to belong to which shop, 7 days",
    )  # fmt: skip


class RoleRight(ControlBase):
    """One right that a role carries from a date to a date: rights are data, not code."""

    __tablename__ = "role_rights"
    role: Mapped[str] = mapped_column(Code(12), primary_key=True)
    right: Mapped[str] = mapped_column(Code(40), primary_key=True)
    valid_from: Mapped[dt.date] = mapped_column(Date, primary_key=True)
    valid_to: Mapped[dt.date | None] = mapped_column(Date)
    __table_args__ = facts(
        writes="insert-update", mutable=("valid_to",), retention="platform", purpose="which role may do what, dated"
    )


class SigningKey(ControlBase):
    """A key that signs access tokens: 90 days, then 7 more in which it only verifies."""

    __tablename__ = "signing_keys"
    kid: Mapped[str] = mapped_column(Code(40), primary_key=True)
    public_pem: Mapped[str] = mapped_column(Code(400))
    private_sealed: Mapped[bytes] = mapped_column(VARBINARY(512))
    signs_from: Mapped[dt.datetime] = mapped_column(Utc)
    signs_until: Mapped[dt.datetime] = mapped_column(Utc)
    verifies_until: Mapped[dt.datetime] = mapped_column(Utc)
    __table_args__ = facts(
        writes="insert-update-delete", mutable=("signs_from", "signs_until", "verifies_until"), retention="platform",
        purpose="keys of access tokens; private half sealed",
    )  # fmt: skip


class SignInGate(ControlBase):
    """Failed sign-ins of a person's address book entry or a network address; locks for a while when too many."""

    __tablename__ = "sign_in_gates"
    gate: Mapped[bytes] = mapped_column(VARBINARY(32), primary_key=True)  # SHA-256 of kind and subject
    failures: Mapped[int] = mapped_column(Integer)
    first_at: Mapped[dt.datetime] = mapped_column(Utc)
    locked_until: Mapped[dt.datetime | None] = mapped_column(Utc)
    __table_args__ = facts(
        Index(None, "first_at"), writes="insert-update-delete", retention="short", purpose="failed sign-ins, 24 h"
    )


class EndedSession(ControlBase):
    """An access token that was signed out before its time; kept until it would have expired anyway."""

    __tablename__ = "ended_sessions"
    person_id: Mapped[UUID] = mapped_column(Id, ForeignKey("people.id"), primary_key=True)
    token_id: Mapped[UUID] = mapped_column(Id, primary_key=True)  # the token's jti
    expires_at: Mapped[dt.datetime] = mapped_column(Utc)
    __table_args__ = facts(
        Index(None, "expires_at"), writes="insert-update-delete", retention="short", purpose="signed-out tokens, 24 h"
    )


# ---------------------------------------------------------------- shard


class ShopProfile(ShopOwned, ShardBase):
    """What the shop prints and how it prices; the shop's own page of settings."""

    __tablename__ = "shop_profiles"
    slug: Mapped[str] = mapped_column(Code(40))
    name: Mapped[str] = mapped_column(Name(120))
    name_local: Mapped[str | None] = mapped_column(Name(120))  # in the shop's own script, for print
    legal_name: Mapped[str] = mapped_column(Name(120))
    phone: Mapped[str | None] = mapped_column(Code(20))
    locale: Mapped[str] = mapped_column(Code(8), default="en")
    rate_basis: Mapped[str] = mapped_column(Code(10), default="fineness")  # fineness | karat
    logo: Mapped[str | None] = mapped_column(Code(64))  # SHA-256 of its PNG in the bucket of logos, in hex
    version: Mapped[int] = mapped_column(Integer, default=1)
    updated_at: Mapped[dt.datetime] = mapped_column(Utc)
    __table_args__ = facts(
        writes="insert-update",
        retention="shop",
        told=("legal_name", "locale", "logo", "name", "name_local", "phone", "rate_basis"),
        purpose="the shop's name, print and price settings",
    )


class Registration(ShopOwned, ShardBase):
    """A GST registration of the shop: one state, one GSTIN (none below the threshold)."""

    __tablename__ = "registrations"
    id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    gstin: Mapped[str | None] = mapped_column(Code(15))
    state_code: Mapped[str] = mapped_column(Code(2))
    legal_name: Mapped[str] = mapped_column(Name(120))
    composition: Mapped[bool] = mapped_column(Boolean, default=False)
    version: Mapped[int] = mapped_column(Integer, default=1)
    __table_args__ = facts(
        UniqueConstraint("shop_id", "gstin"),
        writes="insert-update",
        retention="books",
        told=("gstin", "legal_name"),
        purpose="GST registrations",
    )


class Outlet(ShopOwned, ShardBase):
    """A place the shop sells from."""

    __tablename__ = "outlets"
    id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    registration_id: Mapped[UUID] = mapped_column(Id)
    name: Mapped[str] = mapped_column(Name(120))
    address: Mapped[str] = mapped_column(Name(300))
    city: Mapped[str] = mapped_column(Name(80))
    pin: Mapped[str] = mapped_column(Code(6))
    state_code: Mapped[str] = mapped_column(Code(2))
    bis_registration: Mapped[str | None] = mapped_column(Code(30))
    version: Mapped[int] = mapped_column(Integer, default=1)
    __table_args__ = facts(
        ForeignKeyConstraint(["shop_id", "registration_id"], ["registrations.shop_id", "registrations.id"]),
        writes="insert-update", retention="books", told=("address", "city", "name", "pin"),
        purpose="places the shop sells from",
    )  # fmt: skip


class Till(ShopOwned, ShardBase):
    """A counter that issues documents; `code` is part of its numbers, so it never changes."""

    __tablename__ = "tills"
    id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    outlet_id: Mapped[UUID] = mapped_column(Id)
    code: Mapped[str] = mapped_column(Code(3))
    name: Mapped[str] = mapped_column(Name(60))
    version: Mapped[int] = mapped_column(Integer, default=1)
    __table_args__ = facts(
        UniqueConstraint("shop_id", "code"),
        ForeignKeyConstraint(["shop_id", "outlet_id"], ["outlets.shop_id", "outlets.id"]),
        writes="insert-update", mutable=("name", "version"), told=("name",), retention="books", purpose="counters",
    )  # fmt: skip

    @validates("code")
    def _fits_every_number(self, _field: str, code: str) -> str:
        """Raises TillCodeUnfit, whoever makes the till: found with the first credit note, it would be too late."""
        return numbering.check_till_code(code)


class MemberRights(ShopOwned, ShardBase):
    """Projection: what a person may do in this shop; checked when the control plane is gone."""

    __tablename__ = "member_rights"
    person_id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    name: Mapped[str] = mapped_column(Name(120))
    role: Mapped[str] = mapped_column(Code(12))
    rights: Mapped[list[str]] = mapped_column(JSON)
    session_version: Mapped[int] = mapped_column(Integer)
    active: Mapped[bool] = mapped_column(Boolean)
    version: Mapped[int] = mapped_column(Integer)
    __table_args__ = facts(writes="insert-update", retention="shop", purpose="projection of memberships and rights")


class Entitlement(ShopOwned, ShardBase):
    """Projection: the dates on which the shop's plan lets it trade, warns it, and stops new bills."""

    __tablename__ = "entitlements"
    state: Mapped[str] = mapped_column(Code(12))  # trial | active, as the contract stood when this was pushed
    plan: Mapped[str] = mapped_column(Code(40))
    paid_until: Mapped[dt.date] = mapped_column(Date)
    grace_days: Mapped[int] = mapped_column(SmallInteger)
    read_only_days: Mapped[int] = mapped_column(SmallInteger)
    version: Mapped[int] = mapped_column(Integer)
    __table_args__ = facts(writes="insert-update", retention="shop", purpose="projection of the AMC contract's dates")
