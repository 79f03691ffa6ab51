"""Owns how many threads of one process may be busy with one shard at once, and how many of these with one shop.

While all is well callers stand in line, the first to come being the first to go in. Once more than half of those inside
have been there for long, whoever comes is refused at once instead of standing in line.
"""

from __future__ import annotations

import threading
import time

from shard_router.errors import ShardUnavailable, ShopCrowded

LOOK_AGAIN = 0.05


class Bulkhead:
    """One shard's, or one shop's. A thread that is inside may enter again: it would only wait for itself."""

    __slots__ = ("_changed", "_inside", "_limit", "_line", "_longest", "_shard", "_slow", "_wait")

    def __init__(
        self,
        shard: str,
        *,
        limit: int,
        slow: float,
        wait: float,
        line: int | None = None,
        lock: threading.RLock | None = None,
    ) -> None:
        """`line`: how many may wait; more are too many of one shop. `lock`: where several are looked after together."""
        self._shard, self._limit, self._slow, self._wait, self._longest = shard, limit, slow, wait, line
        self._changed = threading.Condition(lock)  # reentrant: a connection may come back by garbage collection
        self._inside: dict[int, tuple[int, float]] = {}  # thread -> how often, since when
        self._line: list[int] = []  # threads, the first to go in first

    @property
    def idle(self) -> bool:
        return not self._inside and not self._line

    def enter(self) -> int:
        """Whose place it is, for `leave`. Raises ShardUnavailable."""
        me = threading.get_ident()
        with self._changed:
            mine = self._inside.get(me)
            if mine is None and (self._line or len(self._inside) >= self._limit):
                self._stand_in_line(me)
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
                self._changed.notify_all()

    def _stand_in_line(self, me: int) -> None:
        now = time.monotonic()
        ends = now + self._wait
        self._refuse_if_slow(now)
        under_way = len(self._inside) + len(self._line)  # a place just left is for who is called to it
        if self._longest is not None and under_way >= self._limit + self._longest:
            raise ShopCrowded(self._shard, f"{under_way} requests of one shop are under way")
        self._line.append(me)
        try:
            while self._line[0] != me or len(self._inside) >= self._limit:
                now = time.monotonic()
                self._refuse_if_slow(now)
                if now >= ends:
                    raise ShardUnavailable(self._shard, f"no place free within {self._wait:g} s")
                self._changed.wait(min(LOOK_AGAIN, ends - now))
        finally:
            self._line.remove(me)
            self._changed.notify_all()

    def _refuse_if_slow(self, now: float) -> None:
        inside = list(self._inside.values())
        long = sum(now - since > self._slow for _, since in inside)
        if len(inside) >= self._limit and long * 2 > len(inside):
            raise ShardUnavailable(self._shard, f"slow: {len(inside)} requests of this process wait for it")


class Shares:
    """Of each shop: at most half of its shard's places, and as many requests again as the shard has places may wait.

    So one shop never takes its neighbours' places, and three quarters of a web process's threads at most."""

    def __init__(self, shard_threads: int, *, slow: float, wait: float) -> None:
        self._limit, self._longest = -(-shard_threads // 2), shard_threads
        self._slow, self._wait = slow, wait
        self._lock = threading.RLock()
        self._shops: dict[int, Bulkhead] = {}  # of those that have anything under way

    def enter(self, shop_id: int, shard: str) -> int:
        """Whose place it is, for `leave`. Raises ShopCrowded, ShardUnavailable."""
        with self._lock:
            own = self._shops.get(shop_id)
            if own is None:
                own = self._shops[shop_id] = Bulkhead(
                    shard, limit=self._limit, slow=self._slow, wait=self._wait, line=self._longest, lock=self._lock
                )
            try:
                return own.enter()
            finally:
                self._forget_idle(shop_id, own)

    def leave(self, shop_id: int, whose: int) -> None:
        with self._lock:
            own = self._shops.get(shop_id)
            if own is not None:
                own.leave(whose)
                self._forget_idle(shop_id, own)

    def _forget_idle(self, shop_id: int, own: Bulkhead) -> None:
        if own.idle:
            self._shops.pop(shop_id, None)
