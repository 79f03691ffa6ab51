"""Imports: taken in, looked through by a job, entered by another in steps that can be killed, each row once."""

import dataclasses
import datetime as dt
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from app.customers import service as customers
from app.imports import repository
from app.imports.columns import CUSTOMERS, KINDS, STOCK, Columns, bare, words
from app.imports.errors import ImportNotReady, ImportUnknown, RowsAreWrong
from app.imports.models import Import as ImportRow
from app.imports.models import ImportState
from app.imports.rows import Problem, ReadCustomer, ReadPiece, Row, read_customer, read_piece
from app.inventory import service as inventory
from app.inventory.service import Arriving
from app.kit import audit, outbox, paging
from app.kit.clock import utc_now
from app.kit.errors import PreconditionFailed
from app.kit.ids import new_id
from app.kit.objects import unguessable
from app.kit.sealing import Keyring
from app.kit.texts import _
from shard_router import ShopSession

__all__ = [
    "CUSTOMERS", "KINDS", "STOCK", "Import", "ImportState", "Problem", "Progress", "Reading", "checked", "enter_chunk",
    "get_import", "import_failed", "incoming_key", "list_imports", "places_by_name", "read_rows", "refuse_taken",
    "register_import", "shop_sums", "start_import", "template_fields", "template_headings",
]  # fmt: skip

CHECK, RUN = "app.imports.jobs.check_import", "app.imports.jobs.run_import"
MOST_OVERTAKEN = 500
shop_sums = repository.shop_sums


@dataclass(frozen=True, slots=True)
class Import:
    """An import as its shop sees it; `job_id` only when a job was just asked for."""

    id: UUID
    kind: str
    file_name: str
    incoming_key: str
    problems_key: str
    columns: dict[str, Any]
    place_id: UUID | None
    state: ImportState
    total: int
    good: int | None
    bad: int | None
    upto_row: int
    entered: int
    overtaken: list[dict[str, Any]]
    created_at: dt.datetime
    created_by: UUID | None
    started_at: dt.datetime | None
    ended_at: dt.datetime | None
    version: int
    job_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Reading:
    """A list's rows as they were read: what can be entered, in the list's order, and what is wrong with the others."""

    good: tuple[ReadPiece | ReadCustomer, ...]
    problems: tuple[Problem, ...]


@dataclass(frozen=True, slots=True)
class Progress:
    """How far an import is: good rows settled, rows entered, and whether any is left."""

    settled: int
    entered: int
    more: bool


def incoming_key(shop_id: int) -> str:
    """Where a list of this shop lies; nobody else can guess it, and it tells whose it is."""
    return f"{shop_id}/{unguessable()}"


def template_fields(kind: str) -> list[str]:
    """What a list of this kind can say; what it must say comes first."""
    required = words().required[kind]
    return [*required, *(name for name in words().titles[kind] if name not in required)]


def template_headings(kind: str) -> list[str]:
    """What the template's columns are called."""
    return [words().titles[kind][name] for name in template_fields(kind)]


def register_import(
    db: ShopSession, *, kind: str, file_name: str, incoming: str, sha256: bytes, columns: Columns, total: int,
    place_id: UUID | None,
) -> Import:  # fmt: skip
    """Note a list that could be read as one, and ask for it to be looked through. Raises StockPlaceUnknown."""
    if place_id is not None:
        inventory.outlet_of(db, place_id)
    row = ImportRow(
        id=new_id(), kind=kind, file_name=file_name[-120:], incoming_key=incoming, sha256=sha256,
        problems_key=incoming_key(db.shop_id), columns={"headings": columns.headings, "ignored": list(columns.ignored)},
        place_id=place_id, state=ImportState.CHECKING.value, total=total, upto_row=0, entered=0, overtaken=[],
        created_at=utc_now(), created_by=db.actor.person_id, version=1,
    )  # fmt: skip
    db.add(row)
    db.flush()
    job_id = outbox.enqueue(db, CHECK, params={"import_id": str(row.id)})
    audit.record(db, "import.added", row.id, {"kind": kind, "rows": total, "sha256": sha256})
    return _import(row, job_id=job_id)


def get_import(db: ShopSession, import_id: UUID) -> Import:
    """Raises ImportUnknown."""
    return _import(_found(db, import_id))


def list_imports(
    db: ShopSession, *, sort: str | None = None, after: str | None = None, limit: int = paging.DEFAULT_LIMIT
) -> paging.Page[Import]:
    """The newest first."""
    found = paging.page(db, repository.IMPORTS, orders=repository.ORDERS, sort=sort, after=after, limit=limit)
    return found.map(_import)


def start_import(db: ShopSession, *, import_id: UUID, expected_version: int, only_if_all_good: bool) -> Import:
    """Ask for the good rows to be entered: all of them or, where every row is asked for, none if any is wrong.

    Raises ImportUnknown, PreconditionFailed, ImportNotReady, RowsAreWrong.
    """
    row = _found(db, import_id, lock=True)
    if row.state != ImportState.CHECKED.value:
        raise ImportNotReady(_("This import is %(state)s.", state=row.state), fields={"state": row.state})
    if row.version != expected_version:
        raise PreconditionFailed(_("This import was changed since you opened it."), action=_("Look at it again."))
    if only_if_all_good and row.bad:
        raise RowsAreWrong(_("%(bad)s of %(total)s rows are wrong.", bad=row.bad, total=row.total))
    if not row.good:
        raise RowsAreWrong(_("No row is good."))
    row.state, row.started_at, row.started_by = ImportState.RUNNING.value, utc_now(), db.actor.person_id
    row.version += 1
    db.flush()
    job_id = outbox.enqueue(db, RUN, params={"import_id": str(row.id)})
    audit.record(db, "import.started", row.id, {"kind": row.kind, "good": row.good, "bad": row.bad})
    return _import(row, job_id=job_id)


# ---------------------------------------------------------------- looking through


def places_by_name(db: ShopSession) -> dict[str, UUID]:
    """Outlets and trays by what a list may call them."""
    found: dict[str, UUID] = {}
    for place in inventory.list_stock_places(db):
        if place.active:
            found |= {bare(text): place.id for text in (place.name, place.code) if text}
    return found


def read_rows(
    kind: str, rows: Sequence[tuple[int, Sequence[str]]], columns: Columns, places: Mapping[str, UUID], on: dt.date
) -> Reading:
    """Every row by itself, then against those before it; asks no database."""
    good: list[ReadPiece | ReadCustomer] = []
    problems: list[Problem] = []
    first: dict[tuple[str, str], int] = {}
    for number, cells in rows:
        row = Row(number, cells, columns)
        read = read_piece(row, places, on) if kind == STOCK else read_customer(row, on)
        if read is not None:
            for name, value in _unique(read):
                if (earlier := first.setdefault((name, value), number)) != number:
                    row.wrong(name, _("Row %(row)s has the same.", row=earlier), "doubled_in_file")
        problems += row.problems
        good += [read] if read is not None and not row.problems else []
    return Reading(tuple(good), tuple(problems))


def checked(db: ShopSession, *, import_id: UUID, good: int, bad: int) -> None:
    """It was looked through; twice is harmless."""
    row = _found(db, import_id, lock=True)
    if row.state == ImportState.CHECKING.value:
        row.state, row.good, row.bad, row.version = ImportState.CHECKED.value, good, bad, row.version + 1


def refuse_taken(
    db: ShopSession, reads: Sequence[ReadPiece | ReadCustomer], columns: Columns
) -> tuple[list[ReadPiece | ReadCustomer], list[Problem]]:
    """Those whose tag, HUID or phone nobody in the shop has, and what is wrong with the others."""
    pieces = [one.draft for one in reads if isinstance(one, ReadPiece)]
    people = [one.draft for one in reads if isinstance(one, ReadCustomer)]
    tags, huids = inventory.taken_codes(
        db, tags=[one.tag for one in pieces], huids=[one.huid for one in pieces if one.huid]
    ) if pieces else (set[str](), set[str]())  # fmt: skip
    phones = customers.taken_phones(db, [one.phone for one in people if one.phone])
    taken = {"tag": tags, "huid": huids, "phone": phones}
    said = {
        "tag": (_("A piece in stock wears this tag."), "tag_taken"),
        "huid": (_("A piece in stock carries this HUID."), "huid_taken"),
        "phone": (_("A customer has this phone number."), "phone_taken"),
    }
    free: list[ReadPiece | ReadCustomer] = []
    problems: list[Problem] = []
    for one in reads:
        wrong = [
            Problem(one.row, columns.headings.get(name, name), value, *map(str, said[name]))
            for name, value in _unique(one)
            if value in taken[name]
        ]
        problems += wrong
        free += [] if wrong else [one]
    return free, problems


# ---------------------------------------------------------------- entering


def enter_chunk(
    db: ShopSession, *, import_id: UUID, reads: Sequence[ReadPiece | ReadCustomer], chunk: int, columns: Columns,
    keyring: Keyring,
) -> Progress:  # fmt: skip
    """Enter the next rows, and how far that is, in one transaction: killed before or after it, no row comes twice.

    reads  all good rows of the list, in its order. Of those that somebody took meanwhile it is told why not.
    """
    row = _found(db, import_id, lock=True)
    before = bisect_right(reads, row.upto_row, key=lambda one: one.row)
    if row.state != ImportState.RUNNING.value:
        return Progress(before, row.entered, more=False)
    here = reads[before : before + chunk]
    free, taken = refuse_taken(db, here, columns)
    _enter(db, row, free, keyring)
    row.upto_row, row.entered = here[-1].row if here else row.upto_row, row.entered + len(free)
    row.overtaken = [*row.overtaken, *map(_told, taken)][:MOST_OVERTAKEN]
    more = before + len(here) < len(reads)
    if not more:
        row.state, row.ended_at, row.version = ImportState.DONE.value, utc_now(), row.version + 1
        audit.record(db, "import.done", row.id, {"kind": row.kind, "entered": row.entered})
    db.flush()
    return Progress(before + len(here), row.entered, more)


def _enter(db: ShopSession, row: ImportRow, free: Sequence[ReadPiece | ReadCustomer], keyring: Keyring) -> None:
    pieces = [Arriving(one.draft, one.place_id or row.place_id) for one in free if isinstance(one, ReadPiece)]
    people = [one.draft for one in free if isinstance(one, ReadCustomer)]
    if pieces:
        inventory.register_items(db, arriving=pieces, movement_id=row.id)
    if people:
        customers.register_customers(db, drafts=people, keyring=keyring)


def import_failed(db: ShopSession, *, import_id: UUID) -> None:
    """Our fault: what was entered stays, and the rest can be sent again."""
    row = _found(db, import_id, lock=True)
    if row.state in (ImportState.CHECKING.value, ImportState.RUNNING.value):
        row.state, row.ended_at, row.version = ImportState.FAILED.value, utc_now(), row.version + 1


def _told(one: Problem) -> dict[str, Any]:
    """Without what stood there: that may be a person's."""
    return {"row": one.row, "column": one.column, "rule": one.rule, "code": one.code}


def _unique(read: ReadPiece | ReadCustomer) -> list[tuple[str, str]]:
    """Facts that no two may share, in the form in which they are kept."""
    if isinstance(read, ReadPiece):
        return [("tag", read.draft.tag), *([("huid", read.draft.huid)] if read.draft.huid else [])]
    return [("phone", read.draft.phone)] if read.draft.phone else []


def _found(db: ShopSession, import_id: UUID, *, lock: bool = False) -> ImportRow:
    row = repository.find_import(db, import_id, lock=lock)
    if row is None:
        raise ImportUnknown()
    return row


def _import(row: ImportRow, *, job_id: UUID | None = None) -> Import:
    known = {field.name: getattr(row, field.name) for field in dataclasses.fields(Import) if field.name != "job_id"}
    return Import(**{**known, "state": ImportState(row.state)}, job_id=job_id)
