"""A failed job asked for again: by who may, once, noted, and its domain told; nothing else can be."""

from uuid import UUID

import orjson
import pytest
from sqlalchemy import select

from app.kit import outbox
from app.kit.audit_reading import last_change
from app.kit.clock import utc_now
from app.kit.ids import new_id
from app.kit.models import AuditEntry, OutboxJob, OutboxState
from app.reports import service as reports
from app.vision import service as vision
from app.vision.models import Picture, PictureState
from shard_router import Mode
from tests.factories.stock import an_item
from tests.support.jobs import HERE, work_off
from tests.support.pages import Sender


@pytest.fixture
def at_work(runtime, cast):
    def write(work):
        with runtime.router.shop(cast.asha.shop_id, cast.asha.actor, mode=Mode.WRITE) as db:
            done = work(db)
            db.commit()
            return done

    return write


def given_up(db, job_id):
    """As a worker leaves a row after its last attempt; what the domain is told is up to the test."""
    row = db.scalars(select(OutboxJob).where(OutboxJob.id == job_id)).one()
    row.state, row.attempts, row.error, row.key = OutboxState.FAILED.value, 4, "RuntimeError", None
    row.finished_at = utc_now()
    db.flush()


def a_failed_export(db):
    export = reports.ask_export(
        db, kind="invoices", format="csv", issued_from=utc_now().date(), issued_to=utc_now().date()
    )
    db.flush()
    given_up(db, export.job_id)
    reports.export_failed(db, export_id=export.id)
    return export


def retry(client, who, shop_id, job_id, **sent):
    return client.post(f"/api/v1/shops/{shop_id}/jobs/{job_id}/retry", headers=who.writing(), **sent)


def test_a_failed_export_is_written_in_the_end(client, cast, at_work, runtime):
    shop_id, export = cast.asha.shop_id, at_work(a_failed_export)
    reply = retry(client, cast.meera, shop_id, export.job_id)
    assert (reply.status_code, reply.json["state"]) == (202, "waiting")
    assert reply.json["id"] != str(export.job_id) and reply.json["liveUrl"]
    again = retry(client, cast.asha, shop_id, export.job_id)
    assert again.json["id"] == reply.json["id"], "asked twice, one job"
    assert UUID(reply.json["id"]) in work_off(runtime, shop_id)
    assert at_work(lambda db: reports.get_export(db, export.id)).state == "ready"
    told = at_work(lambda db: last_change(db, ["job.retried"], subject_id=export.job_id))
    assert told.actor_id == cast.meera.person_id
    body = at_work(lambda db: db.scalars(select(AuditEntry.body).where(AuditEntry.action == "job.retried")).one())
    assert orjson.loads(body)["facts"] == {"job": "app.reports.jobs.write_export", "as": reply.json["id"]}


@pytest.mark.parametrize("body", [{"priority": 9}, [], None, "now", 0], ids=str)
def test_a_body_that_means_nothing_here_is_refused(client, cast, at_work, body):
    shop_id, export = cast.asha.shop_id, at_work(a_failed_export)
    refused = retry(client, cast.asha, shop_id, export.job_id, data=orjson.dumps(body), content_type="application/json")
    assert (refused.status_code, refused.json["code"]) == (422, "invalid_input")
    assert list(refused.json["fields"]) == (list(body) if isinstance(body, dict) else ["body"])
    broken = retry(client, cast.asha, shop_id, export.job_id, data=b"{", content_type="application/json")
    assert (broken.status_code, broken.json["code"]) == (400, "malformed_json")
    assert at_work(lambda db: reports.get_export(db, export.id)).state == "failed"
    assert retry(client, cast.asha, shop_id, export.job_id, json={}).status_code == 202


def test_who_may_not_ask_for_it_may_not_ask_again(client, cast, at_work):
    shop_id, export = cast.asha.shop_id, at_work(a_failed_export)
    refused = retry(client, cast.bina, shop_id, export.job_id)
    assert (refused.status_code, refused.json["code"]) == (403, "right_missing")
    for stranger in (cast.ravi, cast.zoya):
        assert retry(client, stranger, shop_id, export.job_id).status_code == 404
        assert retry(client, stranger, stranger.shop_id, export.job_id).status_code == 404
    assert at_work(lambda db: reports.get_export(db, export.id)).state == "failed"


def test_a_job_that_did_not_fail_is_left_alone(client, cast, at_work, runtime):
    shop_id = cast.asha.shop_id
    job_id = at_work(lambda db: outbox.enqueue(db, f"{HERE}.leave_mark", params={"mark": "once"}))
    waiting = retry(client, cast.asha, shop_id, job_id)
    assert (waiting.status_code, waiting.json["code"]) == (409, "job_not_failed")
    work_off(runtime, shop_id)
    assert retry(client, cast.asha, shop_id, job_id).status_code == 409
    assert retry(client, cast.asha, shop_id, new_id()).json["code"] == "job_not_found"


def test_work_of_nobody_in_particular_is_the_owners_to_ask_for_again(client, cast, at_work, runtime):
    job_id = at_work(lambda db: outbox.enqueue(db, f"{HERE}.leave_mark", params={"mark": "again"}))
    at_work(lambda db: given_up(db, job_id))
    assert retry(client, cast.meera, cast.asha.shop_id, job_id).status_code == 403
    reply = retry(client, cast.asha, cast.asha.shop_id, job_id)
    work_off(runtime, cast.asha.shop_id)
    done = at_work(lambda db: outbox.get_job(db, UUID(reply.json["id"])))
    assert (done.state, done.result) == ("done", {"mark": "again", "by": "Asha"})


def test_the_lists_button_asks_for_the_file_again(flask_app, client, cast, at_work, runtime):
    page, export = Sender(flask_app, cast.meera), at_work(a_failed_export)
    url = f"/s/{cast.asha.shop.slug}/exports"
    assert f"{url}/{export.id}/again" in page.look(url).text
    assert page.once(f"{url}/{export.id}/again", {}).status_code == 303
    work_off(runtime, cast.asha.shop_id)
    assert "Download" in page.look(url).text
    assert page.once(f"{url}/{export.id}/again", {}).status_code == 409


def test_a_pieces_button_tries_its_picture_again(flask_app, cast, at_work):
    def failed(db, because):
        item = an_item(db)
        row = Picture(id=new_id(), item_id=item.id, state=PictureState.REFUSED.value, incoming_key=f"{db.shop_id}/x",
                      sha256=bytes(32), created_at=utc_now(), refused_because=because)  # fmt: skip
        db.add(row)
        db.flush()
        return item.id, row.id

    page = Sender(flask_app, cast.bina)
    item_id, picture_id = at_work(lambda db: failed(db, vision.GAVE_UP))
    url = f"/s/{cast.asha.shop.slug}/stock/{item_id}"
    assert "could not be prepared" in page.look(url).text
    assert page.once(f"{url}/picture/again", {}).status_code == 303
    state = at_work(lambda db: db.scalars(select(Picture.state).where(Picture.id == picture_id)).one())
    assert state == "uploaded"
    broken, _ = at_work(lambda db: failed(db, "picture_unreadable"))
    assert page.once(f"/s/{cast.asha.shop.slug}/stock/{broken}/picture/again", {}).status_code == 409
