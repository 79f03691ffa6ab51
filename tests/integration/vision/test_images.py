"""Pictures from upload to the piece's page: through the API, the real job, the real store and the side service."""

import io
import secrets
from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from PIL import Image
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from werkzeug.test import TestResponse

from app.factory import create_side_app
from app.inventory import service as inventory
from app.kit.ports import Bucket
from app.kit.runtime import Runtime
from app.settings import Settings
from app.vision import jobs
from app.vision.models import Picture
from shard_router import Mode
from tests.support import pictures
from tests.support.cast import Cast, Somebody
from tests.support.cluster import Cluster
from tests.support.counter import Counter
from tests.support.jobs import run_control, work_off

Upload = Callable[..., TestResponse]


@pytest.fixture(scope="module")
def side(settings: Settings, runtime: Runtime) -> Flask:
    return create_side_app(settings, parts=runtime)


@pytest.fixture
def upload(client: FlaskClient, cast: Cast) -> Upload:
    """Asha's upload of some bytes as `file`; `who`, `key` and form fields may be others."""

    def send(body: bytes, *, who: Somebody | None = None, key: str | None = None, **fields: str) -> TestResponse:
        data: dict[str, Any] = {"file": (io.BytesIO(body), "../../etc/ring.exe"), **fields}
        sender = who or cast.asha
        return client.post(
            f"/api/v1/shops/{cast.asha.shop_id}/images",
            data=data,
            headers=sender.writing(key),
            content_type="multipart/form-data",
        )

    return send


def look(client: FlaskClient, who: Somebody, picture_id: str) -> dict[str, Any]:
    reply = client.get(f"/api/v1/shops/{who.shop_id}/images/{picture_id}", headers=who.headers())
    assert reply.status_code == 200, reply.text
    found: dict[str, Any] = reply.json
    return found


def rows(runtime: Runtime, who: Somebody) -> int:
    with runtime.router.shop(who.shop_id, who.actor, mode=Mode.WRITE) as db:
        return db.scalar(select(func.count()).select_from(Picture)) or 0


def incoming(runtime: Runtime, who: Somebody) -> list[str]:
    return [one.key for one in runtime.store.list(Bucket.INCOMING, f"{who.shop_id}/")]


def test_a_phones_photo_becomes_sizes_and_a_cut_out_on_its_piece(
    client: FlaskClient, side: Flask, runtime: Runtime, cast: Cast, upload: Upload, flask_app: Flask
) -> None:
    counter = Counter(flask_app, runtime, cast.asha)
    piece = counter.piece()
    reply = upload(pictures.phone_photo(), itemId=piece["id"])
    assert reply.status_code == 201, reply.text
    assert (reply.json["state"], reply.json["width"], reply.json["height"]) == ("uploaded", 900, 1200)
    assert work_off(runtime, cast.asha.shop_id) == [UUID(reply.json["jobId"])]
    picture = look(client, cast.asha, reply.json["id"])
    assert picture["state"] == "ready"
    assert [(size["name"], size["width"], size["height"]) for size in picture["sizes"]] == [
        ("400", 300, 400), ("800", 600, 800), ("1600", 900, 1200),
    ]  # fmt: skip
    assert picture["cutOutBy"] in ("border", "grabcut")
    assert picture["cutOutSureBp"] > 5000
    assert counter.get(f"/items/{piece['id']}").json["pictureId"] == picture["id"]
    for size in [*picture["sizes"], picture["cutOut"]]:
        served = side.test_client().get(size["url"].removeprefix("http://side.test"))
        assert (served.status_code, served.content_type) == (200, "image/webp")
        assert served.headers["X-Content-Type-Options"] == "nosniff"
        assert "immutable" in served.headers["Cache-Control"]
        shown = Image.open(io.BytesIO(served.data))
        assert shown.size == (size["width"], size["height"])
        assert not shown.getexif()
    assert b"A Phone" not in served.data


def test_a_piece_shows_a_picture_that_is_there_or_none(
    runtime: Runtime, cluster: Cluster, cast: Cast, upload: Upload, flask_app: Flask
) -> None:
    """What is deleted is the shop as a whole, its pieces with its pictures; a piece's picture alone cannot go."""
    piece = Counter(flask_app, runtime, cast.asha).piece()
    picture = upload(pictures.phone_photo(), itemId=piece["id"]).json["id"]
    work_off(runtime, cast.asha.shop_id)
    with (
        runtime.router.shop(cast.asha.shop_id, cast.asha.actor, mode=Mode.WRITE) as db,
        pytest.raises(IntegrityError, match="fk_items_shop_id_picture_id"),
    ):
        inventory.set_picture(db, item_id=UUID(piece["id"]), picture_id=uuid4())
    home = next(target for target in cluster.fleet.shards if target.name == "shard-a")
    gone = sa.text("DELETE FROM pictures WHERE shop_id = :shop_id AND id = :id")
    with (
        cluster.fleet.connect(home, "purger") as connection,
        pytest.raises(IntegrityError, match="fk_items_shop_id_picture_id"),
    ):
        connection.execute(gone, {"shop_id": cast.asha.shop_id, "id": UUID(picture).bytes})


def test_the_original_is_served_to_nobody(side: Flask, runtime: Runtime, cast: Cast, upload: Upload) -> None:
    assert upload(pictures.phone_photo()).status_code == 201
    (key,) = incoming(runtime, cast.asha)
    path = f"/files/incoming/{key}"
    signed = runtime.links.query("GET", path, lasts=jobs.KEPT)
    assert side.test_client().get(path).status_code == 403
    assert side.test_client().get(f"{path}?{signed}").status_code == 404


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (pictures.png_bomb(), 422, "picture_too_many_pixels"),
        (b"%PDF-1.7 not a picture", 422, "picture_unreadable"),
        (pictures.moving(), 422, "picture_animated"),
        (b"", 422, "picture_unreadable"),
        (b"\xff\xd8\xff" + bytes(15 * 1024 * 1024), 413, "picture_too_large"),
        (bytes(16 * 1024 * 1024), 413, "body_too_large"),
    ],
    ids=["200 megapixels", "a pdf", "moving", "empty", "15 MB and a bit", "16 MB"],
)
def test_bad_pictures_are_refused_with_a_code_and_leave_nothing(
    runtime: Runtime, cast: Cast, upload: Upload, body: bytes, status: int, code: str
) -> None:
    reply = upload(body)
    assert (reply.status_code, reply.json["code"]) == (status, code)
    assert rows(runtime, cast.asha) == 0
    assert incoming(runtime, cast.asha) == []


@pytest.mark.parametrize("fault", ["broken off", "no end", "no file", "an unknown piece", "an unknown field"])
def test_broken_uploads_are_refused_and_leave_nothing(
    client: FlaskClient, runtime: Runtime, cast: Cast, upload: Upload, fault: str
) -> None:
    body = pictures.encoded(pictures.ring((300, 300)))
    boundary = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n' + body
    url, headers = f"/api/v1/shops/{cast.asha.shop_id}/images", cast.asha.writing()
    if fault == "broken off":
        reply = client.post(
            url, headers=headers, content_type="multipart/form-data; boundary=x",
            input_stream=io.BytesIO(boundary), content_length=len(boundary) + 5000,
        )  # fmt: skip
        expected = (400, "upload_missing")
    elif fault == "no end":
        reply = client.post(url, headers=headers, content_type="multipart/form-data; boundary=x", data=boundary)
        expected = (400, "upload_missing")
    elif fault == "no file":
        reply = client.post(
            url, headers=headers, content_type="multipart/form-data", data={"itemId": secrets.token_hex(2)}
        )
        expected = (422, "invalid_input")
    elif fault == "an unknown piece":
        reply, expected = upload(body, itemId="0192f0c1-2222-7000-8000-000000000000"), (404, "item_unknown")
    else:
        reply, expected = upload(body, colour="red"), (422, "invalid_input")
    assert (reply.status_code, reply.json["code"]) == expected
    assert rows(runtime, cast.asha) == 0
    assert incoming(runtime, cast.asha) == []


def test_a_picture_damaged_behind_its_head_is_refused_by_the_job(
    client: FlaskClient, runtime: Runtime, cast: Cast, upload: Upload
) -> None:
    body = pictures.encoded(pictures.ring())
    reply = upload(body[: len(body) * 2 // 3])
    assert reply.status_code == 201
    work_off(runtime, cast.asha.shop_id)
    picture = look(client, cast.asha, reply.json["id"])
    assert (picture["state"], picture["refusedBecause"], picture["sizes"]) == ("refused", "picture_broken", [])


def test_an_upload_sent_twice_is_one_picture(runtime: Runtime, cast: Cast, upload: Upload) -> None:
    body, key = pictures.encoded(pictures.ring((300, 300))), secrets.token_hex(16)
    first, second = upload(body, key=key), upload(body, key=key)
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.json == second.json
    assert rows(runtime, cast.asha) == 1
    assert len(incoming(runtime, cast.asha)) == 1


def test_who_may_upload(cast: Cast, upload: Upload) -> None:
    body = pictures.encoded(pictures.ring((300, 300)))
    assert upload(body, who=cast.bina).status_code == 201
    assert upload(body, who=cast.meera).status_code == 403
    assert upload(body, who=cast.ravi).status_code == 404


class TestByLink:
    """A browser sends the file past the application, then tells us its key."""

    BODY = pictures.encoded(pictures.ring((400, 300)))

    def link(self, client: FlaskClient, who: Somebody, length: int) -> dict[str, Any]:
        reply = client.post(
            f"/api/v1/shops/{who.shop_id}/images/uploads", headers=who.headers(),
            json={"length": length, "contentType": "image/jpeg"},
        )  # fmt: skip
        assert reply.status_code == 200, reply.text
        found: dict[str, Any] = reply.json
        return found

    def send(self, side: Flask, link: dict[str, Any], body: bytes, **more: Any) -> TestResponse:
        path = link["url"].removeprefix("http://side.test")
        return side.test_client().put(path, data=body, headers=link["headers"], **more)

    def tell(self, client: FlaskClient, who: Somebody, key: str) -> TestResponse:
        return client.post(f"/api/v1/shops/{who.shop_id}/images", headers=who.writing(), json={"uploadKey": key})

    def test_it_becomes_a_picture(self, client: FlaskClient, side: Flask, runtime: Runtime, cast: Cast) -> None:
        link = self.link(client, cast.asha, len(self.BODY))
        sent = self.send(side, link, self.BODY)
        assert (sent.status_code, sent.headers["Access-Control-Allow-Origin"]) == (204, "http://shop.test")
        told = self.tell(client, cast.asha, link["uploadKey"])
        assert told.status_code == 201, told.text
        work_off(runtime, cast.asha.shop_id)
        assert look(client, cast.asha, told.json["id"])["state"] == "ready"

    def test_a_browser_of_ours_may_ask_first(self, client: FlaskClient, side: Flask, cast: Cast) -> None:
        path = self.link(client, cast.asha, 10)["url"].removeprefix("http://side.test")
        asked = side.test_client().options(path, headers={"Origin": "http://shop.test"})
        assert asked.status_code == 204
        assert asked.headers["Access-Control-Allow-Methods"] == "PUT"
        assert asked.headers["Access-Control-Allow-Origin"] == "http://shop.test"

    @pytest.mark.parametrize("fault", ["longer", "shorter", "broken off", "another key", "no signature"])
    def test_what_was_not_signed_is_refused_and_leaves_nothing(
        self, client: FlaskClient, side: Flask, runtime: Runtime, cast: Cast, fault: str
    ) -> None:
        link = self.link(client, cast.asha, len(self.BODY))
        if fault == "longer":
            reply = self.send(side, link, self.BODY + b"x")
        elif fault == "shorter":
            reply = self.send(side, link, self.BODY[:-1])
        elif fault == "broken off":
            stream = io.BytesIO(self.BODY[:-50])
            reply = side.test_client().put(
                link["url"].removeprefix("http://side.test"), input_stream=stream, content_length=len(self.BODY),
                headers=link["headers"],
            )  # fmt: skip
        elif fault == "another key":
            reply = self.send(
                side, {**link, "url": link["url"].replace(link["uploadKey"], f"{cast.ravi.shop_id}/x")}, self.BODY
            )
        else:
            reply = self.send(side, {**link, "url": link["url"].split("?")[0]}, self.BODY)
        assert reply.status_code in (400, 403), reply.text
        assert incoming(runtime, cast.asha) == []
        assert self.tell(client, cast.asha, link["uploadKey"]).status_code == 404

    def test_a_link_takes_one_file_once(self, client: FlaskClient, side: Flask, cast: Cast) -> None:
        link = self.link(client, cast.asha, len(self.BODY))
        assert self.send(side, link, self.BODY).status_code == 204
        assert self.send(side, link, self.BODY).status_code == 409

    def test_another_shops_upload_is_not_there(self, client: FlaskClient, side: Flask, cast: Cast) -> None:
        link = self.link(client, cast.asha, len(self.BODY))
        assert self.send(side, link, self.BODY).status_code == 204
        assert self.tell(client, cast.ravi, link["uploadKey"]).status_code == 404

    @pytest.mark.parametrize("key", ["../../etc/passwd", "A", "", "1/../2/x", "%2e%2e/x"])
    def test_a_key_that_is_none_is_not_there(self, client: FlaskClient, cast: Cast, key: str) -> None:
        assert self.tell(client, cast.asha, f"{cast.asha.shop_id}/{key}").status_code == 404
        assert self.tell(client, cast.asha, key).status_code in (404, 422)

    def test_ten_megabytes_of_json_are_refused(self, client: FlaskClient, cast: Cast) -> None:
        assert self.tell(client, cast.asha, "x" * 10_000_000).status_code == 413


def test_uploads_are_forgotten_after_three_days(
    runtime: Runtime, cast: Cast, upload: Upload, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert upload(pictures.encoded(pictures.ring((300, 300)))).status_code == 201
    run_control(runtime, "app.vision.jobs.expire_uploads", on="2026-11-20")
    assert len(incoming(runtime, cast.asha)) == 1
    real = jobs.utc_now()
    monkeypatch.setattr(jobs, "utc_now", lambda: real + jobs.KEPT)
    run_control(runtime, "app.vision.jobs.expire_uploads", on="2026-11-23")
    assert incoming(runtime, cast.asha) == []


def test_a_picture_whose_upload_is_gone_is_refused_in_the_end(
    client: FlaskClient, runtime: Runtime, cast: Cast, upload: Upload
) -> None:
    reply = upload(pictures.encoded(pictures.ring((300, 300))))
    (key,) = incoming(runtime, cast.asha)
    runtime.store.delete(Bucket.INCOMING, key)
    work_off(runtime, cast.asha.shop_id)
    picture = look(client, cast.asha, reply.json["id"])
    assert (picture["state"], picture["refusedBecause"]) == ("refused", "processing_failed")


def test_a_list_of_one_pieces_pictures(
    client: FlaskClient, cast: Cast, upload: Upload, runtime: Runtime, flask_app: Flask
) -> None:
    piece = Counter(flask_app, runtime, cast.asha).piece()
    body = pictures.encoded(pictures.ring((300, 300)))
    mine = upload(body, itemId=piece["id"]).json["id"]
    upload(body)
    url = f"/api/v1/shops/{cast.asha.shop_id}/images"
    listed = client.get(url, headers=cast.asha.headers(), query_string={"itemId": piece["id"]})
    assert [one["id"] for one in listed.json["items"]] == [mine]
    assert len(client.get(url, headers=cast.asha.headers()).json["items"]) == 2
