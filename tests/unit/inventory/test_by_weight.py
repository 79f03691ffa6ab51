"""What leaves a lot line by line: however it is cut, weights and cost add up to what was there."""

import datetime as dt
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.inventory.errors import HuidMissing, LotFactsWrong, LotNotOpen, LotTooSmall, LotUnknown
from app.inventory.lotting import Lot, rest_of
from app.inventory.service import Asked, portion_of
from app.kit.ids import new_id

ON = dt.date(2026, 11, 30)
NOW = dt.datetime(2026, 11, 30, tzinfo=dt.UTC)
LOT = Lot(
    new_id(), "L-1", "Lot", "bullion", "gold", 9990, None, None, "open", 0, 0, 100_000, 0, 12_00_000_01, 1, NOW, NOW
)
STONES = replace(
    LOT, kind="stones", metal="stone", fineness=0, hsn="7103", left_pieces=9, left_stone_mg=2_001, left_net_mg=0,
    left_stone_mct=10_003,
)  # fmt: skip


def portion(lot, *, on=ON, to_registered=False, **asked):
    return portion_of({lot.id: lot}, lot.id, Asked(**asked), on=on, path="lines.0", to_registered=to_registered)


def lowered(lot, one):
    rest = rest_of(lot, one.taken)
    return replace(
        lot, left_pieces=rest.pieces, left_stone_mg=rest.stone_mg, left_net_mg=rest.net_mg,
        left_stone_mct=rest.stone_mct, left_cost_paise=lot.left_cost_paise - one.cost_paise,
    )  # fmt: skip


@given(st.lists(st.integers(1, 40_000), min_size=1, max_size=8))
def test_grams_sold_until_nothing_is_left_cost_together_what_the_lot_cost(cuts):
    lot, cost = LOT, 0
    for cut in cuts:
        if cut >= lot.left_net_mg:
            break
        one = portion(lot, net_mg=cut)
        lot, cost = lowered(lot, one), cost + one.cost_paise
    one = portion(lot, net_mg=lot.left_net_mg)
    assert cost + one.cost_paise == 12_00_000_01
    assert not any((rest_of(lot, one.taken).net_mg, rest_of(lot, one.taken).pieces))


@given(st.lists(st.integers(1, 4_000), min_size=1, max_size=8))
def test_carats_never_weigh_more_than_the_stones_that_are_left(cuts):
    lot = STONES
    for cut in cuts:
        if cut >= lot.left_stone_mct or lot.left_pieces < 2:
            break
        lot = lowered(lot, portion(lot, stone_mct=cut))
    last = portion(lot, stone_mct=lot.left_stone_mct, pieces=lot.left_pieces)
    assert last.taken == lot.left  # the last carat takes the milligrams with it


@pytest.mark.parametrize("metal", ["silver", "platinum"])
def test_jewellery_whose_metal_needs_no_huid_is_sold_by_the_gram(metal):
    assert portion(replace(LOT, kind="pieces", metal=metal, fineness=9250), net_mg=1).taken.net_mg == 1


OLD = replace(LOT, kind="old_gold", fineness=9160)
LAST_DAY_WITHOUT = dt.date(2023, 3, 31)  # a HUID became compulsory on 1 April 2023


@pytest.mark.parametrize("pieces", [0, 2])
@pytest.mark.parametrize("net_mg", [1, 1_999, 10_000])
def test_old_gold_goes_to_be_melted_and_to_nobody_to_wear(pieces, net_mg):
    """Counted or not, and lighter than 2 g too: what frees an article is kept with its tag."""
    old = replace(OLD, left_pieces=pieces)
    with pytest.raises(HuidMissing) as refused:
        portion(old, net_mg=net_mg)
    assert set(refused.value.fields) == {"lines.0.lotId"}
    melted = portion(old, net_mg=net_mg, to_registered=True)
    assert (melted.taken.net_mg, melted.hsn) == (net_mg, "7112")


def test_old_metal_that_needs_no_huid_is_sold_to_anybody():
    assert portion(replace(OLD, metal="silver", fineness=9250), net_mg=10_000).hsn == "7112"
    assert portion(OLD, net_mg=10_000, on=LAST_DAY_WITHOUT).hsn == "7112"


def test_articles_by_the_gram_are_not_melted_by_who_has_a_gstin():
    with pytest.raises(HuidMissing):
        portion(replace(LOT, kind="pieces"), net_mg=1_000, to_registered=True)


@pytest.mark.parametrize("kind", ["bullion", "coins", "findings"])
def test_what_is_no_article_needs_no_gstin(kind):
    assert portion(replace(LOT, kind=kind), net_mg=1_000).taken.net_mg == 1_000


def test_a_lot_that_is_not_there_or_on_its_way_gives_nothing():
    with pytest.raises(LotUnknown):
        portion_of({}, LOT.id, Asked(net_mg=1), on=ON, path="lines.0")
    with pytest.raises(LotNotOpen):
        portion(replace(LOT, state="transit"), net_mg=1)
    with pytest.raises(LotTooSmall) as refused:
        portion(LOT, net_mg=100_001)
    assert refused.value.fields == {"lines.0.netMg": "more than is left"}


def test_a_lots_own_code_is_the_code_of_its_lines_and_no_line_chooses_another():
    diamonds = replace(STONES, hsn="7102")
    for asked in (None, "7102"):
        one = portion(diamonds, stone_mct=1, hsn=asked)
        assert (one.hsn, one.use) == ("7102", "polished")
    assert portion(STONES, stone_mct=1).hsn == "7103"
    for lot, asked in ((diamonds, "7103"), (STONES, "7102"), (LOT, "7113")):
        with pytest.raises(LotFactsWrong) as refused:
            portion(lot, hsn=asked, **({"net_mg": 1} if lot is LOT else {"stone_mct": 1}))
        assert set(refused.value.fields) == {"lines.0.hsn"}


def test_stones_that_never_said_their_code_are_asked_for_it_by_the_line():
    old = replace(STONES, hsn=None)
    assert portion(old, stone_mct=1, hsn="7104").hsn == "7104"
    with pytest.raises(LotFactsWrong):
        portion(old, stone_mct=1)


COINS = replace(LOT, kind="coins", left_pieces=3, left_net_mg=15_000)


@pytest.mark.parametrize("lot, whole, part", [(COINS, {"net_mg": 15_000}, {"net_mg": 14_999}),
                                              (STONES, {"stone_mct": 10_003}, {"stone_mct": 10_002})])  # fmt: skip
def test_of_a_counted_lot_the_last_piece_goes_with_the_last_gram(lot, whole, part):
    """Else the bill would say 1 coin and the book 3, or grams of no coin would be left."""
    left = lot.left_pieces
    for wrong in (whole, {**whole, "pieces": left - 1}, {**part, "pieces": left}):
        with pytest.raises(LotFactsWrong) as refused:
            portion(lot, **wrong)
        assert set(refused.value.fields) == {"lines.0.pieces"}
    assert portion(lot, **whole, pieces=left).taken == lot.left
    assert portion(lot, **part, pieces=left - 1).taken.pieces == left - 1
    with pytest.raises(LotTooSmall):
        portion(lot, **whole, pieces=left + 1)
