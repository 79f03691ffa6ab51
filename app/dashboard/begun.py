"""Owns how a sheet begins with an estimate: what is still there of it, at the rates that it keeps."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

from app.estimates import service as estimates
from app.estimates.service import Estimate
from app.inventory import service as inventory
from app.inventory.service import Item
from app.invoices import service as invoices
from app.invoices.service import BillDraft, LineDraft
from app.kit.clock import today_ist
from app.kit.http import shop_read
from app.kit.locale import date
from app.kit.pages import try_form
from app.kit.texts import _
from shard_router import ShopSession


def begun_of(estimate_id: UUID) -> tuple[BillDraft, tuple[str, ...]]:
    """The draft, and what must be told of it; raises EstimateUnknown."""
    return shop_read(lambda db: _begun(db, estimates.get_estimate(db, estimate_id)))


def _begun(db: ShopSession, estimate: Estimate) -> tuple[BillDraft, tuple[str, ...]]:
    one, said = estimate.summary, []
    items = inventory.get_items(db, estimate.draft.item_ids) if estimate.draft.item_ids else {}
    lines = tuple(line for line in estimate.draft.lines if line.item_id is None or _there(items.get(line.item_id)))
    tags = [items[line.item_id].tag for line in estimate.draft.lines if line.item_id in items and line not in lines]
    if tags:
        said.append(_("Not in stock any more, and left out: %(tags)s.", tags=", ".join(tags)))
    draft = replace(estimate.draft, lines=lines)
    if one.state == estimates.OPEN:
        return replace(draft, estimate_id=one.id, lines=_at_kept_rates(db, draft, estimate)), tuple(said)
    if one.state == estimates.BILLED:
        said.append(_("%(number)s became a bill before: this is another one, at today's rates.", number=one.number))
    else:
        last = date(one.expires_on)
        said.append(_("%(number)s held until %(day)s: today's rates hold.", number=one.number, day=last))
    return draft, tuple(said)


def _there(item: Item | None) -> bool:
    """Whether it could be sold."""
    return item is not None and try_form(lambda: inventory.refuse_missing({item.id: item}, [item.id])).refusal is None


def _at_kept_rates(db: ShopSession, draft: BillDraft, estimate: Estimate) -> tuple[LineDraft, ...]:
    """Where the board fell meanwhile, the customer has the board's."""
    rates = estimate.rates_on(today_ist())
    quoted = try_form(lambda: invoices.quote(db, draft=draft) if draft.lines else None).result
    lines = []
    for place, line in enumerate(draft.lines):
        _purity, kept = rates.get(line.item_id, (None, 0)) if line.item_id else (None, 0)
        board = quoted.priced.lines[place].line.rate_paise_per_g if quoted else None
        better = bool(kept) and line.rate_paise_per_g is None and (board is None or kept < board)
        lines.append(replace(line, of_estimate=better))
    return tuple(lines)
