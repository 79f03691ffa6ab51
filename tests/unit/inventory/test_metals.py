"""A piece of several metals without a database: its weights, what is refused of it, its entries in the metal book."""

import dataclasses
import datetime as dt
from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.inventory.errors import ItemFactsWrong, WeightsContradict
from app.inventory.metals import OtherMetal
from app.inventory.pieces import Item, ItemDraft, Stone, cheaper, settled
from app.inventory.service.booking import Spot as Place
from app.inventory.service.booking import entries_of, shelf
from app.kit.ids import new_id
from app.metal.service import Account
from app.rates.errors import UnknownPurity

TODAY = dt.date(2026, 11, 20)
PT950, SILVER, WHITE = ("platinum", 9_500), ("silver", 9_250), ("gold", 7_500)
RING = ItemDraft(
    tag="T-1", name="Two-tone ring", category="ring", metal="gold", fineness=9_160, gross_mg=10_000, huid="AB12CD",
    others=(OtherMetal(*PT950, 2_500),),
)  # fmt: skip


def of(*others: OtherMetal, **changes: Any) -> ItemDraft:
    return settled(dataclasses.replace(RING, others=others, **changes), TODAY)


def as_item(piece: ItemDraft) -> Item:
    facts = {field.name: getattr(piece, field.name) for field in dataclasses.fields(ItemDraft)}
    moment = dt.datetime(2026, 11, 20, tzinfo=dt.UTC)
    return Item(
        id=new_id(), status="in_stock", invoice_id=None, picture_id=None, version=1, created_at=moment,
        updated_at=moment, place_id=new_id(), **facts,
    )  # fmt: skip


def test_what_the_others_leave_is_the_main_metal():
    piece = settled(RING, TODAY)
    assert (piece.net_mg, piece.own_mg) == (10_000, 7_500)
    item = as_item(piece)
    assert item.purities_label == "22K 916 + Platinum 950"
    assert [(part.metal, part.net_mg) for part in item.metals] == [("gold", 7_500), ("platinum", 2_500)]


@pytest.mark.parametrize(("others", "refusal", "field"), [
    ([OtherMetal(*PT950, 10_000)], WeightsContradict, "otherMetals.0.netMg"),  # nothing is left
    ([OtherMetal(*PT950, 6_000), OtherMetal(*SILVER, 4_001)], WeightsContradict, "otherMetals.1.netMg"),
    ([OtherMetal("gold", 9_160, 100)], ItemFactsWrong, "otherMetals.0.fineness"),  # the main metal again
    ([OtherMetal(*PT950, 100), OtherMetal(*PT950, 100)], ItemFactsWrong, "otherMetals.1.fineness"),
    ([OtherMetal("copper", 9_500, 100)], UnknownPurity, "otherMetals.0.metal"),
    ([OtherMetal("platinum", 9_501, 100)], UnknownPurity, "otherMetals.0.fineness"),
    ([OtherMetal("silver", fineness, 1) for fineness in range(9_250, 9_257)], ItemFactsWrong, "otherMetals"),
])  # fmt: skip
def test_what_cannot_be_is_refused_at_its_field(others, refusal, field):
    with pytest.raises(refusal) as refused:
        of(*others)
    assert list(refused.value.fields) == [field]


def test_no_weight_is_no_metal():
    with pytest.raises(Exception, match="not be below 1") as refused:
        of(OtherMetal(*PT950, 0))
    assert list(refused.value.fields) == ["otherMetals.0.netMg"]


def test_stones_are_no_metal_that_others_could_weigh():
    # gross 10.000 less a stone of 5.000 ct = 1.000 g leaves 9.000 g net: of it 8.999 may be another metal, 9.000 not
    stone = (Stone("diamond", 1, 5_000, "per_carat", 0),)
    assert of(OtherMetal(*PT950, 8_999), stones=stone).own_mg == 1
    with pytest.raises(WeightsContradict):
        of(OtherMetal(*PT950, 9_000), stones=stone)


def test_gold_that_becomes_silver_is_a_cheaper_piece_of_the_same_weight():
    before = settled(RING, TODAY)
    assert cheaper(before, of(OtherMetal(*PT950, 2_500)), TODAY) == []
    assert cheaper(before, of(OtherMetal(*PT950, 2_501)), TODAY) == ["otherMetals"]  # a milligram of gold less
    assert cheaper(before, of(OtherMetal(*SILVER, 2_500)), TODAY) == ["otherMetals"]  # the platinum is gone
    assert cheaper(before, of(), TODAY) == ["otherMetals"]
    assert cheaper(before, of(OtherMetal(*PT950, 3_000), gross_mg=10_500), TODAY) == []  # more platinum, as much gold


@given(
    gross=st.integers(3, 50_000), shares=st.lists(st.integers(1, 20_000), max_size=3),
    mct=st.integers(0, 4), cost=st.integers(0, 10**9),
)  # fmt: skip
def test_its_entries_are_the_piece_once_and_each_metal_to_the_milligram(gross, shares, mct, cost):
    others = tuple(OtherMetal(*purity, mg) for purity, mg in zip((PT950, SILVER, WHITE), shares, strict=False))
    stones = (Stone("diamond", 1, mct, "per_carat", 0),) if mct else ()
    weight = sum(part.net_mg for part in others)
    try:
        piece = of(*others, gross_mg=gross, cost_paise=cost, stones=stones)
    except WeightsContradict:
        assert weight >= gross - 1  # a stone of 4 thousandths of a carat weighs a milligram
        return
    assert weight < gross
    item = as_item(piece)
    entries = entries_of(item, shelf(item), Place(Account.SOLD))
    assert sum(entry.pieces for entry in entries) == 1
    assert sum(entry.gross_mg for entry in entries) == gross
    assert (entries[0].cost_paise, entries[0].stone_mg, entries[0].stone_mct) == (cost, piece.stone_mg, mct)
    assert not any(entry.cost_paise or entry.stone_mg or entry.stone_mct for entry in entries[1:])
    fine = Counter({(entry.metal, entry.fineness): entry.fine for entry in entries})
    assert fine == Counter({(part.metal, part.fineness): part.net_mg * part.fineness for part in item.metals})
