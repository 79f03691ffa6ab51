"""Jobs on real shards: asked for in a transaction, run once in effect, tried again, given up, shared fairly."""

import datetime as dt
import threading
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import pytest
import time_machine
from sqlalchemy import func, select, update

from app.adapters.inline_queue import InlineQueue
from app.kit import audit, leases, outbox
from app.kit.clock import utc_now
from app.kit.jobruns import run_job
from app.kit.models import OutboxJob, OutboxState
from app.kit.relay import SHARE, Relay
from app.kit.runtime import Runtime
from shard_router import Mode, Router, ShardUnavailable, ShopSession
from tests.support.cluster import Cluster
from tests.support.jobs import HERE, ask, job_runtime, marks, view
from tests.support.shops import OpenedShop, open_shop_rows
from tests.support.waiting import until


class Bench(SimpleNamespace):
    """A shop, its queue and a relay, driven by hand."""

    cluster: Cluster
    router: Router
    runtime: Runtime
    queue: InlineQueue
    relay: Relay
    shop: OpenedShop

    def ask(self, job: str, *, shop: OpenedShop | None = None, **params: Any) -> UUID:
        where = shop or self.shop
        return ask(self.router, where.shop_id, where.actor, job, **params)

    def view(self, job_id: UUID) -> outbox.JobView:
        return view(self.router, self.shop.shop_id, self.shop.actor, job_id)

    def marks(self, action: str = "test.mark") -> int:
        return marks(self.router, self.shop.shop_id, self.shop.actor, action)

    def pass_and_work(self) -> list[UUID]:
        """The relay hands over what is due for this shop, then every ticket is worked off."""
        self.relay._shop(self.shop.shop_id)
        done = []
        while ticket := self.queue.take(0):
            run_job(self.runtime, shop_id=ticket.shop_id, job_id=ticket.outbox_id, attempts=ticket.attempts)
            done.append(ticket.outbox_id)
        return done

    def sweep_for(self, *wanted: UUID) -> list[UUID]:
        """What passes over all shops hand over, until these are among it: a pass sees what replicas have by then."""
        handed: list[UUID] = []

        def one_pass() -> bool:
            self.relay.sweep()
            while ticket := self.queue.take(0):
                handed.append(ticket.outbox_id)
            return set(wanted) <= set(handed)

        until(one_pass, 10)
        return handed

    def change(self, job_id: UUID, **values: Any) -> None:
        with self.router.shop(self.shop.shop_id, self.shop.actor, mode=Mode.WRITE) as db:
            db.execute(update(OutboxJob).where(OutboxJob.id == job_id).values(**values))
            db.commit()


@pytest.fixture
def bench(router: Router, cluster: Cluster, tmp_path: Path) -> Iterator[Bench]:
    queue = InlineQueue()
    runtime = job_runtime(router, queue, tmp_path)
    yield Bench(
        cluster=cluster, router=router, runtime=runtime, queue=queue, relay=Relay(runtime), shop=open_shop_rows(router)
    )


def test_a_job_runs_as_the_person_who_asked_and_leaves_its_result(bench: Bench) -> None:
    job_id = bench.ask("leave_mark", mark="one")
    assert bench.view(job_id).state is OutboxState.WAITING
    assert bench.pass_and_work() == [job_id]
    done = bench.view(job_id)
    assert (done.state, done.attempts, done.result) == (OutboxState.DONE, 1, {"mark": "one", "by": "Owner"})
    assert done.finished_at is not None
    assert bench.marks() == 1


def test_a_job_sees_all_that_its_asker_had_written(bench: Bench) -> None:
    """Its reads may go to a replica, at once after the commit: never to one that does not have it yet."""
    for n in range(40):
        with bench.router.shop(bench.shop.shop_id, bench.shop.actor, mode=Mode.WRITE) as db:
            audit.record(db, "test.written", None, {"n": n})
            job_id = outbox.enqueue(db, f"{HERE}.counts_what_is_written")
            db.commit()
        bench.pass_and_work()
        assert bench.view(job_id).result == {"written": n + 1}


def test_a_job_asked_for_in_a_rolled_back_transaction_never_was(bench: Bench) -> None:
    with bench.router.shop(bench.shop.shop_id, bench.shop.actor, mode=Mode.WRITE) as db:
        outbox.enqueue(db, f"{HERE}.leave_mark", params={"mark": "no"})
        db.flush()
    assert bench.pass_and_work() == []
    assert bench.marks() == 0


def test_a_packet_of_the_hot_write_asks_for_a_job_too(bench: Bench) -> None:
    with bench.router.shop(bench.shop.shop_id, bench.shop.actor, mode=Mode.WRITE, hot=True) as db:
        columns = outbox.prepared_columns(db, f"{HERE}.leave_mark", key="pdf-1", params={"mark": "ünd 'so'"})
        db.run_packet([outbox.PREPARED_ENQUEUE.bind(**columns)])
        db.commit()
        assert outbox.asked(db)
    assert bench.pass_and_work() == [columns["id"]]
    assert bench.view(columns["id"]).result == {"mark": "ünd 'so'", "by": "Owner"}


@pytest.mark.fault(21)
@pytest.mark.parametrize("wrong", [dt.timedelta(minutes=5), dt.timedelta(minutes=-5)], ids=["fast", "slow"])
def test_a_host_with_a_wrong_clock_holds_no_job_up(bench: Bench, wrong: dt.timedelta) -> None:
    """Asked for by a service, by a packet, and tried again after a failure: due by the database's clock."""
    with time_machine.travel(utc_now() + wrong):
        asked = bench.ask("leave_mark", mark="one")
        with bench.router.shop(bench.shop.shop_id, bench.shop.actor, mode=Mode.WRITE, hot=True) as db:
            columns = outbox.prepared_columns(db, f"{HERE}.leave_mark", key="pdf-1", params={"mark": "two"})
            db.run_packet([outbox.PREPARED_ENQUEUE.bind(**columns)], commit=True)
    assert set(bench.pass_and_work()) == {asked, columns["id"]}

    failing = bench.ask("never_works")
    with time_machine.travel(utc_now() + wrong):
        bench.pass_and_work()
    assert bench.pass_and_work() == []  # 2 s have not gone by
    with bench.router.shop(bench.shop.shop_id, bench.shop.actor, mode=Mode.WRITE) as db:
        due, now = db.execute(
            select(OutboxJob.available_at, func.utc_timestamp(6)).where(OutboxJob.id == failing)
        ).one()
    assert due - now.replace(tzinfo=dt.UTC) < dt.timedelta(seconds=2.4)  # 2 s, spread by a fifth


def test_a_ticket_delivered_twice_runs_once(bench: Bench) -> None:
    job_id = bench.ask("leave_mark", mark="one")
    bench.relay._shop(bench.shop.shop_id)
    ticket = bench.queue.take(0)
    assert ticket is not None
    again = {"shop_id": ticket.shop_id, "job_id": ticket.outbox_id, "attempts": ticket.attempts}
    assert run_job(bench.runtime, **again) is True
    assert run_job(bench.runtime, **again) is False
    assert bench.view(job_id).attempts == 1
    assert bench.marks() == 1


def test_a_released_job_is_left_alone_until_its_lease_has_run_out(bench: Bench) -> None:
    job_id = bench.ask("leave_mark", mark="one")
    bench.relay._shop(bench.shop.shop_id)
    assert bench.queue.take(0) is not None  # and the worker dies with it
    assert bench.pass_and_work() == []
    bench.change(job_id, lease_until=utc_now() - dt.timedelta(seconds=1))
    assert bench.pass_and_work() == [job_id]
    assert bench.marks() == 1


def test_a_worker_that_was_frozen_and_wakes_late_writes_nothing(bench: Bench) -> None:
    """Its effect and its DONE hang on the attempt's number, which another worker has raised meanwhile."""
    job_id = bench.ask("leave_mark", mark="one")
    bench.relay._shop(bench.shop.shop_id)
    ticket = bench.queue.take(0)
    assert ticket is not None

    def begin(db: ShopSession) -> Any:
        begun = leases.begin(db, OutboxJob, job_id, 0)
        db.commit()
        return begun

    with bench.router.shop(bench.shop.shop_id, bench.shop.actor, mode=Mode.WRITE) as db:
        frozen = begin(db)
    bench.change(job_id, lease_until=utc_now() - dt.timedelta(seconds=1))
    assert bench.pass_and_work() == [job_id]
    with bench.router.shop(bench.shop.shop_id, bench.shop.actor, mode=Mode.WRITE) as db:
        assert leases.finish(db, OutboxJob, job_id, frozen.attempts, None) is False
        assert leases.renew(db, OutboxJob, job_id, frozen.attempts) is False
    assert bench.marks() == 1


def test_a_failed_job_waits_and_is_given_up_after_its_attempts(bench: Bench) -> None:
    job_id = bench.ask("never_works")
    assert bench.pass_and_work() == [job_id]
    waiting = bench.view(job_id)
    assert (waiting.state, waiting.attempts, waiting.error) == (OutboxState.WAITING, 1, "RuntimeError")
    assert bench.pass_and_work() == []  # its time has not come
    bench.change(job_id, available_at=utc_now() - dt.timedelta(seconds=1))
    assert bench.pass_and_work() == [job_id]
    failed = bench.view(job_id)
    assert (failed.state, failed.attempts, failed.error) == (OutboxState.FAILED, 2, "RuntimeError")


def test_giving_up_tells_the_domain_in_the_same_transaction(bench: Bench) -> None:
    job_id = bench.ask("says_no", why="The picture is broken.")
    bench.pass_and_work()
    assert bench.view(job_id).error == "The picture is broken."
    assert bench.marks("test.gave_up") == 1


def test_a_job_whose_workers_keep_dying_is_given_up_by_the_relay(bench: Bench) -> None:
    job_id = bench.ask("says_no", why="never said")
    past = utc_now() - dt.timedelta(seconds=1)
    bench.change(job_id, state=OutboxState.RELEASED.value, attempts=6, lease_until=past)
    assert bench.pass_and_work() == []
    assert bench.view(job_id).state is OutboxState.FAILED
    assert bench.marks("test.gave_up") == 1


def test_a_job_that_only_newer_code_knows_waits(bench: Bench) -> None:
    job_id = bench.ask("from_the_future")
    assert bench.pass_and_work() == []
    assert bench.view(job_id).state is OutboxState.WAITING


def test_a_key_holds_one_job_until_it_has_ended(bench: Bench) -> None:
    first = bench.ask("leave_mark", key="again", mark="one")
    assert bench.ask("leave_mark", key="again", mark="two") == first
    bench.pass_and_work()
    assert bench.ask("leave_mark", key="again", mark="three") != first


def test_two_who_ask_for_a_key_at_once_get_one_job(bench: Bench) -> None:
    """The second finds no row, waits at its insert for the first's commit, and goes on with the first's job."""
    shop, job = bench.shop, f"{HERE}.leave_mark"
    found: list[UUID] = []

    def second() -> None:
        with bench.router.shop(shop.shop_id, shop.actor, mode=Mode.WRITE) as db:
            kept = outbox.enqueue(db, job, params={"mark": "kept"})
            found.append(outbox.enqueue(db, job, key="once", params={"mark": "second"}))
            db.commit()
            found.append(kept)

    with bench.router.shop(shop.shop_id, shop.actor, mode=Mode.WRITE) as db:
        first = outbox.enqueue(db, job, key="once", params={"mark": "first"})
        db.flush()
        thread = threading.Thread(target=second)
        thread.start()
        until(lambda: _waits_for_a_lock(bench))
        db.commit()
    thread.join()
    assert found[0] == first
    assert bench.view(found[1]).state is OutboxState.WAITING


def _waits_for_a_lock(bench: Bench) -> bool:
    """Whether somebody waits for a row of this process's outbox, as the server itself says."""
    fleet = bench.cluster.fleet
    target = next(one for one in fleet.targets if one.name == bench.shop.shard)
    waiting = "SELECT COUNT(*) FROM performance_schema.data_locks WHERE object_schema = %s AND lock_status = 'WAITING'"
    with bench.cluster.raw_connection(target, "admin").cursor() as cursor:
        cursor.execute(waiting, (bench.cluster.shard_database,))
        return bool(cursor.fetchone()[0])


def test_progress_is_published_and_kept(bench: Bench) -> None:
    job_id = bench.ask("counts", to=3)
    with bench.queue.listen(job_id) as listener:
        bench.pass_and_work()
        events = [dict(event) for event in iter(lambda: listener.next(0.01), None)]
    assert events[0] == {"state": "released", "stepsDone": 1, "stepsTotal": 3}
    assert events[-1] == {"state": "done", "result": {"counted": 3}}
    assert bench.view(job_id).steps_total == 3


def test_one_shops_many_pictures_do_not_hold_up_its_own_bill_nor_anothers(bench: Bench, router: Router) -> None:
    folder = "/nonexistent"
    pictures = [bench.ask("leave_mark_slowly", mark=str(n), folder=folder) for n in range(12)]
    bill = bench.ask("leave_mark_first", mark="bill")
    neighbour = open_shop_rows(router)
    other = bench.ask("leave_mark_slowly", shop=neighbour, mark="theirs", folder=folder)
    handed = bench.sweep_for(bill, other)
    mine = [job_id for job_id in handed if job_id in pictures]
    assert len(mine) == SHARE["pictures"]
    assert handed.index(bill) < handed.index(mine[0])
    with router.shop(bench.shop.shop_id, bench.shop.actor, mode=Mode.WRITE) as db:
        waiting = select(func.count()).select_from(OutboxJob).where(OutboxJob.state == OutboxState.WAITING.value)
        assert db.scalar(waiting) == 12 - SHARE["pictures"]


def test_what_is_put_off_comes_behind_what_is_asked_for_later(bench: Bench) -> None:
    """Three an hour apart: the fourth goes at once, and of the three the newest is due first."""
    before = [bench.ask("leave_mark", mark=str(n)) for n in range(3)]
    with bench.router.shop(bench.shop.shop_id, bench.shop.actor, mode=Mode.WRITE) as db:
        outbox.put_off(db, apart=dt.timedelta(hours=1))
        db.commit()
    asked = bench.ask("leave_mark", mark="asked for later")
    assert bench.pass_and_work() == [asked]
    with bench.router.shop(bench.shop.shop_id, bench.shop.actor) as db:
        waits = OutboxJob.state == OutboxState.WAITING.value
        assert db.scalars(select(OutboxJob.id).where(waits).order_by(OutboxJob.available_at)).all() == before[::-1]


def test_two_relays_at_once_hand_over_once(bench: Bench) -> None:
    job_id = bench.ask("leave_mark", mark="one")
    with bench.router.shop(bench.shop.shop_id, bench.shop.actor, mode=Mode.WRITE) as db:
        (candidate,) = leases.candidates(db, OutboxJob, [f"{HERE}.leave_mark"], 5)
        bench.relay._shop(bench.shop.shop_id)
        db.rollback()
        assert leases.release(db, OutboxJob, candidate) is False
    assert bench.pass_and_work() == [job_id]
    assert bench.marks() == 1


def test_another_shops_job_is_not_found(bench: Bench, router: Router) -> None:
    job_id = bench.ask("leave_mark", mark="one")
    neighbour = open_shop_rows(router)
    with router.shop(neighbour.shop_id, neighbour.actor, mode=Mode.READ) as db, pytest.raises(outbox.JobNotFound):
        outbox.get_job(db, job_id)


class WithoutControl:
    """The router as it is while the control plane is gone and the shards are not."""

    def __init__(self, router: Router) -> None:
        self._router = router

    def __getattr__(self, name: str) -> Any:
        return getattr(self._router, name)

    def control(self) -> Any:
        raise ShardUnavailable("control", "gone")


def test_with_the_control_plane_gone_shops_jobs_go_on(bench: Bench) -> None:
    job_id = bench.ask("leave_mark", mark="one")
    bench.runtime.router = WithoutControl(bench.router)  # type: ignore[misc, assignment]
    assert job_id in bench.sweep_for(job_id)


def test_an_outbox_of_a_shop_that_nobody_knows_stops_nobody(bench: Bench, cluster: Cluster) -> None:
    """Rows left behind by an erased shop: the pass goes on to the next."""
    job_id = bench.ask("leave_mark", mark="one")
    target = next(one for one in cluster.fleet.targets if one.name == bench.shop.shard)
    with cluster.raw_connection(target, "migrate") as connection, connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO outbox"
            " (shop_id, id, job, params, state, attempts, available_at, steps_done, actor, created_at)"
            " SELECT 999999999, id, job, params, state, attempts, available_at, 0, actor, created_at"
            " FROM outbox WHERE id = %s",
            (job_id.bytes,),
        )
        connection.commit()
    try:
        assert job_id in bench.sweep_for(job_id)
    finally:
        with cluster.raw_connection(target, "migrate") as connection, connection.cursor() as cursor:
            cursor.execute("DELETE FROM outbox WHERE shop_id = 999999999")
            connection.commit()
