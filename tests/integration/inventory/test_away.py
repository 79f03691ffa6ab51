"""What is away: transfers weighed when they arrive, memos that come back, melts that leave nothing in the pot."""

import dataclasses
import datetime as dt
from uuid import uuid4

import pytest

from app.inventory import service as inventory
from app.inventory.errors import (
    AlreadyThere,
    ConsignmentEnded,
    ItemAlreadySold,
    ItemNotInStock,
    MeltContradicts,
    MemoDayWrong,
    StockPlaceUnknown,
    TrayInUse,
    WeightDiffers,
)  # fmt: skip
from app.inventory.lotting import LotDraft
from app.inventory.service import Arrival
from app.kit.clock import today_ist
from app.kit.errors import AppError, PreconditionFailed
from app.metal import service as metal
from app.metal.service import MIXED, Account
from tests.factories.people import a_customer
from tests.support.counter import Counter, all_at_once
from tests.support.floor import diamonds


def send(floor, *things, to=None):
    items = [one.id for one in things if hasattr(one, "tag")]
    lots = [one.id for one in things if not hasattr(one, "tag")]
    return floor.write(lambda db: inventory.send_transfer(
        db, to_outlet_id=to or floor.annex, item_ids=items, lot_ids=lots
    ))  # fmt: skip


def receive(floor, sent, *arrivals, **more):
    return floor.write(lambda db: inventory.receive_transfer(
        db, consignment_id=sent.id, expected_version=sent.version, arrivals=arrivals or None, **more
    ))  # fmt: skip


def test_what_is_sent_is_nobodys_until_it_arrives(floor):
    item, lot = floor.piece(net=10_000, stones=diamonds()), floor.lot(net_mg=50_000)
    sent = send(floor, item, lot)
    assert floor.held(Account.STOCK) == {}
    assert floor.held(Account.TRANSIT) == {(sent.id, 9250): (1, 10_000), (sent.id, 9990): (0, 50_000)}
    assert floor.item(item.id).status == "transit"
    assert floor.drifts() == []
    note = floor.read(lambda db: inventory.consignment_slip(db, sent.id, kind="transfer"))
    assert [row[2:5] for row in note.rows] == [("1", "10.100", "10.000"), ("", "50.000", "50.000")]
    assert note.party == ("Annex",) and note.foot[3:5] == ("60.100", "60.000")
    arrived = receive(floor, sent)
    assert (arrived.state, [line.outcome for line in arrived.lines]) == ("ended", ["received", "received"])
    assert floor.held(Account.STOCK) == {(floor.annex, 9250): (1, 10_000), (floor.annex, 9990): (0, 50_000)}
    assert (floor.item(item.id).place_id, floor.lot_now(lot.id).state) == (floor.annex, "open")
    with pytest.raises(ConsignmentEnded):
        receive(floor, arrived)
    assert floor.drifts() == []


def test_a_difference_is_refused_unless_scales_differ_by_it_or_it_is_accepted(floor):
    light, fair, heavy = (floor.piece(net=10_000) for _ in range(3))
    sent = send(floor, light, fair, heavy)
    lines = {line.item_id: line.id for line in sent.lines}
    arrivals = [
        Arrival(lines[light.id], 9_950), Arrival(lines[fair.id], 10_010), Arrival(lines[heavy.id], 10_030),
    ]  # fmt: skip
    with pytest.raises(WeightDiffers) as refused:
        receive(floor, sent, *arrivals)
    assert refused.value.fields == {"arrivals.0.grossMg": "-0.050", "arrivals.2.grossMg": "0.030"}
    receive(floor, sent, *arrivals, accept_differences=True)
    assert [floor.item(one.id).net_mg for one in (light, fair, heavy)] == [9_950, 10_000, 10_030]
    assert floor.held(Account.LOSS) == {(None, 9250): (0, 50)}
    assert floor.held(Account.ADJUSTMENT) == {(None, 9250): (0, -30)}
    assert floor.drifts() == []


def test_a_part_arrives_a_part_is_lost_and_the_rest_is_called_back(floor):
    items = [floor.piece(net=10_000) for _ in range(3)]
    sent = send(floor, *items)
    first = receive(floor, sent, Arrival(sent.lines[0].id), Arrival(sent.lines[1].id, lost=True))
    assert (first.state, [line.outcome for line in first.lines]) == ("away", ["received", "lost", None])
    with pytest.raises(PreconditionFailed):
        receive(floor, sent)
    back = floor.write(lambda db: inventory.bring_back(db, consignment_id=sent.id, expected_version=first.version))
    assert (back.state, back.lines[2].outcome) == ("ended", "returned")
    assert [floor.item(one.id).status for one in items] == ["in_stock", "withdrawn", "in_stock"]
    assert floor.held(Account.STOCK) == {(floor.annex, 9250): (1, 10_000), (floor.home, 9250): (1, 10_000)}
    assert floor.drifts() == []


def test_a_transfer_goes_from_one_outlet_to_another(floor):
    here, there = floor.piece(), floor.piece(place_id=floor.annex)
    for things, to, error in (
        ([here], floor.home, AlreadyThere), ([here], uuid4(), StockPlaceUnknown), ([here, there], None, AlreadyThere),
        ([floor.piece(place_id=floor.tray), here], floor.home, AlreadyThere),
    ):  # fmt: skip
        with pytest.raises(error):
            send(floor, *things, to=to)
    assert floor.held(Account.TRANSIT) == {}


def test_pieces_are_laid_from_tray_to_tray_of_one_outlet_and_a_full_tray_is_not_given_up(floor):
    item, lot = floor.piece(net=10_000), floor.lot(net_mg=5_000)
    floor.write(lambda db: inventory.move_stock(db, to_place_id=floor.tray, item_ids=[item.id], lot_ids=[lot.id]))
    assert floor.held(Account.STOCK) == {(floor.tray, 9250): (1, 10_000), (floor.tray, 9990): (0, 5_000)}
    for target in (floor.tray, floor.annex):
        with pytest.raises(AlreadyThere):
            floor.write(lambda db, target=target: inventory.move_stock(db, to_place_id=target, item_ids=[item.id]))
    give_up = lambda: floor.write(lambda db: inventory.change_tray(  # noqa: E731
        db, tray_id=floor.tray, expected_version=1, name="Front", active=False
    ))  # fmt: skip
    with pytest.raises(TrayInUse):
        give_up()
    floor.write(lambda db: inventory.move_stock(db, to_place_id=floor.home, item_ids=[item.id], lot_ids=[lot.id]))
    assert give_up().active is False
    with pytest.raises(StockPlaceUnknown):
        floor.write(lambda db: inventory.move_stock(db, to_place_id=floor.tray, item_ids=[item.id]))
    assert floor.drifts() == []


def test_a_memo_leaves_the_stock_and_comes_back_piece_by_piece(floor, runtime):
    items = [floor.piece(net=10_000) for _ in range(2)]
    customer = floor.write(lambda db: a_customer(db, runtime.keyring))
    memo = floor.write(lambda db: inventory.send_memo(
        db, customer_id=customer.id, item_ids=[one.id for one in items]
    ))  # fmt: skip
    assert floor.held(Account.MEMO) == {(memo.id, 9250): (2, 20_000)}
    with pytest.raises(ItemNotInStock):
        send(floor, items[0])
    memo = floor.write(lambda db: inventory.bring_back(
        db, consignment_id=memo.id, expected_version=1, line_ids=[memo.lines[0].id]
    ))  # fmt: skip
    assert (memo.state, len(memo.away)) == ("away", 1)
    assert floor.held(Account.MEMO) == {(memo.id, 9250): (1, 10_000)}
    assert [floor.item(one.id).status for one in items] == ["in_stock", "memo"]
    assert floor.drifts() == []


def test_what_goes_out_on_approval_is_not_due_back_before_it_went(floor, runtime):
    item, customer = floor.piece(), floor.write(lambda db: a_customer(db, runtime.keyring))

    def send_until(day):
        return floor.write(lambda db: inventory.send_memo(
            db, customer_id=customer.id, item_ids=[item.id], due_on=day
        ))  # fmt: skip

    with pytest.raises(MemoDayWrong) as refused:
        send_until(today_ist() - dt.timedelta(days=1))
    assert refused.value.fields == {"dueOn": "in the past"}
    assert floor.item(item.id).status == "in_stock"
    assert send_until(today_ist()).due_on == today_ist()


def result(floor, **facts):
    return floor.lot_draft(kind="bullion", fineness=9900, **facts)


def pour(floor, melt, poured, stones=None):
    return floor.write(lambda db: inventory.finish_melt(
        db, consignment_id=melt.id, expected_version=melt.version, result=poured, stones=stones
    ))  # fmt: skip


def test_a_melt_leaves_nothing_in_the_pot(floor):
    """20.000 g of 925 and 10.000 g of 999: 28.490 g fine go in; 28.500 g of 990 come out, 28.215 g fine."""
    item = floor.piece(net=20_000, stones=diamonds(1_000), cost_paise=200_00)
    lot = floor.lot(net_mg=10_000, cost_paise=100_00)
    melt = floor.write(lambda db: inventory.start_melt(db, item_ids=[item.id], lot_ids=[lot.id]))
    assert floor.held(Account.MELTING) == {(melt.id, 9250): (1, 20_000), (melt.id, 9990): (0, 10_000)}
    assert floor.item(item.id).status == "withdrawn"
    assert floor.drifts() == []
    stones = LotDraft(code="PICKED", name="Diamonds", kind="stones", metal="stone", stone_mct=900, pieces=2, hsn="7102")
    for wrong, at in (({"hsn": None}, "stones.hsn"), ({"code": "POUR"}, "stones.code")):
        with pytest.raises(AppError) as refused:
            pour(floor, melt, result(floor, code="POUR", net_mg=28_500), dataclasses.replace(stones, **wrong))
        assert set(refused.value.fields) == {at}  # not at the lot of metal
    done = pour(floor, melt, result(floor, code="POUR", net_mg=28_500), stones)
    assert (done.state, {line.outcome for line in done.lines}) == ("ended", {"melted"})
    held = floor.read(lambda db: inventory.list_lots(db, state="open", sort="code")).items
    assert [(one.code, one.left_net_mg, one.left_stone_mct, one.left_cost_paise) for one in held] == [
        ("PICKED", 0, 900, 0), ("POUR", 28_500, 0, 300_00),
    ]  # fmt: skip
    (lost,) = [one.held for one in floor.read(lambda db: metal.balances(db, account=Account.LOSS))]
    # 20,000 × 9,250 + 10,000 × 9,990 − 28,500 × 9,900 = 2,750,000; 1.000 ct − 0.900 ct, 0.200 g − 0.180 g
    assert (lost.net_mg, lost.fine, lost.stone_mct, lost.stone_mg, lost.cost_paise) == (1_500, 2_750_000, 100, 20, 0)
    assert floor.held(Account.STOCK) == {(floor.home, 9900): (0, 28_500), (floor.home, MIXED): (2, 0)}
    came = floor.read(lambda db: inventory.poured_of(db, done))
    assert [(one.code, line.net_mg, line.fine, line.stone_mct) for one, line in came.lots] == [
        ("POUR", 28_500, 28_500 * 9_900, 0), ("PICKED", 0, 0, 900),
    ]  # fmt: skip
    assert (came.fine_in, came.lost_net_mg, came.lost_fine) == (20_000 * 9_250 + 10_000 * 9_990, 1_500, 2_750_000)
    with pytest.raises(ConsignmentEnded):
        pour(floor, done, result(floor))
    assert floor.drifts() == []


def test_what_came_of_a_melt_is_told_of_many_lots(floor):
    lots = [floor.lot(code=f"LOT-{at}", net_mg=1_000, fineness=9990) for at in range(12)]
    melt = floor.write(lambda db: inventory.start_melt(db, lot_ids=[one.id for one in lots]))
    assert floor.read(lambda db: inventory.poured_of(db, melt)) is None
    done = pour(floor, melt, floor.lot_draft(code="POUR", fineness=9990, net_mg=11_900))
    came = floor.read(lambda db: inventory.poured_of(db, done))
    assert [(one.code, line.net_mg) for one, line in came.lots] == [("POUR", 11_900)]
    assert (came.fine_in, came.lost_net_mg, came.lost_fine) == (12_000 * 9_990, 100, 999_000)


def test_alloy_makes_a_melt_heavier_and_never_finer(floor):
    lot = floor.lot(net_mg=10_000, fineness=9990)
    melt = floor.write(lambda db: inventory.start_melt(db, lot_ids=[lot.id]))
    # 10,000 × 9,990 = 99,900,000 = 10,800 × 9,250: the fine weight is the same to the unit
    with pytest.raises(MeltContradicts):
        pour(floor, melt, floor.lot_draft(fineness=9250, net_mg=10_801))
    pour(floor, melt, floor.lot_draft(fineness=9250, net_mg=10_800))
    assert floor.held(Account.ADJUSTMENT) == {(None, MIXED): (0, -800)}
    came = floor.read(lambda db: inventory.poured_of(db, inventory.get_consignment(db, melt.id, kind="melt")))
    assert (came.alloy_mg, came.lost_net_mg, came.lost_fine) == (800, 0, 0)
    assert floor.drifts() == []


def test_one_pot_takes_one_metal(floor):
    lot, gold = floor.lot(), floor.lot(metal="gold", fineness=9160)
    stones = floor.lot(kind="stones", metal="stone", fineness=0, net_mg=0, stone_mct=100)
    for wrong in ([lot.id, gold.id], [stones.id]):
        with pytest.raises(MeltContradicts):
            floor.write(lambda db, wrong=wrong: inventory.start_melt(db, lot_ids=wrong))


def test_of_a_transfer_and_a_sale_of_one_piece_one_wins(flask_app, runtime, cast):
    counter = Counter(flask_app, runtime, cast.asha)
    counter.set_board()
    annex = add_outlet(counter)
    customer, piece = counter.customer(), counter.piece()
    own = [counter.piece() for _ in range(8)]

    def act(number):
        if number % 2:
            return counter.post("/transfers", {"toOutletId": annex, "itemIds": [piece["id"]]})
        return counter.bill([own[number], piece], customerId=customer["id"], paid=1_000_00)

    answers = all_at_once(8, act)
    won = [answer for answer in answers if answer.status_code == 201]
    assert len(won) == 1
    told = {answer.json["code"] for answer in answers if answer.status_code != 201}
    assert told <= {code_of(ItemAlreadySold), code_of(ItemNotInStock)}
    assert counter.status(piece["id"]) == ("transit" if won[0].json["kind"] == "transfer" else "sold")
    assert counter.read(inventory.verify_metal) == []


def code_of(error):
    return {"ItemAlreadySold": "item_already_sold", "ItemNotInStock": "item_not_in_stock"}[error.__name__]


def add_outlet(counter):
    from app.kit.ids import new_id
    from app.tenants.models import Outlet

    outlet_id = new_id()
    counter.write(lambda db: db.add(Outlet(
        id=outlet_id, registration_id=counter.who.shop.registration_id, name="Annex", address="2 Zaveri Bazaar",
        city="Mumbai", pin="400002", state_code="27",
    )))  # fmt: skip
    return str(outlet_id)
