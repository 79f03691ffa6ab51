"""Documents are found by their business day.

ALGORITHM/LOCK: the index is built INPLACE with LOCK=NONE, while the shops trade.

Revision: 0014
"""

from migrations.steps import Steps

revision = "0014"
down_revision = "0013"


def upgrade(op: Steps) -> None:
    op.add_index("invoices", "ix_invoices_shop_id_book_on_issued_on", ("shop_id", "book_on", "issued_on"))
