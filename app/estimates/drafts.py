"""Owns how a draft of a bill is kept: canonical JSON, read back as the same draft."""

from dataclasses import replace
from uuid import UUID

import msgspec

from app.invoices.service import BillDraft
from app.kit import audit


def written(draft: BillDraft) -> bytes:
    """Without the total that the customer was told, which is reckoned anew, and the till: it may go on at another."""
    return audit.canonical({**msgspec.to_builtins(draft), "expected_total_paise": None, "till_id": None})


def read(kept: bytes, **changes: UUID | None) -> BillDraft:
    """What `written` kept, with a customer who is another's row by now. A field that drafts got later is as usual."""
    return replace(msgspec.json.decode(kept, type=BillDraft), **changes)  # type: ignore[arg-type]


def bare(draft: BillDraft) -> BillDraft:
    """What an estimate prices: no money, nothing that another estimate kept."""
    return replace(
        draft, payments=(), expected_total_paise=None, estimate_id=None,
        lines=tuple(replace(line, of_estimate=False) for line in draft.lines),
    )  # fmt: skip
