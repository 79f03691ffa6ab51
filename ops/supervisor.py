"""Owns the application's processes while `./dev up` runs: starts them, starts again what dies, ends all of them."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

from ops.cluster.layout import SIDE_OFFSET, WEB_OFFSET
from ops.environment import environment_for, web_url
from ops.places import ROOT, Instance
from ops.processes import Processes
from ops.trouble import Trouble

SUPERVISOR = "supervisor"
FIRST_PAUSE = 0.5  # seconds before a child that died is started again; doubled each time it dies early
LONGEST_PAUSE = 15.0
STEADY_AFTER = 30.0  # a child that lived this long has its pauses forgiven


@dataclass
class Child:
    """One process of the application."""

    name: str
    command: tuple[str, ...]
    pause: float = FIRST_PAUSE
    started_at: float = 0.0
    start_again_at: float = 0.0
    deaths: int = field(default=0)

    def died(self, now: float) -> None:
        """Notes a death and when to start again: soon after a steady life, later and later otherwise."""
        if now - self.started_at > STEADY_AFTER:
            self.pause = FIRST_PAUSE
        self.deaths += 1
        self.start_again_at = now + self.pause
        self.pause = min(self.pause * 2, LONGEST_PAUSE)


def children(instance: Instance, settings: Mapping[str, str]) -> list[Child]:
    """What runs: with JOBS=inline the web processes do the jobs themselves."""
    found = [
        Child("web", _gunicorn(instance.port(WEB_OFFSET), "app.factory:create_app()", os.cpu_count() or 2, 16)),
        Child("side", _gunicorn(instance.port(SIDE_OFFSET), "app.factory:create_side_app()", 1, 64)),
    ]
    if settings["BOOLA_JOBS"] == "worker":
        found += [Child(name, (sys.executable, "-m", f"workers.{name}")) for name in ("worker", "relay", "scheduler")]
    return found


def _gunicorn(port: int, application: str, workers: int, threads: int) -> tuple[str, ...]:
    return (
        *(sys.executable, "-m", "gunicorn", application, "--bind", f"127.0.0.1:{port}"),
        *("--worker-class", "gthread", "--workers", str(workers), "--threads", str(threads)),
        *("--graceful-timeout", "10", "--timeout", "60", "--keep-alive", "75", "--no-control-socket"),
    )


class Supervisor:
    """Runs an instance's application in the foreground until a signal ends it."""

    def __init__(self, instance: Instance) -> None:
        self.instance = instance
        self.processes = Processes(instance.pids, instance.logs)
        self.environment = environment_for(instance)
        self.children = children(instance, self.environment)
        self._ending = threading.Event()
        self.processes.record(SUPERVISOR, os.getpid())
        for left in Path(self.environment["BOOLA_METRICS_DIR"]).glob("*.db"):  # counters of processes that are gone
            left.unlink(missing_ok=True)

    def start(self, *names: str) -> None:
        """Starts the processes of these names, as far as this way of running has them."""
        for child in self.children:
            if child.name in names:
                self._start(child)

    def wait_until_serving(self, limit: float = 60.0) -> None:
        """Waits for the first answer of the web server."""
        self.processes.wait_until_ready("web", lambda: answers(f"{web_url(self.instance)}/healthz"), limit)

    def watch(self) -> None:
        """Starts again whatever dies, until Ctrl-C, SIGTERM or `./dev down`."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._end)
        while not self._ending.wait(0.3):
            for child in self.children:
                self._look_after(child, time.monotonic())

    def stop(self) -> None:
        """Ends every process."""
        self.processes.stop([child.name for child in self.children], grace=15)

    def _end(self, number: int, frame: FrameType | None) -> None:
        self._ending.set()

    def _start(self, child: Child) -> None:
        child.started_at, child.start_again_at = time.monotonic(), 0.0
        self.processes.start(child.name, child.command, env=self.environment, cwd=ROOT)

    def _look_after(self, child: Child, now: float) -> None:
        if self.processes.alive(child.name) is not None:
            return
        if not child.start_again_at:
            child.died(now)
            print(f"{child.name} ended ({self.processes.last_words(child.name)}); starting it again", flush=True)
        elif now >= child.start_again_at:
            self.processes.end_group(child.name)  # its own children, were it killed alone
            self._start(child)


def running(instance: Instance) -> int | None:
    """The number of the instance's supervisor, if one runs."""
    return Processes(instance.pids, instance.logs).alive(SUPERVISOR)


def stop_elsewhere(
    instance: Instance, names: Sequence[str] = ("web", "side", "worker", "relay", "scheduler")
) -> list[str]:
    """Ends another terminal's supervisor, and whatever a killed one left behind."""
    processes = Processes(instance.pids, instance.logs)
    pid = processes.alive(SUPERVISOR)
    if pid is not None:
        os.kill(pid, signal.SIGTERM)
        deadline = time.monotonic() + 60
        while processes.alive(SUPERVISOR) is not None:
            if time.monotonic() > deadline:
                raise Trouble("The other ./dev up does not end", f"look at it (process {pid}), end it, and run again")
            time.sleep(0.1)
    ended = processes.stop(names, grace=15)
    processes.forget(SUPERVISOR)
    return [SUPERVISOR, *ended] if pid is not None else ended


def answers(url: str) -> bool:
    """Whether something serves this address, whatever it says."""
    try:
        with urllib.request.urlopen(url, timeout=2) as reply:  # noqa: S310 an address of our own
            return bool(reply.status < 500)
    except urllib.error.HTTPError as error:
        return error.code < 500
    except OSError:
        return False
