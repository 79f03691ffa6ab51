"""A shard of the first bill: the shop itself, what every write touches, trade, issued documents, files, and the fence.

ALGORITHM/LOCK: every table is new, so nothing is locked and nothing is rebuilt.

Revision: 0001
"""

from sqlalchemy import PrimaryKeyConstraint, UniqueConstraint

from migrations.kinds import (
    BIG, BLOB, BOOL, DATE, HASH, ID, INT, JSON, SMALL, UTC, code, index, may, must, name, sealed, shop, tied,
)
from migrations.steps import Steps

revision = "0001"
down_revision = None


def upgrade(op: Steps) -> None:
    fence(op)
    the_shop_itself(op)
    what_every_write_touches(op)
    trade(op)
    issued_documents(op)
    files(op)


def fence(op: Steps) -> None:
    op.create_table(
        "shop_fence",
        shop(),
        must("epoch", INT),
        must("state", code(10)),
        may("moved_to", code(40)),
        may("move_id", ID),
        must("updated_at", UTC),
        PrimaryKeyConstraint("shop_id"),
    )


def the_shop_itself(op: Steps) -> None:
    op.create_table(
        "shop_profiles",
        shop(),
        must("slug", code(40)),
        must("name", name(120)),
        may("name_local", name(120)),
        must("legal_name", name(120)),
        may("phone", code(20)),
        must("locale", code(8)),
        must("rate_basis", code(10)),
        must("version", INT),
        must("updated_at", UTC),
        PrimaryKeyConstraint("shop_id"),
    )
    op.create_table(
        "registrations",
        shop(),
        must("id", ID),
        may("gstin", code(15)),
        must("state_code", code(2)),
        must("legal_name", name(120)),
        must("composition", BOOL),
        must("version", INT),
        PrimaryKeyConstraint("shop_id", "id"),
        UniqueConstraint("shop_id", "gstin", name="uq_registrations_shop_id_gstin"),
    )
    op.create_table(
        "outlets",
        shop(),
        must("id", ID),
        must("registration_id", ID),
        must("name", name(120)),
        must("address", name(300)),
        must("city", name(80)),
        must("pin", code(6)),
        must("state_code", code(2)),
        may("bis_registration", code(30)),
        must("version", INT),
        PrimaryKeyConstraint("shop_id", "id"),
        tied("outlets", "registration_id", "registrations"),
    )
    op.create_table(
        "tills",
        shop(),
        must("id", ID),
        must("outlet_id", ID),
        must("code", code(3)),
        must("name", name(60)),
        must("version", INT),
        PrimaryKeyConstraint("shop_id", "id"),
        UniqueConstraint("shop_id", "code", name="uq_tills_shop_id_code"),
        tied("tills", "outlet_id", "outlets"),
    )
    op.create_table(
        "member_rights",
        shop(),
        must("person_id", ID),
        must("name", name(120)),
        must("role", code(12)),
        must("rights", JSON),
        must("session_version", INT),
        must("active", BOOL),
        must("version", INT),
        PrimaryKeyConstraint("shop_id", "person_id"),
    )
    op.create_table(
        "entitlements",
        shop(),
        must("state", code(12)),
        must("plan", code(40)),
        must("paid_until", DATE),
        must("grace_days", SMALL),
        must("read_only_days", SMALL),
        must("version", INT),
        PrimaryKeyConstraint("shop_id"),
    )
    op.create_table(
        "number_series",
        shop(),
        must("registration_id", ID),
        must("fy_start", SMALL),
        must("kind", code(16)),
        must("till_id", ID),
        must("last_no", INT),
        PrimaryKeyConstraint("shop_id", "registration_id", "fy_start", "kind", "till_id"),
        tied("number_series", "registration_id", "registrations"),
        tied("number_series", "till_id", "tills"),
    )


def what_every_write_touches(op: Steps) -> None:
    op.create_table(
        "idempotency_keys",
        shop(),
        must("key", code(64)),
        must("request_hash", HASH),
        must("kind", code(40)),
        may("subject_id", ID),
        must("status", SMALL),
        may("reply", BLOB),
        must("created_at", UTC),
        PrimaryKeyConstraint("shop_id", "key"),
        index("ix_idempotency_keys_shop_id_created_at", "shop_id", "created_at"),
    )
    op.create_table(
        "outbox",
        shop(),
        must("id", ID),
        must("job", code(80)),
        may("key", code(80)),
        must("params", JSON),
        must("state", code(10)),
        must("attempts", SMALL),
        must("available_at", UTC),
        may("lease_until", UTC),
        must("steps_done", INT),
        may("steps_total", INT),
        may("result", JSON),
        may("error", name(500)),
        may("actor_id", ID),
        must("actor", JSON),
        must("created_at", UTC),
        may("finished_at", UTC),
        PrimaryKeyConstraint("shop_id", "id"),
        index("ix_outbox_shop_id_state_available_at", "shop_id", "state", "available_at"),
        index("ix_outbox_state_available_at", "state", "available_at"),
        index("uq_outbox_shop_id_key", "shop_id", "key", unique=True),
    )
    op.create_table(
        "audit_head",
        shop(),
        must("seq", BIG),
        PrimaryKeyConstraint("shop_id"),
    )
    op.create_table(
        "audit_log",
        shop(),
        must("seq", BIG),
        must("at", UTC),
        may("actor_id", ID),
        must("action", code(40)),
        may("subject_id", ID),
        must("body", BLOB),
        must("hash", HASH),
        PrimaryKeyConstraint("shop_id", "seq"),
        index("ix_audit_log_shop_id_subject_id", "shop_id", "subject_id"),
    )
    op.create_table(
        "sealing_keys",
        shop(),
        must("subject_id", ID),
        must("purpose", code(10)),
        must("wrapped", sealed(128)),
        must("created_at", UTC),
        may("destroyed_at", UTC),
        PrimaryKeyConstraint("shop_id", "subject_id", "purpose"),
    )


def trade(op: Steps) -> None:
    op.create_table(
        "customers",
        shop(),
        must("id", ID),
        must("name", name(140)),
        may("phone", code(16)),
        may("email", name(254)),
        may("gstin", code(15)),
        may("pan", code(10)),
        may("address", name(300)),
        may("city", name(80)),
        may("pin", code(6)),
        may("state_code", code(2)),
        must("version", INT),
        must("created_at", UTC),
        must("updated_at", UTC),
        may("erased_at", UTC),
        PrimaryKeyConstraint("shop_id", "id"),
        UniqueConstraint("shop_id", "phone", name="uq_customers_shop_id_phone"),
        index("ix_customers_shop_id_created_at_id", "shop_id", "created_at", "id"),
        index("ix_customers_shop_id_gstin", "shop_id", "gstin"),
        index("ix_customers_shop_id_name_id", "shop_id", "name", "id"),
    )
    op.create_table(
        "board_rates",
        shop(),
        must("metal", code(10)),
        must("fineness", SMALL),
        must("paise_per_g", BIG),
        must("set_at", UTC),
        may("set_by", ID),
        must("version", INT),
        PrimaryKeyConstraint("shop_id", "metal", "fineness"),
    )
    op.create_table(
        "board_rate_changes",
        shop(),
        must("id", ID),
        must("metal", code(10)),
        must("fineness", SMALL),
        must("paise_per_g", BIG),
        must("set_at", UTC),
        may("set_by", ID),
        PrimaryKeyConstraint("shop_id", "id"),
        index("ix_board_rate_changes_shop_id_metal_fineness_set_at", "shop_id", "metal", "fineness", "set_at"),
        index("ix_board_rate_changes_shop_id_set_at", "shop_id", "set_at"),
    )
    op.create_table(
        "items",
        shop(),
        must("id", ID),
        must("tag", code(24)),
        must("name", name(120)),
        must("category", code(24)),
        must("metal", code(10)),
        must("fineness", SMALL),
        must("hsn", code(8)),
        may("huid", code(6)),
        may("huid_exempt", code(24)),
        must("gross_mg", BIG),
        must("stone_mg", BIG),
        must("net_mg", BIG),
        must("wastage_kind", code(16)),
        must("wastage_bp", INT),
        must("making_kind", code(16)),
        must("making_paise", BIG),
        must("making_bp", INT),
        must("hallmark_paise", BIG),
        must("status", code(10)),
        may("live_tag", code(24)),
        may("live_huid", code(6)),
        may("invoice_id", ID),
        may("picture_id", ID),
        must("version", INT),
        must("created_at", UTC),
        must("updated_at", UTC),
        PrimaryKeyConstraint("shop_id", "id"),
        UniqueConstraint("shop_id", "live_huid", name="uq_items_shop_id_live_huid"),
        UniqueConstraint("shop_id", "live_tag", name="uq_items_shop_id_live_tag"),
        index("ix_items_shop_id_category_created_at_id", "shop_id", "category", "created_at", "id"),
        index("ix_items_shop_id_huid", "shop_id", "huid"),
        index("ix_items_shop_id_status_created_at_id", "shop_id", "status", "created_at", "id"),
        index("ix_items_shop_id_tag", "shop_id", "tag"),
    )
    op.create_table(
        "item_stones",
        shop(),
        must("item_id", ID),
        must("pos", SMALL),
        must("kind", name(40)),
        must("pieces", INT),
        must("weight_mct", BIG),
        must("basis", code(10)),
        must("rate_paise", BIG),
        PrimaryKeyConstraint("shop_id", "item_id", "pos"),
        tied("item_stones", "item_id", "items"),
    )


def issued_documents(op: Steps) -> None:
    op.create_table(
        "invoices",
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
        may("customer_id", ID),
        must("buyer_registered", BOOL),
        may("buyer_sealed", sealed(2048)),
        must("seller", BLOB),
        must("place_of_supply", code(2)),
        must("inter_state", BOOL),
        must("reverse_charge", BOOL),
        must("taxable_paise", BIG),
        must("cgst_paise", BIG),
        must("sgst_paise", BIG),
        must("igst_paise", BIG),
        must("round_off_paise", INT),
        must("total_paise", BIG),
        may("reverses_id", ID),
        may("reason", name(200)),
        may("actor_id", ID),
        must("render_version", SMALL),
        must("content_hash", HASH),
        PrimaryKeyConstraint("shop_id", "id"),
        UniqueConstraint(
            "shop_id", "till_id", "registration_id", "fy_start", "kind", "no",
            name="uq_invoices_shop_id_till_id_registration_id_fy_start_kind_no",
        ),
        UniqueConstraint(
            "shop_id", "registration_id", "fy_start", "number",
            name="uq_invoices_shop_id_registration_id_fy_start_number",
        ),
        tied("invoices", "customer_id", "customers"),
        tied("invoices", "registration_id", "registrations"),
        tied("invoices", "reverses_id", "invoices"),
        tied("invoices", "till_id", "tills"),
        index("ix_invoices_shop_id_customer_id_issued_on", "shop_id", "customer_id", "issued_on"),
        index("ix_invoices_shop_id_issued_on_id", "shop_id", "issued_on", "id"),
        index("ix_invoices_shop_id_kind_issued_on_id", "shop_id", "kind", "issued_on", "id"),
    )
    op.create_table(
        "invoice_lines",
        shop(),
        must("id", ID),
        must("invoice_id", ID),
        must("pos", SMALL),
        must("item_id", ID),
        may("reverses_line_id", ID),
        must("description", name(120)),
        must("tag", code(24)),
        may("huid", code(6)),
        must("hsn", code(8)),
        must("metal", code(10)),
        must("fineness", SMALL),
        must("gross_mg", BIG),
        must("stone_mg", BIG),
        must("net_mg", BIG),
        must("rate_paise_per_g", BIG),
        must("metal_paise", BIG),
        must("wastage_paise", BIG),
        must("making_paise", BIG),
        must("making_discount_paise", BIG),
        must("stones_paise", BIG),
        must("hallmark_paise", BIG),
        must("discount_paise", BIG),
        must("taxable_paise", BIG),
        must("tax_bp", INT),
        must("cgst_paise", BIG),
        must("sgst_paise", BIG),
        must("igst_paise", BIG),
        PrimaryKeyConstraint("shop_id", "id"),
        UniqueConstraint("shop_id", "invoice_id", "pos", name="uq_invoice_lines_shop_id_invoice_id_pos"),
        UniqueConstraint("shop_id", "reverses_line_id", name="uq_invoice_lines_shop_id_reverses_line_id"),
        tied("invoice_lines", "invoice_id", "invoices"),
        tied("invoice_lines", "item_id", "items"),
        tied("invoice_lines", "reverses_line_id", "invoice_lines"),
        index("ix_invoice_lines_shop_id_item_id", "shop_id", "item_id"),
    )
    op.create_table(
        "invoice_payments",
        shop(),
        must("invoice_id", ID),
        must("pos", SMALL),
        must("mode", code(12)),
        must("paise", BIG),
        may("reference", name(60)),
        PrimaryKeyConstraint("shop_id", "invoice_id", "pos"),
        tied("invoice_payments", "invoice_id", "invoices"),
    )
    op.create_table(
        "invoice_pdfs",
        shop(),
        must("invoice_id", ID),
        must("render_version", SMALL),
        must("object_key", code(200)),
        must("sha256", HASH),
        must("size_bytes", INT),
        must("made_at", UTC),
        PrimaryKeyConstraint("shop_id", "invoice_id", "render_version"),
        tied("invoice_pdfs", "invoice_id", "invoices"),
    )


def files(op: Steps) -> None:
    op.create_table(
        "pictures",
        shop(),
        must("id", ID),
        may("item_id", ID),
        must("state", code(10)),
        must("incoming_key", code(200)),
        must("sha256", HASH),
        may("width", INT),
        may("height", INT),
        may("sizes", JSON),
        may("cut_out_by", code(24)),
        may("cut_out_sure_bp", INT),
        may("refused_because", code(40)),
        must("created_at", UTC),
        may("processed_at", UTC),
        PrimaryKeyConstraint("shop_id", "id"),
        tied("pictures", "item_id", "items"),
        index("ix_pictures_shop_id_created_at_id", "shop_id", "created_at", "id"),
    )
    op.add_tie("items", tied("items", "picture_id", "pictures"))  # pieces and pictures name each other
    op.create_table(
        "exports",
        shop(),
        must("id", ID),
        must("kind", code(24)),
        must("format", code(8)),
        must("params", JSON),
        must("state", code(10)),
        may("object_key", code(200)),
        may("size_bytes", BIG),
        may("rows", INT),
        may("requested_by", ID),
        must("created_at", UTC),
        may("ready_at", UTC),
        may("expires_at", UTC),
        PrimaryKeyConstraint("shop_id", "id"),
        index("ix_exports_shop_id_created_at_id", "shop_id", "created_at", "id"),
    )
