"""A series is 1, 2, 3 … up to the last number given; what a restore took back is counted once."""

from collections import Counter
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.factory import NUMBERED
from app.kit.ids import new_id
from app.numbering.gaps import Span, Used, Written, _adds_up
from app.numbering.numbers import DocumentKind

TILL = SimpleNamespace(registration_id=new_id(), till_id=new_id(), till_code="T1")
NO_DATABASE: Any = None


def passbooks(*numbers: str) -> Written:
    return Written(DocumentKind.PASSBOOK, lambda _db: numbers, lambda _db: [TILL])


def test_the_series_of_every_kind_of_document_is_looked_at_once():
    kinds = Counter(kind for room in NUMBERED for book in room.NUMBERED for kind in book.kinds)
    assert kinds == Counter(DocumentKind)


@given(st.sets(st.integers(1, 30)), st.integers(1, 30))
def test_what_is_not_there_is_a_gap(there, last):
    used = Used(len(there), min(there), max(there)) if there else None
    assert _adds_up(used, last, []) == (there == set(range(1, last + 1)))


@given(st.integers(1, 20), st.integers(1, 10))
def test_what_a_restore_took_back_is_none(there, lost):
    """Of 1 … n the last ones are lost: then the numbers go on behind them."""
    last = there + lost
    assert _adds_up(Used(there, 1, there), last, [Span(there + 1, last)])
    assert not _adds_up(Used(there, 1, there), last + 1, [Span(there + 1, last)])
    assert _adds_up(None, lost, [Span(1, lost)])


def test_a_written_number_says_its_series():
    """Those of another till, or of another kind, are no passbooks of this one."""
    book = passbooks("SBT1/26-27/00001", "SBT1/26-27/00003", "SBT1/27-28/00001", "SBT2/26-27/00002", "RVT1/26-27/00002")
    of_26, of_27 = ((TILL.registration_id, year, "passbook", TILL.till_id) for year in (2026, 2027))
    assert book.used(NO_DATABASE) == {of_26: Used(2, 1, 3), of_27: Used(1, 1, 1)}
    assert [book.count(NO_DATABASE, of_26, span) for span in (Span(1, 3), Span(2, 2), Span(3, 9))] == [2, 0, 1]


@pytest.mark.parametrize("used", [Used(2, 1, 3), Used(3, 2, 4), Used(4, 1, 4), None])
def test_three_numbers_are_the_first_three(used):
    assert not _adds_up(used, 3, [])
