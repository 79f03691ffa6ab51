"""Owns the cache of each shop: what is dear to work out is kept under the shop, and one bump forgets all of it.

Holds nothing that is not in the database as well: without Redis everything is worked out each time (bypass). A value is
stored with the shop's generation as it was *before* the value was worked out, so what was read before a bump can never
be served after it. A bump that could not reach Redis is owed: this process serves nothing of that shop before it is
paid, and pays as soon as Redis answers. What breaks the promise: a process that ends, or is frozen, while it owes; or
another process that reaches Redis first. Then old values are served for a second, or, if nobody pays, until their time
to live is over, which is why none is longer than MAX_TTL. (What a killed Redis brings back from its file is never
served: app/adapters/redis_cache.py.)
"""

from __future__ import annotations

import random
import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

import orjson
from sqlalchemy import event

from app.kit.ports import CacheDown, CacheStore
from shard_router import ShopSession

J = TypeVar("J")
MAX_TTL = 300.0
GENERATION_TTL_MS = 24 * 3600 * 1000
GENERATION_BYTES = 8
LOCK_MS = 3_000
LOCK_WAIT = 0.25
POLL = 0.01
JITTER = 0.1
PAYS_EVERY = 0.5


class Outcomes(Protocol):
    """Counts reads by outcome: hit, miss, bypass."""

    def __call__(self, outcome: str) -> None: ...


@dataclass
class Flight:
    """One value being worked out in this process; the others wait for it."""

    done: threading.Event = field(default_factory=threading.Event)
    value: Any = None
    failed: bool = False


@dataclass(frozen=True, slots=True)
class Kept:
    """A value that was found; None is one too."""

    it: Any


class ShopCache:
    """Values are JSON. Times to live are jittered, so that shops opened together do not expire together."""

    def __init__(self, store: CacheStore, *, prefix: str = "boola:", count: Outcomes = lambda outcome: None) -> None:
        self._store = store
        self._prefix = prefix
        self._count = count
        self._flights: dict[str, Flight] = {}
        self._owed: dict[int, float] = {}  # shops whose bump did not reach Redis, and when that no longer matters
        self._lock = threading.Lock()

    def get(self, shop_id: int, name: str, work_out: Callable[[], J], *, ttl: float) -> J:
        """The value, from the cache or worked out; only one asker at a time works it out, in all processes together."""
        try:
            if shop_id in self._owed:
                self._pay(shop_id)
            generation, value = self._look(shop_id, name)
        except CacheDown:
            self._count("bypass")
            return work_out()
        if value is not None:
            self._count("hit")
            return value.it  # type: ignore[no-any-return]
        self._count("miss")
        return self._fly(shop_id, name, generation, work_out, min(ttl, MAX_TTL))

    def forget(self, shop_id: int) -> None:
        """Forget everything of a shop. With Redis gone nothing is served; once it answers again, nothing old is."""
        try:
            self._bump(shop_id)
        except CacheDown:
            self._owe(shop_id)

    def forget_after(self, db: ShopSession) -> None:
        """Forget everything of this session's shop once it has committed; a service calls it beside its write."""
        if db.info.setdefault("forgets", self) is self and "forget_listens" not in db.info:
            db.info["forget_listens"] = True
            event.listen(db, "after_commit", lambda session: self.forget(session.shop_id))

    # -- what is owed -----------------------------------------------------------------------------------------------

    def _bump(self, shop_id: int) -> None:
        self._store.write(self._generation_key(shop_id), _fresh(), ttl_ms=GENERATION_TTL_MS)

    def _owe(self, shop_id: int) -> None:
        with self._lock:
            alone = not self._owed
            self._owed[shop_id] = time.monotonic() + MAX_TTL
        if alone:
            threading.Thread(target=self._pay_all, daemon=True, name="cache bumps").start()

    def _pay(self, shop_id: int) -> None:
        """Raises CacheDown. A bump that fell due meanwhile stays owed."""
        until = self._owed.get(shop_id)
        self._bump(shop_id)
        with self._lock:
            if self._owed.get(shop_id) == until:
                self._owed.pop(shop_id, None)

    def _pay_all(self) -> None:
        """Beside the requests, for the other processes' sake; ends when nothing is owed."""
        while True:
            time.sleep(PAYS_EVERY)
            for shop_id, until in list(self._owed.items()):
                try:
                    self._pay(shop_id)
                except CacheDown:
                    if time.monotonic() < until:
                        break
                    self._owed.pop(shop_id, None)  # whatever was old has ended by itself
            with self._lock:
                if not self._owed:
                    return

    # -- one value in this process ----------------------------------------------------------------------------------

    def _fly(self, shop_id: int, name: str, generation: bytes, work_out: Callable[[], J], ttl: float) -> J:
        key = f"{shop_id}:{generation.hex()}:{name}"
        with self._lock:
            flight = self._flights.get(key)
            first = flight is None
            if flight is None:
                flight = self._flights[key] = Flight()
        if not first:
            flight.done.wait(LOCK_WAIT + LOCK_MS / 1000)
            return work_out() if flight.failed or not flight.done.is_set() else flight.value
        try:
            flight.value = self._shared(shop_id, name, generation, work_out, ttl)
            return flight.value  # type: ignore[no-any-return]
        except BaseException:
            flight.failed = True
            raise
        finally:
            with self._lock:
                del self._flights[key]
            flight.done.set()

    # -- one value in all processes ---------------------------------------------------------------------------------

    def _shared(self, shop_id: int, name: str, generation: bytes, work_out: Callable[[], J], ttl: float) -> J:
        lock, mine = f"{self._value_key(shop_id, name)}:lock", _fresh()
        try:
            if not self._store.add(lock, mine, ttl_ms=LOCK_MS):
                found = self._await(shop_id, name)
                if found is not None:
                    return found.it  # type: ignore[no-any-return]
            value = work_out()
            self._keep(shop_id, name, generation, value, ttl)
            self._store.remove_if(lock, mine)
        except CacheDown:
            return work_out()
        return value

    def _await(self, shop_id: int, name: str) -> Kept | None:
        """What another process is working out, if it is ready soon; it may have died, so not for long."""
        until = time.monotonic() + LOCK_WAIT
        while time.monotonic() < until:
            time.sleep(POLL)
            _, value = self._look(shop_id, name)
            if value is not None:
                return value
        return None

    def _keep(self, shop_id: int, name: str, generation: bytes, value: Any, ttl: float) -> None:
        jittered = ttl * random.uniform(1 - JITTER, 1)  # noqa: S311 (spreads load, hides nothing)
        body = generation + orjson.dumps(value)
        try:
            self._store.write(self._value_key(shop_id, name), body, ttl_ms=max(1, int(jittered * 1000)))
        except CacheDown:
            return

    def _look(self, shop_id: int, name: str) -> tuple[bytes, Kept | None]:
        """The shop's generation and, if it is of this generation, the value: one round trip."""
        generation, body = self._store.read([self._generation_key(shop_id), self._value_key(shop_id, name)])
        if generation is None:
            return self._begin_generation(shop_id), None
        if body is None or body[:GENERATION_BYTES] != generation:
            return generation, None
        try:
            return generation, Kept(orjson.loads(body[GENERATION_BYTES:]))
        except orjson.JSONDecodeError:  # not of our writing: as good as nothing
            return generation, None

    def _begin_generation(self, shop_id: int) -> bytes:
        """Never a counter: after an eviction it would begin again at a number that old values still carry."""
        key, fresh = self._generation_key(shop_id), _fresh()
        if self._store.add(key, fresh, ttl_ms=GENERATION_TTL_MS):
            return fresh
        return self._store.read([key])[0] or fresh

    def _generation_key(self, shop_id: int) -> str:
        return f"{self._prefix}cache:{{{shop_id}}}"

    def _value_key(self, shop_id: int, name: str) -> str:
        return f"{self._prefix}cache:{{{shop_id}}}:{name}"


def _fresh() -> bytes:
    return secrets.token_bytes(GENERATION_BYTES)


class Breaker:
    """In front of a cache store: after a failure it is left alone for a while, so that a dead one costs nothing.

    One caller at a time finds out whether it is back.
    """

    def __init__(self, store: CacheStore, *, rest: float = 1.0, clock: Callable[[], float] = time.monotonic) -> None:
        self._store = store
        self._rest = rest
        self._clock = clock
        self._closed_until = 0.0
        self._lock = threading.Lock()

    @property
    def is_open(self) -> bool:
        return self._clock() < self._closed_until

    def _call(self, work: Callable[[], J]) -> J:
        if self._closed_until:
            with self._lock:
                if self._clock() < self._closed_until:
                    raise CacheDown("left alone for a moment")
                self._closed_until = self._clock() + self._rest  # the others go on without, while this one tries
        try:
            value = work()
        except CacheDown:
            self._closed_until = self._clock() + self._rest
            raise
        self._closed_until = 0.0
        return value

    def read(self, keys: Any) -> list[bytes | None]:
        return self._call(lambda: self._store.read(keys))

    def write(self, key: str, value: bytes, *, ttl_ms: int) -> None:
        return self._call(lambda: self._store.write(key, value, ttl_ms=ttl_ms))

    def add(self, key: str, value: bytes, *, ttl_ms: int) -> bool:
        return self._call(lambda: self._store.add(key, value, ttl_ms=ttl_ms))

    def count(self, keys: Any, *, window_s: int) -> list[int]:
        return self._call(lambda: self._store.count(keys, window_s=window_s))

    def remove_if(self, key: str, value: bytes) -> None:
        return self._call(lambda: self._store.remove_if(key, value))

    def ping(self) -> float:
        """Asks the store itself: health wants to know, not to be spared."""
        return self._store.ping()


class NoStore:
    """Where there is no Redis by choice: every cache is bypassed, limits count in the process."""

    def read(self, keys: Any) -> list[bytes | None]:
        raise CacheDown("no cache is set up")

    def write(self, key: str, value: bytes, *, ttl_ms: int) -> None:
        raise CacheDown("no cache is set up")

    def add(self, key: str, value: bytes, *, ttl_ms: int) -> bool:
        raise CacheDown("no cache is set up")

    def count(self, keys: Any, *, window_s: int) -> list[int]:
        raise CacheDown("no cache is set up")

    def remove_if(self, key: str, value: bytes) -> None:
        raise CacheDown("no cache is set up")

    def ping(self) -> float:
        raise CacheDown("no cache is set up")
