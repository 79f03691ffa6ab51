"""Bills with lines that are no piece, payments with what was tendered or redeemed, notes over part of a line.

ALGORITHM/LOCK: columns are added INSTANT; `invoice_lines.item_id` may be empty from now on (INPLACE, LOCK=NONE: the table is
rebuilt while the shops trade), its new index and tie are built INPLACE with LOCK=NONE; `noted_bills` is new.

Revision: 0008
"""

from sqlalchemy import PrimaryKeyConstraint

from migrations.kinds import BIG, BLOB, DATE, ID, INT, code, may, must, shop, tied
from migrations.steps import Steps

revision = "0008"
down_revision = "0007"


def upgrade(op: Steps) -> None:
    op.add_column("invoices", may("occasion", code(24)))
    op.add_column("invoices", may("book_on", DATE))
    op.add_column("invoices", may("shift_no", INT))
    op.let_be_empty("invoice_lines", may("item_id", ID))
    op.add_column("invoice_lines", must("line_kind", code(8), server_default="piece"))
    op.add_column("invoice_lines", may("corrects_line_id", ID))
    op.add_column("invoice_lines", must("pieces", INT, server_default="1"))
    op.add_column("invoice_lines", must("price_paise", BIG, server_default="0"))
    op.add_column("invoice_lines", may("priced_from", BLOB))
    op.add_index("invoice_lines", "ix_invoice_lines_shop_id_corrects_line_id", ("shop_id", "corrects_line_id"))
    op.add_tie("invoice_lines", tied("invoice_lines", "corrects_line_id", "invoice_lines"))
    op.add_column("invoice_payments", may("credit_id", ID))
    op.add_column("invoice_payments", may("tendered_paise", BIG))
    op.create_table(
        "noted_bills",
        shop(),
        must("invoice_id", ID),
        must("notes", INT),
        PrimaryKeyConstraint("shop_id", "invoice_id"),
        tied("noted_bills", "invoice_id", "invoices"),
    )
