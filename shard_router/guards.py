"""Owns what an engine refuses: on a shard's connection nothing passes that is not shown to stay within one shop.

The pin is `connection.info["shop"]`. A ShopSession sets it when its transaction begins; the pool removes it at
check-in. Execution options cannot move it, and a connection taken from the engine by hand has none.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Engine, event
from sqlalchemy.engine.interfaces import ExecutionContext
from sqlalchemy.sql import visitors
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.elements import (
    ReleaseSavepointClause,
    RollbackToSavepointClause,
    SavepointClause,
    TextClause,
)

from shard_router.errors import ReadOnlySession, WrongShop
from shard_router.gtid import TrackingConnection
from shard_router.sqlreading import Reading, read

SAVEPOINTS = (SavepointClause, ReleaseSavepointClause, RollbackToSavepointClause)
FOR_SHARE, FOR_UPDATE = " FOR SHARE", " FOR UPDATE"
SAVEPOINT = Reading(pins=(), writes=False, tables=frozenset(), fences=False)


def reading_of(compiled: Any) -> Reading:
    """The reading of a compiled form, made once and kept with it in SQLAlchemy's own cache."""
    found: Reading | None = compiled.__dict__.get("_shop_reading")
    if found is None:
        found = compiled.__dict__["_shop_reading"] = _read(compiled)
    return found


def _read(compiled: Any) -> Reading:
    statement = compiled.statement
    if isinstance(statement, SAVEPOINTS):
        return SAVEPOINT
    if not isinstance(compiled, SQLCompiler) or statement is None:
        raise WrongShop(f"only SELECT, INSERT, UPDATE and DELETE: {compiled}"[:200])
    if any(isinstance(part, TextClause) for part in visitors.iterate(statement)):
        raise WrongShop(f"text() in a shop's statement: {compiled}"[:200])
    found = read(compiled.string)
    literal = {compiled.bind_names.get(bind) for bind in compiled.literal_execute_params}
    if literal & set(found.pins):
        raise WrongShop("shop_id rendered as a literal")
    return found


def check(  # noqa: PLR0917 (SQLAlchemy's signature)
    connection: Connection,
    cursor: Any,
    statement: str,
    parameters: Any,
    context: ExecutionContext | None,
    executemany: bool,
) -> None:
    compiled = context.compiled if context is not None else None
    if compiled is None or context is None:
        raise WrongShop(f"a raw string: {statement}"[:200])
    info = connection.info
    shop_id = info.get("shop")
    if shop_id is None:
        raise WrongShop("a shard's connection outside a ShopSession")
    reading: Reading = compiled.__dict__.get("_shop_reading") or reading_of(compiled)
    if reading.writes and info.get("reads"):
        raise ReadOnlySession(f"a session opened for reading would write: {statement}"[:200])
    for row in context.compiled_parameters:  # type: ignore[attr-defined]
        for name in reading.pins:
            if row[name] != shop_id:
                raise WrongShop(f"shop_id {row[name]!r} in shop {shop_id}: {statement}"[:300])
    if "fence" in info:
        pass_fence(connection)  # a hot session touched by the ORM first, or a fence that did not let it pass before
    cursor.connection.permit(executemany)


def pass_fence(connection: Connection) -> None:
    """Reads the fence that is due on this connection; ShopMoved leaves it due."""
    connection.info["fence"](connection)
    del connection.info["fence"]


def guard_shop_engine(engine: Engine) -> None:
    event.listen(engine, "before_cursor_execute", check)
    event.listen(engine, "after_cursor_execute", _shut)
    event.listen(engine, "connect", _arm)


def with_stronger_lock(sql: str) -> str:
    """Of compiled SQL only; SQLAlchemy writes the old form where it has not met its server yet."""
    return sql.replace(FOR_SHARE, FOR_UPDATE).replace(" LOCK IN SHARE MODE", FOR_UPDATE)


def lock_for_update(engine: Engine) -> None:
    """For a server that knows no FOR SHARE: the stronger lock in its place. What is compiled holds binds, no texts."""

    @event.listens_for(engine, "before_cursor_execute", retval=True)
    def stronger(  # noqa: PLR0917 (SQLAlchemy's signature)
        connection: Connection, cursor: Any, statement: str, parameters: Any, context: Any, executemany: bool
    ) -> tuple[str, Any]:
        return with_stronger_lock(statement), parameters


def _shut(connection: Connection, cursor: Any, *_: Any) -> None:
    cursor.connection.forbid()


def _arm(connection: TrackingConnection, record: Any) -> None:
    connection.arm()


def guard_fleet_engine(engine: Engine) -> None:
    event.listen(engine, "before_cursor_execute", check_fleet)


def check_fleet(  # noqa: PLR0917 (SQLAlchemy's signature)
    connection: Connection,
    cursor: Any,
    statement: str,
    parameters: Any,
    context: ExecutionContext | None,
    executemany: bool,
) -> None:
    """The account and the read-only transaction hold; this names the caller that came without a reason."""
    if not connection.info.get("reason"):
        raise WrongShop("a fleet connection without a reason")
    compiled = context.compiled if context is not None else None
    if compiled is None or not getattr(compiled.statement, "is_select", False):
        raise ReadOnlySession(f"a fleet session only selects: {statement}"[:200])
