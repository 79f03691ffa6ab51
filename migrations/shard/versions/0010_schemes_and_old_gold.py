"""Saving schemes with their plans and instalments; old gold bought by voucher, and the shop's terms of buying it.

ALGORITHM/LOCK: every table is new, so nothing is locked and nothing is rebuilt.

Revision: 0010
"""

from sqlalchemy import PrimaryKeyConstraint, UniqueConstraint

from migrations.kinds import (
    BIG, BLOB, BOOL, DATE, HASH, ID, INT, SMALL, UTC, code, index, may, must, name, sealed, shop, tied,
)
from migrations.steps import Steps

revision = "0010"
down_revision = "0009"


def upgrade(op: Steps) -> None:
    schemes(op)
    old_gold(op)


def schemes(op: Steps) -> None:
    op.create_table(
        "scheme_plans",
        shop(),
        must("id", ID),
        must("code", code(12)),
        must("name", name(80)),
        must("valid_from", DATE),
        may("valid_to", DATE),
        must("instalment", code(8)),
        must("least_paise", BIG),
        must("step_paise", BIG),
        must("months", SMALL),
        must("bonus", code(12)),
        must("bonus_bp", INT),
        must("grace_days", SMALL),
        may("most_late", SMALL),
        may("metal", code(10)),
        may("fineness", SMALL),
        must("version", INT),
        must("created_at", UTC),
        PrimaryKeyConstraint("shop_id", "id"),
        UniqueConstraint("shop_id", "code", "valid_from", name="uq_scheme_plans_shop_id_code_valid_from"),
    )
    op.create_table(
        "schemes",
        shop(),
        must("id", ID),
        must("number", code(16)),
        must("plan_id", ID),
        must("customer_id", ID),
        must("till_id", ID),
        may("nominee_sealed", sealed(1024)),
        must("instalment_paise", BIG),
        must("begun_on", DATE),
        must("matures_on", DATE),
        must("warns_on", DATE),
        must("stops_on", DATE),
        must("state", code(8)),
        must("paid_paise", BIG),
        must("paid_count", SMALL),
        must("late_count", SMALL),
        must("grams_mg", BIG),
        may("next_due_on", DATE),
        must("warned", BOOL),
        may("ended_on", DATE),
        may("end_reason", name(200)),
        may("credit_id", ID),
        must("bonus_paise", BIG),
        must("bonus_making_bp", INT),
        may("bonus_document_id", ID),
        must("version", INT),
        must("created_at", UTC),
        must("updated_at", UTC),
        PrimaryKeyConstraint("shop_id", "id"),
        index("ix_schemes_shop_id_till_id", "shop_id", "till_id"),
        index("ix_schemes_shop_id_customer_id", "shop_id", "customer_id"),
        index("ix_schemes_shop_id_plan_id", "shop_id", "plan_id"),
        index("ix_schemes_shop_id_credit_id", "shop_id", "credit_id"),
        UniqueConstraint("shop_id", "number", name="uq_schemes_shop_id_number"),
        tied("schemes", "credit_id", "credits"),
        tied("schemes", "customer_id", "customers"),
        tied("schemes", "plan_id", "scheme_plans"),
        tied("schemes", "till_id", "tills"),
        index("ix_schemes_shop_id_begun_on_id", "shop_id", "begun_on", "id"),
        index("ix_schemes_shop_id_bonus_document_id", "shop_id", "bonus_document_id"),
        index("ix_schemes_shop_id_state_next_due_on_id", "shop_id", "state", "next_due_on", "id"),
        index("ix_schemes_shop_id_state_stops_on_id", "shop_id", "state", "stops_on", "id"),
    )
    op.create_table(
        "scheme_instalments",
        shop(),
        must("id", ID),
        must("scheme_id", ID),
        must("no", SMALL),
        may("live_no", SMALL),
        must("receipt_id", ID),
        must("receipt_number", code(16)),
        must("due_on", DATE),
        must("paid_on", DATE),
        must("late", BOOL),
        must("paise", BIG),
        may("rate_paise_per_g", BIG),
        must("grams_mg", BIG),
        must("paid_at", UTC),
        PrimaryKeyConstraint("shop_id", "id"),
        index("ix_scheme_instalments_shop_id_receipt_id", "shop_id", "receipt_id"),
        UniqueConstraint("shop_id", "scheme_id", "live_no", name="uq_scheme_instalments_shop_id_scheme_id_live_no"),
        tied("scheme_instalments", "receipt_id", "receipts"),
        tied("scheme_instalments", "scheme_id", "schemes"),
        index("ix_scheme_instalments_shop_id_paid_on", "shop_id", "paid_on"),
    )


def old_gold(op: Steps) -> None:
    op.create_table(
        "oldgold_vouchers",
        shop(),
        must("id", ID),
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
        must("identity_kind", code(12)),
        must("seller_sealed", sealed(2048)),
        must("shop", BLOB),
        must("pan_declared", BOOL),
        must("value_paise", BIG),
        must("usual_paise", BIG),
        may("actor_id", ID),
        must("render_version", SMALL),
        must("content_hash", HASH),
        PrimaryKeyConstraint("shop_id", "id"),
        UniqueConstraint(
            "shop_id", "registration_id", "fy_start", "number",
            name="uq_oldgold_vouchers_shop_id_registration_id_fy_start_number",
        ),
        UniqueConstraint(
            "shop_id", "till_id", "registration_id", "fy_start", "no",
            name="uq_oldgold_vouchers_shop_id_till_id_registration_id_fy_start_no",
        ),
        tied("oldgold_vouchers", "customer_id", "customers"),
        tied("oldgold_vouchers", "registration_id", "registrations"),
        tied("oldgold_vouchers", "till_id", "tills"),
        index("ix_oldgold_vouchers_shop_id_customer_id_issued_on", "shop_id", "customer_id", "issued_on"),
        index("ix_oldgold_vouchers_shop_id_issued_on_id", "shop_id", "issued_on", "id"),
    )
    op.create_table(
        "oldgold_lines",
        shop(),
        must("id", ID),
        must("voucher_id", ID),
        must("pos", SMALL),
        must("description", name(120)),
        must("metal", code(10)),
        must("gross_mg", BIG),
        must("dirt_mg", BIG),
        must("net_mg", BIG),
        must("fineness", SMALL),
        must("test_kind", code(12)),
        may("test_note", name(120)),
        must("melting_loss_bp", INT),
        must("fine_mg", BIG),
        must("fine_rate_paise_per_g", BIG),
        must("usual_rate_paise_per_g", BIG),
        must("value_paise", BIG),
        must("resale", BOOL),
        may("picture_id", ID),
        must("lot_id", ID),
        PrimaryKeyConstraint("shop_id", "id"),
        index("ix_oldgold_lines_shop_id_picture_id", "shop_id", "picture_id"),
        UniqueConstraint("shop_id", "lot_id", name="uq_oldgold_lines_shop_id_lot_id"),
        UniqueConstraint("shop_id", "voucher_id", "pos", name="uq_oldgold_lines_shop_id_voucher_id_pos"),
        tied("oldgold_lines", "lot_id", "metal_lots"),
        tied("oldgold_lines", "picture_id", "pictures"),
        tied("oldgold_lines", "voucher_id", "oldgold_vouchers"),
    )
    op.create_table(
        "oldgold_payouts",
        shop(),
        must("voucher_id", ID),
        must("pos", SMALL),
        must("mode", code(8)),
        must("paise", BIG),
        may("reference", name(60)),
        may("credit_id", ID),
        PrimaryKeyConstraint("shop_id", "voucher_id", "pos"),
        index("ix_oldgold_payouts_shop_id_credit_id", "shop_id", "credit_id"),
        tied("oldgold_payouts", "credit_id", "credits"),
        tied("oldgold_payouts", "voucher_id", "oldgold_vouchers"),
    )
    op.create_table(
        "buying_terms",
        shop(),
        must("id", ID),
        must("metal", code(10)),
        must("valid_from", DATE),
        must("margin_bp", INT),
        must("melting_loss_bp", INT),
        must("set_at", UTC),
        may("set_by", ID),
        PrimaryKeyConstraint("shop_id", "id"),
        index("ix_buying_terms_shop_id_metal_valid_from_id", "shop_id", "metal", "valid_from", "id"),
    )
