"""The dated rules of buying old gold: limits with the rule named, papers of which no more is kept than may be."""

import datetime as dt

import pytest

from app.oldgold.errors import IdentityWrong
from app.oldgold.rules import PurchaseFacts, Terms, check_purchase, settled_identity, usual_terms

DAY = dt.date(2026, 11, 20)


def lacking(**facts):
    whole = {"value_paise": 1_000_00, "cash_paise": 0, "pan_given": True, "photographed": True, "address_given": True}
    return {(one.rule, one.blocks) for one in check_purchase(PurchaseFacts(**{**whole, **facts}), DAY)}


def test_a_purchase_with_everything_lacks_nothing():
    assert lacking() == set()


@pytest.mark.parametrize(("paise", "blocked"), [(10_000_00, False), (10_000_01, True), (5_00_000_00, True)])
def test_cash_to_a_person_ends_above_ten_thousand_a_day(paise, blocked):
    """Section 40A(3): above, so ₹10,000 itself is free."""
    assert lacking(cash_paise=paise) == ({("cash", True)} if blocked else set())


def test_a_pan_is_needed_above_two_lakh():
    assert lacking(value_paise=2_00_000_00, pan_given=False) == set()
    assert lacking(value_paise=2_00_000_01, pan_given=False) == {("pan", True)}


def test_a_photo_is_missed_and_from_fifty_thousand_needed():
    assert lacking(value_paise=49_999_99, photographed=False) == {("photo", False)}
    assert lacking(value_paise=50_000_00, photographed=False) == {("photo", True)}, "said once, by the harder rule"


def test_the_rule_is_named_with_its_figure():
    (found,) = check_purchase(PurchaseFacts(1_00, 20_000_00, True, True, True), DAY)
    assert "40A(3)" in found.name
    assert "₹10,000" in found.message


def test_of_an_aadhaar_number_four_digits_are_kept():
    identity = settled_identity("aadhaar", "2345 6789 0123", DAY)
    assert identity.number == "XXXXXXXX0123"


def test_other_papers_are_kept_in_one_form():
    assert settled_identity("pan", "abcpd1234f", DAY).number == "ABCPD1234F"
    assert settled_identity("driving", "MH-14 20110062821", DAY).number == "MH1420110062821"


@pytest.mark.parametrize(
    ("kind", "number"),
    [
        ("aadhaar", "1234 5678 9012"),
        ("aadhaar", "２３４５６７８９０１２３"),
        ("pan", "ABCPD12345"),
        ("library", "7"),
        ("voter", ""),
    ],
)
def test_what_is_no_paper_is_refused(kind, number):
    with pytest.raises(IdentityWrong):
        settled_identity(kind, number, DAY)


def test_terms_are_the_trades_until_a_shop_has_its_own():
    assert usual_terms("gold", DAY) == Terms(margin_bp=200, melting_loss_bp=100)
    assert usual_terms("palladium", DAY) == Terms(0, 0)
