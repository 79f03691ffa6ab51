"""Following a job: the JSON of its own address, the ticket, and server-sent events on the side service."""

import dataclasses
import datetime as dt
import threading
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import orjson
import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.adapters.inline_queue import InlineQueue
from app.factory import create_side_app
from app.kit import outbox
from app.kit.clock import utc_now
from app.kit.jobruns import run_job
from app.kit.ports import Bucket, Principal
from app.kit.relay import Relay
from app.kit.runtime import Runtime
from app.kit.transactions import write_control
from app.live import service, tickets
from app.live.errors import TooManyStreams
from app.settings import Settings
from app.tenants import service as tenants
from app.tenants.service.changes import REMEMBERERS
from shard_router import Mode
from tests.support.cast import Cast, Somebody
from tests.support.jobs import HERE, work_off

SIDE = "http://side.test"


@pytest.fixture(scope="module")
def side(settings: Settings, runtime: Runtime) -> Flask:
    return create_side_app(settings, parts=runtime)


@pytest.fixture(scope="module")
def elsewhere(settings: Settings, runtime: Runtime) -> Flask:
    """The side service as a process of its own: what commits here, only Redis and the databases tell it."""
    identity = tenants.build_identity(
        router=runtime.router, cache_store=runtime.cache_store, keyring=runtime.keyring, prefix=settings.redis_prefix,
        policy=tenants.SignInPolicy(),
    )  # fmt: skip
    REMEMBERERS.discard(identity)
    return create_side_app(settings, parts=dataclasses.replace(runtime, identity=identity))


def ask(runtime: Runtime, who: Somebody, job: str, **params: Any) -> UUID:
    with runtime.router.shop(who.shop_id, who.actor, mode=Mode.WRITE) as db:
        job_id = outbox.enqueue(db, f"{HERE}.{job}", params=params)
        db.commit()
    return job_id


def look(client: FlaskClient, who: Somebody, job_id: UUID, shop_id: int | None = None) -> Any:
    return client.get(f"/api/v1/shops/{shop_id or who.shop_id}/jobs/{job_id}", headers=who.headers())


def events(chunks: Iterator[bytes]) -> list[tuple[str, dict[str, Any]]]:
    found = []
    for chunk in chunks:
        for block in chunk.decode().strip().split("\n\n"):
            lines = dict(line.split(": ", 1) for line in block.splitlines() if not line.startswith(":"))
            if lines:
                found.append((lines["event"], orjson.loads(lines["data"])))
    return found


def test_a_job_is_polled_at_its_own_address(client: FlaskClient, runtime: Runtime, cast: Cast) -> None:
    job_id = ask(runtime, cast.asha, "leave_mark", mark="one")
    waiting = look(client, cast.asha, job_id).json
    assert (waiting["state"], waiting["stepsDone"], waiting["result"]) == ("waiting", 0, None)
    assert waiting["liveUrl"].startswith(f"{SIDE}/live/jobs/")
    work_off(runtime, cast.asha.shop_id)
    done = look(client, cast.asha, job_id).json
    assert (done["state"], done["result"]["mark"], done["liveUrl"]) == ("done", "one", None)
    assert done["finishedAt"].endswith("Z")


def test_a_job_is_its_shops_alone(client: FlaskClient, runtime: Runtime, cast: Cast) -> None:
    job_id = ask(runtime, cast.asha, "leave_mark", mark="one")
    assert look(client, cast.ravi, job_id).status_code == 404
    assert look(client, cast.ravi, job_id, shop_id=cast.asha.shop_id).status_code == 404
    assert look(client, cast.bina, job_id).status_code == 200


def test_a_stream_tells_the_state_then_every_step_then_the_end(
    client: FlaskClient, side: Flask, runtime: Runtime, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Over the real Redis, from the first look to the end; the worker begins only once somebody listens."""
    monkeypatch.setattr("app.kit.jobs.SHOWN_EVERY", 0.0)
    job_id = ask(runtime, cast.asha, "counts", to=3)
    url = look(client, cast.asha, job_id).json["liveUrl"].removeprefix(SIDE)
    reply = side.test_client().get(url)
    assert (reply.status_code, reply.mimetype) == (200, "text/event-stream")
    assert reply.headers["Access-Control-Allow-Origin"] == "http://shop.test"
    assert reply.headers["Cache-Control"] == "no-store"
    chunks = iter(reply.response)
    (first,) = events(iter([next(chunks)]))
    assert first[0] == "job"
    assert first[1]["state"] == "waiting"
    local = InlineQueue()
    Relay(dataclasses.replace(runtime, queue=local))._shop(cast.asha.shop_id)
    ticket = local.take(0)
    assert ticket is not None
    worker = threading.Thread(
        target=run_job, args=(runtime,), kwargs={"shop_id": ticket.shop_id, "job_id": job_id, "attempts": 0}
    )
    worker.start()
    told = events(chunks)
    worker.join()
    assert [event for event, _ in told][-1] == "end"
    steps = [data["stepsDone"] for event, data in told if event == "job"]
    assert steps == sorted(steps)
    assert steps[-1] == 3
    assert told[-2][1]["result"] == {"counted": 3}


def test_an_ended_job_is_told_at_once_and_the_stream_ends(
    client: FlaskClient, side: Flask, runtime: Runtime, cast: Cast
) -> None:
    job_id = ask(runtime, cast.asha, "leave_mark", mark="one")
    url = look(client, cast.asha, job_id).json["liveUrl"].removeprefix(SIDE)
    work_off(runtime, cast.asha.shop_id)
    told = events(iter(side.test_client().get(url).response))
    assert [(event, data["state"]) for event, data in told] == [("job", "done"), ("end", "done")]


def test_without_any_news_the_row_itself_is_read(runtime: Runtime, cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    """Redis gone, or a worker of another process in one-process mode: the stream still ends."""
    monkeypatch.setattr(service, "LOOK_EVERY", 0.01)
    deaf = dataclasses.replace(runtime, queue=InlineQueue())
    job_id = ask(runtime, cast.asha, "leave_mark", mark="one")
    stream = service.follow(deaf, shop_id=cast.asha.shop_id, job_id=job_id, still_allowed=lambda: True)
    assert events(iter([next(stream)]))[0][1]["state"] == "waiting"
    work_off(runtime, cast.asha.shop_id)
    assert [data["state"] for _, data in events(stream)][-1] == "done"


def test_a_stream_ends_by_itself_in_the_end(runtime: Runtime, cast: Cast) -> None:
    job_id = ask(runtime, cast.asha, "leave_mark", mark="one")
    stream = service.follow(runtime, shop_id=cast.asha.shop_id, job_id=job_id, still_allowed=lambda: True, longest=0.0)
    assert [event for event, _ in events(stream)] == ["job"]


@pytest.mark.parametrize("ticket", ["x", "", "a.b", "…"])
def test_a_ticket_that_is_not_ours_is_refused(side: Flask, ticket: str) -> None:
    assert side.test_client().get(f"/live/jobs/{ticket}").status_code in (403, 404)


def test_a_ticket_is_good_for_a_quarter_of_an_hour(
    side: Flask, runtime: Runtime, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    job_id = ask(runtime, cast.asha, "leave_mark", mark="one")
    asha = Principal(cast.asha.person_id, "Asha", "shop", session_version=1)
    ticket = tickets.write(runtime.signer, shop_id=cast.asha.shop_id, job_id=job_id, principal=asha)
    work_off(runtime, cast.asha.shop_id)
    assert side.test_client().get(f"/live/jobs/{ticket}").status_code == 200
    later = utc_now() + dt.timedelta(minutes=15, seconds=1)
    monkeypatch.setattr(tickets, "utc_now", lambda: later)
    assert side.test_client().get(f"/live/jobs/{ticket}").status_code == 403


def sign_out(runtime: Runtime, client: FlaskClient, cast: Cast) -> None:
    assert client.post("/api/v1/auth/sign-out", headers=cast.bina.headers()).status_code == 204


def sign_out_everywhere(runtime: Runtime, client: FlaskClient, cast: Cast) -> None:
    bina = cast.bina.person_id
    write_control(runtime.router, lambda c: tenants.sign_out_everywhere(c, person_id=bina, actor_id=bina))


def leave_the_shop(runtime: Runtime, client: FlaskClient, cast: Cast) -> None:
    path = f"/api/v1/shops/{cast.asha.shop_id}/people/{cast.bina.person_id}"
    assert client.delete(path, headers=cast.asha.headers()).status_code == 204


@pytest.mark.parametrize("end", [sign_out, sign_out_everywhere, leave_the_shop])
def test_who_has_signed_out_is_told_nothing_more(
    client: FlaskClient, elsewhere: Flask, runtime: Runtime, cast: Cast, monkeypatch: pytest.MonkeyPatch, end: Any
) -> None:
    """The side service is another process: it remembers the person, and nobody of its own process forgets them."""
    monkeypatch.setattr(service, "LOOK_EVERY", 0.05)
    job_id = ask(runtime, cast.asha, "leave_mark", mark="one")
    url = look(client, cast.bina, job_id).json["liveUrl"].removeprefix(SIDE)
    reply = elsewhere.test_client().get(url, buffered=False)
    chunks = iter(reply.response)
    assert events(iter([next(chunks)]))[0][1]["state"] == "waiting"
    rest = threading.Thread(target=lambda: list(chunks))
    rest.start()
    end(runtime, client, cast)
    rest.join(timeout=10)
    ended = not rest.is_alive()
    again = elsewhere.test_client().get(url)
    work_off(runtime, cast.asha.shop_id)  # lets a stream that goes on come to its end
    rest.join()
    reply.close()
    assert ended
    assert again.status_code == 403


def test_a_persons_streams_are_counted() -> None:
    streams, person, other = service.Streams(most=2), UUID(int=1), UUID(int=2)
    streams.enter(person)
    streams.enter(person)
    with pytest.raises(TooManyStreams):
        streams.enter(person)
    streams.enter(other)
    streams.leave(person)
    streams.enter(person)


def test_a_closed_stream_makes_room(client: FlaskClient, side: Flask, runtime: Runtime, cast: Cast) -> None:
    job_id = ask(runtime, cast.asha, "leave_mark", mark="one")
    url = look(client, cast.asha, job_id).json["liveUrl"].removeprefix(SIDE)
    open_ones = [side.test_client().get(url, buffered=False) for _ in range(service.PER_PERSON)]
    assert {one.status_code for one in open_ones} == {200}
    refused = side.test_client().get(url)
    assert (refused.status_code, refused.headers["Retry-After"]) == (429, "5")
    open_ones[0].close()
    again = side.test_client().get(url, buffered=False)
    assert again.status_code == 200
    for one in [*open_ones[1:], again]:
        one.close()


class TestFiles:
    """What the side service serves, and how a browser is told to treat it."""

    def test_a_private_pdf_opens_in_the_browsers_viewer_by_its_link(self, side: Flask, runtime: Runtime) -> None:
        runtime.store.put(Bucket.INVOICES, "1/bill.pdf", b"%PDF-1.7", content_type="application/pdf")
        link = runtime.store.download_link(Bucket.INVOICES, "1/bill.pdf", filename="Bill 7.pdf", disposition="inline")
        reply = side.test_client().get(link.removeprefix(SIDE))
        assert (reply.data, reply.content_type) == (b"%PDF-1.7", "application/pdf")
        assert reply.headers["Content-Disposition"] == 'inline; filename="Bill 7.pdf"'
        assert reply.headers["X-Content-Type-Options"] == "nosniff"
        assert "frame-ancestors http://shop.test" in reply.headers["Content-Security-Policy"]
        assert "no-store" in reply.headers["Cache-Control"]

    def test_as_an_attachment_it_is_sealed(self, side: Flask, runtime: Runtime) -> None:
        runtime.store.put(Bucket.INVOICES, "1/bill.pdf", b"%PDF-1.7", content_type="application/pdf")
        link = runtime.store.download_link(Bucket.INVOICES, "1/bill.pdf", filename="Bill 7.pdf")
        reply = side.test_client().get(link.removeprefix(SIDE))
        assert "sandbox" in reply.headers["Content-Security-Policy"]

    def test_a_page_that_was_smuggled_in_is_saved_and_never_shown(self, side: Flask, runtime: Runtime) -> None:
        runtime.store.put(Bucket.PICTURES, "1/x.html", b"<script>", content_type="text/html")
        reply = side.test_client().get(runtime.store.public_url(Bucket.PICTURES, "1/x.html").removeprefix(SIDE))
        assert reply.content_type == "application/octet-stream"
        assert reply.headers["Content-Disposition"] == "attachment"
        assert "sandbox" in reply.headers["Content-Security-Policy"]

    @pytest.mark.parametrize(
        "path",
        [
            "/files/nowhere/1/x",
            "/files/pictures/1/missing.webp",
            "/files/pictures/../invoices/1/bill.pdf",
            "/files/pictures/%2e%2e/x",
        ],
    )
    def test_what_is_not_there_is_not_found(self, side: Flask, path: str) -> None:
        assert side.test_client().get(path).status_code == 404

    def test_a_look_without_the_body(self, side: Flask, runtime: Runtime) -> None:
        runtime.store.put(Bucket.PICTURES, "1/p.webp", b"12345", content_type="image/webp")
        reply = side.test_client().head(runtime.store.public_url(Bucket.PICTURES, "1/p.webp").removeprefix(SIDE))
        assert (reply.status_code, reply.data, reply.content_length) == (200, b"", 5)

    def test_nothing_is_put_where_it_is_served(self, side: Flask, runtime: Runtime) -> None:
        path = "/files/pictures/1/own.webp"
        query = runtime.links.query("PUT", path, lasts=dt.timedelta(minutes=1), length=1)
        reply = side.test_client().put(f"{path}?{query}", data=b"x", headers={"Content-Type": "image/webp"})
        assert reply.status_code == 404
