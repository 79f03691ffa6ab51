"""Owns how fast a move goes: it rests after each piece of work, longer when the target commits slowly, and waits for
the target's replicas."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from shard_router.moves.errors import MoveInterrupted
from shard_router.moves.lines import Line, ServerLost
from shard_router.moves.states import Limits

LOOK = 0.05  # seconds between two looks at replicas that are behind


class Pace:
    """`gently` stands around each piece of work, `rest` between two chunks. Replicas that do not answer are not waited
    for; those that lag are."""

    def __init__(self, limits: Limits, replicas: Sequence[Line], pause: Callable[[float], None] = time.sleep) -> None:
        self._limits = limits
        self._replicas = list(replicas)
        self._pause = pause
        self._began = time.monotonic()
        self._rows = 0
        self._commits: deque[tuple[float, str]] = deque()  # of chunks that some replica lacks as far as is known
        self.rested = 0.0

    @contextmanager
    def gently(self) -> Iterator[None]:
        """Rests in proportion to the time that the work within took: a server that is busy gets longer rests."""
        began = time.monotonic()
        yield
        ended = time.monotonic()
        if self._limits.share < 1:
            self._pause((ended - began) * (1 / self._limits.share - 1))
            self.rested += time.monotonic() - ended

    def rest(self, rows: int, committing: float, gtid: str) -> None:
        began = time.monotonic()
        self._rows += rows
        if self._limits.rows_per_s:
            ahead = self._rows / self._limits.rows_per_s - (began - self._began)
            if ahead > 0:
                self._pause(ahead)
        if committing > self._limits.target_commit:
            self._pause(committing)
        self._wait_for_replicas(began, gtid)
        self.rested += time.monotonic() - began

    def _wait_for_replicas(self, now: float, gtid: str) -> None:
        self._commits.append((now, gtid))
        while self._commits and time.monotonic() - self._commits[0][0] > self._limits.replica_lag:
            if self._all_have(self._commits[-1][1]):
                self._commits.clear()
            elif self._all_have(self._commits[0][1]):
                self._commits.popleft()
            elif time.monotonic() - now > self._limits.replica_wait:
                raise MoveInterrupted("the target's replicas do not catch up; the move waits to be run again")
            else:
                self._pause(LOOK)

    def _all_have(self, gtid: str) -> bool:
        return all(self._has(line, gtid) for line in list(self._replicas))

    def _has(self, line: Line, gtid: str) -> bool:
        try:
            return bool(line.scalar("SELECT GTID_SUBSET(%s, @@global.gtid_executed)", (gtid,)))
        except ServerLost:
            self._replicas.remove(line)
            return True
