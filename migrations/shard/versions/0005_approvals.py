"""What the owner is asked to allow, answered, and used once.

ALGORITHM/LOCK: the table is new, so nothing is locked and nothing is rebuilt.

Revision: 0005
"""

from sqlalchemy import PrimaryKeyConstraint

from migrations.kinds import HASH, ID, INT, JSON, UTC, code, index, may, must, name, shop
from migrations.steps import Steps

revision = "0005"
down_revision = "0004"


def upgrade(op: Steps) -> None:
    op.create_table(
        "approvals",
        shop(),
        must("id", ID),
        must("kind", code(40)),
        must("right", code(40)),
        may("subject_id", ID),
        must("facts", JSON),
        must("facts_hash", HASH),
        may("reason", name(300)),
        must("state", code(10)),
        must("asked_by", ID),
        must("asked_at", UTC),
        must("expires_at", UTC),
        may("decided_by", ID),
        may("decided_at", UTC),
        may("note", name(300)),
        may("document_id", ID),
        may("spent_at", UTC),
        must("version", INT),
        PrimaryKeyConstraint("shop_id", "id"),
        index("ix_approvals_shop_id_state_expires_at", "shop_id", "state", "expires_at"),
        index("ix_approvals_shop_id_asked_at_id", "shop_id", "asked_at", "id"),
    )
