"""The limits at the counter: figures of the law on both their sides, and cash that counts together."""

import datetime as dt
from uuid import UUID

import pytest

from app.customers.service import Buyer
from app.invoices.errors import AddressRequired, CashLimitReached, PanRequired
from app.invoices.service.drafts import BillDraft, LineDraft, PaymentDraft
from app.invoices.service.limits import (
    NO_CASH,
    CashBefore,
    cash_findings,
    findings_of,
    linked_since,
    refuse_blocked,
)

DAY = dt.date(2026, 11, 20)
LINES = (LineDraft(UUID(int=1)),)
LATA = Buyer(UUID(int=2), "Lata", None, None, "ABCPD1234F", "4 Laxmi Road", "Mumbai", "400004", "27")
BARE = Buyer(UUID(int=3), "Lata", None, None, None, None, None, None, None)


def rules(total, buyer=LATA, cash=0, before=NO_CASH, **more):
    payments = (PaymentDraft("cash", cash),) if cash else ()
    draft = BillDraft(lines=LINES, payments=payments, **more)
    return findings_of(draft, total_paise=total, buyer=buyer, before=before, on=DAY)


def names(found):
    return [(finding.rule, finding.blocks) for finding in found]


@pytest.mark.parametrize(
    ("total", "wanted"),
    [
        (49_999_99, []),
        (50_000_00, [("address", True)]),  # Rule 46(e): from ₹50,000
        (200_000_00, [("address", True)]),  # “above” leaves ₹2,00,000 itself free
        (200_000_01, [("pan", True), ("address", True)]),
    ],
)
def test_address_from_50_000_and_pan_above_2_lakh(total, wanted):
    assert names(rules(total, BARE)) == wanted
    assert rules(total) == ()


def test_the_declaration_form_stands_for_a_pan():
    assert names(rules(200_000_01, BARE, pan_declared=True)) == [("address", True)]


def test_cash_of_2_lakh_in_a_day_or_for_an_occasion_is_blocked():
    assert rules(100_000_00, cash=99_999_99, before=CashBefore(100_000_00, 0, 100_000_00)) == ()
    for before in (CashBefore(100_000_00, 0, 100_000_00), CashBefore(0, 100_000_00, 0)):
        assert names(rules(100_000_00, cash=100_000_00, before=before)) == [("cash", True)]
    assert rules(100_000_00, before=CashBefore(500_000_00, 0, 0)) == ()  # this bill takes no cash


def test_cash_in_the_credits_of_a_bill_is_of_one_transaction_whatever_day_it_came_on():
    """Section 269ST(b). ₹1,50,000 came with an advance of another day: ₹50,000 more make ₹2,00,000 for one bill."""
    assert rules(100_000_00, cash=49_999_99, before=CashBefore(credits_paise=150_000_00)) == ()
    assert names(rules(100_000_00, cash=50_000_00, before=CashBefore(credits_paise=150_000_00))) == [("cash", True)]
    assert names(rules(100_000_00, before=CashBefore(credits_paise=200_000_00))) == [("cash", True)]  # none now
    returned = CashBefore(0, 150_000_00, 0, returned_paise=150_000_00)  # a piece of the same wedding, paid in cash
    assert rules(100_000_00, before=returned) == ()
    assert rules(100_000_00, cash=49_999_99, before=returned) == ()
    assert names(rules(100_000_00, cash=50_000_00, before=returned)) == [("cash", True)]
    assert names(rules(100_000_00, cash=50_000_00, before=CashBefore(returned_paise=150_000_00))) == [("cash", True)]
    for_one_wedding = CashBefore(0, 100_000_00, 0, 100_000_00)
    assert names(rules(100_000_00, before=for_one_wedding)) == [("cash", True)]


def test_an_advance_of_this_day_counts_once():
    """₹1,50,000 of today is in the sum of the day and in the credit: with ₹49,999.99 it stays below ₹2,00,000."""
    assert rules(100_000_00, cash=49_999_99, before=CashBefore(150_000_00, 0, 150_000_00, 150_000_00)) == ()


def test_linked_cash_of_10_lakh_warns_and_blocks_nothing():
    """Nine days of ₹1,10,000 and ₹10,000 today, in a month."""
    found = rules(10_000_00, cash=10_000_00, before=CashBefore(0, 0, 990_000_00))
    assert names(found) == [("pmla", False)]
    refuse_blocked(found)
    assert rules(10_000_00, cash=9_999_99, before=CashBefore(0, 0, 990_000_00)) == ()
    assert linked_since(DAY) == dt.date(2026, 10, 21)


def test_cash_of_a_debit_note_counts_with_what_was_given_before():
    assert names(cash_findings(100_000_00, CashBefore(100_000_00, 0, 100_000_00), DAY)) == [("cash", True)]


@pytest.mark.parametrize(
    ("total", "buyer", "cash", "refusal", "fields"),
    [
        (200_000_01, BARE, 0, PanRequired, {"customerId": "pan"}),
        (50_000_00, BARE, 0, AddressRequired, {"customerId": "address"}),
        (300_000_00, LATA, 200_000_00, CashLimitReached, {"payments": "cash"}),
    ],
)  # fmt: skip
def test_what_blocks_says_its_rule_and_where_it_bites(total, buyer, cash, refusal, fields):
    with pytest.raises(refusal) as caught:
        refuse_blocked(rules(total, buyer, cash))
    assert caught.value.message.endswith(")") and caught.value.fields == fields
