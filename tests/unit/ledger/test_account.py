"""An account put together: one entry a document, both balances follow from its parts whatever their order."""

import datetime as dt

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.credits.service import Credit, CreditUse
from app.invoices.service import LedgerDocument
from app.kit.ids import new_id
from app.ledger.service import oldest_open, put_together

ON = dt.date(2026, 11, 2)
AT = dt.datetime(2026, 11, 2, 6, 0, tzinfo=dt.UTC)
PAISE = st.integers(1, 10**9)
BUSY = settings(suppress_health_check=[HealthCheck.too_slow])  # a machine that does other things too


@BUSY
@given(PAISE, PAISE, PAISE)
def test_a_credit_that_a_bill_used_up_leaves_nothing_owed_either_way(total, first, more):
    """Old gold opens a credit; the bill is settled by it to the paisa."""
    credit = Credit(new_id(), "old_gold", new_id(), new_id(), total, 0, "spent", ON, None, 2)
    bill = LedgerDocument(new_id(), "invoice", "1", ON, total, total)
    use = CreditUse(credit.id, bill.id, "spent", total, AT, None)
    entries = put_together([bill], [], [credit], [use])
    assert [entry.kind for entry in entries] == ["old_gold", "invoice"]
    assert sum(entry.charged_paise - entry.settled_paise for entry in entries) == 0
    assert sum(entry.credit_in_paise - entry.credit_out_paise for entry in entries) == 0


@BUSY
@given(PAISE, PAISE)
def test_a_cancelled_use_stands_where_it_was_and_where_it_came_back(paise, part):
    credit = Credit(new_id(), "advance", new_id(), new_id(), paise + part, paise + part, "open", ON, None, 3)
    document = new_id()
    uses = [
        CreditUse(credit.id, document, kind, sign * part, AT, None) for kind, sign in (("spent", 1), ("released", -1))
    ]
    entries = put_together([], [], [credit], uses)
    assert sum(entry.credit_in_paise - entry.credit_out_paise for entry in entries) == paise + part


@BUSY
@given(PAISE, st.data())
def test_a_note_lowers_the_debt_by_what_it_neither_gave_back_nor_left_as_credit(total, data):
    refunded = data.draw(st.integers(0, total))
    left = data.draw(st.integers(0, total - refunded))
    note = LedgerDocument(new_id(), "credit_note", "CN1", ON, total, refunded + left)
    owned = [Credit(new_id(), "store_credit", new_id(), note.id, left, left, "open", ON, None, 1)] if left else []
    (entry,) = put_together([note], [], owned, [])
    assert entry.settled_paise - entry.charged_paise == total - refunded - left
    assert entry.credit_in_paise == left


def test_the_oldest_open_bill_is_found_from_the_youngest_on():
    """₹10 of day 20, ₹20 of day 10, ₹30 of day 1: of ₹60 nothing is paid; ₹30 are paid on account, then ₹50."""
    days = {dt.date(2026, 11, day): rupees * 100 for day, rupees in ((20, 10), (10, 20), (1, 30))}
    assert [oldest_open(owed, days) for owed in (60_00, 30_01, 30_00, 10_01, 10_00, 1)] == [
        dt.date(2026, 11, day) for day in (1, 1, 10, 10, 20, 20)
    ]
    assert oldest_open(5, {}) is None
    assert oldest_open(5, {ON: -5, dt.date(2026, 11, 1): 7}) == dt.date(2026, 11, 1)  # taken back whole: not open


@given(st.dictionaries(st.dates(), PAISE, min_size=1), st.data())
def test_what_is_left_fits_in_the_bills_since_that_day_and_in_no_younger_ones(by_day, data):
    owed = data.draw(st.integers(1, sum(by_day.values())))
    since = oldest_open(owed, by_day)
    assert sum(paise for day, paise in by_day.items() if day > since) < owed
    assert owed <= sum(paise for day, paise in by_day.items() if day >= since)
