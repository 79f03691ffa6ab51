"""The three processes as the supervisor starts them, on the product's own settings: they do their work and stop."""

import gc
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from pydantic import SecretStr
from sqlalchemy import select

from app import factory
from app.factory import build_runtime, create_app
from app.kit.clock import today_ist
from app.kit.models import ControlJob, OutboxState
from app.kit.runtime import Runtime
from app.schedule import SCHEDULE
from app.settings import PREFIX, Settings
from tests.support.cast import make_cast
from tests.support.cluster import Cluster
from tests.support.counter import Counter
from tests.support.redis import ThrowawayRedis
from tests.support.settings import settings_for
from tests.support.waiting import until


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[ThrowawayRedis]:
    own = ThrowawayRedis(tmp_path)
    own.start()
    yield own
    own.kill()


@dataclass(frozen=True)
class Installation:
    """What the processes run on, and a counter that asks them for something."""

    settings: Settings
    runtime: Runtime
    counter: Counter


@pytest.fixture
def installation(apart: Cluster, tmp_path: Path) -> Iterator[Installation]:
    settings = settings_for(apart, tmp_path)
    runtime = build_runtime(settings)
    cast = make_cast(runtime)
    yield Installation(settings, runtime, Counter(create_app(settings, parts=runtime), runtime, cast.asha))
    runtime.close()


@pytest.mark.parametrize("start", ["create_app", "create_side_app", "build_worker_runtime"])
def test_every_process_leaves_what_it_has_loaded_out_of_collections(
    settings: Settings, runtime: Runtime, monkeypatch: pytest.MonkeyPatch, start: str
) -> None:
    monkeypatch.setattr(factory, "load", lambda: settings)
    monkeypatch.setattr(factory, "_started", lambda settings: runtime)
    gc.unfreeze()  # what importing the factory froze
    try:
        getattr(factory, start)()
        assert gc.get_freeze_count()
    finally:
        gc.unfreeze()


def environment(settings: Settings, redis: ThrowawayRedis) -> dict[str, str]:
    """What a shell would have set."""
    found = {**os.environ}
    for name in Settings.model_fields:
        value = getattr(settings, name)
        if value is None or value == ():
            continue
        found[PREFIX + name.upper()] = value.get_secret_value() if isinstance(value, SecretStr) else str(value)
    found[f"{PREFIX}REDIS_URL"] = redis.url
    return found


def test_worker_relay_and_scheduler(installation: Installation, redis: ThrowawayRedis, tmp_path: Path) -> None:
    settings, runtime, counter = installation.settings, installation.runtime, installation.counter
    day = today_ist().isoformat()
    with (tmp_path / "processes.log").open("ab") as log:
        processes = {
            name: subprocess.Popen(
                [sys.executable, "-m", f"workers.{name}"], env=environment(settings, redis), stdout=log, stderr=log
            )
            for name in ("worker", "relay", "scheduler")
        }
    try:
        asked = counter.post("/exports", {"from": day, "to": day, "format": "csv"}).json

        def ready() -> bool:
            return bool(counter.get(f"/exports/{asked['id']}").json["state"] == "ready")

        until(ready, 40)
        swept = next(entry for entry in SCHEDULE if entry.job == "app.amc.jobs.sweep_trials")

        def sweeps() -> set[str]:
            with runtime.router.control() as control:
                return set(control.scalars(select(ControlJob.state).where(ControlJob.key.startswith(swept.name))))

        until(lambda: OutboxState.DONE.value in sweeps(), 40)
        assert {name: process.poll() for name, process in processes.items()} == dict.fromkeys(processes)
        for process in processes.values():
            process.terminate()
        assert {name: process.wait(40) for name, process in processes.items()} == dict.fromkeys(processes, 0)
    finally:
        for process in processes.values():
            if process.poll() is None:
                process.kill()
                process.wait()


@pytest.mark.parametrize("name", ["worker", "relay", "scheduler"])
def test_each_says_what_it_is(name: str) -> None:
    told = subprocess.run(
        [sys.executable, "-m", f"workers.{name}", "--help"], capture_output=True, text=True, check=True
    )
    assert "Owns the" in told.stdout


def test_a_queue_that_there_is_not_is_refused_at_once() -> None:
    told = subprocess.run(
        [sys.executable, "-m", "workers.worker", "--queues", "bills,later"], capture_output=True, text=True, check=False
    )
    assert told.returncode == 2
    assert "no such queue: later" in told.stderr
