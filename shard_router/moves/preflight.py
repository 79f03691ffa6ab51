"""Owns what is looked at before a move is begun: everything that would stop it later, or make it lie, named at once."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from pymysql import err

from shard_router.moves import fences
from shard_router.moves.errors import Reason
from shard_router.moves.keys import KeyRefused, read_shapes
from shard_router.moves.lines import Line, error_number
from shard_router.moves.shapes import KNOWN, Column, read_columns
from shard_router.moves.states import Limits
from shard_router.tables import State

WANTED = {
    "log_bin": "ON",
    "gtid_mode": "ON",
    "enforce_gtid_consistency": "ON",
    "binlog_format": "ROW",
    "binlog_row_image": "FULL",
    "binlog_row_value_options": "",
    "binlog_transaction_compression": "OFF",
    "binlog_order_commits": "ON",
    "log_replica_updates": "ON",
    "performance_schema": "ON",
}
SEMI_SYNC = ("rpl_semi_sync_source_enabled", "rpl_semi_sync_source_timeout")
PATIENT = 86_400_000  # milliseconds; a source that waits less for its replicas acknowledges alone some day
TAGGED = re.compile(r":[A-Za-z_]")
NO_TABLE = 1146
PLAN = "EXPLAIN FORMAT=TRADITIONAL SELECT 1 FROM"
ROWS_PER_S = 2000  # of a slow copy, to tell how long the binlog must be kept
SPARE = 3600.0
OWN = {"shop_fence", "move_progress"}


@dataclass(frozen=True, slots=True)
class Ground:
    """Everything that the questions are asked of."""

    source: Line
    target: Line
    database: str
    shop_id: int
    epoch: int
    tables: tuple[str, ...]
    limits: Limits

    @property
    def sides(self) -> tuple[tuple[str, Line], ...]:
        return ("source", self.source), ("target", self.target)


def reasons(ground: Ground, *, copied: bool = False) -> list[Reason]:
    """Why this move cannot be; empty if it can. `copied`: the target has the shop's rows, and the stream back brings
    what changed since."""
    found = [reason for side, line in ground.sides for reason in _of_server(side, line, ground)]
    found += _of_schema(ground)
    found += _of_fences(ground)
    if not copied:
        found += _of_rows(ground)
    return found


def reasons_to_restore(ground: Ground, live: Line | None) -> list[str]:
    """The same of a restore; the ground's source is the restored server, `live` the primary that the shop leaves."""
    found: list[str] = list(of_restored(ground.source, ground.shop_id))
    found += _of_another(ground, live)
    for side, line in (("target", ground.target), *((("source", live),) if live is not None else ())):
        found += _of_server(side, line, ground)
    found += _of_schema(ground)
    if live is not None:
        found += _of_live_fence(live, ground)
    found += _of_target_fence(ground)
    return found + list(_of_rows(ground))


def reasons_to_return(ground: Ground) -> list[str]:
    """Of the way back from a restore: the rows that were closed then are opened, and nothing is copied. That they are
    there still is for the caller to know."""
    found: list[str] = [*_of_live_fence(ground.source, ground)]
    for side, line in ground.sides:
        found += _of_server(side, line, ground)
    versions = [_version(line) for _, line in ground.sides]
    if versions[0] != versions[1]:
        found.append(f"the schemas differ: {versions[0]} and {versions[1]}; migrate both first")
    row = fences.read(ground.target, ground.shop_id)
    if row is None or row.state != State.MOVED:
        found.append("the rows that it had before are not there any more")
    return found


def of_restored(line: Line, shop_id: int) -> Iterator[str]:
    """Whether a server may be read as what the shop was."""
    if not line.scalar("SELECT @@global.read_only"):
        yield f"{line.server.name} takes writes: set read_only there, so that it stays what was restored"
    row = fences.read(line, shop_id)
    if row is None:
        yield f"{line.server.name} has nothing of shop {shop_id}"
    elif row.state not in (State.OPEN, State.FENCED):
        yield f"{line.server.name} is of a moment when the shop lived elsewhere: its fence says {row.state} there"


def _of_another(ground: Ground, live: Line | None) -> Iterator[str]:
    mine = ground.source.scalar("SELECT @@server_uuid")
    for line in filter(None, (ground.target, live)):
        if line.scalar("SELECT @@server_uuid") == mine:
            yield f"{ground.source.server.name} is {line.server.name} itself"


# -- servers ------------------------------------------------------------------------------------------------------
def _of_server(side: str, line: Line, ground: Ground) -> Iterator[Reason]:
    name = f"{side} {line.server.name}"
    settings = _settings(line)
    for variable, wanted in WANTED.items():
        if (has := settings.get(variable, "")) != wanted:
            yield Reason("setting_unfit", f"{name}: {variable} is {has or 'empty'} and must be {wanted or 'empty'}")
    if TAGGED.search(line.executed()):
        yield Reason("tagged_gtids", f"{name}: it has executed tagged GTIDs, whose streams cannot be followed")
    yield from _of_binlog(name, line, settings, ground)
    if not ground.limits.accept_degraded:
        yield from _of_durability(name, line, settings)


def _settings(line: Line) -> dict[str, str]:
    names = (*WANTED, *SEMI_SYNC, "binlog_expire_logs_seconds")
    return dict(line.ask(f"SHOW GLOBAL VARIABLES WHERE variable_name IN {names}"))


def _of_binlog(name: str, line: Line, settings: Mapping[str, str], ground: Ground) -> Iterator[Reason]:
    if settings.get("log_bin") != "ON":
        return
    status = line.find("SHOW BINARY LOG STATUS")
    if status and (status[2] or status[3]):
        yield Reason(
            "binlog_filter", f"{name}: a binlog filter (binlog_do_db, binlog_ignore_db) keeps changes out of the stream"
        )
    kept = int(settings.get("binlog_expire_logs_seconds") or 0)
    needed = max(ground.limits.keep_source, SPARE + 2 * rows_expected(ground) / ROWS_PER_S)
    if kept and kept < needed:
        yield Reason(
            "binlog_short",
            f"{name}: the binlog is kept for {kept} s, and the copy with the way back may need {needed:.0f} s"
            " (binlog_expire_logs_seconds)",
        )


def _of_durability(name: str, line: Line, settings: Mapping[str, str]) -> Iterator[Reason]:
    on: dict[str, str] = dict(line.ask("SHOW GLOBAL STATUS LIKE 'Rpl_semi_sync_source_status'"))
    if settings.get("rpl_semi_sync_source_enabled") != "ON" or on.get("Rpl_semi_sync_source_status") != "ON":
        yield Reason(
            "degraded", f"{name}: semi-sync is off, so a failover could undo the switch; a caller may accept that"
        )
    elif int(settings.get("rpl_semi_sync_source_timeout") or 0) < PATIENT:
        yield Reason(
            "degraded",
            f"{name}: semi-sync gives up after {settings['rpl_semi_sync_source_timeout']} ms (degraded), so a failover"
            " could undo the switch; a caller may accept that",
        )


# -- schemas ------------------------------------------------------------------------------------------------------
def _of_schema(ground: Ground) -> Iterator[Reason]:
    versions = [_version(line) for _, line in ground.sides]
    if versions[0] != versions[1]:
        yield Reason(
            "schemas_differ",
            f"the schemas differ: {versions[0]} on the source, {versions[1]} on the target; migrate both first",
        )
    columns = {side: read_columns(line, ground.database) for side, line in ground.sides}
    for table in ground.tables:
        yield from _of_columns(table, columns["source"].get(table, ()), columns["target"].get(table, ()))
    for side, line in ground.sides:
        yield from _of_tables(side, line, ground, columns[side])


def _version(line: Line) -> str:
    try:
        return str(line.scalar("SELECT version_num FROM alembic_version") or "nothing")
    except err.ProgrammingError as missing:
        if error_number(missing) != NO_TABLE:
            raise
        return "nothing"


def _of_columns(table: str, source: Sequence[Column], target: Sequence[Column]) -> Iterator[Reason]:
    if not source or not target:
        yield Reason("schemas_differ", f"{table}: there is no such table on the {'target' if source else 'source'}")
        return
    if source != target:
        names = sorted({column.name for column in set(source) ^ set(target)}) or ["their order"]
        yield Reason("schemas_differ", f"{table}: the columns differ between source and target: {', '.join(names)}")
    for column in source:
        if column.kind not in KNOWN:
            yield Reason("table_unfit", f"{table}.{column.name}: a {column.whole} cannot be carried and compared")
        if "auto_increment" in column.extra:
            yield Reason("table_unfit", f"{table}.{column.name}: AUTO_INCREMENT, so two shards give the same numbers")


def _of_tables(side: str, line: Line, ground: Ground, columns: Mapping[str, Sequence[Column]]) -> Iterator[Reason]:
    for table, found in columns.items():
        if table not in ground.tables and table not in OWN and any(column.name == "shop_id" for column in found):
            yield Reason("table_unlisted", f"{side}: {table} has rows of shops and is not among the tables to be moved")
    try:
        read_shapes(line.raw, ground.database, [table for table in ground.tables if table in columns])
    except KeyRefused as refused:
        yield Reason("table_unfit", f"{side}: {refused}")
    for table, rule in line.ask(CASCADES, (ground.database,)):
        yield Reason(
            "table_unfit", f"{side}: a foreign key of {table} has {rule}, which changes rows that no event names"
        )
    for table, trigger in line.ask(TRIGGERS, (ground.database,)):
        yield Reason("table_unfit", f"{side}: {table} has the trigger {trigger}")


CASCADES = (
    "SELECT table_name, CONCAT('ON DELETE ', delete_rule, ' ON UPDATE ', update_rule)"
    " FROM information_schema.referential_constraints WHERE constraint_schema = %s"
    " AND (delete_rule NOT IN ('RESTRICT', 'NO ACTION') OR update_rule NOT IN ('RESTRICT', 'NO ACTION'))"
)
TRIGGERS = "SELECT event_object_table, trigger_name FROM information_schema.triggers WHERE trigger_schema = %s"


# -- the shop -----------------------------------------------------------------------------------------------------
def _of_fences(ground: Ground) -> Iterator[Reason]:
    yield from _of_live_fence(ground.source, ground)
    yield from _of_target_fence(ground)


def _of_live_fence(line: Line, ground: Ground) -> Iterator[Reason]:
    row = fences.read(line, ground.shop_id)
    if row is None or row.state != State.OPEN or row.epoch != ground.epoch:
        yield Reason(
            "not_open_on_source",
            f"the shop is not open on the source at epoch {ground.epoch}: {row or 'it has no fence there'}",
        )


def _of_target_fence(ground: Ground) -> Iterator[Reason]:
    row = fences.read(ground.target, ground.shop_id)
    if row is not None and row.state != State.MOVED:
        yield Reason("target_taken", f"the target's fence of the shop says {row.state}")


def _of_rows(ground: Ground) -> Iterator[Reason]:
    there = []
    for table in ground.tables:
        try:
            if ground.target.ask(f"SELECT 1 FROM `{table}` WHERE shop_id = %s LIMIT 1", (ground.shop_id,)):
                there.append(table)
        except err.ProgrammingError as missing:  # said already
            if error_number(missing) != NO_TABLE:
                raise
    if there:
        yield Reason(
            "rows_on_target",
            f"the target holds rows of the shop in {', '.join(there)}: a former move has left them; roll it back, or"
            " purge first",
        )


def rows_expected(ground: Ground) -> int:
    """As the source's optimizer estimates them."""
    found = 0
    for table in ground.tables:
        try:
            plan = ground.source.find(f"{PLAN} `{table}` WHERE shop_id = %s", (ground.shop_id,))
        except err.ProgrammingError as missing:  # said already
            if error_number(missing) != NO_TABLE:
                raise
            continue
        found += int((plan[9] if plan else 0) or 0)
    return found
