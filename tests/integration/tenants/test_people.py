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
    OwnPasswordSet,
    PersonUnknown,
    ShopUnknown,
    SignInRefused,
    UnsettledElsewhere,
)  # fmt: skip
from app.tenants.models import MemberRights, Role, RoleRight
from app.tenants.service.opening import SYSTEM
from shard_router import Mode
from tests.support.tenancy import PASSWORD, fresh_email


@pytest.fixture
def asha(tenancy):
    return tenancy.person()


@pytest.fixture
def shop_id(tenancy, asha):
    return tenancy.open(owner_email=asha.email).shop.shop_id


@pytest.fixture
def change(tenancy):
    def write(service, **given):
        return write_control(tenancy.router, lambda control: service(control, **given))

    return write


def kept(tenancy, shop_id, person_id):
    with tenancy.router.shop(shop_id, SYSTEM, mode=Mode.WRITE) as db:
        return tenants.find_member(db, person_id)


def people(tenancy, shop_id):
    with tenancy.router.control() as control:
        return {member.name: member for member in tenants.list_people(control, shop_id)}


def test_inviting_makes_a_person_with_a_one_time_password(tenancy, shop_id, asha, change):
    one_time = tenancy.identity.sign_ins.passwords.one_time()
    email = fresh_email()
    invited = change(
        tenants.invite_member, shop_id=shop_id, email=email, name="  Bina   Rao ", role=Role.CLERK, one_time=one_time,
        phone="098200 54321", actor_id=asha.id,
    )  # fmt: skip
    assert invited.one_time_password == one_time.one_time
    assert (invited.member.name, invited.member.phone, invited.member.role) == ("Bina Rao", "+919820054321", "clerk")
    tenancy.run_jobs(shop_id)
    assert kept(tenancy, shop_id, invited.member.person_id).role == "clerk"


def test_inviting_somebody_known_adds_them_and_tells_no_password(tenancy, shop_id, asha, change):
    meera = tenancy.person(name="Meera")
    invited = change(
        tenants.invite_member, shop_id=shop_id, email=meera.email, name="Whoever", role=Role.ACCOUNTANT,
        one_time=tenancy.identity.sign_ins.passwords.one_time(), phone=None, actor_id=asha.id,
    )  # fmt: skip
    assert (invited.member.person_id, invited.member.name, invited.one_time_password) == (meera.id, "Meera", None)
    with pytest.raises(AlreadyMember):
        change(tenants.add_member, shop_id=shop_id, person_id=meera.id, role=Role.CLERK)


def test_a_one_time_password_is_drawn_again_only_until_an_own_one_is_set(tenancy, shop_id, asha, change):
    passwords = tenancy.identity.sign_ins.passwords
    first, second = passwords.one_time(), passwords.one_time()
    invited = change(
        tenants.invite_member, shop_id=shop_id, email=fresh_email(), name="Bina", role=Role.CLERK, one_time=first,
        phone=None, actor_id=asha.id,
    )  # fmt: skip
    person_id, email = invited.member.person_id, invited.member.email
    renewed = change(tenants.renew_one_time, shop_id=shop_id, person_id=person_id, one_time=second, actor_id=asha.id)
    assert renewed.one_time_password == second.one_time
    tenancy.identity.sign_ins.sign_in(
        email=email, password=second.one_time, new_password=PASSWORD, address="192.0.2.44"
    )
    with pytest.raises(OwnPasswordSet):
        change(tenants.renew_one_time, shop_id=shop_id, person_id=person_id, one_time=first, actor_id=asha.id)
    with pytest.raises(OwnPasswordSet):
        change(tenants.renew_one_time, shop_id=shop_id, person_id=asha.id, one_time=first, actor_id=asha.id)


def invite(tenancy, change, shop_id, email, actor_id):
    one_time = tenancy.identity.sign_ins.passwords.one_time()
    return change(
        tenants.invite_member, shop_id=shop_id, email=email, name="Bina", role=Role.CLERK, one_time=one_time,
        phone=None, actor_id=actor_id,
    )  # fmt: skip


def test_another_shop_neither_takes_up_nor_draws_again_a_password_that_was_not_used_yet(tenancy, shop_id, asha, change):
    """It would be its key to Asha's shop: who knows the one-time password is the person."""
    ravi = tenancy.person(name="Ravi")
    ravis = tenancy.open(owner_email=ravi.email).shop.shop_id
    bina = invite(tenancy, change, shop_id, fresh_email(), asha.id)
    with pytest.raises(UnsettledElsewhere):
        invite(tenancy, change, ravis, bina.member.email.upper(), ravi.id)
    change(tenants.add_member, shop_id=ravis, person_id=bina.member.person_id, role=Role.CLERK)  # got in all the same
    with pytest.raises(UnsettledElsewhere):
        change(
            tenants.renew_one_time, shop_id=ravis, person_id=bina.member.person_id, actor_id=ravi.id,
            one_time=tenancy.identity.sign_ins.passwords.one_time(),
        )  # fmt: skip
    tenancy.identity.sign_ins.sign_in(
        email=bina.member.email, password=bina.one_time_password, new_password=PASSWORD, address="192.0.2.45"
    )
    change(tenants.remove_member, shop_id=ravis, person_id=bina.member.person_id, actor_id=ravi.id)
    assert invite(tenancy, change, ravis, bina.member.email, ravi.id).one_time_password is None


def test_who_was_removed_before_a_first_sign_in_joins_elsewhere_under_another_password(tenancy, shop_id, asha, change):
    ravi = tenancy.person(name="Ravi")
    ravis = tenancy.open(owner_email=ravi.email).shop.shop_id
    bina = invite(tenancy, change, shop_id, fresh_email(), asha.id)
    change(tenants.remove_member, shop_id=shop_id, person_id=bina.member.person_id, actor_id=asha.id)
    again = invite(tenancy, change, ravis, bina.member.email, ravi.id)
    assert again.one_time_password is not None
    with pytest.raises(SignInRefused):
        tenancy.identity.sign_ins.sign_in(
            email=bina.member.email, password=bina.one_time_password, new_password=PASSWORD, address="192.0.2.46"
        )


def test_who_invites_a_future_owner_holds_no_key_to_the_shop_that_is_opened_for_them(tenancy, shop_id, asha, change):
    early = invite(tenancy, change, shop_id, fresh_email(), asha.id)
    opened = tenancy.ask_to_open(owner_email=early.member.email)
    assert opened.owner.id == early.member.person_id and opened.one_time_password is not None
    with pytest.raises(SignInRefused):
        tenancy.identity.sign_ins.sign_in(
            email=early.member.email, password=early.one_time_password, new_password=PASSWORD, address="192.0.2.47"
        )
    with pytest.raises(UnsettledElsewhere):
        change(
            tenants.renew_one_time, shop_id=shop_id, person_id=opened.owner.id, actor_id=asha.id,
            one_time=tenancy.identity.sign_ins.passwords.one_time(),
        )  # fmt: skip


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
