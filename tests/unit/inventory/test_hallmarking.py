"""The hallmarking order as data: who must be marked, who is exempt, from which day."""

import datetime as dt

import pytest

from app.inventory.errors import ExemptionDoesNotHold, HuidMalformed
from app.inventory.hallmarking import Hallmark, check_huid, exemption_of, mandate_for, status_of

TODAY = dt.date(2026, 11, 20)
BEFORE = dt.date(2023, 3, 31)  # HUID became compulsory on 1 April 2023


COIN = {"reason": "bullion_coin", "hsn": "7118", "category": "coin"}


def standing(*, on=TODAY, **facts):
    piece = {"metal": "gold", "category": "ring", "gross_mg": 10_000, "hsn": "7113", "huid": None, "reason": None,
             "fineness": 9160}  # fmt: skip
    return status_of(on=on, **(piece | facts))


def exempt(reason=None, **facts):
    piece = {"metal": "gold", "category": "ring", "fineness": 9160, "gross_mg": 8_000, "hsn": "7113"}
    return exemption_of(reason, on=TODAY, **(piece | facts))


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ({}, Hallmark.PENDING),
        ({"huid": "AB12CD"}, Hallmark.HALLMARKED),
        ({"on": BEFORE}, Hallmark.NOT_REQUIRED),
        ({"metal": "silver"}, Hallmark.NOT_REQUIRED),
        ({"reason": "under_2g", "gross_mg": 1_999}, Hallmark.EXEMPT),
        ({"reason": "under_2g", "gross_mg": 2_000}, Hallmark.PENDING),
        ({"reason": "export"}, Hallmark.EXEMPT),
        ({**COIN, "fineness": 9950}, Hallmark.EXEMPT),
        ({**COIN, "fineness": 9949}, Hallmark.PENDING),  # a bangle of 22K is no bullion, whatever it is called
        ({**COIN, "fineness": 9990, "category": "ring"}, Hallmark.PENDING),
        ({**COIN, "fineness": 9990, "hsn": "7113"}, Hallmark.PENDING),
        ({"reason": "because"}, Hallmark.PENDING),
    ],
)
def test_a_piece_stands_as_the_order_says(facts, expected):
    assert standing(**facts) is expected


def test_a_light_piece_and_a_coin_are_exempt_by_themselves():
    assert exempt(gross_mg=1_500) == "under_2g"
    assert exempt(category="coin", hsn="7118", fineness=9990) == "bullion_coin"
    assert exempt(category="coin", hsn="7118") is None  # of 22K
    assert exempt(hsn="7118", fineness=9990) is None
    assert exempt() is None
    assert exempt(metal="silver", gross_mg=1_500) is None


@pytest.mark.parametrize("reason", ["under_2g", "bullion_coin", "because", ""])
def test_a_reason_that_does_not_hold_is_refused(reason):
    with pytest.raises(ExemptionDoesNotHold):
        exempt(reason)


def test_the_order_has_a_name():
    mandate = mandate_for("gold", TODAY)
    assert mandate is not None
    assert "Hallmarking" in mandate.name


@pytest.mark.parametrize(("typed", "kept"), [("ab12cd", "AB12CD"), (" 1Z9Y8X ", "1Z9Y8X"), ("000000", "000000")])
def test_a_huid_is_kept_in_capitals(typed, kept):
    assert check_huid(typed) == kept


@pytest.mark.parametrize("typed", ["", "AB12C", "AB12CDE", "AB-12C", "अबकडइफ", "AB 2CD", "ＡＢ１２ＣＤ"])
def test_what_is_no_huid_is_refused(typed):
    with pytest.raises(HuidMalformed):
        check_huid(typed)
