"""How far a move of a shop has come, on the shard that it goes to.

ALGORITHM/LOCK: the table is new, so nothing is locked and nothing is rebuilt.

Revision: 0002
"""

from sqlalchemy import PrimaryKeyConstraint

from migrations.kinds import BIG, BLOB, BOOL, ID, UTC, code, may, must, sealed, shop
from migrations.steps import Steps

revision = "0002"
down_revision = "0001"


def upgrade(op: Steps) -> None:
    op.create_table(
        "move_progress",
        shop(),
        must("move_id", ID),
        must("part", code(64)),
        may("last_key", sealed(1000)),
        must("copied", BIG),
        must("whole", BOOL),
        may("gtids", BLOB),
        must("updated_at", UTC),
        PrimaryKeyConstraint("shop_id", "move_id", "part"),
    )
