"""The cash book: drawers, what came into and left them, counts, handovers, and the business days that are over.

ALGORITHM/LOCK: every table is new, so nothing is locked and nothing is rebuilt.

Revision: 0006
"""

from sqlalchemy import PrimaryKeyConstraint, UniqueConstraint

from migrations.kinds import (
    BIG, BLOB, BOOL, DATE, HASH, ID, INT, JSON, SMALL, UTC, code, index, may, must, name, shop, tied,
)
from migrations.steps import Steps

revision = "0006"
down_revision = "0005"


def upgrade(op: Steps) -> None:
    drawers(op)
    entries(op)
    counts(op)
    closings(op)


def drawers(op: Steps) -> None:
    op.create_table(
        "drawers",
        shop(),
        must("till_id", ID),
        must("business_on", DATE),
        must("shift_no", SMALL),
        must("state", code(8)),
        must("opening_paise", BIG),
        must("counted_on", DATE),
        must("counted_shift", SMALL),
        may("opened_at", UTC),
        may("opened_by", ID),
        must("blind", BOOL),
        must("version", INT),
        PrimaryKeyConstraint("shop_id", "till_id"),
        tied("drawers", "till_id", "tills"),
    )


def entries(op: Steps) -> None:
    op.create_table(
        "cash_entries",
        shop(),
        must("id", ID),
        may("till_id", ID),
        must("book_on", DATE),
        must("shift_no", SMALL),
        must("kind", code(12)),
        must("paise", BIG),
        may("document_id", ID),
        may("note", name(200)),
        may("actor_id", ID),
        must("at", UTC),
        PrimaryKeyConstraint("shop_id", "id"),
        tied("cash_entries", "till_id", "tills"),
        index("ix_cash_entries_shop_id_till_id_book_on_shift_no", "shop_id", "till_id", "book_on", "shift_no"),
        index("ix_cash_entries_shop_id_book_on_id", "shop_id", "book_on", "id"),
        index("ix_cash_entries_shop_id_document_id", "shop_id", "document_id"),
    )


def counts(op: Steps) -> None:
    op.create_table(
        "cash_counts",
        shop(),
        must("id", ID),
        must("till_id", ID),
        must("book_on", DATE),
        must("shift_no", SMALL),
        must("purpose", code(8)),
        must("pieces", JSON),
        must("counted_paise", BIG),
        must("expected_paise", BIG),
        must("blind", BOOL),
        may("note", name(200)),
        may("actor_id", ID),
        must("at", UTC),
        PrimaryKeyConstraint("shop_id", "id"),
        tied("cash_counts", "till_id", "tills"),
        index("ix_cash_counts_shop_id_till_id_book_on_shift_no", "shop_id", "till_id", "book_on", "shift_no"),
        index("ix_cash_counts_shop_id_book_on_id", "shop_id", "book_on", "id"),
    )
    op.create_table(
        "handovers",
        shop(),
        must("id", ID),
        must("till_id", ID),
        may("live_till_id", ID),
        must("count_id", ID),
        must("given_paise", BIG),
        must("given_by", ID),
        must("given_at", UTC),
        must("to_whom", ID),
        must("state", code(8)),
        may("answered_at", UTC),
        may("answer_note", name(200)),
        must("version", INT),
        PrimaryKeyConstraint("shop_id", "id"),
        UniqueConstraint("shop_id", "live_till_id", name="uq_handovers_shop_id_live_till_id"),
        tied("handovers", "till_id", "tills"),
        tied("handovers", "count_id", "cash_counts"),
        index("ix_handovers_shop_id_count_id", "shop_id", "count_id"),
        index("ix_handovers_shop_id_till_id_given_at", "shop_id", "till_id", "given_at"),
    )


def closings(op: Steps) -> None:
    op.create_table(
        "day_closings",
        shop(),
        must("business_on", DATE),
        must("id", ID),
        must("figures", BLOB),
        must("content_hash", HASH),
        must("chain_seq", BIG),
        must("chain_hash", HASH),
        may("note", name(200)),
        may("closed_by", ID),
        must("closed_at", UTC),
        PrimaryKeyConstraint("shop_id", "business_on"),
    )
