"""Which part of a credit, and of money on account, was cash."""

from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from app.credits.service.in_cash import InCredits, cash_by_debt, cash_of_counted, most_in_cash

ADVANCE, FIRST, SECOND, NOTE = (UUID(int=number) for number in range(1, 5))
LAKH = 100_000_00


def uses(*rows, brought=150_000_00, counted=(), credit=ADVANCE, of_kind="advance"):
    """As CASH_BROUGHT gives them: ₹1,50,000 of the advance came in cash."""
    return [(credit, brought, document, kind, paise, of_kind, document in counted) for document, kind, paise in rows]


def test_the_cash_of_a_credit_is_what_is_used_first_and_once():
    assert most_in_cash({ADVANCE: LAKH}, uses((None, None, None))) == InCredits(LAKH)
    spent = uses((FIRST, "spent", LAKH), (SECOND, "spent", LAKH), counted={SECOND})
    assert most_in_cash({ADVANCE: LAKH}, spent[:1]) == InCredits(50_000_00)
    assert most_in_cash({ADVANCE: LAKH}, spent) == InCredits(0)
    assert cash_of_counted(spent) == 50_000_00  # of its ₹1,00,000; the first had the other lakh of cash


def test_a_cancelled_bill_gives_back_the_cash_that_it_had_and_a_note_as_much_as_can_be():
    spent = uses((FIRST, "spent", 150_000_00), (SECOND, "spent", LAKH))
    second_off = [*spent, *uses((SECOND, "released", -LAKH))]
    assert most_in_cash({ADVANCE: LAKH}, second_off) == InCredits(0)  # it had none
    first_off = [*spent, *uses((FIRST, "released", -150_000_00))]
    assert most_in_cash({ADVANCE: 200_000_00}, first_off) == InCredits(150_000_00)
    assert most_in_cash({ADVANCE: LAKH}, [*spent, *uses((NOTE, "released", -30_000_00))]) == InCredits(30_000_00)


def test_money_that_was_paid_out_leaves_the_cash_that_was_taken():
    assert most_in_cash({ADVANCE: LAKH}, uses((FIRST, "paid_out", LAKH))) == InCredits(LAKH)


def test_the_cash_of_a_returned_bill_is_told_apart():
    """It is in the sums of that bill's day and occasion already."""
    rows = [*uses((None, None, None)), *uses((FIRST, "spent", 20_000_00), credit=NOTE, of_kind="store_credit")]
    rows[-1] = (*rows[-1][:1], 90_000_00, *rows[-1][2:])
    assert most_in_cash({ADVANCE: LAKH, NOTE: LAKH}, rows) == InCredits(LAKH, 70_000_00)
    store = uses((FIRST, "spent", 20_000_00), credit=NOTE, of_kind="store_credit", counted={FIRST})
    assert cash_of_counted(store) == 0


def test_money_on_account_pays_the_oldest_bill_first_with_its_cash_first():
    debts = [(FIRST, 50_000_00), (NOTE, -10_000_00), (SECOND, LAKH)]
    # the note's 10,000 pay of the first; 30,000 in cash its next, 20,000 in cash 10,000 of it and 10,000 of the second
    found = cash_by_debt(debts, [(30_000_00, 30_000_00), (60_000_00, 20_000_00)])
    assert found == {FIRST: 40_000_00, SECOND: 10_000_00}
    assert cash_by_debt([], [(LAKH, LAKH)]) == {}


@given(
    debts=st.lists(st.integers(-1_000, 1_000), max_size=6),
    receipts=st.lists(st.tuples(st.integers(0, 800), st.integers(0, 800)), max_size=6),
)
def test_no_bill_is_paid_more_than_it_owes_and_no_cash_twice(debts, receipts):
    owed = [(UUID(int=number), paise) for number, paise in enumerate(debts)]
    found = cash_by_debt(owed, [(cash + rest, cash) for cash, rest in receipts])
    assert all(0 <= found[bill] <= max(paise, 0) for bill, paise in owed)
    assert sum(found.values()) <= sum(cash for cash, _rest in receipts)
