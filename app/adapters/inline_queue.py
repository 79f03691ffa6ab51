"""Owns the queue of one process (`JOBS=inline`): no Redis, a worker thread beside the web, for the smallest host.

Holds one process's jobs. What it can't do: kill native code that hangs, since nobody stands outside.
"""

import queue
import threading
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from uuid import UUID

from app.kit.queueing import QUEUES, Listener, Ticket


class InlineQueue:
    """Tickets by urgency; `take` is the worker thread's end."""

    def __init__(self) -> None:
        self._waiting: dict[str, deque[Ticket]] = {name: deque() for name in QUEUES}
        self._filled = threading.Condition()
        self._pokes: set[int | None] = set()
        self._poked = threading.Event()
        self._listeners: dict[UUID, list[_Inbox]] = {}

    def push(self, ticket: Ticket) -> None:
        with self._filled:
            line = self._waiting[ticket.queue]
            if ticket not in line:
                line.append(ticket)
                self._filled.notify()

    def take(self, timeout: float) -> Ticket | None:
        """The most urgent ticket, or None when there was none for so long."""
        with self._filled:
            if not any(self._waiting.values()):
                self._filled.wait(timeout)
            for line in self._waiting.values():
                if line:
                    return line.popleft()
        return None

    def poke(self, shop_id: int | None) -> None:
        with self._filled:
            self._pokes.add(shop_id)
        self._poked.set()

    def wait_for_pokes(self, seconds: float) -> set[int | None]:
        self._poked.wait(seconds)
        self._poked.clear()
        with self._filled:
            pokes, self._pokes = self._pokes, set()
        return pokes

    def publish(self, job_id: UUID, event: Mapping[str, Any]) -> None:
        for inbox in tuple(self._listeners.get(job_id, ())):
            inbox.put(event)

    @contextmanager
    def listen(self, job_id: UUID) -> Iterator[Listener]:
        inbox = _Inbox()
        self._listeners.setdefault(job_id, []).append(inbox)
        try:
            yield inbox
        finally:
            self._listeners[job_id].remove(inbox)
            if not self._listeners[job_id]:
                self._listeners.pop(job_id, None)

    def lead(self, role: str, seconds: int) -> bool:
        """Always: where several such processes run, the dated keys of the schedule keep its jobs single."""
        return True

    def resign(self, role: str) -> None:
        """Nobody else waits for it."""

    def ping(self) -> bool:
        return True

    def depths(self) -> Mapping[str, int]:
        return {name: len(line) for name, line in self._waiting.items()}

    def close(self) -> None:
        """Nothing to send."""


class _Inbox:
    def __init__(self) -> None:
        self._events: queue.SimpleQueue[Mapping[str, Any]] = queue.SimpleQueue()

    def put(self, event: Mapping[str, Any]) -> None:
        self._events.put(event)

    def next(self, timeout: float) -> Mapping[str, Any] | None:
        try:
            return self._events.get(timeout=timeout)
        except queue.Empty:
            return None
