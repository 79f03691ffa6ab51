"""Owns a price source in tests: a real HTTP server on loopback that speaks the sources' forms, well or badly."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from uuid import UUID

from app.console import corrections
from app.kit import dated
from app.kit.runtime import Runtime

LATE_S = 30.0
PATIENCE_MS = 400


@dataclass
class PriceSource:
    """What it answers, by path: JSON as text, or how it fails: "late", "drip", "500", "garbage", "redirect", "huge"."""

    answers: dict[str, str] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    port: int = 0
    ending: threading.Event = field(default_factory=threading.Event)

    def says(self, path: str, answer: Any) -> None:
        self.answers[path] = answer if isinstance(answer, str) else json.dumps(answer)

    def gold(self, usd: str) -> None:
        """In the form of gold-api.com."""
        self.says("/price/XAU", f'{{"name": "Gold", "price": {usd}, "symbol": "XAU"}}')

    def silver(self, usd: str) -> None:
        self.says("/price/XAG", f'{{"name": "Silver", "price": {usd}, "symbol": "XAG"}}')

    def rupees(self, inr: str) -> None:
        """In the form of open.er-api.com."""
        self.says("/v6/latest/USD", f'{{"result": "success", "rates": {{"USD": 1, "INR": {inr}}}}}')

    def second(self, gold: str, silver: str) -> None:
        """In the form of goldprice.org."""
        self.says("/dbXRates/USD", f'{{"items": [{{"curr": "USD", "xauPrice": {gold}, "xagPrice": {silver}}}]}}')

    def table(self) -> str:
        """feeds.json with these addresses in place of the world's."""
        return json.dumps({"note": "of a test", "records": [
            self._record("XAU", "first", "/price/XAU", "price"), self._record("XAG", "first", "/price/XAG", "price"),
            self._record("INR", "money", "/v6/latest/USD", "rates.INR"),
            self._record("XAU", "second", "/dbXRates/USD", "items.0.xauPrice"),
            self._record("XAG", "second", "/dbXRates/USD", "items.0.xagPrice"),
            self._record("INR", "turned", "/usd.json", "inr.usd", turned=True),
        ]})  # fmt: skip

    def _record(self, symbol: str, feed: str, path: str, at: str, *, turned: bool = False) -> dict[str, Any]:
        return {
            "symbol": symbol, "feed": feed, "url": f"http://127.0.0.1:{self.port}{path}", "path": at, "turned": turned,
            "timeout_ms": PATIENCE_MS, "valid_from": "2026-04-01", "valid_to": None, "source": "a test",
        }  # fmt: skip


@contextmanager
def price_source(runtime: Runtime, operator: UUID) -> Iterator[PriceSource]:
    """Serves until the block ends; meanwhile the operator has decided that the feed asks it, and nobody else."""
    source = PriceSource()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(source))
    server.daemon_threads = True
    source.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    _decide(runtime, source.table(), operator)
    try:
        yield source
    finally:
        _decide(runtime, None, operator)
        source.ending.set()
        server.shutdown()
        server.server_close()
        thread.join()


def _decide(runtime: Runtime, body: str | None, operator: UUID) -> None:
    """In the control plane, as the console does it, and at once in this process, which follows every half minute."""
    with runtime.router.control() as control:
        version = corrections.get_table(control, "feeds.json").version
        corrections.decide_table(
            control, name="feeds.json", expected_version=version, body=body, reason="a test", actor_id=operator
        )
        control.commit()
    dated.decide({} if body is None else {"feeds.json": body})


def _handler(source: PriceSource) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            source.asked.append(self.path)
            match source.answers.get(self.path, "404"):
                case "late":
                    source.ending.wait(LATE_S)
                case "drip":
                    self._drip()
                case "404" | "500" as status:
                    self._answer(int(status), b"<html>so sorry</html>")
                case "redirect":
                    self._answer(302, b"", Location="http://127.0.0.1:1/")
                case "garbage":
                    self._answer(200, b"<html>Buy gold now!</html>")
                case "huge":
                    self._answer(200, b'{"price": 1' + b"0" * 400_000 + b"}")
                case body:
                    self._answer(200, body.encode())

        def _drip(self) -> None:
            """A byte now and then, for ever: each read is quick, the answer never comes."""
            self.send_response(200)
            self.send_header("Content-Length", "100000")
            self.end_headers()
            while not source.ending.wait(0.05):
                try:
                    self.wfile.write(b" ")
                except OSError:
                    return

        def _answer(self, status: int, body: bytes, **headers: str) -> None:
            self.send_response(status)
            for name, value in {"Content-Length": str(len(body)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            pass

    return Handler
