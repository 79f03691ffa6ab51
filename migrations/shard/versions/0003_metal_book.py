"""The book of metal, and where each piece lies, what it cost and where it came from.

ALGORITHM/LOCK: the table is new, so nothing is locked and nothing is rebuilt; columns of `items` are added INSTANT, its
index is built INPLACE with LOCK=NONE.

Revision: 0003
"""

from sqlalchemy import PrimaryKeyConstraint

from migrations.kinds import BIG, DATE, ID, INT, SMALL, UTC, code, index, may, must, shop
from migrations.steps import Steps

revision = "0003"
down_revision = "0002"


def upgrade(op: Steps) -> None:
    op.create_table(
        "metal_entries",
        shop(),
        must("id", ID),
        must("movement_id", ID),
        must("kind", code(24)),
        must("at", UTC),
        must("book_on", DATE),
        must("from_account", code(12)),
        may("from_ref", ID),
        must("to_account", code(12)),
        may("to_ref", ID),
        must("metal", code(10)),
        must("fineness", SMALL),
        must("pieces", INT),
        must("gross_mg", BIG),
        must("stone_mg", BIG),
        must("net_mg", BIG),
        must("fine", BIG),
        must("stone_mct", BIG),
        must("cost_paise", BIG),
        may("item_id", ID),
        may("lot_id", ID),
        may("actor_id", ID),
        PrimaryKeyConstraint("shop_id", "id"),
        index(
            "ix_metal_entries_shop_id_from_account_from_ref_book_on", "shop_id", "from_account", "from_ref", "book_on",
        ),
        index("ix_metal_entries_shop_id_to_account_to_ref_book_on", "shop_id", "to_account", "to_ref", "book_on"),
        index("ix_metal_entries_shop_id_book_on_id", "shop_id", "book_on", "id"),
        index("ix_metal_entries_shop_id_movement_id", "shop_id", "movement_id"),
        index("ix_metal_entries_shop_id_item_id", "shop_id", "item_id"),
        index("ix_metal_entries_shop_id_lot_id", "shop_id", "lot_id"),
    )
    op.add_column("items", may("cost_paise", BIG))
    op.add_column("items", may("place_id", ID))
    op.add_column("items", may("supplier_id", ID))
    op.add_column("items", may("lot_id", ID))
    op.add_index("items", "ix_items_shop_id_place_id", ("shop_id", "place_id"))
