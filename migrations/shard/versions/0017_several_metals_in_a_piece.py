"""Pieces of several metals: what of a piece is not of its main metal.

ALGORITHM/LOCK: the table is new, so nothing is locked and nothing is rebuilt.

Revision: 0017
"""

from sqlalchemy import PrimaryKeyConstraint

from migrations.kinds import BIG, ID, SMALL, code, must, shop, tied
from migrations.steps import Steps

revision = "0017"
down_revision = "0016"


def upgrade(op: Steps) -> None:
    op.create_table(
        "item_metals",
        shop(),
        must("item_id", ID),
        must("pos", SMALL),
        must("metal", code(10)),
        must("fineness", SMALL),
        must("net_mg", BIG),
        PrimaryKeyConstraint("shop_id", "item_id", "pos"),
        tied("item_metals", "item_id", "items"),
    )
