"""Holds every table of a shard to going with its shop, or to a reason why it stays."""

from app.console.moves import all_sums, shop_tables
from migrations.fleet import Plane
from migrations.tables import all_models, tables_of

all_models()
STAYS = {
    "shop_fence": "says where the shop is open: each shard has its own row, and the move decides by it",
    "move_progress": "is the move's own, on its target",
}


def test_every_table_of_a_shop_goes_with_it_or_says_why_not():
    of_shops = {table.name for table in tables_of(Plane.SHARD) if "shop_id" in table.columns}
    moved = {table.name for table in shop_tables()}
    assert moved | STAYS.keys() == of_shops
    assert not moved & STAYS.keys()


def test_no_table_goes_twice_and_parents_go_first():
    """Pieces and pictures name each other, so one of the two ties points forward: the tie made by ALTER."""
    names = [table.name for table in shop_tables()]
    assert len(names) == len(set(names))
    for at, table in enumerate(shop_tables()):
        for tie in table.foreign_key_constraints:
            parent = tie.referred_table.name
            assert tie.use_alter or parent == table.name or parent in names[:at], (table.name, parent)


def test_every_sum_has_its_own_name_and_is_of_tables_that_move():
    sums, moved = all_sums(), {table.name for table in shop_tables()}
    assert len({one.name for one in sums}) == len(sums)
    for one in sums:
        (groups,) = one.select.get_final_froms()
        assert {table.name for table in groups.element.get_final_froms()} <= moved
