"""Owns writing exports, and forgetting their files after seven days."""

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

from app.invoices import service as invoices
from app.invoices.service import ExportPlace, ExportRow
from app.kit.clock import utc_now
from app.kit.jobs import ControlJobRun, ShopJob, control_job, shop_job
from app.kit.ports import Bucket
from app.reports import service, writing
from app.reports.service import Export
from shard_router import ShopSession

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
    with tempfile.TemporaryDirectory(prefix="export-") as folder:
        path = Path(folder) / "file"
        rows = counted.over(job, _rows(job, export))
        if export.format == "csv":
            with path.open("wb") as file:
                writing.write_csv(rows, file)
        else:
            writing.write_xlsx(rows, path)
        with path.open("rb") as file:
            stored = job.runtime.store.put(Bucket.EXPORTS, key, file, content_type=writing.TYPES[export.format])
    job.finish(
        lambda db: service.export_ready(
            db, export_id=known, object_key=key, size_bytes=stored.length, rows=counted.rows
        ),
        result={"exportId": export_id, "rows": counted.rows},
    )


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

    def over(self, job: ShopJob, rows: Iterator[ExportRow]) -> Iterator[ExportRow]:
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
