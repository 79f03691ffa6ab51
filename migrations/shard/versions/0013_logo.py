"""A shop has a logo, named by the hash of its file.

ALGORITHM/LOCK: the column is added INSTANT.

Revision: 0013
"""

from migrations.kinds import code, may
from migrations.steps import Steps

revision = "0013"
down_revision = "0012"


def upgrade(op: Steps) -> None:
    op.add_column("shop_profiles", may("logo", code(64)))
