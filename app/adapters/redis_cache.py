"""Owns the cache's and the limits' own Redis connections: they give up in a tenth of a second, unlike the queue's."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any, TypeVar, cast

from redis import Redis
from redis.backoff import NoBackoff
from redis.connection import BlockingConnectionPool
from redis.exceptions import RedisError
from redis.retry import Retry

from app.kit.ports import CacheDown

T = TypeVar("T")
SECONDS = 0.1
POOL = 32

COUNT = """
local seen = {}
for i, key in ipairs(KEYS) do
  seen[i] = redis.call('INCR', key)
  if seen[i] == 1 then redis.call('EXPIRE', key, ARGV[1]) end
end
return seen
"""
REMOVE_IF = "if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end return 0"


class RedisCache:
    """A CacheStore on Redis; every failure is a CacheDown."""

    def __init__(self, url: str, *, prefix: str = "", seconds: float = SECONDS) -> None:
        pool = BlockingConnectionPool.from_url(
            url, max_connections=POOL, timeout=seconds, socket_timeout=seconds, socket_connect_timeout=seconds,
            retry=Retry(NoBackoff(), 0), health_check_interval=0,
        )  # fmt: skip
        self._redis: Any = Redis(connection_pool=pool)
        self._prefix = prefix
        self._count = self._redis.register_script(COUNT)
        self._remove_if = self._redis.register_script(REMOVE_IF)

    def read(self, keys: Sequence[str]) -> list[bytes | None]:
        return cast(list[bytes | None], self._ask(lambda: self._redis.mget(keys)))

    def write(self, key: str, value: bytes, *, ttl_ms: int) -> None:
        self._ask(lambda: self._redis.set(key, value, px=ttl_ms))

    def add(self, key: str, value: bytes, *, ttl_ms: int) -> bool:
        return bool(self._ask(lambda: self._redis.set(key, value, px=ttl_ms, nx=True)))

    def count(self, keys: Sequence[str], *, window_s: int) -> list[int]:
        named = [f"{self._prefix}{key}" for key in keys]
        return cast(list[int], self._ask(lambda: self._count(keys=named, args=[window_s])))

    def remove_if(self, key: str, value: bytes) -> None:
        self._ask(lambda: self._remove_if(keys=[key], args=[value]))

    def ping(self) -> float:
        began = time.perf_counter()
        self._ask(self._redis.ping)
        return (time.perf_counter() - began) * 1000

    def close(self) -> None:
        self._redis.close()

    @staticmethod
    def _ask(work: Callable[[], T]) -> T:
        try:
            return work()
        except (RedisError, OSError) as error:
            raise CacheDown(str(error)) from error
