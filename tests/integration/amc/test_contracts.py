"""Trials end on their date, once; a shop trades by its own shard's dates, and a payment counts within a minute."""

import datetime as dt
import json

import pytest
import time_machine
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from app.amc import service as amc
from app.amc.errors import ContractUnknown, ExtensionNotLater, FirstDayOutOfReach, NoPlanInForce, ReasonMissing
from app.amc.models import ContractEvent, ContractState, Plan
from app.kit.cache import NoStore
from app.kit.clock import IST, today_ist, utc_now
from app.kit.ids import new_id
from app.kit.transactions import write_control, write_shop
from app.tenants import service as tenants
from app.tenants.models import Entitlement
from shard_router import Router
from tests.support.tenancy import Tenancy

SYSTEM = tenants.SYSTEM
BEGAN = today_ist() - dt.timedelta(days=100)


@pytest.fixture
def shop_id(tenancy):
    """Opened 100 days ago, so that sweeps of its days leave alone what other tests open today."""
    return tenancy.open(on=BEGAN).shop.shop_id


@pytest.fixture
def om(tenancy):
    return tenancy.person(name="Om", is_vendor_admin=True)


@pytest.fixture
def change(tenancy):
    def write(service, **given):
        return write_control(tenancy.router, lambda control: service(control, **given))

    return write


def sweep(tenancy, on, shop_id):
    tenancy.run_job(tenancy.ask("app.amc.jobs.sweep_trials", on=on.isoformat()))
    tenancy.run_jobs(shop_id)


def contract(tenancy, shop_id):
    with tenancy.router.control() as control:
        return amc.get_contract(control, shop_id)


def events(tenancy, shop_id):
    with tenancy.router.control() as control:
        return [(event.event, event.on_date) for event in amc.list_events(control, shop_id)]


def kept(tenancy, shop_id):
    with tenancy.router.shop(shop_id, SYSTEM) as db:
        return tenants.find_entitlement(db)


def day(days):
    """Days after the trial began: 0 is its first, 13 its last."""
    return BEGAN + dt.timedelta(days=days)


def standing_on(tenancy, shop_id, days):
    """As a process asks that has nothing cached, at noon in India so many days from now."""
    noon = dt.datetime.combine(day(days), dt.time(12), IST)
    with time_machine.travel(noon):
        return amc.ShopEntitlements(router=tenancy.router, cache=tenancy.another(store=NoStore()).cache).may_trade(
            shop_id
        )


# ---------------------------------------------------------------- the sweep


def test_a_trial_ends_the_day_after_its_last_and_not_before(tenancy, shop_id):
    sweep(tenancy, day(13), shop_id)
    assert contract(tenancy, shop_id).state is ContractState.TRIAL
    sweep(tenancy, day(14), shop_id)
    assert contract(tenancy, shop_id).state is ContractState.EXPIRED
    assert events(tenancy, shop_id) == [("trial_started", day(0)), ("trial_ended", day(14))]
    assert kept(tenancy, shop_id).state == "expired"


def test_sweeping_again_or_late_changes_nothing_more(tenancy, shop_id):
    for days in (20, 20, 40, 15):
        sweep(tenancy, day(days), shop_id)
    assert events(tenancy, shop_id) == [("trial_started", day(0)), ("trial_ended", day(14))]
    assert contract(tenancy, shop_id).version == 2


def test_two_sweeps_at_once_end_a_trial_once(tenancy, shop_id):
    assert write_control(tenancy.router, lambda c: amc.end_contract(c, shop_id=shop_id, on=day(14))) is True
    assert write_control(tenancy.router, lambda c: amc.end_contract(c, shop_id=shop_id, on=day(14))) is False


def test_a_contract_that_was_paid_since_it_was_listed_goes_on(tenancy, shop_id, change):
    """The sweep looks again under the row's lock: between its list and its write a payment may have come."""
    change(amc.activate_contract, shop_id=shop_id, starts_on=day(10), reason="paid by transfer", actor_id=None)
    assert write_control(tenancy.router, lambda c: amc.end_contract(c, shop_id=shop_id, on=day(14))) is False
    assert contract(tenancy, shop_id).state is ContractState.ACTIVE


def test_a_sweep_takes_only_what_is_due(tenancy, shop_id, change):
    paid = tenancy.open(on=BEGAN).shop.shop_id
    change(amc.activate_contract, shop_id=paid, starts_on=day(0), reason="paid by transfer", actor_id=None)
    sweep(tenancy, day(14), shop_id)
    assert contract(tenancy, shop_id).state is ContractState.EXPIRED
    assert contract(tenancy, paid).state is ContractState.ACTIVE


def test_the_database_itself_keeps_an_event_single(tenancy, shop_id):
    with tenancy.router.control() as control:
        rows = control.execute(
            select(ContractEvent.version, func.count())
            .where(ContractEvent.shop_id == shop_id)
            .group_by(ContractEvent.version)
        ).all()
        assert rows == [(1, 1)]
        control.add(ContractEvent(
            id=new_id(), shop_id=shop_id, version=1, event="trial_ended", on_date=day(14), at=utc_now(),
        ))  # fmt: skip
        with pytest.raises(IntegrityError, match="uq_contract_events_shop_id_version"):
            control.flush()


# ---------------------------------------------------------------- extension and activation


def test_an_extension_has_its_reason_its_actor_and_its_end(tenancy, shop_id, change, om):
    given = {"shop_id": shop_id, "actor_id": om.id}
    with pytest.raises(ReasonMissing):
        change(amc.extend_contract, ends_on=day(20), reason="  ok ", **given)
    for wrong in (day(13), day(5), day(600)):
        with pytest.raises(ExtensionNotLater):
            change(amc.extend_contract, ends_on=wrong, reason="Diwali rush", **given)
    extended = change(amc.extend_contract, ends_on=day(20), reason="Diwali rush", **given)
    assert (extended.state, extended.ends_on) == (ContractState.TRIAL, day(20))
    with tenancy.router.control() as control:
        last = amc.list_events(control, shop_id)[-1]
    assert (last.event, last.on_date, last.reason, last.actor_id) == ("extended", day(20), "Diwali rush", om.id)
    sweep(tenancy, day(20), shop_id)
    assert contract(tenancy, shop_id).state is ContractState.TRIAL
    sweep(tenancy, day(21), shop_id)
    assert contract(tenancy, shop_id).state is ContractState.EXPIRED


def test_an_ended_trial_that_is_extended_is_a_trial_again(tenancy, shop_id, change, om):
    sweep(tenancy, day(14), shop_id)
    extended = change(amc.extend_contract, shop_id=shop_id, ends_on=day(30), reason="owner was ill", actor_id=om.id)
    assert extended.state is ContractState.TRIAL


def test_a_payment_makes_a_year_and_twice_is_once(tenancy, shop_id, change):
    given = {"shop_id": shop_id, "starts_on": day(20), "reason": "paid by transfer", "actor_id": None}
    first = change(amc.activate_contract, **given)
    again = change(amc.activate_contract, **given)
    assert (first.state, first.ends_on) == (ContractState.ACTIVE, amc.last_day_of_year(day(20)))
    assert again.version == first.version


def test_a_year_is_corrected_and_corrected_back(tenancy, shop_id, change):
    """Entered rightly, spoilt, put right again: what was said last is what the shop's shard knows."""
    for first in (day(20), day(50), day(20)):
        made = change(
            amc.activate_contract, shop_id=shop_id, starts_on=first, reason="paid by transfer", actor_id=None
        )  # fmt: skip
        assert (made.starts_on, made.ends_on) == (first, amc.last_day_of_year(first))
    tenancy.run_jobs(shop_id)
    assert kept(tenancy, shop_id).paid_until == amc.last_day_of_year(day(20))
    told = [event for event in events(tenancy, shop_id) if event[0] == "activated"]
    assert told == [("activated", day(20)), ("activated", day(50)), ("activated", day(20))]


def test_a_paid_year_begins_within_reach_and_is_not_over(tenancy, shop_id, change):
    """The trial began on day 0, a hundred days ago."""
    given = {"shop_id": shop_id, "reason": "paid by transfer", "actor_id": None}
    before = contract(tenancy, shop_id)
    for wrong in (day(-1), today_ist() + dt.timedelta(days=367), dt.date(2150, 1, 1)):
        with pytest.raises(FirstDayOutOfReach):
            change(amc.activate_contract, starts_on=wrong, **given)
    with time_machine.travel(dt.datetime.combine(amc.last_day_of_year(day(0)), dt.time(12), IST)):
        change(amc.activate_contract, starts_on=day(0), **given)  # its last day
        change(amc.activate_contract, starts_on=day(2), **given)
    with time_machine.travel(dt.datetime.combine(amc.last_day_of_year(day(2)), dt.time(12), IST)):
        with pytest.raises(FirstDayOutOfReach):
            change(amc.activate_contract, starts_on=day(0), **given)  # over for a day or two
        change(amc.activate_contract, starts_on=today_ist() + dt.timedelta(days=366), **given)
    assert contract(tenancy, shop_id).version == before.version + 3


def test_a_year_that_ended_twice_is_on_record_twice(tenancy, shop_id, change):
    """Ended, corrected to a later one, corrected back: its end comes again, on the same day as before."""
    given = {"shop_id": shop_id, "reason": "paid by transfer", "actor_id": None}
    change(amc.activate_contract, starts_on=day(0), **given)
    over = amc.last_day_of_year(day(0)) + dt.timedelta(days=1)
    assert change(amc.end_contract, shop_id=shop_id, on=over) is True
    for first in (day(50), day(0)):
        change(amc.activate_contract, starts_on=first, **given)
    assert change(amc.end_contract, shop_id=shop_id, on=over) is True
    assert events(tenancy, shop_id).count(("year_ended", over)) == 2


def test_an_unknown_shop_has_no_contract(change):
    with pytest.raises(ContractUnknown):
        change(amc.activate_contract, shop_id=987_654_321, starts_on=day(0), reason="paid", actor_id=None)


def test_no_trial_without_a_plan_in_force(tenancy):
    """The seeded plan is valid from 1 April 2026."""
    with pytest.raises(NoPlanInForce):
        write_control(
            tenancy.router,
            lambda c: amc.start_trial(c, shop_id=1, on=dt.date(2026, 3, 31), actor_id=None),
        )


def test_the_plan_of_the_day_decides(tenancy):
    """A dearer version from 1 April 2031 on; what was opened before keeps its own."""

    def next_version(control):
        if control.get(Plan, ("annual", dt.date(2031, 4, 1))) is None:
            control.add(Plan(
                code="annual", valid_from=dt.date(2031, 4, 1), valid_to=None, name="Annual", trial_days=30,
                annual_price_paise=12_000_00, grace_days=10, read_only_days=20,
            ))  # fmt: skip

    write_control(tenancy.router, next_version)
    shop_id = tenancy.ask_to_open().shop.shop_id
    assert contract(tenancy, shop_id).annual_price_paise == 10_000_00
    with tenancy.router.control() as control:
        from app.amc import repository

        assert repository.find_plan(control, "annual", dt.date(2031, 3, 31)).trial_days == 14
        assert repository.find_plan(control, "annual", dt.date(2031, 4, 1)).trial_days == 30


def test_figures_count_what_is_paid_and_no_trials(tenancy, change):
    with tenancy.router.control() as control:
        before = amc.read_figures(control)
    paid = [tenancy.ask_to_open().shop.shop_id for _ in range(3)]
    for shop_id in paid[:2]:
        change(amc.activate_contract, shop_id=shop_id, starts_on=today_ist(), reason="paid by transfer", actor_id=None)
    with tenancy.router.control() as control:
        after = amc.read_figures(control)
    assert after.arr_paise - before.arr_paise == 2 * 10_000_00
    assert (after.active - before.active, after.trials - before.trials) == (2, 1)


# ---------------------------------------------------------------- entitlement, from the shard


@pytest.mark.parametrize(
    ("days", "state"),
    [
        (0, "trial"),
        (13, "trial"),
        (14, "grace"),
        (29, "grace"),
        (30, "read_only"),
        (59, "read_only"),
        (60, "suspended"),
    ],
)
def test_the_shard_alone_says_who_may_trade(tenancy, shop_id, days, state):
    """The trial's last day is 13, so 14 is the first not paid for: 16 days of grace, then 30 of reading."""
    assert standing_on(tenancy, shop_id, days).state == state


def test_the_day_turns_at_midnight_in_india(tenancy, shop_id):
    entitlements = amc.ShopEntitlements(router=tenancy.router, cache=tenancy.another(store=NoStore()).cache)
    midnight = dt.datetime.combine(day(14), dt.time(0), IST)
    with time_machine.travel(midnight - dt.timedelta(seconds=1), tick=False):
        assert entitlements.may_trade(shop_id).state == "trial"
    with time_machine.travel(midnight, tick=False):
        assert entitlements.may_trade(shop_id).state == "grace"


def test_a_cached_answer_still_turns_at_midnight(tenancy, shop_id):
    """What is cached are dates, never the state."""
    midnight = dt.datetime.combine(day(14), dt.time(0), IST)
    with time_machine.travel(midnight - dt.timedelta(seconds=1), tick=False):
        assert tenancy.entitlement.may_trade(shop_id).state == "trial"
    with time_machine.travel(midnight, tick=False):
        assert tenancy.entitlement.may_trade(shop_id).state == "grace"


def test_a_payment_counts_as_soon_as_it_is_pushed(tenancy, change):
    shop_id = tenancy.open(on=today_ist() - dt.timedelta(days=50)).shop.shop_id
    tenancy.run_jobs(shop_id)
    assert tenancy.entitlement.may_trade(shop_id).state == "read_only"
    change(amc.activate_contract, shop_id=shop_id, starts_on=today_ist(), reason="paid by transfer", actor_id=None)
    tenancy.run_jobs(shop_id)
    assert tenancy.entitlement.may_trade(shop_id).state == "active"


def test_a_shop_trades_on_with_control_and_redis_dead(cluster, tenancy, shop_id, tmp_path):
    trading = tenancy.open().shop.shop_id
    earlier = Router(cluster.router_config(tmp_path / "snapshot.json", background=False))
    earlier.refresh_snapshot()
    earlier.close()
    raw = json.loads(cluster.file.read_text())
    for server in raw["control"]["servers"].values():
        server["port"] = 1
    topology = tmp_path / "topology.json"
    topology.write_text(json.dumps(raw))
    dead = Router(
        cluster.router_config(
            tmp_path / "snapshot.json", topology=topology, redis_url="redis://127.0.0.1:1/0", background=False
        )
    )
    try:
        assert Tenancy(dead, NoStore(), tenancy.prefix).entitlement.may_trade(shop_id).state == "suspended"
        fresh = Tenancy(dead, NoStore(), tenancy.prefix).entitlement.may_trade(trading)
        assert fresh.state == "trial" and fresh.state.may_trade
    finally:
        dead.close()


def test_a_shop_without_dates_looks_and_issues_nothing(tenancy, shop_id):
    """Cannot be by our own doing: the preparing writes them with everything else."""
    shop = tenancy.ask_to_open().shop.shop_id
    tenancy.router.plant_fence(tenancy.router.directory.lookup(shop))
    view = amc.ShopEntitlements(router=tenancy.router, cache=tenancy.another(store=NoStore()).cache).may_trade(shop)
    assert view.state == "read_only"


def test_an_older_push_never_overwrites_a_newer_one(tenancy, shop_id, change, om):
    old = kept(tenancy, shop_id)
    change(amc.extend_contract, shop_id=shop_id, ends_on=day(20), reason="Diwali rush", actor_id=om.id)
    tenancy.run_jobs(shop_id)
    assert kept(tenancy, shop_id).paid_until == day(20)
    written, _ = write_shop(tenancy.router, shop_id, SYSTEM, lambda db: tenants.keep_entitlement(db, old))
    assert written is False
    assert kept(tenancy, shop_id).paid_until == day(20)


def test_reconciling_mends_what_a_shard_has_wrong(tenancy, shop_id):
    def spoil(db):
        row = db.scalars(select(Entitlement)).one()
        row.paid_until, row.version = day(4000), row.version + 9

    tenancy.run_jobs(shop_id)
    write_shop(tenancy.router, shop_id, SYSTEM, spoil)
    job = tenancy.ask("app.amc.jobs.reconcile_entitlements", on=today_ist().isoformat(), only=shop_id)
    tenancy.run_job(job)
    assert tenancy.run_jobs(shop_id) == 1
    assert kept(tenancy, shop_id).paid_until == contract(tenancy, shop_id).ends_on == day(13)
