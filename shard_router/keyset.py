"""Owns a list's order across shards: places in it, a cursor that names one, what lies behind it, and the merge.

A place is the order's values with the row's shop and id behind them, so no two rows share one. Places are compared
here and by MySQL, and both must agree: so only whole numbers, days, moments and bytes have a place, and never NULL.
Text has its collation's order, which Python does not know.
"""

from __future__ import annotations

import base64
import binascii
import datetime as dt
import heapq
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, and_, or_
from sqlalchemy.dialects.mysql.pymysql import MySQLDialect_pymysql
from sqlalchemy.types import TypeDecorator

from shard_router.errors import RouterError
from shard_router.tables import shop_fence

Place = tuple[Any, ...]
Statement = Select[*tuple[Any, ...]]
LONGEST_CURSOR = 4000
READERS: dict[type, Callable[[Any], Any]] = {
    int: int,
    dt.datetime: dt.datetime.fromisoformat,
    dt.date: dt.date.fromisoformat,
    bytes: bytes.fromhex,
}
_DIALECT = MySQLDialect_pymysql()


class CursorRefused(RouterError):
    """It is no cursor that a list of this order gave: begin at the first page."""


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where the next page begins, and the shards that earlier pages lacked."""

    place: Place
    missed: tuple[str, ...] = ()


class Order:
    """`columns` first, then the shop, then the row's id; all of it up, or all of it `down`."""

    def __init__(self, *columns: Any, shop: Any, tie: Any, down: bool = False) -> None:
        self.columns = (*columns, shop, tie)
        self.shop = shop
        self.down = down
        for column in self.columns:
            if getattr(column, "nullable", False):
                raise ValueError(f"{column} may be NULL, which has no place in an order")
            if _stored(column) not in READERS:
                raise ValueError(f"{column} cannot be merged: whole numbers, days, moments and bytes can")

    @property
    def name(self) -> str:
        return f"{'-' if self.down else ''}{','.join(str(column) for column in self.columns)}"

    def page_of(
        self, statement: Select[*tuple[Any, ...]], behind: Place | None, limit: int
    ) -> Select[*tuple[Any, ...]]:
        """The first rows behind a place; each with its place and its shop's epoch at the end."""
        wanted = statement.where(shop_fence.c.shop_id == self.shop)
        wanted = wanted.add_columns(
            *(column.label(f"place_{n}") for n, column in enumerate(self.columns)),
            shop_fence.c.epoch.label("its_epoch"),
        )
        if behind is not None:
            wanted = wanted.where(_behind(self.columns, behind, down=self.down))
        return wanted.order_by(*(one.desc() if self.down else one.asc() for one in self.columns)).limit(limit)

    def place_of(self, row: Row[Any]) -> Place:
        return tuple(row[-len(self.columns) - 1 : -1])

    def merge(self, parts: Mapping[str, Sequence[Row[Any]]]) -> Iterator[Row[Any]]:
        """All rows in order. Of two shards that both show a row, the one with the shop's newer epoch is believed:
        their replicas may be of different ages, and the shop has moved in between."""
        last: Row[Any] | None = None
        for row in heapq.merge(*parts.values(), key=self.place_of, reverse=self.down):
            if last is not None and self.place_of(row) != self.place_of(last):
                yield last
            elif last is not None and last.its_epoch > row.its_epoch:
                continue
            last = row
        if last is not None:
            yield last

    # -- cursors --------------------------------------------------------------------------------------------------
    def close(self, cursor: Cursor) -> str:
        """Opaque to clients; not signed: whatever it says, it can only move within what the statement shows anyway."""
        values = [_plain(value, column) for value, column in zip(cursor.place, self.columns, strict=True)]
        body = json.dumps([self.name, values, sorted(cursor.missed)], separators=(",", ":"))
        return base64.urlsafe_b64encode(body.encode()).rstrip(b"=").decode()

    def open(self, text: str) -> Cursor:
        """Raises CursorRefused."""
        try:
            if len(text) > LONGEST_CURSOR:
                raise ValueError("too long")
            body = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
            name, values, missed = json.loads(body)
            if name != self.name or not all(type(one) is str for one in missed):
                raise ValueError("of another list")
            place = tuple(_typed(value, column) for value, column in zip(values, self.columns, strict=True))
            return Cursor(place, tuple(missed))
        except (ValueError, TypeError, OverflowError, RecursionError, binascii.Error) as bad:
            raise CursorRefused(f"no cursor of this list: {bad}") from None


def _behind(columns: Sequence[Any], place: Place, *, down: bool) -> ColumnElement[bool]:
    """Written so that MySQL walks an index by the first column: for a comparison of rows it does not."""
    (column, *more), (value, *rest) = columns, place
    beyond = column < value if down else column > value
    if not more:
        return beyond  # type: ignore[no-any-return]
    at_least = column <= value if down else column >= value
    return and_(at_least, or_(beyond, _behind(more, tuple(rest), down=down)))


def _stored(column: Any) -> type | None:
    """What the driver holds of the column; none where its own type does not say."""
    kind = column.type
    if isinstance(kind, TypeDecorator):
        kind = kind.impl_instance
    try:
        found: type = kind.python_type
    except NotImplementedError:
        return None
    return found


def _plain(value: Any, column: Any) -> Any:
    write = column.type.bind_processor(_DIALECT)
    stored = write(value) if write else value
    if isinstance(stored, bytes):
        return stored.hex()
    return stored.isoformat() if isinstance(stored, dt.date) else stored


def _typed(value: Any, column: Any) -> Any:
    """Back to what a row holds; ValueError for anything else."""
    kind = _stored(column)
    if kind is None or type(value) is not (int if kind is int else str):
        raise ValueError("a value of another kind")
    stored = READERS[kind](value)
    if isinstance(stored, int) and abs(stored) >= 2**63:
        raise ValueError("no number of MySQL's")
    if isinstance(stored, dt.datetime) and stored.tzinfo is not None:
        raise ValueError("a moment with a zone")
    read = column.type.result_processor(_DIALECT, None)
    return read(stored) if read else stored
