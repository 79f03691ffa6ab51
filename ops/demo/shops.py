"""Owns opening the demo's shops and giving everybody a password; what is there already is left as it is."""

from __future__ import annotations

import secrets

from app.amc import service as amc
from app.kit.runtime import Runtime
from app.tenants import service as tenants
from app.tenants.service import NewPassword, Passwords
from ops.demo.story import DemoShop, Member
from shard_router import Actor

WORDS = ("saffron", "temple", "lotus", "monsoon", "peacock", "jasmine", "copper", "marigold", "sandal", "river")


def new_password() -> str:
    """Three words and a number: easy to type from the terminal, different on every machine."""
    return "-".join([*(secrets.choice(WORDS) for _ in range(3)), str(secrets.randbelow(900) + 100)])


def open_shop(runtime: Runtime, shop: DemoShop, passwords: dict[str, str], hasher: Passwords) -> int:
    """The shop's number; opened, prepared on its shard, its people in it."""
    shop_id = _find(runtime, shop)
    if shop_id is None:
        with runtime.router.control() as control:
            opened = amc.open_shop(
                control, runtime.router, new=shop.new, one_time=_hashed(passwords, shop.new.owner_email, hasher),
                actor_id=None,
            )  # fmt: skip
            control.commit()
        tenants.announce(runtime.router, opened)
        shop_id = opened.shop.shop_id
    tenants.prepare_shop(runtime.router, shop_id)
    for member in shop.members:
        _join(runtime, shop_id, member, passwords, hasher)
    return shop_id


def owner_of(runtime: Runtime, shop_id: int, shop: DemoShop) -> Actor:
    """The owner, as their own requests would act."""
    with runtime.router.control() as control:
        person = tenants.find_person(control, shop.new.owner_email)
        assert person is not None
        view = tenants.find_member_rights(control, shop_id, person.id)
    assert view is not None
    return Actor(person.id, name=person.name, request_id="demo", rights=view.rights)


def _find(runtime: Runtime, shop: DemoShop) -> int | None:
    with runtime.router.control() as control:
        person = tenants.find_person(control, shop.new.owner_email)
        mine = tenants.list_memberships(control, person.id) if person else ()
    return next((one.shop_id for one in mine if one.shop_name == shop.new.name), None)


def _join(runtime: Runtime, shop_id: int, member: Member, passwords: dict[str, str], hasher: Passwords) -> None:
    with runtime.router.control() as control:
        person = tenants.find_person(control, member.email) or tenants.create_person(
            control, email=member.email, name=member.name, password=_hashed(passwords, member.email, hasher)
        )
        known = {one.person_id for one in tenants.list_people(control, shop_id)}
        if person.id not in known:
            tenants.add_member(control, shop_id=shop_id, person_id=person.id, role=member.role, actor_id=None)
        view = tenants.find_member_rights(control, shop_id, person.id)
        control.commit()
    assert view is not None
    with runtime.router.shop(shop_id, tenants.SYSTEM) as db:  # what the pushing job would do in a moment
        tenants.keep_member(db, view)
        db.commit()


def _hashed(passwords: dict[str, str], email: str, hasher: Passwords) -> NewPassword:
    return hasher.accept(passwords[email], email=email)
