"""Owns what a shop's restore to an earlier moment does not take back of the kit's tables, and how a domain says so.

It is written in the transaction that gives the shop to its new home, from the rows that were closed at the old one.
What breaks the promise: an old home that is dead. Then nothing is carried over but what the caller knows by itself.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, cast

from sqlalchemy import Table, bindparam, delete, insert, select

from app.kit import audit
from app.kit.models import SealingKey
from shard_router import Prepared, ShopOwned
from shard_router.moves import Restoring, Side

RESTORED = "shop.restored"
AT_ONCE = 500
Row = Any
Key = tuple[Any, ...]


class Rows:
    """One table's rows of the shop, on any side of a restore."""

    def __init__(self, model: type[ShopOwned]) -> None:
        table = cast(Table, model.__table__)  # type: ignore[attr-defined]
        key = [column for column in table.primary_key if column.key != "shop_id"]
        mine = table.c.shop_id == bindparam("shop_id")
        self._names = [column.key for column in key]
        self._read = Prepared(lambda: select(table).where(mine))
        self._add = Prepared(lambda: insert(table))
        self._drop = Prepared(lambda: delete(table).where(mine, *(column == bindparam(column.key) for column in key)))

    def read(self, side: Side) -> dict[Key, Row]:
        """By what their key has behind the shop's number."""
        return {self._key(row): row for row in side.run(self._read.bind()).rows}

    def add(self, side: Side, rows: Sequence[Row]) -> None:
        for at in range(0, len(rows), AT_ONCE):
            side.run(self._add.bind_rows([row._asdict() for row in rows[at : at + AT_ONCE]]))

    def drop(self, side: Side, rows: Iterable[Row]) -> None:
        for row in rows:
            side.run(self._drop.bind(**dict(zip(self._names, self._key(row), strict=True))))

    def _key(self, row: Row) -> Key:
        return tuple(getattr(row, name) for name in self._names)


def add_missing(restoring: Restoring, rows: Rows) -> None:
    """What was made since stays."""
    if restoring.closed is not None:
        there = rows.read(restoring.target)
        rows.add(restoring.target, [row for key, row in rows.read(restoring.closed).items() if key not in there])


def keep_as_closed(restoring: Restoring, rows: Rows) -> None:
    """None of these rows is taken back."""
    if restoring.closed is not None:
        rows.drop(restoring.target, rows.read(restoring.target).values())
        rows.add(restoring.target, list(rows.read(restoring.closed).values()))


KEYS = Rows(SealingKey)


def settle(restoring: Restoring) -> None:
    """A key that was destroyed since is not given back: whoever was erased stays erased."""
    if restoring.closed is None:
        return
    closed = KEYS.read(restoring.closed)
    living = {key for key, row in closed.items() if row.destroyed_at is None}
    KEYS.drop(restoring.target, [row for key, row in KEYS.read(restoring.target).items() if key not in living])


def note(restoring: Restoring, facts: Mapping[str, Any]) -> None:
    """Chains to the shop's own log that it was restored; the last thing that is written, as in every transaction."""
    audit.chain(restoring.target.run, RESTORED, {"move": restoring.move_id, **facts})
