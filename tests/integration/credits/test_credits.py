"""Credits: opened once by a document, used up once however many ask, given back by what is cancelled."""

import datetime as dt
from uuid import UUID

import pytest

from app.credits import service as credits
from app.credits.errors import (
    CreditExpired,
    CreditNotTheirs,
    CreditOpenedBefore,
    CreditShort,
    CreditSpent,
    CreditTwice,
    CreditUnknown,
)
from app.credits.service import Use
from app.customers import service as customers
from app.kit.clock import today_ist, utc_now
from app.kit.errors import AppError
from app.kit.ids import new_id
from shard_router import Mode
from tests.factories.credits import a_credit
from tests.support.counter import all_at_once


@pytest.fixture
def lata(counter) -> UUID:
    return UUID(counter.customer()["id"])


def spend(counter, customer_id, uses, *, commit=True):
    """As a bill does it: a first packet that locks the customer and takes, a last one that writes what was used."""
    with counter.runtime.router.shop(counter.who.shop_id, counter.who.actor, mode=Mode.WRITE, hot=True) as db:
        document_id, on = new_id(), today_ist()
        takes = credits.bind_takes(uses, customer_id=customer_id, on=on)
        _, *results = db.run_packet([customers.BUYER_FOR_SHARE.bind(customer_id=customer_id), *takes])
        taken = credits.read_taken(uses, results, customer_id=customer_id, on=on)
        db.run_packet(credits.bind_uses(db, uses, document_id=document_id, at=utc_now()), commit=commit)
        return document_id, taken


def left(counter, credit):
    found = counter.read(lambda db: credits.get_credit(db, credit.id))
    return found.left_paise, found.state


def test_two_bills_that_use_one_credit_at_once_share_it_out_once(counter, lata):
    """₹50,000 is left, eight bills want ₹20,000 of it: two get it, and the others are told that ₹10,000 is left."""
    credit = counter.write(lambda db: a_credit(db, lata, 50_000_00))

    def bill(_):
        try:
            return spend(counter, lata, [Use(credit.id, 20_000_00, "payments.0")])[0]
        except CreditShort as short:
            return short

    answers = all_at_once(8, bill)
    refusals = [one for one in answers if isinstance(one, CreditShort)]
    assert len(refusals) == 6
    assert {one.message for one in refusals} == {"₹10,000.00 is left of this credit."}
    assert refusals[0].fields == {"payments.0.paise": "above 1000000"}
    assert left(counter, credit) == (10_000_00, "open")
    assert counter.read(credits.drifted) == ()


def test_a_bill_and_a_note_that_use_all_of_one_credit_at_once(counter, lata):
    """One by packet, one by the session: the same compare-and-set decides between them."""
    credit = counter.write(lambda db: a_credit(db, lata, 50_000_00))
    use = Use(credit.id, 50_000_00)

    def ask(n):
        try:
            if n % 2:
                return spend(counter, lata, [use])
            return counter.write(lambda db: credits.use_credits(db, uses=[use], customer_id=lata, document_id=new_id()))
        except CreditSpent as spent:
            return spent

    answers = all_at_once(4, ask)
    assert sum(isinstance(one, CreditSpent) for one in answers) == 3
    assert left(counter, credit) == (0, "spent")
    assert counter.read(credits.drifted) == ()


def test_a_bill_uses_several_credits_or_none_of_them(counter, lata):
    first, second = counter.write(lambda db: (a_credit(db, lata, 300_00), a_credit(db, lata, 200_00, kind="old_gold")))
    with pytest.raises(CreditShort) as short:
        spend(counter, lata, [Use(first.id, 100_00, "payments.0"), Use(second.id, 200_01, "payments.1")])
    assert short.value.fields == {"payments.1.paise": "above 20000"}
    assert left(counter, first) == (300_00, "open")
    _, taken = spend(counter, lata, [Use(second.id, 200_00), Use(first.id, 100_00)])
    assert {(one.kind, one.paise, one.left_paise) for one in taken} == {
        ("store_credit", 100_00, 200_00), ("old_gold", 200_00, 0),
    }  # fmt: skip
    assert left(counter, second) == (0, "spent")


def test_what_a_cancelled_bill_used_is_there_again_once(counter, lata):
    credit = counter.write(lambda db: a_credit(db, lata, 500_00))
    document_id, _ = spend(counter, lata, [Use(credit.id, 500_00)])
    answers = all_at_once(4, lambda _: counter.write(lambda db: credits.release(db, document_id=document_id)))
    assert sorted(answers) == [0, 0, 0, 500_00]
    assert left(counter, credit) == (500_00, "open")
    assert counter.read(credits.drifted) == ()
    spend(counter, lata, [Use(credit.id, 500_00)])


def test_each_refusal_says_what_is_wrong_with_which_credit(counter, ravis_counter, lata):
    other = UUID(counter.customer()["id"])
    yesterday = today_ist() - dt.timedelta(days=1)
    theirs, old, spent = counter.write(lambda db: (
        a_credit(db, other), a_credit(db, lata, expires_on=yesterday), a_credit(db, lata, 100_00),
    ))  # fmt: skip
    last_day = counter.write(lambda db: a_credit(db, lata, expires_on=today_ist()))
    ravis = UUID(ravis_counter.customer()["id"])
    strange = ravis_counter.write(lambda db: a_credit(db, ravis))
    spend(counter, lata, [Use(spent.id, 100_00)])
    for credit, refusal in (
        (theirs, CreditNotTheirs), (old, CreditExpired), (spent, CreditSpent), (strange, CreditUnknown),
    ):  # fmt: skip
        with pytest.raises(refusal) as refused:
            spend(counter, lata, [Use(credit.id, 1, "payments.2")])
        assert list(refused.value.fields) == ["payments.2.creditId"]
        with pytest.raises(refusal):
            counter.write(lambda db, one=credit: credits.use_credits(
                db, uses=[Use(one.id, 1)], customer_id=lata, document_id=new_id()
            ))  # fmt: skip
    with pytest.raises(CreditTwice):
        spend(counter, lata, [Use(theirs.id, 1), Use(theirs.id, 1)])
    for paise in (0, -1):
        with pytest.raises(AppError):
            spend(counter, lata, [Use(last_day.id, paise)])
    spend(counter, lata, [Use(last_day.id, 1)])


def test_a_document_opens_one_credit_of_a_kind(counter, lata):
    source = new_id()

    def opened(_):
        try:
            return counter.write(lambda db: a_credit(db, lata, source_id=source, kind="scheme"))
        except CreditOpenedBefore as before:
            return before

    answers = all_at_once(4, opened)
    assert sum(isinstance(one, CreditOpenedBefore) for one in answers) == 3
    found = counter.read(lambda db: credits.find_opened_by(db, source, "scheme"))
    assert (found.paise, found.left_paise, found.customer_id) == (50_000_00, 50_000_00, lata)
    assert counter.read(lambda db: credits.open_credits(db, lata)) == (found,)
