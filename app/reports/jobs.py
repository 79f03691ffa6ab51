"""Owns writing exports, and forgetting their files after seven days."""

import tempfile
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID

from app.cash import service as cash
from app.invoices import service as invoices
from app.invoices.service import ExportPlace, ExportRow
from app.kit.clock import utc_now
from app.kit.jobs import ControlJobRun, GiveUp, ShopJob, control_job, shop_job
from app.kit.ports import Bucket
from app.numbering.gaps import number_gaps
from app.printing.looks import USUAL, Look, Paper
from app.printing.press import Press
from app.reports import auditing, owing, service, slips, writing
from app.reports import rows as book_rows
from app.reports.service import Export
from shard_router import Mode, ShopSession

T = TypeVar("T")

CHUNK = 1000
"""Rows of one short read; between reads no transaction is open, so a long export holds nothing up."""


def _gave_up(db: ShopSession, params: dict[str, Any]) -> None:
    service.export_failed(db, export_id=UUID(params["export_id"]))


def _again(db: ShopSession, params: dict[str, Any]) -> UUID | None:
    return service.ask_export_again(db, UUID(params["export_id"])).job_id


@shop_job(queue="exports", attempts=4, time_limit=900, gave_up=_gave_up, again=_again, right="export.run")
def write_export(job: ShopJob, *, export_id: str) -> None:
    """A period's bills as a file, from the replica to the disk to the store: never whole in memory."""
    known = UUID(export_id)
    export = job.read(lambda db: service.get_export(db, known))
    counted = Counted()
    key = f"{job.shop_id}/{job.id.hex}.{export.format}"
    if export.format == "pdf":
        _write_paper(job, export, key)
        return
    with tempfile.TemporaryDirectory(prefix="export-") as folder:
        path = Path(folder) / "file"
        rows = counted.over(job, _rows_of(job, export))
        _write(rows, export, path)
        with path.open("rb") as file:
            stored = job.runtime.store.put(Bucket.EXPORTS, key, file, content_type=writing.TYPES[export.format])
    job.finish(
        lambda db: service.export_ready(
            db, export_id=known, object_key=key, size_bytes=stored.length, rows=counted.rows
        ),
        result={"exportId": export_id, "rows": counted.rows},
    )


def _write(rows: Iterator[Any], export: Export, path: Path) -> None:
    sheet, columns = writing.SHEETS[export.kind]
    if export.format == "csv":
        with path.open("wb") as file:
            writing.write_csv(rows, file, columns)
    else:
        writing.write_xlsx(rows, path, columns, sheet)


def _rows_of(job: ShopJob, export: Export) -> Iterator[Any]:
    match export.kind:
        case "day_book":
            return book_rows.of_day_book(job, export)
        case "cash_book":
            return book_rows.of_cash_book(job, export)
        case service.OUTSTANDING:
            return iter(job.read(lambda db: owing.rows_of(db, export.issued_to)))
        case _:
            return _rows(job, export)


def _write_paper(job: ShopJob, export: Export, key: str) -> None:
    """Printed: who owes, or the closing of one day, of which the same closing gives the same bytes each time."""
    press = _press(job.runtime.font_dir)
    if export.kind == service.OUTSTANDING:
        paper = job.read(lambda db: owing.paper_of(db, export.issued_to))
        pdf, rows = press.render_slip(paper, USUAL), len(paper.rows)
    else:
        slip = job.read(lambda db: slips.day_slip(db, cash.get_closing(db, export.issued_from)))
        look = Look(Paper.ROLL) if export.kind == "day_slip_80" else USUAL
        pdf, rows = press.render_day(slip, look), len(slip.parts)
    stored = job.runtime.store.put(Bucket.EXPORTS, key, pdf, content_type=writing.TYPES["pdf"])
    job.finish(
        lambda db: service.export_ready(db, export_id=export.id, object_key=key, size_bytes=stored.length, rows=rows),
        result={"exportId": str(export.id), "rows": rows},
    )


@cache
def _press(font_dir: Path | None) -> Press:
    if font_dir is None:
        raise GiveUp("BOOLA_FONT_DIR names no folder of fonts, so nothing can be printed")
    return Press(font_dir)


@control_job
def expire_exports(job: ControlJobRun, *, on: str) -> None:
    """By the file's own age; the row says by itself that its time is over."""
    oldest = utc_now() - service.KEPT
    store = job.runtime.store
    for found in store.list(Bucket.EXPORTS):
        if found.modified_at < oldest:
            store.delete(Bucket.EXPORTS, found.key)
            job.check()


class Counted:
    """Counts rows on their way, and says so to whoever watches."""

    def __init__(self) -> None:
        self.rows = 0

    def over(self, job: ShopJob, rows: Iterator[Any]) -> Iterator[Any]:
        for row in rows:
            self.rows += 1
            if self.rows % CHUNK == 0:
                job.progress(self.rows)
            yield row


def _rows(job: ShopJob, export: Export) -> Iterator[ExportRow]:
    after: ExportPlace | None = None
    while chunk := _chunk(job, export, after):
        yield from chunk
        after = chunk[-1].place


def _chunk(job: ShopJob, export: Export, after: ExportPlace | None) -> list[ExportRow]:
    return job.read(
        lambda db: invoices.list_export_rows(
            db, issued_from=export.issued_from, issued_to=export.issued_to, after=after, limit=CHUNK,
            keyring=job.runtime.keyring,
        )
    )  # fmt: skip


@shop_job(queue="exports", attempts=4, time_limit=900, right="audit.view")
def verify_chain(job: ShopJob) -> None:
    """Walks the shop's audit chain and looks for gaps in its numbers, in short reads of the primary, since two replicas
    may differ in where it ends."""
    walk = _on_the_primary(job, auditing.begin_walk)
    while _on_the_primary(job, walk.step):
        job.progress(walk.checked, max(walk.head, walk.checked))
    found = auditing.told(walk, _on_the_primary(job, number_gaps))
    job.finish(lambda db: auditing.record_walk(db, found), result=found)


def _on_the_primary(job: ShopJob, work: Callable[[ShopSession], T]) -> T:
    job.check()
    with job.runtime.router.shop(job.shop_id, job.actor, mode=Mode.READ) as db:
        return work(db)
