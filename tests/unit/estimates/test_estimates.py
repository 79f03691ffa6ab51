"""How long an estimate and its rates hold, and that a draft comes back as it was kept."""

import datetime as dt

from hypothesis import given
from hypothesis import strategies as st

from app.estimates import drafts
from app.estimates.terms import EstimateTerms, estimate_terms
from app.invoices.pricing import Discount, Making, MakingKind, Wastage, WastageKind
from app.invoices.service import BillDraft, LineDraft, PaymentDraft
from app.invoices.shapes import BillIn

MADE = dt.date(2026, 11, 30)
PAISE = st.integers(1, 10**12)
DISCOUNTS = st.one_of(st.builds(Discount, bp=st.integers(0, 10_000)), st.builds(Discount, paise=st.integers(0, 10**12)))
PIECES = st.builds(
    LineDraft, item_id=st.uuids(), discount=DISCOUNTS, making_discount=DISCOUNTS, rate_paise_per_g=st.none() | PAISE,
    wastage=st.none() | st.builds(Wastage, kind=st.sampled_from(WastageKind), bp=st.integers(0, 10_000)),
    rate_lock_id=st.none() | st.uuids(), of_order=st.booleans(), of_estimate=st.booleans(),
)  # fmt: skip
WARES = st.builds(
    LineDraft, sells=st.just("repair"), description=st.none() | st.just("Chain, सोना"), price_paise=PAISE,
    pieces=st.integers(1, 99), tax_included=st.booleans(),
)  # fmt: skip
LOTS = st.builds(
    LineDraft, lot_id=st.uuids(), net_mg=st.integers(1, 10**9), hsn=st.none() | st.just("7108"), discount=DISCOUNTS,
    making=st.none() | st.builds(Making, kind=st.sampled_from(MakingKind), amount=st.integers(0, 100_000)),
)  # fmt: skip
DRAFTS = st.builds(
    BillDraft, lines=st.lists(PIECES | WARES | LOTS, min_size=1, max_size=4).map(tuple),
    payments=st.lists(st.builds(PaymentDraft, mode=st.just("cash"), paise=PAISE), max_size=2).map(tuple),
    customer_id=st.none() | st.uuids(), discount=DISCOUNTS, told_paise=st.none() | PAISE, pan_declared=st.booleans(),
    approval_ids=st.lists(st.uuids(), max_size=2).map(tuple), order_id=st.none() | st.uuids(),
)  # fmt: skip


@given(DRAFTS)
def test_a_draft_is_read_back_as_it_was_written(draft):
    assert drafts.read(drafts.written(draft)) == draft


@given(DRAFTS)
def test_a_recalled_draft_can_be_sent_as_a_bill(draft):
    assert BillIn().load(BillIn().dump(draft)) == draft


def test_an_older_draft_lacks_what_came_later():
    assert drafts.read(b'{"lines": [{"sells": "repair", "price_paise": 1}]}') == BillDraft(
        lines=(LineDraft(sells="repair", price_paise=1),)
    )


def terms(rate_days):
    return EstimateTerms(rate_days, 7, 30, 24, MADE, None)


def test_rates_hold_for_their_days_and_never_longer_than_the_estimate():
    week = MADE + dt.timedelta(days=7)
    assert terms(0).last_rate_day(MADE, week) is None
    assert terms(1).last_rate_day(MADE, week) == dt.date(2026, 12, 1)
    assert terms(3).last_rate_day(MADE, dt.date(2026, 12, 2)) == dt.date(2026, 12, 2)


def test_the_houses_terms_make_sense():
    one = estimate_terms(MADE)
    assert 0 <= one.rate_days <= one.usual_days <= one.most_days
    assert one.held_for == dt.timedelta(hours=one.held_hours) > dt.timedelta()
