"""Owns issued bills for tests, priced and issued by the invoices' own service."""

import secrets
from typing import Any
from uuid import UUID

from app.invoices import service as invoices
from app.kit.idempotency import Claim
from app.kit.sealing import Keyring
from shard_router import Actor, Router


def a_bill(
    router: Router, keyring: Keyring, *, shop_id: int, actor: Actor, item_ids: list[UUID], **facts: Any
) -> invoices.Document:
    """A bill for these pieces, paid in full by UPI and committed; `facts` are other fields of BillDraft."""
    lines = tuple(invoices.LineDraft(item_id) for item_id in item_ids)
    with router.shop(shop_id, actor) as db:
        total = invoices.quote(db, draft=invoices.BillDraft(lines=lines, **facts)).priced.total_paise
    paid = (invoices.PaymentDraft("upi", total, "UPI-1"),)
    draft = invoices.BillDraft(lines=lines, payments=paid, **facts)
    with router.shop(shop_id, actor, hot=True) as db:
        return invoices.issue_invoice(db, draft=draft, claim=a_claim(), keyring=keyring)


def a_claim() -> Claim:
    """As the edge makes it of a request that was never sent before."""
    return Claim(key=secrets.token_hex(16), request_hash=secrets.token_bytes(32), kind="invoice")
