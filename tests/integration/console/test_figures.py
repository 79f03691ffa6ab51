"""The shops' figures: counted by a job shard by shard, resumed after a kill, told with their age."""

import dataclasses
import datetime as dt
import json
from functools import partial

import pytest
from sqlalchemy import select

from app.adapters.inline_queue import InlineQueue
from app.console import figures
from app.console.figures import PART_JOB
from app.console.models import FiguresPart, ShopFigures
from app.kit import leases
from app.kit.clock import today_ist, utc_now
from app.kit.jobruns import run_job
from app.kit.models import ControlJob, OutboxState
from shard_router import Router, ShardUnavailable
from tests.support.counter import Counter, made
from tests.support.jobs import run_control
from tests.support.waiting import until

CONSOLE = "/api/v1/console"
PART = "app.console.jobs.refresh_part"


@pytest.fixture
def counters(flask_app, runtime, cast):
    """Asha has sold two of her three pieces, Ravi (who is not registered) his one, Zoya nothing."""
    counters = {name: Counter(flask_app, runtime, getattr(cast, name)) for name in ("asha", "ravi", "zoya")}
    for name, sold, kept in (("asha", 2, 1), ("ravi", 1, 0), ("zoya", 0, 2)):
        counter = counters[name]
        counter.set_board()
        for _ in range(sold):
            made(counter.bill([counter.piece(grossMg=2390)]))
        for _ in range(kept):
            counter.piece()
    return counters


def count_all(runtime):
    for shard in ("shard-a", "shard-b"):
        run_control(runtime, PART, shard=shard)


def kept(runtime, shop_id):
    with runtime.router.control() as control:
        return control.get(ShopFigures, shop_id)


def part(runtime, shard):
    with runtime.router.control() as control:
        return control.scalars(select(FiguresPart).where(FiguresPart.shard == shard)).one_or_none()


def facts(row):
    return None if row is None else (row.shard, row.bills, row.recent_bills, row.last_bill_on, row.pieces)


def test_the_list_shows_what_was_billed_and_as_of_when(client, cast, counters, runtime):
    today, began = today_ist(), utc_now()
    wanted = {
        cast.asha.shop_id: ("shard-a", 2, 2, today, 1),
        cast.ravi.shop_id: ("shard-a", 1, 1, today, 0),
        cast.zoya.shop_id: ("shard-b", 0, 0, None, 2),
    }

    def counted():
        count_all(runtime)  # again while a replica lags
        return {shop_id: facts(kept(runtime, shop_id)) for shop_id in wanted} == wanted

    until(counted, 20)
    shown = client.get(f"{CONSOLE}/shops/{cast.asha.shop_id}", headers=cast.om.headers()).json["shop"]["figures"]
    assert {key: shown[key] for key in ("bills", "recentBills", "lastBillOn", "pieces")} == {
        "bills": 2, "recentBills": 2, "lastBillOn": today.isoformat(), "pieces": 1,
    }  # fmt: skip
    as_of = dt.datetime.fromisoformat(shown["asOf"])
    assert began - dt.timedelta(seconds=10) <= as_of <= utc_now()
    assert shown["writes"] >= 2 + 3 + 1  # bills, pieces, the board; what else is audited may come and go
    listed = client.get(f"{CONSOLE}/shops?q={cast.asha.shop_id}", headers=cast.om.headers()).json["items"]
    assert [one["figures"] for one in listed if one["shopId"] == cast.asha.shop_id] == [shown]


def test_a_bill_of_31_days_ago_is_no_recent_one(cast, counters, runtime):
    """The 30 days up to today: today − 29 is the first of them."""
    shop_id, later = cast.asha.shop_id, utc_now() + dt.timedelta(days=30)

    def seen(now):
        counted, _ = figures.count(runtime.router, "shard-a", after=shop_id - 1, now=now)
        return next(one for one in counted if one.shop_id == shop_id)

    until(lambda: seen(utc_now()).recent_bills == 2, 20)
    assert seen(later - dt.timedelta(days=1)).recent_bills == 2
    assert (seen(later).recent_bills, seen(later).bills, seen(later).last_bill_on) == (0, 2, today_ist())


def test_a_count_that_was_killed_goes_on_behind_the_last_shop_kept(cast, counters, runtime, monkeypatch):
    run_control(runtime, PART, shard="shard-a")  # a run that was under way by then has ended
    monkeypatch.setattr(figures, "STEP", 1)
    count, asked = figures.count, []

    class Killed(BaseException):
        """No handler of ours sees it, as none sees a kill."""

    def dies_at_the_third(router, shard, *, after, now):
        asked.append(after)
        if len(asked) == 3:
            raise Killed
        return count(router, shard, after=after, now=now)

    monkeypatch.setattr(figures, "count", dies_at_the_third)
    with pytest.raises(Killed):
        run_control(runtime, PART, shard="shard-a")
    half = part(runtime, "shard-a")
    assert (half.upto_shop_id, half.shops) == (asked[2], 2)
    assert half.began_at is not None and half.as_of < half.began_at  # the whole is as old as it was
    run_control(runtime, PART, shard="shard-a")
    assert asked[3] == asked[2]
    assert asked[3:] == sorted(set(asked[3:]))  # no shop twice
    whole = part(runtime, "shard-a")
    assert (whole.as_of, whole.began_at, whole.upto_shop_id) == (half.began_at, None, 0)
    assert whole.shops == len(asked) - 2  # one more asks in vain for the next, one was killed


def test_what_an_older_epoch_says_of_a_shop_that_has_moved_is_not_kept(cast, runtime):
    shop_id, now = cast.zoya.shop_id, utc_now()
    new = figures.Counted(shop_id, 3, 9, 5, None, 4, 50)
    old = dataclasses.replace(new, epoch=2, bills=8)

    def keep(shard, one, as_of):
        with runtime.router.control() as control:
            after = figures.begin(control, shard, now)
            figures.keep(control, shard, [one], after=after, as_of=as_of)
            control.commit()

    keep("shard-b", new, now)
    keep("shard-a", old, now + dt.timedelta(minutes=1))
    assert (kept(runtime, shop_id).shard, kept(runtime, shop_id).bills) == ("shard-b", 9)
    keep("shard-b", dataclasses.replace(new, bills=7), now - dt.timedelta(minutes=1))  # the same epoch, told late
    assert kept(runtime, shop_id).bills == 9
    keep("shard-b", dataclasses.replace(new, bills=10), now + dt.timedelta(minutes=2))
    assert kept(runtime, shop_id).bills == 10


def test_a_second_run_at_the_same_place_changes_nothing(cast, runtime):
    now = utc_now()
    one = figures.Counted(cast.ravi.shop_id, 1, 1, 1, None, 1, 1)
    with runtime.router.control() as control:
        run_ends = partial(figures.keep, control, "shard-b", [one], as_of=now)
        figures.begin(control, "shard-b", now)
        assert run_ends(after=77) is True  # somebody else is elsewhere: look where, and go on there
        assert run_ends(after=0) is False
        assert run_ends(after=0) is False  # nobody's run is under way any more
        control.rollback()


def test_each_shard_is_a_job_of_its_own(runtime):
    """One that is away keeps nobody waiting."""
    here = dataclasses.replace(runtime, queue=InlineQueue())
    with pytest.raises(ShardUnavailable, match="shard-z"):
        figures.count(runtime.router, "shard-z", after=0, now=utc_now())
    run_control(here, "app.console.jobs.refresh_figures", on="2026-11-20")
    before = {shard: part(runtime, shard) for shard in ("shard-a", "shard-b")}

    with runtime.router.control() as control:
        waiting = select(ControlJob).where(ControlJob.job == PART_JOB, ControlJob.state == OutboxState.WAITING.value)
        asked = control.scalars(waiting).all()
        shards = {row.id: row.params["shard"] for row in asked}
        for row in asked:
            row.state, row.lease_until = OutboxState.RELEASED.value, utc_now() + leases.LEASE
        control.commit()
    assert set(shards.values()) == set(before)
    for job_id in shards:
        run_job(here, shop_id=None, job_id=job_id, attempts=0)
    for shard, old in before.items():
        now = part(runtime, shard)
        assert now
        assert now.as_of
        assert not old or now.as_of != old.as_of


def test_a_shard_added_a_moment_ago_is_counted_by_who_has_not_looked_yet(runtime, cluster, tmp_path):
    raw, path = json.loads(cluster.file.read_text()), tmp_path / "topology.json"

    def write(version, *shards):
        named = {shard: raw["shards"][shard] for shard in shards}
        path.write_text(json.dumps({"version": version, "control": raw["control"], "shards": named}))

    write(1, "shard-a")
    router = Router(dataclasses.replace(runtime.router.config, topology=path, background=False))
    try:
        write(2, "shard-a", "shard-b")
        run_control(dataclasses.replace(runtime, router=router), PART, shard="shard-b")
        assert router.topology.version == 2
    finally:
        router.close()


def test_a_part_that_is_old_says_so(runtime):
    with runtime.router.control() as control:
        control.merge(FiguresPart(shard="t-old", upto_shop_id=0, shops=0, as_of=utc_now() - dt.timedelta(hours=3)))
        control.merge(FiguresPart(shard="t-new", upto_shop_id=0, shops=0, as_of=utc_now()))
        control.flush()
        told = {one.shard: (one.as_of is None, one.late) for one in
                figures.list_parts(control, ["t-old", "t-new", "t-never"])}  # fmt: skip
        control.rollback()
    assert told == {"t-old": (False, True), "t-new": (False, False), "t-never": (True, True)}
