"""Who belongs to a shop, and how its shard learns of it: never without an owner, never the old over the new."""

import datetime as dt
import threading

import pytest
from sqlalchemy import select

from app.kit.clock import today_ist
from app.kit.transactions import write_control, write_shop
from app.tenants import service as tenants
from app.tenants.errors import (
    AlreadyMember,
    ChangedMeanwhile,
    EmailTaken,
    LastOwner,
    MalformedPhone,
    PersonUnknown,
    ShopUnknown,
)  # fmt: skip
from app.tenants.models import MemberRights, Role, RoleRight
from app.tenants.service.opening import SYSTEM
from shard_router import Mode
from tests.support.tenancy import fresh_email


def kept(tenancy, shop_id, person_id):
    with tenancy.router.shop(shop_id, SYSTEM, mode=Mode.WRITE) as db:
        return tenants.find_member(db, person_id)


def people(tenancy, shop_id):
    with tenancy.router.control() as control:
        return {member.name: member for member in tenants.list_people(control, shop_id)}


def test_a_role_is_changed_under_the_version_that_was_read(tenancy, shop_id, asha, change):
    bina = tenancy.person(name="Bina")
    member = change(tenants.add_member, shop_id=shop_id, person_id=bina.id, role=Role.CLERK)
    given = {"shop_id": shop_id, "person_id": bina.id, "actor_id": asha.id}
    with pytest.raises(ChangedMeanwhile):
        change(tenants.change_role, role=Role.MANAGER, expected_version=member.version + 1, **given)
    changed = change(tenants.change_role, role=Role.MANAGER, expected_version=member.version, **given)
    assert (changed.role, changed.version) == ("manager", member.version + 1)
    tenancy.run_jobs(shop_id)
    rights = kept(tenancy, shop_id, bina.id).rights
    assert "bill.discount" in rights and "people.manage" not in rights


def test_the_last_owner_stays(tenancy, shop_id, asha, change):
    version = people(tenancy, shop_id)[asha.name].version
    with pytest.raises(LastOwner):
        change(tenants.remove_member, shop_id=shop_id, person_id=asha.id, actor_id=asha.id)
    with pytest.raises(LastOwner):
        change(
            tenants.change_role, shop_id=shop_id, person_id=asha.id, role=Role.CLERK, expected_version=version,
            actor_id=asha.id,
        )  # fmt: skip
    ravi = tenancy.person(name="Ravi")
    change(tenants.add_member, shop_id=shop_id, person_id=ravi.id, role=Role.OWNER)
    change(tenants.remove_member, shop_id=shop_id, person_id=asha.id, actor_id=ravi.id)
    with pytest.raises(LastOwner):
        change(tenants.remove_member, shop_id=shop_id, person_id=ravi.id, actor_id=ravi.id)


def test_two_owners_cannot_remove_each_other_at_the_same_moment(tenancy, shop_id, asha, change):
    ravi = tenancy.person(name="Ravi")
    change(tenants.add_member, shop_id=shop_id, person_id=ravi.id, role=Role.OWNER)
    outcomes = []

    def leave(person_id):
        try:
            change(tenants.remove_member, shop_id=shop_id, person_id=person_id, actor_id=person_id)
            outcomes.append("left")
        except LastOwner:
            outcomes.append("stayed")

    threads = [threading.Thread(target=leave, args=(one.id,)) for one in (asha, ravi)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["left", "stayed"]


def test_whoever_left_can_come_back(tenancy, shop_id, asha, change):
    bina = tenancy.person(name="Bina")
    change(tenants.add_member, shop_id=shop_id, person_id=bina.id, role=Role.CLERK)
    change(tenants.remove_member, shop_id=shop_id, person_id=bina.id, actor_id=asha.id)
    assert "Bina" not in people(tenancy, shop_id)
    with pytest.raises(PersonUnknown):
        change(tenants.remove_member, shop_id=shop_id, person_id=bina.id, actor_id=asha.id)
    tenancy.run_jobs(shop_id)
    assert kept(tenancy, shop_id, bina.id).active is False
    change(tenants.add_member, shop_id=shop_id, person_id=bina.id, role=Role.MANAGER)
    tenancy.run_jobs(shop_id)
    back = kept(tenancy, shop_id, bina.id)
    assert (back.active, back.role) == (True, "manager")


def test_who_belongs_to_the_shop_is_not_added_again(tenancy, shop_id, asha, change):
    with pytest.raises(AlreadyMember):
        change(tenants.add_member, shop_id=shop_id, person_id=asha.id, role=Role.CLERK)


def test_an_unknown_shop_or_person_is_not_found(tenancy, shop_id, change):
    bina = tenancy.person(name="Bina")
    with pytest.raises(ShopUnknown):
        change(tenants.add_member, shop_id=987_654_321, person_id=bina.id, role=Role.CLERK)


def test_one_address_is_one_person(tenancy, asha):
    with pytest.raises(EmailTaken):
        tenancy.person(email=asha.email.upper())


def test_the_same_person_made_twice_at_once_is_made_once(tenancy):
    email, outcomes = fresh_email(), []

    def make():
        try:
            tenancy.person(email=email)
            outcomes.append("made")
        except EmailTaken:
            outcomes.append("taken")

    threads = [threading.Thread(target=make) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["made", "taken", "taken", "taken"]


def test_ones_own_profile_changes_and_the_shard_learns_the_name(tenancy, shop_id, asha, change):
    changed = change(
        tenants.change_profile, person_id=asha.id, expected_version=asha.version,
        changes={"name": "Asha Mehta", "phone": "+44 20 7946 0958", "locale": "hi"},
    )  # fmt: skip
    assert (changed.name, changed.phone, changed.locale) == ("Asha Mehta", "+442079460958", "hi")
    with pytest.raises(ChangedMeanwhile):
        change(tenants.change_profile, person_id=asha.id, expected_version=asha.version, changes={"name": "Old"})
    with pytest.raises(MalformedPhone):
        change(
            tenants.change_profile, person_id=asha.id, expected_version=changed.version, changes={"phone": "call me"}
        )
    tenancy.run_jobs(shop_id)
    assert kept(tenancy, shop_id, asha.id).name == "Asha Mehta"


# ---------------------------------------------------------------- projections


def view_of(tenancy, shop_id, person_id):
    with tenancy.router.control() as control:
        return tenants.find_member_rights(control, shop_id, person_id)


def test_an_older_version_never_overwrites_a_newer_one(tenancy, shop_id, asha, change):
    bina = tenancy.person(name="Bina")
    change(tenants.add_member, shop_id=shop_id, person_id=bina.id, role=Role.CLERK)
    old = view_of(tenancy, shop_id, bina.id)
    change(
        tenants.change_role, shop_id=shop_id, person_id=bina.id, role=Role.MANAGER, expected_version=old.version,
        actor_id=asha.id,
    )  # fmt: skip
    new = view_of(tenancy, shop_id, bina.id)
    written = [
        write_shop(tenancy.router, shop_id, SYSTEM, lambda db, view=view: tenants.keep_member(db, view))[0]
        for view in (new, old, new)
    ]
    assert written == [True, False, False]
    assert kept(tenancy, shop_id, bina.id).role == "manager"


def test_reconciling_mends_what_a_shard_has_wrong(tenancy, shop_id, asha):
    def spoil(db):
        row = db.scalars(select(MemberRights).where(MemberRights.person_id == asha.id)).one()
        row.rights, row.version = ["rates.view"], row.version + 7

    tenancy.run_jobs(shop_id)
    write_shop(tenancy.router, shop_id, SYSTEM, spoil)
    assert reconcile(tenancy, shop_id) == 1
    assert kept(tenancy, shop_id, asha.id) == view_of(tenancy, shop_id, asha.id)
    assert "people.manage" in kept(tenancy, shop_id, asha.id).rights
    assert reconcile(tenancy, shop_id) == 0


def test_reconciling_carries_out_what_happens_by_date_alone(tenancy, shop_id, asha):
    """A right that owners gain from today on reaches the shard although no membership has changed."""

    right = f"vault.{asha.id.hex[-8:]}"

    def grant(control):
        control.add(RoleRight(role="owner", right=right, valid_from=today_ist(), valid_to=None))

    def end(control):
        control.get(RoleRight, ("owner", right, today_ist())).valid_to = today_ist() - dt.timedelta(days=1)

    write_control(tenancy.router, grant)
    try:
        reconcile(tenancy, shop_id)
        assert right in kept(tenancy, shop_id, asha.id).rights
    finally:
        write_control(tenancy.router, end)
    reconcile(tenancy, shop_id)
    assert right not in kept(tenancy, shop_id, asha.id).rights


def reconcile(tenancy, shop_id):
    """How many pushes it came to."""
    tenancy.run_job(tenancy.ask("app.tenants.jobs.reconcile_members", on=today_ist().isoformat(), only=shop_id))
    return tenancy.run_jobs(shop_id)
