"""What a shop adds up to: one changed paisa, milligram, series number or audit hash, and one row gone, are seen."""

import json

import pytest

from app.console.moves import all_sums
from tests.support.cast import make_cast
from tests.support.counter import Counter, made


@pytest.fixture(scope="module")
def people(runtime):
    """A cast of our own: its books are spoilt here, one change after the other."""
    return make_cast(runtime)


@pytest.fixture(scope="module")
def trading(flask_app, runtime, people):
    """Asha's shop with two bills, one of them taken back, and a piece with stones and of two golds in stock."""
    counter = Counter(flask_app, runtime, people.asha)
    counter.set_board()
    customer = counter.customer()
    bills = [made(counter.bill([counter.piece()], customerId=customer["id"])) for _ in range(2)]
    made(counter.post(f"/invoices/{bills[1]['id']}/credit-notes", {"reason": "came back"}))
    counter.piece(
        stones=[{"kind": "ruby", "pieces": 3, "weightMct": 450, "basis": "per_carat", "ratePaise": 900_00}],
        otherMetals=[{"metal": "gold", "fineness": 7500, "netMg": 100}],
    )
    return counter


@pytest.fixture
def shard(cluster, trading):
    return next(target for target in cluster.fleet.targets if target.name == trading.who.shop.shard)


@pytest.fixture
def added_up(cluster, trading, shard):
    """Every sum of Asha's shop, as the account that moves shops sees it."""

    def look():
        with cluster.fleet.connect(shard, "mover") as connection:
            shop = {"shop_id": trading.who.shop_id}
            return {one.name: connection.execute(one.select, shop).one() for one in all_sums()}

    return look


@pytest.fixture
def tamper(cluster, trading, shard):
    """One statement by the server's administrator, past every grant and guard."""

    def change(statement):
        link = cluster.raw_connection(shard, "admin")
        with link, link.cursor() as cursor:
            cursor.execute("SET foreign_key_checks = 0")
            changed = cursor.execute(f"{statement} WHERE shop_id = %s LIMIT 1", (trading.who.shop_id,))
            link.commit()
        return changed

    return change


def test_they_are_what_a_bookkeeper_would_add_up(trading, added_up):
    """Two bills and a note of one ring of 3,390 mg of 916 gold each."""
    sums = {name: json.loads(row[0]) for name, row in added_up().items() if row[0] is not None}
    assert {key.split()[0]: row[0] for key, row in sums["documents"].items()} == {"invoice": 2, "credit_note": 1}
    rings = sums["lines"]["gold 9160"]
    assert rings[:5] == [3, 3 * 3390, 0, 3 * 3390, 3 * 3390 * 9160]
    assert sums["payments"]["upi"][0] == 2  # the note is not paid out yet
    sold, in_stock = sums["stock"]["sold gold 9160"], sums["stock"]["in_stock gold 9160"]
    assert (sold[0], in_stock[0]) == (1, 2)
    assert sorted(row[1] for row in sums["number series"].values()) == [1, 2]


def test_a_shop_adds_up_its_own_rows_only(trading, added_up, flask_app, runtime, people):
    before = added_up()
    ravi = Counter(flask_app, runtime, people.ravi)  # on the same shard
    ravi.set_board()
    made(ravi.bill([ravi.piece(grossMg=1000)]))
    assert added_up() == before


CHANGES = {
    "a paisa of a bill": ("UPDATE invoices SET total_paise = total_paise + 1", {"documents"}),
    "a paisa of CGST": ("UPDATE invoices SET cgst_paise = cgst_paise + 1", {"documents"}),
    "a bill's hash": ("UPDATE invoices SET content_hash = REVERSE(content_hash)", {"documents"}),
    "a milligram sold": ("UPDATE invoice_lines SET net_mg = net_mg + 1", {"lines"}),
    "a making charge": ("UPDATE invoice_lines SET making_paise = making_paise - 1", {"lines"}),
    "a way of paying": ("UPDATE invoice_payments SET mode = 'cash'", {"payments"}),
    "a milligram in stock": ("UPDATE items SET gross_mg = gross_mg + 1", {"stock"}),
    "a purity": ("UPDATE items SET fineness = 7500", {"stock"}),
    "a piece's status": ("UPDATE items SET status = 'withdrawn'", {"stock"}),
    "a stone's weight": ("UPDATE item_stones SET weight_mct = weight_mct + 1", {"stones"}),
    "another metal's weight": ("UPDATE item_metals SET net_mg = net_mg + 1", {"other metals"}),
    "a series' number": ("UPDATE number_series SET last_no = last_no + 1", {"number series"}),
    "an audit hash": ("UPDATE audit_log SET hash = REVERSE(hash)", {"audit chain"}),
    "the chain's head": ("UPDATE audit_head SET seq = seq - 1", {"audit head"}),
    "a rate": ("UPDATE board_rates SET paise_per_g = paise_per_g + 1", {"rate board"}),
    "a job's state": ("UPDATE outbox SET state = 'failed'", {"jobs"}),
    "a customer's key": ("UPDATE sealing_keys SET wrapped = REVERSE(wrapped)", {"sealing keys"}),
    "a bill gone": ("DELETE FROM invoices", {"documents"}),
    "a customer gone": ("DELETE FROM customers", {"customers"}),
    "an audit entry gone": ("DELETE FROM audit_log", {"audit chain"}),
    "a claimed key gone": ("DELETE FROM idempotency_keys", {"claimed keys"}),
}


@pytest.mark.parametrize("change", CHANGES)
def test_one_change_is_seen_in_its_sum_and_in_no_other(trading, added_up, tamper, change):
    statement, named = CHANGES[change]
    before = added_up()
    assert before == added_up()  # looking changes nothing
    assert tamper(statement) == 1
    after = added_up()
    assert {name for name in before if before[name] != after[name]} == named
