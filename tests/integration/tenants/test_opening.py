"""A shop is opened in the control plane at once and on its shard by a job that may be killed anywhere."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import select

from app.kit import audit
from app.kit.audit_checking import first_broken
from app.kit.clock import today_ist
from app.kit.ids import new_id
from app.kit.models import AuditEntry
from app.kit.ports import Principal
from app.kit.transactions import write_control, write_shop
from app.numbering.errors import TillCodeUnfit
from app.tax.errors import MalformedGstin, UnknownState
from app.tenants import service as tenants
from app.tenants.errors import GstinOfOtherState, MalformedPin, ShardUnknown, ShopBeingPrepared
from app.tenants.models import Outlet, Registration, Till
from app.tenants.service.opening import SYSTEM
from shard_router import Mode, ShopMoved
from tests.support.tenancy import GSTIN_27, fresh_email


def principal_of(person):
    return Principal(person.id, person.name, "shop", person.session_version)


def read(tenancy, shop_id, work):
    with tenancy.router.shop(shop_id, SYSTEM, mode=Mode.WRITE) as db:
        return work(db)


def test_a_shop_is_being_prepared_until_its_job_has_run(tenancy):
    opened = tenancy.ask_to_open()
    shop_id = opened.shop.shop_id
    with pytest.raises(ShopBeingPrepared) as refusal:
        tenancy.identity.rights(principal_of(opened.owner), shop_id)
    assert refusal.value.status == 503
    assert int(refusal.value.headers["Retry-After"]) > 0
    assert "app.tenants.jobs.prepare_shop" in tenancy.waiting_jobs(shop_id)

    tenancy.run_jobs(shop_id)
    assert tenancy.waiting_jobs(shop_id) == []
    membership = tenancy.identity.rights(principal_of(opened.owner), shop_id)
    assert membership.role == "owner"
    assert {"people.manage", "bill.issue"} <= membership.rights


def test_its_shard_holds_everything_that_a_first_bill_needs(tenancy):
    opened = tenancy.open(shard="shard-b")
    shop_id = opened.shop.shop_id
    assert tenancy.router.directory.lookup(shop_id).shard == "shard-b"

    def rows(db):
        return (
            tenants.get_profile(db), db.scalars(select(Registration)).one(), db.scalars(select(Outlet)).one(),
            db.scalars(select(Till)).one(), tenants.find_member(db, opened.owner.id), tenants.find_entitlement(db),
            db.scalars(select(AuditEntry)).one(), first_broken(db),
        )  # fmt: skip

    profile, registration, outlet, till, member, entitlement, first, broken = read(tenancy, shop_id, rows)
    assert (profile.name, profile.name_local, profile.phone) == (
        "Shree Ganesh Jewellers", "श्री गणेश ज्वेलर्स", "+919820012345",
    )  # fmt: skip
    assert (registration.gstin, registration.state_code) == (GSTIN_27, "27")
    assert (outlet.city, outlet.pin, outlet.registration_id) == ("Mumbai", "400002", registration.id)
    assert (till.code, till.outlet_id) == ("T1", outlet.id)
    assert (member.role, member.active, member.session_version) == ("owner", True, 1)
    assert (entitlement.state, entitlement.plan) == ("trial", "annual")
    assert (entitlement.paid_until - today_ist()).days == 13  # 14 days of trial, today the first of them
    assert (first.seq, first.action, broken) == (1, "shop.opened", None)


@pytest.mark.parametrize("killed_after", ["order", "fence", "rows", "ready"])
def test_preparing_may_be_killed_anywhere_and_run_again(tenancy, killed_after):
    opened = tenancy.ask_to_open()
    shop_id = opened.shop.shop_id
    order = write_control(tenancy.router, lambda c: tenants.find_order(c, shop_id))
    if killed_after in ("fence", "rows", "ready"):
        tenancy.router.plant_fence(tenancy.router.directory.lookup(shop_id))
    if killed_after in ("rows", "ready"):
        write_shop(tenancy.router, shop_id, SYSTEM, lambda db: tenants.write_rows(db, order=order))
    if killed_after == "ready":
        write_control(tenancy.router, lambda c: tenants.mark_ready(c, shop_id))

    tenancy.run_jobs(shop_id)
    tenancy.run_jobs(shop_id)

    def counted(db):
        return len(db.scalars(select(Till)).all()), len(db.scalars(select(AuditEntry)).all()), first_broken(db)

    assert read(tenancy, shop_id, counted) == (1, 1, None)
    with tenancy.router.control() as control:
        assert tenants.get_shop(control, shop_id).ready_at is not None


def test_two_workers_may_prepare_one_shop_at_once(tenancy):
    opened = tenancy.ask_to_open()
    together = threading.Barrier(4)

    def prepare(_nth):
        together.wait(timeout=10)
        return tenants.prepare_shop(tenancy.router, opened.shop.shop_id)

    with ThreadPoolExecutor(4) as pool:
        assert any(pool.map(prepare, range(4)))
    entries = read(tenancy, opened.shop.shop_id, lambda db: db.scalars(select(AuditEntry.action)).all())
    assert entries == [audit.OPENED]


def test_rows_that_fail_half_way_leave_nothing(tenancy):
    """The step that writes on the shard is one transaction: the till's clash takes the profile back with it."""
    opened = tenancy.ask_to_open()
    shop_id = opened.shop.shop_id
    order = write_control(tenancy.router, lambda c: tenants.find_order(c, shop_id))
    tenancy.router.plant_fence(tenancy.router.directory.lookup(shop_id))
    broken = {**order.profile, "till_id": "no id"}
    with pytest.raises(ValueError):
        write_shop(
            tenancy.router, shop_id, SYSTEM,
            lambda db: tenants.write_rows(db, order=type(order)(order.shop, broken, order.members)),
        )  # fmt: skip
    with pytest.raises(ShopBeingPrepared):
        read(tenancy, shop_id, tenants.get_profile)
    tenancy.run_jobs(shop_id)
    assert read(tenancy, shop_id, tenants.get_profile).name == "Shree Ganesh Jewellers"


def test_nothing_is_written_before_the_fence_stands(tenancy):
    opened = tenancy.ask_to_open()
    with pytest.raises(ShopMoved):
        read(tenancy, opened.shop.shop_id, tenants.get_profile)


def test_placement_decides_where_nobody_wishes(tenancy):
    opened = tenancy.ask_to_open(shard=None)
    assert opened.shard == tenancy.router.place(opened.shop.shop_id)


def test_two_shops_of_one_name_have_two_addresses(tenancy):
    first, second = (tenancy.ask_to_open(name="Om Gold Palace") for _ in range(2))
    assert first.shop.slug != second.shop.slug
    assert {first.shop.slug[:14], second.shop.slug[:14]} == {"om-gold-palace"}


@pytest.mark.parametrize(
    ("wrong", "refusal"),
    [
        ({"state_code": "29"}, GstinOfOtherState),
        ({"gstin": "27AAACR5055K1Z8"}, MalformedGstin),
        ({"state_code": "96", "gstin": None}, UnknownState),
        ({"pin": "012345"}, MalformedPin),
        ({"shard": "shard-z"}, ShardUnknown),
    ],
)
def test_what_is_wrong_is_refused_before_anything_is_written(tenancy, wrong, refusal):
    email = fresh_email()
    with pytest.raises(refusal):
        tenancy.ask_to_open(owner_email=email, **wrong)
    with tenancy.router.control() as control:
        assert tenants.find_person(control, email) is None


def test_an_owner_who_is_known_gets_no_new_password(tenancy):
    asha = tenancy.person()
    opened = tenancy.ask_to_open(owner_email=asha.email.upper())
    assert opened.owner.id == asha.id
    assert opened.one_time_password is None


def test_no_till_is_made_whose_credit_notes_would_have_no_lawful_number(tenancy):
    opened = tenancy.open()
    with tenancy.router.shop(opened.shop.shop_id, SYSTEM) as db, pytest.raises(TillCodeUnfit, match="too long"):
        db.add(Till(id=new_id(), outlet_id=db.scalars(select(Outlet.id)).one(), code="T123", name="Upstairs"))
