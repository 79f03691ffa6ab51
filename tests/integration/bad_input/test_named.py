"""The bad input that was asked about by name, with the code each must have and nothing left behind."""

import io
import secrets
from dataclasses import replace
from typing import Any

import pytest

from app.approvals import service as approvals
from app.credits import service as credits
from app.inventory import service as inventory
from app.kit.ids import new_id
from app.kit.ports import Bucket
from app.kit.runtime import Runtime
from app.vision import service as vision
from shard_router import Actor
from tests.factories.bills import a_bill
from tests.factories.people import a_customer
from tests.factories.rates import a_board
from tests.factories.stock import an_item
from tests.support import pictures
from tests.support.bad_input import FREE_ID, Description, slots, spoilt, unclear
from tests.support.good_asks import GOOD, Ask, is_elsewhere

# ---------------------------------------------------------------- another shop's things in bodies

UNKNOWN = {
    "itemId": "item_unknown", "customerId": "customer_unknown", "tillId": "till_unknown", "lineIds": "line_unknown",
    "lineId": "line_unknown", "creditId": "credit_unknown", "approvalIds": "approval_unknown",
    "uploadKey": "upload_unknown", "outletId": "place_unknown", "itemIds": "item_unknown", "into": "customer_unknown",
    "withId": "customer_unknown", "placeId": "stock_place_unknown", "toPlaceId": "stock_place_unknown",
    "toOutletId": "stock_place_unknown", "fromTillId": "drawer_unknown", "toTillId": "drawer_unknown",
    "lotId": "lot_unknown", "lotIds": "lot_unknown", "supplierId": "supplier_unknown", "planId": "plan_unknown",
    "registrationId": "place_unknown",
    "findingIds": "finding_unknown", "rateLockId": "rate_lock_unknown", "pictureId": "old_gold_photo_unknown",
    "estimateId": "estimate_unknown",
    "jobId": "", "orderId": "", "receiptId": "", "toWhom": "", "subjectId": "", "approvalId": "",
}  # fmt: skip
"""What a place that names it answers with 404; none where each route has words of its own (OWN_WORDS)."""

OWN_WORDS: dict[tuple[str, str], tuple[int, str]] = {
    ("transfers.receive_transfer", "lineId"): (404, "consignment_unknown"),
    ("transfers.recall_transfer", "lineIds"): (404, "consignment_unknown"),
    ("memos.return_memo", "lineIds"): (404, "consignment_unknown"),
    ("purchases.return_purchase", "lineIds"): (404, "purchase_unknown"),
    ("places.add_tray", "outletId"): (404, "stock_place_unknown"),
    ("cash.move_by_hand", "tillId"): (404, "drawer_unknown"),
    ("customers.keep_scan", "uploadKey"): (422, "scan_unfit"),
    ("imports.add_import", "uploadKey"): (404, "import_file_unknown"),
    ("karigars.note_bill", "jobId"): (422, "labour_bill_wrong"),
    ("karigars.open_job", "orderId"): (422, "job_facts_wrong"),
    ("invoices.quote", "orderId"): (404, "order_unknown"),
    ("invoices.issue_invoice", "orderId"): (404, "order_unknown"),
    ("estimates.make_estimate", "orderId"): (404, "order_unknown"),
    ("orders.take_order", "pictureId"): (404, "order_picture_unknown"),
    ("repairs.take_repair", "pictureId"): (404, "order_picture_unknown"),
    ("schemes.take_back_instalments", "receiptId"): (409, "instalments_not_last"),
    ("cash.hand_over", "toWhom"): (403, "not_the_taker"),
}  # fmt: skip

NOT_LOOKED_AT = {
    ("old_gold.value", "tillId"), ("old_gold.value", "pictureId"), ("old_gold.value", "approvalId"),
    ("old_gold.buy", "approvalId"), ("karigar_jobs.receive", "approvalId"), ("ratelocks.lock_rate", "approvalId"),
    ("repairs.set_charge", "approvalId"), ("repairs.hand_back", "approvalId"),
    ("rates.accept_suggested", "approvalId"), ("rates.set_rates", "approvalId"), ("approvals.ask", "subjectId"),
}  # fmt: skip
"""A value that is only reckoned, an approval that nothing needs, and what a note is about: written down, never read."""


def naming(description: Description) -> list[tuple[str, tuple[str | int, ...], str]]:
    """Every place of every body that names a thing of a shop: endpoint, path, what it names."""
    found = []
    for endpoint in GOOD:
        for slot in slots(description.body_of(endpoint.replace(".", "_"))):
            name = next(step for step in reversed(slot.path) if isinstance(step, str))
            if is_elsewhere(endpoint, slot.path):
                continue
            if slot.schema.get("format") == "uuid" or name == "uploadKey":
                found.append((endpoint, slot.path, name))
    return found


def _question(runtime: Runtime, shop_id: int, clerk: Actor) -> str:
    with runtime.router.shop(shop_id, clerk) as db:
        asked = approvals.ask(db, kind="line.rate", right="bill.lower_rate", subject_id=None, facts={"costPaise": 100})
        db.commit()
    return str(asked.id)


@pytest.fixture(scope="session")
def theirs(stage) -> dict[str, dict[str, str]]:
    """One thing of each kind of Ravi's, on the same shard, and of Zoya's on the other; and things of nobody."""
    found = {"nobody": dict.fromkeys(UNKNOWN, FREE_ID) | {"uploadKey": f"{stage.asha.shop_id}/{'A' * 32}"}}
    runtime = stage.runtime
    for who in (stage.cast.ravi, stage.cast.zoya):
        with runtime.router.shop(who.shop_id, who.actor) as db:
            a_board(db)
            piece, sold, customer = an_item(db), an_item(db), a_customer(db, runtime.keyring)
            image = pictures.encoded(pictures.ring((64, 64)))
            key = vision.incoming_key(who.shop_id)
            runtime.store.put(Bucket.INCOMING, key, io.BytesIO(image), content_type="image/jpeg")
            db.commit()
        bill = a_bill(
            runtime.router, runtime.keyring, shop_id=who.shop_id, actor=who.actor, item_ids=[sold.id],
            customer_id=customer.id,
        )  # fmt: skip
        with runtime.router.shop(who.shop_id, who.actor) as db:
            credit = str(credits.open_credit(
                db, kind="advance", customer_id=customer.id, source_id=new_id(), paise=1_000_00
            ).id)  # fmt: skip
            clerk = replace(who.actor, rights=frozenset({"approval.ask"}))
            asked = _question(runtime, who.shop_id, clerk)
            db.commit()
        found[who.name] = {
            "itemId": str(piece.id), "customerId": str(customer.id), "tillId": str(who.shop.till_id),
            "lineIds": str(bill.lines[0].id), "lineId": str(bill.lines[0].id), "creditId": credit, "approvalIds": asked,
            "uploadKey": key, "outletId": str(who.shop.outlet_id), "registrationId": str(who.shop.registration_id),
        }  # fmt: skip
        found[who.name] = found["nobody"] | found[who.name] | _more(found[who.name], stage, who)
    return found


def _more(known: dict[str, str], stage: Any, who: Any) -> dict[str, str]:
    """The same things under the other names that bodies have for them, a lot and a supplier."""
    with stage.runtime.router.shop(who.shop_id, who.actor) as db:
        lot = inventory.receive_lot(db, draft=inventory.LotDraft(
            code="ANOTHERS", name="Bars", kind="findings", metal="gold", fineness=9160, net_mg=50_000,
        ))  # fmt: skip
        supplier = inventory.register_supplier(db, draft=inventory.SupplierDraft(name="Mehta"))
        db.commit()
    return {
        "itemIds": known["itemId"], "into": known["customerId"], "withId": known["customerId"],
        "placeId": known["outletId"], "toPlaceId": known["outletId"], "toOutletId": known["outletId"],
        "fromTillId": known["tillId"], "toTillId": known["tillId"], "lotId": str(lot.id), "lotIds": str(lot.id),
        "supplierId": str(supplier.id), "toWhom": str(who.person_id), "approvalId": known["approvalIds"],
    }  # fmt: skip


@pytest.mark.parametrize("whose", ["Ravi", "Zoya", "nobody"])
def test_anothers_thing_is_there_in_no_body(stage, description, rows, theirs, whose):
    places = naming(description)
    assert {name for _endpoint, _path, name in places} == set(UNKNOWN)  # a new id in a body needs a line above
    endpoints = sorted({endpoint for endpoint, _path, _name in places}, key=lambda one: one == "cash.hand_over")
    asks = {endpoint: GOOD[endpoint](stage) for endpoint in endpoints}  # the one whose drawer the others count, last
    before, found = rows.now(), []
    for endpoint, path, name in places:
        if (endpoint, name) in NOT_LOOKED_AT:
            continue
        ask = asks[endpoint]
        method = description.operations[endpoint.replace(".", "_")][0]
        reply = stage.send(endpoint, ask, method, json=spoilt(ask.body, path, value=theirs[whose][name]))
        wanted = OWN_WORDS.get((endpoint, name), (404, UNKNOWN[name]))
        if (reply.status_code, reply.json.get("code")) != wanted or unclear(reply):
            found.append(f"{endpoint} {path}: {reply.status_code} {reply.text[:200]}")
    assert not found, "\n".join(found)
    assert rows.now() == before


@pytest.mark.parametrize("whose", ["Ravi", "Zoya"])
def test_anothers_thing_filters_nothing(stage, theirs, unchanged, whose):
    asha = Ask(stage.asha.token, {}, None)
    for endpoint, name in (("invoices.list_invoices", "customerId"), ("images.list_pictures", "itemId")):
        reply = stage.send(endpoint, asha, "GET", query_string={name: theirs[whose][name]})
        assert (reply.status_code, reply.json["items"]) == (200, [])


@pytest.mark.parametrize("shop_id", [999_999_999, 2**63 - 1, 2**63, 0])
def test_an_unknown_shop(stage, client, unchanged, shop_id):
    for method, path, body in (
        ("GET", "items", None),
        ("POST", "customers", {"name": "Lata"}),
        ("GET", "invoices", None),
    ):
        reply = client.open(
            f"/api/v1/shops/{shop_id}/{path}", method=method, headers=stage.asha.writing(), json=body
        )  # fmt: skip
        assert (reply.status_code, reply.json["code"], unclear(reply)) == (404, "shop_unknown", "")


# ---------------------------------------------------------------- weights, passwords, GSTINs, NaN

NEGATIVE = [
    ("items.register_item", ("grossMg",)), ("items.register_item", ("stoneMg",)), ("items.register_item", ("netMg",)),
    ("items.register_item", ("stones", 0, "weightMct")), ("items.edit_item", ("grossMg",)),
    ("items.register_item", ("hallmarkPaise",)), ("rates.set_rates", ("rates", 0, "paisePerG")),
    ("invoices.issue_invoice", ("payments", 0, "paise")), ("invoices.issue_invoice", ("lines", 0, "discount", "paise")),
    ("invoices.issue_credit_note", ("refunds", 0, "paise")), ("images.make_upload_link", ("length",)),
]  # fmt: skip


@pytest.mark.parametrize(("endpoint", "path"), NEGATIVE)
@pytest.mark.parametrize("value", [-1, -(2**63), -0.5, 1e-9])
def test_a_negative_or_broken_amount(stage, description, rows, endpoint, path, value):
    ask, method = GOOD[endpoint](stage), description.operations[endpoint.replace(".", "_")][0]
    before = rows.now()
    reply = stage.send(endpoint, ask, method, json=spoilt(ask.body, path, value=value))
    assert (reply.status_code, reply.json["code"]) == (422, "invalid_input")
    assert list(reply.json["fields"]) == [".".join(map(str, path))]
    assert rows.now() == before


LONG = {
    "letters": ("Marigold-river-42-lamps-" * 4)[:73],
    "Devanagari": "सोनाचांदीहीरामोतीमाणिकपन्ना"[:25],
    "emoji": "💍" * 18 + "x",
}


@pytest.mark.parametrize("long", LONG.values(), ids=LONG)
@pytest.mark.parametrize(
    ("endpoint", "name"),
    [("auth.sign_in", "password"), ("auth.change_password", "oldPassword"), ("auth.change_password", "newPassword"),
     ("auth.join", "password"), ("console_auth.sign_in", "password")],
)  # fmt: skip
def test_a_password_of_more_than_72_bytes(stage, rows, endpoint, name, long):
    """Bcrypt would cut it in silence: two passwords would be one."""
    assert len(long.encode()) >= 73
    ask = GOOD[endpoint](stage)
    before = rows.now()
    reply = stage.send(endpoint, ask, "POST", json={**ask.body, name: long})
    assert (reply.status_code, reply.json["code"]) == (422, "password_too_weak")
    assert "72" in reply.json["detail"]
    assert set(reply.json["fields"]) == {name}
    assert rows.now() == before


def test_a_new_password_of_more_than_72_bytes_for_a_one_time_one(stage, rows):
    body = GOOD["console_shops.open_shop"](stage)
    opened = stage.send("console_shops.open_shop", body, "POST", json=body.body)
    body = {"email": opened.json["owner"]["email"], "password": opened.json["oneTimePassword"]}
    before = rows.now()
    reply = stage.send("auth.sign_in", Ask(None, {}, None), "POST", json={**body, "newPassword": LONG["letters"]})
    assert (reply.status_code, reply.json["code"]) == (422, "password_too_weak")
    assert set(reply.json["fields"]) == {"newPassword"}
    assert rows.now() == before
    exactly = {**body, "newPassword": LONG["letters"][:72]}
    assert stage.send("auth.sign_in", Ask(None, {}, None), "POST", json=exactly).status_code == 200


GSTINS = {
    "wrong check letter": "27AAACR5055K1Z8", "too short": "27AAACR5055K1Z", "too long": "27AAACR5055K1Z77",
    "no such state": "00AAACR5055K1Z7", "a letter where a digit belongs": "27AAACR505SK1Z7", "Greek": "27ΑAACR5055K1Z7",
    "full width": "２７AAACR5055K1Z7", "Devanagari digits": "२७AAACR5055K1Z7",
}  # fmt: skip


@pytest.mark.parametrize("gstin", GSTINS.values(), ids=GSTINS)
@pytest.mark.parametrize(
    "endpoint", ["customers.register_customer", "customers.edit_customer", "console_shops.open_shop"]
)
def test_a_gstin_that_cannot_be(stage, description, rows, endpoint, gstin):
    ask, method = GOOD[endpoint](stage), description.operations[endpoint.replace(".", "_")][0]
    before = rows.now()
    reply = stage.send(endpoint, ask, method, json={**ask.body, "gstin": gstin})
    assert (reply.status_code, reply.json["code"], unclear(reply)) == (422, "malformed_gstin", "")
    assert rows.now() == before


@pytest.mark.parametrize("raw", ["NaN", "Infinity", "-Infinity", "1e400"])
def test_what_is_no_number(stage, unchanged, raw):
    for endpoint, body in (
        ("items.register_item", '{"tag": "A-1", "name": "Ring", "category": "ring", "grossMg": %s}'),
        ("rates.set_rates", '{"rates": [{"purity": {"metal": "gold", "fineness": 9160}, "paisePerG": %s}]}'),
        ("invoices.issue_invoice", '{"lines": [], "expectedTotalPaise": %s}'),
    ):
        ask = Ask(stage.asha.token, {}, None)
        reply = stage.send(endpoint, ask, "POST", data=(body % raw).encode(), content_type="application/json")
        assert (reply.status_code, reply.json["code"]) == (400, "malformed_json")


# ---------------------------------------------------------------- pictures


def incoming(stage) -> set[str]:
    return {one.key for one in stage.runtime.store.list(Bucket.INCOMING, f"{stage.asha.shop_id}/")}


def upload(stage, body: bytes, *, ends: bool = True, said: int = 0) -> Any:
    seam = secrets.token_hex(8)
    head = (
        f'--{seam}\r\nContent-Disposition: form-data; name="file"; filename="a.png"\r\nContent-Type: image/png\r\n\r\n'
    )
    data = head.encode() + body + (f"\r\n--{seam}--\r\n".encode() if ends else b"")
    return stage.app.test_client().post(
        f"/api/v1/shops/{stage.asha.shop_id}/images", headers=stage.asha.writing(), input_stream=io.BytesIO(data),
        content_length=len(data) + said, content_type=f"multipart/form-data; boundary={seam}",
    )  # fmt: skip


def test_a_png_of_200_megapixels(stage, unchanged):
    """A few hundred kilobytes that would be 600 MB in memory: told from its head and never opened."""
    bomb, before = pictures.png_bomb(20_000, 10_000), incoming(stage)
    assert len(bomb) < 1_000_000
    reply = upload(stage, bomb)
    assert (reply.status_code, reply.json["code"], unclear(reply)) == (422, "picture_too_many_pixels", "")
    assert incoming(stage) == before


@pytest.mark.parametrize("size", [(2**31 - 1, 1), (2**31 - 1, 2**31 - 1), (50_001, 1_000), (0, 0)])
def test_a_png_that_says_it_is_enormous(stage, unchanged, size):
    bomb, before = pictures.png_bomb(64, 64), incoming(stage)
    lying = bomb[:16] + size[0].to_bytes(4, "big") + size[1].to_bytes(4, "big") + bomb[24:]
    reply = upload(stage, lying)
    assert (reply.status_code, unclear(reply)) == (422, "")
    assert reply.json["code"] in ("picture_too_many_pixels", "picture_unreadable")
    assert incoming(stage) == before


def test_a_png_of_200_megapixels_by_a_link(stage, unchanged):
    """What a link took stays until it is forgotten after three days, but becomes no picture."""
    key = vision.incoming_key(stage.asha.shop_id)
    stage.runtime.store.put(Bucket.INCOMING, key, io.BytesIO(pictures.png_bomb()), content_type="image/png")
    reply = stage.send("images.add_picture", Ask(stage.asha.token, {}, None), "POST", json={"uploadKey": key})
    assert (reply.status_code, reply.json["code"]) == (422, "picture_too_many_pixels")


@pytest.mark.parametrize("kept", [0, 1, 8, 100, 0.5, -1])
def test_an_upload_that_broke_off(stage, unchanged, kept):
    whole, before = pictures.encoded(pictures.ring((300, 300)), "PNG"), incoming(stage)
    part = whole[: int(len(whole) * kept) if isinstance(kept, float) else kept]
    reply = upload(stage, part, ends=False, said=5_000)
    assert (reply.status_code, reply.json["code"], unclear(reply)) == (400, "upload_missing", "")
    assert incoming(stage) == before


def test_a_picture_cut_short_before_it_was_sent(stage, unchanged):
    """Its head is gone: no picture. With a head the job finds the rest missing (tests of the pictures)."""
    before = incoming(stage)
    for kept in (1, 7, 12):
        reply = upload(stage, pictures.encoded(pictures.ring((300, 300)), "PNG")[:kept])
        assert (reply.status_code, reply.json["code"]) == (422, "picture_unreadable")
    assert incoming(stage) == before


NAMES = [
    "../../etc/passwd",
    "x" * 5_000,
    "a\x00b.png",
    "\u202egnp.exe",
    "con",
    "💍.png",
    "a\r\nX-Injected: 1",
    "",
    "<b>.png",
]


@pytest.mark.parametrize("name", NAMES, ids=ascii)
def test_a_files_name_is_nobodys_business(stage, name):
    reply = stage.app.test_client().post(
        f"/api/v1/shops/{stage.asha.shop_id}/images", headers=stage.asha.writing(), content_type="multipart/form-data",
        data={"file": (io.BytesIO(pictures.encoded(pictures.ring((64, 64)))), name)},
    )  # fmt: skip
    assert reply.status_code == 201 or unclear(reply) == "", reply.text
    assert "etc/passwd" not in reply.text
