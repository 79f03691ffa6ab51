"""Owns the operator's corrections of dated tables: each a version in the control plane, followed by every process.

A process looks every FOLLOW_EVERY seconds; until then it reckons by the table that it has. What it saw last is kept in
a file, so that a process that starts while the control plane is gone does not go back to the packaged figures. What
breaks that: a machine whose file is lost, and which then starts without the control plane.
"""

import datetime as dt
import json
import os
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy.exc import IntegrityError

from app.console import repository
from app.console.errors import TableChangedMeanwhile, TableUnknown, TableUnusable
from app.console.models import DatedTable
from app.kit import audit, dated
from app.kit.clock import utc_now
from app.kit.texts import _
from shard_router import ControlSession, Router

log = structlog.get_logger(__name__)

FOLLOW_EVERY = 30.0
MAX_BYTES = 512 * 1024


@dataclass(frozen=True, slots=True)
class Decision:
    """One version of a table; `body` None: the file counts again."""

    version: int
    body: str | None
    reason: str
    decided_by: UUID
    decided_at: dt.datetime


@dataclass(frozen=True, slots=True)
class Section:
    """One list of records of a table, with every member that its records have."""

    name: str
    members: tuple[str, ...]
    records: tuple[Mapping[str, Any], ...]


@dataclass(frozen=True, slots=True)
class TableView:
    """A table as it counts: `version` 0 where nobody ever decided anything."""

    name: str
    room: str
    note: str
    sections: tuple[Section, ...]
    body: str
    version: int
    decisions: tuple[Decision, ...]

    @property
    def corrected(self) -> bool:
        return bool(self.decisions) and self.decisions[0].body is not None


# ---------------------------------------------------------------- looking and deciding


def list_tables(control: ControlSession) -> list[TableView]:
    """Every table, by room and name, each with its newest decision alone."""
    newest = {row.name: row for row in repository.newest_tables(control)}
    views = [_view(path, [newest[name]] if name in newest else []) for name, path in dated.packaged_tables().items()]
    return sorted(views, key=lambda view: (view.room, view.name))


def get_table(control: ControlSession, name: str) -> TableView:
    """Raises TableUnknown."""
    return _view(_path(name), repository.table_versions(control, name))


def decide_table(
    control: ControlSession, *, name: str, expected_version: int, body: str | None, reason: str, actor_id: UUID
) -> TableView:
    """Put another text in a table's place (None: the file's again), everywhere within FOLLOW_EVERY seconds.

    Raises TableUnknown, TableUnusable with what its readers say, TableChangedMeanwhile.
    """
    path = _path(name)
    rows = repository.table_versions(control, name)
    version = rows[0].version if rows else 0
    if version != expected_version:
        raise TableChangedMeanwhile()
    _check(control, name, body)
    row = DatedTable(
        name=name, version=version + 1, body=None if body is None else body.encode(), reason=reason,
        decided_by=actor_id, decided_at=utc_now(),
    )  # fmt: skip
    control.add(row)
    try:
        control.flush()
    except IntegrityError as taken:
        raise TableChangedMeanwhile() from taken
    audit.record_platform(control, "table.decided", {
        "table": name, "version": row.version, "reason": reason, "back": body is None,
        "changed": changes(_text(path, rows), body if body is not None else dated.corrected_text(path)),
    }, actor_id=actor_id)  # fmt: skip
    return _view(path, [row, *rows])


def changes(before: str, after: str) -> list[str]:
    """The records that go and come, one text each, in the words of the table: − gone, + new."""
    old, new = (_records_in(text) for text in (before, after))
    gone = [f"− {record}" for record in old if record not in new]
    return [*gone, *(f"+ {record}" for record in new if record not in old)]


def with_record(body: str, section: str, place: int | None, record: Mapping[str, Any]) -> str:
    """The table's text with this record in the place of another, or (None) behind the last."""
    content = json.loads(body)
    records = content[section]
    if place is None:
        records.append(dict(record))
    else:
        records[place] = dict(record)
    return written(content)


def written(content: Any) -> str:
    """The one form in which decided tables are kept: a single line."""
    return json.dumps(content, ensure_ascii=False)


# ---------------------------------------------------------------- following


class Follower:
    """Brings this process to what was decided, again and again; a start without control begins with the file."""

    def __init__(self, router: Router, kept: Path) -> None:
        self._router = router
        self._kept = kept

    def begin(self) -> None:
        """What the file says counts at once; a file that cannot be used is named in the log and left alone."""
        try:
            dated.decide(json.loads(self._kept.read_text(encoding="utf-8")))
        except FileNotFoundError:
            return
        except (OSError, ValueError) as bad:
            log.error("decided tables on disk cannot be used", file=str(self._kept), why=str(bad))

    def look(self) -> None:
        """Raises what the control plane or a table that no reader can use raises; then all stays as it was."""
        with self._router.control() as control:
            tables = _decided(repository.newest_tables(control))
        dated.decide(tables)
        self._keep(tables)

    def _keep(self, tables: Mapping[str, str]) -> None:
        text = written(tables)
        if self._kept.is_file() and self._kept.read_text(encoding="utf-8") == text:
            return
        handle, made = tempfile.mkstemp(dir=self._kept.parent, prefix=self._kept.name)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        Path(made).replace(self._kept)


def follow(router: Router, kept: Path) -> Follower:
    """Begins to follow in this process, from the file first; the router's own threads look from then on."""
    follower = Follower(router, kept)
    follower.begin()
    router.every(FOLLOW_EVERY, "dated tables", follower.look)
    return follower


# ---------------------------------------------------------------- parts


def _path(name: str) -> Path:
    path = dated.packaged_tables().get(name)
    if path is None:
        raise TableUnknown()
    return path


def _decided(rows: Sequence[DatedTable]) -> dict[str, str]:
    """A table that this release no longer has is left alone."""
    known = dated.packaged_tables()
    return {row.name: row.body.decode() for row in rows if row.body is not None and row.name in known}


def _check(control: ControlSession, name: str, body: str | None) -> None:
    tables = _decided(repository.newest_tables(control))
    tables.pop(name, None)
    if body is not None:
        if len(body.encode()) > MAX_BYTES:
            raise TableUnusable(_("A table has at most %(most)s kB.", most=MAX_BYTES // 1024), fields={"body": "large"})
        tables[name] = body
    try:
        _shape(body)
        dated.try_out(tables)
    except dated.BrokenTable as broken:
        raise TableUnusable(str(broken), fields={"body": str(broken)}) from broken


def _shape(body: str | None) -> None:
    """Lists of records of one shape, and a note."""
    if body is None:
        return
    try:
        content = json.loads(body)
    except ValueError as error:
        raise dated.BrokenTable(str(error)) from error
    if not isinstance(content, dict):
        raise dated.BrokenTable("a table is an object with lists of records")
    for name, records in content.items():
        whole = isinstance(records, list) and all(isinstance(record, dict) for record in records)
        if name != "note" and not whole:
            raise dated.BrokenTable(f"{name}: a list of records is expected")


def _view(path: Path, rows: Sequence[DatedTable]) -> TableView:
    body = _text(path, rows)
    content = json.loads(body)
    return TableView(
        name=path.name, room=path.parent.parent.name, note=str(content.get("note", "")),
        body=written(content),
        sections=tuple(_section(name, records) for name, records in content.items() if isinstance(records, list)),
        version=rows[0].version if rows else 0, decisions=tuple(_decision(row) for row in rows),
    )  # fmt: skip


def _text(path: Path, rows: Sequence[DatedTable]) -> str:
    newest = rows[0].body if rows else None
    return dated.corrected_text(path) if newest is None else newest.decode()


def _section(name: str, records: Sequence[Mapping[str, Any]]) -> Section:
    members = dict.fromkeys(member for record in records for member in record)
    return Section(name, tuple(members), tuple(records))


def _decision(row: DatedTable) -> Decision:
    body = None if row.body is None else row.body.decode()
    return Decision(row.version, body, row.reason, row.decided_by, row.decided_at)


def _records_in(text: str) -> list[str]:
    lists = [records for name, records in json.loads(text).items() if name != "note"]
    return [_line(record) for records in lists for record in records]


def _line(record: Mapping[str, Any]) -> str:
    return " · ".join(f"{name} {json.dumps(value, ensure_ascii=False)}" for name, value in record.items())
