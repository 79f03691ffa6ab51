"""Owns what a queue is to the application: a hint, never the truth. The outbox in the shard is the truth."""

from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Protocol
from uuid import UUID

QUEUES = ("bills", "default", "exports", "pictures", "moves")
"""In order of urgency; every one must be consumed by some worker (a meta-test holds that)."""


class QueueUnavailable(Exception):
    """The queue can't be reached: rows stay waiting in the outbox, the relay comes again."""


@dataclass(frozen=True, slots=True)
class Ticket:
    """One outbox row on its way to a worker; `attempts` is how often it was begun when this ticket was written."""

    outbox_id: UUID
    shop_id: int | None  # None: the control plane's outbox
    attempts: int
    queue: str
    time_limit: int  # seconds after which the worker's parent kills the job

    @property
    def job_id(self) -> str:
        return self.outbox_id.hex


class Listener(Protocol):
    """What comes in of one job's progress."""

    def next(self, timeout: float) -> Mapping[str, Any] | None:
        """The next event, or None after `timeout` seconds or when nothing can be heard."""


class JobQueue(Protocol):
    """Carries tickets to workers, pokes to the relay, progress to whoever watches. Losing it all loses no job."""

    def push(self, ticket: Ticket) -> None:
        """Hand over; a job that still waits in the queue is not doubled. Raises QueueUnavailable."""

    def poke(self, shop_id: int | None) -> None:
        """Tell the relay that this shop (None: the control plane) committed jobs. Never waits, never raises."""

    def wait_for_pokes(self, seconds: float) -> set[int | None]:
        """Sleep until somebody pokes, at most so long; says who did. Raises QueueUnavailable."""

    def publish(self, job_id: UUID, event: Mapping[str, Any]) -> None:
        """Tell whoever watches this job. Best effort: never raises, and a dead queue costs at most a moment."""

    def listen(self, job_id: UUID) -> AbstractContextManager[Listener]: ...

    def lead(self, role: str, seconds: int) -> bool:
        """Whether this process holds the role now, taken or renewed for `seconds`. Raises QueueUnavailable."""

    def resign(self, role: str) -> None: ...

    def ping(self) -> bool: ...

    def depths(self) -> Mapping[str, int]:
        """Waiting jobs per queue. Raises QueueUnavailable."""
