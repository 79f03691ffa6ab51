"""Jobs that were given up, over all shards: one list, newest first, that names the shards it lacks."""

import datetime as dt
import threading

import pytest

from app.kit import failed_jobs, outbox
from app.kit.clock import utc_now
from app.kit.models import OutboxJob, OutboxState
from app.tenants.service.cookies import CONSOLE_COOKIE
from shard_router import Mode
from tests.support.waiting import until

LIST = "/api/v1/console/platform/failed-jobs"
AHEAD = utc_now() + dt.timedelta(days=3000)  # of everything that other tests leave


@pytest.fixture
def made(runtime, cast, monkeypatch):
    """Four on shard A (two shops) and two on shard B, a second apart; the list is narrowed to these shops."""
    shops = {who.shop_id: who for who in (cast.asha, cast.ravi, cast.zoya)}
    monkeypatch.setattr(failed_jobs, "FAILED", failed_jobs.FAILED.where(OutboxJob.shop_id.in_(shops)))
    ids = []
    for n, who in enumerate((cast.asha, cast.zoya, cast.ravi, cast.asha, cast.ravi, cast.zoya)):
        at = AHEAD + dt.timedelta(seconds=n)
        with runtime.router.shop(who.shop_id, who.actor, mode=Mode.WRITE) as db:
            columns = outbox._columns(who.actor, "app.invoices.jobs.render_pdf", key=None, params={})
            state = {"state": OutboxState.FAILED.value, "error": "the disk is full", "attempts": 6}
            row = OutboxJob(**columns | state | {"created_at": at, "finished_at": at, "available_at": at})
            db.add(row)
            db.add(OutboxJob(**columns | {"id": outbox.new_id(), "state": OutboxState.DONE.value, "created_at": at,
                                          "finished_at": at, "available_at": at}))  # fmt: skip
            db.commit()
            ids.append(str(row.id))
    newest_first = ids[::-1]

    def all_there():
        page = failed_jobs.list_failed_jobs(runtime.router)
        return [str(one.id) for one in page.items] == newest_first

    until(all_there, 20)
    return newest_first


def test_the_pages_together_are_the_list(client, cast, made):
    seen, after = [], None
    for _ in range(10):
        asked = {"limit": 4} | ({"after": after} if after else {})
        answer = client.get(LIST, query_string=asked, headers=cast.om.headers())
        assert answer.status_code == 200 and (answer.json["missing"], answer.json["missed"]) == ([], [])
        seen += answer.json["items"]
        if (after := answer.json["next"]) is None:
            break
    assert [one["id"] for one in seen] == made
    assert {(one["job"], one["error"], one["attempts"]) for one in seen} == {
        ("app.invoices.jobs.render_pdf", "the disk is full", 6)
    }
    assert {one["shopId"] for one in seen} == {cast.asha.shop_id, cast.ravi.shop_id, cast.zoya.shop_id}


def test_a_shard_that_hangs_is_named_and_the_rest_is_shown(client, cast, runtime, made, monkeypatch):
    monkeypatch.setattr(failed_jobs, "PATIENCE", 1.0)
    over, crew = threading.Event(), runtime.router.fleet_crew
    held = [crew.submit("shard-b", lambda: over.wait(30)) for _ in range(runtime.router.config.pools.fleet)]
    try:
        lame = client.get(LIST, query_string={"limit": 2}, headers=cast.om.headers()).json
        client.set_cookie(CONSOLE_COOKIE, cast.om.token, path="/console")
        page = client.get("/console/jobs")
    finally:
        over.set()
        for one in held:
            one.result(10)
    on_a = [made[1], made[2], made[3], made[5]]  # made in the order A B A A A B, shown from the newest
    assert [one["id"] for one in lame["items"]] == on_a[:2]
    assert [one["shard"] for one in lame["missing"]] == lame["missed"] == ["shard-b"]
    rest = client.get(LIST, query_string={"after": lame["next"]}, headers=cast.om.headers()).json
    assert [one["id"] for one in rest["items"]] == made[3:]  # both shards again, behind the place reached
    assert (rest["missing"], rest["missed"]) == ([], ["shard-b"])  # made[0] is still owed
    assert page.status_code == 200
    assert "shard-b does not answer" in page.text and "the disk is full" in page.text


@pytest.mark.parametrize("after", ["x", "bm8", "W10"])
def test_a_cursor_of_nobodys_is_refused(client, cast, after):
    answer = client.get(LIST, query_string={"after": after}, headers=cast.om.headers())
    assert (answer.status_code, answer.json["code"]) == (400, "cursor_malformed")
