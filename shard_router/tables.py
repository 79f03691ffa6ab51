"""Owns the tables that the router itself reads: three of the control plane and the fence of each shard."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from sqlalchemy import BigInteger, Column, Index, Integer, MetaData, Table
from sqlalchemy.dialects.mysql import BINARY, DATETIME, VARCHAR


class State(StrEnum):
    """Of a shop in the directory and on its shard's fence."""

    OPEN = "open"
    FENCED = "fenced"  # its rows may be read and not written; a move is deciding
    INCOMING = "incoming"  # its rows are still arriving here


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
