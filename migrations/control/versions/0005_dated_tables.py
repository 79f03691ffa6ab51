"""What the console decided of the dated tables of the law and the trade, each decision a row.

ALGORITHM/LOCK: the table is new, so nothing is locked and nothing is rebuilt.

Revision: 0005
"""

from sqlalchemy import PrimaryKeyConstraint

from migrations.kinds import BLOB, ID, INT, UTC, code, may, must, name
from migrations.steps import Steps

revision = "0005"
down_revision = "0004"


def upgrade(op: Steps) -> None:
    op.create_table(
        "dated_tables",
        must("name", code(60)),
        must("version", INT),
        may("body", BLOB),
        must("reason", name(300)),
        must("decided_by", ID),
        must("decided_at", UTC),
        PrimaryKeyConstraint("name", "version"),
    )
