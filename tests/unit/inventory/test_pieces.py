"""What a piece is without a database: its HSN fits what it is, and a lower rate of tax makes it cheaper."""

import dataclasses
import datetime as dt

import pytest

from app.inventory.errors import ItemFactsWrong
from app.inventory.goods import DATA, check_hsn
from app.inventory.pieces import CATEGORIES, ItemDraft, cheaper, settled
from app.kit.dated import read_table
from app.tax.rates import tax_rate

TODAY = dt.date(2026, 11, 20)
RING = ItemDraft(tag="R-1", name="Ring", category="ring", metal="gold", fineness=9160, gross_mg=3_390, huid="AB12CD")
GOODS = read_table(DATA)["records"]


def test_a_lower_rate_of_tax_makes_a_piece_cheaper():
    before = settled(RING, TODAY)
    assert cheaper(before, dataclasses.replace(before, hsn="7103"), TODAY) == ["hsn"]  # 3 % to 0.25 %
    assert cheaper(before, dataclasses.replace(before, hsn="711319"), TODAY) == []
    assert cheaper(dataclasses.replace(before, hsn="9999"), before, TODAY) == []  # it had no rate at all


@pytest.mark.parametrize("metal", ["gold", "silver", "platinum"])
@pytest.mark.parametrize("category", [*CATEGORIES, "bali"])
def test_every_piece_has_an_hsn_that_bears_a_rate(category, metal):
    goods = next(one for one in GOODS if metal in one["metals"] and category in (one["categories"] or [category]))
    for code in goods["hsn"]:
        check_hsn(code, category=category, metal=metal, on=TODAY)
        check_hsn(code[:4], category=category, metal=metal, on=TODAY)
        assert tax_rate(code, TODAY).rate_bp > 0


@pytest.mark.parametrize("name", ["श्री\u200dमती अंगूठी", "তারা র\u200d্যা", "Ring, 22K"])
def test_a_name_is_written_in_any_script(name):
    assert settled(dataclasses.replace(RING, name=name), TODAY).name == name


@pytest.mark.parametrize("name", ["\u200b", "Ri\u202eng", "Ring\x07", "", "x" * 121])
def test_a_name_that_nobody_can_read_is_refused(name):
    with pytest.raises(ItemFactsWrong) as caught:
        settled(dataclasses.replace(RING, name=name), TODAY)
    assert set(caught.value.fields) == {"name"}
