"""Registration, outlets and tills of a shop: one profile, one version, and what is issued next says the new."""

import pytest

from app.kit.audit_reading import last_change
from app.tenants import service as tenants
from app.tenants.models import Shop
from tests.support.cast import PASSWORD
from tests.support.counter import Counter, a_key
from tests.support.jobs import work_off
from tests.support.pages import Sender


@pytest.fixture
def url(cast):
    return f"/api/v1/shops/{cast.asha.shop_id}/profile"


def matching(client, cast, url, **more):
    """Asha's headers, with the ETag of the profile as it is."""
    return cast.asha.headers(**{"If-Match": client.get(url, headers=cast.asha.headers()).headers["ETag"], **more})


def test_an_outlets_address_is_corrected_once_by_who_has_seen_it(client, cast, url, runtime):
    outlet = f"{url}/outlets/{cast.asha.shop.outlet_id}"
    seen = matching(client, cast, url)
    first = client.patch(outlet, json={"address": "9  Zaveri Bazaar ", "pin": "400003"}, headers=seen)
    assert first.status_code == 200
    kept = first.json["outlets"][0]
    assert (kept["address"], kept["pin"], kept["city"]) == ("9 Zaveri Bazaar", "400003", "Mumbai")
    late = client.patch(outlet, json={"city": "Pune"}, headers=seen)
    assert (late.status_code, late.json["code"]) == (412, "changed_meanwhile")
    assert first.headers["ETag"] == client.get(url, headers=cast.asha.headers()).headers["ETag"] != seen["If-Match"]
    with runtime.router.shop(cast.asha.shop_id, cast.asha.actor) as db:
        told = last_change(db, ["outlet.changed"], subject_id=cast.asha.shop.outlet_id)
    assert told is not None and told.actor_id == cast.asha.person_id


@pytest.mark.parametrize(
    ("path", "body", "status", "code"),
    [
        ("outlets/{outlet}", {"pin": "012345"}, 422, "malformed_pin"),
        ("outlets/{outlet}", {"address": "  "}, 422, None),
        ("outlets/{outlet}", {"stateCode": "29"}, 422, "invalid_input"),
        ("outlets/{outlet}", {}, 422, "nothing_to_change"),
        ("outlets/{registration}", {"city": "Pune"}, 404, "place_unknown"),
        ("registrations/{registration}", {"gstin": "29AAACI4798L1ZU"}, 422, "gstin_of_other_state"),
        ("registrations/{registration}", {"gstin": "27AAACR5055K1Z8"}, 422, "malformed_gstin"),
        ("registrations/{outlet}", {"composition": True}, 404, "place_unknown"),
        ("tills/{outlet}", {"name": "Front"}, 404, "place_unknown"),
        ("registrations/{registration}", {"gstin": None, "composition": True}, 422, "composition_without_gstin"),
        ("", {"name": "\u202e"}, 422, "invalid_input"),
        ("", {"nameLocal": "\u200b"}, 422, "invalid_input"),
        ("registrations/{registration}", {"legalName": "\u202eahsA"}, 422, "invalid_input"),
        ("outlets/{outlet}", {"name": "\u200b"}, 422, "invalid_input"),
        ("outlets/{outlet}", {"address": "\u200b\u200b"}, 422, "invalid_input"),
        ("outlets/{outlet}", {"city": "\u202e"}, 422, "invalid_input"),
        ("tills/{till}", {"name": "\u200b"}, 422, "invalid_input"),
    ],
)
def test_what_is_wrong_is_refused_and_changes_nothing(client, cast, url, path, body, status, code):
    shop, headers = cast.asha.shop, matching(client, cast, url)
    place = path.format(outlet=shop.outlet_id, registration=shop.registration_id, till=shop.till_id)
    reply = client.patch(f"{url}/{place}".rstrip("/"), json=body, headers=headers)
    assert (reply.status_code, reply.json["code"]) == (status, code or reply.json["code"])
    assert client.get(url, headers=cast.asha.headers()).headers["ETag"] == headers["If-Match"]


@pytest.mark.parametrize("first", [{"composition": True}, {"gstin": None}], ids=str)
def test_composition_and_no_gstin_never_come_together(client, cast, url, first):
    """Nor one after the other: what is taken away last is looked at with what stands there."""
    registration = f"{url}/registrations/{cast.asha.shop.registration_id}"
    assert client.patch(registration, json=first, headers=matching(client, cast, url)).status_code == 200
    second = {"gstin": None} if "composition" in first else {"composition": True}
    refused = client.patch(registration, json=second, headers=matching(client, cast, url))
    assert (refused.status_code, refused.json["code"]) == (422, "composition_without_gstin")
    assert list(refused.json["fields"]) == ["composition"]


SETTINGS = {
    "": {"name": "Asha", "legal_name": "Asha", "name_local": "आशा", "phone": "", "locale": "en",
                "rate_basis": "fineness"},
    "registrations/{registration}": {"gstin": "", "legal_name": "Asha", "composition": ""},
    "outlets/{outlet}": {"name": "Asha", "address": "1 Road", "city": "Mumbai", "pin": "400001",
                         "bis_registration": ""},
    "tills/{till}": {"name": "Front"},
}  # fmt: skip
NAMES = ("name", "legal_name", "name_local", "address", "city")
PLACES = [(path, field) for path, form in SETTINGS.items() for field in form if field in NAMES]


@pytest.mark.parametrize(("path", "field"), PLACES)
@pytest.mark.parametrize("typed", ["\u200b", "\u202eahsA"], ids=ascii)
def test_a_form_takes_no_name_that_nobody_sees(client, cast, url, flask_app, path, field, typed):
    shop, seen = cast.asha.shop, client.get(url, headers=cast.asha.headers())
    place = path.format(outlet=shop.outlet_id, registration=shop.registration_id, till=shop.till_id)
    form = {**SETTINGS[path], "version": str(seen.json["version"]), field: typed}
    reply = Sender(flask_app, cast.asha).once(f"/s/{shop.slug}/settings/{place}".rstrip("/"), form)
    assert reply.status_code == 422 and "signs that nobody sees" in reply.text
    assert client.get(url, headers=cast.asha.headers()).headers["ETag"] == seen.headers["ETag"]


def test_a_new_gstin_reaches_the_console_by_a_job(client, cast, runtime):
    ravi = cast.ravi
    url = f"/api/v1/shops/{ravi.shop_id}/profile"
    etag = client.get(url, headers=ravi.headers()).headers["ETag"]
    registered = client.patch(
        f"{url}/registrations/{ravi.shop.registration_id}", json={"gstin": "29aaaci4798l1zu"},
        headers=ravi.headers(**{"If-Match": etag}),
    )  # fmt: skip
    assert registered.json["registrations"][0]["gstin"] == "29AAACI4798L1ZU"
    work_off(runtime, ravi.shop_id)
    with runtime.router.control() as control:
        assert control.get_one(Shop, ravi.shop_id).gstin == "29AAACI4798L1ZU"


def test_a_till_more_has_a_code_of_its_own(client, cast, url):
    outlet = str(cast.asha.shop.outlet_id)

    def add(code):
        headers = matching(client, cast, url, **{"Idempotency-Key": f"till-{code}"})
        return client.post(
            f"{url}/tills", json={"outletId": outlet, "code": code, "name": "First floor"}, headers=headers
        )

    made = add("u2")
    assert (made.status_code, [one["code"] for one in made.json["tills"]]) == (201, ["T1", "U2"])
    assert (add("T1").status_code, add("T-01").status_code) == (409, 422)
    till = next(one["id"] for one in made.json["tills"] if one["code"] == "U2")
    renamed = client.patch(f"{url}/tills/{till}", json={"name": "Upstairs"}, headers=matching(client, cast, url))
    assert [one["name"] for one in renamed.json["tills"]] == ["T1", "Upstairs"]


def test_an_outlet_more_sells_at_once_from_a_till_of_its_own(client, cast, url, flask_app, runtime):
    registration = str(cast.asha.shop.registration_id)
    place = {"name": "Annex", "address": "2 Zaveri Bazaar", "city": "Mumbai", "pin": "400003"}

    def add(**changes):
        body = {"registrationId": registration, **place, "tillCode": "a1", **changes}
        headers = matching(client, cast, url, **{"Idempotency-Key": a_key()})
        return client.post(f"{url}/outlets", json=body, headers=headers)

    assert add(pin="4000").status_code == 422
    assert add(tillCode="T1").json["fields"] == {"tillCode": "Another till of the shop has this code."}
    made = add().json
    (annex,) = [one for one in made["outlets"] if one["name"] == "Annex"]
    assert (annex["stateCode"], annex["registrationId"]) == ("27", registration)
    (till,) = [one for one in made["tills"] if one["outletId"] == annex["id"]]
    counter = Counter(flask_app, runtime, cast.asha)
    counter.set_board()
    bill = counter.bill([counter.piece()], customerId=counter.customer()["id"], tillId=till["id"]).json
    assert bill["number"].startswith("A1/") and bill["seller"]["address"] == "2 Zaveri Bazaar"


def test_a_person_is_signed_out_by_the_one_shop_they_belong_to(client, cast, runtime):
    people = f"/api/v1/shops/{cast.asha.shop_id}/people"
    assert client.post(f"{people}/{cast.bina.person_id}/sign-out", headers=cast.asha.headers()).status_code == 204
    assert client.get("/api/v1/auth/me", headers=cast.bina.headers()).status_code == 401
    elsewhere = client.post(f"{people}/{cast.meera.person_id}/sign-out", headers=cast.asha.headers())
    assert (elsewhere.status_code, elsewhere.json["code"]) == (409, "belongs_elsewhere")
    assert client.get("/api/v1/auth/me", headers=cast.meera.headers()).status_code == 200
    stranger = client.post(f"{people}/{cast.ravi.person_id}/sign-out", headers=cast.asha.headers())
    assert (stranger.status_code, stranger.json["code"]) == (404, "person_unknown")


def test_a_sign_in_is_shown_to_the_one_shop_of_a_person(client, cast, runtime):
    def seen(shop_id):
        with runtime.router.control() as control:
            return {one.member.name: one for one in tenants.list_staff(control, shop_id)}

    for who in (cast.bina, cast.meera):
        body = {"email": who.email, "password": PASSWORD}
        assert client.post("/api/v1/auth/sign-in", json=body).status_code == 200
    staff = seen(cast.asha.shop_id)
    assert staff["Bina"].last_sign_in_at is not None and staff["Bina"].only_here
    assert staff["Meera"].last_sign_in_at is None and not staff["Meera"].only_here
    assert staff["Asha"].last_sign_in_at is None  # her token of these tests came by no sign-in
