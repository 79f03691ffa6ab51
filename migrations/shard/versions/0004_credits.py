"""What the shop owes its customers, and which row of a doubled customer counts.

ALGORITHM/LOCK: two tables are new. `customers.merged_into` is added INSTANT; its index and its tie INPLACE with LOCK=NONE,
the tie on a column that is NULL everywhere.

Revision: 0004
"""

from sqlalchemy import PrimaryKeyConstraint, UniqueConstraint

from migrations.kinds import BIG, DATE, ID, INT, UTC, code, index, may, must, shop, tied
from migrations.steps import Steps

revision = "0004"
down_revision = "0003"


def upgrade(op: Steps) -> None:
    doubled_customers(op)
    credits(op)


def doubled_customers(op: Steps) -> None:
    op.add_column("customers", may("merged_into", ID))
    op.add_index("customers", "ix_customers_shop_id_merged_into", ["shop_id", "merged_into"])
    op.add_tie("customers", tied("customers", "merged_into", "customers"))


def credits(op: Steps) -> None:
    op.create_table(
        "credits",
        shop(),
        must("id", ID),
        must("kind", code(16)),
        must("customer_id", ID),
        must("source_id", ID),
        must("paise", BIG),
        must("left_paise", BIG),
        must("state", code(10)),
        must("made_on", DATE),
        may("expires_on", DATE),
        must("version", INT),
        PrimaryKeyConstraint("shop_id", "id"),
        UniqueConstraint("shop_id", "source_id", "kind", name="uq_credits_shop_id_source_id_kind"),
        tied("credits", "customer_id", "customers"),
        index("ix_credits_shop_id_customer_id_state", "shop_id", "customer_id", "state"),
        index("ix_credits_shop_id_made_on_id", "shop_id", "made_on", "id"),
        index("ix_credits_shop_id_state_made_on_id", "shop_id", "state", "made_on", "id"),
    )
    op.create_table(
        "credit_uses",
        shop(),
        must("id", ID),
        must("credit_id", ID),
        must("document_id", ID),
        must("kind", code(10)),
        must("paise", BIG),
        must("at", UTC),
        may("actor_id", ID),
        PrimaryKeyConstraint("shop_id", "id"),
        UniqueConstraint(
            "shop_id", "credit_id", "document_id", "kind", name="uq_credit_uses_shop_id_credit_id_document_id_kind"
        ),
        tied("credit_uses", "credit_id", "credits"),
        index("ix_credit_uses_shop_id_document_id", "shop_id", "document_id"),
    )
