"""Sheets of the counter that are put aside, and taken up again once, at any till. Nothing is reserved by one."""

import datetime as dt
from uuid import UUID

from app.estimates import drafts, repository
from app.estimates.errors import SheetEmpty, SheetRecalled, SheetUnknown
from app.estimates.models import HeldSheet
from app.estimates.terms import estimate_terms
from app.estimates.views import Held, HeldSummary
from app.invoices.service import BillDraft
from app.kit import audit, paging
from app.kit.clock import ist, today_ist, utc_now
from app.kit.housekeeping import Short
from app.kit.ids import new_id
from shard_router import ShopSession

OLD_SHEETS = Short(
    HeldSheet, HeldSheet.id, lambda now: HeldSheet.held_at < now - estimate_terms(ist(now).date()).held_for
)
"""What the nightly sweep deletes: taken up again or not."""


def hold_sheet(db: ShopSession, *, draft: BillDraft, label: str) -> Held:
    """Put a sheet aside under a word that the clerk knows it by. Raises SheetEmpty.

    The audit entry does not say the word: it may be a name or a phone."""
    if not draft.lines:
        raise SheetEmpty()
    row = HeldSheet(
        id=new_id(), label=label, lines=len(draft.lines), draft=drafts.written(draft), till_id=db.actor.till_id,
        held_at=utc_now(), held_by=db.actor.person_id, recalled_at=None, recalled_by=None,
    )  # fmt: skip
    db.add(row)
    db.flush()
    audit.record(db, "sheet.held", row.id, {"lines": row.lines})
    return _held(row)


def list_held(
    db: ShopSession, *, sort: str | None = None, after: str | None = None, limit: int = paging.DEFAULT_LIMIT
) -> paging.Page[HeldSummary]:
    """Those that wait, the newest first."""
    page = paging.page(
        db, repository.list_sheets(since=_since(utc_now())), orders=_ORDERS, sort=sort, after=after, limit=limit
    )
    return page.map(lambda row: HeldSummary(row.id, row.label, row.lines, row.till_id, row.held_at, row.held_by))


def get_held(db: ShopSession, sheet_id: UUID) -> Held:
    """One sheet, also when it was taken up since; raises SheetUnknown."""
    row = repository.find_sheet(db, sheet_id, since=_since(utc_now()))
    if row is None:
        raise SheetUnknown()
    return _held(row)


def recall(db: ShopSession, *, sheet_id: UUID) -> Held:
    """Take a sheet up again; of two tills one gets it. Raises SheetUnknown, SheetRecalled."""
    held = get_held(db, sheet_id)
    if not repository.recall(db, sheet_id, at=utc_now(), by=db.actor.person_id):
        raise SheetRecalled()
    audit.record(db, "sheet.recalled", sheet_id, {"lines": held.lines})
    return held


_ORDERS = paging.Orders(tie=HeldSheet.id, default="-heldAt", heldAt=HeldSheet.held_at)


def _since(now: dt.datetime) -> dt.datetime:
    return now - estimate_terms(today_ist()).held_for


def _held(row: HeldSheet) -> Held:
    return Held(row.id, row.label, row.lines, row.till_id, row.held_at, row.held_by, drafts.read(row.draft))
