"""Owns following a job: what it is now, then every change as it comes, until it has ended."""

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID

import orjson

from app.kit import outbox
from app.kit.jobs import SYSTEM
from app.kit.outbox import JobView
from app.kit.runtime import Runtime
from app.live.errors import TooManyStreams
from shard_router import Mode, ShopSession

PER_PERSON = 6
LOOK_EVERY = 2.0
"""Seconds without news after which the row itself is read: also with no Redis nobody waits for ever."""

BEAT_EVERY = 15.0
LONGEST = 600.0
ENDED = ("done", "failed")


class Streams:
    """Counts who follows how much in this process; a stream holds a thread."""

    def __init__(self, most: int = PER_PERSON) -> None:
        self._most = most
        self._open: Counter[UUID] = Counter()
        self._lock = threading.Lock()

    def enter(self, person_id: UUID) -> None:
        """Raises TooManyStreams."""
        with self._lock:
            if self._open[person_id] >= self._most:
                raise TooManyStreams(headers={"Retry-After": "5"})
            self._open[person_id] += 1

    def leave(self, person_id: UUID) -> None:
        with self._lock:
            self._open[person_id] -= 1
            if self._open[person_id] <= 0:
                del self._open[person_id]


def get_job(db: ShopSession, *, job_id: UUID) -> JobView:
    """Raises JobNotFound; another shop's job is not found either."""
    return outbox.get_job(db, job_id)


def document(view: JobView) -> dict[str, Any]:
    """What a browser is told of a job; the events of the queue carry parts of it under the same names."""
    return {
        "id": str(view.id), "job": view.job, "state": view.state.value, "stepsDone": view.steps_done,
        "stepsTotal": view.steps_total, "result": view.result, "error": view.error,
    }  # fmt: skip


def follow(
    runtime: Runtime, *, shop_id: int, job_id: UUID, still_allowed: Callable[[], bool], longest: float = LONGEST
) -> Iterator[bytes]:
    """Server-sent events: `job` with the whole document at first and at each change, `end` when it has ended.

    Listening begins before the first look at the row, so nothing falls between the two. Who has signed out meanwhile is
    told nothing more after LOOK_EVERY, whatever the job does.
    """
    ends = time.monotonic() + longest
    with runtime.queue.listen(job_id) as listener:
        told = _look(runtime, shop_id, job_id)
        yield _event("job", told)
        beat = asked = time.monotonic()
        while told["state"] not in ENDED and time.monotonic() < ends:
            news = listener.next(LOOK_EVERY)
            if time.monotonic() - asked >= LOOK_EVERY:
                if not still_allowed():
                    return
                asked = time.monotonic()
            known = {**told, **news} if news is not None else _look(runtime, shop_id, job_id)
            if known != told:
                told = known
                yield _event("job", told)
                beat = time.monotonic()
            elif time.monotonic() - beat > BEAT_EVERY:
                yield b": still here\n\n"
                beat = time.monotonic()
    if told["state"] in ENDED:
        yield _event("end", {"state": told["state"]})


def _look(runtime: Runtime, shop_id: int, job_id: UUID) -> dict[str, Any]:
    with runtime.router.shop(shop_id, SYSTEM, mode=Mode.READ) as db:
        return document(outbox.get_job(db, job_id))


def _event(name: str, data: dict[str, Any]) -> bytes:
    return b"event: " + name.encode() + b"\ndata: " + orjson.dumps(data) + b"\n\n"
