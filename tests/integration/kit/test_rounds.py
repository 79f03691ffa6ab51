"""A job's round over many shops: a shard that is away costs one wait, a shop that fails costs itself."""

import dataclasses
from collections import Counter

import pytest
from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from app.adapters.inline_queue import InlineQueue
from app.amc import jobs as amc_jobs
from app.amc import service as amc
from app.kit.models import ControlJob
from app.kit.relay import Relay
from app.kit.rounds import Round
from app.tenants import jobs as tenant_jobs
from shard_router import ShardUnavailable
from tests.support.jobs import ask, run_control, view
from tests.support.shops import open_shop_rows

NOBODYS_SHOP = 2**40


@pytest.fixture(scope="module")
def shops(router):
    """Three on shard A, two on shard B, in the order in which a round comes to them."""
    return {
        open_shop_rows(router, shard).shop_id: shard
        for shard in ("shard-a", "shard-a", "shard-b", "shard-a", "shard-b")
    }


def test_a_shard_that_is_away_is_asked_once_and_the_others_shops_are_visited(router, shops):
    asked, tour = [], Round(router, "a test")

    def work(shop_id):
        asked.append(shops[shop_id])
        if shops[shop_id] == "shard-a":
            raise ShardUnavailable("shard-a", "it does not answer")

    visited = [shop_id for shop_id in shops if tour.visit(shop_id, lambda shop_id=shop_id: work(shop_id))]
    assert asked == ["shard-a", "shard-b", "shard-b"]
    assert visited == [shop_id for shop_id, shard in shops.items() if shard == "shard-b"]
    assert tour.left == {"shard-a": 3}


def test_a_shop_that_fails_costs_itself_only(router, shops):
    tour, first = Round(router, "a test"), next(iter(shops))

    def work(shop_id):
        if shop_id == first:
            raise OperationalError("SELECT", None, Exception("a lock"))

    seen = [tour.visit(shop_id, lambda shop_id=shop_id: work(shop_id)) for shop_id in (NOBODYS_SHOP, *shops)]
    assert seen == [False, False, True, True, True, True]
    assert tour.left == {"": 1, "shard-a": 1}


def test_a_bug_is_not_taken_for_an_outage(router, shops):
    with pytest.raises(ZeroDivisionError):
        Round(router, "a test").visit(next(iter(shops)), lambda: 1 / 0)


def test_the_relay_hands_over_the_other_shards_jobs_when_one_is_away(runtime, router, monkeypatch):
    here = dataclasses.replace(runtime, queue=InlineQueue())
    owned = [open_shop_rows(router, shard) for shard in ("shard-a", "shard-a", "shard-b")]
    jobs = [ask(router, shop.shop_id, shop.actor, "leave_mark", mark="one") for shop in owned]
    relay, asked = Relay(here), []
    claims = relay._claims

    def away(shop_id):
        asked.append(shop_id)
        if shop_id in (owned[0].shop_id, owned[1].shop_id):
            raise ShardUnavailable("shard-a", "it does not answer")
        return claims(shop_id)

    monkeypatch.setattr(relay, "_claims", away)
    monkeypatch.setattr(relay, "_shops", lambda: [shop.shop_id for shop in owned])
    monkeypatch.setattr(relay, "_control", lambda: 0)
    assert relay.sweep() == 1
    assert asked == [owned[0].shop_id, owned[2].shop_id]
    ticket = here.queue.take(0)
    assert ticket is not None and ticket.outbox_id == jobs[2]
    assert view(router, owned[0].shop_id, owned[0].actor, jobs[0]).attempts == 0


# ---------------------------------------------------------------- the nightly rounds


@pytest.mark.parametrize("jobs", [amc_jobs, tenant_jobs], ids=["entitlements", "members"])
def test_a_long_round_is_cut_into_jobs_that_follow_each_other(runtime, router, shops, monkeypatch, jobs):
    """Each visits CHUNKS_A_RUN × CHUNK shops, so a kill costs at most those; together they visit every shop once."""
    name = {amc_jobs: amc_jobs.ENTITLEMENTS, tenant_jobs: tenant_jobs.MEMBERS}[jobs]
    monkeypatch.setattr(jobs, "CHUNK", 2)
    monkeypatch.setattr(jobs, "CHUNKS_A_RUN", 2)
    visited: Counter[int] = Counter()
    monkeypatch.setattr(jobs, "_reconcile", lambda job, tour, shop_id, *more: visited.update([shop_id]))
    first = min(shops)
    after, runs = first - 1, 0
    while after is not None:
        before = asked_for(router, name)
        run_control(runtime, name, on="2026-11-20", after=after)
        new = [params["after"] for job_id, params in asked_for(router, name).items()
               if job_id not in before and params["after"] != after]  # fmt: skip
        after, runs = (new[0] if new else None), runs + 1
        assert len(visited) <= 4 * runs
    assert set(shops) <= set(visited)
    assert set(visited.values()) == {1}
    assert runs >= 2


def asked_for(router, name):
    with router.control() as control:
        rows = control.execute(select(ControlJob.id, ControlJob.params).where(ControlJob.job == name)).all()
    return {row.id: row.params for row in rows if "after" in row.params}


def test_a_contract_that_cannot_be_ended_stops_none_behind_it(runtime, monkeypatch):
    ended = []

    def end(control, *, shop_id, on):
        if shop_id == 1:
            raise ValueError("a plan that nobody understands")
        ended.append(shop_id)

    due = iter([[1, 2], [3], []])
    monkeypatch.setattr(amc, "list_due", lambda control, **_: next(due))
    monkeypatch.setattr(amc, "end_contract", end)
    with pytest.raises(AssertionError, match="SomeNotEnded"):  # of run_control: the row says so and waits for its retry
        run_control(runtime, "app.amc.jobs.sweep_trials", on="2026-11-20")
    assert ended == [2, 3]
