"""Owns asking public price sources: one GET, an answer of bounded size in bounded time, JSON with exact numbers."""

import http.client
import json
import ssl
import time
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit

MOST_BYTES = 256 * 1024
CHUNK = 16 * 1024
AGENT = "BoolaGold rate feed"


class SourceFailed(Exception):
    """A source did not answer in time, or not with JSON; the text says how, in words for the console."""


def read_json(url: str, *, timeout_s: float) -> Any:
    """The JSON at an address, numbers as Decimal. Raises SourceFailed; follows no redirect, takes no gzip.

    The time is for the whole answer: a source that sends a byte a second is late, not slow.
    """
    until = time.monotonic() + timeout_s
    try:
        body = _get(url, until)
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise SourceFailed(f"{type(error).__name__}: {error}"[:200]) from error
    try:
        return json.loads(body, parse_float=Decimal, parse_int=Decimal, parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise SourceFailed("the answer is not JSON") from error


def _get(url: str, until: float) -> bytes:
    parts = urlsplit(url)
    connection = _connection(parts.scheme, parts.hostname or "", parts.port, until)
    try:
        path = f"{parts.path or '/'}{'?' if parts.query else ''}{parts.query}"
        connection.request("GET", path, headers={"Accept": "application/json", "User-Agent": AGENT})
        _hurry(connection, until)
        answer = connection.getresponse()
        if answer.status != http.client.OK:
            raise SourceFailed(f"it answered {answer.status}")
        return _body(connection, answer, until)
    finally:
        connection.close()


def _connection(scheme: str, host: str, port: int | None, until: float) -> http.client.HTTPConnection:
    if scheme == "https":
        return http.client.HTTPSConnection(host, port, timeout=_left(until), context=ssl.create_default_context())
    if scheme == "http":
        return http.client.HTTPConnection(host, port, timeout=_left(until))
    raise ValueError(f"an address of {scheme or 'no scheme'}")


def _body(connection: http.client.HTTPConnection, answer: http.client.HTTPResponse, until: float) -> bytes:
    found = bytearray()
    while chunk := answer.read1(CHUNK):
        found += chunk
        if len(found) > MOST_BYTES:
            raise SourceFailed("the answer is too long")
        _hurry(connection, until)
    return bytes(found)


def _hurry(connection: http.client.HTTPConnection, until: float) -> None:
    """The next wait is only for what is left of the time; a closed socket has all of the answer already."""
    if connection.sock is not None:
        connection.sock.settimeout(_left(until))
    else:
        _left(until)


def _left(until: float) -> float:
    left = until - time.monotonic()
    if left <= 0:
        raise TimeoutError("it did not answer in time")
    return left


def _refuse(constant: str) -> Any:
    raise ValueError(f"{constant} is no number")
