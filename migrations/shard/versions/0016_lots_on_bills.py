"""Lines of bills that were sold out of a lot by weight: which lot, and how many carats of loose stones.

ALGORITHM/LOCK: the columns are added INSTANT, the index and the tie are built INPLACE with LOCK=NONE.

Revision: 0016
"""

from migrations.kinds import BIG, ID, may, tied
from migrations.steps import Steps

revision = "0016"
down_revision = "0012"


def upgrade(op: Steps) -> None:
    op.add_column("invoice_lines", may("lot_id", ID))
    op.add_column("invoice_lines", may("stone_mct", BIG))
    op.add_index("invoice_lines", "ix_invoice_lines_shop_id_lot_id", ("shop_id", "lot_id"))
    op.add_tie("invoice_lines", tied("invoice_lines", "lot_id", "metal_lots"))
