"""Owns the router's line to Redis: one connection a thread, no retries, and silence for a while after a failure.

The client library's pool and retry layers cost more than the round trip itself, and waiting is worse than not knowing:
every caller has something slower to fall back to.
"""

from __future__ import annotations

import threading
import time
from typing import Any

import redis
from redis.backoff import NoBackoff
from redis.connection import parse_url
from redis.retry import Retry


class RedisDown(Exception):
    """Redis did not answer, or failed a moment ago."""


class RedisLine:
    def __init__(self, url: str | None, *, timeout: float, rest: float) -> None:
        self._rest = rest
        self._rest_until = 0.0 if url else float("inf")
        self._local = threading.local()
        options: dict[str, Any] = {"socket_timeout": timeout, "socket_connect_timeout": timeout}
        self._options = options | (parse_url(url) if url else {})
        self._kind = self._options.pop("connection_class", redis.Connection)

    @property
    def available(self) -> bool:
        return time.monotonic() >= self._rest_until

    def call(self, *words: Any) -> Any:
        """One command, answered in bytes. Its own errors (a script's, a wrong type) are failures too."""
        return self.speak(*words)[0]

    def speak(self, *words: Any) -> tuple[Any, str]:
        """The answer, and the run id of the very server that gave it: a restarted Redis has another."""
        if time.monotonic() < self._rest_until:
            raise RedisDown("resting")
        line = getattr(self._local, "line", None) or self._connect()
        connection, run_id = line
        try:
            connection.send_command(*words)
            return connection.read_response(), run_id
        except (redis.RedisError, OSError) as bad:
            self._fail(connection)
            raise RedisDown(str(bad)) from bad

    @property
    def run_id(self) -> str:
        """Of the server that this thread's connection speaks to; connects if need be."""
        if time.monotonic() < self._rest_until:
            raise RedisDown("resting")
        line: tuple[Any, str] = getattr(self._local, "line", None) or self._connect()
        return line[1]

    def _connect(self) -> tuple[Any, str]:
        # Not from a pool: it counts what it ever made, a hundred at most, and a Redis away for long uses them up.
        connection = self._kind(**self._options, retry=Retry(NoBackoff(), 0))
        try:
            connection.connect()
            connection.send_command("INFO", "server")
            run_id = _run_id(connection.read_response())
        except (redis.RedisError, OSError) as bad:
            self._fail(connection)
            raise RedisDown(str(bad)) from bad
        self._local.line = (connection, run_id)
        return connection, run_id

    def _fail(self, connection: Any) -> None:
        self._local.line = None
        connection.disconnect()
        self._rest_until = time.monotonic() + self._rest

    def after_fork(self) -> None:
        """In the child: the parent's sockets are not ours."""
        self._local = threading.local()


def _run_id(info: bytes) -> str:
    for line in info.decode().splitlines():
        if line.startswith("run_id:"):
            return line[7:]
    raise redis.RedisError("INFO names no run_id")
