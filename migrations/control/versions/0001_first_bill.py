"""The control plane of the first bill: people, shops, plans, contracts, the router's map, the platform's books.

ALGORITHM/LOCK: every table is new, so nothing is locked and nothing is rebuilt. Seeds stand where no row of the key is.

Revision: 0001
"""

import datetime as dt

from sqlalchemy import ForeignKeyConstraint, PrimaryKeyConstraint, UniqueConstraint

from migrations.kinds import BIG, BLOB, BOOL, DATE, HASH, ID, INT, JSON, SMALL, UTC, code, index, may, must, name, sealed
from migrations.steps import Steps

revision = "0001"
down_revision = None

RIGHTS_FROM = dt.date(2026, 4, 1)
ALL_RIGHTS = (
    "rates.view", "rates.set", "stock.view", "stock.edit", "customer.view", "customer.edit", "bill.view", "bill.issue",
    "bill.discount", "note.issue", "export.run", "picture.edit", "report.view", "settings.view", "settings.edit",
    "people.view", "people.manage",
)
RIGHTS = {
    "owner": ALL_RIGHTS,
    "manager": tuple(right for right in ALL_RIGHTS if right not in ("people.manage", "settings.edit")),
    "clerk": (
        "rates.view", "stock.view", "stock.edit", "customer.view", "customer.edit", "bill.view", "bill.issue",
        "picture.edit", "settings.view",
    ),
    "accountant": (
        "rates.view", "stock.view", "customer.view", "bill.view", "note.issue", "export.run", "report.view",
        "settings.view",
    ),
}
ANNUAL = {
    "code": "annual", "valid_from": RIGHTS_FROM, "valid_to": None, "name": "Annual", "annual_price_paise": 10_000_00,
    "trial_days": 14, "grace_days": 15, "read_only_days": 30,
}


def upgrade(op: Steps) -> None:
    people_and_shops(op)
    plans_and_contracts(op)
    map_of_the_router(op)
    bookkeeping_of_the_platform(op)
    op.seed("role_rights", [
        {"role": role, "right": right, "valid_from": RIGHTS_FROM, "valid_to": None}
        for role, rights in RIGHTS.items() for right in rights
    ])
    op.seed("plans", [ANNUAL])
    op.seed("platform_audit_head", [{"id": 1, "seq": 0}])


def map_of_the_router(op: Steps) -> None:
    op.create_table(
        "directory",
        must("shop_id", BIG),
        must("shard", code(40)),
        must("epoch", INT),
        must("state", code(10)),
        must("updated_at", UTC),
        PrimaryKeyConstraint("shop_id"),
        index("ix_directory_updated_at", "updated_at"),
    )
    op.create_table(
        "migrations_ledger",
        must("target", code(40)),
        must("revision", code(40)),
        must("state", code(10)),
        must("started_at", UTC),
        may("finished_at", UTC),
        may("error", name(1000)),
        PrimaryKeyConstraint("target", "revision"),
    )


def people_and_shops(op: Steps) -> None:
    op.create_table(
        "people",
        must("id", ID),
        must("email", name(254)),
        must("name", name(120)),
        may("phone", code(20)),
        must("locale", code(8)),
        must("password_hash", code(72)),
        must("session_version", INT),
        may("address_proved_at", UTC),
        may("one_time_until", UTC),
        must("is_vendor_admin", BOOL),
        may("second_factor", sealed(128)),
        may("second_factor_step", BIG),
        may("disabled_at", UTC),
        may("disabled_because", name(300)),
        may("last_sign_in_at", UTC),
        must("version", INT),
        must("created_at", UTC),
        must("updated_at", UTC),
        PrimaryKeyConstraint("id"),
        UniqueConstraint("email", name="uq_people_email"),
    )
    op.create_table(
        "shops",
        must("shop_id", BIG, autoincrement=True),
        must("slug", code(40)),
        must("name", name(120)),
        must("state_code", code(2)),
        may("gstin", code(15)),
        must("profile", JSON),
        must("profile_version", INT),
        must("version", INT),
        must("opened_at", UTC),
        may("ready_at", UTC),
        may("closed_at", UTC),
        PrimaryKeyConstraint("shop_id"),
        UniqueConstraint("slug", name="uq_shops_slug"),
        index("ix_shops_gstin", "gstin"),
    )
    op.create_table(
        "memberships",
        must("person_id", ID),
        must("shop_id", BIG),
        must("role", code(12)),
        must("version", INT),
        must("created_at", UTC),
        may("ended_at", UTC),
        PrimaryKeyConstraint("person_id", "shop_id"),
        ForeignKeyConstraint(["person_id"], ["people.id"], name="fk_memberships_person_id"),
        ForeignKeyConstraint(["shop_id"], ["shops.shop_id"], name="fk_memberships_shop_id"),
        index("ix_memberships_shop_id", "shop_id"),
    )
    op.create_table(
        "invitations",
        must("id", ID),
        must("shop_id", BIG),
        must("email", name(254)),
        must("name", name(120)),
        may("phone", code(20)),
        must("role", code(12)),
        must("code_hash", HASH),
        must("invited_by", ID),
        must("invited_at", UTC),
        must("expires_at", UTC),
        PrimaryKeyConstraint("id"),
        UniqueConstraint("shop_id", "email", name="uq_invitations_shop_id_email"),
        ForeignKeyConstraint(["shop_id"], ["shops.shop_id"], name="fk_invitations_shop_id"),
        index("ix_invitations_email", "email"),
        index("ix_invitations_expires_at", "expires_at"),
    )
    op.create_table(
        "role_rights",
        must("role", code(12)),
        must("right", code(40)),
        must("valid_from", DATE),
        may("valid_to", DATE),
        PrimaryKeyConstraint("role", "right", "valid_from"),
    )
    op.create_table(
        "signing_keys",
        must("kid", code(40)),
        must("public_pem", code(400)),
        must("private_sealed", sealed(512)),
        must("signs_from", UTC),
        must("signs_until", UTC),
        must("verifies_until", UTC),
        PrimaryKeyConstraint("kid"),
    )
    op.create_table(
        "sign_in_gates",
        must("gate", sealed(32)),
        must("failures", INT),
        must("first_at", UTC),
        may("locked_until", UTC),
        PrimaryKeyConstraint("gate"),
        index("ix_sign_in_gates_first_at", "first_at"),
    )
    op.create_table(
        "ended_sessions",
        must("person_id", ID),
        must("token_id", ID),
        must("expires_at", UTC),
        PrimaryKeyConstraint("person_id", "token_id"),
        ForeignKeyConstraint(["person_id"], ["people.id"], name="fk_ended_sessions_person_id"),
        index("ix_ended_sessions_expires_at", "expires_at"),
    )


def plans_and_contracts(op: Steps) -> None:
    op.create_table(
        "plans",
        must("code", code(40)),
        must("valid_from", DATE),
        may("valid_to", DATE),
        must("name", name(80)),
        must("annual_price_paise", BIG),
        must("trial_days", SMALL),
        must("grace_days", SMALL),
        must("read_only_days", SMALL),
        PrimaryKeyConstraint("code", "valid_from"),
    )
    op.create_table(
        "contracts",
        must("shop_id", BIG),
        must("plan_code", code(40)),
        must("plan_from", DATE),
        must("state", code(12)),
        must("starts_on", DATE),
        must("ends_on", DATE),
        must("version", INT),
        must("updated_at", UTC),
        PrimaryKeyConstraint("shop_id"),
        ForeignKeyConstraint(
            ["plan_code", "plan_from"], ["plans.code", "plans.valid_from"], name="fk_contracts_plan_code_plan_from"
        ),
        ForeignKeyConstraint(["shop_id"], ["shops.shop_id"], name="fk_contracts_shop_id"),
        index("ix_contracts_state_ends_on", "state", "ends_on"),
    )
    op.create_table(
        "contract_events",
        must("id", ID),
        must("shop_id", BIG),
        must("version", INT),
        must("event", code(20)),
        must("on_date", DATE),
        may("reason", name(300)),
        may("actor_id", ID),
        must("at", UTC),
        PrimaryKeyConstraint("id"),
        ForeignKeyConstraint(["shop_id"], ["contracts.shop_id"], name="fk_contract_events_shop_id"),
        index("uq_contract_events_shop_id_version", "shop_id", "version", unique=True),
    )


def bookkeeping_of_the_platform(op: Steps) -> None:
    op.create_table(
        "control_outbox",
        must("id", ID),
        must("job", code(80)),
        may("key", code(80)),
        may("shop_id", BIG),
        must("params", JSON),
        must("state", code(10)),
        must("attempts", SMALL),
        must("available_at", UTC),
        may("lease_until", UTC),
        may("error", name(500)),
        must("created_at", UTC),
        may("finished_at", UTC),
        PrimaryKeyConstraint("id"),
        UniqueConstraint("key", name="uq_control_outbox_key"),
        index("ix_control_outbox_shop_id", "shop_id"),
        index("ix_control_outbox_state_available_at", "state", "available_at"),
    )
    op.create_table(
        "control_idempotency_keys",
        must("person_id", ID),
        must("key", code(64)),
        must("request_hash", HASH),
        must("kind", code(40)),
        must("status", SMALL),
        may("reply", BLOB),
        must("created_at", UTC),
        PrimaryKeyConstraint("person_id", "key"),
        index("ix_control_idempotency_keys_created_at", "created_at"),
    )
    op.create_table(
        "platform_audit_head",
        must("id", SMALL),
        must("seq", BIG),
        PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "platform_audit_log",
        must("seq", BIG),
        must("at", UTC),
        may("actor_id", ID),
        must("action", code(40)),
        may("shop_id", BIG),
        must("body", BLOB),
        must("hash", HASH),
        PrimaryKeyConstraint("seq"),
        index("ix_platform_audit_log_at", "at"),
        index("ix_platform_audit_log_shop_id_at", "shop_id", "at"),
    )
