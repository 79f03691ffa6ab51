"""Figures of shops for the console, counted by a job instead of by each page.

ALGORITHM/LOCK: the tables are new, so nothing is locked and nothing is rebuilt.

Revision: 0003
"""

from sqlalchemy import PrimaryKeyConstraint

from migrations.kinds import BIG, DATE, INT, UTC, code, may, must
from migrations.steps import Steps

revision = "0003"
down_revision = "0002"


def upgrade(op: Steps) -> None:
    op.create_table(
        "shop_figures",
        must("shop_id", BIG),
        must("shard", code(40)),
        must("epoch", INT),
        must("bills", BIG),
        must("recent_bills", INT),
        may("last_bill_on", DATE),
        must("pieces", BIG),
        must("writes", BIG),
        must("as_of", UTC),
        PrimaryKeyConstraint("shop_id"),
    )
    op.create_table(
        "shop_figures_parts",
        must("shard", code(40)),
        may("began_at", UTC),
        must("upto_shop_id", BIG),
        must("shops", INT),
        may("as_of", UTC),
        PrimaryKeyConstraint("shard"),
    )
