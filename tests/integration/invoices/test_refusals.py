"""What must not become a bill: clear words, a stable code, and not a row more than before."""

import datetime as dt
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select

from app.kit.clock import today_ist
from tests.support.counter import Counter, a_key, made


def refusal(answer) -> tuple[int, str]:
    """Status and code of what must have been refused, in words."""
    assert answer.json.get("detail") or answer.json.get("title"), answer.json
    return answer.status_code, answer.json["code"]


@pytest.fixture
def unchanged(counter):
    """Nothing is written while the test runs; a test calls it once its own things are there."""
    before: list[dict[str, int]] = []

    yield lambda: before.append(counter.row_counts())
    assert before, "the test did not say from when on nothing may change"
    assert counter.row_counts() == before[0]


BROKEN = {
    "no lines": {"lines": []},
    "no body at all": None,
    "a list": [],
    "an unknown field": {"lines": [{"itemId": str(uuid4())}], "discount": 5},
    "an id that is none": {"lines": [{"itemId": "7"}]},
    "a number for an id": {"lines": [{"itemId": 7}]},
    "a negative payment": {"lines": [{"itemId": str(uuid4())}], "payments": [{"mode": "cash", "paise": -1}]},
    "nothing paid": {"lines": [{"itemId": str(uuid4())}], "payments": [{"mode": "cash", "paise": 0}]},
    "a fraction of a paisa": {"lines": [{"itemId": str(uuid4())}], "payments": [{"mode": "cash", "paise": 1.5}]},
    "true for money": {"lines": [{"itemId": str(uuid4())}], "payments": [{"mode": "cash", "paise": True}]},
    "text for money": {"lines": [{"itemId": str(uuid4())}], "payments": [{"mode": "cash", "paise": "100"}]},
    "more than there is": {"lines": [{"itemId": str(uuid4())}], "payments": [{"mode": "cash", "paise": 10**19}]},
    "an unknown mode": {"lines": [{"itemId": str(uuid4())}], "payments": [{"mode": "barter", "paise": 100}]},
    "a negative discount": {"lines": [{"itemId": str(uuid4()), "discount": {"paise": -5}}]},
    "150 percent off": {"lines": [{"itemId": str(uuid4()), "discount": {"bp": 15_000}}]},
    "a thousand lines": {"lines": [{"itemId": str(uuid4())} for _ in range(1000)]},
    "a state's name": {"lines": [{"itemId": str(uuid4())}], "shipTo": "Kerala"},
}


@pytest.mark.parametrize("body", BROKEN.values(), ids=BROKEN)
def test_a_broken_bill_is_422(counter, unchanged, body):
    unchanged()
    answer = counter.post("/invoices", body)
    assert answer.status_code in (400, 422), answer.json


@pytest.mark.parametrize("raw", [b'{"lines": [{"itemId": NaN}]}', b"{", b'{"lines": [1e999]}', b"\xff\xfe"])
def test_what_is_no_json_is_400(counter, unchanged, raw):
    unchanged()
    answer = counter.app.test_client().post(
        f"{counter.base}/invoices", data=raw, headers=counter.who.writing(**{"Content-Type": "application/json"})
    )
    assert answer.status_code == 400, answer.json


def test_an_unknown_piece_is_404(counter, unchanged):
    unchanged()
    assert refusal(counter.post("/invoices", counter.draft([{"id": str(uuid4())}]))) == (404, "item_unknown")


def test_other_shops_things_are_404_in_every_field(counter, ravis_counter, zoyas_counter, unchanged):
    mine, customer = counter.piece(), counter.customer()
    unchanged()
    for other in (ravis_counter, zoyas_counter):
        theirs = other.piece()
        whose = other.customer(stateCode="29")
        bill = made(other.bill([other.piece()], customerId=whose["id"]))
        till = str(other.who.shop.till_id)
        assert refusal(counter.post("/invoices", counter.draft([theirs]))) == (404, "item_unknown")
        assert refusal(counter.post("/invoices", counter.draft([mine, theirs]))) == (404, "item_unknown")
        to_theirs = counter.draft([mine], customerId=whose["id"])
        assert refusal(counter.post("/invoices", to_theirs)) == (404, "customer_unknown")
        at_theirs = counter.draft([mine], tillId=till, customerId=customer["id"])
        assert refusal(counter.post("/invoices", at_theirs)) == (404, "till_unknown")
        assert refusal(counter.post("/invoices/quote", counter.draft([theirs]))) == (404, "item_unknown")
        assert refusal(counter.get(f"/invoices/{bill['id']}")) == (404, "invoice_unknown")
        assert refusal(counter.get(f"/invoices/{bill['id']}/pdf")) == (404, "invoice_unknown")
        noted = counter.post(f"/invoices/{bill['id']}/credit-notes", {"reason": "mine"})
        assert refusal(noted) == (404, "invoice_unknown")
        assert refusal(counter.get(f"/items/{theirs['id']}")) == (404, "item_unknown")
        assert refusal(counter.get(f"/items/by-code/{theirs['huid']}")) == (404, "item_unknown")
        assert refusal(counter.get(f"/customers/{whose['id']}")) == (404, "customer_unknown")
        assert refusal(counter.get(f"/customers/by-phone/{whose['phone']}")) == (404, "customer_unknown")
        assert counter.get("/invoices", customerId=whose["id"]).json["items"] == []
        assert other.status(theirs["id"]) == "in_stock"
        assert other.books().sound
    assert counter.status(mine["id"]) == "in_stock"


def test_a_sold_piece_is_not_sold_again_and_is_named(counter, unchanged):
    sold, other = counter.piece(tag="GONE-1"), counter.piece()
    customer = counter.customer()
    made(counter.bill([sold], customerId=customer["id"]))
    unchanged()
    answer = counter.post("/invoices", counter.draft([other, sold], customerId=customer["id"]))
    assert refusal(answer) == (409, "item_already_sold")
    assert "GONE-1" in answer.json["detail"]
    assert answer.json["fields"] == {"lines.1.itemId": "sold"}
    assert counter.status(other["id"]) == "in_stock"


def test_a_withdrawn_piece_is_not_sold(counter, unchanged):
    piece = counter.piece()
    version = {"If-Match": f'"{piece["version"]}"'}
    made(counter.post(f"/items/{piece['id']}/withdrawal", {"reason": "melted"}, **version))
    unchanged()
    assert refusal(counter.post("/invoices", counter.draft([piece]))) == (409, "item_already_sold")


def test_one_piece_on_two_lines_is_refused(counter, unchanged):
    piece = counter.piece()
    unchanged()
    assert refusal(counter.post("/invoices", counter.draft([piece, piece]))) == (422, "piece_twice")


def test_a_price_the_customer_has_not_seen_is_refused_with_the_new_quote(counter, unchanged):
    piece, customer = counter.piece(), counter.customer()
    counter.set_board(gold_9160=13_000_00)
    unchanged()
    draft = counter.draft([piece], customerId=customer["id"], expectedTotalPaise=51_845_00)
    answer = counter.post("/invoices", draft)
    assert refusal(answer) == (409, "price_changed")
    # 3.390 × 13,000 = 44,070; making 16 % = 7,051.20; 51,121.20; 1.5 % = 766.82; 52,654.84 → 52,655
    assert answer.json["quote"]["totalPaise"] == 52_655_00
    assert counter.status(piece["id"]) == "in_stock"


def test_a_piece_without_a_rate_on_the_board_is_not_priced(counter, unchanged):
    piece = counter.piece(purity={"metal": "gold", "fineness": 8330})
    unchanged()
    assert refusal(counter.post("/invoices", counter.draft([piece]))) == (409, "rate_missing")


def test_a_gold_piece_without_huid_is_not_sold_and_the_rule_is_named(counter, unchanged):
    piece, customer = counter.piece(huid=None), counter.customer()
    unchanged()
    answer = counter.post("/invoices", counter.draft([piece], customerId=customer["id"]))
    assert refusal(answer) == (422, "huid_missing")
    assert "Hallmarking" in answer.json["detail"]
    findings = made(counter.post("/invoices/quote", counter.draft([piece], customerId=customer["id"])))["findings"]
    assert [(finding["rule"], finding["blocks"]) for finding in findings] == [("hallmark", True)]


def test_a_gold_piece_under_two_grams_and_silver_need_no_huid(counter):
    light = counter.piece(huid=None, grossMg=1_999)
    silver = counter.piece(huid=None, purity={"metal": "silver", "fineness": 9250}, grossMg=40_000)
    assert (light["huidExempt"], light["hallmarkStatus"]) == ("under_2g", "exempt")
    assert (silver["huidExempt"], silver["hallmarkStatus"]) == (None, "not_required")
    made(counter.bill([light, silver], customerId=counter.customer()["id"]))


def test_payments_never_exceed_the_total(counter, unchanged):
    piece, customer = counter.piece(), counter.customer()
    unchanged()
    answer = counter.bill([piece], customerId=customer["id"], paid=51_845_01)
    assert refusal(answer) == (422, "payments_exceed_total")


def test_a_shortfall_needs_a_customer_who_owes_it(counter):
    silver = {"huid": None, "purity": {"metal": "silver", "fineness": 9250}, "grossMg": 40_000}
    first, second = counter.piece(**silver), counter.piece(**silver)
    assert refusal(counter.bill([first], paid=1_000_00)) == (422, "payment_short")
    issued = made(counter.bill([second], paid=1_000_00, customerId=counter.customer()["id"]))
    assert issued["paidPaise"] == 1_000_00 < issued["totalPaise"]


def test_a_large_sale_needs_a_pan_or_the_declaration(counter):
    big = {"grossMg": 20_000}  # 20 × 12,800 = 2,56,000 and making
    nobody_knows = counter.customer(pan=None)
    assert refusal(counter.bill([counter.piece(**big)], customerId=nobody_knows["id"])) == (422, "pan_required")
    made(counter.bill([counter.piece(**big)], customerId=nobody_knows["id"], panDeclared=True))
    made(counter.bill([counter.piece(**big)], customerId=counter.customer()["id"]))


def test_an_unregistered_buyer_of_fifty_thousand_needs_an_address(counter, unchanged):
    pieces, bare = [counter.piece(), counter.piece()], counter.customer(address=None)
    unchanged()
    assert refusal(counter.bill([pieces[0]], customerId=bare["id"])) == (422, "address_required")
    assert refusal(counter.bill([pieces[1]])) == (422, "address_required")


def test_two_lakh_in_cash_are_not_taken_from_one_person_in_a_day(counter):
    customer = counter.customer()
    pieces = [counter.piece(grossMg=12_000) for _ in range(2)]  # 12 × 12,800 × 1.16 × 1.03 = 1,83,521 each

    def paid_in_cash(piece, paise):
        return counter.bill([piece], customerId=customer["id"], payments=[{"mode": "cash", "paise": paise}])

    at_once = paid_in_cash(counter.piece(grossMg=20_000), 200_000_00)
    assert refusal(at_once) == (422, "cash_limit_reached")
    made(paid_in_cash(pieces[0], 150_000_00))
    assert refusal(paid_in_cash(pieces[1], 50_000_00)) == (422, "cash_limit_reached")
    made(paid_in_cash(pieces[1], 49_999_99))


def test_a_clerk_gives_no_discount(counter, cast, unchanged):
    clerk = Counter(counter.app, counter.runtime, cast.bina)
    piece, customer = counter.piece(), counter.customer()
    line = {"itemId": piece["id"], "discount": {"paise": 1}}
    unchanged()
    draft = clerk.draft([line], customerId=customer["id"])
    assert refusal(clerk.post("/invoices", draft)) == (403, "approval_needed")
    assert made(clerk.post("/invoices/quote", clerk.draft([line])))["needs"][0]["right"] == "bill.discount"


def test_an_accountant_issues_notes_but_no_bills_and_a_clerk_the_other_way_round(counter, cast):
    clerk = Counter(counter.app, counter.runtime, cast.bina)
    accountant = Counter(counter.app, counter.runtime, cast.meera)
    piece, customer = counter.piece(), counter.customer()
    draft = counter.draft([piece], customerId=customer["id"])
    assert refusal(accountant.post("/invoices", draft)) == (403, "right_missing")
    bill = made(clerk.bill([piece], customerId=customer["id"]))
    path = f"/invoices/{bill['id']}/credit-notes"
    assert refusal(clerk.post(path, {"reason": "came back"})) == (403, "right_missing")
    made(accountant.post(path, {"reason": "came back"}))


def test_a_composition_dealer_does_not_sell_across_states(counter, unchanged):
    from sqlalchemy import select

    from app.tenants.models import Registration

    piece, customer = counter.piece(), counter.customer()

    def compound(db):
        db.scalars(select(Registration)).one().composition = True

    counter.write(compound)
    unchanged()
    draft = counter.draft([piece], customerId=customer["id"], shipTo="29")
    assert refusal(counter.post("/invoices", draft)) == (422, "composition_across_states")


def test_a_shop_without_a_gstin_does_not_sell_across_states(ravis_counter):
    """Ravi sells in Karnataka (29) and has no GSTIN: CGST Act s.24(i) has no turnover below which that is free."""
    piece, customer = ravis_counter.piece(), ravis_counter.customer(stateCode="27")
    draft = ravis_counter.draft([piece], customerId=customer["id"])
    across = ravis_counter.post("/invoices", {**draft, "shipTo": "27"})
    assert refusal(across) == (422, "unregistered_across_states")
    assert across.json["fields"] == {"shipTo": "another state"}
    assert made(ravis_counter.post("/invoices", {**draft, "shipTo": "29"}))["kind"] == "bill_of_supply"


def test_a_state_that_there_is_not_is_named_where_it_was_read(counter):
    answer = counter.post("/invoices", counter.draft([counter.piece()], shipTo="99"))
    assert (refusal(answer), answer.json["fields"]) == ((422, "unknown_state"), {"shipTo": "unknown"})


def test_the_shop_of_somebody_else_is_not_there(counter, ravis_counter):
    stranger = Counter(counter.app, counter.runtime, ravis_counter.who)
    path = f"{counter.base}/invoices"
    answer = stranger.app.test_client().post(path, json=counter.draft([]), headers=stranger.who.writing())
    assert answer.status_code == 404


def test_an_id_of_nothing_is_404(counter):
    assert refusal(counter.get(f"/invoices/{UUID(int=7)}")) == (404, "invoice_unknown")
    assert counter.get("/invoices/not-an-id").status_code == 404


@pytest.fixture
def plan(counter):
    """Sets until when the shop's plan is paid."""
    from app.tenants.models import Entitlement

    def paid_until(days_ago: int) -> None:
        def push(db):
            row = db.scalars(select(Entitlement)).one()
            row.paid_until, row.state = today_ist() - dt.timedelta(days=days_ago), "active"

        counter.write(push)
        counter.runtime.cache.forget(counter.who.shop_id)

    return paid_until


def test_a_plan_that_ended_issues_nothing_new_and_gives_old_replies_again(counter, plan):
    pieces, customer, key = [counter.piece(), counter.piece()], counter.customer(), a_key()
    draft = counter.draft(pieces[:1], customerId=customer["id"])
    first = counter.post("/invoices", draft, key=key)
    made(first)
    plan(1 + 15)  # the last day of grace: days 0 to 15
    grace = made(counter.post("/invoices", counter.draft([counter.piece()], customerId=customer["id"])))
    plan(1 + 16)
    before = counter.row_counts()
    new = counter.post("/invoices", counter.draft(pieces[1:], customerId=customer["id"]))
    assert refusal(new) == (402, "plan_does_not_trade")
    noted = counter.post(f"/invoices/{grace['id']}/credit-notes", {"reason": "came back"})
    assert refusal(noted) == (402, "plan_does_not_trade")
    again = counter.post("/invoices", draft, key=key)
    assert (again.status_code, again.data) == (201, first.data)
    assert counter.row_counts() == before
    assert counter.status(pieces[1]["id"]) == "in_stock"
    made(counter.get(f"/invoices/{grace['id']}"))  # the books are never hidden


def test_nobody_supplies_to_themselves(counter, unchanged):
    """GSTIN 27AAACR5055K1Z7 is the shop's own; 29AAACI4798L1ZU is another's."""
    ourselves = counter.customer(gstin="27AAACR5055K1Z7", pan=None)["id"]
    lines = [{"itemId": counter.piece()["id"]}]
    unchanged()
    for path in ("/invoices/quote", "/invoices"):
        answer = counter.post(path, {"lines": lines, "customerId": ourselves})
        assert refusal(answer) == (422, "buyer_is_seller")
        assert answer.json["fields"] == {"customerId": "the shop itself"}
