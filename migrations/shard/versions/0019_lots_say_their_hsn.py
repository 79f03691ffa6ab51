"""A lot of a kind that has several HSN codes, loose stones, says which it is of when it is received.

ALGORITHM/LOCK: the column is added INSTANT. Lots that are there say nothing: their bills' lines name the code.

Revision: 0019
"""

from migrations.kinds import code, may
from migrations.steps import Steps

revision = "0019"
down_revision = "0018"


def upgrade(op: Steps) -> None:
    op.add_column("metal_lots", may("hsn", code(8)))
