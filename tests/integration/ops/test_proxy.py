"""ops/nginx.conf as the containers run it, before real processes: what it keeps off, and what must pass unharmed."""

import dataclasses
import http.client
import secrets
import socket
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from uuid import UUID

import orjson
import pytest
from flask import Flask

from app.adapters.inline_queue import InlineQueue
from app.factory import build_runtime, create_side_app
from app.kit import outbox
from app.kit.errors import all_errors
from app.kit.jobruns import run_job
from app.kit.ports import Principal
from app.kit.relay import Relay
from app.kit.runtime import Runtime
from app.live import tickets
from app.settings import Settings
from shard_router import Mode
from tests.support.cast import Cast, Somebody, make_cast
from tests.support.cluster import Cluster
from tests.support.jobs import HERE
from tests.support.proxy import CONFIGURATION, Proxy
from tests.support.settings import settings_for
from tests.support.stack import Stack, free_port
from tests.support.waiting import until

A_MINUTE = 20
"""Requests of one client; few, so that it shows who is counted."""

CODES = {kind.code: kind.status for kind in all_errors()}
Start = Callable[..., Proxy]


class Behind:
    """The product's processes, which only the proxy is meant to reach."""

    def __init__(self, cluster: Cluster, folder: Path) -> None:
        self.web, self.side = (f"http://127.0.0.1:{free_port()}" for _ in range(2))
        self.settings = settings_for(
            cluster, folder, public_url=self.web, side_url=self.side, trusted_proxies=1,
            rate_client=f"{A_MINUTE}/minute", log_json=True,
        )  # fmt: skip
        self.stack = Stack(self.settings, folder, web_workers=2, threads=16)

    def start(self) -> None:
        self.stack.start("web", "side")
        for url in (self.web, self.side):
            until(lambda url=url: status(url) == 200, within=90, what=url)


def status(url: str) -> int:
    host, port = url.removeprefix("http://").split(":")
    try:
        return ask(int(port), "GET", "/healthz", host=host).status
    except OSError:
        return 0


@pytest.fixture(scope="module")
def behind(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Behind]:
    found = Behind(cluster, tmp_path_factory.mktemp("behind"))
    try:
        found.start()
        yield found
    finally:
        found.stack.stop()


@pytest.fixture
def start(behind: Behind, tmp_path: Path) -> Iterator[Start]:
    """Starts a proxy; what it is given is said otherwise than in the file."""
    with ExitStack() as started:

        def begin(changes: Mapping[str, str] | None = None, *, web: str = behind.web) -> Proxy:
            proxy = Proxy(tmp_path, web=web, side=behind.side, changes=changes)
            started.callback(proxy.stop)
            proxy.start()
            return proxy

        yield begin


@pytest.fixture
def proxy(start: Start) -> Proxy:
    return start()


@pytest.fixture(scope="module")
def parts(behind: Behind) -> Iterator[Runtime]:
    built = build_runtime(behind.settings)
    yield built
    built.close()


@pytest.fixture
def people(parts: Runtime) -> Cast:
    return make_cast(parts)


class Reply:
    def __init__(self, found: http.client.HTTPResponse) -> None:
        self.status, self.raw = found.status, found
        self.headers = {name.lower(): value for name, value in found.getheaders()}
        self.names = Counter(name.lower() for name, _ in found.getheaders())

    def json(self) -> Any:
        return orjson.loads(self.raw.read())


def ask(
    port: int, method: str, path: str, *, source: str = "127.0.0.1", host: str = "127.0.0.1", body: bytes | None = None,
    headers: Mapping[str, str] | None = None,
) -> Reply:  # fmt: skip
    """One request on a connection of its own. All of 127.0.0.0/8 is this machine, so a client can be anybody there."""
    connection = http.client.HTTPConnection(host, port, timeout=60, source_address=(source, 0))
    connection.request(method, path, body=body, headers={"Accept": "application/json", **(headers or {})})
    return Reply(connection.getresponse())


# ---------------------------------------------------------------- half a request

HALF_HEADERS = b"POST /api/v1/auth/sign-in HTTP/1.1\r\nHost: shop.test\r\nContent-Ty"
HALF_BODY = (
    b"POST /api/v1/auth/sign-in HTTP/1.1\r\nHost: shop.test\r\nContent-Type: application/json\r\n"
    b'Content-Length: 900\r\n\r\n{"email":'
)
FOR_EVER = {
    "client_header_timeout 10s": "client_header_timeout 1h",
    "client_body_timeout 15s": "client_body_timeout 1h",
}


def half(port: int, text: bytes, source: str) -> socket.socket:
    opened = socket.create_connection(("127.0.0.1", port), timeout=60, source_address=(source, 0))
    opened.sendall(text)
    return opened


def ended(one: socket.socket) -> bool:
    """Whether the other side has answered or hung up."""
    one.setblocking(False)
    try:
        one.recv(1, socket.MSG_PEEK)
    except BlockingIOError:
        return False
    except OSError:
        return True
    return True


@pytest.fixture
def held() -> Iterator[ExitStack]:
    with ExitStack() as opened:
        yield opened


def test_two_hundred_half_requests_stop_nobody(start: Start, held: ExitStack) -> None:
    """Half headers and half bodies, which this proxy would wait for for an hour: whoever asks meanwhile is answered."""
    proxy = start(FOR_EVER)
    halves = [
        held.enter_context(half(proxy.web, text, f"127.0.1.{1 + number % 10}"))
        for number in range(100)
        for text in (HALF_HEADERS, HALF_BODY)
    ]
    for _ in range(5):
        assert ask(proxy.web, "GET", "/healthz").status == 200
        reply = ask(
            proxy.web, "POST", "/api/v1/auth/sign-in", source=f"127.0.2.{1 + secrets.randbelow(200)}",
            body=b'{"email":"nobody@shop.test","password":"not the one"}', headers={"Content-Type": "application/json"},
        )  # fmt: skip
        assert reply.status == 401, reply.json()
    assert not any(ended(one) for one in halves)


def test_half_requests_are_ended_in_the_end(start: Start, held: ExitStack) -> None:
    """By the file's own limits, only shorter."""
    proxy = start(
        {"client_header_timeout 10s": "client_header_timeout 1s", "client_body_timeout 15s": "client_body_timeout 1s"}
    )
    halves = [held.enter_context(half(proxy.web, text, "127.0.0.1")) for text in (HALF_HEADERS, HALF_BODY)]
    until(lambda: all(ended(one) for one in halves), within=60, what="the end of half requests")
    until(lambda: len(proxy.lines()) == len(halves), what="their lines in the log")
    assert [line["status"] for line in proxy.lines()] == [408, 408]  # too slow, and not for any other reason


def test_one_address_has_so_many_requests_open_and_no_more(start: Start, held: ExitStack) -> None:
    proxy = start(FOR_EVER)
    halves = [held.enter_context(half(proxy.web, HALF_BODY, "127.0.3.1")) for _ in range(64 + 16)]
    until(lambda: sum(ended(one) for one in halves) == 16, within=60, what="the refusal of those over the limit")
    refused = ask(proxy.web, "GET", "/healthz", source="127.0.3.1")
    assert (refused.status, refused.headers["retry-after"]) == (429, "1")
    assert refused.json()["code"] == "too_many_requests"
    assert ask(proxy.web, "GET", "/healthz", source="127.0.3.2").status == 200


# ---------------------------------------------------------------- too large, nobody there, not for everybody


def test_what_is_too_large_is_refused_before_it_is_sent(proxy: Proxy) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", proxy.web, timeout=60)
    connection.putrequest("POST", "/api/v1/shops/1/images")
    connection.putheader("Content-Length", str(40 * 1024 * 1024))
    connection.endheaders()
    refused = Reply(connection.getresponse())
    assert (refused.status, refused.headers["content-type"]) == (413, "application/problem+json")
    told = refused.json()
    assert (told["status"], told["code"], told["type"]) == (413, "body_too_large", "/api/v1/docs#body_too_large")
    assert told["requestId"] == refused.headers["x-request-id"]


def test_below_that_the_application_says_what_is_too_large(proxy: Proxy) -> None:
    """With its own words: the member `action` names this address's limit."""
    refused = ask(
        proxy.web, "POST", "/api/v1/auth/sign-in", body=bytes(1_000_001), source="127.0.0.4",
        headers={"Content-Type": "application/json"},
    )  # fmt: skip
    assert (refused.status, refused.headers["content-type"]) == (413, "application/problem+json")
    assert "1,000,000" in refused.json()["action"]


def test_the_largest_upload_passes(flask_app: Flask, settings: Settings, runtime: Runtime) -> None:
    """No address takes more than the file lets through, and one takes as much."""
    uploads = [
        view.upload.max_bytes
        for app in (flask_app, create_side_app(settings, parts=runtime))
        for view in app.view_functions.values()
        if hasattr(view, "upload")
    ]
    assert f"client_max_body_size {max(uploads) // 1024}k;" in CONFIGURATION.read_text()
    assert max(uploads) % 1024 == 0


def test_an_application_that_is_away_is_told_in_the_callers_form(start: Start) -> None:
    proxy = start(web=f"http://127.0.0.1:{free_port()}")
    refused = ask(proxy.web, "GET", "/api/v1/shops/1/items", headers={"Accept": "text/html"})
    assert (refused.status, refused.headers["content-type"]) == (502, "application/problem+json")
    assert (refused.json()["code"], refused.headers["retry-after"]) == ("unavailable", "2")
    page = ask(proxy.web, "GET", "/s/asha", headers={"Accept": "text/html,*/*"})
    assert (page.status, page.headers["content-type"]) == (502, "text/html; charset=utf-8")
    assert b"does not answer" in page.raw.read()


def test_the_counters_are_not_for_everybody(proxy: Proxy, behind: Behind) -> None:
    assert ask(proxy.side, "GET", "/metrics").json()["code"] == "no_such_address"
    assert ask(int(behind.side.rsplit(":", 1)[1]), "GET", "/metrics").status == 200


def test_every_refusal_made_here_has_a_code_of_ours() -> None:
    text = CONFIGURATION.read_text().split("map $status $code {")[1].split("}")[0]
    rows = dict(line.split() for line in text.replace(";", "").strip().splitlines())
    assert {CODES[code] for code in rows.values()} == {404, 413, 429, 503, 400}


# ---------------------------------------------------------------- who it was


def test_the_client_is_who_connects_whatever_it_says(proxy: Proxy) -> None:
    """One that forges another address with each request is counted as one, and takes nothing from that other."""

    def forged(number: int) -> Reply:
        told = dict.fromkeys(("X-Forwarded-For", "X-Real-IP", "Client-IP"), f"127.0.4.{10 + number}")
        return ask(proxy.web, "GET", "/nothing", source="127.0.4.1", headers={**told, "Forwarded": "for=127.0.4.9"})

    seen = [forged(number).status for number in range(2 * A_MINUTE + 1)]  # a minute's end doubles it, at most
    assert set(seen) == {404, 429}, "the limiter counts somebody else"
    assert ask(proxy.web, "GET", "/nothing", source="127.0.4.10").status == 404
    assert ask(proxy.web, "GET", "/nothing", source="127.0.4.2", headers={"X-Forwarded-For": "127.0.4.1"}).status == 404
    until(lambda: len(proxy.lines()) == len(seen) + 2, what="their lines in the log, which come after the replies")
    assert {line["client"] for line in proxy.lines()} == {"127.0.4.1", "127.0.4.10", "127.0.4.2"}


def test_a_line_of_the_log_finds_the_applications_own(proxy: Proxy, behind: Behind) -> None:
    """By the request's id; the address asked for is in neither, since tickets and links are part of it."""
    secret = secrets.token_hex(8)
    reply = ask(proxy.side, "GET", f"/live/jobs/{secret}", source="127.0.5.1")
    reply.raw.read()

    def found() -> list[dict[str, Any]]:
        return [one for one in proxy.lines() if one["requestId"] == reply.headers["x-request-id"]]

    until(found, within=20, what="the line")
    assert (found()[0]["client"], found()[0]["status"]) == ("127.0.5.1", 403)
    own = (behind.stack.logs / "side.log").read_text()
    assert reply.headers["x-request-id"] in own
    assert secret not in own
    assert secret not in orjson.dumps(proxy.lines()).decode()


# ---------------------------------------------------------------- what passes unharmed

LIVE = {"Accept": "text/event-stream", "Accept-Encoding": "gzip"}  # as browsers ask


def ask_for_job(parts: Runtime, who: Somebody) -> UUID:
    with parts.router.shop(who.shop_id, who.actor, mode=Mode.WRITE) as db:
        job_id = outbox.enqueue(db, f"{HERE}.leave_mark", params={"mark": "one"})
        db.commit()
    return job_id


def test_live_events_come_one_by_one(proxy: Proxy, parts: Runtime, people: Cast) -> None:
    """Two are read while the job has not begun, so nobody on the way kept them back."""
    asha = people.asha
    job_id = ask_for_job(parts, asha)
    principal = Principal(asha.person_id, "Asha", "shop", session_version=1)
    ticket = tickets.write(parts.signer, shop_id=asha.shop_id, job_id=job_id, principal=principal)
    stream = ask(proxy.side, "GET", f"/live/jobs/{ticket}", source="127.0.6.1", headers=LIVE)
    assert (stream.status, stream.headers["content-type"]) == (200, "text/event-stream; charset=utf-8")
    assert b'"state":"waiting"' in event(stream)
    queue = InlineQueue()
    Relay(dataclasses.replace(parts, queue=queue))._shop(asha.shop_id)
    assert b'"state":"released"' in event(stream)
    run_job(parts, shop_id=asha.shop_id, job_id=job_id, attempts=0)
    rest = stream.raw.read()
    assert rest.rstrip().endswith(b'event: end\ndata: {"state":"done"}')


def event(stream: Reply) -> bytes:
    return b"".join(iter(stream.raw.readline, b"\n"))


def test_pages_and_answers_keep_each_header_once(proxy: Proxy) -> None:
    for port, path in ((proxy.web, "/sign-in"), (proxy.web, "/api/health"), (proxy.side, "/healthz")):
        reply = ask(port, "GET", path, source="127.0.7.1", headers={"Accept": "text/html", "Accept-Encoding": "gzip"})
        assert reply.status == 200
        del reply.names["set-cookie"]
        assert max(reply.names.values()) == 1, reply.names
        assert {"content-security-policy", "x-content-type-options", "referrer-policy"} <= set(reply.names)
        assert "content-encoding" not in reply.headers
        assert "/" not in reply.headers["server"]


def test_the_browsers_files_are_squeezed_and_kept(proxy: Proxy) -> None:
    page = ask(proxy.web, "GET", "/sign-in", source="127.0.7.2", headers={"Accept": "text/html"}).raw.read().decode()
    path = "/assets/" + page.split("/assets/")[1].split('"')[0]
    reply = ask(proxy.web, "GET", path, headers={"Accept-Encoding": "gzip"})
    assert (reply.headers["content-encoding"], reply.headers["vary"]) == ("gzip", "Accept-Encoding")
    assert reply.headers["cache-control"] == "public, max-age=31536000, immutable"
