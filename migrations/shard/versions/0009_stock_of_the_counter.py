"""Where stock lies, lots kept by weight, whom the shop buys from with their bills, and what is away: on its way, on
approval, in the pot.

ALGORITHM/LOCK: every table is new, so nothing is locked and nothing is rebuilt.

Revision: 0009
"""

from sqlalchemy import PrimaryKeyConstraint, UniqueConstraint

from migrations.kinds import BIG, BOOL, DATE, ID, INT, SMALL, UTC, code, index, may, must, name, shop, tied
from migrations.steps import Steps

revision = "0009"
down_revision = "0008"


def upgrade(op: Steps) -> None:
    lots_and_their_places(op)
    suppliers(op)
    what_is_away(op)


def lots_and_their_places(op: Steps) -> None:
    op.create_table(
        "trays",
        shop(),
        must("id", ID),
        must("outlet_id", ID),
        must("code", code(12)),
        must("name", name(60)),
        must("active", BOOL),
        must("version", INT),
        PrimaryKeyConstraint("shop_id", "id"),
        UniqueConstraint("shop_id", "code", name="uq_trays_shop_id_code"),
        tied("trays", "outlet_id", "outlets"),
        index("ix_trays_shop_id_outlet_id", "shop_id", "outlet_id"),
    )
    op.create_table(
        "metal_lots",
        shop(),
        must("id", ID),
        must("code", code(24)),
        must("name", name(120)),
        must("kind", code(10)),
        must("metal", code(10)),
        must("fineness", SMALL),
        may("place_id", ID),
        may("supplier_id", ID),
        must("state", code(10)),
        must("left_pieces", INT),
        must("left_stone_mg", BIG),
        must("left_net_mg", BIG),
        must("left_stone_mct", BIG),
        must("left_cost_paise", BIG),
        must("version", INT),
        must("created_at", UTC),
        must("updated_at", UTC),
        PrimaryKeyConstraint("shop_id", "id"),
        UniqueConstraint("shop_id", "code", name="uq_metal_lots_shop_id_code"),
        index("ix_metal_lots_shop_id_state_created_at_id", "shop_id", "state", "created_at", "id"),
    )


def suppliers(op: Steps) -> None:
    op.create_table(
        "suppliers",
        shop(),
        must("id", ID),
        must("name", name(140)),
        may("gstin", code(15)),
        may("pan", code(10)),
        may("phone", code(16)),
        may("address", name(300)),
        may("city", name(80)),
        may("state_code", code(2)),
        must("version", INT),
        must("created_at", UTC),
        must("updated_at", UTC),
        PrimaryKeyConstraint("shop_id", "id"),
        UniqueConstraint("shop_id", "gstin", name="uq_suppliers_shop_id_gstin"),
        index("ix_suppliers_shop_id_name_id", "shop_id", "name", "id"),
    )
    op.create_table(
        "purchases",
        shop(),
        must("id", ID),
        must("kind", code(8)),
        must("supplier_id", ID),
        must("fy_start", SMALL),
        must("bill_no", code(24)),
        must("bill_on", DATE),
        must("book_on", DATE),
        must("at", UTC),
        may("place_id", ID),
        may("supplier_gstin", code(15)),
        must("inter_state", BOOL),
        must("reverse_charge", BOOL),
        must("taxable_paise", BIG),
        must("cgst_paise", BIG),
        must("sgst_paise", BIG),
        must("igst_paise", BIG),
        must("round_off_paise", BIG),
        must("total_paise", BIG),
        must("tds_paise", BIG),
        may("reverses_id", ID),
        may("reason", name(200)),
        may("actor_id", ID),
        PrimaryKeyConstraint("shop_id", "id"),
        UniqueConstraint(
            "shop_id", "supplier_id", "fy_start", "kind", "bill_no",
            name="uq_purchases_shop_id_supplier_id_fy_start_kind_bill_no",
        ),
        tied("purchases", "reverses_id", "purchases"),
        tied("purchases", "supplier_id", "suppliers"),
        index("ix_purchases_shop_id_bill_on_id", "shop_id", "bill_on", "id"),
        index("ix_purchases_shop_id_reverses_id", "shop_id", "reverses_id"),
    )
    op.create_table(
        "purchase_lines",
        shop(),
        must("id", ID),
        must("purchase_id", ID),
        must("pos", SMALL),
        may("item_id", ID),
        may("lot_id", ID),
        may("reverses_line_id", ID),
        must("description", name(120)),
        must("hsn", code(8)),
        must("metal", code(10)),
        must("fineness", SMALL),
        must("pieces", INT),
        must("stone_mg", BIG),
        must("net_mg", BIG),
        must("stone_mct", BIG),
        must("taxable_paise", BIG),
        must("tax_bp", INT),
        must("cgst_paise", BIG),
        must("sgst_paise", BIG),
        must("igst_paise", BIG),
        PrimaryKeyConstraint("shop_id", "id"),
        UniqueConstraint("shop_id", "purchase_id", "pos", name="uq_purchase_lines_shop_id_purchase_id_pos"),
        UniqueConstraint("shop_id", "reverses_line_id", name="uq_purchase_lines_shop_id_reverses_line_id"),
        tied("purchase_lines", "item_id", "items"),
        tied("purchase_lines", "lot_id", "metal_lots"),
        tied("purchase_lines", "purchase_id", "purchases"),
        tied("purchase_lines", "reverses_line_id", "purchase_lines"),
        index("ix_purchase_lines_shop_id_item_id", "shop_id", "item_id"),
        index("ix_purchase_lines_shop_id_lot_id", "shop_id", "lot_id"),
    )
    op.create_table(
        "supplier_entries",
        shop(),
        must("id", ID),
        must("supplier_id", ID),
        must("kind", code(10)),
        must("owed_paise", BIG),
        may("purchase_id", ID),
        may("mode", code(12)),
        may("reference", name(60)),
        must("at", UTC),
        must("book_on", DATE),
        may("actor_id", ID),
        PrimaryKeyConstraint("shop_id", "id"),
        tied("supplier_entries", "purchase_id", "purchases"),
        tied("supplier_entries", "supplier_id", "suppliers"),
        index("ix_supplier_entries_shop_id_supplier_id_book_on_id", "shop_id", "supplier_id", "book_on", "id"),
        index("ix_supplier_entries_shop_id_purchase_id", "shop_id", "purchase_id"),
    )


def what_is_away(op: Steps) -> None:
    op.create_table(
        "consignments",
        shop(),
        must("id", ID),
        must("kind", code(10)),
        must("state", code(10)),
        may("from_place_id", ID),
        may("to_place_id", ID),
        may("customer_id", ID),
        may("due_on", DATE),
        may("note", name(200)),
        must("sent_at", UTC),
        may("sent_by", ID),
        may("ended_at", UTC),
        must("version", INT),
        PrimaryKeyConstraint("shop_id", "id"),
        tied("consignments", "customer_id", "customers"),
        index("ix_consignments_shop_id_kind_state_sent_at_id", "shop_id", "kind", "state", "sent_at", "id"),
        index("ix_consignments_shop_id_customer_id", "shop_id", "customer_id"),
    )
    op.create_table(
        "consignment_lines",
        shop(),
        must("id", ID),
        must("consignment_id", ID),
        must("pos", SMALL),
        may("item_id", ID),
        may("lot_id", ID),
        must("description", name(120)),
        must("metal", code(10)),
        must("fineness", SMALL),
        must("pieces", INT),
        must("stone_mg", BIG),
        must("net_mg", BIG),
        must("stone_mct", BIG),
        must("cost_paise", BIG),
        may("outcome", code(10)),
        may("got_gross_mg", BIG),
        may("ended_at", UTC),
        PrimaryKeyConstraint("shop_id", "id"),
        UniqueConstraint("shop_id", "consignment_id", "pos", name="uq_consignment_lines_shop_id_consignment_id_pos"),
        tied("consignment_lines", "consignment_id", "consignments"),
        tied("consignment_lines", "item_id", "items"),
        tied("consignment_lines", "lot_id", "metal_lots"),
        index("ix_consignment_lines_shop_id_item_id", "shop_id", "item_id"),
        index("ix_consignment_lines_shop_id_lot_id", "shop_id", "lot_id"),
    )
