"""Estimates that become bills, and sheets of the counter that are put aside.

ALGORITHM/LOCK: both tables are new, so nothing is locked and nothing is rebuilt.

Revision: 0016
"""

from sqlalchemy import PrimaryKeyConstraint, UniqueConstraint

from migrations.kinds import BIG, BLOB, DATE, ID, INT, SMALL, UTC, code, index, may, must, name, shop, tied
from migrations.steps import Steps

revision = "0016"
down_revision = "0015"


def upgrade(op: Steps) -> None:
    op.create_table(
        "estimates",
        shop(),
        must("id", ID),
        must("registration_id", ID),
        must("till_id", ID),
        must("fy_start", SMALL),
        must("no", INT),
        must("number", code(16)),
        may("customer_id", ID),
        must("made_at", UTC),
        must("made_on", DATE),
        may("made_by", ID),
        must("expires_on", DATE),
        may("rates_expire_on", DATE),
        must("total_paise", BIG),
        must("draft", BLOB),
        must("shown", BLOB),
        must("kept", BLOB),
        must("seller", BLOB),
        may("invoice_id", ID),
        must("version", INT),
        PrimaryKeyConstraint("shop_id", "id"),
        UniqueConstraint(
            "shop_id", "registration_id", "fy_start", "number",
            name="uq_estimates_shop_id_registration_id_fy_start_number",
        ),
        tied("estimates", "registration_id", "registrations"),
        tied("estimates", "till_id", "tills"),
        tied("estimates", "customer_id", "customers"),
        index("ix_estimates_shop_id_made_at_id", "shop_id", "made_at", "id"),
        index("ix_estimates_shop_id_customer_id_made_at", "shop_id", "customer_id", "made_at"),
        index("ix_estimates_shop_id_invoice_id", "shop_id", "invoice_id"),
        index("ix_estimates_shop_id_till_id", "shop_id", "till_id"),
    )
    op.create_table(
        "held_sheets",
        shop(),
        must("id", ID),
        must("label", name(60)),
        must("lines", SMALL),
        must("draft", BLOB),
        may("till_id", ID),
        must("held_at", UTC),
        may("held_by", ID),
        may("recalled_at", UTC),
        may("recalled_by", ID),
        PrimaryKeyConstraint("shop_id", "id"),
        index("ix_held_sheets_shop_id_recalled_at_held_at", "shop_id", "recalled_at", "held_at"),
        index("ix_held_sheets_held_at", "held_at"),
    )
