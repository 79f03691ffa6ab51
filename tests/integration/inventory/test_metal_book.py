"""Pieces and the metal book: coming, going and weighing anew are entries; stock from before the book is opened once."""

import datetime as dt

from app.inventory import service as inventory
from app.inventory.models import Item as ItemRow
from app.kit.clock import today_ist, utc_now
from app.metal import service as metal
from app.metal.service import Account
from tests.support.counter import made
from tests.support.floor import diamonds

TODAY = today_ist()


def lines_of(floor, item_id):
    """Kind, from, to and net of each entry of a piece, in their order."""
    found = floor.read(lambda db: metal.entries(db, item_id=item_id, sort="bookOn")).items
    return [(one.kind, one.from_account, one.to_account, one.net_mg) for one in found]


def test_a_piece_comes_into_the_book_with_all_that_it_weighs_and_cost(floor):
    item = floor.piece(net=10_000, stones=diamonds(500), cost_paise=7_500_00, place_id=floor.tray)
    (line,) = floor.read(lambda db: metal.entries(db, item_id=item.id)).items
    # 0.500 ct × 0.2 g = 0.100 g; fine 10,000 mg × 9,250
    assert (line.gross_mg, line.stone_mg, line.net_mg, line.fine) == (10_100, 100, 10_000, 92_500_000)
    assert (line.pieces, line.stone_mct, line.cost_paise, line.to_ref) == (1, 500, 7_500_00, floor.tray)
    assert floor.piece().place_id == floor.home  # where one sits
    assert floor.drifts() == []


def test_a_correction_takes_the_piece_out_as_it_was_and_in_as_it_is(floor):
    item = floor.piece(net=10_000)
    change = lambda **facts: floor.write(lambda db: inventory.edit_item(  # noqa: E731
        db, item_id=item.id, expected_version=floor.item(item.id).version, changes=facts
    ))  # fmt: skip
    change(name="Band")
    assert len(lines_of(floor, item.id)) == 1  # what weighs nothing is no entry
    change(gross_mg=9_900)
    change(fineness=9990)
    assert lines_of(floor, item.id) == [
        ("opening", "opening", "stock", 10_000),
        ("correction", "stock", "adjustment", 10_000), ("correction", "adjustment", "stock", 9_900),
        ("correction", "stock", "adjustment", 9_900), ("correction", "adjustment", "stock", 9_900),
    ]  # fmt: skip
    assert floor.held(Account.STOCK) == {(floor.home, 9990): (1, 9_900)}
    assert floor.drifts() == []


def test_a_withdrawn_piece_goes_where_its_reason_says(floor):
    for kind, account in (("melted", "melting"), ("lost", "loss"), ("sent_back", "supplier"), ("other", "adjustment")):
        item = floor.piece(net=5_000)
        floor.write(lambda db, item=item, kind=kind: inventory.withdraw_item(
            db, item_id=item.id, expected_version=1, reason="as told", kind=kind
        ))  # fmt: skip
        assert lines_of(floor, item.id)[-1] == ("withdrawal", "stock", account, 5_000)
    assert floor.held(Account.STOCK) == {}
    assert floor.drifts() == []


def test_a_bill_and_its_credit_note_are_entries_of_every_line(counter):
    counter.set_board()
    customer, pieces = counter.customer(), [counter.piece(), counter.piece()]
    bill = made(counter.bill(pieces, customerId=customer["id"]))
    entries = made(counter.get("/metal/entries", account="sold"))["items"]
    assert {(one["itemId"], one["movementId"], one["toRef"], one["netMg"]) for one in entries} == {
        (piece["id"], bill["id"], customer["id"], 3_390) for piece in pieces
    }
    assert {one["bookOn"] for one in entries} == {bill["issuedOn"]}
    made(counter.post(f"/invoices/{bill['id']}/credit-notes", {
        "reason": "brought back", "lineIds": [bill["lines"][0]["id"]],
    }))  # fmt: skip
    balances = made(counter.get("/metal/balances", account="sold"))["items"]
    assert [one["held"]["netMg"] for one in balances] == [3_390]
    assert counter.read(inventory.verify_metal) == []


def test_stock_from_before_the_book_is_opened_once_and_sales_of_it_too(counter, cluster):
    """As the release that brings the book finds a shop: pieces without entries, one of them sold since."""
    counter.set_board()
    customer, pieces = counter.customer(), [counter.piece() for _ in range(3)]
    as_before_the_book(cluster, counter.who.shop_id)
    made(counter.bill(pieces[:1], customerId=customer["id"]))
    edited = made(counter.patch(f"/items/{pieces[1]['id']}", {"grossMg": 3_500}, version=1))  # opened when touched
    assert edited["netMg"] == 3_500
    assert counter.read(inventory.verify_metal) != []
    assert counter.write(inventory.open_book) == (2, None)  # the sold one and the untouched one
    assert counter.write(inventory.open_book) == (0, None)
    assert counter.read(inventory.verify_metal) == []
    held = counter.read(lambda db: metal.balances(db, account=Account.STOCK))
    outlet = counter.who.shop.outlet_id  # 3.390 + 3.500 g: the edited one was opened where it lay, which is nowhere
    assert {(one.ref, one.held.pieces, one.held.net_mg) for one in held} == {(outlet, 1, 3_390), (None, 1, 3_500)}


def as_before_the_book(cluster, shop_id):
    """No entries, and no piece lies anywhere. Only the mover's account may do that."""
    home = next(one for one in cluster.fleet.shards if one.name == "shard-a")
    with cluster.raw_connection(home, "mover") as connection, connection.cursor() as cursor:
        cursor.execute("DELETE FROM metal_entries WHERE shop_id = %s", (shop_id,))
        cursor.execute("UPDATE items SET place_id = NULL WHERE shop_id = %s", (shop_id,))
        connection.commit()


def test_a_past_day_shows_what_lay_there_then(floor):
    before = TODAY - dt.timedelta(days=10)
    at = utc_now() - dt.timedelta(days=10)
    item = floor.write(lambda db: inventory.register_item(db, draft=floor.draft(net=8_000), at=at))
    floor.write(
        lambda db: inventory.withdraw_item(db, item_id=item.id, expected_version=1, reason="lost it", kind="lost")
    )
    assert floor.held(Account.STOCK, upto=before - dt.timedelta(days=1)) == {}
    assert floor.held(Account.STOCK, upto=before) == {(floor.home, 9250): (1, 8_000)}
    assert floor.held(Account.STOCK) == {}


def test_a_pieces_row_changed_behind_the_services_is_a_drift(floor):
    item = floor.piece(net=10_000)

    def steal(db):
        db.get_one(ItemRow, (db.shop_id, item.id)).net_mg = 9_999
        db.flush()

    floor.write(steal)
    found = {(one.measure, one.book, one.found) for one in floor.read(inventory.verify_metal)}
    assert found == {("net_mg", 10_000, 9_999), ("fine", 92_500_000, 92_490_750)}
