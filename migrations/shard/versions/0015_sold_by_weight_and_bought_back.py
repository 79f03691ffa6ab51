"""Lines of bills that were sold out of a lot by weight, and lines of old gold that buy back what a bill's line sold.

ALGORITHM/LOCK: the columns are added INSTANT, indexes and ties are built INPLACE with LOCK=NONE.

Revision: 0015
"""

from migrations.kinds import BIG, ID, INT, may, tied
from migrations.steps import Steps

revision = "0015"
down_revision = "0014"


def upgrade(op: Steps) -> None:
    op.add_column("invoice_lines", may("lot_id", ID))
    op.add_column("invoice_lines", may("stone_mct", BIG))
    op.add_index("invoice_lines", "ix_invoice_lines_shop_id_lot_id", ("shop_id", "lot_id"))
    op.add_tie("invoice_lines", tied("invoice_lines", "lot_id", "metal_lots"))
    op.add_column("oldgold_lines", may("of_line_id", ID))
    op.add_column("oldgold_lines", may("buyback_bp", INT))
    op.add_index("oldgold_lines", "uq_oldgold_lines_shop_id_of_line_id", ("shop_id", "of_line_id"), unique=True)
    op.add_tie("oldgold_lines", tied("oldgold_lines", "of_line_id", "invoice_lines"))
