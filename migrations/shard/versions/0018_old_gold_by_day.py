"""Old gold that was bought is found by its business day.

ALGORITHM/LOCK: the index is built INPLACE with LOCK=NONE, while the shops trade.

Revision: 0018
"""

from migrations.steps import Steps

revision = "0018"
down_revision = "0017"


def upgrade(op: Steps) -> None:
    op.add_index("oldgold_vouchers", "ix_oldgold_vouchers_shop_id_book_on", ("shop_id", "book_on"))
