"""Faults 9 and 16: workers and Redis die at the worst moment; every job runs within a minute, its effect once."""

import itertools
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import pytest

from app.adapters.redis_queue import RedisQueue
from app.kit.models import OutboxState
from shard_router import Router
from tests.support.cluster import Cluster
from tests.support.jobs import ask, marks, view
from tests.support.redis import ThrowawayRedis
from tests.support.shops import OpenedShop, open_shop_rows
from tests.support.waiting import until

RECOVERED_WITHIN = 60.0
"""The promise, with the product's lease of 30 s."""

SHORT_LEASE = 5.0
"""In all runs but the long ones: the same rows, processes and steps, and what waits for the lease waits less."""

WAITING_AT_ONCE = 30
"""More than can be held by the leases of workers killed just now, so that the others have something to do."""


class Stage(SimpleNamespace):
    """A shop, a Redis of our own, and whatever processes a test starts."""

    router: Router
    redis: ThrowawayRedis
    shop: OpenedShop
    folder: Path
    recovered_within: float
    start: Callable[..., "subprocess.Popen[bytes]"]

    def ask(self, job: str, **params: Any) -> UUID:
        return ask(self.router, self.shop.shop_id, self.shop.actor, job, **params)

    def state(self, job_id: UUID) -> OutboxState:
        return view(self.router, self.shop.shop_id, self.shop.actor, job_id).state

    def attempts(self, job_id: UUID) -> int:
        return view(self.router, self.shop.shop_id, self.shop.actor, job_id).attempts

    def marks(self) -> int:
        return marks(self.router, self.shop.shop_id, self.shop.actor)

    def began(self, attempt: int) -> int:
        """The process in which an attempt of the slow job began; waits for it."""
        path = self.folder / f"began-{attempt}"
        until(lambda: path.exists() and path.read_text(), 40)
        return int(path.read_text())

    def log(self, name: str) -> str:
        return (self.folder / f"{name}.log").read_text(errors="replace")

    def go_on(self) -> None:
        (self.folder / "go-on").touch()


@pytest.fixture
def stage(cluster: Cluster, router: Router, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Stage]:
    is_long = request.node.get_closest_marker("long") is not None
    redis = ThrowawayRedis(tmp_path)
    redis.start()
    started: list[subprocess.Popen[bytes]] = []
    environment = {
        **os.environ,
        "TEST_REDIS": redis.url,
        "TEST_FOLDER": str(tmp_path),
        "BOOLA_CLUSTER": str(cluster.file),
        "TEST_LEASE_S": "" if is_long else str(SHORT_LEASE),
    }

    def start(name: str, *more: str) -> "subprocess.Popen[bytes]":
        log = (tmp_path / f"{name}.log").open("ab")
        command = [sys.executable, "-m", f"workers.{name}", "--build", "tests.support.jobs:build", *more]
        process = subprocess.Popen(command, env=environment, stdout=log, stderr=log, start_new_session=True)
        started.append(process)
        return process

    yield Stage(
        router=router, redis=redis, shop=open_shop_rows(router), folder=tmp_path, start=start,
        recovered_within=RECOVERED_WITHIN if is_long else RECOVERED_WITHIN / 2,
    )  # fmt: skip
    (tmp_path / "go-on").touch()
    for process in started:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    redis.kill()


@pytest.mark.fault(16)
@pytest.mark.parametrize(
    "victim",
    [
        "child", "whole worker",
        pytest.param("child", marks=pytest.mark.long, id="child, with the product's lease"),
        pytest.param("whole worker", marks=pytest.mark.long, id="whole worker, with the product's lease"),
    ],
)  # fmt: skip
def test_a_worker_killed_in_mid_job_has_its_job_run_again_within_a_minute(
    stage: Stage, victim: str, record_property: Callable[[str, object], None]
) -> None:
    stage.start("relay")
    worker = stage.start("worker", "--queues", "pictures")
    job_id = stage.ask("leave_mark_slowly", mark="one", folder=str(stage.folder))
    child = stage.began(1)
    killed_at = time.monotonic()
    if victim == "child":
        os.kill(child, signal.SIGKILL)
    else:
        os.killpg(worker.pid, signal.SIGKILL)
        stage.start("worker", "--queues", "pictures")
    stage.go_on()
    until(lambda: stage.state(job_id) is OutboxState.DONE, stage.recovered_within)
    record_property("recovery_s", round(time.monotonic() - killed_at, 1))
    assert stage.attempts(job_id) == 2
    assert stage.marks() == 1


@pytest.mark.fault(16)
@pytest.mark.long  # it is given a quarter of a minute to hear
def test_a_job_that_hears_no_signal_is_ended_by_its_workers_parent(stage: Stage) -> None:
    stage.start("relay")
    stage.start("worker", "--queues", "pictures")
    job_id = stage.ask("hangs_once", mark="one")
    until(lambda: stage.state(job_id) is OutboxState.DONE, stage.recovered_within)
    assert stage.attempts(job_id) == 2
    assert stage.marks() == 1


@pytest.mark.fault(16)
def test_a_worker_told_to_stop_finishes_its_job_first(stage: Stage) -> None:
    stage.start("relay")
    worker = stage.start("worker", "--queues", "pictures")
    job_id = stage.ask("leave_mark_slowly", mark="one", folder=str(stage.folder))
    stage.began(1)
    worker.terminate()
    until(lambda: worker.poll() is not None or _told(stage), 5)
    assert worker.poll() is None
    stage.go_on()
    assert worker.wait(20) == 0
    assert stage.state(job_id) is OutboxState.DONE
    assert stage.attempts(job_id) == 1


def _told(stage: Stage) -> bool:
    """RQ notes in Redis that its worker was told to stop."""
    client = stage.redis.client()
    return any(client.hget(key, "shutdown_requested_date") for key in client.scan_iter("rq:worker:*"))


@pytest.mark.fault(9, 16)
def test_with_redis_killed_jobs_wait_in_the_outbox_and_run_when_it_is_back(stage: Stage) -> None:
    relay = stage.start("relay")
    worker = stage.start("worker", "--queues", "bills,default")
    first = stage.ask("leave_mark_first", mark="before")
    until(lambda: stage.state(first) is OutboxState.DONE, 30)
    stage.redis.kill()
    queue = RedisQueue(stage.redis.url, prefix="test:")
    began = time.monotonic()
    waiting = [stage.ask("leave_mark_first", mark=str(n)) for n in range(5)]
    for _ in waiting:
        queue.poke(stage.shop.shop_id)
    assert time.monotonic() - began < 2.0
    stage.start("relay")  # one that first looks now
    until(lambda: stage.log("relay").count("the queue is unreachable") >= 2, 20)
    assert {stage.state(job_id) for job_id in waiting} == {OutboxState.WAITING}
    assert relay.poll() is None
    assert worker.poll() is None
    stage.redis.start()
    until(lambda: {stage.state(job_id) for job_id in waiting} == {OutboxState.DONE}, stage.recovered_within)
    assert stage.marks() == 6


@pytest.mark.fault(9, 16)
def test_what_was_handed_over_survives_a_redis_that_forgot_everything(stage: Stage) -> None:
    stage.start("relay")
    job_id = stage.ask("leave_mark_first", mark="one")
    until(lambda: stage.redis.client().llen("rq:queue:test:bills") == 1, 30)
    stage.redis.client().flushall()
    stage.start("worker", "--queues", "bills,default")
    until(lambda: stage.state(job_id) is OutboxState.DONE, stage.recovered_within)
    assert stage.marks() == 1


@pytest.mark.fault(16)
def test_two_workers_and_two_relays_do_every_job_once(stage: Stage) -> None:
    for name in ("relay", "relay", "worker", "worker"):
        stage.start(name, *(("--queues", "bills,default") if name == "worker" else ()))
    jobs = [stage.ask("leave_mark", mark=str(n)) for n in range(30)]
    until(lambda: {stage.state(job_id) for job_id in jobs} == {OutboxState.DONE}, stage.recovered_within)
    assert stage.marks() == 30
    assert {stage.attempts(job_id) for job_id in jobs} == {1}


@pytest.mark.fault(16)
@pytest.mark.long
def test_workers_killed_again_and_again_do_every_job_once(stage: Stage, chance: random.Random, count, measured) -> None:
    """Two workers whose children are killed at random moments, before, in and after their jobs."""
    wanted_kills, kills, longest = count(40), 0, 0.0
    stage.start("relay")
    workers = [stage.start("worker", "--queues", "bills,default") for _ in range(2)]
    marks, waiting = itertools.count(), dict[UUID, float]()

    def ask_more(jobs: int) -> None:
        for mark in itertools.islice(marks, jobs):
            waiting[stage.ask("leave_mark_in_a_while", mark=str(mark))] = time.monotonic()

    def still_waiting() -> int:
        nonlocal longest
        for job_id in [job_id for job_id in waiting if stage.state(job_id) is OutboxState.DONE]:
            longest = max(longest, time.monotonic() - waiting.pop(job_id))
        return len(waiting)

    def wait_for(jobs: int) -> None:
        most = len(waiting) - jobs
        until(lambda: still_waiting() <= most, RECOVERED_WITHIN)

    ask_more(WAITING_AT_ONCE)
    while kills < wanted_kills:
        step = chance.randint(1, 6)
        ask_more(step)
        wait_for(step)
        kills += _kill_a_child(chance.choice(workers).pid)
        measured(kills=kills, longest_s=round(longest, 1))
    while waiting:
        wait_for(1)
    asked = next(marks)
    measured(jobs=asked, longest_s=round(longest, 1))
    assert stage.marks() == asked


def _kill_a_child(parent: int) -> bool:
    """False while the parent is about to start another."""
    listed = subprocess.run(["ps", "-o", "pid=", "--ppid", str(parent)], capture_output=True, text=True, check=False)
    for pid in listed.stdout.split():
        os.kill(int(pid), signal.SIGKILL)
        return True
    return False
