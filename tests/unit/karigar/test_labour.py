"""A karigar's bill under the law: GST by registration and state, TDS by the PAN's kind and the year's bills."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.karigar.labour import labour_tax, tds_on
from app.tax.split import NOTHING, Heads

DAY = dt.date(2026, 11, 30)
PERSON, FAMILY, COMPANY = "ABCPD1234F", "ABCHD1234F", "AAACR5055K"
amounts = st.integers(0, 10**10)


def tds(paise, pan=PERSON, *, before=0, taxed=0):
    return tds_on(paise, pan=pan, billed_before_paise=before, taxed_before_paise=taxed, on=DAY)


@pytest.mark.parametrize(("pan", "bp"), [(PERSON, 100), (FAMILY, 100), (COMPANY, 200), (None, 2000)])
def test_the_rate_follows_the_kind_of_pan(pan, bp):
    assert tds(50_000_00, pan).rate_bp == bp


def test_thirty_thousand_in_one_bill_bears_none_and_a_rupee_more_does():
    assert tds(30_000_00).paise == 0
    # 1 % of 30,001.00 is 300.01, kept back to the rupee
    assert (tds(30_001_00).base_paise, tds(30_001_00).paise) == (30_001_00, 300_00)


def test_a_year_above_a_lakh_bears_it_on_all_its_bills():
    # four bills of ₹24,000 (96,000) bore none; the fifth brings the year to 1,20,000: 1 % of all of it
    assert tds(24_000_00, before=72_000_00).paise == 0
    late = tds(24_000_00, before=96_000_00)
    assert (late.base_paise, late.paise) == (1_20_000_00, 1_200_00)


def test_what_was_taxed_before_is_not_taxed_again():
    # 40,000 was taxed by itself; with 70,000 more the year is 1,10,000, of which 40,000 has borne its tax
    assert tds(70_000_00, before=40_000_00, taxed=40_000_00).base_paise == 70_000_00


@given(paise=amounts, before=amounts, pan=st.sampled_from([PERSON, COMPANY, None]))
def test_never_more_is_kept_back_than_is_billed(paise, before, pan):
    found = tds(paise, pan, before=before)
    assert 0 <= found.paise <= paise
    assert found.base_paise <= paise + before


def tax(paise=10_000_00, **facts):
    known = {"charges_gst": True, "karigar_state": "27", "shop_state": "27", "shop_registered": True, "on": DAY}
    return labour_tax(paise, **{**known, **facts})


def test_job_work_for_a_registered_shop_bears_five_percent():
    # 5 % of 10,000: 250 + 250
    assert (tax().hsn, tax().rate_bp, tax().heads) == ("998892", 500, Heads(250_00, 250_00, 0))


def test_a_karigar_of_another_state_charges_igst():
    assert tax(karigar_state="24").heads == Heads(0, 0, 500_00)


def test_an_unregistered_karigar_charges_none_and_the_shop_owes_none():
    found = tax(charges_gst=False)
    assert (found.rate_bp, found.heads, found.reverse_charge) == (0, NOTHING, False)


def test_job_work_for_an_unregistered_shop_bears_the_other_rate():
    # 18 % by ruling (domain.md): 900 + 900
    assert tax(shop_registered=False).heads == Heads(900_00, 900_00, 0)
