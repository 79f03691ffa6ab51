"""Owns a desk of the measured shop: requests as a till sends them, in this process, with what they said to MySQL."""

from __future__ import annotations

import dataclasses
import io
import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import sqlglot
from flask import Flask
from sqlglot import exp

from app.adapters.inline_queue import InlineQueue
from app.kit.jobruns import run_job
from app.kit.relay import Relay
from app.kit.runtime import Runtime
from shard_router.gtid import TrackingConnection

SAID = (exp.Select, exp.Union, exp.Insert, exp.Update, exp.Delete)


@dataclass(frozen=True)
class Desk:
    """Somebody of the shop who may do everything."""

    app: Flask
    runtime: Runtime
    shop_id: int
    slug: str
    token: str

    @property
    def base(self) -> str:
        return f"/api/v1/shops/{self.shop_id}"

    def post(self, path: str, body: Any, *, version: int | None = None, till: str = "") -> dict[str, Any]:
        headers = {"Authorization": f"Bearer {self.token}", "Idempotency-Key": secrets.token_hex(16)}
        headers |= {} if version is None else {"If-Match": f'"{version}"'}
        headers |= {"X-Till-Id": till} if till else {}
        return _good(self.app.test_client().post(self.base + path, json=body, headers=headers))

    def get(self, path: str, **query: Any) -> dict[str, Any]:
        headers = {"Authorization": f"Bearer {self.token}"}
        return _good(self.app.test_client().get(self.base + path, headers=headers, query_string=query))

    def home(self) -> None:
        client = self.app.test_client()
        client.set_cookie("boola_session", self.token, path="/")
        answer = client.get(f"/s/{self.slug}/")
        if answer.status_code != 200:
            raise RuntimeError(f"the home page says {answer.status_code}")

    def send_list(self, text: str) -> dict[str, Any]:
        """A list of stock, as a form sends it."""
        headers = {"Authorization": f"Bearer {self.token}", "Idempotency-Key": secrets.token_hex(16)}
        file = (io.BytesIO(text.encode()), "stock.csv")
        data = {"kind": "stock", "file": file}
        return _good(self.app.test_client().post(f"{self.base}/imports", headers=headers, data=data))

    def work_off(self) -> None:
        """Does what the shop's outbox holds by now, in this thread: relay and worker of one pass."""
        queue = InlineQueue()
        here = dataclasses.replace(self.runtime, queue=queue)
        Relay(here)._shop(self.shop_id)
        while ticket := queue.take(0):
            run_job(here, shop_id=self.shop_id, job_id=ticket.outbox_id, attempts=ticket.attempts)


def _good(answer: Any) -> dict[str, Any]:
    if answer.status_code not in (200, 201, 202):
        raise RuntimeError(f"{answer.status_code}: {answer.json}")
    found: dict[str, Any] = answer.json
    return found


@contextmanager
def listening() -> Iterator[list[str]]:
    """Every packet that this thread sends to MySQL meanwhile; the router's own pollers are others."""
    said: list[str] = []
    here, send = threading.get_ident(), TrackingConnection.query

    def note_and_send(connection: TrackingConnection, sql: str | bytes, unbuffered: bool = False) -> int:
        if threading.get_ident() == here:
            said.append(sql if isinstance(sql, str) else bytes(sql).decode("latin-1"))  # keys' bytes are no text
        return send(connection, sql, unbuffered)

    TrackingConnection.query = note_and_send  # type: ignore[method-assign, assignment]
    try:
        yield said
    finally:
        TrackingConnection.query = send  # type: ignore[method-assign]


def statements(packets: list[str]) -> int:
    """How many statements that read or write are in them; BEGIN, COMMIT and savepoints are none."""
    bare = [one for one in packets if not one.startswith(("SAVEPOINT ", "RELEASE ", "ROLLBACK"))]
    return sum(isinstance(tree, SAID) for one in bare for tree in sqlglot.parse(one, dialect="mysql"))
