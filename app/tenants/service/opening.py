"""Owns opening a shop: its rows in the control plane at once, its rows on a shard by a job that may be killed anywhere.

Control commits first and alone; `app.tenants.jobs.prepare_shop` follows. Until it has ended the shop answers 503
`shop_being_prepared`. What breaks the promise: a shard that stays away; the job waits for it and the shop with it.
"""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy.exc import IntegrityError

from app.kit import paging
from app.kit.audit import begin_chain, record_platform
from app.kit.clock import today_ist, utc_now
from app.kit.ids import new_id
from app.kit.outbox import enqueue_control
from app.kit.paging import Page
from app.kit.texts import _
from app.kit.transactions import write_control, write_shop
from app.tax.errors import UnknownState
from app.tax.gstin import parse_gstin
from app.tax.states import state_of
from app.tenants.errors import (
    CompositionWithoutGstin,
    GstinOfOtherState,
    MalformedPin,
    NameUnusable,
    ShardUnknown,
    ShopUnknown,
)  # fmt: skip
from app.tenants.models import Outlet, Registration, Role, Shop, ShopProfile, Till
from app.tenants.repository import shops as repository
from app.tenants.service.passwords import NewPassword
from app.tenants.service.people import add_member, find_or_invite_person, normal_name, normal_phone
from app.tenants.service.projections import (
    keep_entitlement,
    keep_member,
    list_member_rights,
    read_dates,
    written_dates,
)  # fmt: skip
from app.tenants.service.views import EntitlementDates, MemberRightsView, OpenedShop, ShopView
from shard_router import Actor, ControlSession, Router, ShopSession

PREPARE = "app.tenants.jobs.prepare_shop"
FIRST_TILL = "T1"
LONGEST_SLUG = 40
SLUG_TRIES = 5
SYSTEM = Actor(person_id=None, name="system")
PIN = re.compile(r"[1-9][0-9]{5}")


@dataclass(frozen=True, slots=True)
class NewShop:
    """What must be known to open a shop."""

    name: str
    legal_name: str
    state_code: str
    address: str
    city: str
    pin: str
    owner_email: str
    owner_name: str
    gstin: str | None = None
    name_local: str | None = None
    phone: str | None = None
    owner_phone: str | None = None
    locale: str = "en"
    composition: bool = False
    shard: str | None = None  # for operators: a home other than the one placement gives


@dataclass(frozen=True, slots=True)
class Order:
    """What the preparing job writes on the shard; its ids were drawn at opening, so doing it twice is doing it once."""

    shop: ShopView
    profile: Mapping[str, Any]
    members: list[MemberRightsView]


def open_shop(
    control: ControlSession, router: Router, *, new: NewShop, one_time: NewPassword, actor_id: UUID | None
) -> OpenedShop:
    """Shop, owner's membership and place in the directory, in this transaction; the room above adds the contract.

    Raises GstinOfOtherState, MalformedGstin, UnknownState, MalformedPin, MalformedEmail, ShardUnknown, NameUnusable.
    `one_time` is used where the owner is new (its plain text is in the reply, this once).
    """
    gstin = _checked(new)
    shop = _new_shop(control, new, gstin)
    shard = _home(router, shop.shop_id, new.shard)
    router.directory.add(control, shop.shop_id, shard)
    owner, given = find_or_invite_person(
        control, email=new.owner_email, name=new.owner_name, phone=new.owner_phone, one_time=one_time, locale=new.locale
    )
    add_member(control, shop_id=shop.shop_id, person_id=owner.id, role=Role.OWNER, actor_id=actor_id, push=False)
    facts = {"slug": shop.slug, "shard": shard, "stateCode": shop.state_code, "gstin": gstin}
    record_platform(control, "shop.opened", facts, actor_id=actor_id, shop_id=shop.shop_id)
    return OpenedShop(shop_view(shop), shard, owner, given)


def ask_to_prepare(control: ControlSession, *, shop_id: int, dates: EntitlementDates) -> None:
    """The second half of opening, once the contract stands: its dates are part of what the shard is given."""
    row = _shop(control, shop_id)
    row.profile = {**row.profile, "entitlement": written_dates(dates)}
    control.flush()
    enqueue_control(control, PREPARE, key=f"prepare-{shop_id}", shop_id=shop_id, params={"shop_id": shop_id})


def announce(router: Router, opened: OpenedShop) -> None:
    """After the commit: caches that held "no such shop" forget it."""
    router.directory.refresh(opened.shop.shop_id)


def prepare_shop(router: Router, shop_id: int) -> bool:
    """Everything the job does, in steps that each bear repetition; False where the shop was ready before."""
    order = write_control(router, lambda control: find_order(control, shop_id))
    if order is None:
        return False
    router.plant_fence(router.directory.lookup(shop_id))
    try:
        write_shop(router, shop_id, SYSTEM, lambda db: write_rows(db, order=order))
    except IntegrityError:  # another worker wrote the same rows a moment earlier: now they are found
        write_shop(router, shop_id, SYSTEM, lambda db: write_rows(db, order=order))
    write_control(router, lambda control: mark_ready(control, shop_id))
    return True


def find_order(control: ControlSession, shop_id: int) -> Order | None:
    """What is to be written; None where the shop is ready. Raises ShopUnknown."""
    row = _shop(control, shop_id)
    if row.ready_at is not None:
        return None
    return Order(shop_view(row), row.profile, list_member_rights(control, shop_id))


def write_rows(db: ShopSession, *, order: Order) -> None:
    """The shop's first rows on its shard, in one transaction: all of them are there, or none."""
    if repository.find_profile(db, lock=True) is None:
        _write_places(db, order)
        facts = {"slug": order.shop.slug, "stateCode": order.shop.state_code, "gstin": order.shop.gstin}
        begin_chain(db, facts)
    for member in order.members:
        keep_member(db, member)
    keep_entitlement(db, read_dates(order.profile["entitlement"]))
    db.flush()


def mark_ready(control: ControlSession, shop_id: int) -> None:
    row = _shop(control, shop_id, lock=True)
    if row.ready_at is None:
        row.ready_at, row.version = utc_now(), row.version + 1
        control.flush()
        record_platform(control, "shop.ready", {}, actor_id=None, shop_id=shop_id)


def get_shop(control: ControlSession, shop_id: int) -> ShopView:
    """Raises ShopUnknown."""
    return shop_view(_shop(control, shop_id))


def list_shops(control: ControlSession, *, after: int = 0, limit: int = 200) -> list[ShopView]:
    """By number; every shop, for jobs and for the console."""
    return [shop_view(row) for row in repository.list_shops(control, after=after, limit=limit)]


_ORDERS = paging.Orders(
    tie=Shop.shop_id, default="-openedAt", openedAt=Shop.opened_at, name=Shop.name, shopId=Shop.shop_id
)


def page_of_shops(
    control: ControlSession, *, text: str | None = None, sort: str | None = None, after: str | None = None,
    limit: int = paging.DEFAULT_LIMIT,
) -> Page[ShopView]:  # fmt: skip
    """The console's list."""
    found = paging.page(control, repository.shops_of(text=text), orders=_ORDERS, sort=sort, after=after, limit=limit)
    return found.map(shop_view)


def shop_view(row: Shop) -> ShopView:
    return ShopView(
        shop_id=row.shop_id, slug=row.slug, name=row.name, state_code=row.state_code, gstin=row.gstin,
        legal_name=row.profile.get("legal_name", row.name), opened_at=row.opened_at, ready_at=row.ready_at,
        closed_at=row.closed_at, version=row.version,
    )  # fmt: skip


def slug_base(name: str) -> str:
    """`Shree Ganesh Jewellers` → shree-ganesh-jewellers; a name without Latin letters → shop."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode("ascii").lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[: LONGEST_SLUG - 8].strip("-") or "shop"


def _checked(new: NewShop) -> str | None:
    """The GSTIN in its one form, after everything else was found good."""
    state = state_of(new.state_code, today_ist())
    if not state.registers:
        raise UnknownState(
            _("A shop cannot be registered in %(name)s.", name=state.name), fields={"stateCode": "cannot register"}
        )
    if not PIN.fullmatch(new.pin):
        raise MalformedPin(fields={"pin": str(MalformedPin.default_message)})
    if not all(map(normal_name, (new.name, new.legal_name, new.address, new.city))):
        raise NameUnusable(fields={"name": str(NameUnusable.default_message)})
    normal_name(new.name_local or "")
    if new.gstin is None:
        check_without_gstin(composition=new.composition)
        return None
    gstin = parse_gstin(new.gstin)
    if gstin.state_code != new.state_code:
        said = _(
            "The GSTIN is of state %(its)s, the shop of state %(ours)s.", its=gstin.state_code, ours=new.state_code
        )
        raise GstinOfOtherState(said, fields={"gstin": said})
    return gstin.text


def check_without_gstin(*, composition: bool) -> None:
    """Raises CompositionWithoutGstin: the scheme is for who is registered."""
    if composition:
        raise CompositionWithoutGstin(fields={"composition": str(CompositionWithoutGstin.default_message)})


def _new_shop(control: ControlSession, new: NewShop, gstin: str | None) -> Shop:
    profile = {
        "legal_name": normal_name(new.legal_name), "name_local": new.name_local, "phone": normal_phone(new.phone),
        "locale": new.locale, "address": new.address, "city": new.city, "pin": new.pin, "composition": new.composition,
        "registration_id": str(new_id()), "outlet_id": str(new_id()), "till_id": str(new_id()),
    }  # fmt: skip
    for _try in range(SLUG_TRIES):
        row = Shop(
            slug=_free_slug(control, new.name), name=normal_name(new.name), state_code=new.state_code, gstin=gstin,
            profile=profile, version=1, opened_at=utc_now(),
        )  # fmt: skip
        try:
            with control.begin_nested():
                control.add(row)
        except IntegrityError:  # two openings of one name at the same moment: the other's slug shows now
            continue
        return row
    raise NameUnusable(_("Several shops of this name are being opened just now."))


def _free_slug(control: ControlSession, name: str) -> str:
    base = slug_base(name)
    taken = repository.list_slugs_like(control, base)
    number, slug = 1, base
    while slug in taken:
        number += 1
        slug = f"{base}-{number}"
    return slug


def _home(router: Router, shop_id: int, wanted: str | None) -> str:
    if wanted is None:
        return router.place(shop_id)
    if wanted not in router.topology.shards:
        raise ShardUnknown(fields={"shard": str(ShardUnknown.default_message)})
    return wanted


def _write_places(db: ShopSession, order: Order) -> None:
    shop, given = order.shop, order.profile
    now = utc_now()
    registration, outlet, till = (UUID(given[name]) for name in ("registration_id", "outlet_id", "till_id"))
    db.add(ShopProfile(
        slug=shop.slug, name=shop.name, name_local=given["name_local"], legal_name=given["legal_name"],
        phone=given["phone"], locale=given["locale"], rate_basis="fineness", version=1, updated_at=now,
    ))  # fmt: skip
    db.add(Registration(
        id=registration, gstin=shop.gstin, state_code=shop.state_code, legal_name=given["legal_name"],
        composition=given["composition"], version=1,
    ))  # fmt: skip
    db.flush()
    db.add(Outlet(
        id=outlet, registration_id=registration, name=shop.name, address=given["address"], city=given["city"],
        pin=given["pin"], state_code=shop.state_code, version=1,
    ))  # fmt: skip
    db.flush()
    db.add(Till(id=till, outlet_id=outlet, code=FIRST_TILL, name=FIRST_TILL, version=1))
    db.flush()


def _shop(control: ControlSession, shop_id: int, *, lock: bool = False) -> Shop:
    if (row := repository.find_shop(control, shop_id, lock=lock)) is None:
        raise ShopUnknown()
    return row
