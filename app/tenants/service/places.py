"""Where documents are issued: each till with what its outlet, registration and shop print on them."""

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

import orjson
from msgspec import Struct

from app.tenants.repository import places as repository
from app.tenants.repository import shops
from app.tenants.service.views import EntitlementDates
from shard_router import ShopSession

PLACES = repository.PLACES


class Place(Struct, frozen=True):
    """A till, and what documents issued there say of the seller."""

    till_id: UUID
    outlet_id: UUID
    registration_id: UUID
    till_code: str
    outlet_name: str
    address: str
    city: str
    pin: str
    bis_registration: str | None
    gstin: str | None
    state_code: str
    composition: bool
    legal_name: str
    shop_name: str
    shop_name_local: str | None
    phone: str | None
    rate_basis: str  # how the shop derives the rate of a purity from its 24K rate
    logo: str | None  # SHA-256 of its PNG, in hex
    plan: EntitlementDates | None  # of the shop, as its shard knows it


def list_places(db: ShopSession) -> tuple[Place, ...]:
    """Every till of the shop, the oldest first: a till that is added changes nothing for the others."""
    return places_of(db.execute(repository.places()).all())


def hold_places(db: ShopSession, *, shared: bool) -> tuple[Place, ...]:
    """Every till of the shop; none is added until the commit.

    `shared` waits for nobody but whoever changes places; without it, it waits for every bill of the shop that is on its
    way, and they for us: all of them hold these rows shared from their first packet to their commit.
    """
    repository.lock_profile(db, shared=shared)
    return list_places(db)


def home_outlet(db: ShopSession) -> UUID | None:
    """The outlet of the actor's till, else the one of the oldest till; None where the shop has none yet."""
    places = list_places(db)
    own = next((place.outlet_id for place in places if place.till_id == db.actor.till_id), None)
    return own or next((place.outlet_id for place in places), None)


def outlet_names(db: ShopSession) -> dict[UUID, str]:
    """Every outlet of the shop, the oldest first."""
    return {row.id: row.name for row in sorted(shops.list_outlets(db), key=lambda row: row.id)}


def places_of(rows: Iterable[Sequence[Any]]) -> tuple[Place, ...]:
    """The places of the rows that PLACES gave, the oldest till first."""
    return tuple(sorted((_place(*row) for row in rows), key=lambda place: place.till_id))


def _place(till_id: UUID, outlet_id: UUID, registration_id: UUID, facts: str, plan: str | None) -> Place:
    known = orjson.loads(facts)
    known[_COMPOSITION] = bool(known[_COMPOSITION])
    return Place(*(till_id, outlet_id, registration_id, *known, _dates(plan)))


def _dates(plan: str | None) -> EntitlementDates | None:
    if plan is None:
        return None
    state, name, paid_until, grace_days, read_only_days, version = orjson.loads(plan)
    return EntitlementDates(state, name, dt.date.fromisoformat(paid_until), grace_days, read_only_days, version)


_COMPOSITION = [column.key for column in repository.PACKED].index("composition")
