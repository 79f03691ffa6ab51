"""The narrow way that usual bills are read by: it takes nothing that the wide way would refuse, and gives the same."""

from uuid import UUID

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from marshmallow import ValidationError

from app.invoices.shapes import BillIn
from app.invoices.usual import read_usual

ID = "01a1f8a6-a3f4-7a0e-9c06-3a1af2ac1074"
USUAL = {
    "lines": [{"itemId": ID}],
    "payments": [{"mode": "upi", "paise": 51_845_00}],
    "customerId": ID,
    "expectedTotalPaise": 51_845_00,
    "panDeclared": True,
}
WIDE = super(BillIn, BillIn()).load


def test_both_ways_give_the_same():
    draft = read_usual(USUAL)
    assert draft == WIDE(USUAL)
    assert draft.lines[0].item_id == UUID(ID)


values = st.one_of(
    st.none(), st.booleans(), st.integers(-5, 10**13), st.floats(), st.text(max_size=40), st.just(ID),
    st.just(ID.upper()), st.just(ID.replace("-", "")), st.just("{" + ID[:34] + "}"), st.just("cash"), st.just([]),
    st.just({}),
)  # fmt: skip
lines = st.lists(st.dictionaries(st.sampled_from(["itemId", "discount", "x"]), values, max_size=3), max_size=3)
payments = st.lists(
    st.dictionaries(st.sampled_from(["mode", "paise", "reference", "x"]), values, max_size=4), max_size=3
)
bills = st.dictionaries(
    st.sampled_from([*USUAL, "tillId", "shipTo", "x"]), st.one_of(values, lines, payments), max_size=6
)


@given(st.one_of(bills, bills.map(lambda change: {**USUAL, **change}), values))
def test_whatever_the_narrow_way_takes_the_wide_way_takes_alike(data):
    try:
        draft = read_usual(data)
    except msgspec.ValidationError:
        return
    try:
        assert WIDE(data) == draft
    except ValidationError as refused:
        pytest.fail(f"the wide way refuses {data}: {refused.messages}")
