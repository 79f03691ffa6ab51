"""Two at once over HTTP, where a version, a last owner or a key has to decide: one wins, the others are told so.

Bills, notes, rates and corrections of pieces have theirs with their domains (tests/integration/invoices/test_races.py).
"""

import secrets
from collections import Counter as Tally
from functools import partial
from io import BytesIO

import pytest

from app.kit.ports import Bucket
from app.tenants import service as tenants
from app.tenants.models import Role
from app.vision import service as vision
from tests.support import pictures
from tests.support.cast import PASSWORD, join, signed_in
from tests.support.counter import Counter, a_key, all_at_once, made


@pytest.fixture
def counter(flask_app, runtime, cast) -> Counter:
    found = Counter(flask_app, runtime, cast.asha)
    found.set_board()
    return found


@pytest.fixture
def second_owner(runtime, cast):
    """Uma, who owns Asha's shop as well."""
    tag = secrets.token_hex(5)
    person_id = join(runtime, "Uma", tag, Role.OWNER, cast.asha.shop)
    return signed_in(runtime, "Uma", tag, person_id, Role.OWNER, cast.asha.shop)


def codes(answers):
    return Tally((answer.status_code, (answer.get_json(silent=True) or {}).get("code")) for answer in answers)


def statuses(answers):
    return Tally(answer.status_code for answer in answers)


def as_of(counter, path, body, version, *, who=None, base=""):
    headers = (who or counter.who).headers(**{"If-Match": f'"{version}"'})
    return counter.app.test_client().patch((base or counter.base) + path, json=body, headers=headers)


def test_of_many_who_correct_one_customer_one_is_right(counter):
    lata = counter.customer()
    answers = all_at_once(8, lambda n: as_of(counter, f"/customers/{lata['id']}", {"name": f"Lata {n}"}, 1))
    assert codes(answers) == {(200, None): 1, (412, "precondition_failed"): 7}
    winner = next(answer.json["name"] for answer in answers if answer.status_code == 200)
    kept = made(counter.get(f"/customers/{lata['id']}"))
    assert (kept["name"], kept["version"]) == (winner, 2)


def test_of_many_who_change_the_profile_one_is_right(counter):
    version = made(counter.get("/profile"))["version"]
    answers = all_at_once(8, lambda n: as_of(counter, "/profile", {"name": f"Asha {n}"}, version))
    assert codes(answers) == {(200, None): 1, (412, "changed_meanwhile"): 7}
    assert made(counter.get("/profile"))["version"] == version + 1


def test_of_many_changes_of_oneself_one_is_right(counter):
    me = counter.app.test_client().get("/api/v1/auth/me", headers=counter.who.headers()).json
    answers = all_at_once(8, lambda n: as_of(counter, "/auth/me", {"name": f"Asha {n}"}, me["version"], base="/api/v1"))
    assert codes(answers) == {(200, None): 1, (412, "changed_meanwhile"): 7}


def test_of_many_who_give_one_member_a_role_one_is_right(counter, cast):
    path = f"/people/{cast.bina.person_id}"
    answers = all_at_once(6, lambda n: as_of(counter, path, {"role": ("manager", "accountant")[n % 2]}, 1))
    assert codes(answers) == {(200, None): 1, (412, "changed_meanwhile"): 5}
    given = next(answer.json["role"] for answer in answers if answer.status_code == 200)
    people = {one["name"]: one for one in counter.get("/people").json["items"]}
    assert (people["Bina"]["role"], people["Bina"]["version"]) == (given, 2)


def test_two_members_are_edited_at_once(counter, cast):
    """Neither stands in the other's way: eight times two people get their roles."""
    members = (cast.bina, cast.meera)
    for version in range(1, 9):
        change = {"role": ("clerk", "manager")[version % 2]}
        paths = [f"/people/{one.person_id}" for one in members]
        change_role = partial(as_of, counter, body=change, version=version)
        answers = all_at_once(2, lambda n: change_role(paths[n]))  # noqa: B023 (called at once)
        assert statuses(answers) == {200: 2}
    people = {one["name"]: (one["role"], one["version"]) for one in counter.get("/people").json["items"]}
    assert people["Bina"] == people["Meera"] == ("clerk", 9)


@pytest.mark.parametrize("how", ["removed", "made clerks"])
def test_two_owners_who_turn_on_each_other_leave_one(counter, cast, second_owner, runtime, how):
    owners = (cast.asha, second_owner)

    def turn(n):
        path = f"/people/{owners[1 - n].person_id}"
        if how == "removed":
            return counter.app.test_client().delete(counter.base + path, headers=owners[n].headers())
        return as_of(counter, path, {"role": "clerk"}, 1, who=owners[n])

    answers = all_at_once(2, turn)
    won = [answer for answer in answers if answer.status_code < 300]
    lost = [answer for answer in answers if answer.status_code >= 400]
    assert (len(won), len(lost)) == (1, 1), [answer.text for answer in answers]
    # Whoever came second is the last owner's victim: the shop keeps that owner, or they are no longer let in at all.
    assert (lost[0].status_code, lost[0].json["code"]) in {
        (409, "last_owner"), (403, "right_missing"), (404, "shop_unknown"),
    }  # fmt: skip
    with runtime.router.control() as control:
        people = tenants.list_people(control, cast.asha.shop_id)
    assert [one.role for one in people if one.person_id in {o.person_id for o in owners}].count(Role.OWNER) == 1


def test_a_piece_is_sold_or_withdrawn_or_corrected_never_two_of_them(counter):
    """Whoever comes second learns it; a corrected piece may be sold, but not the other way round."""
    customer = counter.customer()
    for _round in range(4):
        piece = counter.piece()
        path, version = f"/items/{piece['id']}", {"If-Match": '"1"'}
        sold, withdrawn, edited = all_at_once(
            3,
            lambda n: (
                lambda: counter.bill([piece], customerId=customer["id"], paid=1_00),  # noqa: B023
                lambda: counter.post(f"{path}/withdrawal", {"reason": "melted"}, **version),  # noqa: B023
                lambda: as_of(counter, path, {"name": "Plain ring"}, 1),  # noqa: B023
            )[n](),
        )
        gone = {sold.status_code: "sold", withdrawn.status_code: "withdrawn"}
        assert {sold.status_code, withdrawn.status_code} <= {201, 200, 409, 412}, (sold.text, withdrawn.text)
        assert not (sold.status_code == 201 and withdrawn.status_code == 200)
        assert edited.status_code in (200, 409, 412), edited.text
        expected = gone.get(201) or gone.get(200) or "in_stock"
        assert counter.status(piece["id"]) == expected
    assert counter.books().sound


@pytest.mark.parametrize(
    ("path", "body"),
    [("/customers", lambda n: {"name": f"Lata {n}"}), ("/items", None),
     ("/exports", lambda n: {"from": "2026-04-01", "to": f"2026-04-{10 + n}", "format": "csv"}),
     ("/people", lambda n: {"email": f"n{n}-{secrets.token_hex(6)}@example.test", "name": "Uma", "role": "clerk"})],
    ids=["customers", "items", "exports", "people"],
)  # fmt: skip
def test_one_key_for_six_different_requests_at_once_makes_one(counter, path, body):
    key = a_key()

    def send(n):
        facts = body(n) if body else {
            "tag": f"K-{n}", "name": "Ring", "category": "ring", "grossMg": 1_500,
            "purity": {"metal": "gold", "fineness": 9160}, "making": {"kind": "percent", "bp": 1600},
        }  # fmt: skip
        return counter.post(path, facts, key=key)

    answers = all_at_once(6, send)
    found = codes(answers)
    assert sum(count for (status, _code), count in found.items() if status < 300) == 1, [one.text for one in answers]
    assert {code for status, code in found if status >= 300} <= {"idempotency_key_reused", "idempotency_key_busy"}


def test_one_upload_told_six_times_at_once_with_one_key_is_one_picture(counter, runtime):
    key, sent = vision.incoming_key(counter.who.shop_id), a_key()
    image = pictures.encoded(pictures.ring((64, 64)))
    runtime.store.put(Bucket.INCOMING, key, BytesIO(image), content_type="image/jpeg")
    answers = all_at_once(6, lambda _: counter.post("/images", {"uploadKey": key}, key=sent))
    assert set(statuses(answers)) <= {201, 409}, [one.text for one in answers]
    assert len({answer.data for answer in answers if answer.status_code == 201}) == 1
    assert len(counter.get("/images").json["items"]) == 1


def test_signing_out_and_a_new_password_at_once(counter, cast):
    """Whatever comes first, nothing breaks, and the old token counts no more."""
    client, headers = counter.app.test_client, cast.asha.headers()
    body = {"oldPassword": PASSWORD, "newPassword": "Marigold-river-42-lamps"}
    answers = all_at_once(
        2,
        lambda n: client().post("/api/v1/auth/sign-out-everywhere", headers=headers) if n
        else client().post("/api/v1/auth/password", json=body, headers=headers),
    )  # fmt: skip
    assert {answer.status_code for answer in answers} <= {200, 204, 401}, [one.text for one in answers]
    assert client().get("/api/v1/auth/me", headers=headers).status_code == 401
