"""Owns exports: asked for, written by a job, fetched for seven days; the row stays as proof of who took what."""

import dataclasses
import datetime as dt
from dataclasses import dataclass
from uuid import UUID

from app.cash import service as cash
from app.kit import audit, outbox, paging
from app.kit.clock import today_ist, utc_now
from app.kit.ids import new_id
from app.kit.ports import Bucket, ObjectStore
from app.reports import repository
from app.reports.errors import (
    ExportNotFailed,
    ExportUnknown,
    FormatUnfit,
    OnlyToday,
    PeriodBackwards,
    PeriodTooLong,
)
from app.reports.models import Export as ExportRow
from app.reports.models import ExportState
from shard_router import ShopSession

WRITE = "app.reports.jobs.write_export"
KEPT = dt.timedelta(days=7)
LONGEST = dt.timedelta(days=5 * 366)
LINK_LASTS = dt.timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Export:
    """An export as its shop sees it; `download_url` while the file is there, `job_id` when it was just asked for."""

    id: UUID
    kind: str
    format: str
    issued_from: dt.date
    issued_to: dt.date
    state: ExportState
    rows: int | None
    size_bytes: int | None
    requested_by: UUID | None
    created_at: dt.datetime
    ready_at: dt.datetime | None
    expires_at: dt.datetime | None
    download_url: str | None = None
    job_id: UUID | None = None


TABLES = ("csv", "xlsx")
OUTSTANDING = "outstanding"
WRITTEN_AS = {
    "invoices": TABLES, "day_book": TABLES, "cash_book": TABLES, "outstanding": (*TABLES, "pdf"),
    "day_slip": ("pdf",), "day_slip_80": ("pdf",),
}  # fmt: skip
KINDS, FORMATS = tuple(WRITTEN_AS), (*TABLES, "pdf")
"""What there is to be written, and as what."""


def ask_export(db: ShopSession, *, kind: str, format: str, issued_from: dt.date, issued_to: dt.date) -> Export:
    """Raises PeriodBackwards, PeriodTooLong, FormatUnfit; ClosingUnknown for the slip of a day that was not closed;
    OnlyToday for what was or will be owed on another day."""
    if format not in WRITTEN_AS[kind]:
        raise FormatUnfit(fields={"format": "not of this kind"})
    if kind.startswith("day_slip"):
        cash.get_closing(db, issued_from)
    if issued_to < issued_from:
        raise PeriodBackwards(fields={"to": "before from"})
    if issued_to - issued_from > LONGEST:
        raise PeriodTooLong(fields={"to": "too far from from"})
    if kind == OUTSTANDING:
        if issued_to != today_ist():
            raise OnlyToday(fields={"to": "not today"})
        issued_from = issued_to
    row = ExportRow(
        id=new_id(), kind=kind, format=format, state=ExportState.QUEUED.value, requested_by=db.actor.person_id,
        params={"from": issued_from.isoformat(), "to": issued_to.isoformat()}, created_at=utc_now(),
    )  # fmt: skip
    db.add(row)
    job_id = outbox.enqueue(db, WRITE, params={"export_id": str(row.id)})
    audit.record(db, "export.asked", row.id, {"kind": kind, "format": format, **row.params})
    return _export(row, store=None, job_id=job_id)


def ask_export_again(db: ShopSession, export_id: UUID) -> Export:
    """The same file once more after its writing failed. Raises ExportUnknown, ExportNotFailed."""
    row = _found(db, export_id, lock=True)
    if row.state != ExportState.FAILED.value:
        raise ExportNotFailed()
    row.state = ExportState.QUEUED.value
    job_id = outbox.enqueue(db, WRITE, params={"export_id": str(row.id)})
    audit.record(db, "export.asked_again", row.id, dict(row.params))
    return _export(row, store=None, job_id=job_id)


def get_export(db: ShopSession, export_id: UUID, *, store: ObjectStore | None = None) -> Export:
    """With a link to the file where there is one and a store is given. Raises ExportUnknown."""
    return _export(_found(db, export_id), store=store)


def list_exports(
    db: ShopSession, *, sort: str | None = None, after: str | None = None, limit: int = paging.DEFAULT_LIMIT
) -> paging.Page[Export]:
    """The newest first; links are given one by one, by get_export."""
    found = paging.page(db, repository.EXPORTS, orders=repository.ORDERS, sort=sort, after=after, limit=limit)
    return found.map(lambda row: _export(row, store=None))


def export_ready(db: ShopSession, *, export_id: UUID, object_key: str, size_bytes: int, rows: int) -> None:
    row, now = _found(db, export_id, lock=True), utc_now()
    row.state, row.object_key, row.size_bytes, row.rows = ExportState.READY.value, object_key, size_bytes, rows
    row.ready_at, row.expires_at = now, now + KEPT


def export_failed(db: ShopSession, *, export_id: UUID) -> None:
    row = _found(db, export_id, lock=True)
    if row.state == ExportState.QUEUED.value:
        row.state = ExportState.FAILED.value


def file_name(export: Export) -> str:
    return f"{export.kind}-{export.issued_from}-to-{export.issued_to}.{export.format}"


def _found(db: ShopSession, export_id: UUID, *, lock: bool = False) -> ExportRow:
    row = repository.find_export(db, export_id, lock=lock)
    if row is None:
        raise ExportUnknown()
    return row


def _export(row: ExportRow, *, store: ObjectStore | None, job_id: UUID | None = None) -> Export:
    export = Export(
        id=row.id, kind=row.kind, format=row.format, issued_from=dt.date.fromisoformat(row.params["from"]),
        issued_to=dt.date.fromisoformat(row.params["to"]), state=ExportState(row.state), rows=row.rows,
        size_bytes=row.size_bytes, requested_by=row.requested_by, created_at=row.created_at, ready_at=row.ready_at,
        expires_at=row.expires_at, job_id=job_id,
    )  # fmt: skip
    return export if store is None else _with_link(export, row.object_key, store)


def _with_link(export: Export, object_key: str | None, store: ObjectStore) -> Export:
    if object_key is None or export.expires_at is None or export.expires_at <= utc_now():
        return export
    lasts = min(LINK_LASTS, export.expires_at - utc_now())
    url = store.download_link(Bucket.EXPORTS, object_key, filename=file_name(export), lasts=lasts)
    return dataclasses.replace(export, download_url=url)
