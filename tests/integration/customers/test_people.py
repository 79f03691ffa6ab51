"""What is known of a customer beside their address: days of the year, family, papers with consent."""

from uuid import UUID

from sqlalchemy import select

from app.customers import service as customers
from app.customers.models import CustomerKyc
from app.kit.clock import today_ist
from app.kit.models import AuditEntry, IdempotencyKey
from app.kit.ports import Bucket
from tests.support.counter import made

PDF = b"%PDF-1.7\n" + bytes(range(256))


def put(counter, path, body, version):
    headers = counter.who.headers(**{"If-Match": f'"{version}"'})
    return counter.app.test_client().put(counter.base + path, headers=headers, json=body)


def test_a_birthday_is_listed_when_it_comes(counter):
    lata, today = counter.customer(), today_ist()
    path = f"/customers/{lata['id']}/days"
    day = {"kind": "birthday", "month": today.month, "day": today.day, "year": today.year - 40}
    assert put(counter, path, {"days": [day]}, 1).json["items"] == [day]
    assert put(counter, path, {"days": []}, 1).status_code == 412
    (coming,) = made(counter.get("/customers/upcoming-days", days=0))["items"]
    assert (coming["customerId"], coming["on"], coming["years"]) == (lata["id"], today.isoformat(), 40)
    wrong = put(counter, path, {"days": [{"kind": "birthday", "month": 2, "day": 30}]}, 2)
    assert (wrong.status_code, wrong.json["fields"]) == (422, {"birthday": "no such day"})
    assert put(counter, path, {"days": []}, 2).json["items"] == []
    assert made(counter.get("/customers/upcoming-days"))["items"] == []


def test_a_family_is_seen_together_and_each_belongs_to_one(counter):
    lata, ravi, asha = (counter.customer(name=f"{name} Deshpande") for name in ("Lata", "Ravi", "Asha"))
    join = lambda who, head, relation: counter.post(  # noqa: E731
        f"/customers/{who['id']}/family", {"withId": head["id"], "relation": relation}
    )
    made(join(ravi, lata, "husband"))
    family = made(join(asha, ravi, "daughter"))
    assert family["name"] == "Deshpande"
    assert [(one["name"], one["relation"]) for one in family["members"]] == [
        ("Lata Deshpande", "head"), ("Ravi Deshpande", "husband"), ("Asha Deshpande", "daughter"),
    ]  # fmt: skip
    assert join(ravi, asha, "husband").json["code"] == "in_family_already"
    client = counter.app.test_client()
    for who in (asha, ravi):
        assert (
            client.delete(f"{counter.base}/customers/{who['id']}/family", headers=counter.who.headers()).status_code
            == 204
        )
    assert counter.get(f"/customers/{lata['id']}/family").status_code == 404  # nobody is a family alone


def a_paper(counter, customer, kind="pan", number="abcpd 1234f", consent="2026-1"):
    return counter.post(f"/customers/{customer['id']}/kyc", {"kind": kind, "number": number, "consent": consent})


def test_a_paper_is_kept_sealed_with_consent_and_shown_by_four_signs(counter):
    lata = counter.customer(pan=None)
    without = a_paper(counter, lata, consent="none")
    assert (without.status_code, without.json["code"]) == (422, "consent_missing")
    assert a_paper(counter, lata, number="1234").json["fields"] == {"number": "does not fit"}
    assert a_paper(counter, lata, kind="ration").json["fields"] == {"kind": "unknown"}
    paper = made(a_paper(counter, lata))
    assert (paper["last4"], paper["consent"], paper["verifiedAt"]) == ("234F", "2026-1", None)
    assert "ABCPD" not in str(counter.get(f"/customers/{lata['id']}/kyc").json)
    assert a_paper(counter, lata).json["code"] == "paper_twice"
    assert not counter.read(lambda db: customers.kyc_of(db, UUID(lata["id"]))).given
    made(counter.post(f"/customers/papers/{paper['id']}/verify", {}, **{"If-Match": '"1"'}))
    assert counter.read(lambda db: customers.kyc_of(db, UUID(lata["id"]))).given
    assert made(counter.post(f"/customers/papers/{paper['id']}/reveal", {}))["number"] == "ABCPD1234F"
    kept = counter.read(lambda db: [row.reply or b"" for row in db.scalars(select(IdempotencyKey))])
    assert not any(b"ABCPD1234F" in reply for reply in kept)
    told = counter.read(lambda db: [(one.action, one.body) for one in db.scalars(select(AuditEntry))])
    assert {"kyc.added", "kyc.verified", "kyc.looked_at"} <= {action for action, _ in told}
    assert not any(b"ABCPD" in body or b"234F" in body for _, body in told)


def test_a_scan_lies_sealed_and_goes_when_the_paper_is_withdrawn(counter):
    lata = counter.customer(pan=None)
    paper = made(a_paper(counter, lata))
    path, store = f"/customers/papers/{paper['id']}/scan", counter.runtime.store
    sent = {name: f"{counter.who.shop_id}/{name}-{paper['id']}" for name in ("page", "scan")}
    store.put(Bucket.INCOMING, sent["page"], b"<html>", content_type="image/png")
    store.put(Bucket.INCOMING, sent["scan"], PDF, content_type="image/png")
    for key in (sent["page"], "1/another-shops", f"{counter.who.shop_id}/not-there"):
        bad = put(counter, path, {"uploadKey": key}, 1)
        assert (bad.status_code, bad.json["code"]) == (422, "scan_unfit")
    assert put(counter, path, {"uploadKey": sent["scan"]}, 1).json["scanned"]
    key = counter.read(lambda db: db.scalars(select(CustomerKyc.scan_key)).one())
    with counter.runtime.store.open(Bucket.INVOICES, key) as stored:
        assert PDF[:9] not in stored.read()
    answer = counter.get(path)
    assert (answer.data, answer.content_type) == (PDF, "application/pdf")
    assert answer.headers["Content-Disposition"].startswith("attachment")
    gone = made(counter.post(f"/customers/papers/{paper['id']}/withdraw", {}, **{"If-Match": '"2"'}))
    assert gone["withdrawnAt"] and not gone["scanned"]
    assert counter.get(path).json["code"] == "scan_missing"
    row = counter.read(lambda db: db.scalars(select(CustomerKyc)).one())
    assert (row.number_sealed, row.scan_key, row.consent) == (None, None, "2026-1")
    assert counter.post(f"/customers/papers/{paper['id']}/reveal", {}).json["code"] == "paper_withdrawn"
    made(a_paper(counter, lata))  # another time, with a new consent


def test_of_an_aadhaar_only_four_digits_are_taken_in(counter):
    lata = counter.customer()
    assert a_paper(counter, lata, "aadhaar", "2345 6789 0123").status_code == 422
    paper = made(a_paper(counter, lata, "aadhaar", "0123"))
    assert counter.read(lambda db: db.scalars(select(CustomerKyc)).one()).number_sealed is None
    assert made(counter.post(f"/customers/papers/{paper['id']}/reveal", {}))["number"] == "0123"
