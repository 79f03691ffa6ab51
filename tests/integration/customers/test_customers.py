"""Customers over HTTP: entered, found by phone, corrected, kept apart, and never in the clear in log or audit."""

import pytest
from sqlalchemy import select
from sqlalchemy.exc import DBAPIError

from app.customers.models import Customer as CustomerRow
from app.kit.clock import utc_now
from app.kit.ids import new_id
from app.kit.models import AuditEntry, IdempotencyKey, SealingKey
from tests.support.counter import a_key, all_at_once, made

LATA = {
    "name": "Lata  Deshpande", "phone": "98200 12345", "email": "lata@example.test", "pan": "abcpd1234f",
    "address": "4 Laxmi Road", "city": "Pune", "pin": "411 030", "stateCode": "27",
}  # fmt: skip


def test_a_customer_is_kept_in_the_forms_that_are_searched(counter):
    lata = made(counter.post("/customers", LATA))
    assert lata["phone"] == "+919820012345"
    assert (lata["name"], lata["pan"], lata["pin"]) == ("Lata Deshpande", "ABCPD1234F", "411030")
    answer = counter.get(f"/customers/{lata['id']}")
    assert answer.json == lata
    assert answer.headers["ETag"] == '"1"'


def test_a_gstin_brings_its_pan_and_its_state(counter):
    found = made(counter.post("/customers", {"name": "Infosys", "gstin": "29aaaci4798l1zu"}))
    assert (found["gstin"], found["pan"], found["stateCode"]) == ("29AAACI4798L1ZU", "AAACI4798L", "29")


@pytest.mark.parametrize("typed", ["9820012345", "098200 12345", "+91 98200-12345", "+919820012345"])
def test_a_customer_is_found_by_phone_however_it_is_typed(counter, typed):
    lata = made(counter.post("/customers", LATA))
    assert made(counter.get(f"/customers/by-phone/{typed}"))["id"] == lata["id"]


@pytest.mark.parametrize("typed", ["9820012346", "0", "abc", "%", "+", "1" * 100])
def test_a_phone_of_nobody_is_404(counter, typed):
    made(counter.post("/customers", LATA))
    assert counter.get(f"/customers/by-phone/{typed}").status_code == 404


WRONG = {
    "no name": ({"name": ""}, "invalid_input"),
    "a name of blanks": ({"name": " \u00a0 "}, None),
    "a NUL in the name": ({"name": "La\u0000ta"}, None),
    "a name of a thousand letters": ({"name": "x" * 1000}, "invalid_input"),
    "a phone of five digits": ({"phone": "12345"}, "phone_malformed"),
    "a phone of letters": ({"phone": "call me"}, "phone_malformed"),
    "a phone with an extension": ({"phone": "020 24451234 ext 9"}, "phone_malformed"),
    "a GSTIN with a slip": ({"gstin": "27AAACR5055K1Z8"}, "malformed_gstin"),
    "a GSTIN too short": ({"gstin": "27AAACR5055K1Z"}, "malformed_gstin"),
    "a PAN with a slip": ({"pan": "ABCD12345F"}, "malformed_pan"),
    "a PAN that is not the GSTIN's": ({"gstin": "27AAACR5055K1Z7", "pan": "ABCPD1234F"}, "customer_facts_wrong"),
    "an e-mail without a domain": ({"email": "lata@"}, "customer_facts_wrong"),
    "two e-mails": ({"email": "a@b.in, c@d.in"}, "customer_facts_wrong"),
    "a PIN that begins with 0": ({"pin": "011030"}, "customer_facts_wrong"),
    "a state that there is not": ({"stateCode": "99"}, "unknown_state"),
    "a number for a name": ({"name": 7}, "invalid_input"),
    "an unknown field": ({"caste": "x"}, "invalid_input"),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_customer_who_cannot_be_is_refused_and_nothing_is_written(counter, case):
    change, code = WRONG[case]
    before = counter.row_counts()
    answer = counter.post("/customers", {**LATA, "pan": None, **change})
    assert answer.status_code in (400, 422), answer.json
    assert code is None or answer.json["code"] == code, answer.json
    assert counter.row_counts() == before


def test_one_phone_is_one_customer(counter, ravis_counter):
    made(counter.post("/customers", LATA))
    answer = counter.post("/customers", {**LATA, "name": "Somebody else"})
    assert (answer.status_code, answer.json["code"], answer.json["fields"]) == (409, "phone_taken", {"phone": "taken"})
    made(ravis_counter.post("/customers", LATA))  # another shop's customer


def test_of_many_who_enter_one_phone_one_succeeds(counter):
    answers = all_at_once(8, lambda n: counter.post("/customers", {**LATA, "name": f"Lata {n}"}))
    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 7
    assert counter.row_counts()["customers"] == 1
    assert counter.row_counts()["sealing_keys"] == 2


def test_each_customer_has_two_keys_of_their_own(counter):
    made(counter.post("/customers", LATA))
    made(counter.post("/customers", {"name": "Asha"}))
    keys = counter.read(lambda db: [(key.purpose, key.wrapped) for key in db.scalars(select(SealingKey))])
    assert sorted(purpose for purpose, _ in keys) == ["optional", "optional", "statutory", "statutory"]
    assert len({wrapped for _, wrapped in keys}) == 4


def test_a_correction_changes_what_it_names_and_needs_the_version(counter):
    lata = made(counter.post("/customers", LATA))
    path = f"/customers/{lata['id']}"
    edited = made(counter.patch(path, {"name": "Lata Kulkarni", "email": None}, version=1))
    assert (edited["name"], edited["email"], edited["phone"], edited["version"]) == (
        "Lata Kulkarni", None, lata["phone"], 2,
    )  # fmt: skip
    late = counter.patch(path, {"city": "Mumbai"}, version=1)
    assert (late.status_code, late.json["code"]) == (412, "precondition_failed")


def test_a_removed_gstin_takes_its_pan_along(counter):
    found = made(counter.post("/customers", {"name": "Infosys", "gstin": "29AAACI4798L1ZU"}))
    edited = made(counter.patch(f"/customers/{found['id']}", {"gstin": None}, version=1))
    assert (edited["gstin"], edited["pan"], edited["stateCode"]) == (None, None, "29")


def test_personal_values_stand_in_no_audit_entry_and_in_no_log_line(counter, capfd):
    lata = made(counter.post("/customers", LATA))
    made(counter.patch(f"/customers/{lata['id']}", {"address": "7 Karve Road"}, version=1))
    counter.post("/customers", LATA)  # refused by the unique key, whose message holds the phone
    bodies = counter.read(lambda db: [entry.body.decode() for entry in db.scalars(select(AuditEntry))])
    said = "".join(bodies) + "".join(capfd.readouterr())
    assert '"changed":["address"]' in said
    for secret in ("Deshpande", "9820012345", "ABCPD1234F", "Laxmi Road", "Karve Road", "lata@example.test"):
        assert secret not in said


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ({}, ["Asha Kulkarni", "Bina Patil", "Lata Deshpande"]),
        ({"sort": "-name"}, ["Lata Deshpande", "Bina Patil", "Asha Kulkarni"]),
        ({"q": "kul"}, ["Asha Kulkarni"]),
        ({"q": "0012"}, ["Lata Deshpande"]),
        ({"q": "%"}, []),
        ({"phone": "+9198"}, ["Lata Deshpande"]),
        ({"gstin": "29AAACI4798L1ZU"}, ["Bina Patil"]),
    ],
)
def test_lists_find_whom_they_say(counter, query, names):
    made(counter.post("/customers", LATA))
    made(counter.post("/customers", {"name": "Asha Kulkarni"}))
    made(counter.post("/customers", {"name": "Bina Patil", "gstin": "29AAACI4798L1ZU"}))
    assert [one["name"] for one in made(counter.get("/customers", **query))["items"]] == names


def test_other_shops_customers_are_not_there(counter, ravis_counter):
    theirs = made(ravis_counter.post("/customers", LATA))
    assert counter.get(f"/customers/{theirs['id']}").status_code == 404
    assert counter.patch(f"/customers/{theirs['id']}", {"name": "Mine"}, version=1).status_code == 404
    assert counter.get("/customers/by-phone/9820012345").status_code == 404
    assert made(counter.get("/customers"))["items"] == []


def test_a_refused_statement_names_nobody(counter):
    """Its text goes to the log; the driver would write all values of the row beside it."""
    now = utc_now()
    lata = CustomerRow(id=new_id(), name="Lata Deshpande", pin="411030" * 20, version=1, created_at=now, updated_at=now)
    with counter.runtime.router.shop(counter.who.shop_id, counter.who.actor) as db:
        db.add(lata)
        with pytest.raises(DBAPIError) as refused:
            db.flush()
    assert "customers" in str(refused.value) and "Lata" not in str(refused.value)


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/customers", {"name": "Lata", "pan": "ABCPD1234F"}),
        ("/karigars", {"code": "RAM", "name": "Ram Soni", "pan": "ABCPD1234F"}),
    ],
)
def test_no_pan_is_kept_with_an_idempotency_key(counter, path, body):
    key = a_key()
    first = made(counter.post(path, body, key=key))
    kept = counter.read(lambda db: db.scalars(select(IdempotencyKey).where(IdempotencyKey.key == key)).one())
    assert (kept.reply, str(kept.subject_id)) == (None, first["id"])
    assert made(counter.post(path, body, key=key)) == first
