"""What the shop owes its customers, money taken outside a bill, and what is known of a customer beside their address.

ALGORITHM/LOCK: all tables but one are new. `customers.merged_into` is added INSTANT; its index and its tie INPLACE with
LOCK=NONE, the tie on a column that is NULL everywhere.

Revision: 0004
"""

from sqlalchemy import PrimaryKeyConstraint, UniqueConstraint

from migrations.kinds import (
    BIG, BLOB, DATE, HASH, ID, INT, SMALL, UTC, code, index, may, must, name, sealed, shop, tied,
)
from migrations.steps import Steps

revision = "0004"
down_revision = "0003"


def upgrade(op: Steps) -> None:
    doubled_customers(op)
    customers(op)
    credits(op)
    receipts(op)


def doubled_customers(op: Steps) -> None:
    op.add_column("customers", may("merged_into", ID))
    op.add_index("customers", "ix_customers_shop_id_merged_into", ["shop_id", "merged_into"])
    op.add_tie("customers", tied("customers", "merged_into", "customers"))


def customers(op: Steps) -> None:
    op.create_table(
        "customer_dates",
        shop(),
        must("customer_id", ID),
        must("kind", code(16)),
        must("month_day", SMALL),
        may("year", SMALL),
        PrimaryKeyConstraint("shop_id", "customer_id", "kind"),
        tied("customer_dates", "customer_id", "customers"),
        index("ix_customer_dates_shop_id_month_day_customer_id", "shop_id", "month_day", "customer_id"),
    )
    op.create_table(
        "families",
        shop(),
        must("id", ID),
        must("name", name(140)),
        must("version", INT),
        must("created_at", UTC),
        PrimaryKeyConstraint("shop_id", "id"),
    )
    op.create_table(
        "family_members",
        shop(),
        must("customer_id", ID),
        must("family_id", ID),
        must("relation", code(16)),
        must("added_at", UTC),
        PrimaryKeyConstraint("shop_id", "customer_id"),
        tied("family_members", "customer_id", "customers"),
        tied("family_members", "family_id", "families"),
        index("ix_family_members_shop_id_family_id_added_at", "shop_id", "family_id", "added_at"),
    )
    op.create_table(
        "customer_kyc",
        shop(),
        must("id", ID),
        must("customer_id", ID),
        must("kind", code(16)),
        may("live_kind", code(16)),
        may("number_sealed", sealed(256)),
        must("last4", code(4)),
        must("consent", code(16)),
        must("consented_at", UTC),
        may("consented_by", ID),
        may("scan_key", code(200)),
        may("scan_type", code(40)),
        may("scan_sha256", HASH),
        may("verified_at", UTC),
        may("verified_by", ID),
        may("withdrawn_at", UTC),
        must("version", INT),
        PrimaryKeyConstraint("shop_id", "id"),
        UniqueConstraint(
            "shop_id", "customer_id", "live_kind", name="uq_customer_kyc_shop_id_customer_id_live_kind"
        ),
        tied("customer_kyc", "customer_id", "customers"),
    )


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


def receipts(op: Steps) -> None:
    op.create_table(
        "receipts",
        shop(),
        must("id", ID),
        must("kind", code(16)),
        must("registration_id", ID),
        must("outlet_id", ID),
        must("till_id", ID),
        must("fy_start", SMALL),
        must("no", INT),
        must("number", code(16)),
        must("issued_at", UTC),
        must("issued_on", DATE),
        must("book_on", DATE),
        must("customer_id", ID),
        may("payer_sealed", sealed(2048)),
        must("seller", BLOB),
        must("purpose", code(12)),
        may("about_id", ID),
        may("reverses_id", ID),
        may("note", name(200)),
        must("total_paise", BIG),
        may("actor_id", ID),
        must("render_version", SMALL),
        must("content_hash", HASH),
        PrimaryKeyConstraint("shop_id", "id"),
        UniqueConstraint(
            "shop_id", "registration_id", "fy_start", "number",
            name="uq_receipts_shop_id_registration_id_fy_start_number",
        ),
        UniqueConstraint(
            "shop_id", "till_id", "registration_id", "fy_start", "kind", "no",
            name="uq_receipts_shop_id_till_id_registration_id_fy_start_kind_no",
        ),
        UniqueConstraint("shop_id", "reverses_id", name="uq_receipts_shop_id_reverses_id"),
        tied("receipts", "registration_id", "registrations"),
        tied("receipts", "till_id", "tills"),
        tied("receipts", "customer_id", "customers"),
        tied("receipts", "reverses_id", "receipts"),
        index("ix_receipts_shop_id_about_id", "shop_id", "about_id"),
        index("ix_receipts_shop_id_book_on_id", "shop_id", "book_on", "id"),
        index("ix_receipts_shop_id_customer_id_issued_on", "shop_id", "customer_id", "issued_on"),
        index("ix_receipts_shop_id_issued_on_id", "shop_id", "issued_on", "id"),
    )
    op.create_table(
        "receipt_payments",
        shop(),
        must("receipt_id", ID),
        must("pos", SMALL),
        must("mode", code(12)),
        must("paise", BIG),
        may("reference", name(60)),
        PrimaryKeyConstraint("shop_id", "receipt_id", "pos"),
        tied("receipt_payments", "receipt_id", "receipts"),
    )
    op.create_table(
        "receipt_pdfs",
        shop(),
        must("receipt_id", ID),
        must("render_version", SMALL),
        must("object_key", code(200)),
        must("sha256", HASH),
        must("size_bytes", INT),
        must("made_at", UTC),
        PrimaryKeyConstraint("shop_id", "receipt_id", "render_version"),
        tied("receipt_pdfs", "receipt_id", "receipts"),
    )
