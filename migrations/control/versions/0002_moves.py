"""Moves of shops between shards.

ALGORITHM/LOCK: the table is new, so nothing is locked and nothing is rebuilt.

Revision: 0002
"""

from sqlalchemy import PrimaryKeyConstraint, UniqueConstraint

from migrations.kinds import BIG, BLOB, ID, INT, JSON, UTC, code, index, may, must, name
from migrations.steps import Steps

revision = "0002"
down_revision = "0001"


def upgrade(op: Steps) -> None:
    op.create_table(
        "moves",
        must("id", ID),
        must("shop_id", BIG),
        may("live_shop_id", BIG),
        must("source", code(40)),
        must("target", code(40)),
        must("state", code(12)),
        may("epoch", INT),
        must("max_pause_ms", INT),
        may("copied_from", BLOB),
        may("switched_from", BLOB),
        must("facts", JSON),
        may("reason", name(500)),
        must("asked_by", name(120)),
        may("runner", code(80)),
        may("runner_until", UTC),
        must("asked_at", UTC),
        must("updated_at", UTC),
        may("switched_at", UTC),
        may("ended_at", UTC),
        may("purge_after", UTC),
        PrimaryKeyConstraint("id"),
        UniqueConstraint("live_shop_id", name="uq_moves_live_shop_id"),
        index("ix_moves_shop_id_asked_at", "shop_id", "asked_at"),
        index("ix_moves_state_updated_at", "state", "updated_at"),
    )
