"""The counter's sheet and the bill's page: what is typed there is priced, asked for, issued, changed and cancelled."""

import html
import re
from uuid import UUID

import pytest

from app.credits import service as credits
from app.kit.ids import new_id
from tests.support.counter import Counter, made
from tests.support.pages import Sender


@pytest.fixture
def counter(flask_app, runtime, cast):
    found = Counter(flask_app, runtime, cast.asha)
    found.set_board()
    return found


@pytest.fixture
def till(flask_app, cast):
    """Asha's browser at her own counter."""
    return Sender(flask_app, cast.asha)


def shop(cast):
    return f"/s/{cast.asha.shop.slug}"


def hidden(page, name):
    """What a hidden field of the page holds."""
    return re.findall(rf'name="{name}" value="([^"]*)"', html.unescape(page.text))


def total(page):
    return re.search(r'id="total">([^<]*)<', page.text)[1]


def test_a_sheet_prices_a_repair_a_discount_on_the_bill_and_says_how(till, cast, counter):
    piece = counter.piece()
    added = till(f"{shop(cast)}/bills/sheet", {
        "item_id": piece["id"], "step": "add-ware", "ware_sells": "repair", "ware_name": "Chain soldered",
        "ware_price": "500", "ware_pieces": "", "bill_discount": "334.72",
    })  # fmt: skip
    assert added.status_code == 200
    # 50,834.72 − 334.72 = 50,500.00, shared by value: 331.43 and 3.29; at 3 % and 18 %:
    # 50,003.29 × 1.5 % = 750.05; 496.71 × 9 % = 44.70; 50,500.00 + 1,589.50 = 52,089.50 → 52,090
    assert total(added) == "₹52,090.00"
    assert "3.390 g of 22K 916 × ₹12,800.00/g = ₹43,392.00" in html.unescape(added.text)
    assert "Chain soldered" in added.text
    assert hidden(added, "sells-w1") == ["repair"]


def test_a_number_of_pieces_longer_than_any_is_said_at_its_field(till, cast):
    """Its first digits would pass; Python reads no number of five thousand."""
    page = till(f"{shop(cast)}/bills/sheet", {
        "step": "add-ware", "ware_sells": "repair", "ware_name": "Chain", "ware_price": "500",
        "ware_pieces": "000000001" + "9" * 5_000,
    })  # fmt: skip
    assert page.status_code == 422
    assert "A number of pieces is expected." in page.text


def test_a_told_price_and_what_was_handed_over(till, cast, counter):
    page = till(f"{shop(cast)}/bills/sheet", {
        "item_id": counter.piece()["id"], "told": "50,000", "pay_cash": "50000", "tendered": "50500",
    })  # fmt: skip
    assert total(page) == "₹50,000.00"
    assert "₹500.00" in re.search(r'id="change">(.*?)</output>', page.text, re.S)[1]


def test_the_lines_keep_their_price_where_too_little_was_handed_over(till, cast, counter):
    """Case 1 of the table: ₹51,845.00; what is said is said in rupees, beside the field."""
    page = till(f"{shop(cast)}/bills/sheet", {
        "item_id": counter.piece()["id"], "pay_cash": "51845", "tendered": "50000",
    })  # fmt: skip
    assert page.status_code == 422 and total(page) == "₹51,845.00"
    wrong = re.findall(r'class="wrong">([^<]+)', page.text)
    assert wrong == ["₹50,000.00 was handed over; ₹51,845.00 is to be paid in cash."]


@pytest.mark.parametrize(
    ("typed", "field"),
    [("bill_discount", "a lot"), ("told", "0.001"), ("tendered", "1"), ("occasion", "Meera's wedding!")],
)
def test_what_cannot_be_is_said_at_its_field_and_stays_typed(till, cast, counter, typed, field):
    customer = counter.customer()
    form = {"item_id": counter.piece()["id"], "customer_id": customer["id"], "pay_cash": "50000", typed: field}
    page = till(f"{shop(cast)}/bills/sheet", form)
    assert page.status_code == 422
    assert "is-invalid" in page.text
    assert html.escape(field, quote=False).replace("'", "&#39;").lower()[:5] in page.text.lower()


def test_a_credit_of_the_customer_is_offered_and_used(till, cast, counter):
    customer = counter.customer()
    advance = counter.write(lambda db: credits.open_credit(
        db, kind="advance", customer_id=UUID(customer["id"]), source_id=new_id(), paise=20_000_00
    ))  # fmt: skip
    form = {"item_id": counter.piece()["id"], "customer_id": customer["id"], "credit_id": str(advance.id)}
    page = till(f"{shop(cast)}/bills/sheet", {**form, "step": f"rest:credit-{advance.id}"})
    assert f'name="credit-{advance.id}" value="20,000.00"' in page.text
    form |= {f"credit-{advance.id}": "20,000.00", "pay_upi": "31845", "expected_total_paise": "5184500"}
    issued = till.once(f"{shop(cast)}/bills", form)
    assert issued.status_code in (302, 303), issued.text
    assert counter.read(lambda db: credits.get_credit(db, advance.id)).left_paise == 0
    bill = till.look(issued.headers["Location"])
    assert "Advance" in bill.text


def test_a_clerk_asks_from_the_sheet_and_issues_once_the_owner_allowed_it(flask_app, cast, counter):
    customer, piece = counter.customer(), counter.piece()
    till = Sender(flask_app, cast.bina)
    form = {"item_id": piece["id"], "customer_id": customer["id"], f"rate-{piece['id']}": "12,000"}
    asked = till.once(f"{shop(cast)}/bills/sheet", {**form, "step": "ask:0", "ask_reason": "an old customer"})
    question = hidden(asked, "asked")[0]
    assert "waits for the answer by itself" in asked.text
    blocked = till.once(f"{shop(cast)}/bills", {**form, "asked": question, "pay_upi": "1"})
    assert blocked.status_code == 403
    version = made(counter.get(f"/approvals/{question}"))["version"]
    made(counter.post(f"/approvals/{question}/decision", {"grant": True}, **{"If-Match": f'"{version}"'}))
    assert "Allowed for exactly this" in till.look(f"{shop(cast)}/bills/asked/{question}").text
    issued = till.once(f"{shop(cast)}/bills", {**form, "asked": question, "pay_upi": "1"})
    assert issued.status_code in (302, 303), issued.text
    assert counter.status(piece["id"]) == "sold"


def test_a_bill_of_supply_says_so_before_it_is_issued(flask_app, runtime, cast):
    counter = Counter(flask_app, runtime, cast.ravi)
    counter.set_board()
    page = Sender(flask_app, cast.ravi)(f"/s/{cast.ravi.shop.slug}/bills/sheet", {"item_id": counter.piece()["id"]})
    assert "this seller charges no tax" in page.text
    assert total(page) == "₹50,335.00"


# ---- the bill's page ----


@pytest.fixture
def bill(counter):
    return made(counter.bill([counter.piece(), counter.piece()], customerId=counter.customer()["id"]))


def page_of(cast, bill):
    return f"{shop(cast)}/bills/{bill['id']}"


def notes_of(counter, bill):
    return made(counter.get(f"/invoices/{bill['id']}/credit-notes"))["items"]


def test_so_much_less_on_one_line(till, cast, counter, bill):
    answer = till.once(f"{page_of(cast, bill)}/credit-note", {
        "less": "1,030", "less_line": bill["lines"][1]["id"], "reason": "price difference", "mode": "upi",
    })  # fmt: skip
    assert answer.status_code in (302, 303), answer.text
    assert [note["totalPaise"] for note in notes_of(counter, bill)] == [1_030_00]
    assert "after notes" in till.look(page_of(cast, bill)).text


def test_too_much_less_is_said_at_the_amount_as_it_was_typed(till, cast, counter, bill):
    """Tax and all: 50,334.72 + 2 × 755.02 are left, not what stands before tax."""
    line = bill["lines"][1]
    refused = till.once(f"{page_of(cast, bill)}/credit-note", {
        "less": "60,000", "less_line": line["id"], "reason": "price difference", "mode": "upi",
    })  # fmt: skip
    assert refused.status_code in (409, 422)
    assert f'id="h-less">₹60,000.00 is to be taken off {line["tag"]}, ₹51,844.76 is left of it.<' in refused.text


def test_an_exchange_keeps_the_money_and_begins_the_new_bill(till, cast, counter, bill):
    answer = till.once(f"{page_of(cast, bill)}/credit-note", {
        "line_id": bill["lines"][0]["id"], "reason": "exchanged", "then": "exchange",
    })  # fmt: skip
    assert answer.status_code in (302, 303), answer.text
    begun = till.look(answer.headers["Location"])
    assert "Lata Deshpande" in begun.text
    assert "Store credit" in begun.text
    assert counter.status(bill["lines"][0]["itemId"]) == "in_stock"


def test_a_debit_note_and_what_is_refused_of_it(till, cast, counter, bill):
    form = {
        "more": "1,030",
        "more_line": bill["lines"][0]["id"],
        "debit_reason": "stone forgotten",
        "debit_mode": "on_account",
    }
    wrong = till.once(f"{page_of(cast, bill)}/debit-note", {**form, "more": "nothing"})
    assert wrong.status_code == 422
    assert "is-invalid" in wrong.text
    assert till.once(f"{page_of(cast, bill)}/debit-note", form).status_code in (302, 303)
    (note,) = notes_of(counter, bill)
    assert note["kind"] == "debit_note"
    its_page = till.look(f"{shop(cast)}/bills/{note['id']}").text
    assert ("Adds to" in its_page, "Reverses" in its_page) == (True, False)


def test_a_bill_is_cancelled_only_where_nothing_was_handed_over(till, cast, counter, bill):
    form = {"cancel_reason": "wrong customer"}
    assert till.once(f"{page_of(cast, bill)}/cancellation", form).status_code == 422
    ticked = form | {"not_handed_over": "yes"}
    unsaid = till.once(f"{page_of(cast, bill)}/cancellation", {**ticked, "cancel_reason": "x"})
    assert unsaid.status_code == 422 and 'name="not_handed_over" value="yes" checked' in unsaid.text
    answer = till.once(f"{page_of(cast, bill)}/cancellation", ticked)
    assert "number stays used" in till.look(answer.headers["Location"]).text.replace("&#39;", "'")
    assert [note["totalPaise"] for note in notes_of(counter, bill)] == [bill["totalPaise"]]


def test_goods_sent_to_another_state_show_igst_before_and_after(till, cast, counter):
    form = {"item_id": counter.piece()["id"], "customer_id": counter.customer()["id"], "ship_to": "29"}
    page = till(f"{shop(cast)}/bills/sheet", form)
    # 3 % of 50,334.72 = 1,510.04
    assert "IGST" in page.text
    assert "₹1,510.04" in page.text
    issued = till.once(f"{shop(cast)}/bills", {**form, "pay_upi": "51845"})
    assert "inter-state" in till.look(issued.headers["Location"]).text


def test_a_lots_code_is_scanned_and_its_grams_are_typed(till, cast, counter):
    counter.set_board(gold_9990=13_000_00)
    lot = made(counter.post("/lots", {
        "code": "BAR-7", "name": "Gold bar", "kind": "bullion", "metal": "gold", "fineness": 9990, "netMg": 100_000,
    }))["id"]  # fmt: skip
    scanned = till(f"{shop(cast)}/bills/sheet", {"step": "add", "code": "bar-7"})
    assert scanned.status_code == 200  # nothing is wrong yet with what was not weighed yet
    assert hidden(scanned, "lot_id") == [lot]
    assert re.search(rf'name="grams-{lot}"[^>]*data-ask', scanned.text, re.S)
    assert "100.000 g left" in scanned.text
    form = {"lot_id": lot, f"grams-{lot}": "2", f"charge-{lot}": "100", f"charge_of-{lot}": "per_gram_net"}
    # 2 g × 13,000 + 2 × 100 = 26,200.00; 3 %: 26,986.00
    priced = till(f"{shop(cast)}/bills/sheet", form)
    assert total(priced) == "₹26,986.00"
    assert 'value="2.000"' in priced.text
    wrong = till(f"{shop(cast)}/bills/sheet", {**form, f"grams-{lot}": "100.001"})
    assert (wrong.status_code, "is-invalid" in wrong.text, 'value="100.001"' in wrong.text) == (409, True, True)
    issued = till.once(f"{shop(cast)}/bills", {**form, "pay_upi": "26986"})
    assert issued.status_code in (302, 303), issued.text
    bill = till.look(issued.headers["Location"])
    assert "BAR-7" in bill.text


def test_loose_stones_ask_for_carats_and_what_one_costs(till, cast, counter):
    facts = {"kind": "stones", "metal": "stone", "fineness": 0, "stoneMct": 5_000}
    lot, cut = (
        made(counter.post("/lots", {**facts, "code": f"{hsn}-1", "name": "Stones", "hsn": hsn}))["id"]
        for hsn in ("7103", "7102")
    )
    form = {"lot_id": lot, f"carats-{lot}": "1.25"}
    half = till(f"{shop(cast)}/bills/sheet", form)
    assert (half.status_code, total(half)) == (200, "₹0.00")
    assert re.search(rf'name="ct_rate-{lot}"[^>]*data-ask', half.text, re.S)
    # 1.250 ct × 20,000 = 25,000.00; 0.25 %: 25,062.50 → 25,063
    priced = till(f"{shop(cast)}/bills/sheet", {**form, f"ct_rate-{lot}": "20,000"})
    assert (total(priced), f'name="hsn-{lot}"' in priced.text) == ("₹25,063.00", False)
    # cut diamonds: 1.5 %, as their lot says
    typed = {"lot_id": cut, f"carats-{cut}": "1.25", f"ct_rate-{cut}": "20,000"}
    assert total(till(f"{shop(cast)}/bills/sheet", typed)) == "₹25,375.00"


def test_a_bills_page_leads_to_the_sheet_that_buys_its_piece_back(till, cast, counter):
    customer = counter.customer()
    bill = made(counter.bill([counter.piece()], customerId=customer["id"]))
    page = till.look(f"{shop(cast)}/bills/{bill['id']}")
    line = bill["lines"][0]["id"]
    assert f"/old-gold/new?line={line}" in page.text
    sheet = till.look(f"{shop(cast)}/old-gold/new?line={line}")
    assert hidden(sheet, "of_line-0") == [line]
    assert hidden(sheet, "customer_id") == [customer["id"]]
    assert "100.00 % of its metal’s value today" in html.unescape(sheet.text)
    assert re.search(r'id="og-value">([^<]*)<', sheet.text)[1] == "₹43,388.65"
    assert till.look(f"{shop(cast)}/old-gold/new?line={customer['id']}").status_code == 404
