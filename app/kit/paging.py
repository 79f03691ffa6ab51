"""Owns lists: keyset pages that stay true while rows come and go, with sorting from a fixed choice, and filters."""

from __future__ import annotations

import base64
import datetime as dt
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar
from uuid import UUID

import marshmallow as ma
import orjson
from marshmallow import fields
from sqlalchemy import ColumnElement, Select, and_, or_
from sqlalchemy.orm import InstrumentedAttribute

from app.kit.errors import BadRequest
from app.kit.schemas import ApiSchema, QueryArgs, Text, Whole
from app.kit.texts import N_, _
from shard_router import ControlSession, ShopSession

T = TypeVar("T")
U = TypeVar("U")
DEFAULT_LIMIT = 50
MAX_LIMIT = 200
MAX_CURSOR = 600


class CursorMalformed(BadRequest):
    """`after` is not a cursor that this list gave for this order."""

    default_message = N_("The place to continue from can't be read.")
    default_action = N_("Begin again at the first page.")


class SortUnknown(BadRequest):
    """`sort` names nothing that this list can be sorted by."""


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """Some rows, and where to go on; `next_cursor` None: that was the end."""

    items: list[T]
    next_cursor: str | None

    def map(self, turn: Callable[[T], U]) -> Page[U]:
        """The same page of something else: rows into dataclasses."""
        return Page([turn(one) for one in self.items], self.next_cursor)


class Orders:
    """What a list may be sorted by: JSON name → column, none of which may hold NULL; `tie` makes every place unique."""

    def __init__(self, *, tie: Any, default: str, **columns: Any) -> None:
        self.tie = tie
        self.columns = columns
        self.default = default
        for name, column in columns.items():
            if getattr(column, "nullable", False):
                raise ValueError(f"{name} may be NULL, which has no place in an order")
        self.read(default)

    def read(self, sort: str | None) -> tuple[str, Any, bool]:
        """The order's canonical text, its column, and whether it goes down; `-issuedOn` goes down."""
        text = sort or self.default
        column = self.columns.get(text.removeprefix("-"))
        if column is None:
            raise SortUnknown(
                _("The list can't be sorted by that."),
                action=_("Use one of: %(names)s, with a minus for descending.", names=", ".join(self.columns)),
            )
        return text, column, text.startswith("-")


def page(
    db: ShopSession | ControlSession,
    statement: Select[Any],
    *,
    orders: Orders,
    sort: str | None = None,
    after: str | None = None,
    limit: int = DEFAULT_LIMIT,
) -> Page[Any]:
    """One page of `statement` (which must not order or limit by itself): entities, or rows with the order's columns."""
    text, column, down = orders.read(sort)
    if after is not None:
        value, tie = _opened(after, text, column, orders.tie)
        statement = statement.where(_behind(column, value, orders.tie, tie, down=down))
    places = (column.desc(), orders.tie.desc()) if down else (column.asc(), orders.tie.asc())
    found = db.execute(statement.order_by(*places).limit(limit + 1))
    rows: Sequence[Any] = found.scalars().all() if _is_single(statement) else found.all()
    if len(rows) <= limit:
        return Page(list(rows), None)
    last = rows[limit - 1]
    return Page(list(rows[:limit]), _closed(text, getattr(last, column.key), getattr(last, orders.tie.key)))


def _behind(column: Any, value: Any, tie: Any, last: Any, *, down: bool) -> ColumnElement[bool]:
    """(column, tie) behind (value, last), written so that MySQL walks an index: it does not for a row comparison."""
    if down:
        return and_(column <= value, or_(column < value, tie < last))
    return and_(column >= value, or_(column > value, tie > last))


def _is_single(statement: Select[Any]) -> bool:
    return len(statement.column_descriptions) == 1


# ---------------------------------------------------------------- cursors


def _closed(sort: str, value: Any, tie: Any) -> str:
    """Opaque to clients; not signed, since whatever it says it can only move within what the statement shows anyway."""
    body = orjson.dumps([sort, _plain(value), _plain(tie)])
    return base64.urlsafe_b64encode(body).rstrip(b"=").decode()


def _opened(cursor: str, sort: str, column: Any, tie: Any) -> tuple[Any, Any]:
    try:
        if len(cursor) > MAX_CURSOR:
            raise ValueError
        padded = cursor + "=" * (-len(cursor) % 4)
        its_sort, value, last = orjson.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
        if its_sort != sort:
            raise ValueError
        return _typed(value, column), _typed(last, tie)
    except (ValueError, TypeError):
        raise CursorMalformed() from None


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, dt.date | dt.datetime) else str(value) if _is_id(value) else value


def _typed(value: Any, column: Any) -> Any:
    """Back to what the column holds; ValueError for anything else."""
    kind = _kind(column)
    if kind is int and type(value) is int and abs(value) < 2**63:
        return value
    if type(value) is not str or "\x00" in value:
        raise ValueError
    if kind is str:
        return value
    if kind is UUID:
        return UUID(value)
    if kind is dt.datetime:
        moment = dt.datetime.fromisoformat(value)
        if moment.utcoffset() != dt.timedelta():  # ours are in UTC; with another offset years 1 and 9999 overflow
            raise ValueError
        return moment
    if kind is dt.date:
        return dt.date.fromisoformat(value)
    raise ValueError


def _kind(column: Any) -> type:
    from app.kit.db import Id, Utc

    if isinstance(column.type, Id):
        return UUID
    if isinstance(column.type, Utc):
        return dt.datetime
    kind: type = column.type.python_type
    return kind


def _is_id(value: Any) -> bool:
    return isinstance(value, UUID)


# ---------------------------------------------------------------- filters

Filter = tuple[InstrumentedAttribute[Any], Any]


def only(statement: Select[Any], filters: Iterable[Filter]) -> Select[Any]:
    """Keep rows whose column equals the value, for every value that is not None."""
    return statement.where(*(column == value for column, value in filters if value is not None))


def between(statement: Select[Any], column: Any, *, least: Any = None, most: Any = None) -> Select[Any]:
    """Keep rows from `least` to `most`, both included, either of them left out."""
    if least is not None:
        statement = statement.where(column >= least)
    return statement if most is None else statement.where(column <= most)


def beginning(statement: Select[Any], column: Any, text: str | None) -> Select[Any]:
    """Keep rows whose text begins so; % and _ mean themselves, and an index is walked."""
    return statement if not text else statement.where(column.startswith(text, autoescape=True))


# ---------------------------------------------------------------- at the border


class PageArgs(QueryArgs):
    """Query arguments of every list; a list adds its filters in a subclass."""

    limit = Whole(least=1, most=MAX_LIMIT, load_default=DEFAULT_LIMIT)
    after = Text(most=MAX_CURSOR, load_default=None)
    sort = Text(most=40, load_default=None)


def page_of(item: type[ma.Schema]) -> type[ma.Schema]:
    """The schema of a page of these: {"items": [...], "next": "…" or null}."""
    name = item.__name__.removesuffix("Out").removesuffix("Schema")
    members = {
        "items": fields.List(fields.Nested(item), required=True),
        "next_cursor": fields.String(data_key="next", allow_none=True, required=True),
    }
    return type(f"{name}Page", (ApiSchema,), members)
