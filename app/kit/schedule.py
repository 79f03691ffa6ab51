"""Owns the clock's wishes: what is due by IST becomes one job of the control plane per date, whoever asks how often.

One process leads (a key in Redis); the dated key of the outbox is what keeps it once. Started late, the newest missed
moment is made up for; jobs are told their date, so a late sweep sweeps the right day.
"""

import datetime as dt
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from uuid import UUID

import structlog
from sqlalchemy.exc import DBAPIError

from app.kit import outbox
from app.kit.clock import ist, utc_now
from app.kit.queueing import QueueUnavailable
from app.kit.runtime import Runtime
from app.kit.transactions import write_control
from shard_router import ControlSession
from shard_router.errors import RouterError

log = structlog.get_logger(__name__)

LOOK_EVERY = 15.0
LEADS_FOR = 60
ROLE = "scheduler"


@dataclass(frozen=True, slots=True)
class Entry:
    """`at` is a time of day in India, 00:10, or *:05 for every hour; the job gets `on`, the date it is due for."""

    name: str
    at: str
    job: str

    def due_at(self, now: dt.datetime) -> dt.datetime:
        """The newest moment that is not in the future."""
        hour, minute = self.at.split(":")
        local = ist(now)
        moment = local.replace(minute=int(minute), second=0, microsecond=0)
        if hour == "*":
            return moment if moment <= local else moment - dt.timedelta(hours=1)
        moment = moment.replace(hour=int(hour))
        return moment if moment <= local else moment - dt.timedelta(days=1)


class Scheduler:
    """Looks every few seconds while it leads; `run` until told to stop."""

    def __init__(self, runtime: Runtime, entries: Sequence[Entry]) -> None:
        self._runtime = runtime
        self._entries = entries
        self._asked: dict[str, dt.datetime] = {}

    def run(self, stop: threading.Event) -> None:
        while not stop.is_set():
            try:
                if self._runtime.queue.lead(ROLE, LEADS_FOR):
                    self.look(utc_now())
            except QueueUnavailable:
                log.warning("the queue is unreachable; nothing is scheduled until it is back")
            except (RouterError, DBAPIError):
                log.warning("the control plane is unreachable; the schedule waits", exc_info=True)
            stop.wait(LOOK_EVERY)
        self._runtime.queue.resign(ROLE)

    def look(self, now: dt.datetime) -> list[str]:
        """Ask for what is due and was not asked for yet; gives the names."""
        due = [(entry, entry.due_at(now)) for entry in self._entries]
        wanted = [(entry, at) for entry, at in due if self._asked.get(entry.name) != at]
        for entry, at in wanted:
            write_control(self._runtime.router, partial(_ask, entry, at))
            self._asked[entry.name] = at
        if wanted:
            self._runtime.queue.poke(None)
        return [entry.name for entry, _ in wanted]


def _ask(entry: Entry, at: dt.datetime, control: ControlSession) -> UUID:
    key = f"{entry.name}-{at:%Y%m%dT%H%M}"
    return outbox.enqueue_control(control, entry.job, key=key, params={"on": at.date().isoformat()})
