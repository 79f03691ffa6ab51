"""Owns pieces for tests, entered through the inventory's own service."""

import itertools
import secrets
from typing import Any

from app.inventory import service as inventory
from shard_router import ShopSession

_numbers = itertools.count(1)
HUID_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"


def a_draft(**changes: Any) -> inventory.ItemDraft:
    """A gold ring of 22 karat, 3.390 g, making 16 %: case 1 of the price table, with a tag and a HUID of its own."""
    facts: dict[str, Any] = {
        "tag": f"R-{next(_numbers)}-{secrets.token_hex(2).upper()}", "name": "Ring", "category": "ring",
        "metal": "gold", "fineness": 9160, "gross_mg": 3_390, "huid": a_huid(), "making_kind": "percent",
        "making_bp": 1600,
    }  # fmt: skip
    return inventory.ItemDraft(**{**facts, **changes})


def an_item(db: ShopSession, **changes: Any) -> inventory.Item:
    """A piece in stock; `changes` are fields of ItemDraft. The caller commits."""
    return inventory.register_item(db, draft=a_draft(**changes))


def a_huid() -> str:
    """Six letters and digits, hardly ever the same twice."""
    return "".join(secrets.choice(HUID_LETTERS) for _ in range(6))
