"""Owns what tests of jobs need: a runtime with real router, store and queue, and small jobs with visible effects."""

import dataclasses
import datetime as dt
import os
import signal
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast
from uuid import UUID

from sqlalchemy import func, select

from app.adapters.inline_queue import InlineQueue
from app.adapters.object_store.disk import DiskStore
from app.kit import audit, leases, outbox
from app.kit.clock import utc_now
from app.kit.jobruns import run_job
from app.kit.jobs import ControlJobRun, GiveUp, ShopJob, control_job, shop_job
from app.kit.models import AuditEntry, ControlJob, OutboxJob, OutboxState
from app.kit.queueing import JobQueue
from app.kit.relay import Relay
from app.kit.runtime import Runtime
from app.kit.signing import LinkSigner
from shard_router import Actor, Mode, Router, ShopSession

LINKS = LinkSigner(b"links-of-the-tests-32-bytes-long!")
SIDE = "http://side.test"
HERE = "tests.support.jobs"


def job_runtime(router: Router, queue: JobQueue, folder: Path) -> Runtime:
    """What jobs reach down to; who somebody is and what plans say is no part of a job."""
    parts: dict[str, Any] = {
        "router": router, "queue": queue, "store": DiskStore(folder, links=LINKS, side_url=SIDE), "links": LINKS,
        "side_url": SIDE, "public_url": "http://web.test",
    }  # fmt: skip
    return cast(Runtime, SimpleNamespace(**parts))


@shop_job
def leave_mark(job: ShopJob, *, mark: str) -> None:
    """Its effect can be counted: one entry of the audit chain."""
    seen = job.read(lambda db: db.actor.name)
    job.finish(lambda db: audit.record(db, "test.mark", None, {"mark": mark}), result={"mark": mark, "by": seen})


@shop_job(queue="bills")
def leave_mark_first(job: ShopJob, *, mark: str) -> None:
    leave_mark(job, mark=mark)


@shop_job(queue="pictures")
def leave_mark_slowly(job: ShopJob, *, mark: str, folder: str) -> None:
    """Says that it began, then waits until it may end: a test decides what happens to the worker meanwhile."""
    (Path(folder) / f"began-{job.attempt}").write_text(str(os.getpid()))
    while not (Path(folder) / "go-on").exists():
        job.check()
        time.sleep(0.02)
    leave_mark(job, mark=mark)


@shop_job(queue="pictures", time_limit=1)
def hangs_once(job: ShopJob, *, mark: str) -> None:
    """Like a native library that spins: it hears no signal, so only the parent can end it."""
    if job.attempt == 1:
        signal.pthread_sigmask(signal.SIG_BLOCK, set(signal.Signals))
        while True:
            time.sleep(60)
    leave_mark(job, mark=mark)


@shop_job(attempts=2)
def never_works(job: ShopJob) -> None:
    raise RuntimeError("the customer's name must not reach the row")


def _note_end(db: ShopSession, params: dict[str, Any]) -> None:
    audit.record(db, "test.gave_up", None, params)


@shop_job(gave_up=_note_end)
def says_no(job: ShopJob, *, why: str) -> None:
    raise GiveUp(why)


@shop_job
def counts(job: ShopJob, *, to: int) -> None:
    for done in range(1, to + 1):
        job.progress(done, to)
    job.finish(result={"counted": to})


@shop_job
def counts_what_is_written(job: ShopJob) -> None:
    written = select(func.count()).select_from(AuditEntry).where(AuditEntry.action == "test.written")
    job.finish(result={"written": job.read(lambda db: db.scalar(written))})


@shop_job
def leave_mark_in_a_while(job: ShopJob, *, mark: str) -> None:
    time.sleep(0.3)
    leave_mark(job, mark=mark)


@control_job
def look_around(job: ControlJobRun, *, on: str) -> None:
    job.finish()


def build() -> Runtime:
    """For workers that tests start as processes: `--build tests.support.jobs:build`, told by environment."""
    from app.adapters.redis_queue import RedisQueue
    from app.kit import jobs
    from tests.support.cluster import cluster_here

    if given := os.environ.get("TEST_LEASE_S"):  # a shorter one, with as many heartbeats in it
        jobs.BEAT *= float(given) / leases.LEASE.total_seconds()
        leases.LEASE = dt.timedelta(seconds=float(given))
    folder = Path(os.environ["TEST_FOLDER"])
    cluster = cluster_here()
    router = Router(cluster.router_config(folder / f"snapshot-{os.getpid()}.json"))
    runtime = job_runtime(router, RedisQueue(os.environ["TEST_REDIS"], prefix="test:"), folder)
    runtime.close = router.close  # type: ignore[method-assign]
    return runtime


def ask(router: Router, shop_id: int, actor: Actor, job: str, *, key: str | None = None, **params: Any) -> UUID:
    with router.shop(shop_id, actor, mode=Mode.WRITE) as db:
        job_id = outbox.enqueue(db, f"{HERE}.{job}", key=key, params=params)
        db.commit()
    return job_id


def work_off(runtime: Runtime, shop_id: int) -> list[UUID]:
    """Does what a shop's outbox holds by now, in this thread: relay and worker of one pass."""
    queue = InlineQueue()
    here = dataclasses.replace(runtime, queue=queue)
    Relay(here)._shop(shop_id)
    done = []
    while ticket := queue.take(0):
        run_job(here, shop_id=shop_id, job_id=ticket.outbox_id, attempts=ticket.attempts)
        done.append(ticket.outbox_id)
    return done


def run_control(runtime: Runtime, job: str, **params: Any) -> None:
    """One job of the control plane, from asking to its end."""
    queue = InlineQueue()
    here = dataclasses.replace(runtime, queue=queue)
    with runtime.router.control() as control:
        job_id = outbox.enqueue_control(control, job, params=params)
        control.flush()
        row = control.get_one(ControlJob, job_id)
        row.state, row.lease_until = OutboxState.RELEASED.value, utc_now() + leases.LEASE
        control.commit()
    run_job(here, shop_id=None, job_id=job_id, attempts=0)
    with runtime.router.control() as control:
        ended = control.get_one(ControlJob, job_id)
        assert ended.state == OutboxState.DONE.value, ended.error


def view(router: Router, shop_id: int, actor: Actor, job_id: UUID) -> outbox.JobView:
    with router.shop(shop_id, actor, mode=Mode.WRITE) as db:
        return outbox.get_job(db, job_id)


def marks(router: Router, shop_id: int, actor: Actor, action: str = "test.mark") -> int:
    with router.shop(shop_id, actor, mode=Mode.WRITE) as db:
        return db.scalar(select(func.count()).select_from(AuditEntry).where(AuditEntry.action == action)) or 0


__all__ = ["ControlJob", "OutboxJob", "ask", "job_runtime", "marks", "run_control", "view", "work_off"]
