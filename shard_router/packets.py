"""Owns packets: Core statements compiled once, rendered with literals, several of them sent in one round trip.

Only a session opened with hot=True may run them, on the one pool that speaks several statements. They are the only
users of a raw connection outside this library's own fence and polling.
"""

from __future__ import annotations

import enum
import re
from collections import namedtuple
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import orjson
from pymysql.connections import MySQLResult
from sqlalchemy import Connection, Executable
from sqlalchemy.dialects.mysql import pymysql as mysql_pymysql
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from shard_router import fence, guards
from shard_router.errors import AmbiguousCommit, ShardReadOnly, ShardUnavailable, WrongShop
from shard_router.gtid import TrackingConnection, run_on, tracked
from shard_router.sqlreading import TOKEN, Reading

if TYPE_CHECKING:
    from shard_router.sessions import ShopSession

DIALECT = mysql_pymysql.dialect(paramstyle="pyformat", json_serializer=lambda value: orjson.dumps(value).decode())
EPOCH = "epoch"
KEY = re.compile(r"for key '(?:[^']*\.)?([^'.]+)'")


@dataclass(frozen=True, slots=True)
class PacketResult:
    """What one statement did. `rows` are named tuples of Python values, as the columns' types make them."""

    rowcount: int
    insert_id: int
    rows: tuple[Any, ...] = ()


class Prepared:
    """A Core statement built and compiled at first use; after that rendering costs only the escaping.

    The shop's binds may be left out of `bind`, and so may `epoch` of a claim: the session fills them in, and refuses
    other values.
    """

    def __init__(self, build: Callable[[], Executable]) -> None:
        self._build = build
        self._forms: dict[bool, Form] = {}

    def form(self, *, for_share: bool = True) -> Form:
        """`for_share` says whether the server knows that lock; if not, the stronger one stands in its place."""
        found = self._forms.get(for_share)
        if found is None:
            found = self._forms[for_share] = Form(self._build(), for_share=for_share)
        return found

    def bind(self, **values: Any) -> Bound:
        return Bound(self, (values,))

    def bind_rows(self, rows: Sequence[Mapping[str, Any]]) -> Bound:
        """One INSERT … VALUES of many rows."""
        if not rows:
            raise ValueError("no rows")
        return Bound(self, tuple(rows))


@dataclass(frozen=True, slots=True)
class Bound:
    prepared: Prepared
    rows: tuple[Mapping[str, Any], ...]


class Form:
    """The compiled statement, cut at its binds."""

    def __init__(self, statement: Executable, *, for_share: bool) -> None:
        compiled: Any = statement.compile(dialect=DIALECT)  # type: ignore[attr-defined]
        self.reading: Reading = guards.reading_of(compiled)
        if not self.reading.pins:
            raise WrongShop(f"a prepared statement that names no shop: {compiled}"[:300])
        if self.reading.fences and EPOCH not in compiled.params:
            raise WrongShop(f"a claim that does not compare the bind `epoch`: {compiled}"[:300])
        sql = str(compiled) if for_share else guards.with_stronger_lock(str(compiled))
        self.many = bool(compiled.isinsert and " VALUES " in sql and " ON DUPLICATE KEY " not in sql)
        head, values = sql.split(" VALUES ", 1) if self.many else ("", sql)
        self.head = head.replace("%%", "%")
        self.parts, self.names, self.lists = _cut(values)
        self.processors = dict(compiled._bind_processors)
        self.element = {name: self.processors.pop(name, None) for name in self.lists}
        self.defaults = {key: value for key, value in compiled.params.items() if value is not None}
        self.required = {bind.key for bind in compiled.bind_names if bind.required}
        self.columns = _columns(compiled)
        self.pins = frozenset(self.reading.pins)
        careful = self.pins | self.lists | {EPOCH}
        self.steps = tuple(
            (name, name not in careful, self.processors.get(name), part)
            for name, part in zip(self.names, self.parts[1:], strict=True)
        )

    def render(
        self, connection: TrackingConnection, rows: Sequence[Mapping[str, Any]], shop_id: int, epoch: int
    ) -> str:
        if len(rows) > 1 and not self.many:
            raise ValueError("only a plain INSERT takes several rows")
        texts = [self._row(connection, row, shop_id, epoch) for row in rows]
        return f"{self.head} VALUES {','.join(texts)}" if self.many else texts[0]

    def _row(self, connection: TrackingConnection, row: Mapping[str, Any], shop_id: int, epoch: int) -> str:
        out = [self.parts[0]]
        for name, plain, processor, part in self.steps:  # 180 a bill: nothing is looked up twice here
            if name not in row:
                if name in self.pins:
                    out.append(f"{shop_id}{part}")
                    continue
            elif plain:
                value = row[name] if processor is None else processor(row[name])
                if type(value) is int:
                    out.append(f"{value}{part}")
                else:
                    out.append(LITERALS.get(type(value), literal)(connection, value) + part)
                continue
            out.append(self._with_care(connection, name, row, shop_id, epoch) + part)
        return "".join(out)

    def _with_care(
        self, connection: TrackingConnection, name: str, row: Mapping[str, Any], shop_id: int, epoch: int
    ) -> str:
        """A bind that the session fills in or checks, a list, or one that was left to its default."""
        if name in self.pins:
            value = row.get(name, shop_id)
            if type(value) is not int or value != shop_id:
                raise WrongShop(f"{name}={value!r} in a packet of shop {shop_id}")
        elif name in row:
            value = row[name]
        elif name == EPOCH and self.reading.fences:
            value = epoch
        else:
            value = self._default(name)
        if name == EPOCH and self.reading.fences and value != epoch:
            raise WrongShop(f"a claim under epoch {value!r}, the session's is {epoch}")
        return self._literal(connection, name, value)

    def _default(self, name: str) -> Any:
        if name in self.required:
            raise KeyError(f"no value for {name}")
        return self.defaults.get(name)

    def _literal(self, connection: TrackingConnection, name: str, value: Any) -> str:
        if name in self.lists:
            processor = self.element[name]
            items = [literal(connection, processor(one) if processor else one) for one in value]
            if not items:
                raise ValueError(f"an empty list for {name}")
            return ",".join(items)
        processor = self.processors.get(name)
        return literal(connection, processor(value) if processor is not None else value)


def _cut(sql: str) -> tuple[list[str], list[str], frozenset[str]]:
    parts, names, lists, at = [""], [], set(), 0
    for match in TOKEN.finditer(sql):
        parts[-1] += sql[at : match.start()]
        at = match.end()
        name = match.group(1) or match.group(2)
        if name is None:
            parts[-1] += "%"
            continue
        if match.group(2):
            lists.add(name)
        names.append(name)
        parts.append("")
    parts[-1] += sql[at:]
    return parts, names, frozenset(lists)


def _columns(compiled: Any) -> tuple[Any, tuple[Any, ...]] | None:
    """A named tuple for the rows, and what turns the driver's values into Python's."""
    columns = compiled._result_columns
    if not columns:
        return None
    row: Any = namedtuple("Row", [column.keyname for column in columns], rename=True)  # type: ignore[misc]
    makers = tuple(column.type._cached_result_processor(DIALECT, None) for column in columns)
    return row, makers


# -- values -------------------------------------------------------------------------------------------------------
def literal(connection: TrackingConnection, value: Any) -> str:
    """MySQL's text for a value. Nothing but these types is admitted, since only these are known not to become SQL."""
    if isinstance(value, enum.Enum):
        value = value.value
    write = LITERALS.get(type(value))
    if write is None:
        raise TypeError(f"{type(value).__name__} may not stand in a packet")
    return write(connection, value)


def _decimal(connection: TrackingConnection, value: Decimal) -> str:
    if not value.is_finite():
        raise TypeError(f"{value} may not stand in a packet")
    return format(value, "f")


def _datetime(connection: TrackingConnection, value: datetime) -> str:
    if value.tzinfo is not None:
        raise TypeError("a time with a zone may not stand in a packet: give its column a type that makes it UTC")
    return f"'{value.isoformat(' ')}'"


LITERALS: dict[type, Callable[[TrackingConnection, Any], str]] = {
    type(None): lambda connection, value: "NULL",
    bool: lambda connection, value: "1" if value else "0",
    int: lambda connection, value: str(value),
    str: lambda connection, value: connection.escape(value),
    bytes: lambda connection, value: f"X'{value.hex()}'",
    Decimal: _decimal,
    datetime: _datetime,
    date: lambda connection, value: f"'{value.isoformat()}'",
}


# -- running ------------------------------------------------------------------------------------------------------
def run(session: ShopSession, statements: Sequence[Bound], *, commit: bool) -> list[PacketResult]:
    """MySQL stops at the first statement that fails, and that error is raised: a COMMIT behind it never runs."""
    if not statements:
        raise ValueError("an empty packet")
    link = Session.connection(session)
    unfenced = "fence" in link.info
    if unfenced and commit:  # the fence must have been heard before a COMMIT is on its way
        return _fence_first(session, link, statements)
    forms = [one.prepared.form(for_share=session._route.for_share) for one in statements]
    texts = [
        form.render(tracked(link), one.rows, session.shop_id, session.epoch)
        for form, one in zip(forms, statements, strict=True)
    ]
    look = unfenced and not forms[0].reading.fences
    if look:
        texts.insert(0, fence.sql(session.shop_id, lock=session._route.lock))
    got = _send(session, link, [*texts, "COMMIT"] if commit else texts, commit)
    if look:
        found = fence.of_rows(got.pop(0).rows)
        if not fence.admits(found, session.epoch):
            raise session._route.moved(found, link)
    for form, result in zip(forms, got, strict=False):
        if form.reading.fences and not result.affected_rows:
            raise session._route.moved(None, link)
    link.info.pop("fence", None)
    return [_result(form, result) for form, result in zip(forms, got, strict=False)]


def run_alone(connection: TrackingConnection, one: Bound, shop_id: int, send: Callable[[bytes], int]) -> PacketResult:
    """One statement on a connection that belongs to no session: a move's own. It claims nothing under a fence."""
    form = one.prepared.form()
    send(form.render(connection, one.rows, shop_id, 0).encode())
    return _result(form, connection._result)


def _fence_first(session: ShopSession, link: Connection, statements: Sequence[Bound]) -> list[PacketResult]:
    claims = statements[0].prepared.form().reading.fences
    if not claims:
        guards.pass_fence(link)
        return run(session, statements, commit=True)
    first = run(session, statements[:1], commit=False)
    if len(statements) > 1:
        return first + run(session, statements[1:], commit=True)
    return first  # the session's own commit follows


def _send(session: ShopSession, link: Connection, texts: list[str], commit: bool) -> list[MySQLResult]:
    try:
        if session._route.packets:
            return run_on(link, texts)
        return [result for text in texts for result in run_on(link, [text])]
    except ShardReadOnly:
        raise
    except ShardUnavailable as lost:
        if commit:
            raise AmbiguousCommit(session.shop_id, session.shard) from lost
        raise


def _result(form: Form, got: MySQLResult) -> PacketResult:
    rowcount, insert_id, rows = got.affected_rows, got.insert_id or 0, got.rows
    if form.columns is None or rows is None:
        return PacketResult(rowcount, insert_id)
    row, makers = form.columns
    made = [
        row(*[value if make is None else make(value) for make, value in zip(makers, one, strict=True)]) for one in rows
    ]
    return PacketResult(rowcount, insert_id, tuple(made))


def duplicate_key(error: IntegrityError) -> str | None:
    """The name of the unique key that a row collided with (error 1062), else None."""
    args: tuple[Any, ...] = getattr(error.orig, "args", ())
    if len(args) < 2 or args[0] != 1062:
        return None
    match = KEY.search(str(args[1]))
    return match.group(1) if match else None
