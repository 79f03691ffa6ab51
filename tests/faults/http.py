"""Owns one till's line to the web server: keep-alive HTTP with a limit, where a broken line is an answer too."""

import http.client
import json
import time
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

LONGEST = 30.0
RESTED = 1.0  # seconds; an older connection is not trusted, so that a server's own time-out is no error of its


@dataclass(frozen=True)
class Answer:
    """What came back; status 0 where nothing did."""

    status: int
    body: bytes
    headers: dict[str, str]
    began: float
    seconds: float
    broken: str = ""

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def code(self) -> str:
        """The problem's stable code, or what broke the line."""
        if self.broken:
            return self.broken
        try:
            return str(self.json.get("code", "")) if self.status >= 400 else ""
        except ValueError:
            return "not json"

    @property
    def ok(self) -> bool:
        return self.status in (200, 201, 202)


@dataclass
class Line:
    """Not for several threads at once."""

    url: str
    _connection: http.client.HTTPConnection | None = field(default=None, repr=False)
    _used_at: float = 0.0

    def send(self, method: str, path: str, *, headers: dict[str, str], body: bytes | None = None) -> Answer:
        began = time.monotonic()
        try:
            connection = self._open(began)
            sent = {"Content-Type": "application/json", **headers} if body is not None else headers
            connection.request(method, path, body=body, headers=sent)
            reply = connection.getresponse()
            content = reply.read()
        except (OSError, http.client.HTTPException) as broken:
            self.close()
            return Answer(0, b"", {}, began, time.monotonic() - began, type(broken).__name__)
        self._used_at = time.monotonic()
        found = {name.lower(): value for name, value in reply.getheaders()}
        if reply.will_close:
            self.close()
        return Answer(reply.status, content, found, began, self._used_at - began)

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _open(self, now: float) -> http.client.HTTPConnection:
        if now - self._used_at > RESTED:
            self.close()
        if self._connection is None:
            parts = urlsplit(self.url)
            assert parts.hostname is not None
            self._connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=LONGEST)
        return self._connection
