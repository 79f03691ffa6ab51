"""A store credit says how much of it came in cash with its bill, so that cash is counted once more where it pays another.

ALGORITHM/LOCK: the column is added INSTANT. Store credits that are there say nothing: none of them counts as cash.

Revision: 0020
"""

from migrations.kinds import BIG, may
from migrations.steps import Steps

revision = "0020"
down_revision = "0019"


def upgrade(op: Steps) -> None:
    op.add_column("credits", may("cash_paise", BIG))
