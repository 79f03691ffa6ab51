"""Owns the work on imports: look a list through, and enter it chunk by chunk."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import orjson

from app.customers.errors import PhoneTaken
from app.imports import service
from app.imports.bounds import ENVELOPE_BYTES, bounds_on
from app.imports.columns import Columns, map_columns
from app.imports.rows import Problem, ReadCustomer, ReadPiece
from app.imports.service import Import, ImportState, Progress, Reading
from app.imports.sheet import read_sheet
from app.inventory.errors import HuidTaken, TagTaken
from app.kit.clock import today_ist
from app.kit.jobs import GiveUp, ShopJob, shop_job
from app.kit.objects import NoSuchObject, read_bytes
from app.kit.ports import Bucket
from shard_router import ShopSession

Reads = Sequence[ReadPiece | ReadCustomer]
LOOKED_UP = 1000
"""Rows whose tags, HUIDs and phones are looked for in one short read."""

TRIES = 5
"""Of a chunk of which somebody takes a tag between our look and our write."""


def _gave_up(db: ShopSession, params: dict[str, Any]) -> None:
    service.import_failed(db, import_id=UUID(params["import_id"]))


@shop_job(queue="exports", attempts=4, time_limit=300, gave_up=_gave_up, right="stock.import")
def check_import(job: ShopJob, *, import_id: str) -> None:
    """Every row, by itself, against the others and against what the shop has; what is wrong goes beside the file."""
    known = UUID(import_id)
    found = job.read(lambda db: service.get_import(db, known))
    if found.state is not ImportState.CHECKING:
        return
    reading, columns = _read(job, found)
    problems, free = list(reading.problems), 0
    for begin in range(0, len(reading.good), LOOKED_UP):
        part = reading.good[begin : begin + LOOKED_UP]
        good, taken = job.read(lambda db, part=part: service.refuse_taken(db, part, columns))  # type: ignore[misc]
        problems += taken
        free += len(good)
        job.progress(begin + len(part), len(reading.good))
    problems.sort(key=lambda one: one.row)
    told = orjson.dumps([_plain(one) for one in problems])
    job.runtime.store.put(Bucket.INCOMING, found.problems_key, told, content_type="application/json")
    job.finish(
        lambda db: service.checked(db, import_id=known, good=free, bad=found.total - free),
        result={"importId": import_id, "good": free, "bad": found.total - free},
    )


@shop_job(queue="exports", attempts=8, time_limit=900, gave_up=_gave_up, right="stock.import")
def run_import(job: ShopJob, *, import_id: str) -> None:
    """The good rows, a chunk a transaction that also says how far it is: run again it goes on behind the last one."""
    known = UUID(import_id)
    found = job.read(lambda db: service.get_import(db, known))
    reading, columns = _read(job, found)
    chunk = bounds_on(today_ist()).chunk
    progress = Progress(0, found.entered, more=True)
    while progress.more:
        progress = _chunk(job, known, reading.good, chunk, columns)
        job.progress(progress.settled, len(reading.good))
    job.finish(result={"importId": import_id, "entered": progress.entered})


def _chunk(job: ShopJob, import_id: UUID, reads: Reads, chunk: int, columns: Columns) -> Progress:
    """Again where a till took one of its tags, HUIDs or phones just now: the next look sees that."""
    keyring = job.runtime.keyring
    for _left in range(TRIES):
        try:
            return job.write(lambda db: service.enter_chunk(
                db, import_id=import_id, reads=reads, chunk=chunk, columns=columns, keyring=keyring
            ))  # fmt: skip
        except (TagTaken, HuidTaken, PhoneTaken):
            continue
    raise RuntimeError("a chunk of an import was overtaken again and again")


def _read(job: ShopJob, found: Import) -> tuple[Reading, Columns]:
    """The file as it was read when it came: the same rows in the same order, on the rules of today."""
    today = today_ist()
    try:
        body = read_bytes(job.runtime.store, Bucket.INCOMING, found.incoming_key, most=ENVELOPE_BYTES)
    except NoSuchObject:
        raise GiveUp("the file is gone: what is sent is kept for three days") from None
    sheet = read_sheet(body, bounds_on(today))
    columns = map_columns(found.kind, sheet.headings)
    places = job.read(service.places_by_name)
    return service.read_rows(found.kind, sheet.rows, columns, places, today), columns


def _plain(one: Problem) -> dict[str, Any]:
    return {"row": one.row, "column": one.column, "value": one.value, "rule": one.rule, "code": one.code}
