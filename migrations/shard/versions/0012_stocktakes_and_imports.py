"""Counts of the stock, with what was expected, scanned, found and decided; imports of an existing shop's books.

ALGORITHM/LOCK: every table is new, so nothing is locked and nothing is rebuilt.

Revision: 0012
"""

from sqlalchemy import PrimaryKeyConstraint

from migrations.kinds import BIG, HASH, ID, INT, JSON, UTC, code, index, may, must, name, shop, tied
from migrations.steps import Steps

revision = "0012"
down_revision = "0011"


def upgrade(op: Steps) -> None:
    stocktakes(op)
    what_they_found(op)
    imports(op)


def stocktakes(op: Steps) -> None:
    op.create_table(
        "stocktakes",
        shop(),
        must("id", ID),
        may("place_id", ID),
        may("place_ids", JSON),
        may("category", code(24)),
        may("metal", code(10)),
        may("note", name(200)),
        must("drift_mg", BIG),
        must("expected", INT),
        must("state", code(10)),
        must("opened_at", UTC),
        may("opened_by", ID),
        may("closed_at", UTC),
        may("closed_by", ID),
        may("figures", JSON),
        must("version", INT),
        PrimaryKeyConstraint("shop_id", "id"),
        index("ix_stocktakes_shop_id_opened_at_id", "shop_id", "opened_at", "id"),
    )
    op.create_table(
        "stocktake_pieces",
        shop(),
        must("stocktake_id", ID),
        must("item_id", ID),
        must("tag", code(24)),
        must("gross_mg", BIG),
        may("place_id", ID),
        PrimaryKeyConstraint("shop_id", "stocktake_id", "item_id"),
        tied("stocktake_pieces", "stocktake_id", "stocktakes"),
    )
    op.create_table(
        "stocktake_scans",
        shop(),
        must("stocktake_id", ID),
        must("code", code(24)),
        may("item_id", ID),
        must("verdict", code(10)),
        may("status", code(10)),
        may("place_id", ID),
        may("book_mg", BIG),
        may("gross_mg", BIG),
        must("at", UTC),
        may("by_id", ID),
        may("weighed_at", UTC),
        may("weighed_by", ID),
        PrimaryKeyConstraint("shop_id", "stocktake_id", "code"),
        tied("stocktake_scans", "stocktake_id", "stocktakes"),
        index("ix_stocktake_scans_shop_id_stocktake_id_item_id", "shop_id", "stocktake_id", "item_id"),
        index("ix_stocktake_scans_shop_id_stocktake_id_at", "shop_id", "stocktake_id", "at"),
    )


def what_they_found(op: Steps) -> None:
    op.create_table(
        "stocktake_findings",
        shop(),
        must("id", ID),
        must("stocktake_id", ID),
        must("kind", code(10)),
        must("code", code(24)),
        may("item_id", ID),
        may("status", code(10)),
        may("book_mg", BIG),
        may("found_mg", BIG),
        must("at", UTC),
        PrimaryKeyConstraint("shop_id", "id"),
        tied("stocktake_findings", "stocktake_id", "stocktakes"),
        index("ix_stocktake_findings_shop_id_stocktake_id_kind_id", "shop_id", "stocktake_id", "kind", "id"),
        index("ix_stocktake_findings_shop_id_item_id", "shop_id", "item_id"),
    )
    op.create_table(
        "stocktake_decisions",
        shop(),
        must("finding_id", ID),
        must("decision", code(10)),
        must("reason", name(200)),
        must("at", UTC),
        may("by_id", ID),
        PrimaryKeyConstraint("shop_id", "finding_id"),
        tied("stocktake_decisions", "finding_id", "stocktake_findings"),
    )


def imports(op: Steps) -> None:
    op.create_table(
        "imports",
        shop(),
        must("id", ID),
        must("kind", code(12)),
        must("file_name", name(120)),
        must("incoming_key", code(200)),
        must("sha256", HASH),
        must("problems_key", code(200)),
        must("columns", JSON),
        may("place_id", ID),
        must("state", code(10)),
        must("total", INT),
        may("good", INT),
        may("bad", INT),
        must("upto_row", INT),
        must("entered", INT),
        must("overtaken", JSON),
        must("created_at", UTC),
        may("created_by", ID),
        may("started_at", UTC),
        may("started_by", ID),
        may("ended_at", UTC),
        must("version", INT),
        PrimaryKeyConstraint("shop_id", "id"),
        index("ix_imports_shop_id_created_at_id", "shop_id", "created_at", "id"),
    )
