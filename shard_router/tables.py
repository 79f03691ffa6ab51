"""Owns the router's own tables: map, moves and ledger in the control plane; fence and progress on each shard."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, BigInteger, Boolean, Column, Index, Integer, MetaData, Table, UniqueConstraint
from sqlalchemy.dialects.mysql import BINARY, DATETIME, MEDIUMBLOB, VARBINARY, VARCHAR


class State(StrEnum):
    """Of a shop in the directory and on its shard's fence."""

    OPEN = "open"
    FENCED = "fenced"  # its rows may be read and not written; a move is deciding
    INCOMING = "incoming"  # its rows are still arriving here
    MOVED = "moved"  # it lives on `moved_to`; what is left here is old, and will be purged


NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}
MYSQL: dict[str, Any] = {"mysql_engine": "InnoDB", "mysql_charset": "utf8mb4", "mysql_collate": "utf8mb4_0900_ai_ci"}

router_control_metadata = MetaData(naming_convention=NAMING)
router_shard_metadata = MetaData(naming_convention=NAMING)


def code(length: int) -> VARCHAR:
    """Plain, case-sensitive text: names that programs compare."""
    return VARCHAR(length, charset="ascii", collation="ascii_bin")


directory = Table(
    "directory",
    router_control_metadata,
    Column("shop_id", BigInteger, primary_key=True, autoincrement=False),
    Column("shard", code(40), nullable=False),
    Column("epoch", Integer, nullable=False),
    Column("state", code(10), nullable=False),
    Column("updated_at", DATETIME(fsp=6), nullable=False),
    Index(None, "updated_at"),
    info={
        "plane": "control",
        "owner": "shard_router",
        "writes": "insert-update",
        "mutable": ("shard", "epoch", "state", "updated_at"),
        "mover": "update",
        "retention": "platform",
        "purpose": "which shard each shop lives on, at which epoch",
    },
    **MYSQL,
)

migrations_ledger = Table(
    "migrations_ledger",
    router_control_metadata,
    Column("target", code(40), primary_key=True),  # control, or a shard's name
    Column("revision", code(40), primary_key=True),
    Column("state", code(10), nullable=False),  # running, done, failed
    Column("started_at", DATETIME(fsp=6), nullable=False),
    Column("finished_at", DATETIME(fsp=6)),
    Column("error", VARCHAR(1000)),
    info={
        "plane": "control",
        "owner": "shard_router",
        "writes": "",
        "retention": "platform",
        "purpose": "which migration ran where, when and how",
    },
    **MYSQL,
)

moves = Table(
    "moves",
    router_control_metadata,
    Column("id", BINARY(16), primary_key=True),
    Column("shop_id", BigInteger, nullable=False),
    Column("live_shop_id", BigInteger),  # the shop while the move is live, NULL once it has ended: one live move a shop
    Column("source", code(40), nullable=False),
    Column("target", code(40), nullable=False),
    Column("state", code(12), nullable=False),
    Column("epoch", Integer),  # that the shop has, or will have, behind the switch
    Column("max_pause_ms", Integer, nullable=False),
    Column("copied_from", MEDIUMBLOB),  # GTIDs of the source before the first row was read
    Column("switched_from", MEDIUMBLOB),  # GTIDs of the target just behind the switch: where the stream back begins
    Column("facts", JSON, nullable=False),  # rows, bytes, seconds and pauses of each phase
    Column("reason", VARCHAR(500)),  # why it was refused, aborted or rolled back
    Column("asked_by", VARCHAR(120), nullable=False),
    Column("runner", code(80)),  # the process that carries it out, and until when nobody else may
    Column("runner_until", DATETIME(fsp=6)),
    Column("asked_at", DATETIME(fsp=6), nullable=False),
    Column("updated_at", DATETIME(fsp=6), nullable=False),
    Column("switched_at", DATETIME(fsp=6)),
    Column("ended_at", DATETIME(fsp=6)),
    Column("purge_after", DATETIME(fsp=6)),
    UniqueConstraint("live_shop_id"),
    Index(None, "shop_id", "asked_at"),
    Index(None, "state", "updated_at"),
    info={
        "plane": "control",
        "owner": "shard_router",
        "writes": "",
        "mover": "insert-update",
        "retention": "platform",
        "purpose": "each move of a shop from one shard to another",
    },
    **MYSQL,
)

shop_fence = Table(
    "shop_fence",
    router_shard_metadata,
    Column("shop_id", BigInteger, primary_key=True, autoincrement=False),
    Column("epoch", Integer, nullable=False),
    Column("state", code(10), nullable=False),
    Column("moved_to", code(40)),
    Column("move_id", BINARY(16)),
    Column("updated_at", DATETIME(fsp=6), nullable=False),
    info={
        "plane": "shard",
        "owner": "shard_router",
        "writes": "insert",
        "retention": "books",
        "purpose": "whether, and at which epoch, a shop may write here",
    },
    **MYSQL,
)

move_progress = Table(
    "move_progress",
    router_shard_metadata,
    Column("shop_id", BigInteger, primary_key=True, autoincrement=False),
    Column("move_id", BINARY(16), primary_key=True),
    Column("part", code(64), primary_key=True),  # a table's name, or `tail`
    Column("last_key", VARBINARY(1000)),  # behind which the copy of that table goes on
    Column("copied", BigInteger, nullable=False),  # rows
    Column("whole", Boolean, nullable=False),
    Column("gtids", MEDIUMBLOB),  # of the source, up to which the tail was applied
    Column("updated_at", DATETIME(fsp=6), nullable=False),
    info={
        "plane": "shard",
        "owner": "shard_router",
        "writes": "",
        "retention": "short",
        "purpose": "how far a move has come on its target, in the same transaction as the rows",
    },
    **MYSQL,
)
