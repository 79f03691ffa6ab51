"""A piece that this shop sold is brought back: its bill's line is bought back once, at a share of its metal's value."""

from collections import Counter as Tally
from uuid import UUID

import pytest

from app.inventory import service as inventory
from app.oldgold import service
from tests.support.counter import Counter, all_at_once, made

EXCHANGED = 43_388_65
"""3.390 g × 0.916 = 3.105 g fine. 22K at ₹12,800 is ₹13,973.80 a fine gram: 3.105 × 13,973.80 = 43,388.65. The ring's
making of 16 % is not given back, nothing is taken for melting."""
NEW = 51_845_00  # the ring with its making and tax


@pytest.fixture
def ring(buying):
    """A ring of 3.390 g of 22 karat, billed to the one who brings it back: the bill, and its line."""
    bill = made(buying.counter.bill([buying.counter.piece()], customerId=buying.seller["id"]))
    return bill, bill["lines"][0]


def back(buying, line, paid=0, **changes):
    one = buying.line(**{"grossMg": 3_390, "dirtMg": 0, "fineness": 9_160, "ofLineId": line["id"], **changes})
    payouts = [{"mode": "upi", "paise": paid}] if paid else []
    return buying.buy(lines=[one], payouts=payouts)


def test_all_of_its_metal_is_given_where_it_stays_for_a_bill(buying, ring):
    voucher = made(back(buying, ring[1]))
    (line,) = voucher["lines"]
    shown = ("ofLineId", "buybackBp", "meltingLossBp", "fineMg", "fineRatePaisePerG", "valuePaise")
    assert tuple(line[name] for name in shown) == (ring[1]["id"], 10_000, 0, 3_105, 13_973_80, EXCHANGED)
    assert voucher["usualPaise"] == EXCHANGED
    assert buying.counter.get(f"/old-gold/{voucher['id']}").json == voucher
    assert buying.counter.read(service.verify_vouchers).sound
    assert buying.counter.read(inventory.verify_metal) == []


@pytest.mark.parametrize(("paid", "share", "value"), [(0, 9_600, 14_400_40), (13_949_93, 9_300, 13_949_93)])
def test_less_is_given_where_it_is_paid_out(buying, paid, share, value):
    """100 g of silver 925 at ₹150: 92.500 g fine. 96 % of 150 ÷ 0.925 is 155.68, 93 % is 150.81 a fine gram."""
    anklet = buying.counter.piece(
        purity={"metal": "silver", "fineness": 9_250}, category="anklet", grossMg=100_000, huid=...
    )
    bill = made(buying.counter.bill([anklet], customerId=buying.seller["id"]))
    voucher = made(back(buying, bill["lines"][0], paid, metal="silver", grossMg=100_000, fineness=9_250))
    found = voucher["lines"][0]["buybackBp"], voucher["valuePaise"], voucher["usualPaise"]
    assert found == (share, value, value)


def test_it_never_brings_less_than_a_strangers_gold(buying, ring):
    """This shop keeps nothing of the fine rate and takes 1.5 % for melting, which is more than 97.5 % of the metal:
    3.390 × 0.916 × 0.985 = 3.059 g fine at ₹13,973.80."""
    voucher = made(back(buying, ring[1], paid=42_745_85))
    assert (voucher["lines"][0]["buybackBp"], voucher["valuePaise"]) == (None, 42_745_85)
    assert voucher["lines"][0]["ofLineId"] == ring[1]["id"]


def test_the_price_of_an_exchange_is_for_a_bill_and_not_paid_out(buying, ring):
    voucher = made(back(buying, ring[1]))
    body = {"payments": [{"mode": "upi", "paise": 1_00}], "reason": "changed her mind"}
    refused = buying.counter.post(f"/credits/{voucher['creditId']}/pay-outs", body, **{"If-Match": '"1"'})
    assert (refused.status_code, refused.json["code"]) == (409, "advance_stood_on")
    plain = made(buying.buy())  # old gold of somebody else's making
    made(buying.counter.post(f"/credits/{plain['creditId']}/pay-outs", body, **{"If-Match": '"1"'}))


def test_it_comes_back_once_by_whichever_way_comes_first(buying, ring):
    """Eight want it back at once, by voucher and by credit note: one gets it."""
    bill, line = ring
    photo = buying.photo()

    def take(n):
        if n % 2:
            return back(buying, line, pictureId=photo)
        return buying.counter.post(f"/invoices/{bill['id']}/credit-notes", {
            "reason": "she does not like it", "lineIds": [line["id"]], "storeCreditPaise": bill["totalPaise"],
        })  # fmt: skip

    answers = all_at_once(8, take)
    assert Tally(answer.status_code for answer in answers) == {201: 1, 409: 7}
    codes = {answer.json["code"] for answer in answers if answer.status_code == 409}
    assert codes <= {"bought_back_before", "line_bought_back", "line_already_reversed"}
    assert buying.counter.read(inventory.verify_metal) == []


def test_a_note_and_a_second_voucher_are_refused_after_it_was_bought_back(buying, ring):
    bill, line = ring
    voucher = made(back(buying, line))
    again = back(buying, line)
    assert (again.status_code, again.json["code"]) == (409, "bought_back_before")
    assert list(again.json["fields"]) == ["lines.0.ofLineId"]
    assert voucher["number"] in again.text
    wanted = {"reason": "comes back", "lineIds": [line["id"]], "storeCreditPaise": bill["totalPaise"]}
    note = buying.counter.post(f"/invoices/{bill['id']}/credit-notes", wanted)
    assert (note.status_code, note.json["code"]) == (409, "line_bought_back")


def less(buying, bill, line, **figure):
    """A price difference on its line, given back by UPI."""
    paise = figure.get("totalPaise", bill["totalPaise"])
    return buying.counter.post(f"/invoices/{bill['id']}/credit-notes", {
        "reason": "price", "amounts": [{"lineId": line["id"], **figure}], "refunds": [{"mode": "upi", "paise": paise}],
    })  # fmt: skip


def test_what_was_paid_back_by_amount_is_not_bought_back_too(buying, ring):
    bill, line = ring
    made(less(buying, bill, line, bp=10_000))
    answer = back(buying, line)
    assert (answer.status_code, answer.json["code"]) == (409, "bought_back_before")


def test_what_was_bought_back_is_not_paid_back_by_amount_too(buying, ring):
    bill, line = ring
    made(back(buying, line))
    answer = less(buying, bill, line, bp=10_000)
    assert (answer.status_code, answer.json["code"]) == (409, "line_bought_back")
    assert list(answer.json["fields"]) == ["amounts"]


def test_a_difference_in_its_making_goes_with_a_buy_back(buying, ring):
    """The metal was ₹43,392.00 of ₹50,334.72 before tax, the making ₹6,942.72; ₹1,000 of it are ₹1,030 with tax. Then
    ₹5,942.72 of it are left, ₹6,121.00 with tax, to the rupee; what is beyond that is the metal's."""
    bill, line = ring
    made(less(buying, bill, line, totalPaise=1_030_00))
    made(back(buying, line))
    assert less(buying, bill, line, totalPaise=6_123_00).json["code"] == "line_bought_back"
    made(less(buying, bill, line, totalPaise=1_030_00))


@pytest.fixture
def exchanged(buying, ring):
    """Her ring was bought back, and its credit pays ₹43,388.65 of ₹51,845 for another; the rest came by UPI."""
    counter, voucher, other = buying.counter, made(back(buying, ring[1])), buying.counter.piece()
    payments = [
        {"mode": "credit", "paise": EXCHANGED, "creditId": voucher["creditId"]},
        {"mode": "upi", "paise": NEW - EXCHANGED},
    ]  # fmt: skip
    lines = [{"itemId": other["id"]}]
    return voucher["creditId"], made(counter.bill([], lines=lines, customerId=buying.seller["id"], payments=payments))


def note(buying, bill, **body):
    return buying.counter.post(f"/invoices/{bill['id']}/credit-notes", {"reason": "changed her mind", **body})


def test_the_price_of_an_exchange_does_not_become_money_by_a_note(buying, exchanged):
    """₹8,456.35 came in money: that may go back, as money or as a store credit, and no paisa more."""
    credit_id, bill = exchanged
    money = NEW - EXCHANGED
    for way in ({"refunds": [{"mode": "upi", "paise": money + 1}]}, {"storeCreditPaise": money + 1}):
        answer = note(buying, bill, **way)
        assert (answer.status_code, answer.json["code"]) == (422, "refund_too_large")
    issued = made(note(buying, bill, refunds=[{"mode": "upi", "paise": money}]))
    given = [(one["mode"], one["paise"], one["creditId"]) for one in issued["payments"]]
    assert given == [("upi", money, None), ("credit", EXCHANGED, credit_id)]
    credit = made(buying.counter.get(f"/credits/{credit_id}"))
    assert (credit["leftPaise"], credit["state"]) == (EXCHANGED, "open")
    body = {"payments": [{"mode": "upi", "paise": 1_00}], "reason": "changed her mind"}
    paid = buying.counter.post(f"/credits/{credit_id}/pay-outs", body, **{"If-Match": f'"{credit["version"]}"'})
    assert paid.json["code"] == "advance_stood_on"
    assert buying.counter.books().sound


def test_a_note_that_gives_nothing_back_leaves_no_money_to_ask_for(buying, exchanged):
    """Half of the price, in two notes: what comes back of the first is the credit's, and so the second has no more
    money to give than was paid."""
    credit_id, bill = exchanged
    half = {"amounts": [{"lineId": bill["lines"][0]["id"], "bp": 5_000}]}
    first = made(note(buying, bill, **half))
    assert [one["creditId"] for one in first["payments"]] == [credit_id]
    money = NEW - EXCHANGED
    assert note(buying, bill, **half, storeCreditPaise=money + 1).json["code"] == "refund_too_large"
    second = made(note(buying, bill, **half, storeCreditPaise=money))
    back_as_credit = [one["paise"] for one in (*first["payments"], *second["payments"]) if one["creditId"] == credit_id]
    assert sum(back_as_credit) == EXCHANGED
    assert buying.counter.books().sound


def test_what_the_customer_owes_is_settled_before_the_credit_comes_back(buying, ring):
    """₹8,456.35 of the new ring are owed: the note settles them, and the exchange's credit has its own again."""
    voucher, other = made(back(buying, ring[1])), buying.counter.piece()
    payments = [{"mode": "credit", "paise": EXCHANGED, "creditId": voucher["creditId"]}]
    lines = [{"itemId": other["id"]}]
    bill = made(buying.counter.bill([], lines=lines, customerId=buying.seller["id"], payments=payments))
    assert note(buying, bill, refunds=[{"mode": "upi", "paise": 1}]).json["code"] == "refund_too_large"
    issued = made(note(buying, bill))
    assert [(one["paise"], one["creditId"]) for one in issued["payments"]] == [(EXCHANGED, voucher["creditId"])]
    ledger = made(buying.counter.get(f"/ledger/customers/{buying.seller['id']}"))
    assert (ledger["owesPaise"], ledger["owedPaise"]) == (0, EXCHANGED)


def test_the_debt_of_another_bill_does_not_take_the_credit(buying, exchanged):
    """A ring of ₹51,845 is owed. All of the exchange's bill comes back: its money by UPI, its credit as the credit; and
    so the note over the other bill has nothing to give."""
    credit_id, bill = exchanged
    counter, customer = buying.counter, buying.seller["id"]
    other = made(counter.bill([counter.piece()], customerId=customer, paid=0))
    issued = made(note(buying, bill, refunds=[{"mode": "upi", "paise": NEW - EXCHANGED}]))
    assert [one["paise"] for one in issued["payments"] if one["creditId"] == credit_id] == [EXCHANGED]
    answer = note(buying, other, refunds=[{"mode": "upi", "paise": 1}])
    assert (answer.status_code, answer.json["code"]) == (422, "refund_too_large")


def test_what_was_overpaid_elsewhere_does_not_make_money_of_the_credit(buying, exchanged):
    """A note took ₹10,000 off another bill, paid in full, and gave nothing back."""
    _credit_id, bill = exchanged
    counter, customer = buying.counter, buying.seller["id"]
    other = made(counter.bill([counter.piece()], customerId=customer))
    made(note(buying, other, amounts=[{"lineId": other["lines"][0]["id"], "totalPaise": 10_000_00}]))
    money = NEW - EXCHANGED
    answer = note(buying, bill, refunds=[{"mode": "upi", "paise": money + 1}])
    assert (answer.status_code, answer.json["code"]) == (422, "refund_too_large")
    made(note(buying, bill, refunds=[{"mode": "upi", "paise": money}]))


WRONG = {
    "heavier than what was sold": ({"grossMg": 3_401}, 422, "not_what_was_sold", "lines.0.grossMg"),  # scales: 10 mg
    "finer than it was sold": ({"fineness": 9_990}, 422, "not_what_was_sold", "lines.0.fineness"),
    "of another metal": ({"metal": "silver"}, 422, "not_what_was_sold", "lines.0.metal"),
    "of no bill": ({"ofLineId": "01890a5d-ac96-774b-bcce-b302099a8057"}, 404, "sold_line_unknown", "lines.0.ofLineId"),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_what_was_not_sold_so_is_old_gold_like_any_other(buying, ring, wrong):
    changes, status, code, field = WRONG[wrong]
    answer = back(buying, ring[1], **changes)
    assert (answer.status_code, answer.json["code"], list(answer.json["fields"])) == (status, code, [field])


def test_a_repair_has_no_metal_to_bring_back(buying):
    lines = [{"sells": "repair", "pricePaise": 500_00}]
    bill = made(buying.counter.bill([], lines=lines, customerId=buying.seller["id"]))
    assert back(buying, bill["lines"][0]).json["code"] == "sold_line_unknown"


def test_another_shops_line_is_none(buying, ring, flask_app, runtime, asha_and_others):
    ravis = Counter(flask_app, runtime, asha_and_others.ravi)
    ravis.set_board()
    answer = back(type(buying)(ravis, ravis.customer()), ring[1])
    assert (answer.status_code, answer.json["code"]) == (404, "sold_line_unknown")


def test_lighter_it_may_have_become(buying, ring):
    voucher = made(back(buying, ring[1], grossMg=3_000))
    # 3.000 × 0.916 = 2.748 g fine at 13,973.80 = 38,400.00
    assert voucher["valuePaise"] == 38_400_00
    found = buying.counter.read(lambda db: service.bought_back(db, [UUID(ring[1]["id"])]))
    assert [one.number for one in found.values()] == [voucher["number"]]
