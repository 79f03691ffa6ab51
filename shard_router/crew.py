"""Owns the threads that ask shards: few in all, and at most so many of them for one shard, whatever hangs there."""

from __future__ import annotations

from collections import Counter, defaultdict, deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Lock
from typing import Any, TypeVar

T = TypeVar("T")
Question = tuple[Future[Any], Callable[[], Any]]


class Crew:
    """A question to a shard that has its share of the threads already waits behind that shard's own, nobody else's."""

    def __init__(self, threads: int, per_shard: int) -> None:
        self._pool = ThreadPoolExecutor(threads, "router-fleet")
        self._per_shard = per_shard
        self._lock = Lock()
        self._busy: Counter[str] = Counter()
        self._waiting: defaultdict[str, deque[Question]] = defaultdict(deque)
        self._closed = False

    def submit(self, shard: str, question: Callable[[], T]) -> Future[T]:
        """Its answer; `cancel()` takes a question back that nobody has put yet."""
        future: Future[T] = Future()
        with self._lock:
            kept = (one for one in self._waiting[shard] if not one[0].cancelled())
            self._waiting[shard] = deque([*kept, (future, question)])
            self._begin(shard)
        return future

    def _begin(self, shard: str) -> None:
        waiting = self._waiting[shard]
        while waiting and (self._closed or self._busy[shard] < self._per_shard):
            future, question = waiting.popleft()
            if self._closed:
                future.cancel()
            else:
                self._busy[shard] += 1
                self._pool.submit(self._put, shard, future, question)

    def _put(self, shard: str, future: Future[Any], question: Callable[[], Any]) -> None:
        try:
            if future.set_running_or_notify_cancel():
                future.set_result(question())
        except BaseException as failed:  # noqa: BLE001 (whoever asked gets it)
            future.set_exception(failed)
        finally:
            with self._lock:
                self._busy[shard] -= 1
                self._begin(shard)

    def close(self) -> None:
        """Questions under way end by themselves; nobody waits for them."""
        with self._lock:
            self._closed = True
            for shard in list(self._waiting):
                self._begin(shard)
        self._pool.shutdown(wait=False)
