"""Cash moved by hand and handed over: never more than is there, always two who agree."""

import pytest

from app.cash import service as cash
from app.cash.errors import (
    CashShort,
    DrawerUnknown,
    HandoverAnswered,
    HandoverWaits,
    NotTheGiver,
    NotTheTaker,
    SameDrawer,
)
from app.cash.service import EntryKind
from app.kit.ids import new_id
from tests.integration.cash.conftest import TillBook
from tests.support.counter import all_at_once


def move(book, kind, paise, till=..., note="tea for customers"):
    till_id = book.till_id if till is ... else till
    return book.write(lambda db: cash.move_by_hand(db, till_id=till_id, kind=EntryKind(kind), paise=paise, note=note))


def transfer(book, paise, *, here=..., there=None):
    here = book.till_id if here is ... else here
    return book.write(lambda db: cash.transfer(db, from_till_id=here, to_till_id=there, paise=paise, note="evening"))


def held(book):
    return book.write(lambda db: cash.get_drawer(db, book.till_id).held_paise)


def safe(book):
    return book.write(cash.safe_paise)


def test_what_goes_to_the_safe_and_on_to_the_bank_is_in_both_books(book):
    """₹5,000 in the drawer; 3,000 to the safe; 2,500 of it to the bank; ₹150 for tea from the drawer."""
    book.count("open", 0, n500=10)
    transfer(book, 3_000_00)
    move(book, "deposit", -2_500_00, till=None, note="HDFC 1234")
    move(book, "expense", -150_00)
    assert (held(book), safe(book)) == (1_850_00, 500_00)


def test_no_more_leaves_than_is_there(book):
    book.count("open", 0, n100=1)
    for work in (
        lambda: move(book, "expense", -100_01), lambda: transfer(book, 100_01),
        lambda: move(book, "deposit", -1, till=None),
    ):  # fmt: skip
        with pytest.raises(CashShort) as refused:
            work()
        assert list(refused.value.fields) == ["paise"]
    with pytest.raises(SameDrawer):
        transfer(book, 1_00, there=book.till_id)
    with pytest.raises(DrawerUnknown):
        transfer(book, 1_00, there=new_id())
    assert len(book.entries()) == 1  # the float


def test_two_who_take_the_same_cash_do_not_both_find_it(book):
    """₹1,000 are there; eight take 300 at once: three find it."""
    book.count("open", 0, n500=2)

    def take(_):
        try:
            transfer(book, 300_00)
        except CashShort:
            return False
        return True

    assert sum(all_at_once(8, take)) == 3
    assert (held(book), safe(book)) == (100_00, 900_00)


def test_what_a_document_pays_must_be_there_too_and_is_found_once(book):
    """₹1,000 are there; eight vouchers pay ₹300 at once: three find it. The safe is empty, a till never counted too."""
    book.count("open", 0, n500=2)

    def pay(_):
        try:
            book.post("old_gold", -300_00, field="payouts")
        except CashShort as short:
            return list(short.fields)
        return []

    told = all_at_once(8, pay)
    assert (told.count([]), told.count(["payouts"])) == (3, 5)
    assert held(book) == 100_00
    till_id, book.till_id = book.till_id, None
    with pytest.raises(CashShort):
        book.post("supplier", -1)
    book.till_id = till_id


def test_a_till_that_was_never_counted_gives_no_more_than_it_took(book):
    """As by hand: what it held before is in the book only once somebody counted it."""
    book.post("sale", 100_00)
    with pytest.raises(CashShort):
        book.post("refund", -100_01)
    book.post("refund", -100_00)
    assert held(book) == 0


def test_who_counts_blind_is_not_told_what_is_there_by_asking_for_too_much(book, cast):
    opened = book.count("open", 0, n500=2)
    book.write(lambda db: cash.set_blind(db, till_id=book.till_id, expected_version=opened.version, blind=True))
    with pytest.raises(CashShort) as told:
        move(book, "expense", -5_000_00)
    with pytest.raises(CashShort) as blind:
        move(TillBook(book.runtime, cast.bina, book.till_id), "expense", -5_000_00)
    assert "1,000.00" in told.value.message and "1,000.00" not in blind.value.message


# ---------------------------------------------------------------- handing over


@pytest.fixture
def binas(book, cast) -> TillBook:
    return TillBook(book.runtime, cast.bina, book.till_id)


def hand_over(book, version, to, **pieces):
    return book.write(lambda db: cash.hand_over(
        db, till_id=book.till_id, expected_version=version, to_whom=to,
        count=cash.Count([(int(face[1:]) * 100, many) for face, many in pieces.items()]),
    ))  # fmt: skip


def take(book, handover, note=None, **pieces):
    count = cash.Count([(int(face[1:]) * 100, many) for face, many in pieces.items()], note)
    return book.write(
        lambda db: cash.take_over(db, handover_id=handover.id, expected_version=handover.version, count=count)
    )


def test_one_gives_and_the_other_takes_each_under_their_own_name(book, binas, cast):
    opened = book.count("open", 0, n500=4)
    given = hand_over(book, opened.version, cast.bina.person_id, n500=4)
    with pytest.raises(NotTheTaker):
        take(book, given, n500=4)  # Asha gave it
    with pytest.raises(HandoverWaits):
        book.count("open", opened.version + 1, n500=4)
    binas.post("sale", 100_00)  # while nobody has the drawer: of the shift that Bina will take
    taken = take(binas, given, n500=4, n100=1)
    assert (taken.shift_no, taken.expected_paise, taken.difference_paise) == (2, 2_100_00, 0)
    with pytest.raises(HandoverAnswered):
        take(binas, given, n500=4)


def test_what_the_taker_does_not_find_is_booked_in_their_own_shift_with_the_reason(book, binas, cast):
    opened = book.count("open", 0, n500=4)
    given = hand_over(book, opened.version, cast.bina.person_id, n500=4)
    taken = take(binas, given, note="one note is false", n500=3)
    assert (taken.shift_no, taken.difference_paise) == (2, -500_00)


def test_a_handover_that_is_refused_leaves_the_drawer_closed(book, binas, cast):
    opened = book.count("open", 0, n500=4)
    given = hand_over(book, opened.version, cast.bina.person_id, n500=4)
    refused = binas.write(lambda db: cash.refuse_handover(
        db, handover_id=given.id, expected_version=given.version, note="I was not there"
    ))  # fmt: skip
    assert (refused.state, refused.answer_note) == ("refused", "I was not there")
    book.count("open", opened.version + 1, n500=4)


def recall(book, handover):
    return book.write(lambda db: cash.recall_handover(
        db, handover_id=handover.id, expected_version=handover.version, note="she has left"
    ))  # fmt: skip


def test_a_drawer_that_nobody_takes_is_called_back_by_its_giver_or_by_who_closes_days(book, binas, cast):
    """Bina may not close days, the owner may: a clerk calls back only what she gave herself."""
    opened = book.count("open", 0, n500=4)
    given = hand_over(book, opened.version, cast.bina.person_id, n500=4)
    with pytest.raises(NotTheGiver):
        recall(binas, given)
    back = recall(book, given)
    assert (back.state, back.answer_note) == ("recalled", "she has left")
    with pytest.raises(HandoverAnswered):
        take(binas, given, n500=4)
    again = binas.count("open", opened.version + 1, n500=4)
    for by in (binas, book):
        given = hand_over(binas, again.version, cast.asha.person_id, n500=4)
        assert recall(by, given).state == "recalled"
        again = binas.count("open", again.version + 1, n500=4)


def test_nobody_hands_over_to_themselves_or_to_a_stranger_or_to_who_may_not_handle_cash(book, cast):
    """Meera keeps the books: she could neither take the drawer nor refuse it."""
    opened = book.count("open", 0, n500=4)
    for to in (cast.asha.person_id, cast.ravi.person_id, cast.meera.person_id):
        with pytest.raises(NotTheTaker):
            hand_over(book, opened.version, to, n500=4)
