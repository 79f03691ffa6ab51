"""The console's API: signing in with a second factor, opening a shop, its plan and home, sweeps; all of it audited."""

import datetime as dt
import secrets

import orjson
import pyotp
import pytest
import time_machine
from sqlalchemy import select

from app.kit.clock import today_ist, utc_now
from app.kit.models import ControlJob, PlatformAuditEntry
from app.tenants import service as tenants
from tests.support.cast import PASSWORD

CONSOLE = "/api/v1/console"


def new_shop(**changes):
    tag = secrets.token_hex(4)
    return {
        "name": f"Lakshmi Gold {tag}", "legalName": "Lakshmi Gold LLP", "stateCode": "29", "gstin": "29AAACI4798L1ZU",
        "address": "4 Avenue Road", "city": "Bengaluru", "pin": "560002", "ownerEmail": f"l{tag}@example.test",
        "ownerName": "Lakshmi", **changes,
    }  # fmt: skip


@pytest.fixture
def om(cast):
    return cast.om


@pytest.fixture
def here():
    return {"REMOTE_ADDR": f"10.{secrets.randbelow(255)}.{secrets.randbelow(255)}.{secrets.randbelow(255)}"}


def test_signing_in_needs_the_second_factor(client, om, here):
    url, body = f"{CONSOLE}/auth/sign-in", {"email": om.email, "password": PASSWORD}
    first = client.post(url, json=body, environ_base=here)
    assert first.status_code == 200 and first.json.get("token") is None
    secret = first.json["enrolment"]["secret"]
    assert client.post(url, json={**body, "code": "000000"}, environ_base=here).status_code == 401
    signed_in = client.post(url, json={**body, "code": pyotp.TOTP(secret).now()}, environ_base=here)
    assert signed_in.status_code == 200
    bearer = {"Authorization": f"Bearer {signed_in.json['token']}"}
    assert client.get(f"{CONSOLE}/auth/me", headers=bearer).json["email"] == om.email
    assert client.get("/api/v1/auth/me", headers=bearer).status_code == 401

    again = client.post(url, json=body, environ_base=here)  # enrolled: without a code it looks like any failure
    wrong = client.post(url, json={**body, "password": "wrong words here"}, environ_base=here)
    assert again.status_code == wrong.status_code == 401
    assert (again.json["code"], again.json["detail"]) == (wrong.json["code"], wrong.json["detail"])

    assert client.post(f"{CONSOLE}/auth/sign-out", headers=bearer).status_code == 204
    assert client.get(f"{CONSOLE}/auth/me", headers=bearer).status_code == 401


@pytest.mark.parametrize("who", ["asha", "bina"])
def test_a_shops_person_finds_nothing_here(client, cast, who):
    headers = getattr(cast, who).writing()
    for path in ("/shops", "/auth/me", "/platform/figures", f"/shops/{cast.asha.shop_id}"):
        assert client.get(f"{CONSOLE}{path}", headers=headers).status_code == 401
    assert client.post(f"{CONSOLE}/shops", json=new_shop(), headers=headers).status_code == 401


def test_opening_a_shop_begins_its_trial_and_asks_for_its_rows(client, om, runtime):
    body = new_shop(shard="shard-b")
    reply = client.post(f"{CONSOLE}/shops", json=body, headers=om.writing())
    assert reply.status_code == 201
    shop_id, one_time = reply.json["shopId"], reply.json["oneTimePassword"]
    assert (reply.json["shard"], reply.json["owner"]["email"]) == ("shard-b", body["ownerEmail"])

    seen = client.get(f"{CONSOLE}/shops/{shop_id}", headers=om.headers()).json
    facts = {name: seen["shop"][name] for name in ("contractState", "standing", "readyAt")}
    assert facts == {"contractState": "trial", "standing": "trial", "readyAt": None}
    assert seen["shop"]["endsOn"] == (today_ist() + dt.timedelta(days=13)).isoformat()
    assert [event["event"] for event in seen["events"]] == ["trial_started"]

    owner = client.post(
        "/api/v1/auth/sign-in",
        json={"email": body["ownerEmail"], "password": one_time, "newPassword": "a song of my own"},
    ).json
    bearer = {"Authorization": f"Bearer {owner['token']}"}
    early = client.get(f"/api/v1/shops/{shop_id}/profile", headers=bearer)
    assert (early.status_code, early.json["code"]) == (503, "shop_being_prepared")
    assert int(early.headers["Retry-After"]) > 0
    with runtime.router.control() as control:
        asked = control.scalars(select(ControlJob.job).where(ControlJob.shop_id == shop_id)).all()
    assert "app.tenants.jobs.prepare_shop" in asked

    tenants.prepare_shop(runtime.router, shop_id)
    late = client.get(f"/api/v1/shops/{shop_id}/profile", headers=bearer)
    assert (late.status_code, late.json["registrations"][0]["gstin"]) == (200, "29AAACI4798L1ZU")


def test_opening_twice_with_one_key_opens_once(client, om):
    body, headers = new_shop(), om.writing()
    first, again = (client.post(f"{CONSOLE}/shops", json=body, headers=headers) for _ in range(2))
    assert first.json["shopId"] == again.json["shopId"]
    assert first.json["oneTimePassword"] and again.json["oneTimePassword"] is None
    other = client.post(f"{CONSOLE}/shops", json=new_shop(), headers=headers)
    assert (other.status_code, other.json["code"]) == (422, "idempotency_key_reused")
    keyless = client.post(f"{CONSOLE}/shops", json=new_shop(), headers=om.headers())
    assert (keyless.status_code, keyless.json["code"]) == (400, "idempotency_key_missing")


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"gstin": "27AAACR5055K1Z7"}, "gstin_of_other_state"),
        ({"gstin": "29AAACI4798L1ZV"}, "malformed_gstin"),
        ({"stateCode": "99", "gstin": None}, "unknown_state"),
        ({"pin": "012345"}, "malformed_pin"),
        ({"pin": "५६०००२"}, "malformed_pin"),
        ({"ownerEmail": "xyz@"}, "malformed_email"),
        ({"shard": "shard-z"}, "shard_unknown"),
        ({"name": ""}, "invalid_input"),
        ({"plan": "free"}, "invalid_input"),
        ({"phone": "12"}, "malformed_phone"),
        ({"gstin": None, "composition": True}, "composition_without_gstin"),
        ({"legalName": "\u200b"}, "invalid_input"),
        ({"nameLocal": "\u202e"}, "invalid_input"),
        ({"address": "\u200b"}, "invalid_input"),
        ({"city": "\u202e"}, "invalid_input"),
        ({"ownerName": "\u202eahsA"}, "invalid_input"),
    ],
)
def test_what_is_wrong_is_refused_and_nothing_is_opened(client, om, wrong, code):
    body = new_shop(**wrong)
    reply = client.post(f"{CONSOLE}/shops", json=body, headers=om.writing())
    assert (reply.status_code, reply.json["code"]) == (422, code)
    found = client.get(f"{CONSOLE}/shops", query_string={"q": body["name"] or "nothing"}, headers=om.headers())
    assert found.json["items"] == []


def test_the_list_is_searched_sorted_and_paged(client, om):
    tag = secrets.token_hex(4)
    for number in range(3):
        body = new_shop(name=f"Tara {tag} {number}")
        assert client.post(f"{CONSOLE}/shops", json=body, headers=om.writing()).status_code == 201
    url, args = f"{CONSOLE}/shops", {"q": f"tara {tag}", "sort": "name", "limit": "2"}
    first = client.get(url, query_string=args, headers=om.headers()).json
    rest = client.get(url, query_string={**args, "after": first["next"]}, headers=om.headers()).json
    assert [shop["name"] for shop in (*first["items"], *rest["items"])] == [f"Tara {tag} {n}" for n in range(3)]
    assert rest["next"] is None
    one = first["items"][0]
    assert one["shard"] in ("shard-a", "shard-b") and one["plan"] == "Annual" and one["annualPricePaise"] == 10_000_00
    by_number = client.get(url, query_string={"q": str(one["shopId"])}, headers=om.headers()).json["items"]
    assert one["shopId"] in [shop["shopId"] for shop in by_number]
    odd = client.get(url, query_string={"q": "100%_ श्री"}, headers=om.headers())
    assert (odd.status_code, odd.json["items"]) == (200, [])


@pytest.mark.parametrize("number", ["x", "0", "987654321", "-1", "1e3", "१", "9" * 30])
def test_a_number_that_names_no_shop_is_not_found(client, om, number):
    for path in ("", "/people"):
        reply = client.get(f"{CONSOLE}/shops/{number}{path}", headers=om.headers())
        assert (reply.status_code, reply.json["code"]) == (404, "shop_unknown")


def test_the_people_of_a_shop(client, cast, om):
    cast.everybody()
    people = client.get(f"{CONSOLE}/shops/{cast.asha.shop_id}/people", headers=om.headers()).json["items"]
    assert {one["name"] for one in people} == {"Asha", "Bina", "Meera"}


def test_extension_and_activation_are_told_why_and_by_whom(client, cast, om, runtime):
    url = f"{CONSOLE}/shops/{cast.zoya.shop_id}"
    later = (today_ist() + dt.timedelta(days=20)).isoformat()
    refused = client.post(f"{url}/extension", json={"endsOn": later, "reason": "ok"}, headers=om.headers())
    assert (refused.status_code, refused.json["code"]) == (422, "reason_missing")
    extended = client.post(f"{url}/extension", json={"endsOn": later, "reason": "Diwali rush"}, headers=om.headers())
    assert (extended.status_code, extended.json["endsOn"]) == (200, later)
    paid = client.post(
        f"{url}/activation", json={"startsOn": today_ist().isoformat(), "reason": "paid by transfer"},
        headers=om.headers(),
    )  # fmt: skip
    assert (paid.json["state"], paid.json["standing"]) == ("active", "active")
    with runtime.router.control() as control:
        entries = control.scalars(
            select(PlatformAuditEntry).where(
                PlatformAuditEntry.shop_id == cast.zoya.shop_id, PlatformAuditEntry.action == "contract.changed"
            )
        ).all()
    told = [(entry.actor_id, orjson.loads(entry.body)["facts"]["reason"]) for entry in entries]
    assert told[-2:] == [(om.person_id, "Diwali rush"), (om.person_id, "paid by transfer")]


@pytest.mark.parametrize("reason", ["\u200b" * 6, "paid\u202e by transfer"], ids=ascii)
def test_a_reason_is_one_that_can_be_read(client, cast, om, reason):
    for path, body in (
        (f"shops/{cast.zoya.shop_id}/extension", {"endsOn": (today_ist() + dt.timedelta(days=20)).isoformat()}),
        (f"shops/{cast.zoya.shop_id}/activation", {"startsOn": today_ist().isoformat()}),
        (f"people/{cast.bina.person_id}/disabling", {}),
        (f"people/{cast.bina.person_id}/enabling", {}),
    ):
        reply = client.post(f"{CONSOLE}/{path}", json={**body, "reason": reason}, headers=om.headers())
        assert (reply.status_code, list(reply.json["fields"])) == (422, ["reason"]), path


def test_a_paid_year_is_entered_corrected_and_corrected_back(client, cast, om):
    url, today = f"{CONSOLE}/shops/{cast.ravi.shop_id}/activation", today_ist()

    def enter(first):
        body = {"startsOn": first.isoformat(), "reason": "paid by transfer"}
        return client.post(url, json=body, headers=om.headers())

    refused = enter(dt.date(2150, 1, 1))
    assert (refused.status_code, refused.json["code"]) == (422, "first_day_out_of_reach")
    assert list(refused.json["fields"]) == ["startsOn"]
    for first in (today, today + dt.timedelta(days=30), today):
        assert (enter(first).json["startsOn"], enter(first).status_code) == (first.isoformat(), 200)
    events = client.get(f"{CONSOLE}/shops/{cast.ravi.shop_id}", headers=om.headers()).json["events"]
    assert [one["event"] for one in events].count("activated") == 3  # each was sent twice


def test_a_sweep_is_asked_for_and_never_for_a_day_to_come(client, om, runtime):
    future = (today_ist() + dt.timedelta(days=400)).isoformat()
    reply = client.post(f"{CONSOLE}/platform/sweeps", json={"on": future}, headers=om.writing())
    assert (reply.status_code, reply.json["on"]) == (202, today_ist().isoformat())
    with runtime.router.control() as control:
        job = control.scalars(select(ControlJob).where(ControlJob.job == "app.amc.jobs.sweep_trials")).all()[-1]
    assert job.params == {"on": today_ist().isoformat()}


def test_figures_are_whole_paise(client, om):
    figures = client.get(f"{CONSOLE}/platform/figures", headers=om.headers()).json
    assert set(figures) == {"mrrPaise", "arrPaise", "trials", "active", "expired"}
    assert all(type(value) is int for value in figures.values())


def test_a_token_of_yesterday_is_nobody(client, om):
    with time_machine.travel(utc_now() + dt.timedelta(hours=24, minutes=2)):
        assert client.get(f"{CONSOLE}/shops", headers=om.headers()).status_code == 401
