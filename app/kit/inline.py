"""Owns one-process mode (`JOBS=inline`): relay, worker and schedule as threads beside the web, with no Redis at all.

For the smallest host. What it gives up: nobody can kill native code that hangs, and a busy job shares the web's
processor. The outbox, its leases and its retries are the same, so a killed process loses no job.
"""

import threading
from collections.abc import Callable, Sequence
from typing import Protocol

import structlog

from app.kit.jobruns import run_job
from app.kit.queueing import Ticket
from app.kit.relay import Relay
from app.kit.runtime import Runtime
from app.kit.schedule import Entry, Scheduler

log = structlog.get_logger(__name__)


class TakesTickets(Protocol):
    """The worker's end of a queue that lives in this process."""

    def take(self, timeout: float) -> Ticket | None: ...


class InlineWorkers:
    """The three threads. They are daemons: a process that ends leaves its job to whoever starts next."""

    def __init__(self, runtime: Runtime, queue: TakesTickets, schedule: Sequence[Entry]) -> None:
        self._runtime = runtime
        self._queue = queue
        self._stop = threading.Event()
        loops: tuple[tuple[str, Callable[[], None]], ...] = (
            ("inline-relay", lambda: Relay(runtime).run(self._stop)),
            ("inline-schedule", lambda: Scheduler(runtime, schedule).run(self._stop)),
            ("inline-worker", self._work),
        )
        self._threads = [threading.Thread(target=loop, name=name, daemon=True) for name, loop in loops]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Returns once the job under way has ended."""
        self._stop.set()
        for thread in self._threads:
            thread.join(timeout=60)

    def _work(self) -> None:
        while not self._stop.is_set():
            ticket = self._queue.take(timeout=0.5)
            if ticket is None:
                continue
            try:
                run_job(self._runtime, shop_id=ticket.shop_id, job_id=ticket.outbox_id, attempts=ticket.attempts)
            except Exception:  # the thread is the only worker there is: it goes on, the lease brings the job back
                log.exception("a job could not be begun")
