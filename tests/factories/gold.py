"""Owns old gold for tests: a chain of somebody's, bought as any is."""

from typing import Any
from uuid import UUID

from app.kit.sealing import Keyring
from app.oldgold import service
from app.oldgold.service import LineDraft, PurchaseDraft, TestKind, Voucher
from shard_router import ShopSession


def an_old_chain(db: ShopSession, keyring: Keyring, *, customer_id: UUID, **changes: Any) -> Voucher:
    """Three grams of 91.6 %, below the value from which a photograph is asked for; kept as a credit. Needs a board."""
    facts = {
        "description": "Old chain", "metal": "gold", "gross_mg": 3_000, "fineness": 9_160, "test": TestKind.XRF,
        **changes,
    }  # fmt: skip
    draft = PurchaseDraft(
        customer_id=customer_id, identity_kind="voter", identity_number="ABC1234567", lines=(LineDraft(**facts),)
    )
    return service.issue_voucher(db, draft=draft, keyring=keyring)
