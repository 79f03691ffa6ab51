"""Owns what the tenants' room hands out: frozen facts, never rows."""

import datetime as dt
from dataclasses import dataclass
from uuid import UUID

from app.tenants.models import Role


@dataclass(frozen=True, slots=True)
class PersonView:
    """A person, without what is secret."""

    id: UUID
    email: str
    name: str
    phone: str | None
    locale: str
    session_version: int
    is_vendor_admin: bool
    version: int


@dataclass(frozen=True, slots=True)
class MembershipView:
    """A shop that a person belongs to, as the chooser after sign-in shows it."""

    shop_id: int
    slug: str
    shop_name: str
    role: Role
    ready: bool


@dataclass(frozen=True, slots=True)
class MemberView:
    """A person of a shop, as its list of people shows them."""

    person_id: UUID
    name: str
    email: str
    phone: str | None
    role: Role
    since: dt.datetime
    version: int


@dataclass(frozen=True, slots=True)
class ShopView:
    """A shop as the vendor sees it."""

    shop_id: int
    slug: str
    name: str
    state_code: str
    gstin: str | None
    legal_name: str
    opened_at: dt.datetime
    ready_at: dt.datetime | None
    closed_at: dt.datetime | None
    version: int


@dataclass(frozen=True, slots=True)
class OpenedShop:
    """What opening a shop gives back; `one_time_password` is there, once, when its owner was new."""

    shop: ShopView
    shard: str
    owner: PersonView
    one_time_password: str | None


@dataclass(frozen=True, slots=True)
class PlaceOfBusiness:
    """What opening must know of where the shop trades."""

    address: str
    city: str
    pin: str


@dataclass(frozen=True, slots=True)
class EntitlementDates:
    """What a shop's contract says, as its shard keeps it; the state of a day is worked out from it when asked."""

    state: str  # trial | active | expired
    plan: str
    paid_until: dt.date
    grace_days: int
    read_only_days: int
    version: int


@dataclass(frozen=True, slots=True)
class RegistrationView:
    """A GST registration of the shop."""

    id: UUID
    gstin: str | None
    state_code: str
    legal_name: str
    composition: bool


@dataclass(frozen=True, slots=True)
class OutletView:
    """A place that the shop sells from."""

    id: UUID
    registration_id: UUID
    name: str
    address: str
    city: str
    pin: str
    state_code: str
    bis_registration: str | None


@dataclass(frozen=True, slots=True)
class TillView:
    """A counter; its code is part of the numbers it issues."""

    id: UUID
    outlet_id: UUID
    code: str
    name: str


@dataclass(frozen=True, slots=True)
class ProfileView:
    """The shop's own page of settings, with the places it sells from."""

    slug: str
    name: str
    name_local: str | None
    legal_name: str
    phone: str | None
    locale: str
    rate_basis: str
    logo: str | None
    version: int
    registrations: tuple[RegistrationView, ...]
    outlets: tuple[OutletView, ...]
    tills: tuple[TillView, ...]


@dataclass(frozen=True, slots=True)
class MemberRightsView:
    """A person's rights as the shop's shard keeps them."""

    person_id: UUID
    name: str
    role: str
    rights: frozenset[str]
    session_version: int
    active: bool
    version: int
