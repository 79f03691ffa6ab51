"""Orders delivered on a bill: once, to their customer, at the rate that they fixed, for about what was ordered."""

from collections import Counter as Tally
from uuid import UUID

import pytest
from sqlalchemy import select

from app.orders.models import OrderLine
from tests.integration.orders.conftest import later
from tests.integration.ratelocks.test_ratelocks import left, lock
from tests.support.counter import Counter, all_at_once, made


def bill(desk, order, piece, *, of_order=True, counter=None, **more):
    line = {"itemId": piece["id"], **({"ofOrder": True} if of_order else {})}
    draft = {"lines": [line], "customerId": desk.customer["id"], "orderId": order["id"], **more}
    return (counter or desk.counter).bill([], paid=1_00, **draft)


def see(desk, order):
    return made(desk.counter.get(f"/orders/{order['id']}"))


def test_a_clerk_delivers_at_the_rate_that_was_fixed(desk, cast, flask_app, runtime):
    """Ordered at ₹12,800 a gram; at the delivery the board says ₹13,500, and nobody is asked."""
    order, piece = desk.order(rateBasis="today"), desk.counter.piece()
    desk.counter.set_board(gold_9160=13_500_00)
    clerk = Counter(flask_app, runtime, cast.bina)
    billed = made(bill(desk, order, piece, counter=clerk))
    assert (billed["lines"][0]["ratePaisePerG"], billed["taxablePaise"]) == (12_800_00, 50_334_72)
    after = see(desk, order)
    assert (after["stage"], after["isOpen"], after["invoiceId"]) == ("delivered", False, billed["id"])
    assert [one["stage"] for one in after["steps"]] == ["taken", "delivered"]
    assert after["steps"][-1]["actorId"] == str(cast.bina.person_id)


def test_one_order_is_delivered_by_one_of_four_bills(desk):
    order, pieces = desk.order(), [desk.counter.piece() for _ in range(4)]
    answers = all_at_once(4, lambda n: bill(desk, order, pieces[n], of_order=False))
    assert Tally(one.status_code for one in answers) == {201: 1, 409: 3}
    assert {one.json["code"] for one in answers if one.status_code == 409} == {"order_delivered"}
    assert len(see(desk, order)["steps"]) == 2


def test_what_weighs_more_than_was_ordered_has_not_its_rate(desk):
    """5 g were ordered; a tenth more may be: 5.500 g."""
    order = desk.order(rateBasis="today")
    heavy = bill(desk, order, desk.counter.piece(grossMg=5_501))
    assert (heavy.status_code, heavy.json["code"]) == (409, "order_overweight")
    assert see(desk, order)["isOpen"]
    made(bill(desk, order, desk.counter.piece(grossMg=5_500)))


@pytest.fixture
def clerk(flask_app, runtime, cast):
    """May take orders and bill them, and not lower a rate."""
    return Counter(flask_app, runtime, cast.bina)


def upi(paise):
    return [{"mode": "upi", "paise": paise}]


def test_a_clerk_keeps_todays_rate_for_ninety_days_against_a_tenth(desk, clerk):
    """5 g at ₹12,800 are ₹64,000: ₹6,400."""
    wanted = {**desk.draft(), "rateBasis": "today", "dueOn": later(90), "advance": upi(6_400_00)}
    for change, code, field in (
        ({"advance": []}, "order_advance_too_small", "advance"),
        ({"advance": upi(6_399_99)}, "order_advance_too_small", "advance"),
        ({"dueOn": later(91)}, "rate_kept_too_long", "dueOn"),
    ):
        answer = clerk.post("/orders", {**wanted, **change})
        assert (answer.status_code, answer.json["code"], list(answer.json["fields"])) == (422, code, [field])
    order = made(clerk.post("/orders", wanted))
    longer = clerk.patch(f"/orders/{order['id']}", {"dueOn": later(91)}, version=order["version"])
    assert (longer.status_code, longer.json["code"]) == (422, "rate_kept_too_long")
    made(desk.counter.patch(f"/orders/{order['id']}", {"dueOn": later(91)}, version=order["version"]))
    made(clerk.post("/orders", {**wanted, "rateBasis": "delivery", "dueOn": later(700), "advance": []}))
    made(desk.counter.post("/orders", {**wanted, "dueOn": later(700), "advance": []}))  # she may lower a rate


def due(who, order, days):
    return who.patch(f"/orders/{order['id']}", {"dueOn": later(days)}, version=order["version"])


def test_no_other_word_for_a_kept_rate_keeps_it_longer(desk, clerk):
    """A locked rate is a lock's; beside one an order keeps its 18 karat itself: 5 g at ₹10,480 take ₹5,240."""
    (line,) = desk.draft()["lines"]
    wanted = {**desk.draft(), "rateBasis": "locked", "advance": upi(6_400_00)}
    alone = clerk.post("/orders", wanted)
    assert (alone.status_code, alone.json["fields"]) == (422, {"rateLockId": "missing"})
    mine = made(lock(desk.counter, desk.customer))["id"]
    order = made(clerk.post("/orders", {**wanted, "rateLockId": mine, "lines": [line, {**line, "fineness": 7500}]}))
    longer = due(clerk, order, 91)
    assert (longer.status_code, longer.json["code"]) == (422, "rate_kept_too_long")
    promised = made(clerk.post("/orders", {**wanted, "rateLockId": mine, "dueOn": later(91), "advance": []}))
    made(due(clerk, promised, 700))  # the lock has a last day of its own


def test_an_order_of_the_owners_may_be_brought_forward_by_a_clerk(desk, clerk):
    order = made(desk.counter.post("/orders", {**desk.draft(), "rateBasis": "today", "dueOn": later(700)}))
    order = made(due(clerk, order, 200))
    assert due(clerk, order, 201).json["code"] == "rate_kept_too_long"


def pay_out(desk, credit_id, paise):
    credit = made(desk.counter.get(f"/credits/{credit_id}"))
    body = {"payments": upi(paise), "reason": "asks for it back"}
    return desk.counter.post(f"/credits/{credit_id}/pay-outs", body, **{"If-Match": f'"{credit["version"]}"'})


def test_an_orders_rate_stands_on_its_advance(desk):
    order = desk.order(rateBasis="today", advance=upi(6_400_00))
    (advance,) = order["advances"]
    early = pay_out(desk, advance["creditId"], 1_00)
    assert (early.status_code, early.json["code"]) == (409, "advance_stood_on")
    assert order["number"] in early.json["detail"]
    back = desk.counter.post(f"/receipts/{advance['receiptId']}/take-back", {"reason": "asks for it back"})
    assert (back.status_code, back.json["code"]) == (409, "advance_stood_on")
    billed = made(bill(desk, order, desk.counter.piece()))
    made(pay_out(desk, advance["creditId"], 1_00))  # delivered: what is left may go
    made(desk.counter.post(f"/invoices/{billed['id']}/cancellation", {"reason": "wrong piece", "handedOver": False}))
    piece = desk.counter.piece()
    again = bill(desk, order, piece)
    assert (again.status_code, again.json["fields"]) == (422, {"lines.0.ofOrder": "advance given back"})
    made(bill(desk, order, piece, of_order=False))


def test_an_order_whose_advance_left_by_a_note_keeps_no_rate(desk):
    """₹6,400 of a ring of ₹51,845 were the advance's; the note over it gives all of it back by UPI."""
    order = desk.order(rateBasis="today", advance=upi(6_400_00))
    billed = made(bill(desk, order, desk.counter.piece()))
    paid = [
        {"mode": "credit", "paise": 6_400_00, "creditId": order["advances"][0]["creditId"]},
        {"mode": "upi", "paise": 45_445_00},
    ]  # fmt: skip
    other = made(desk.counter.bill([desk.counter.piece()], customerId=desk.customer["id"], payments=paid))
    made(desk.counter.post(f"/invoices/{other['id']}/credit-notes", {"reason": "back", "refunds": upi(51_845_00)}))
    made(desk.counter.post(f"/invoices/{billed['id']}/cancellation", {"reason": "wrong piece", "handedOver": False}))
    again = bill(desk, order, desk.counter.piece())
    assert (again.status_code, again.json["fields"]) == (422, {"lines.0.ofOrder": "advance given back"})


def test_a_cancelled_order_gives_the_advance_back_that_kept_its_rate(desk):
    order = desk.order(rateBasis="today", advance=upi(6_400_00))
    desk.done(order, "cancellation", reason="she moved away", mode="upi")
    assert made(desk.counter.get(f"/credits/{order['advances'][0]['creditId']}"))["state"] == "paid_out"


def test_two_bangles_of_ten_grams_are_delivered_at_their_rate(desk):
    """The weight is of each: with a tenth more of twice 5 g, 11.000 g may be."""
    (line,) = desk.draft()["lines"]
    order = desk.order(rateBasis="today", lines=[{**line, "pieces": 2}])

    def both(*weights):
        made_of = [desk.counter.piece(grossMg=mg) for mg in weights]
        lines = [{"itemId": one["id"], "ofOrder": True} for one in made_of]
        return bill(desk, order, made_of[0], lines=lines)

    heavy = both(5_500, 5_501)
    assert (heavy.status_code, heavy.json["code"]) == (409, "order_overweight")
    assert len(made(both(5_500, 5_500))["lines"]) == 2


def test_lines_hold_what_all_their_pieces_weigh(desk):
    """As it always was: two bangles of 20 g, taken by a release that asked for the weight of both, weigh 10 g each.
    With 5 g of the ring, and a tenth more, 27.500 g may be delivered."""
    order = desk.order(rateBasis="today")

    def as_before(db):
        ring = db.scalars(select(OrderLine).where(OrderLine.order_id == UUID(order["id"]))).one()
        db.add(OrderLine(
            order_id=ring.order_id, pos=2, description="Bangles", category="bangle", metal="gold", fineness=9160,
            pieces=2, weight_mg=20_000, rate_paise_per_g=ring.rate_paise_per_g, estimate_paise=0,
        ))  # fmt: skip

    desk.counter.write(as_before)
    assert [one["weightMg"] for one in see(desk, order)["lines"]] == [5_000, 10_000]
    pieces = [desk.counter.piece(grossMg=mg) for mg in (13_750, 13_751)]
    lines = [{"itemId": one["id"], "ofOrder": True} for one in pieces]
    heavy = bill(desk, order, pieces[0], lines=lines)
    assert (heavy.status_code, heavy.json["code"]) == (409, "order_overweight")
    lines[1] = {"itemId": desk.counter.piece(grossMg=13_750)["id"], "ofOrder": True}
    made(bill(desk, order, pieces[0], lines=lines))


def test_all_pieces_of_a_line_weigh_no_more_than_anything_may(desk):
    (line,) = desk.draft()["lines"]
    heavy = desk.counter.post("/orders", {**desk.draft(), "lines": [{**line, "weightMg": 10**9, "pieces": 2}]})
    assert (heavy.status_code, list(heavy.json["fields"])) == (422, ["lines.0.weightMg"])


def test_an_order_without_a_rate_gives_none(desk):
    order, piece = desk.order(), desk.counter.piece()
    answer = bill(desk, order, piece)
    assert (answer.status_code, answer.json["fields"]) == (422, {"lines.0.ofOrder": "not fixed"})
    nobodys = desk.counter.bill(
        [], lines=[{"itemId": piece["id"], "ofOrder": True}], customerId=desk.customer["id"], paid=1_00
    )
    assert (nobodys.status_code, nobodys.json["code"]) == (422, "line_incomplete")
    theirs = bill(desk, order, piece, of_order=False, customerId=desk.counter.customer()["id"])
    assert (theirs.status_code, theirs.json["code"]) == (409, "order_delivered")
    unnamed = bill(desk, order, piece, of_order=False, customerId=None)
    assert (unnamed.status_code, unnamed.json["code"]) == (422, "promise_needs_customer")


def test_a_cancelled_bill_leaves_the_order_ready(desk):
    order = desk.order()
    billed = made(bill(desk, order, desk.counter.piece(), of_order=False))
    made(desk.counter.post(f"/invoices/{billed['id']}/cancellation", {"reason": "wrong piece", "handedOver": False}))
    after = see(desk, order)
    assert (after["stage"], after["isOpen"], after["invoiceId"]) == ("ready", True, None)
    assert after["steps"][-1]["note"] == "the bill was cancelled"
    made(bill(desk, order, desk.counter.piece(), of_order=False))


def test_a_repair_is_charged_once(desk):
    """₹500 were agreed to."""
    repair = desk.done(desk.repair(estimatePaise=500_00), "answer", agreed=True, by="phone")
    mine = {"lines": [{"repairId": repair["id"]}], "customerId": desk.customer["id"]}
    early = desk.counter.bill([], paid=1_00, **mine)
    assert (early.status_code, early.json["code"]) == (409, "repair_not_chargeable")
    repair = desk.done(desk.done(repair, "stage", stage="in_work"), "stage", stage="ready")
    answers = all_at_once(3, lambda _: desk.counter.bill([], paid=1_00, **mine))
    assert Tally(one.status_code for one in answers) == {201: 1, 409: 2}
    (billed,) = [one.json for one in answers if one.status_code == 201]
    assert (billed["taxablePaise"], billed["lines"][0]["taxBp"]) == (500_00, 1800)
    late = desk.act(see(desk, repair), "charge", paise=1_00)
    assert (late.status_code, late.json["code"]) == (409, "order_delivered")
    for what, body in (("stage", {"stage": "in_work"}), ("uses", {"description": "a clasp", "costPaise": 100_00})):
        more = desk.act(see(desk, repair), what, **body)
        assert (more.status_code, more.json["code"]) == (409, "order_delivered")
        assert more.json["action"] == "Hand it back, and take it in anew for what more is to be done."
    back = desk.done(see(desk, repair), "handing-back", grossOutMg=8_250)
    assert (back["stage"], back["repair"]["chargePaise"]) == ("handed_back", 500_00)
    gone = desk.counter.post(f"/invoices/{billed['id']}/cancellation", {"reason": "typed wrongly", "handedOver": False})
    assert (gone.status_code, gone.json["code"]) == (409, "order_delivered")


def test_an_order_at_a_locked_rate_takes_the_customers_own_lock(desk):
    """Locked at ₹12,000; what is delivered takes its grams of the lock, not of the order."""
    mine = made(lock(desk.counter, desk.customer, paisePerG=12_000_00))
    theirs = made(lock(desk.counter, desk.counter.customer()))
    ask = {**desk.draft(), "rateBasis": "locked"}
    foreign = desk.counter.post("/orders", {**ask, "rateLockId": theirs["id"]})
    assert (foreign.status_code, foreign.json["code"]) == (404, "rate_lock_unknown")
    order = desk.order(rateBasis="locked", rateLockId=mine["id"])
    assert order["lines"][0]["ratePaisePerG"] == 12_000_00
    piece = desk.counter.piece()
    unnamed = bill(desk, order, piece)
    assert (unnamed.status_code, unnamed.json["fields"]) == (422, {"lines.0.ofOrder": "locked"})
    line = {"itemId": piece["id"], "rateLockId": mine["id"]}
    billed = made(bill(desk, order, piece, lines=[line]))
    assert billed["lines"][0]["ratePaisePerG"] == 12_000_00
    assert left(desk.counter, mine["id"]) == (6_610, "open")
    made(desk.counter.post(f"/rate-locks/{mine['id']}/closing", {}, **{"If-Match": '"2"'}))
    over = desk.counter.post("/orders", {**ask, "rateLockId": mine["id"]})
    assert (over.status_code, over.json["fields"]) == (422, {"rateLockId": "closed"})


def test_an_order_gives_the_rate_that_it_fixed_for_what_its_lock_does_not_hold(desk):
    """22 karat is locked at ₹12,000; for its 18 karat the order fixed that day's ₹10,480 on the board."""
    promised = made(lock(desk.counter, desk.customer, paisePerG=12_000_00))
    (line,) = desk.draft()["lines"]
    both = [line, {**line, "fineness": 7500}]
    order = desk.order(rateBasis="locked", rateLockId=promised["id"], lines=both)
    desk.counter.set_board(gold_7500=11_000_00)
    pieces = desk.counter.piece(), desk.counter.piece(purity={"metal": "gold", "fineness": 7500})
    unnamed = bill(desk, order, pieces[0])
    assert (unnamed.status_code, unnamed.json["fields"]) == (422, {"lines.0.ofOrder": "locked"})
    lines = [{"itemId": pieces[0]["id"], "rateLockId": promised["id"]}, {"itemId": pieces[1]["id"], "ofOrder": True}]
    billed = made(bill(desk, order, pieces[0], lines=lines))
    assert [one["ratePaisePerG"] for one in billed["lines"]] == [12_000_00, 10_480_00]


def test_an_advance_stays_where_the_order_keeps_a_rate_itself(desk):
    """Of an order whose only rate is a lock's, the lock has its own advance; 18 karat beside it is the order's."""
    mine = made(lock(desk.counter, desk.customer))["id"]
    (line,) = desk.draft()["lines"]
    for lines, status in (([line], 201), ([line, {**line, "fineness": 7500}], 409)):
        order = desk.order(rateBasis="locked", rateLockId=mine, lines=lines, advance=upi(6_400_00))
        assert pay_out(desk, order["advances"][0]["creditId"], 1_00).status_code == status


def test_orders_with_advances_of_one_customer_do_not_stand_in_each_others_way(desk):
    paid = [{"mode": "upi", "paise": 1_000_00}]
    answers = all_at_once(6, lambda _: desk.counter.post("/orders", {**desk.draft(), "advance": paid}))
    assert [one.status_code for one in answers] == [201] * 6


def test_one_advance_keeps_the_rate_of_an_order_or_of_a_lock_and_never_both(desk, clerk):
    """₹12,800 keep 10 g for an order; while it is open nothing is locked on them. Delivered, they may hold a lock; the
    bill cancelled, the order is open again and the lock holds: then the order keeps no rate, until it is given up."""
    piece = desk.counter.piece()
    wanted = {**desk.draft(), "rateBasis": "today", "advance": upi(12_800_00)}
    order = made(clerk.post("/orders", wanted))
    credit = order["advances"][0]["creditId"]
    refused = lock(clerk, desk.customer, creditId=credit)
    assert (refused.status_code, refused.json["code"]) == (422, "advance_not_fit")
    assert order["number"] in refused.json["detail"] and refused.json["fields"] == {"creditId": "taken"}
    billed = made(bill(desk, order, piece))
    locked = made(lock(clerk, desk.customer, creditId=credit))
    made(desk.counter.post(f"/invoices/{billed['id']}/cancellation", {"reason": "wrong piece", "handedOver": False}))
    kept = bill(desk, order, piece)
    assert (kept.status_code, kept.json["code"]) == (422, "order_rate_open")
    made(desk.counter.post(f"/rate-locks/{locked['id']}/closing", {}, **{"If-Match": f'"{locked["version"]}"'}))
    made(bill(desk, order, piece))
