"""Repairs over HTTP: a customer's piece in the shop's keeping to the milligram, agreed before it is worked on."""

import secrets
from uuid import UUID

from app.metal import service as metal
from tests.integration.orders.conftest import Desk
from tests.support.counter import Counter, made


def held(desk, account, ref=...):
    """Net weight of an account in the metal book, by fineness."""
    found = desk.counter.read(lambda db: metal.balances(db, account=account, ref=ref))
    return {one.fineness: one.held.net_mg for one in found if one.held.net_mg}


def a_code():
    return f"SOLDER-{secrets.token_hex(3).upper()}"


def in_work(desk):
    repair = desk.done(desk.repair(), "estimate", paise=500_00)
    repair = desk.done(repair, "answer", agreed=True, by="phone")
    return desk.done(repair, "stage", stage="in_work")


def test_a_piece_is_kept_for_its_owner_and_goes_back_as_it_weighs(desk):
    repair = in_work(desk)
    assert repair["number"].startswith("RP")
    assert held(desk, metal.Account.REPAIR, UUID(repair["id"])) == {9160: 8_250}
    solder = made(desk.counter.post("/lots", {
        "code": a_code(), "name": "Solder", "kind": "findings", "metal": "gold", "fineness": 9160, "netMg": 3_000,
        "costPaise": 30_000_00,
    }))  # fmt: skip
    repair = desk.done(repair, "uses", description="solder", lotId=solder["id"], netMg=30)
    (used,) = repair["repair"]["used"]
    assert (used["metal"], used["fineness"], used["netMg"], used["costPaise"]) == ("gold", 9160, 30, 300_00)
    assert made(desk.counter.get(f"/lots/{solder['id']}"))["leftNetMg"] == 2_970
    repair = desk.done(repair, "stage", stage="ready")
    assert repair["repair"]["expectedOutMg"] == 8_280
    repair = desk.done(repair, "charge", paise=600_00)
    unbilled = desk.act(repair, "handing-back", grossOutMg=8_280)
    assert (unbilled.status_code, unbilled.json["code"]) == (409, "repair_not_billed")
    billed = made(desk.counter.bill([], lines=[{"repairId": repair["id"]}], customerId=desk.customer["id"]))
    assert (billed["taxablePaise"], billed["lines"][0]["hsn"], billed["totalPaise"]) == (600_00, "998722", 708_00)
    repair = made(desk.counter.get(f"/orders/{repair['id']}"))
    assert repair["invoiceId"] == billed["id"]
    back = desk.done(repair, "handing-back", grossOutMg=8_280)
    assert (back["stage"], back["isOpen"], back["repair"]["chargePaise"]) == ("handed_back", False, 600_00)
    assert [one["stage"] for one in back["steps"]] == [
        "taken", "estimated", "agreed", "in_work", "ready", "handed_back",
    ]  # fmt: skip
    assert held(desk, metal.Account.REPAIR, UUID(repair["id"])) == {}
    # they brought 8.250 g and took 8.280 g
    assert held(desk, metal.Account.CUSTOMER, UUID(desk.customer["id"])) == {9160: 30}


def test_who_buys_no_stock_is_not_told_what_went_into_a_repair_had_cost(desk, cast, flask_app, runtime):
    """What a part had cost, and a gram of a lot with it, is for those who buy."""
    clerk = Desk(Counter(flask_app, runtime, cast.bina), desk.customer)
    repair = desk.done(in_work(desk), "uses", description="a clasp", costPaise=300_00)
    seen = made(clerk.counter.get(f"/orders/{repair['id']}"))["repair"]["used"]
    assert [(one["description"], one["costPaise"]) for one in seen] == [("a clasp", None)]
    worked = clerk.done(repair, "stage", stage="ready")  # a reply that may be given again is written without it, too
    assert worked["repair"]["used"][0]["costPaise"] is None


def test_another_weight_needs_a_reason_and_what_is_missing_is_lost(desk):
    ready = desk.done(in_work(desk), "stage", stage="ready")
    ready = desk.done(ready, "charge", paise=0)
    light = desk.act(ready, "handing-back", grossOutMg=8_200)
    assert (light.status_code, light.json["code"]) == (422, "repair_weight_differs")
    back = desk.done(ready, "handing-back", grossOutMg=8_200, whyItDiffers="filed at the seam")
    assert back["steps"][-1]["note"] == "filed at the seam"
    assert held(desk, metal.Account.REPAIR, UUID(ready["id"])) == {}
    assert held(desk, metal.Account.LOSS) == {9160: 50}


def test_nothing_is_worked_on_before_the_customer_agreed(desk):
    repair = desk.repair()
    early = desk.act(repair, "uses", description="a clasp", costPaise=100_00)
    assert (early.status_code, early.json["code"]) == (409, "repair_not_agreed")
    unasked = desk.act(repair, "answer", agreed=True, by="phone")
    assert (unasked.status_code, unasked.json["code"]) == (409, "stage_not_next")
    assert desk.act(repair, "stage", stage="in_work").status_code == 409


def test_who_declines_takes_the_piece_back_and_pays_nothing(desk):
    repair = desk.done(desk.repair(estimatePaise=2_000_00), "answer", agreed=False, by="in_person")
    assert repair["stage"] == "declined"
    assert desk.done(repair, "handing-back", grossOutMg=8_250)["stage"] == "handed_back"


def test_a_repair_is_no_order_and_an_order_no_repair(desk):
    order, repair = desk.order(), desk.repair()
    assert desk.act(order, "estimate", paise=1).json["code"] == "other_kind_of_order"
    assert desk.act(repair, "cancellation", reason="not wanted").json["code"] == "other_kind_of_order"
    mine = {"customerId": desk.customer["id"]}
    delivered = desk.counter.bill([desk.counter.piece()], orderId=repair["id"], paid=1_00, **mine)
    assert (delivered.status_code, delivered.json["code"]) == (409, "other_kind_of_order")
    charged = desk.counter.bill([], lines=[{"repairId": order["id"]}], paid=1_00, **mine)
    assert (charged.status_code, charged.json["code"]) == (409, "other_kind_of_order")


def test_a_clerk_charges_less_than_was_agreed_only_with_the_owners_word(desk, cast, flask_app, runtime):
    """₹500 were agreed. For nothing: ₹500 are given away, so it is asked; more than was agreed is not."""
    clerk = Desk(Counter(flask_app, runtime, cast.bina), desk.customer)
    ready = desk.done(in_work(desk), "stage", stage="ready")
    refused = clerk.act(ready, "charge", paise=0)
    assert (refused.status_code, refused.json["code"]) == (403, "approval_needed")
    wanted = refused.json["approval"]
    assert (wanted["right"], wanted["facts"]["costPaise"]) == ("bill.discount", 500_00)
    ready = clerk.done(ready, "charge", paise=550_00)
    asked = made(clerk.counter.post("/approvals", wanted))
    made(desk.counter.post(f"/approvals/{asked['id']}/decision", {"grant": True}, **{"If-Match": '"1"'}))
    ready = clerk.done(ready, "charge", paise=0, approvalId=asked["id"])
    assert ready["repair"]["chargePaise"] == 0
    assert clerk.done(ready, "handing-back", grossOutMg=8_250)["stage"] == "handed_back"


def test_a_clerk_gives_back_what_lost_more_than_scales_explain_only_with_the_owners_word(
    desk, cast, flask_app, runtime
):
    """Two scales may differ by 10 mg (lots.json); 11 mg less are gold that is gone, whatever the reason says."""
    clerk = Desk(Counter(flask_app, runtime, cast.bina), desk.customer)
    within = clerk.repair()
    why = {"whyItDiffers": "filed at the seam"}
    assert clerk.done(within, "handing-back", grossOutMg=8_240, **why)["stage"] == "handed_back"
    beyond = clerk.repair()
    refused = clerk.act(beyond, "handing-back", grossOutMg=8_239, **why)
    assert (refused.status_code, refused.json["code"]) == (403, "approval_needed")
    wanted = refused.json["approval"]
    number = beyond["number"]
    assert (wanted["right"], wanted["facts"]) == (
        "stock.adjust", {"number": number, "fromMg": 8_250, "toMg": 8_239},
    )  # fmt: skip
    asked = made(clerk.counter.post("/approvals", wanted))
    made(desk.counter.post(f"/approvals/{asked['id']}/decision", {"grant": True}, **{"If-Match": '"1"'}))
    other = clerk.act(beyond, "handing-back", grossOutMg=8_238, approvalId=asked["id"], **why)
    assert other.status_code == 403  # allowed was exactly that weight
    back = clerk.done(beyond, "handing-back", grossOutMg=8_239, approvalId=asked["id"], **why)
    assert back["stage"] == "handed_back"
