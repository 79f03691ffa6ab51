"""Lots by weight: what is taken leaves them with its share of the cost, and the book agrees after each act."""

import pytest

from app.inventory import service as inventory
from app.inventory.errors import LotCodeTaken, LotNotOpen, LotsDiffer, LotTooSmall
from app.inventory.lotting import Weights
from app.inventory.service import Spot
from app.kit.errors import PreconditionFailed
from app.metal.service import Account
from tests.support.floor import diamonds


def draw(floor, lot, **part):
    return floor.write(lambda db: inventory.draw_from_lot(
        db, lot_id=lot.id, part=Weights(**part), target=Spot(Account.LOSS), kind="lost"
    ))  # fmt: skip


def test_a_part_takes_its_share_of_the_cost_and_the_last_gram_the_rest(floor):
    lot = floor.lot(net_mg=30_000, cost_paise=100_01)
    assert draw(floor, lot, net_mg=10_000).cost_paise == 33_34  # 10,001 ÷ 3 = 3,333.67
    assert draw(floor, lot, net_mg=10_000).cost_paise == 33_34  # (10,001 − 3,334) ÷ 2 = 3,333.5, half up
    assert draw(floor, lot, net_mg=10_000).cost_paise == 33_33
    left = floor.lot_now(lot.id)
    assert (left.state, left.left_net_mg, left.left_cost_paise, left.version) == ("used", 0, 0, 4)
    with pytest.raises(LotNotOpen):
        draw(floor, lot, net_mg=1)
    assert floor.drifts() == []


def test_no_more_than_is_left_can_be_taken(floor):
    lot = floor.lot(net_mg=1_000)
    with pytest.raises(LotTooSmall) as refused:
        draw(floor, lot, net_mg=1_001, pieces=1)
    assert set(refused.value.fields) == {"netMg", "pieces"}
    assert floor.lot_now(lot.id) == lot


def test_loose_stones_are_weighed_by_carats_alone(floor):
    lot = floor.lot(kind="stones", metal="stone", fineness=0, net_mg=0, stone_mct=10_003, pieces=20, cost_paise=500_00)
    assert (lot.left_stone_mg, lot.left_gross_mg, lot.left_fine) == (2_001, 2_001, 0)  # 10.003 ct × 0.2 g = 2.0006 g
    entry = draw(floor, lot, stone_mct=5_000, pieces=10)
    assert (entry.stone_mg, entry.stone_mct, entry.cost_paise) == (1_000, 5_000, 249_93)  # 50,000 × 5,000 ÷ 10,003
    last = draw(floor, lot, stone_mct=5_003, pieces=10)
    assert (last.stone_mg, last.cost_paise) == (1_001, 250_07)  # what the carats rounded to lie in it
    assert floor.drifts() == []


def test_a_lot_is_split_and_put_together_again(floor):
    lot = floor.lot(net_mg=50_000, cost_paise=50_00)
    part = floor.write(lambda db: inventory.split_lot(
        db, lot_id=lot.id, expected_version=1, part=Weights(net_mg=20_000), code="PART"
    ))  # fmt: skip
    assert (part.left_net_mg, part.left_cost_paise, floor.lot_now(lot.id).left_net_mg) == (20_000, 20_00, 30_000)
    whole = floor.write(lambda db: inventory.merge_lots(db, into_id=part.id, lot_ids=[lot.id]))
    assert (whole.code, whole.left_net_mg, whole.left_cost_paise) == ("PART", 50_000, 50_00)
    assert floor.lot_now(lot.id).state == "used"
    other = floor.lot(fineness=9250)
    with pytest.raises(LotsDiffer):
        floor.write(lambda db: inventory.merge_lots(db, into_id=part.id, lot_ids=[other.id]))
    with pytest.raises(LotCodeTaken):
        floor.lot(code="part")
    assert floor.drifts() == []


def test_a_lot_is_weighed_anew_and_who_looked_before_is_told(floor):
    lot = floor.lot(net_mg=50_000, cost_paise=50_00)
    again = floor.write(lambda db: inventory.weigh_lot(
        db, lot_id=lot.id, expected_version=1, weights=Weights(net_mg=49_990), reason="dust"
    ))  # fmt: skip
    assert (again.left_net_mg, again.left_cost_paise) == (49_990, 50_00)
    with pytest.raises(PreconditionFailed):
        floor.write(lambda db: inventory.weigh_lot(
            db, lot_id=lot.id, expected_version=1, weights=Weights(net_mg=1), reason="dust"
        ))  # fmt: skip
    assert floor.drifts() == []


def test_a_piece_tagged_out_of_a_lot_takes_its_weight_and_cost_along(floor):
    lot = floor.lot(kind="pieces", fineness=9250, pieces=4, net_mg=40_000, cost_paise=40_00)
    item = floor.write(lambda db: inventory.tag_from_lot(
        db, lot_id=lot.id, expected_version=1, draft=floor.draft(net=9_000)
    ))  # fmt: skip
    assert (item.lot_id, item.cost_paise, item.place_id) == (lot.id, 9_00, floor.home)
    left = floor.lot_now(lot.id)
    assert (left.left_pieces, left.left_net_mg, left.left_cost_paise) == (3, 31_000, 31_00)
    assert floor.held(Account.STOCK) == {(floor.home, 9250): (4, 40_000)}  # nothing came, nothing went
    with pytest.raises(LotsDiffer):
        floor.write(lambda db: inventory.tag_from_lot(
            db, lot_id=lot.id, expected_version=2, draft=floor.draft(fineness=9990)
        ))  # fmt: skip
    assert floor.drifts() == []


def test_a_piece_with_stones_out_of_bullion_brings_its_stones_from_elsewhere(floor):
    lot = floor.lot(fineness=9250, net_mg=40_000)
    floor.write(lambda db: inventory.tag_from_lot(
        db, lot_id=lot.id, expected_version=1, draft=floor.draft(net=9_000, stones=diamonds(500))
    ))  # fmt: skip
    assert floor.lot_now(lot.id).left_net_mg == 31_000
    assert floor.drifts() == []
