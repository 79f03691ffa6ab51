"""How a shop's board follows the feed of the world's prices: its rules, its lock, and the feed as it was told.

ALGORITHM/LOCK: the tables are new, so nothing is locked and nothing is rebuilt.

Revision: 0010
"""

from sqlalchemy import PrimaryKeyConstraint

from migrations.kinds import BIG, BOOL, ID, INT, SMALL, UTC, code, index, may, must, name, shop
from migrations.steps import Steps

revision = "0010"
down_revision = "0006"


def upgrade(op: Steps) -> None:
    op.create_table(
        "board_terms",
        shop(),
        must("follows", BOOL),
        must("with_duty", BOOL),
        must("auto_publish", BOOL),
        must("auto_most_bp", INT),
        may("locked_from_min", SMALL),
        must("version", INT),
        must("changed_at", UTC),
        may("changed_by", ID),
        PrimaryKeyConstraint("shop_id"),
        index("ix_board_terms_follows", "follows"),
    )
    op.create_table(
        "rate_rules",
        shop(),
        must("metal", code(10)),
        must("fineness", SMALL),
        must("premium_bp", INT),
        must("premium_paise_per_g", BIG),
        must("round_to_paise", BIG),
        PrimaryKeyConstraint("shop_id", "metal", "fineness"),
    )
    op.create_table(
        "feed_rates",
        shop(),
        must("metal", code(10)),
        must("paise_per_g", BIG),
        must("feed", name(100)),
        must("fetched_at", UTC),
        PrimaryKeyConstraint("shop_id", "metal"),
    )
