"""Owns the cast: Asha, her clerk Bina, Ravi on the same shard, Zoya on the other, Meera who keeps two shops' books, Om.

All are made by the services that production uses, in shops of their own, so that no two tests meet."""

import secrets
from dataclasses import dataclass, field
from functools import cache, cached_property
from uuid import UUID

from app.amc import service as amc
from app.kit.runtime import Runtime
from app.tenants import service as tenants
from app.tenants.models import Role, Shop
from app.tenants.service import NewPassword, NewShop, Passwords
from shard_router import Actor, ControlSession
from tests.support.shops import OpenedShop

PASSWORD = "Saffron-temple-77-bells"  # of everybody; only here
GSTIN = {"asha": "27AAACR5055K1Z7", "zoya": "33AAACZ4322M2Z9"}


@dataclass(frozen=True)
class Somebody:
    """One of the cast, signed in. `shop` is the first of theirs, where they have one."""

    name: str
    email: str
    person_id: UUID
    token: str = field(repr=False)
    role: str = ""
    rights: frozenset[str] = frozenset()
    shops: tuple[OpenedShop, ...] = ()

    @property
    def shop(self) -> OpenedShop:
        return self.shops[0]

    @property
    def shop_id(self) -> int:
        return self.shop.shop_id

    @property
    def actor(self) -> Actor:
        """As their own requests make it."""
        till = self.shop.till_id if self.shops else None
        return Actor(self.person_id, name=self.name, till_id=till, rights=self.rights)

    def headers(self, **more: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}", **more}

    def writing(self, key: str | None = None, **more: str) -> dict[str, str]:
        """Headers of a POST that makes something: with an Idempotency-Key, a new one where none is given."""
        return self.headers(**{"Idempotency-Key": key or secrets.token_hex(16), **more})


@dataclass(frozen=True)
class Cast:
    """Asha, Bina: shop 1, shard A · Ravi: shop 2, shard A · Zoya: shop 3, shard B · Meera: books of 1 and 3 · Om.

    Whoever is asked for is there from then on: most tests need one shop, and opening one is what they wait for most.
    """

    runtime: Runtime = field(repr=False)
    tag: str = field(default_factory=lambda: secrets.token_hex(5))

    @cached_property
    def asha(self) -> Somebody:
        return self._owner("Asha", self._ashas)

    @cached_property
    def ravi(self) -> Somebody:
        shop = open_shop(self.runtime, "Ravi", self.tag, shard="shard-a", state="29", gstin=None)
        return self._owner("Ravi", shop)

    @cached_property
    def zoya(self) -> Somebody:
        return self._owner("Zoya", self._zoyas)

    @cached_property
    def bina(self) -> Somebody:
        return self._member("Bina", Role.CLERK, self._ashas)

    @cached_property
    def meera(self) -> Somebody:
        return self._member("Meera", Role.ACCOUNTANT, self._ashas, self._zoyas)

    @cached_property
    def om(self) -> Somebody:
        ensure_signing_key(self.runtime)
        return make_admin(self.runtime, "Om", self.tag)

    @cached_property
    def _ashas(self) -> OpenedShop:
        return open_shop(self.runtime, "Asha", self.tag, shard="shard-a", state="27", gstin=GSTIN["asha"])

    @cached_property
    def _zoyas(self) -> OpenedShop:
        return open_shop(self.runtime, "Zoya", self.tag, shard="shard-b", state="33", gstin=GSTIN["zoya"])

    def _owner(self, name: str, shop: OpenedShop) -> Somebody:
        ensure_signing_key(self.runtime)
        return signed_in(self.runtime, name, self.tag, shop.owner_id, Role.OWNER, shop)

    def _member(self, name: str, role: Role, *shops: OpenedShop) -> Somebody:
        ensure_signing_key(self.runtime)
        person_id = join(self.runtime, name, self.tag, role, *shops)
        return signed_in(self.runtime, name, self.tag, person_id, role, *shops)

    def everybody(self) -> "Cast":
        """All six, made now: for who counts rows, freezes the clock, or asks from several threads."""
        assert all((self.asha, self.ravi, self.zoya, self.bina, self.meera, self.om))
        return self


@cache
def hashed() -> NewPassword:
    """PASSWORD with few rounds: what it costs to check is not what these tests are about."""
    return NewPassword(Passwords(rounds=4).accept(PASSWORD, email="").hash)


def make_cast(runtime: Runtime) -> Cast:
    """Six people and three shops that may trade now."""
    return Cast(runtime).everybody()


def email_of(name: str, tag: str) -> str:
    return f"{name.lower()}-{tag}@example.test"


def open_shop(runtime: Runtime, owner: str, tag: str, *, shard: str, state: str, gstin: str | None) -> OpenedShop:
    """Opened as the console opens shops, prepared as the job prepares them."""
    new = NewShop(
        name=f"{owner} Jewellers {tag}", legal_name=f"{owner} Jewellers {tag}", state_code=state, gstin=gstin,
        address="1 Zaveri Bazaar", city="Mumbai", pin="400002", owner_email=email_of(owner, tag), owner_name=owner,
        shard=shard,
    )  # fmt: skip
    with runtime.router.control() as control:
        opened = amc.open_shop(control, runtime.router, new=new, one_time=hashed(), actor_id=None)
        control.commit()
    tenants.announce(runtime.router, opened)
    tenants.prepare_shop(runtime.router, opened.shop.shop_id)
    return _places(runtime, opened.shop.shop_id, opened.shop.slug, shard, opened.owner.id)


def _places(runtime: Runtime, shop_id: int, slug: str, shard: str, owner_id: UUID) -> OpenedShop:
    with runtime.router.control() as control:
        rights = rights_of(control, shop_id, owner_id)
        order = control.get_one(Shop, shop_id).profile
    ids = {name: UUID(order[name]) for name in ("registration_id", "outlet_id", "till_id")}
    return OpenedShop(shop_id, slug, shard, owner_id, rights, **ids)


def rights_of(control: ControlSession, shop_id: int, person_id: UUID) -> frozenset[str]:
    view = tenants.find_member_rights(control, shop_id, person_id)
    assert view is not None
    return view.rights


def join(runtime: Runtime, name: str, tag: str, role: Role, *shops: OpenedShop) -> UUID:
    """A new person who belongs to these shops, and whose shards know it."""
    with runtime.router.control() as control:
        person = tenants.create_person(control, email=email_of(name, tag), name=name, password=hashed())
        for shop in shops:
            tenants.add_member(control, shop_id=shop.shop_id, person_id=person.id, role=role, actor_id=shop.owner_id)
        views = [tenants.find_member_rights(control, shop.shop_id, person.id) for shop in shops]
        control.commit()
    for shop, view in zip(shops, views, strict=True):
        assert view is not None
        with runtime.router.shop(shop.shop_id, shop.actor) as db:
            tenants.keep_member(db, view)
            db.commit()
    return person.id


def make_admin(runtime: Runtime, name: str, tag: str) -> Somebody:
    """The vendor's super-admin, signed in to the console."""
    with runtime.router.control() as control:
        made = tenants.create_admin(control, email=email_of(name, tag), name=name, password=hashed())
        control.commit()
    person = made.person
    return Somebody(name, person.email, person.id, issue(runtime, person.id, name, audience="console"), role="admin")


def signed_in(runtime: Runtime, name: str, tag: str, person_id: UUID, role: Role, *shops: OpenedShop) -> Somebody:
    with runtime.router.control() as control:
        rights = rights_of(control, shops[0].shop_id, person_id)
    token = issue(runtime, person_id, name)
    return Somebody(name, email_of(name, tag), person_id, token, role.value, rights, shops)


def issue(runtime: Runtime, person_id: UUID, name: str, *, audience: str = "shop", session_version: int = 1) -> str:
    """An access token as signing in gives it."""
    tokens = runtime.identity.sign_ins.tokens
    return tokens.issue(person_id=person_id, name=name, audience=audience, session_version=session_version).text


def ensure_signing_key(runtime: Runtime) -> None:
    """The first key of a new installation; the scheduler's daily job makes the later ones."""
    with runtime.router.control() as control:
        tenants.rotate_keys(control, runtime.keyring)
        control.commit()
