"""Who may call what, and what one request does to the database, over HTTP on the real servers."""

import datetime as dt
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
import time_machine
from sqlalchemy import update

from app.kit.clock import utc_now
from app.kit.models import IdempotencyKey, OutboxJob
from app.tenants.models import Till
from shard_router import Mode


def notes_of(shop):
    return f"/api/v1/shops/{shop.shop_id}/notes"


def post(client, shop, headers, *, key="k-1", text="hello", path="/", **more):
    return client.post(
        f"{notes_of(shop)}{path}", json={"text": text, **more}, headers={**headers, "Idempotency-Key": key}
    )


def count(client, shop, headers, **more):
    return client.get(f"{notes_of(shop)}/count", headers={**headers, **more}).json["count"]


# ---------------------------------------------------------------- who


def test_nobody_is_asked_to_sign_in(toy, shop):
    reply = toy.client().get(f"{notes_of(shop)}/count")
    assert (reply.status_code, reply.json["code"]) == (401, "unauthorized")
    assert reply.headers["WWW-Authenticate"] == "Bearer"
    assert reply.content_type == "application/problem+json"


def test_another_shop_is_as_unknown_as_one_that_does_not_exist(toy, shop, ravis_shop):
    bina = toy.member(shop)
    foreign = toy.client().get(f"{notes_of(ravis_shop)}/count", headers=bina)
    nowhere = toy.client().get("/api/v1/shops/987654321/notes/count", headers=bina)
    beyond = toy.client().get(f"/api/v1/shops/{10**30}/notes/count", headers=bina)
    for reply in (foreign, nowhere, beyond):
        assert (reply.status_code, reply.json["code"]) == (404, "shop_unknown")
    assert foreign.json["detail"] == nowhere.json["detail"]


def test_a_right_that_is_missing_is_named(toy, shop):
    looker = toy.member(shop, frozenset(("toy.view",)))
    reply = post(toy.client(), shop, looker)
    assert (reply.status_code, reply.json["code"]) == (403, "right_missing")
    assert "toy.make" in reply.json["detail"]


def test_the_right_is_checked_before_the_body_is_read(toy, shop):
    looker = toy.member(shop, frozenset(("toy.view",)))
    reply = toy.client().post(f"{notes_of(shop)}/", data=b"no json", headers=looker)
    assert reply.status_code == 403


def test_the_api_takes_no_cookie(toy, shop):
    with toy.signed_in_pages(shop) as client:
        assert client.get(f"{notes_of(shop)}/count").status_code == 401


def test_somebody_signed_in_for_another_may_only_look(toy, shop):
    om = toy.member(shop, read_only=True)
    assert toy.client().get(f"{notes_of(shop)}/count", headers=om).status_code == 200
    reply = post(toy.client(), shop, om)
    assert (reply.status_code, reply.json["code"]) == (403, "looks_only")


def test_a_shops_sign_in_finds_no_console(toy, shop):
    reply = toy.client().get("/api/v1/console/jobs/count", headers=toy.member(shop))
    assert (reply.status_code, reply.json["code"]) == (404, "console_only")


def test_a_plan_that_ended_stops_new_things_and_nothing_else(toy, shop):
    bina = toy.member(shop)
    client = toy.client()
    before = post(client, shop, bina, key="before")
    toy.plans.ended.add(shop.shop_id)
    refused = post(client, shop, bina, key="after")
    assert (refused.status_code, refused.json["code"]) == (402, "plan_does_not_trade")
    assert count(client, shop, bina) == 1
    again = post(client, shop, bina, key="before")
    assert (again.status_code, again.data) == (201, before.data)


# ---------------------------------------------------------------- keyed writes


def test_a_post_that_creates_needs_a_key(toy, shop):
    bina = toy.member(shop)
    missing = toy.client().post(f"{notes_of(shop)}/", json={"text": "x"}, headers=bina)
    assert (missing.status_code, missing.json["code"]) == (400, "idempotency_key_missing")
    for wrong in ("a" * 65, "sp ace", "ü"):
        malformed = post(toy.client(), shop, bina, key=wrong)
        assert (malformed.status_code, malformed.json["code"]) == (400, "idempotency_key_malformed")
    assert count(toy.client(), shop, bina) == 0


@pytest.mark.parametrize("path", ["/", "/hot"])
def test_the_same_request_again_gets_the_same_reply_and_has_no_second_effect(toy, shop, path):
    bina, client = toy.member(shop), toy.client()
    first = post(client, shop, bina, path=path)
    again = post(client, shop, bina, path=path)
    assert first.status_code == again.status_code == 201
    assert first.data == again.data
    assert "Idempotent-Replay" not in first.headers
    assert again.headers["Idempotent-Replay"] == "true"
    assert again.headers["X-Consistency"]
    assert count(client, shop, bina) == 1


@pytest.mark.parametrize("path", ["/", "/hot"])
def test_the_same_key_for_another_body_is_refused(toy, shop, path):
    bina, client = toy.member(shop), toy.client()
    assert post(client, shop, bina, path=path).status_code == 201
    other = post(client, shop, bina, path=path, text="other")
    assert (other.status_code, other.json["code"]) == (422, "idempotency_key_reused")
    assert count(client, shop, bina) == 1


def test_the_order_of_a_bodys_keys_is_no_difference(toy, shop):
    bina, client = toy.member(shop), toy.client()
    headers = {**bina, "Idempotency-Key": "order", "Content-Type": "application/json"}
    first = client.post(f"{notes_of(shop)}/", data=b'{"text":"a","amountPaise":5}', headers=headers)
    again = client.post(f"{notes_of(shop)}/", data=b'{"amountPaise": 5, "text": "a"}', headers=headers)
    assert first.data == again.data
    assert again.headers["Idempotent-Replay"] == "true"


def test_two_shops_may_use_the_same_key(toy, shop, ravis_shop, zoyas_shop):
    for one in (shop, ravis_shop, zoyas_shop):
        asha = toy.member(one)
        assert post(toy.client(), one, asha, key="same").status_code == 201
        assert count(toy.client(), one, asha) == 1


@pytest.mark.parametrize("path", ["/", "/hot"])
def test_a_hundred_at_once_make_one(toy, shop, path):
    bina = toy.member(shop)
    with ThreadPoolExecutor(8) as pool:
        replies = list(pool.map(lambda _: post(toy.client(), shop, bina, path=path), range(100)))
    made = [reply for reply in replies if reply.status_code == 201]
    told_to_wait = [reply for reply in replies if reply.status_code in (409, 503)]  # busy, or all places are taken
    assert len(made) + len(told_to_wait) == 100
    assert all("Retry-After" in reply.headers for reply in told_to_wait)
    assert len({reply.data for reply in made}) == 1
    assert sum("Idempotent-Replay" not in reply.headers for reply in made) == 1
    assert count(toy.client(), shop, bina) == 1


@pytest.mark.parametrize("path", ["/", "/hot"])
def test_one_that_is_still_running_is_waited_for_and_then_named(toy, shop, router, path):
    bina, client = toy.member(shop), toy.client()
    with router.shop(shop.shop_id, shop.actor, mode=Mode.WRITE) as db:
        from app.kit.clock import utc_now

        db.add(IdempotencyKey(key="slow", request_hash=bytes(32), kind="x", status=201, created_at=utc_now()))
        db.flush()
        reply = post(client, shop, bina, key="slow", path=path)
    assert (reply.status_code, reply.json["code"]) == (409, "idempotency_key_busy")
    assert reply.headers["Retry-After"] == "1"
    assert post(client, shop, bina, key="slow", path=path).status_code == 201


def test_what_fails_leaves_the_key_free(toy, shop):
    bina, client = toy.member(shop), toy.client()
    assert post(client, shop, bina, text="").status_code == 422
    assert post(client, shop, bina, text="now right").status_code == 201


def test_a_job_asked_for_is_committed_with_the_write_and_the_relay_is_poked(toy, shop, router):
    toy.parts.queue.wait_for_pokes(0)
    post(toy.client(), shop, toy.member(shop))
    assert shop.shop_id in toy.parts.queue.wait_for_pokes(1)
    with router.shop(shop.shop_id, shop.actor) as db:
        assert db.query(OutboxJob).count() == 1


def test_the_consoles_key_belongs_to_the_person(toy):
    om = toy.people.enter("Om", {}, audience="console")
    anu = toy.people.enter("Anu", {}, audience="console")
    client = toy.client()

    def ask(person):
        headers = {"Authorization": f"Bearer {person.person_id}", "Idempotency-Key": "console-1"}
        return client.post("/api/v1/console/jobs/", json={"text": "x"}, headers=headers)

    first, again, others = ask(om), ask(om), ask(anu)
    assert first.status_code == 201
    assert first.data == again.data
    assert again.headers["Idempotent-Replay"] == "true"
    assert others.data != first.data


# ---------------------------------------------------------------- deadlocks


def test_a_deadlock_is_tried_again_unseen(toy, shop, router):
    """The other transaction holds what the request wants, and wants what the request holds."""
    bina = toy.member(shop)
    headers = {**bina, "If-Match": '"1"'}
    url = f"/api/v1/shops/{shop.shop_id}/tills/{shop.till_id}"
    started = toy.parts.metrics.retries.labels("deadlock")._value.get()
    ready, done = threading.Event(), threading.Event()
    calls = []

    from tests.support import kit_app

    def rename_then_wait(db, till_id, *, name, version):
        till = real(db, till_id, name=name, version=version)
        calls.append(1)
        if len(calls) == 1:
            ready.set()
            done.wait(0.3)
            kit_app.make_note(db, text="wants the head of the chain")
        return till

    real = kit_app.rename_till

    def rival():
        with router.shop(shop.shop_id, shop.actor, mode=Mode.WRITE) as db:
            for each in range(20):  # heavier than the request, so that MySQL chooses the request to die
                kit_app.make_note(db, text=f"{each}")
            ready.wait(2)
            db.execute(update(Till).where(Till.id == shop.till_id).values(name="rival"))
            db.commit()

    kit_app.rename_till = rename_then_wait
    try:
        with ThreadPoolExecutor(1) as pool:
            other = pool.submit(rival)
            reply = toy.client().patch(url, json={"name": "Front"}, headers=headers)
            done.set()
            other.result()
    finally:
        kit_app.rename_till = real
    assert (reply.status_code, reply.json["name"], len(calls)) == (200, "Front", 2)
    assert toy.parts.metrics.retries.labels("deadlock")._value.get() == started + 1


# ---------------------------------------------------------------- versions


def test_an_update_needs_the_version_that_was_read(toy, shop):
    bina, client = toy.member(shop), toy.client()
    url = f"/api/v1/shops/{shop.shop_id}/tills/{shop.till_id}"
    read = client.get(url, headers=bina)
    assert read.headers["ETag"] == '"1"'
    missing = client.patch(url, json={"name": "A"}, headers=bina)
    assert (missing.status_code, missing.json["code"]) == (428, "if_match_missing")
    for wrong in ("*", "1", '"x"', '"-1"', '"' + "9" * 40 + '"', '"1", "2"'):
        malformed = client.patch(url, json={"name": "A"}, headers={**bina, "If-Match": wrong})
        assert (malformed.status_code, malformed.json["code"]) == (400, "if_match_malformed"), wrong
    done = client.patch(url, json={"name": "A"}, headers={**bina, "If-Match": read.headers["ETag"]})
    assert (done.status_code, done.headers["ETag"], done.json["name"]) == (200, '"2"', "A")
    stale = client.patch(url, json={"name": "B"}, headers={**bina, "If-Match": read.headers["ETag"]})
    assert (stale.status_code, stale.json["code"]) == (412, "till_changed")


# ---------------------------------------------------------------- read your writes


def test_a_write_is_seen_by_the_read_that_carries_its_token(toy, shop):
    bina, client = toy.member(shop), toy.client()
    for number in range(1, 11):
        token = post(client, shop, bina, key=f"n-{number}").headers["X-Consistency"]
        assert count(client, shop, bina, **{"X-Consistency": token}) == number


def test_a_forged_token_or_another_shops_is_as_good_as_none(toy, shop, ravis_shop):
    bina, ravi, client = toy.member(shop), toy.member(ravis_shop), toy.client()
    token = post(client, ravis_shop, ravi).headers["X-Consistency"]
    post(client, shop, bina)
    for text in (token, token[:-2], "x", "a.b", "ä.ö", "." * 2000):
        assert count(client, shop, bina, **{"X-Consistency": text.encode("latin-1", "replace").decode("latin-1")}) == 1


# ---------------------------------------------------------------- pages


def csrf_of(client, shop):
    return client.get(f"/s/{shop.slug}/notes/new").text.split("<form>")[1].split("</form>")[0]


def test_a_page_without_a_sign_in_leads_to_it(toy, shop):
    reply = toy.client().get(f"/s/{shop.slug}/notes/new?x=1")
    assert reply.status_code == 303
    assert reply.headers["Location"] == f"/sign-in?next=%2Fs%2F{shop.slug}%2Fnotes%2Fnew%3Fx%3D1"


def test_a_form_needs_its_csrf_token(toy, shop):
    with toy.signed_in_pages(shop) as client:
        reply = client.post(f"/s/{shop.slug}/notes/", data={"text": "x"})
    assert reply.status_code == 403
    assert "text/html" in reply.content_type


@pytest.mark.fault(21)
def test_a_form_from_a_host_whose_clock_runs_ahead_is_taken(toy, shop):
    with toy.signed_in_pages(shop) as client:
        with time_machine.travel(utc_now() + dt.timedelta(minutes=5)):
            token = csrf_of(client, shop)
        reply = client.post(f"/s/{shop.slug}/notes/", data={"text": "x", "csrf_token": token})
    assert reply.status_code == 302


def test_a_form_sent_twice_is_done_once_and_answered_twice(toy, shop):
    with toy.signed_in_pages(shop) as client:
        form = {"text": "x", "csrf_token": csrf_of(client, shop), "idempotency_key": "form-1"}
        first = client.post(f"/s/{shop.slug}/notes/", data=form)
        again = client.post(f"/s/{shop.slug}/notes/", data={**form, "csrf_token": csrf_of(client, shop)})
    assert (first.status_code, first.headers["Location"]) == (302, again.headers["Location"])
    assert count(toy.client(), shop, toy.member(shop)) == 1


def test_a_page_of_another_shop_is_not_there(toy, shop, ravis_shop):
    toy.member(ravis_shop)
    with toy.signed_in_pages(shop) as client:
        assert client.get(f"/s/{ravis_shop.slug}/notes/new").status_code == 404
        assert client.get("/s/nobody/notes/new").status_code == 404


def test_links_of_pages_keep_the_shop(toy, shop):
    with toy.signed_in_pages(shop) as client:
        assert f"/s/{shop.slug}/notes/new" in client.get(f"/s/{shop.slug}/notes/new").text


def test_a_pages_write_is_remembered_in_a_cookie_below_the_shop(toy, shop):
    with toy.signed_in_pages(shop) as client:
        form = {"text": "x", "csrf_token": csrf_of(client, shop)}
        reply = client.post(f"/s/{shop.slug}/notes/", data=form)
    cookie = next(one for one in reply.headers.getlist("Set-Cookie") if one.startswith("boola_seen="))
    assert f"Path=/s/{shop.slug}" in cookie
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
