"""Customers are found by their PAN: whose cash counts together is asked with every bill that takes cash.

ALGORITHM/LOCK: the index is built INPLACE with LOCK=NONE, while the shops trade.

Revision: 0021
"""

from migrations.steps import Steps

revision = "0021"
down_revision = "0020"


def upgrade(op: Steps) -> None:
    op.add_index("customers", "ix_customers_shop_id_pan", ("shop_id", "pan"))
