"""Owns a log of every statement that this process sends to a shard, and the reading of it: whose rows each one names.

It is read here from the text that went over the wire, by rules of its own: the router's own reader is what is judged.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
import sqlglot
from sqlglot import exp

from shard_router.gtid import TrackingConnection

SHOP = "shop_id"


@dataclass(frozen=True)
class Said:
    """One packet as it was sent; several statements may be in it."""

    database: str
    user: str
    sql: str


@dataclass
class QueryLog:
    said: list[Said] = field(default_factory=list)

    @contextmanager
    def listening(self) -> Iterator[QueryLog]:
        """Notes what goes past; everything is sent and answered as always."""
        send = TrackingConnection.query

        def note_and_send(connection: Any, sql: str | bytes, unbuffered: bool = False) -> int:
            text = sql if isinstance(sql, str) else bytes(sql).decode("latin-1")  # keys' bytes are no text
            self.said.append(Said(_text(connection.db), _text(connection.user), text))
            return send(connection, sql, unbuffered)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(TrackingConnection, "query", note_and_send)
            yield self


def _text(name: str | bytes | None) -> str:
    return name.decode() if isinstance(name, bytes) else name or ""


class Loose(AssertionError):
    """A table that a statement does not tie to one shop."""


@dataclass(frozen=True)
class Meant:
    """What one statement touches: the shard's tables in it, and the shops it names."""

    tables: frozenset[str]
    shops: frozenset[int]
    writes: bool


def meaning(packet: str, shard_tables: Collection[str]) -> list[Meant]:
    """Of each statement of the packet that touches the shard's tables; Loose where one is not tied to a shop."""
    if packet.startswith(("SAVEPOINT ", "RELEASE SAVEPOINT ", "ROLLBACK TO SAVEPOINT ")):
        return []  # alone in its packet, and sqlglot does not know two of them
    trees = [tree for tree in sqlglot.parse(packet, dialect="mysql") if tree is not None]
    found = [_Statement(tree, shard_tables).meant() for tree in trees if not isinstance(tree, exp.Command)]
    return [meant for meant in found if meant.tables]


Node = tuple[int, str]


class _Statement:
    """Ties between tables and shops: `a.shop_id = 5` and `a.shop_id = b.shop_id`, followed to the end."""

    def __init__(self, tree: exp.Expr, shard_tables: Collection[str]) -> None:
        self.tree = tree
        self.known = shard_tables
        self.ties: list[tuple[Node | int, Node | int]] = []
        self.rows: set[int] = set()  # shops of inserted rows

    def meant(self) -> Meant:
        named = frozenset(table.name for table in self.tree.find_all(exp.Table) if table.name in self.known)
        if not named:
            return Meant(named, frozenset(), writes=False)
        target = self.tree.this.this if isinstance(self.tree, exp.Insert) else None
        if isinstance(self.tree, exp.Insert):
            self._inserted(self.tree)
        for pair in self.tree.find_all(exp.EQ):
            if _holds_always(pair):
                self._tie(pair)
        shops = set(self.rows)
        for table in self.tree.find_all(exp.Table):
            if table.name in self.known and table is not target and not isinstance(table.parent, exp.Lock):
                shops |= self._shops_of(self._node(table))
        writes = isinstance(self.tree, exp.Insert | exp.Update | exp.Delete)
        return Meant(named, frozenset(shops), writes)

    def _inserted(self, tree: exp.Insert) -> None:
        at = [column.name for column in tree.this.expressions].index(SHOP)
        if isinstance(tree.expression, exp.Values):
            values = [row.expressions[at] for row in tree.expression.expressions]
        else:
            values = [tree.expression.expressions[at].unalias()]
        self.rows |= {int(value.name) for value in values if isinstance(value, exp.Literal)}

    def _tie(self, pair: exp.EQ) -> None:
        ends = [self._end(side) for side in (pair.this, pair.expression)]
        if ends[0] is not None and ends[1] is not None:
            self.ties.append((ends[0], ends[1]))

    def _end(self, side: exp.Expr) -> Node | int | None:
        if isinstance(side, exp.Literal) and not side.is_string:
            return int(side.name)
        if isinstance(side, exp.Column) and side.name == SHOP:
            return self._owner(side)
        return None

    def _owner(self, column: exp.Column) -> Node | None:
        """The nearest query around it that has a source of that name; without a name, its only source."""
        query = _query_of(column)
        while query is not None:
            sources = {table.alias_or_name: table for table in _sources(query)}
            if column.table in sources:
                return id(query), column.table
            if not column.table and len(sources) == 1:
                return id(query), next(iter(sources))
            query = _query_of(query.parent) if query.parent is not None else None
        return None

    def _node(self, table: exp.Table) -> Node:
        query = _query_of(table)
        return id(query), table.alias_or_name

    def _shops_of(self, node: Node) -> set[int]:
        reached: set[Node | int] = {node}
        grew = True
        while grew:
            more = {b for a, b in self.ties if a in reached} | {a for a, b in self.ties if b in reached}
            grew = not more <= reached
            reached |= more
        shops = {one for one in reached if isinstance(one, int)}
        if len(shops) != 1:
            raise Loose(f"{node[1]} is tied to {shops or 'no shop'}: {self.tree.sql(dialect='mysql')[:600]}")
        return shops


def _holds_always(pair: exp.EQ) -> bool:
    """A conjunct of a WHERE or an ON: not one side of an OR, not under a NOT, no assignment."""
    above: exp.Expr | None = pair.parent
    while isinstance(above, exp.And | exp.Paren):
        above = above.parent
    return isinstance(above, exp.Where | exp.Join)


def _query_of(node: exp.Expr | None) -> exp.Expr | None:
    return node.find_ancestor(exp.Select, exp.Update, exp.Delete) if node is not None and not _is_query(node) else node


def _is_query(node: exp.Expr) -> bool:
    return isinstance(node, exp.Select | exp.Update | exp.Delete)


def _sources(query: exp.Expr) -> list[exp.Table]:
    return [
        table for table in query.find_all(exp.Table) if table.find_ancestor(exp.Select, exp.Update, exp.Delete) is query
    ]
