"""Whatever is typed into a page's field: the page comes back with a message, or the thing is done; never a 500."""

import secrets
from typing import Any

import pytest
from flask import Flask

from app.kit.runtime import Runtime
from tests.support.cast import Cast, make_cast
from tests.support.pages import Sender
from tests.support.world import World, furnish

GARBAGE = (
    "", " ", "\x00", "a\x00b", "-1", "1e9", "NaN", "Infinity", "१२३", "٣", "9" * 30, "9" * 400, "0.0000001", "1,2,3",
    "<script>alert(1)</script>", "'; DROP TABLE items; --", "🙏" * 50, "é" * 500, "\u202e", "%s%n", "../../etc", "0xff",
    "null", "2026-13-45", "31-02-2026", "0001-01-01",
)  # fmt: skip


@pytest.fixture(scope="module")
def typists(runtime: Runtime) -> Cast:
    """People of their own: what is typed here is taken now and then."""
    return make_cast(runtime)


@pytest.fixture(scope="module")
def world(runtime: Runtime, typists: Cast) -> World:
    return furnish(runtime, typists)


def forms(slug: str, things: dict[str, Any]) -> dict[str, dict[str, str]]:
    """Address → a form that is nearly right, so that each field is the one at fault in its turn."""
    shop, item, customer = f"/s/{slug}", str(things["item_id"]), str(things["customer_id"])
    sheet = {
        "step": "", "item_id": item, f"discount-{item}": "", f"making-{item}": "", "customer_id": customer, "phone": "",
        "ship_to": "", "pan_declared": "", "expected_total_paise": "", "pay_cash": "", "pay_upi": "10", "ref_upi": "x",
        "code": "", "new_name": "", "new_state": "", f"rate-{item}": "", f"wastage-{item}": "",
        f"wastage_of-{item}": "net", "bill_discount": "", "told": "", "tendered": "", "occasion": "", "asked": "",
        f"promise-{item}": "", "estimate_id": "",
    }  # fmt: skip
    ware = {
        "step": "add-ware", "ware_sells": "repair", "ware_name": "", "ware_price": "500", "ware_pieces": "",
        "ware": "w0", "sells-w0": "repair", "name-w0": "Soldered", "price-w0": "50000", "pieces-w0": "1",
        "discount-w0": "", "ware_incl": "", "credit_id": customer, f"credit-{customer}": "", "ask_reason": "",
    }  # fmt: skip
    noted = {"reason": "brought back", "mode": "cash", "less": "", "less_line": item, "then": ""}
    buyer = {
        "name": "Lata", "phone": "", "email": "", "gstin": "", "pan": "", "address": "", "city": "", "pin": "",
        "state_code": "27", "version": "1",
    }  # fmt: skip
    register = {"step": "register-customer", "phone": "", "new_name": "Somebody", "new_address": "", "new_city": "",
                "new_pin": "", "new_state": "", "new_gstin": "", "new_pan": ""}  # fmt: skip
    piece = {
        "tag": "X-1", "name": "Ring", "category": "ring", "purity": "gold-9160", "gross": "3.390", "stone": "",
        "hsn": "7113", "huid": "", "huid_exempt": "", "making_kind": "percent", "making": "16", "hallmark": "",
        "wastage_kind": "percent_of_net", "wastage": "2", "stone-0-kind": "Diamond", "stone-0-pieces": "3",
        "stone-0-carat": "0.150", "stone-0-basis": "per_carat", "stone-0-rate": "45000",
        "metal-0-purity": "gold-7500", "metal-0-net": "0.500", "metal-1-purity": "", "metal-1-net": "",
    }  # fmt: skip
    return {
        f"{shop}/bills/sheet": sheet,
        f"{shop}/bills/sheet?register": register,
        f"{shop}/bills/sheet?add": {"step": "add", "code": "R-1"},
        f"{shop}/bills": {**sheet, "expected_total_paise": "1"},
        f"{shop}/bills/sheet?ware": ware,
        f"{shop}/bills/held": {"item_id": item, "held_label": "Lata"},
        f"{shop}/estimates": {
            "item_id": item, f"promise-{item}": "estimate", "estimate_id": str(things["estimate_id"]),
        },
        f"{shop}/bills/{things['invoice_id']}/credit-note": {"line_id": item, **noted},
        f"{shop}/bills/{things['invoice_id']}/debit-note": {
            "more": "10", "more_line": item, "debit_reason": "too little", "debit_mode": "cash",
        },
        f"{shop}/bills/{things['invoice_id']}/cancellation": {"cancel_reason": "wrong", "not_handed_over": ""},
        f"{shop}/customers/new": buyer,
        f"{shop}/customers/{customer}": buyer,
        f"{shop}/customers/{customer}/days": {"birthday": "24-07-1980", "anniversary": "", "version": "999"},
        f"{shop}/customers/{customer}/family": {"phone": "9820012345", "relation": "son"},
        f"{shop}/customers/{customer}/merge": {"into": item, "into_version": "1", "version": "1", "confirm": "Lata"},
        f"{shop}/customers/{customer}/papers": {"kind": "pan", "number": "ABCPD1234F", "consent": "2026-0"},
        f"{shop}/customers/{customer}/papers/{things['paper_id']}/verify": {"version": "999"},
        f"{shop}/receipts/new": {
            "customer_id": customer, "purpose": "on_account", "amount_0": "999999", "mode_0": "upi", "reference_0": "",
            "amount_1": "", "mode_1": "cash", "reference_1": "", "note": "",
        },
        f"{shop}/receipts/{things['receipt_id']}/take-back": {"reason": ""},
        f"{shop}/credits/{things['credit_id']}/pay-out": {
            "amount_0": "1", "mode_0": "upi", "reference_0": "", "reason": "asked for", "version": "999",
        },
        f"{shop}/stock/new": {**piece, "gross": "-1"},
        f"{shop}/stock/reckoned": piece,
        f"{shop}/stock/{item}/edit": {**piece, "version": "999"},
        f"{shop}/stock/{item}/withdraw": {"version": "999", "reason": "melted"},
        f"{shop}/rates": {"rate-gold-9160": "12800", "rate-silver-9250": "150"},
        f"{shop}/exports": {"from": "2026-04-01", "to": "2026-03-01", "format": "csv"},
        f"{shop}/staff": {"email": "garbage@example.test", "name": "Somebody", "phone": "", "role": "clerk"},
        f"{shop}/staff/{things['person_id']}/role": {"role": "clerk", "version": "999"},
        f"{shop}/settings": {
            "name": "Asha", "legal_name": "Asha", "name_local": "", "phone": "", "locale": "en",
            "rate_basis": "fineness", "version": "999",
        },
        f"{shop}/settings/registrations/{things['registration_id']}": {
            "gstin": "", "legal_name": "Asha", "composition": "", "version": "999",
        },
        f"{shop}/settings/outlets/{things['outlet_id']}": {
            "name": "Asha", "address": "1 Zaveri Bazaar", "city": "Mumbai", "pin": "400002", "bis_registration": "",
            "version": "999",
        },
        f"{shop}/settings/outlets/{things['outlet_id']}/tills": {"code": "T2", "name": "Upstairs", "version": "999"},
        f"{shop}/settings/registrations/{things['registration_id']}/outlets": {
            "name": "Annex", "address": "2 Zaveri Bazaar", "city": "Mumbai", "pin": "400002", "bis_registration": "",
            "till_code": "T3", "version": "999",
        },
        f"{shop}/settings/tills/{things['till_id']}": {"name": "Upstairs", "version": "999"},
        f"/invitations/{things['invitation_id']}/accept": {"code": "aaaa-bbbb-cccc-dddd"},
        "/me": {"name": "Asha", "phone": "", "locale": "en", "version": "999"},
    }  # fmt: skip


@pytest.fixture
def send(flask_app: Flask, typists: Cast) -> Sender:
    return Sender(flask_app, typists.asha)


def test_no_field_takes_a_page_down(send, typists, world):
    """Every field of every form in its turn; which garbage begins goes round, so that all of it meets every form."""
    found, turn = [], 0
    for path, form in forms(typists.asha.shop.slug, world.things).items():
        for field in form:
            turn += 1
            for value in GARBAGE[turn % 16 :: 16]:
                status = send(path, {**form, field: value, "idempotency_key": secrets.token_hex(16)}).status_code
                if status >= 500:
                    found.append(f"{path} {field}={value[:20]!r}: {status}")
    assert not found, "\n".join(found)


@pytest.mark.parametrize("query", [
    "stock?q={}", "stock?category={}", "stock?metal={}", "stock?status={}", "stock?after={}", "bills?number={}",
    "bills?from={}", "bills?kind={}", "bills?after={}", "customers?q={}", "rates?after={}", "rates?of={}",
    "exports?after={}", "exports?job={}", "bills/new?code={}", "bills/new?customer={}",
    "bills/new?estimate={}", "estimates?number={}", "estimates?state={}", "estimates?after={}",
])  # fmt: skip
def test_no_address_takes_a_page_down(flask_app, typists, world, query):
    client = flask_app.test_client()
    client.set_cookie("boola_session", typists.asha.token)
    path, _, rest = f"/s/{typists.asha.shop.slug}/{query}".partition("?")
    field = rest.partition("=")[0]
    found = []
    for garbage in GARBAGE:
        status = client.get(path, query_string={field: garbage}).status_code
        if status >= 500:
            found.append(f"{garbage[:20]!r}: {status}")
    assert not found, "\n".join(found)


def test_a_form_without_its_csrf_token_does_nothing(flask_app, typists, world):
    client = flask_app.test_client()
    client.set_cookie("boola_session", typists.asha.token)
    for path, form in forms(typists.asha.shop.slug, world.things).items():
        assert client.post(path, data=form).status_code == 403, path


def test_a_form_sent_twice_makes_one(send, flask_app, typists, world):
    """The back button and impatience: the second sending leads to what the first one made."""
    form = {
        "name": "Twice Sent", "phone": "", "email": "", "gstin": "", "pan": "", "address": "", "city": "", "pin": "",
        "state_code": "", "idempotency_key": secrets.token_hex(16),
    }  # fmt: skip
    path = f"/s/{typists.asha.shop.slug}/customers/new"
    first, second = send(path, form), send(path, form)
    assert (first.status_code, second.status_code) == (303, 303)
    assert first.location == second.location


def test_the_field_at_fault_says_so_and_the_rest_stays(send, typists, world):
    form = {
        "tag": "OK-1", "name": "Ring with bird", "category": "ring", "purity": "gold-9160", "gross": "3.39.0",
        "stone": "", "huid": "", "huid_exempt": "", "making_kind": "percent", "making": "16", "hallmark": "",
        "wastage_kind": "none",
    }  # fmt: skip
    reply = send(f"/s/{typists.asha.shop.slug}/stock/new", form)
    assert reply.status_code == 422
    assert 'value="Ring with bird"' in reply.text and 'value="3.39.0"' in reply.text
    wrong = reply.text.partition('id="h-gross"')[2].partition("</div>")[0]
    assert "3.39.0" in wrong
