"""The feed of the world's prices, fetched once for all shops: every rate, and how the sources do.

ALGORITHM/LOCK: the tables are new, so nothing is locked and nothing is rebuilt.

Revision: 0006
"""

from sqlalchemy import PrimaryKeyConstraint

from migrations.kinds import BIG, ID, INT, UTC, code, index, may, must, name
from migrations.steps import Steps

revision = "0006"
down_revision = "0005"


def upgrade(op: Steps) -> None:
    op.create_table(
        "metal_quotes",
        must("id", ID),
        must("metal", code(10)),
        must("usd_micros", BIG),
        must("inr_micros", BIG),
        must("paise_per_g", BIG),
        must("feed", name(100)),
        must("fetched_at", UTC),
        may("change_bp", INT),
        must("state", code(10)),
        may("decided_by", ID),
        may("decided_at", UTC),
        PrimaryKeyConstraint("id"),
        index("ix_metal_quotes_metal_state_fetched_at", "metal", "state", "fetched_at"),
        index("ix_metal_quotes_fetched_at_id", "fetched_at", "id"),
    )
    op.create_table(
        "feed_sources",
        must("feed", code(60)),
        must("tried_at", UTC),
        may("worked_at", UTC),
        must("failures", INT),
        may("failure", name(300)),
        PrimaryKeyConstraint("feed"),
    )
