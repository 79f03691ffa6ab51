"""The API of sign-in, oneself, a shop's people and its profile, as a program calls it."""

import secrets

import pytest
from sqlalchemy import select

from app.kit.audit_checking import first_broken
from app.kit.models import ControlIdempotencyKey
from app.kit.transactions import write_control
from app.tenants import service as tenants
from app.tenants.models import SignInGate
from app.tenants.service.gates import gate_of
from tests.support.cast import PASSWORD
from tests.support.jobs import work_off

AUTH = "/api/v1/auth"


@pytest.fixture
def here():
    """An address of one's own, so that one test's failures are not another's."""
    return {"REMOTE_ADDR": f"10.{secrets.randbelow(255)}.{secrets.randbelow(255)}.{secrets.randbelow(255)}"}


def sign_in(client, here, email, password=PASSWORD, **more):
    return client.post(f"{AUTH}/sign-in", json={"email": email, "password": password, **more}, environ_base=here)


def bearer(token, **more):
    return {"Authorization": f"Bearer {token}", **more}


# ---------------------------------------------------------------- sign-in


def test_signing_in_gives_a_token_that_opens(client, cast, here):
    reply = sign_in(client, here, cast.asha.email)
    assert reply.status_code == 200
    assert reply.json["tokenType"] == "Bearer"
    assert reply.json["person"]["name"] == "Asha"
    me = client.get(f"{AUTH}/me", headers=bearer(reply.json["token"]))
    assert [one["shopId"] for one in me.json["memberships"]] == [cast.asha.shop_id]
    assert me.json["memberships"][0]["role"] == "owner"
    assert me.json["memberships"][0]["ready"] is True


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"password": "wrong words here"}, 401, "sign_in_refused"),
        ({"email": "nobody@example.test"}, 401, "sign_in_refused"),
        ({"password": "x" * 73}, 422, "password_too_weak"),
        ({"password": "अ" * 25}, 422, "password_too_weak"),
        ({"email": "asha"}, 422, "malformed_email"),
        ({"password": ""}, 422, "invalid_input"),
        ({"password": 7}, 422, "invalid_input"),
        ({"password": "nul\x00nul here"}, 422, "invalid_input"),
        ({"more": 1}, 422, "invalid_input"),
    ],
)
def test_what_is_wrong_gets_a_clear_answer(client, cast, here, body, status, code):
    reply = client.post(
        f"{AUTH}/sign-in", json={"email": cast.asha.email, "password": PASSWORD, **body}, environ_base=here
    )
    assert (reply.status_code, reply.json["code"]) == (status, code)
    assert reply.content_type == "application/problem+json"


def test_the_pause_says_when_to_come_back(client, cast, here):
    for _ in range(5):
        assert sign_in(client, here, cast.asha.email, "wrong words here").status_code == 401
    reply = sign_in(client, here, cast.asha.email)
    assert (reply.status_code, reply.json["code"]) == (429, "sign_in_paused")
    assert 0 < int(reply.headers["Retry-After"]) <= 900


def test_no_password_is_ever_in_a_reply(client, cast, here):
    for reply in (sign_in(client, here, cast.asha.email, "wrong words here"), sign_in(client, here, cast.asha.email)):
        assert PASSWORD not in reply.text and "wrong words" not in reply.text


def test_signing_out_ends_this_token_only(client, cast, here):
    first, second = (sign_in(client, here, cast.asha.email).json["token"] for _ in range(2))
    assert client.post(f"{AUTH}/sign-out", headers=bearer(first)).status_code == 204
    assert client.get(f"{AUTH}/me", headers=bearer(first)).status_code == 401
    assert client.get(f"{AUTH}/me", headers=bearer(second)).status_code == 200


def test_signing_out_everywhere_ends_them_all(client, cast, here):
    tokens = [sign_in(client, here, cast.asha.email).json["token"] for _ in range(2)]
    assert client.post(f"{AUTH}/sign-out-everywhere", headers=bearer(tokens[0])).status_code == 204
    shop = f"/api/v1/shops/{cast.asha.shop_id}/profile"
    for token in (*tokens, cast.asha.token):
        assert client.get(f"{AUTH}/me", headers=bearer(token)).status_code == 401
        assert client.get(shop, headers=bearer(token)).status_code == 401
    assert sign_in(client, here, cast.asha.email).status_code == 200


def test_a_new_password_keeps_this_one_signed_in_and_nobody_else(client, cast, here):
    old = sign_in(client, here, cast.asha.email).json["token"]
    body = {"oldPassword": PASSWORD, "newPassword": "another monsoon song"}
    wrong = client.post(f"{AUTH}/password", json={**body, "oldPassword": "no"}, headers=bearer(old), environ_base=here)
    assert (wrong.status_code, wrong.json["code"]) == (422, "old_password_wrong")
    weak = client.post(
        f"{AUTH}/password", json={**body, "newPassword": "short"}, headers=bearer(old), environ_base=here
    )
    assert (weak.status_code, weak.json["code"]) == (422, "password_too_weak")
    reply = client.post(f"{AUTH}/password", json=body, headers=bearer(old), environ_base=here)
    assert reply.status_code == 200
    assert client.get(f"{AUTH}/me", headers=bearer(old)).status_code == 401
    assert client.get(f"{AUTH}/me", headers=bearer(reply.json["token"])).status_code == 200
    assert sign_in(client, here, cast.asha.email).status_code == 401
    assert sign_in(client, here, cast.asha.email, "another monsoon song").status_code == 200


def test_a_failed_sign_in_is_counted_though_its_request_failed(client, cast, here, runtime):
    sign_in(client, here, cast.asha.email, "wrong words here")
    with runtime.router.control() as control:
        assert control.get(SignInGate, gate_of("person", cast.asha.email)).failures == 1


# ---------------------------------------------------------------- oneself


def test_ones_own_profile_is_changed_under_if_match(client, cast):
    me = client.get(f"{AUTH}/me", headers=cast.asha.headers())
    tag = me.headers["ETag"]
    change = {"name": "Asha Mehta", "phone": "98200 12345", "locale": "hi"}
    assert client.patch(f"{AUTH}/me", json=change, headers=cast.asha.headers()).status_code == 428
    stale = client.patch(f"{AUTH}/me", json=change, headers=cast.asha.headers(**{"If-Match": '"77"'}))
    assert (stale.status_code, stale.json["code"]) == (412, "changed_meanwhile")
    done = client.patch(f"{AUTH}/me", json=change, headers=cast.asha.headers(**{"If-Match": tag}))
    assert (done.status_code, done.json["name"], done.json["phone"]) == (200, "Asha Mehta", "+919820012345")
    assert done.headers["ETag"] != tag
    assert client.get(f"{AUTH}/me", headers=cast.asha.headers()).json["locale"] == "hi"


@pytest.mark.parametrize("change", [{}, {"email": "new@example.test"}, {"phone": "12"}, {"locale": "xx"}, {"name": ""}])
def test_a_profile_takes_nothing_odd(client, cast, change):
    tag = client.get(f"{AUTH}/me", headers=cast.asha.headers()).headers["ETag"]
    reply = client.patch(f"{AUTH}/me", json=change, headers=cast.asha.headers(**{"If-Match": tag}))
    assert reply.status_code == 422


# ---------------------------------------------------------------- people


@pytest.fixture
def people(cast):
    return f"/api/v1/shops/{cast.asha.shop_id}/people"


def new_member(**changes):
    return {"email": f"x{secrets.token_hex(5)}@example.test", "name": "Chitra", "role": "clerk", **changes}


def test_the_owner_sees_and_invites_people(client, cast, people, here):
    cast.everybody()
    names = {one["name"]: one["role"] for one in client.get(people, headers=cast.asha.headers()).json["items"]}
    assert names == {"Asha": "owner", "Bina": "clerk", "Meera": "accountant"}

    body = new_member(phone="98200 12345")
    reply = client.post(people, json=body, headers=cast.asha.writing())
    assert reply.status_code == 201
    asked = reply.json["invitation"]
    assert (asked["role"], asked["phone"], asked["name"]) == ("clerk", "+919820012345", "Chitra")
    waiting = client.get(f"{people}/invitations", headers=cast.asha.headers()).json["items"]
    assert waiting == [asked]
    wrong = client.post(f"{AUTH}/join", json=joining(body, "aaaa-bbbb-cccc-dddd"))
    assert (wrong.status_code, wrong.json["code"]) == (422, "invitation_refused")
    done = client.post(f"{AUTH}/join", json=joining(body, reply.json["code"]))
    assert done.status_code == 200
    profile = client.get(f"/api/v1/shops/{cast.asha.shop_id}/profile", headers=bearer(done.json["token"]))
    assert profile.status_code == 200
    assert sign_in(client, here, body["email"], "a song of my own").status_code == 200


def joining(body, code):
    return {"email": body["email"], "code": code, "password": "a song of my own"}


def test_a_known_and_an_unknown_address_are_told_the_same(client, cast, people):
    """Ravi belongs to no shop of Asha's: she learns neither his name nor that he is there at all."""
    told = [
        client.post(people, json=new_member(**change), headers=cast.asha.writing())
        for change in ({}, {"email": cast.ravi.email})
    ]
    assert [one.status_code for one in told] == [201, 201]
    own = ("id", "email", "invitedAt", "expiresAt")
    left = [{name: value for name, value in one.json["invitation"].items() if name not in own} for one in told]
    assert left[0] == left[1]
    assert [len(one.json["code"]) for one in told] == [19, 19]
    listed = client.get(people, headers=cast.asha.headers()).text
    assert "Ravi" not in told[1].text + listed
    invitations = f"/api/v1/shops/{cast.ravi.shop_id}"
    assert client.get(f"{invitations}/people", headers=cast.asha.headers()).status_code == 404


def test_somebody_known_accepts_or_declines_for_themselves(client, cast, people):
    asked = client.post(people, json=new_member(email=cast.ravi.email), headers=cast.asha.writing()).json
    (own,) = client.get(f"{AUTH}/invitations", headers=cast.ravi.headers()).json["items"]
    assert own["id"] == asked["invitation"]["id"]
    assert own["shopName"].startswith("Asha Jewellers")
    accept, code = f"{AUTH}/invitations/{own['id']}/acceptance", {"code": asked["code"]}
    theirs = client.post(accept, json=code, headers=cast.zoya.writing())
    assert (theirs.status_code, theirs.json["code"]) == (404, "invitation_unknown")
    assert client.delete(f"{AUTH}/invitations/{own['id']}", headers=cast.zoya.headers()).status_code == 404
    assert client.post(accept, json=code, headers=cast.ravi.writing()).status_code == 204
    names = {one["name"] for one in client.get(people, headers=cast.asha.headers()).json["items"]}
    assert "Ravi" in names

    client.post(people, json=new_member(email=cast.zoya.email), headers=cast.asha.writing())
    (own,) = client.get(f"{AUTH}/invitations", headers=cast.zoya.headers()).json["items"]
    assert client.delete(f"{AUTH}/invitations/{own['id']}", headers=cast.zoya.headers()).status_code == 204
    assert client.get(f"{people}/invitations", headers=cast.asha.headers()).json["items"] == []


def test_an_invitation_is_taken_back(client, cast, people):
    body = new_member()
    asked = client.post(people, json=body, headers=cast.asha.writing()).json
    one = f"{people}/invitations/{asked['invitation']['id']}"
    assert client.delete(one, headers=cast.bina.headers()).status_code == 403
    assert client.delete(one, headers=cast.asha.headers()).status_code == 204
    assert client.delete(one, headers=cast.asha.headers()).status_code == 404
    assert client.post(f"{AUTH}/join", json=joining(body, asked["code"])).status_code == 422


def test_inviting_twice_with_one_key_is_inviting_once_and_keeps_no_code(client, cast, people, runtime):
    body, headers = new_member(), cast.asha.writing()
    first = client.post(people, json=body, headers=headers)
    again = client.post(people, json=body, headers=headers)
    assert again.headers["Idempotent-Replay"] == "true"
    assert again.json["invitation"] == first.json["invitation"]
    assert first.json["code"] and again.json["code"] is None
    with runtime.router.control() as control:
        kept = control.scalars(
            select(ControlIdempotencyKey.reply).where(ControlIdempotencyKey.person_id == cast.asha.person_id)
        ).all()
    assert kept and all(first.json["code"].encode() not in reply for reply in kept)


def test_a_role_and_a_leaving_hold_at_the_next_request(client, cast, people):
    bina = f"{people}/{cast.bina.person_id}"
    rates = f"/api/v1/shops/{cast.asha.shop_id}/people"
    assert client.get(rates, headers=cast.bina.headers()).status_code == 403
    version = next(
        one["version"] for one in client.get(people, headers=cast.asha.headers()).json["items"] if one["name"] == "Bina"
    )
    done = client.patch(bina, json={"role": "manager"}, headers=cast.asha.headers(**{"If-Match": f'"{version}"'}))
    assert (done.status_code, done.json["role"]) == (200, "manager")
    assert client.get(rates, headers=cast.bina.headers()).status_code == 200
    assert client.delete(bina, headers=cast.asha.headers()).status_code == 204
    assert client.get(rates, headers=cast.bina.headers()).status_code == 404
    assert client.delete(bina, headers=cast.asha.headers()).status_code == 404


def test_the_last_owner_cannot_leave(client, cast, people):
    reply = client.delete(f"{people}/{cast.asha.person_id}", headers=cast.asha.headers())
    assert (reply.status_code, reply.json["code"]) == (409, "last_owner")


@pytest.mark.parametrize("who", ["bina", "meera"])
def test_only_an_owner_manages_people(client, cast, people, who):
    headers = getattr(cast, who).writing()
    assert client.post(people, json=new_member(), headers=headers).status_code == 403
    assert client.delete(f"{people}/{cast.asha.person_id}", headers=headers).status_code == 403


@pytest.mark.parametrize(
    ("body", "code"),
    [({"role": "king"}, "invalid_input"), ({"email": "x"}, "invalid_input"), ({"email": "xyz@"}, "malformed_email"),
     ({"phone": "12"}, "malformed_phone"), ({"name": " "}, "invalid_input")],
)  # fmt: skip
def test_a_member_takes_nothing_odd(client, cast, people, body, code):
    reply = client.post(people, json=new_member(**body), headers=cast.asha.writing())
    assert (reply.status_code, reply.json["code"]) == (422, code)


# ---------------------------------------------------------------- profile


def test_the_shops_profile_is_seen_by_all_and_changed_by_the_owner(client, cast):
    url = f"/api/v1/shops/{cast.asha.shop_id}/profile"
    seen = client.get(url, headers=cast.bina.headers())
    assert seen.status_code == 200
    assert [till["code"] for till in seen.json["tills"]] == ["T1"]
    assert seen.json["registrations"][0]["stateCode"] == "27"
    change = {"nameLocal": "आशा ज्वेलर्स", "rateBasis": "karat"}
    tag = {"If-Match": seen.headers["ETag"]}
    assert client.patch(url, json=change, headers=cast.bina.headers(**tag)).status_code == 403
    done = client.patch(url, json=change, headers=cast.asha.headers(**tag))
    assert (done.status_code, done.json["nameLocal"], done.json["rateBasis"]) == (200, "आशा ज्वेलर्स", "karat")
    assert client.patch(url, json=change, headers=cast.asha.headers(**tag)).status_code == 412
    read = client.get(url, headers=cast.asha.headers(**{"X-Consistency": done.headers["X-Consistency"]}))
    assert read.json["rateBasis"] == "karat"
    assert client.patch(url, json={"slug": "mine"}, headers=cast.asha.headers(**tag)).status_code == 422


def test_a_change_of_profile_is_in_the_shops_audit(client, cast, runtime):
    from app.kit.models import AuditEntry

    url = f"/api/v1/shops/{cast.asha.shop_id}/profile"
    tag = client.get(url, headers=cast.asha.headers()).headers["ETag"]
    client.patch(url, json={"name": "Asha and Daughters"}, headers=cast.asha.headers(**{"If-Match": tag}))
    with runtime.router.shop(cast.asha.shop_id, cast.asha.actor) as db:
        entry = db.scalars(select(AuditEntry).where(AuditEntry.action == "shop.profile_changed")).one()
        assert entry.actor_id == cast.asha.person_id
        assert first_broken(db) is None


def rename(client, somebody, name):
    url = f"/api/v1/shops/{somebody.shop_id}/profile"
    tag = client.get(url, headers=somebody.headers()).headers["ETag"]
    reply = client.patch(url, json={"name": name}, headers=somebody.headers(**{"If-Match": tag}))
    assert reply.status_code == 200, reply.text


def test_a_renamed_shop_is_found_by_its_new_name_in_the_control_plane_too(client, cast, runtime):
    rename(client, cast.asha, "Asha and Daughters")
    work_off(runtime, cast.asha.shop_id)
    me = client.get(f"{AUTH}/me", headers=cast.asha.headers())
    assert [one["shopName"] for one in me.json["memberships"]] == ["Asha and Daughters"]
    asked = client.get(f"/api/v1/console/shops/{cast.asha.shop_id}", headers=cast.om.headers())
    assert asked.json["shop"]["name"] == "Asha and Daughters"


def test_an_older_name_never_overtakes_a_newer_one(client, cast, runtime):
    with runtime.router.shop(cast.asha.shop_id, cast.asha.actor) as db:
        older = tenants.get_profile(db)
    rename(client, cast.asha, "Asha and Daughters")
    work_off(runtime, cast.asha.shop_id)
    assert write_control(runtime.router, lambda c: tenants.keep_names(c, cast.asha.shop_id, older)) is False
    with runtime.router.control() as control:
        assert tenants.get_shop(control, cast.asha.shop_id).name == "Asha and Daughters"
