"""Lots and melts without a database: parts and costs add up to the whole, and no pot keeps anything."""

import dataclasses
import datetime as dt
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.inventory.errors import LotFactsWrong, LotTooSmall
from app.inventory.lotting import Lot, LotDraft, Weights, cost_of, drawn, of_stones, rest_of, scales_differ_mg, settled
from app.inventory.models import MetalLot
from app.inventory.service.booking import Spot
from app.inventory.service.lots import entry_of_lot, lot_of, put, take
from app.inventory.service.melting import loss_entries
from app.metal.service import Account, Quantities

TODAY = dt.date(2026, 11, 20)
NOW = dt.datetime(2026, 11, 20, tzinfo=dt.UTC)
POT = Spot(Account.MELTING, uuid4())
weights = st.builds(
    Weights, pieces=st.integers(0, 1_000), stone_mg=st.integers(0, 10**6), net_mg=st.integers(0, 10**8),
    stone_mct=st.integers(0, 10**6),
)  # fmt: skip


def lot(left: Weights, cost: int = 0) -> Lot:
    return Lot(
        uuid4(), "L-1", "Bars", "bullion", "gold", 9950, None, None, "open", left.pieces, left.stone_mg, left.net_mg,
        left.stone_mct, cost, 1, NOW, NOW,
    )  # fmt: skip


def row(left: Weights, cost: int) -> MetalLot:
    facts = dataclasses.asdict(lot(left, cost))
    return MetalLot(**facts)


@given(weights, st.integers(0, 10**12), st.lists(st.integers(0, 100), max_size=6))
def test_parts_of_a_lot_and_their_costs_are_the_lot(left, cost, shares):
    """Drawn in percent of what is left, and then the rest: the entries add up to what the lot was."""
    if not any(dataclasses.astuple(left)):
        return
    there = row(left, cost)
    whole, target = entry_of_lot(lot_of(there), Spot(Account.STOCK), Spot(Account.LOSS)).moved, Spot(Account.LOSS)
    gone = Quantities()
    for share in shares:
        now = lot_of(there).left
        part = Weights(**{name: value * share // 100 for name, value in dataclasses.asdict(now).items()})
        if any(dataclasses.astuple(part)):
            gone += take(there, part, target).moved
    if any(dataclasses.astuple(lot_of(there).left)):
        gone += take(there, lot_of(there).left, target).moved
    assert gone == whole
    assert (there.state, there.left_cost_paise) == ("used", 0)


@given(st.integers(1, 60), st.integers(0, 9), st.lists(st.integers(1, 60), max_size=60))
def test_stones_are_drawn_carat_by_carat_to_exactly_nothing(mct, pieces, cuts):
    """Three thousandths of a carat are 0.6 mg: however small the cuts, each can be taken, and so can the last."""
    there = row(of_stones(mct, pieces), 1_000_01)
    there.kind, there.metal, there.fineness = "stones", "stone", 0
    taken, cost = Quantities(), 0
    for cut in cuts:
        if cut >= there.left_stone_mct:
            break
        part = drawn(lot_of(there), Weights(stone_mct=cut))
        moved = take(there, part, Spot(Account.LOSS)).moved
        taken, cost = taken + moved, cost + moved.cost_paise
        assert there.left_stone_mg == of_stones(there.left_stone_mct).stone_mg
        assert abs(moved.stone_mg - of_stones(cut).stone_mg) <= 1
    last = take(there, drawn(lot_of(there), Weights(stone_mct=there.left_stone_mct)), Spot(Account.LOSS)).moved
    taken += last
    assert (there.state, lot_of(there).left, there.left_cost_paise) == ("used", Weights(), 0)
    assert (taken.stone_mct, taken.stone_mg, taken.pieces) == (mct, of_stones(mct).stone_mg, pieces)
    assert cost + last.cost_paise == 1_000_01


@given(weights, weights)
def test_never_more_than_is_left(left, part):
    if not any(dataclasses.astuple(part)):
        with pytest.raises(LotFactsWrong):
            rest_of(lot(left), part)
        return
    try:
        rest = rest_of(lot(left), part)
    except LotTooSmall:
        pairs = zip(dataclasses.astuple(part), dataclasses.astuple(left), strict=True)
        assert any(taken > there for taken, there in pairs)
        return
    assert min(dataclasses.astuple(rest)) >= 0


@given(weights, st.integers(0, 10**12), st.integers(0, 100))
def test_a_part_never_costs_more_than_the_lot(left, cost, share):
    part = Weights(**{name: value * share // 100 for name, value in dataclasses.asdict(left).items()})
    assert 0 <= cost_of(part, lot(left, cost)) <= cost


quantities = st.builds(
    lambda pieces, stone, net, fineness, mct, cost: Quantities(
        pieces=pieces, gross_mg=stone + net, stone_mg=stone, net_mg=net, fine=net * fineness, stone_mct=mct,
        cost_paise=cost,
    ),
    st.integers(0, 50), st.integers(0, 10**5), st.integers(1, 10**7), st.integers(1, 10_000), st.integers(0, 10**5),
    st.integers(0, 10**9),
)  # fmt: skip


@given(quantities, st.data())
def test_whatever_is_poured_nothing_stays_in_the_pot(went_in, data):
    """Out come a lump no finer than what went in, lighter or heavier, and some of the stones."""
    fineness = data.draw(st.integers(1, 10_000))
    net = data.draw(st.integers(0, went_in.fine // fineness))
    mct = data.draw(st.integers(0, went_in.stone_mct))
    stone = data.draw(st.integers(0, went_in.stone_mg))
    came_out = Quantities(
        pieces=data.draw(st.integers(0, 60)), gross_mg=net + stone, stone_mg=stone, net_mg=net, fine=net * fineness,
        stone_mct=mct, cost_paise=went_in.cost_paise,
    )  # fmt: skip
    pot = went_in - came_out
    for entry in loss_entries(went_in, came_out, metal="gold", pot=POT):
        pot += entry.moved if entry.to_account is Account.MELTING else Quantities() - entry.moved
    assert not pot


def test_stones_weigh_by_their_carats():
    assert of_stones(10_003) == Weights(stone_mg=2_001, stone_mct=10_003)  # 10.003 ct × 0.2 g
    draft = LotDraft(code="s-1", name=" Rubies ", kind="stones", metal="stone", stone_mct=5, pieces=2, hsn="7103")
    assert settled(draft, TODAY) == dataclasses.replace(draft, code="S-1", name="Rubies", stone_mg=1)


GOLD = LotDraft(code="L-1", name="Bars", kind="bullion", metal="gold", fineness=9950, net_mg=1)
WRONG = {
    "no weight": {"net_mg": 0},
    "a code with a blank": {"code": "L 1"},
    "a kind that there is not": {"kind": "sacks"},
    "bullion of stone": {"metal": "stone", "fineness": 0, "net_mg": 0, "stone_mct": 1},
    "stones of gold": {"kind": "stones", "hsn": "7103"},
    "stones with a fineness": {"kind": "stones", "metal": "stone", "stone_mct": 1, "hsn": "7103"},
    "bullion under the code of stones": {"hsn": "7103"},
    "no name": {"name": "  "},
}


@pytest.mark.parametrize("case", WRONG)
def test_a_lot_that_cannot_be_is_refused(case):
    with pytest.raises(LotFactsWrong):
        settled(dataclasses.replace(GOLD, **WRONG[case]), TODAY)


def test_the_scales_of_a_shop_differ_by_what_the_table_says():
    assert scales_differ_mg(TODAY) == 10  # class II, e = 10 mg


def test_a_lot_is_put_up_as_well_as_down():
    there = row(Weights(net_mg=10), 5)
    put(there, Weights(net_mg=20), cost_paise=9)
    assert (there.left_net_mg, there.left_cost_paise, there.version, there.state) == (20, 9, 2, "open")


def test_loose_stones_say_which_they_are_and_metal_has_its_kinds_code():
    """Polished diamonds bear 1.5 %, other stones 0.25 %: what a lot is of is said once, when it comes."""
    stones = LotDraft(code="S-1", name="Stones", kind="stones", metal="stone", stone_mct=5)
    for wrong in (None, "7113", "710"):
        with pytest.raises(LotFactsWrong) as refused:
            settled(dataclasses.replace(stones, hsn=wrong), TODAY)
        assert set(refused.value.fields) == {"hsn"}
    assert settled(dataclasses.replace(stones, hsn="7102"), TODAY).hsn == "7102"
    assert settled(stones, TODAY, hsn_unsaid=True).hsn is None
    assert settled(dataclasses.replace(GOLD, hsn="7108"), TODAY).hsn is None  # the table's, on whatever day it is
