"""Owns the cache's and the limits' own Redis connections: they give up in a tenth of a second, unlike the queue's.

What is cached is kept under the run of the server that holds it: a Redis that was killed comes back with its file, and
that file does not know what was to be forgotten while it was gone.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any, cast

from redis.backoff import NoBackoff
from redis.connection import BlockingConnectionPool
from redis.exceptions import RedisError
from redis.retry import Retry

from app.kit.ports import CacheDown

SECONDS = 0.1
POOL = 32
RUN_LENGTH = 12

COUNT = """
local seen = {}
for i, key in ipairs(KEYS) do
  seen[i] = redis.call('INCR', key)
  if seen[i] == 1 then redis.call('EXPIRE', key, ARGV[1]) end
end
return seen
"""
REMOVE_IF = "if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end return 0"

Words = Sequence[Any]


class RedisCache:
    """A CacheStore on Redis; every failure is a CacheDown."""

    def __init__(self, url: str, *, prefix: str = "", seconds: float = SECONDS) -> None:
        self._pool: Any = BlockingConnectionPool.from_url(
            url, max_connections=POOL, timeout=seconds, socket_timeout=seconds, socket_connect_timeout=seconds,
            retry=Retry(NoBackoff(), 0), health_check_interval=0, redis_connect_func=_begin,
        )  # fmt: skip
        self._prefix = prefix

    def read(self, keys: Sequence[str]) -> list[bytes | None]:
        found = self._ask(lambda run: ("MGET", *(f"{key}@{run}" for key in keys)))
        return cast(list[bytes | None], found)

    def write(self, key: str, value: bytes, *, ttl_ms: int) -> None:
        self._ask(lambda run: ("SET", f"{key}@{run}", value, "PX", ttl_ms))

    def add(self, key: str, value: bytes, *, ttl_ms: int) -> bool:
        return self._ask(lambda run: ("SET", f"{key}@{run}", value, "PX", ttl_ms, "NX")) is not None

    def count(self, keys: Sequence[str], *, window_s: int) -> list[int]:
        """Counters outlive a run: a kill of Redis gives nobody more than the rate."""
        named = [f"{self._prefix}{key}" for key in keys]
        return cast(list[int], self._ask(lambda run: ("EVAL", COUNT, len(named), *named, window_s)))

    def remove_if(self, key: str, value: bytes) -> None:
        self._ask(lambda run: ("EVAL", REMOVE_IF, 1, f"{key}@{run}", value))

    def ping(self) -> float:
        began = time.perf_counter()
        self._ask(lambda run: ("PING",))
        return (time.perf_counter() - began) * 1000

    def close(self) -> None:
        self._pool.disconnect()

    def _ask(self, words: Callable[[str], Words]) -> Any:
        """One command on one connection; the keys' run must be that connection's own."""
        try:
            connection = self._pool.get_connection()
        except (RedisError, OSError) as error:
            raise CacheDown(str(error)) from error
        try:
            connection.send_command(*words(connection.run))
            return connection.read_response()
        except (RedisError, OSError) as error:
            connection.disconnect()  # an answer that comes late must be nobody's
            raise CacheDown(str(error)) from error
        finally:
            self._pool.release(connection)


def _begin(connection: Any) -> None:
    """Each new connection learns whose it is; one of a server that has ended never answers again."""
    connection.on_connect()
    connection.send_command("INFO", "server")
    lines = bytes(connection.read_response()).decode().splitlines()
    runs = [line.partition(":")[2] for line in lines if line.startswith("run_id:")]
    if not runs:
        raise RedisError("INFO names no run_id")
    connection.run = runs[0][:RUN_LENGTH]
