"""What a note's money is of: first of what came on its bill in money, then of the credits that paid on it."""

from collections import defaultdict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.invoices.models import Invoice, InvoicePayment
from app.invoices.service.note_money import Kept, paid_of_credits
from app.kit.ids import new_id
from app.numbering.service import DocumentKind

FIRST, SECOND = new_id(), new_id()


def document(kind, *payments):
    """`payments`: paise, and of which credit."""
    rows = [InvoicePayment(mode="upi", paise=paise, credit_id=credit) for paise, credit in payments]
    return Invoice(kind=kind.value, payments=rows)


def noted(*payments):
    return document(DocumentKind.CREDIT_NOTE, *payments)


BILL = document(DocumentKind.INVOICE, (5_000_00, FIRST), (3_000_00, SECOND), (10_000_00, None))


@pytest.mark.parametrize(
    ("notes", "back", "found"),
    [
        ([], 10_000_00, ()),
        ([], 13_000_00, ((FIRST, 3_000_00),)),
        ([noted((9_000_00, None))], 4_000_00, ((FIRST, 3_000_00),)),
        ([noted((9_000_00, None)), noted((4_000_00, new_id()))], 5_000_00, ((FIRST, 2_000_00), (SECOND, 3_000_00))),
        ([noted((5_000_00, FIRST))], 13_000_00, ((SECOND, 3_000_00),)),  # that came back as the credit
        ([document(DocumentKind.DEBIT_NOTE, (1_000_00, None))], 11_500_00, ((FIRST, 500_00),)),
        ([], 99_000_00, ((FIRST, 5_000_00), (SECOND, 3_000_00))),  # beyond it, what was paid on account
    ],
)
def test_money_goes_back_before_credits(notes, back, found):
    assert paid_of_credits(BILL, notes, (), back_paise=back) == found


def test_what_stays_is_never_paid_out():
    kept = (Kept(FIRST, "advance", 5_000_00),)
    assert paid_of_credits(BILL, [], kept, back_paise=12_000_00) == ((SECOND, 2_000_00),)


@given(st.lists(st.integers(min_value=1, max_value=3_000_00), min_size=1, max_size=6))
def test_however_it_is_split_over_notes_no_paisa_is_counted_twice(parts):
    notes, gone = [], defaultdict(int)
    for part in parts:
        for credit_id, paise in paid_of_credits(BILL, notes, (), back_paise=part):
            gone[credit_id] += paise
        notes.append(noted((part, None)))
    assert dict(gone) == dict(paid_of_credits(BILL, [], (), back_paise=sum(parts)))
