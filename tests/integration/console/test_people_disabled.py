"""A person disabled by the vendor: out everywhere, in nowhere, in every shop's shard too; and enabled again."""

import datetime as dt

import orjson
import pytest
from sqlalchemy import select

from app.amc import service as amc
from app.kit.clock import today_ist
from app.kit.models import PlatformAuditEntry
from app.tenants import service as tenants
from tests.support.cast import PASSWORD
from tests.support.jobs import run_control
from tests.support.pages import Sender

CONSOLE = "/api/v1/console"


def change(client, om, person, what, reason="Phone was stolen"):
    return client.post(f"{CONSOLE}/people/{person.person_id}/{what}", json={"reason": reason}, headers=om.headers())


def signs_in(client, person):
    return client.post("/api/v1/auth/sign-in", json={"email": person.email, "password": PASSWORD}).status_code


def kept(runtime, shop_id, person):
    with runtime.router.shop(shop_id, tenants.SYSTEM) as db:
        return tenants.find_member(db, person.person_id)


def told_shards(runtime, person, *shop_ids):
    """The jobs that the change asked for, of these shops."""
    for shop_id in shop_ids:
        run_control(runtime, "app.tenants.jobs.push_member", shop_id=shop_id, person_id=str(person.person_id))


def test_disabled_means_out_and_not_in_again(client, cast, runtime):
    meera, om = cast.meera, cast.om
    reply = change(client, om, meera, "disabling")
    assert (reply.status_code, reply.json["disabledBecause"]) == (200, "Phone was stolen")
    assert {one["shopId"] for one in reply.json["memberships"]} == {cast.asha.shop_id, cast.zoya.shop_id}
    assert client.get("/api/v1/auth/me", headers=meera.headers()).status_code == 401
    assert client.get(f"/api/v1/shops/{cast.asha.shop_id}/items", headers=meera.headers()).status_code == 401
    assert signs_in(client, meera) == 401
    told_shards(runtime, meera, cast.asha.shop_id, cast.zoya.shop_id)
    assert [kept(runtime, shop_id, meera).active for shop_id in (cast.asha.shop_id, cast.zoya.shop_id)] == [False] * 2

    assert change(client, om, meera, "enabling", "Phone is found").json["disabledAt"] is None
    assert client.get("/api/v1/auth/me", headers=meera.headers()).status_code == 401, "an old sign-in stays ended"
    assert signs_in(client, meera) == 200
    told_shards(runtime, meera, cast.asha.shop_id)
    assert kept(runtime, cast.asha.shop_id, meera).active
    with runtime.router.control() as control:
        told = control.scalars(
            select(PlatformAuditEntry)
            .where(PlatformAuditEntry.action.in_(["person.disabled", "person.enabled"]))
            .order_by(PlatformAuditEntry.seq.desc())
            .limit(2)
        ).all()
    facts = [(entry.actor_id, orjson.loads(entry.body)["facts"]) for entry in reversed(told)]
    assert facts == [
        (om.person_id, {"person": str(meera.person_id), "reason": "Phone was stolen"}),
        (om.person_id, {"person": str(meera.person_id), "reason": "Phone is found"}),
    ]


def test_nobody_disables_themselves_and_a_reason_is_needed(client, cast):
    om = cast.om
    refused = change(client, om, om, "disabling")
    assert (refused.status_code, refused.json["code"]) == (409, "not_oneself")
    assert change(client, om, cast.bina, "disabling", "x").status_code == 422
    assert client.get(f"{CONSOLE}/auth/me", headers=om.headers()).status_code == 200
    assert client.get("/api/v1/auth/me", headers=cast.bina.headers()).status_code == 200


def test_twice_is_once(client, cast):
    first, second = (change(client, cast.om, cast.bina, "disabling").json for _ in range(2))
    assert first == second


@pytest.mark.parametrize("act", ["extension", "activation"])
def test_a_page_shows_what_would_happen_and_does_it_only_when_asked_again(flask_app, client, cast, act):
    om, shop_id = Sender(flask_app, cast.om), cast.zoya.shop_id

    def stands():
        return client.get(f"{CONSOLE}/shops/{shop_id}", headers=cast.om.headers()).json

    before = stands()
    first, last = today_ist() + dt.timedelta(days=5), today_ist() + dt.timedelta(days=100)
    form = {
        "ends_on": f"{last:%d-%m-%Y}", "starts_on": f"{first:%d-%m-%Y}", "reason": "agreed by phone",
        "idempotency_key": act,
    }  # fmt: skip
    asked = om(f"/console/shops/{shop_id}/{act}", form)
    assert asked.status_code == 200 and "Nothing is done yet" in asked.text
    assert stands() == before
    done = [om(f"/console/shops/{shop_id}/{act}", {**form, "sure": "yes"}) for _ in range(2)]
    assert [reply.status_code for reply in done] == [303, 303]
    after = stands()
    assert [event["reason"] for event in after["events"]][1:] == ["agreed by phone"]
    ends_on = last if act == "extension" else amc.last_day_of_year(first)
    assert after["shop"]["endsOn"] == ends_on.isoformat()


def test_the_page_of_a_paid_year_says_what_will_be_in_force(flask_app, client, cast):
    om, url = Sender(flask_app, cast.om), f"/console/shops/{cast.ravi.shop_id}"
    today = today_ist()
    later = today + dt.timedelta(days=30)

    def enter(first, **more):
        form = {"starts_on": f"{first:%d-%m-%Y}", "reason": "agreed by phone", **more}
        return om.once(f"{url}/activation", form)

    refused = enter(dt.date(2150, 1, 1))
    assert refused.status_code == 422 and "on this day" in refused.text and "01-01-2150" in refused.text
    for first in (today, later):
        assert enter(first, sure="yes").status_code == 303
    back = enter(today)
    last, now = (amc.last_day_of_year(first) for first in (today, later))
    assert f"begins on {today:%d-%m-%Y}" in back.text and f"from {now:%d-%m-%Y} to {last:%d-%m-%Y}" in back.text
    assert enter(today, sure="yes").status_code == 303
    assert f"{last:%d-%m-%Y}" in om.look(url).text and f"{now:%d-%m-%Y}" not in om.look(url).text
    again = enter(today)
    assert "in force already" in again.text and "moves from" not in again.text
