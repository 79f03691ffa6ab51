"""Moves by the console's API: asked for, carried out by a job, seen, taken back, ended; refused with codes."""

import contextlib
import secrets

import pytest
from sqlalchemy import select

from app.console import relocating
from app.console.moves import mover_of
from app.kit import leases
from app.kit.idempotency import claim_of
from app.kit.jobruns import run_job
from app.kit.leases import Candidate
from app.kit.models import ControlJob, OutboxState, PlatformAuditEntry
from shard_router.moves import Limits, MoveState
from tests.support.counter import Counter, made
from tests.support.jobs import run_control

CONSOLE = "/api/v1/console"
BODY = {"target": "shard-b", "acceptDegraded": True}  # these servers are the cheap ones, whose semi-sync gives up


@pytest.fixture
def om(cast):
    return cast.om


@pytest.fixture
def counter(flask_app, runtime, cast):
    """Asha's, on shard A, with a bill."""
    found = Counter(flask_app, runtime, cast.asha)
    found.set_board()
    found.customer_id = found.customer()["id"]
    made(found.bill([found.piece()], customerId=found.customer_id))
    return found


@pytest.fixture
def post(client, om):
    def send(path, body=None, *, key=None):
        headers = om.headers(**{"Idempotency-Key": key or secrets.token_hex(16)})
        return client.post(f"{CONSOLE}{path}", json=BODY if body is None else body, headers=headers)

    return send


@pytest.fixture
def get(client, om):
    return lambda path, **query: client.get(f"{CONSOLE}{path}", query_string=query, headers=om.headers())


def jobs_of(runtime, shop_id):
    with runtime.router.control() as control:
        wanted = select(ControlJob).where(ControlJob.shop_id == shop_id, ControlJob.job == relocating.CARRY_OUT)
        return control.scalars(wanted.where(ControlJob.state == OutboxState.WAITING.value)).all()


def work_off(runtime, shop_id):
    """What relay and worker would do with the shop's moves; how many jobs there were."""
    found = jobs_of(runtime, shop_id)
    for row in found:
        with runtime.router.control() as control:
            assert leases.release(control, ControlJob, Candidate(row.id, row.job, row.attempts, row.params))
            control.commit()
        assert run_job(runtime, shop_id=None, job_id=row.id, attempts=row.attempts)
    return len(found)


def codes(reply):
    return [one["code"] for one in reply.json["reasons"]]


def home(runtime, shop_id):
    return runtime.router.directory.refresh(shop_id).shard


def test_a_shop_is_moved_by_a_job_trades_on_and_goes_back(post, get, runtime, counter):
    shop = counter.who.shop_id
    asked = post(f"/shops/{shop}/moves")
    assert asked.status_code == 202, asked.text
    facts = {name: asked.json[name] for name in ("shopId", "source", "target", "state", "runs", "maxPauseMs")}
    assert facts == {
        "shopId": shop, "source": "shard-a", "target": "shard-b", "state": "planned", "runs": False, "maxPauseMs": 250,
    }  # fmt: skip
    assert home(runtime, shop) == "shard-a"  # nothing has happened yet
    assert work_off(runtime, shop) == 1
    seen = get(f"/moves/{asked.json['id']}").json
    assert (seen["state"], home(runtime, shop)) == ("switched", "shard-b")
    assert seen["pauseMs"] > 0 and seen["rowsCopied"] > 0 and seen["oldRowsUntil"] is not None
    made(counter.bill([counter.piece()], customerId=counter.customer_id))

    back = post(f"/moves/{asked.json['id']}/rollback", {"acceptDegraded": True})
    assert (back.status_code, back.json["rollsBack"]) == (202, asked.json["id"])
    assert work_off(runtime, shop) == 1
    assert get(f"/moves/{back.json['id']}").json["state"] == "switched"
    assert (get(f"/moves/{asked.json['id']}").json["state"], home(runtime, shop)) == ("rolled_back", "shard-a")
    made(counter.bill([counter.piece()], customerId=counter.customer_id))
    assert counter.books().sound and counter.numbers() == [1, 2, 3]


def test_one_key_moves_once_and_its_reply_is_had_again(post, runtime, cast):
    shop, key = cast.asha.shop_id, secrets.token_hex(16)
    first, again = (post(f"/shops/{shop}/moves", key=key) for _ in range(2))
    assert (first.status_code, again.json) == (202, first.json)
    assert len(jobs_of(runtime, shop)) == 1
    other = post(f"/shops/{shop}/moves", {**BODY, "maxPauseMs": 300}, key=key)
    assert (other.status_code, other.json["code"]) == (422, "idempotency_key_reused")


def test_a_request_that_was_cut_off_behind_its_move_finds_it_when_it_is_sent_again(post, runtime, om, cast):
    """The move's row is committed by the mover, before the request's own transaction with the job is."""
    shop, claim = cast.asha.shop_id, claim_of("cut-off", kind="x", path="/x", body=b"{}")
    asker = relocating.Asker(om.person_id, "Om", claim)
    wish = {"shop_id": shop, "target": "shard-b", "max_pause_ms": 250, "accept_degraded": True}
    with runtime.router.control() as control:
        cut_off = relocating.ask_move(control, runtime.router, asker, **wish)  # and never committed
    assert jobs_of(runtime, shop) == []
    with runtime.router.control() as control:
        again = relocating.ask_move(control, runtime.router, asker, **wish)
        control.commit()
    assert (again.id, len(jobs_of(runtime, shop))) == (cut_off.id, 1)


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({**BODY, "target": "shard-a"}, "lives_there"),
        ({**BODY, "target": "shard-z"}, "no_such_shard"),
        ({"target": "shard-b"}, "degraded"),
    ],
)
def test_what_cannot_be_is_refused_with_a_code_for_each_reason(post, runtime, standing_cast, body, code):
    shop = standing_cast.asha.shop_id
    told = post(f"/shops/{shop}/moves", body)
    assert (told.status_code, told.json["code"], set(codes(told))) == (409, "move_not_possible", {code})
    assert all(one["detail"] and one["detail"] in told.json["detail"] for one in told.json["reasons"])
    assert jobs_of(runtime, shop) == []
    assert mover_of(runtime.router).list_moves(shop_id=shop) == []


def test_a_second_move_of_a_shop_is_refused(post, cast):
    assert post(f"/shops/{cast.asha.shop_id}/moves").status_code == 202
    again = post(f"/shops/{cast.asha.shop_id}/moves")
    assert (again.status_code, codes(again)) == (409, ["being_moved"])


def test_an_unknown_shop_and_an_unknown_move_are_not_there(post, get):
    for reply in (post("/shops/999999999/moves"), post("/shops/x/moves")):
        assert (reply.status_code, reply.json["code"]) == (404, "shop_unknown")
    nobody = "018f0000-0000-7000-8000-000000000000"
    for reply in (
        get(f"/moves/{nobody}"),
        post(f"/moves/{nobody}/abort", {"reason": "not needed"}),
        post(f"/moves/{nobody}/rollback", {}),
        post(f"/moves/{nobody}/resume", {}),
    ):
        assert (reply.status_code, reply.json["code"]) == (404, "move_unknown")


def test_a_move_is_undone_at_once_and_its_rows_go(post, get, runtime, counter, cluster):
    """It has copied something already: a run of it was interrupted."""
    shop = counter.who.shop_id
    move_id = post(f"/shops/{shop}/moves").json["id"]
    with contextlib.suppress(Interrupted):
        mover_of(runtime.router, Limits(accept_degraded=True)).run(relocating.UUID(move_id), interrupt)
    assert get(f"/moves/{move_id}").json["state"] == "catching_up"
    undone = post(f"/moves/{move_id}/abort", {"reason": "a wedding today"})
    assert (undone.status_code, undone.json["state"], undone.json["reason"]) == (200, "aborted", "a wedding today")
    assert home(runtime, shop) == "shard-a"
    assert copied(cluster, shop) > 0
    run_control(runtime, relocating.TIDY_UP, on="now")
    assert copied(cluster, shop) == 0
    late = post(f"/moves/{move_id}/abort", {"reason": "a wedding today"})
    assert (late.status_code, codes(late)) == (409, ["over"])
    assert codes(post(f"/moves/{move_id}/resume", {})) == ["over"]
    assert codes(post(f"/moves/{move_id}/rollback", {})) == ["old_rows_gone"]
    assert work_off(runtime, shop) == 1  # the job that was to carry it out finds nothing to do
    made(counter.bill([counter.piece()], customerId=counter.customer_id))
    assert counter.books().sound


def copied(cluster, shop_id):
    """How many of its pieces lie on shard B."""
    target = next(one for one in cluster.fleet.targets if one.name == "shard-b")
    with cluster.raw_connection(target, "admin") as link, link.cursor() as cursor:
        cursor.execute("SELECT COUNT(*) FROM items WHERE shop_id = %s", (shop_id,))
        return cursor.fetchone()[0]


class Interrupted(Exception):
    pass


def interrupt(progress):
    if progress.state is MoveState.CATCHING_UP:
        raise Interrupted


def test_a_move_that_stands_still_is_taken_up_again(post, get, runtime, counter):
    shop = counter.who.shop_id
    move_id = post(f"/shops/{shop}/moves").json["id"]
    for row in jobs_of(runtime, shop):
        with runtime.router.control() as control:
            control.delete(control.get_one(ControlJob, row.id))
            control.commit()
    with contextlib.suppress(Interrupted):
        mover_of(runtime.router, Limits(accept_degraded=True)).run(relocating.UUID(move_id), interrupt)
    seen = get(f"/moves/{move_id}").json
    assert (seen["state"], seen["runs"]) == ("catching_up", False)
    assert post(f"/moves/{move_id}/resume", {"acceptDegraded": True}).status_code == 202
    assert work_off(runtime, shop) == 1
    assert get(f"/moves/{move_id}").json["state"] == "switched"


def test_the_pages_of_the_list_together_are_the_list(post, get, cast):
    shops = [cast.asha.shop_id, cast.ravi.shop_id]
    ids = [post(f"/shops/{shop}/moves").json["id"] for shop in shops]
    seen, after = [], None
    while after or not seen:
        page = get("/moves", limit=1, **({"after": after} if after else {})).json
        seen += [one["id"] for one in page["items"]]
        if set(ids) <= set(seen) or (after := page["next"]) is None:
            break
    assert [one for one in seen if one in ids] == ids[::-1]
    assert [one["id"] for one in get("/moves", shop=shops[0]).json["items"]] == ids[:1]
    live = get("/moves", live="true", limit=200).json["items"]
    assert set(ids) <= {one["id"] for one in live}
    assert {one["state"] for one in live} <= {"planned", "copying", "catching_up", "verifying", "fencing"}


def test_who_asked_stands_in_the_platforms_audit_log(post, runtime, om, cast):
    shop = cast.asha.shop_id
    move_id = post(f"/shops/{shop}/moves").json["id"]
    assert post(f"/moves/{move_id}/abort", {"reason": "not today"}).status_code == 200
    with runtime.router.control() as control:
        noted = control.execute(
            select(PlatformAuditEntry.action, PlatformAuditEntry.actor_id)
            .where(PlatformAuditEntry.shop_id == shop, PlatformAuditEntry.action.like("move.%"))
            .order_by(PlatformAuditEntry.seq)
        ).all()
    assert [tuple(one) for one in noted] == [("move.asked", om.person_id), ("move.aborted", om.person_id)]


def test_without_the_account_it_says_what_is_missing(post, runtime, standing_cast, monkeypatch):
    monkeypatch.delitem(runtime.router.config.accounts, "mover")
    told = post(f"/shops/{standing_cast.asha.shop_id}/moves")
    assert (told.status_code, told.json["code"]) == (503, "moves_not_set_up")
    assert "BOOLA_MYSQL_MOVER_PASSWORD" in told.json["action"]


def test_every_shard_is_told_with_its_servers_and_load(get, runtime):
    told = get("/shards").json
    assert told["controlReachable"] is True
    assert [one["name"] for one in told["items"]] == [one.name for one in runtime.router.topology.every()]
    shards = {one["name"]: one for one in told["items"]}
    assert shards["control"]["shops"] is None and shards["shard-a"]["shops"] > 0
    parts = {one["name"]: one["role"] for one in shards["shard-a"]["servers"]}
    assert sorted(parts.values()) == ["primary", "replica"]
    assert {one["breaker"] for one in shards["shard-a"]["servers"]} == {"closed"}


def test_a_shops_person_finds_none_of_it(client, cast):
    for path in ("/shards", "/moves"):
        assert client.get(f"{CONSOLE}{path}", headers=cast.asha.headers()).status_code == 401
    refused = client.post(f"{CONSOLE}/shops/{cast.asha.shop_id}/moves", json=BODY, headers=cast.asha.writing())
    assert refused.status_code == 401
