"""Owns how many threads of one process may be busy with one shard at once: a slow shard cannot hold all of them.

A healthy shard's callers wait for their turn as they would for a connection. Once half of those inside have been there
for long, the shard is slow, and whoever comes is refused at once instead of standing in line.
"""

from __future__ import annotations

import threading
import time

from shard_router.errors import ShardUnavailable

LOOK_AGAIN = 0.05


class Bulkhead:
    """One shard's. A thread that is inside may enter again: it would only wait for itself."""

    __slots__ = ("_changed", "_inside", "_limit", "_shard", "_slow", "_wait")

    def __init__(self, shard: str, *, limit: int, slow: float, wait: float) -> None:
        self._shard, self._limit, self._slow, self._wait = shard, limit, slow, wait
        self._changed = threading.Condition()  # reentrant: a connection may come back by garbage collection
        self._inside: dict[int, tuple[int, float]] = {}  # thread -> how often, since when

    def enter(self) -> int:
        """Whose place it is, for `leave`. Raises ShardUnavailable."""
        me = threading.get_ident()
        with self._changed:
            mine = self._inside.get(me)
            if mine is None and len(self._inside) >= self._limit:
                self._wait_for_place()
            times, since = mine or (0, time.monotonic())
            self._inside[me] = (times + 1, since)
        return me

    def leave(self, whose: int) -> None:
        with self._changed:
            times, since = self._inside.get(whose, (1, 0.0))
            if times > 1:
                self._inside[whose] = (times - 1, since)
            else:
                self._inside.pop(whose, None)
                self._changed.notify()

    def _wait_for_place(self) -> None:
        ends = time.monotonic() + self._wait
        while len(self._inside) >= self._limit:
            now = time.monotonic()
            if self._is_slow(now):
                raise ShardUnavailable(self._shard, f"slow: {len(self._inside)} requests of this process wait for it")
            if now >= ends:
                raise ShardUnavailable(self._shard, f"no place free within {self._wait:g} s")
            self._changed.wait(min(LOOK_AGAIN, ends - now))

    def _is_slow(self, now: float) -> bool:
        long = sum(now - since > self._slow for _, since in self._inside.values())
        return long * 2 >= len(self._inside)
