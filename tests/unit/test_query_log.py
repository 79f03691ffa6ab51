"""The reading of the query log itself: what it must call loose, or the test that stands on it proves nothing."""

import pytest

from tests.support.query_log import Loose, Meant, meaning

TABLES = {"items", "invoices", "invoice_lines"}

ONE_SHOP = {
    "SELECT id FROM items WHERE shop_id = 5": {5},
    "SELECT i.id FROM items AS i JOIN invoices AS v ON v.shop_id = i.shop_id AND v.id = i.x WHERE i.shop_id = 5": {5},
    "SELECT id FROM items WHERE shop_id = 5 AND EXISTS (SELECT 1 FROM invoices v WHERE v.shop_id = items.shop_id)": {5},
    "INSERT INTO items (shop_id, id) VALUES (5, 1), (5, 2)": {5},
    "INSERT INTO items (shop_id, id) SELECT 5, v.id FROM invoices AS v WHERE v.shop_id = 5": {5},
    "UPDATE items SET name = 'x' WHERE items.shop_id = 5 AND (items.id = 1 OR items.id = 2)": {5},
    "DELETE FROM items WHERE shop_id = 5": {5},
    "INSERT INTO items (shop_id, id) VALUES (5, 1), (6, 2)": {5, 6},
    "SELECT id FROM items WHERE shop_id = 5 UNION SELECT id FROM invoices WHERE shop_id = 6": {5, 6},
}  # fmt: skip


@pytest.mark.parametrize("sql", ONE_SHOP)
def test_it_names_the_shops(sql):
    (found,) = meaning(sql, TABLES)
    assert found.shops == ONE_SHOP[sql]


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT id FROM items",
        "SELECT id FROM items WHERE id = 5",
        "SELECT id FROM items WHERE shop_id = 5 OR id = 1",
        "SELECT id FROM items WHERE NOT shop_id = 5",
        "SELECT i.id FROM items AS i JOIN invoices AS v ON v.id = i.x WHERE i.shop_id = 5",
        "SELECT i.id FROM items AS i JOIN invoices AS v ON v.shop_id = 6 AND v.shop_id = i.shop_id WHERE i.shop_id = 5",
        "SELECT id FROM items WHERE shop_id = 5 AND id IN (SELECT item_id FROM invoice_lines)",
        "UPDATE items SET shop_id = 5 WHERE id = 1",
        "DELETE FROM items",
        "INSERT INTO items (shop_id, id) SELECT v.shop_id, v.id FROM invoices AS v",
    ],
)
def test_it_sees_what_is_tied_to_no_shop_or_to_two(sql):
    with pytest.raises(Loose):
        meaning(sql, TABLES)


def test_a_packet_is_read_statement_by_statement():
    packet = (
        "SET SESSION x = 1;INSERT INTO items (shop_id) VALUES (5);SELECT 1;UPDATE items SET a=1 WHERE shop_id=6;COMMIT"
    )
    assert meaning(packet, TABLES) == [
        Meant(frozenset({"items"}), frozenset({5}), writes=True),
        Meant(frozenset({"items"}), frozenset({6}), writes=True),
    ]
