"""How a shop's board follows the feed of the world's prices, and rates promised to customers against an advance.

ALGORITHM/LOCK: the tables are new, so nothing is locked and nothing is rebuilt.

Revision: 0007
"""

from sqlalchemy import PrimaryKeyConstraint, UniqueConstraint

from migrations.kinds import BIG, BOOL, DATE, ID, INT, SMALL, UTC, code, index, may, must, name, shop, tied
from migrations.steps import Steps

revision = "0007"
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
    op.create_table(
        "rate_locks",
        shop(),
        must("id", ID),
        must("customer_id", ID),
        must("credit_id", ID),
        must("metal", code(10)),
        must("fineness", SMALL),
        must("paise_per_g", BIG),
        must("mg", BIG),
        must("left_mg", BIG),
        must("state", code(10)),
        must("expires_on", DATE),
        must("made_at", UTC),
        may("made_by", ID),
        must("version", INT),
        PrimaryKeyConstraint("shop_id", "id"),
        UniqueConstraint("shop_id", "credit_id", name="uq_rate_locks_shop_id_credit_id"),
        tied("rate_locks", "customer_id", "customers"),
        tied("rate_locks", "credit_id", "credits"),
        index("ix_rate_locks_shop_id_customer_id_state", "shop_id", "customer_id", "state"),
        index("ix_rate_locks_shop_id_made_at_id", "shop_id", "made_at", "id"),
    )
    op.create_table(
        "rate_lock_uses",
        shop(),
        must("id", ID),
        must("lock_id", ID),
        must("document_id", ID),
        must("mg", BIG),
        must("at", UTC),
        may("actor_id", ID),
        PrimaryKeyConstraint("shop_id", "id"),
        tied("rate_lock_uses", "lock_id", "rate_locks"),
        index("ix_rate_lock_uses_shop_id_lock_id", "shop_id", "lock_id"),
        index("ix_rate_lock_uses_shop_id_document_id", "shop_id", "document_id"),
    )
