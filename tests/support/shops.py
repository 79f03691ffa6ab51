"""Owns opening shops for tests row by row, where the tenants' service would be what is tested, or too much."""

import datetime as dt
import secrets
from dataclasses import dataclass
from uuid import UUID

import sqlalchemy as sa

from app.amc.models import Contract, ContractEvent
from app.kit import audit
from app.kit.clock import today_ist, utc_now
from app.kit.ids import new_id
from app.tenants.models import (
    Entitlement,
    MemberRights,
    Membership,
    Outlet,
    Person,
    Registration,
    Role,
    RoleRight,
    Shop,
    ShopProfile,
    Till,
)
from shard_router import Actor, Mode, Router

STATES = {"27": ("Mumbai", "400002"), "29": ("Bengaluru", "560001"), "24": ("Surat", "395003")}
NO_PASSWORD = "!"


@dataclass(frozen=True)
class OpenedShop:
    """A shop with its first registration, outlet and till, and its owner."""

    shop_id: int
    slug: str
    shard: str
    owner_id: UUID
    rights: frozenset[str]
    registration_id: UUID
    outlet_id: UUID
    till_id: UUID

    @property
    def actor(self) -> Actor:
        """The owner, with all that an owner may do."""
        return Actor(self.owner_id, name="Owner", till_id=self.till_id, rights=self.rights)


def open_shop_rows(
    router: Router, shard: str = "shard-a", *, state: str = "27", gstin: str | None = None
) -> OpenedShop:
    """A shop on the wished shard that may trade now: its rows in the control plane, then those on its shard."""
    shop_id, owner_id, slug, rights = _in_control(router, shard, state, gstin)
    router.plant_fence(router.directory.lookup(shop_id))
    actor = Actor(owner_id, name="Owner", rights=rights)
    registration_id, outlet_id, till_id = new_id(), new_id(), new_id()
    city, pin = STATES.get(state, ("Town", "100001"))
    with router.shop(shop_id, actor, mode=Mode.WRITE) as db:
        db.add(ShopProfile(slug=slug, name=f"Shop {slug}", legal_name=f"Shop {slug}", updated_at=utc_now()))
        db.add(Registration(id=registration_id, gstin=gstin, state_code=state, legal_name=f"Shop {slug}"))
        db.flush()
        db.add(Outlet(
            id=outlet_id, registration_id=registration_id, name="Main", address="1 Zaveri Bazaar", city=city, pin=pin,
            state_code=state,
        ))  # fmt: skip
        db.flush()
        db.add(Till(id=till_id, outlet_id=outlet_id, code="A", name="Counter 1"))
        db.add(MemberRights(
            person_id=owner_id, name="Owner", role=Role.OWNER.value, rights=sorted(rights), session_version=1,
            active=True, version=1,
        ))  # fmt: skip
        db.add(Entitlement(
            state="trial", plan="annual", paid_until=today_ist() + dt.timedelta(days=14), grace_days=15,
            read_only_days=30, version=1,
        ))  # fmt: skip
        audit.begin_chain(db, {"slug": slug})
        db.commit()
    return OpenedShop(shop_id, slug, shard, owner_id, rights, registration_id, outlet_id, till_id)


def _in_control(router: Router, shard: str, state: str, gstin: str | None) -> tuple[int, UUID, str, frozenset[str]]:
    now, today, slug = utc_now(), today_ist(), f"t{secrets.token_hex(6)}"
    person = Person(
        id=new_id(),
        email=f"{slug}@example.test",
        name="Owner",
        password_hash=NO_PASSWORD,
        created_at=now,
        updated_at=now,
    )
    shop = Shop(slug=slug, name=f"Shop {slug}", state_code=state, gstin=gstin, profile={}, opened_at=now, ready_at=now)
    with router.control() as control:
        control.add_all([person, shop])
        control.flush()
        control.add(Membership(person_id=person.id, shop_id=shop.shop_id, role=Role.OWNER.value, created_at=now))
        control.add(Contract(
            shop_id=shop.shop_id, plan_code="annual", plan_from=dt.date(2026, 4, 1), state="trial", starts_on=today,
            ends_on=today + dt.timedelta(days=14), updated_at=now,
        ))  # fmt: skip
        control.flush()
        control.add(ContractEvent(
            id=new_id(), shop_id=shop.shop_id, version=1, event="trial_started", on_date=today, at=now,
        ))  # fmt: skip
        entry = router.directory.add(control, shop.shop_id, shard)
        rights = frozenset(control.scalars(sa.select(RoleRight.right).where(RoleRight.role == Role.OWNER.value)))
        found = shop.shop_id, person.id, slug, rights
        control.commit()
    router.directory.announce(entry)
    return found
