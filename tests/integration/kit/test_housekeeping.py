"""What is forgotten by age, what is scheduled once, and the one process that does everything itself."""

import dataclasses
import datetime as dt
import secrets
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import func, select

from app.adapters.inline_queue import InlineQueue
from app.factory import build_runtime
from app.kit import outbox
from app.kit.clock import utc_now
from app.kit.inline import InlineWorkers
from app.kit.models import ControlJob, IdempotencyKey, OutboxJob, OutboxState
from app.kit.runtime import Runtime
from app.kit.schedule import Entry, Scheduler
from shard_router import Mode
from tests.support.cast import Cast, make_cast
from tests.support.cluster import Cluster
from tests.support.jobs import HERE, ask, marks, run_control, view
from tests.support.settings import settings_for
from tests.support.waiting import until


def test_old_keys_and_ended_jobs_go_and_everything_else_stays(runtime: Runtime, cast: Cast) -> None:
    asha, now = cast.asha, utc_now()

    def key(hours: float) -> IdempotencyKey:
        return IdempotencyKey(
            key=f"k{hours}", request_hash=bytes(32), kind="x", created_at=now - dt.timedelta(hours=hours)
        )

    def job(state: OutboxState, days: float) -> OutboxJob:
        at = now - dt.timedelta(days=days)
        return OutboxJob(
            **outbox._columns(asha.actor, f"{HERE}.leave_mark", key=None, params={})
            | {"state": state.value, "finished_at": at, "created_at": at, "available_at": at}
        )

    with runtime.router.shop(asha.shop_id, asha.actor, mode=Mode.WRITE) as db:
        db.add_all([key(49), key(47)])
        db.add_all([job(OutboxState.DONE, 31), job(OutboxState.FAILED, 31), job(OutboxState.DONE, 29)])
        db.add(job(OutboxState.WAITING, 40))
        db.commit()
    run_control(runtime, "app.kit.housekeeping.purge", on="2026-11-20")
    with runtime.router.shop(asha.shop_id, asha.actor, mode=Mode.WRITE) as db:
        assert db.scalars(select(IdempotencyKey.key)).all() == ["k47"]
        states = db.execute(select(OutboxJob.state, func.count().label("jobs")).group_by(OutboxJob.state)).all()
        assert {row.state: row.jobs for row in states} == {"done": 1, "waiting": 1}


def test_what_is_due_is_asked_for_once_whoever_looks(runtime: Runtime) -> None:
    """Two schedulers that both believe they lead, and one that was restarted: one row a date."""
    name = f"t-{secrets.token_hex(4)}"
    entries = (Entry(name, "00:10", f"{HERE}.look_around"),)
    here = dataclasses.replace(runtime, queue=InlineQueue())
    morning = dt.datetime(2026, 4, 1, 18, 45, tzinfo=dt.UTC)
    first, second = Scheduler(here, entries), Scheduler(here, entries)
    assert first.look(morning) == [name]
    assert first.look(morning + dt.timedelta(hours=1)) == []
    second.look(morning)
    first.look(morning + dt.timedelta(days=1))
    with runtime.router.control() as control:
        rows = control.execute(select(ControlJob.key, ControlJob.params).where(ControlJob.key.startswith(name))).all()
    assert sorted((row.key, row.params["on"]) for row in rows) == [
        (f"{name}-20260402T0010", "2026-04-02"), (f"{name}-20260403T0010", "2026-04-03"),
    ]  # fmt: skip


@pytest.fixture
def alone(apart: Cluster, tmp_path: Path) -> Iterator[Runtime]:
    built = build_runtime(settings_for(apart, tmp_path))
    yield built
    built.close()


def test_one_process_does_relay_jobs_and_schedule_by_itself(alone: Runtime) -> None:
    runtime, cast, queue = alone, make_cast(alone), InlineQueue()
    name = f"t-{secrets.token_hex(4)}"
    workers = InlineWorkers(
        dataclasses.replace(runtime, queue=queue), queue, (Entry(name, "*:00", f"{HERE}.look_around"),)
    )
    workers.start()
    try:
        jobs = [ask(runtime.router, cast.asha.shop_id, cast.asha.actor, "leave_mark", mark=str(n)) for n in range(10)]
        queue.poke(cast.asha.shop_id)

        def state(job_id: UUID) -> OutboxState:
            return view(runtime.router, cast.asha.shop_id, cast.asha.actor, job_id).state

        until(lambda: {state(job_id) for job_id in jobs} == {OutboxState.DONE}, 20)
        assert marks(runtime.router, cast.asha.shop_id, cast.asha.actor) == 10  # each job's effect, once

        def scheduled() -> str | None:
            with runtime.router.control() as control:
                found: str | None = control.scalars(
                    select(ControlJob.state).where(ControlJob.key.startswith(name))
                ).first()
                return found

        until(lambda: scheduled() == OutboxState.DONE.value, 20)
    finally:
        workers.stop()
