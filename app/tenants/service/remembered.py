"""Owns a short memory of what the control plane says of people: this process, then Redis, then whoever is asked.

Each layer believes a value for half of the bound, so nobody acts on what is older than 60 s. No clock of one machine is
compared with another's. Redis gone: the layer is passed over.
"""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Generic, TypeVar

from app.kit.ports import CacheDown, CacheStore

T = TypeVar("T")
BELIEVED_S = 25.0
NOTHING_BELIEVED_S = 5.0
MOST = 20_000


class Remembered(Generic[T]):
    """`write` and `read` turn a value into bytes and back; `load` gives None for what is not there (remembered 5 s)."""

    def __init__(
        self, store: CacheStore, prefix: str, *, write: Callable[[T], bytes], read: Callable[[bytes], T],
        elapsed: Callable[[], float] = time.monotonic,
    ) -> None:  # fmt: skip
        self._store = store
        self._prefix = prefix
        self._write = write
        self._read = read
        self._elapsed = elapsed
        self._lock = threading.Lock()
        self._here: OrderedDict[str, tuple[float, T | None]] = OrderedDict()

    def get(self, key: str, load: Callable[[], T | None], *, past_here: bool = False) -> T | None:
        """From here, from Redis, else by `load`, whose exceptions pass through and are not remembered.

        `past_here`: what this process remembers does not count, so a `forget` elsewhere is seen at once.
        """
        found, value = self._from_here(key)
        if found and not past_here:
            return value
        if (shared := self._from_store(key)) is not None:
            self._keep(key, shared, BELIEVED_S)
            return shared
        value = load()
        self._keep(key, value, BELIEVED_S if value is not None else NOTHING_BELIEVED_S)
        if value is not None:
            self._to_store(key, self._write(value), int(BELIEVED_S * 1000))
        return value

    def forget(self, key: str) -> None:
        """Here at once; elsewhere at the latest when their memory ends."""
        with self._lock:
            self._here.pop(key, None)
        self._to_store(key, b"", 1)

    def forget_all_here(self) -> None:
        with self._lock:
            self._here.clear()

    def _from_here(self, key: str) -> tuple[bool, T | None]:
        with self._lock:
            until, value = self._here.get(key, (0.0, None))
        return self._elapsed() < until, value

    def _from_store(self, key: str) -> T | None:
        try:
            (raw,) = self._store.read([self._prefix + key])
        except CacheDown:
            return None
        if not raw:
            return None
        try:
            return self._read(raw)
        except (ValueError, KeyError, TypeError):  # written by another version of the code
            return None

    def _to_store(self, key: str, value: bytes, ttl_ms: int) -> None:
        try:
            self._store.write(self._prefix + key, value, ttl_ms=ttl_ms)
        except CacheDown:
            return

    def _keep(self, key: str, value: T | None, seconds: float) -> None:
        with self._lock:
            self._here[key] = (self._elapsed() + seconds, value)
            self._here.move_to_end(key)
            while len(self._here) > MOST:
                self._here.popitem(last=False)
