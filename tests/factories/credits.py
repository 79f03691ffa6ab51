"""Owns credits for tests, opened through the credits' own service."""

from typing import Any
from uuid import UUID

from app.credits import service as credits
from app.kit.ids import new_id
from shard_router import ShopSession


def a_credit(db: ShopSession, customer_id: UUID, paise: int = 50_000_00, **changes: Any) -> credits.Credit:
    """Store credit of ₹50,000 by a note that nobody wrote. The caller commits."""
    facts: dict[str, Any] = {"kind": "store_credit", "source_id": new_id(), **changes}
    return credits.open_credit(db, customer_id=customer_id, paise=paise, **facts)
