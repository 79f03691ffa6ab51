"""Which part of a credit was cash."""

from uuid import UUID

from app.credits.service.in_cash import cash_of_counted, most_in_cash

ADVANCE, FIRST, SECOND, NOTE = (UUID(int=number) for number in range(1, 5))
LAKH = 100_000_00


def uses(*rows, brought=150_000_00, counted=()):
    """As CASH_BROUGHT gives them: ₹1,50,000 of the advance came in cash."""
    return [(ADVANCE, brought, document, kind, paise, document in counted) for document, kind, paise in rows]


def test_the_cash_of_a_credit_is_what_is_used_first_and_once():
    assert most_in_cash({ADVANCE: LAKH}, uses((None, None, None))) == LAKH
    spent = uses((FIRST, "spent", LAKH), (SECOND, "spent", LAKH), counted={SECOND})
    assert most_in_cash({ADVANCE: LAKH}, spent[:1]) == 50_000_00
    assert most_in_cash({ADVANCE: LAKH}, spent) == 0
    assert cash_of_counted(spent) == 50_000_00  # of its ₹1,00,000; the first had the other lakh of cash


def test_a_cancelled_bill_gives_back_the_cash_that_it_had_and_a_note_as_much_as_can_be():
    spent = uses((FIRST, "spent", 150_000_00), (SECOND, "spent", LAKH))
    second_off = [*spent, *uses((SECOND, "released", -LAKH))]
    assert most_in_cash({ADVANCE: LAKH}, second_off) == 0  # it had none
    first_off = [*spent, *uses((FIRST, "released", -150_000_00))]
    assert most_in_cash({ADVANCE: 200_000_00}, first_off) == 150_000_00
    assert most_in_cash({ADVANCE: LAKH}, [*spent, *uses((NOTE, "released", -30_000_00))]) == 30_000_00


def test_money_that_was_paid_out_leaves_the_cash_that_was_taken():
    assert most_in_cash({ADVANCE: LAKH}, uses((FIRST, "paid_out", LAKH))) == LAKH
