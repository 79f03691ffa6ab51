"""Owns the reading of SQL: which binds pin a statement to one shop, or why it must not be sent.

It reads what is really sent, since criteria inside subqueries and loaders exist only there. The rule is "deny unless
shown": on a guarded connection EVERY table of EVERY query must be tied to the shop by a conjunct

    table.shop_id = :bind        or        table.shop_id = other.shop_id, where `other` is tied

of its own WHERE, or of the ON that joins it. Each compiled form is read once and the answer kept with it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import sqlglot
from sqlglot import exp

from shard_router.errors import WrongShop

SHOP = "shop_id"
FENCE = "shop_fence"
TOKEN = re.compile(r"%\(([^)]+)\)s|__\[POSTCOMPILE_([^\]~]+)(?:~~[^\]]*)?\]|%%")
QUOTED = re.compile(r"""'(?:[^'\\]|\\.|'')*'|"(?:[^"\\]|\\.|"")*"|`[^`]*`""", re.S)
UNREADABLE = re.compile(r"/\*|--|#|;")  # comments hide SQL from the reader, which MySQL may run (/*! … */)


@dataclass(frozen=True, slots=True)
class Reading:
    """What was found: `pins` are the names of the binds that must equal the shop's id."""

    pins: tuple[str, ...]
    writes: bool
    tables: frozenset[str]
    fences: bool  # reads the shop's fence row under a lock


@dataclass(frozen=True, slots=True)
class Condition:
    """A conjunct and the sources that it restricts: an outer join's ON restricts only what it joins."""

    test: exp.Expr
    over: frozenset[str]


@dataclass(slots=True)
class Scope:
    """One query: its sources by the name it calls them, which are real tables, and which are tied to the shop."""

    parent: Scope | None
    ctes: frozenset[str]
    sources: dict[str, bool] = field(default_factory=dict)  # name -> is a real table
    pinned: set[str | None] = field(default_factory=set)
    conditions: list[Condition] = field(default_factory=list)
    later: list[exp.Expr] = field(default_factory=list)  # read once this query's own pins are known

    def holder(self, name: str) -> Scope | None:
        scope: Scope | None = self
        while scope is not None and name not in scope.sources:
            scope = scope.parent
        return scope

    def add(self, name: str, *, real: bool) -> None:
        if not name or name in self.sources:
            raise WrongShop(f"two sources called {name!r}")
        self.sources[name] = real


def read(sql: str) -> Reading:
    """`sql` as SQLAlchemy compiles it with the pyformat style; WrongShop if it is not shown to stay in one shop."""
    plain, names = _with_plain_binds(sql)
    if UNREADABLE.search(QUOTED.sub("''", plain)):
        raise WrongShop(f"a comment or a second statement: {_short(sql)}")
    try:
        tree = sqlglot.parse_one(plain, dialect="mysql")
    except sqlglot.errors.SqlglotError as bad:
        raise WrongShop(f"a statement that cannot be read: {_short(sql)}") from bad
    reader = _Reader()
    try:
        reader.statement(tree)
        reader.nothing_left_out(tree)
    except WrongShop as refused:
        raise WrongShop(f"{refused}: {_short(sql)}") from None
    reader.collect_binds(tree)
    return Reading(
        pins=tuple(sorted(names[bind] for bind in reader.binds)),
        writes=isinstance(tree, exp.Insert | exp.Update | exp.Delete),
        tables=frozenset(reader.tables),
        fences=FENCE in reader.tables and any(True for _ in tree.find_all(exp.Lock)),
    )


def _short(sql: str) -> str:
    return " ".join(sql.split())[:300]


def _with_plain_binds(sql: str) -> tuple[str, dict[str, str]]:
    names: dict[str, str] = {}

    def plain(match: re.Match[str]) -> str:
        name = match.group(1) or match.group(2)
        if name is None:
            return "%"
        short = f"b{len(names)}"
        names[short] = name
        return f":{short}"

    return TOKEN.sub(plain, sql), names


class _Reader:
    def __init__(self) -> None:
        self.binds: set[str] = set()
        self.tables: set[str] = set()
        self.seen: set[int] = set()

    # -- statements -----------------------------------------------------------------------------------------------
    def statement(self, tree: exp.Expr) -> None:
        if isinstance(tree, exp.Query):
            self.query(tree, None, frozenset())
        elif isinstance(tree, exp.Insert):
            self.insert(tree)
        elif isinstance(tree, exp.Update):
            self.update(tree)
        elif isinstance(tree, exp.Delete):
            self.delete(tree)
        else:
            raise WrongShop(f"only SELECT, INSERT, UPDATE and DELETE, not {type(tree).__name__}")

    def insert(self, tree: exp.Insert) -> None:
        target, rows = tree.this, tree.args.get("expression")
        if not isinstance(target, exp.Schema) or tree.args.get("overwrite") or tree.args.get("with_"):
            raise WrongShop("an INSERT without a list of columns")
        self.real(target.this)
        columns = [column.name.lower() for column in target.expressions]
        if columns.count(SHOP) != 1:
            raise WrongShop("an INSERT without shop_id")
        at = columns.index(SHOP)
        if isinstance(rows, exp.Values):
            for row in rows.expressions:
                self.shop_bind(row.expressions[at])
            self.nested(rows, None, frozenset())
        elif isinstance(rows, exp.Select):
            scope = self.select(rows, None, self.with_clause(rows, None, frozenset()))
            self.selected_shop(rows.expressions, at, scope)
        else:
            raise WrongShop("an INSERT whose rows cannot be read")
        if tree.args.get("conflict") is not None:
            self.assignments(tree.args["conflict"].expressions, None)

    def shop_bind(self, value: exp.Expr) -> None:
        if not isinstance(value, exp.Placeholder):
            raise WrongShop("shop_id is not a bind")
        self.binds.add(value.name)

    def selected_shop(self, projection: list[exp.Expr], at: int, scope: Scope) -> None:
        if at >= len(projection) or any(column.is_star for column in projection):
            raise WrongShop("INSERT … SELECT must name its columns")
        value = projection[at].unalias()
        if isinstance(value, exp.Placeholder):
            self.binds.add(value.name)
        elif not (_is_shop(value) and _owner(value, scope) in scope.pinned):
            raise WrongShop("INSERT … SELECT of another shop_id")

    def update(self, tree: exp.Update) -> None:
        if tree.args.get("with_") or tree.args.get("from_"):
            raise WrongShop("an UPDATE with a WITH or FROM")
        scope = Scope(None, frozenset())
        self.source(tree.this, scope)
        self.settle(scope, tree.args.get("where"))
        self.assignments(tree.expressions, scope)

    def delete(self, tree: exp.Delete) -> None:
        if any(tree.args.get(key) for key in ("with_", "tables", "returning")):
            raise WrongShop("a DELETE with a WITH or a list of tables")
        scope = Scope(None, frozenset())
        for table in tree.args.get("using") or [tree.this]:
            self.source(table, scope)
        if not scope.sources.get(tree.this.alias_or_name):
            raise WrongShop("a DELETE from a table that it does not use")
        self.seen.add(id(tree.this))
        self.settle(scope, tree.args.get("where"))

    def assignments(self, pairs: Iterable[exp.Expr], scope: Scope | None) -> None:
        for pair in pairs:
            if not isinstance(pair, exp.EQ) or not isinstance(pair.this, exp.Column):
                raise WrongShop("an assignment that cannot be read")
            if pair.this.name.lower() == SHOP:
                raise WrongShop("shop_id is not a value")
            self.nested(pair.expression, scope, frozenset())

    # -- queries --------------------------------------------------------------------------------------------------
    def query(self, tree: exp.Expr, parent: Scope | None, ctes: frozenset[str]) -> None:
        ctes = self.with_clause(tree, parent, ctes)
        if isinstance(tree, exp.Select):
            self.select(tree, parent, ctes)
            return
        if isinstance(tree, exp.Subquery):
            self.query(tree.this, parent, ctes)
        elif isinstance(tree, exp.SetOperation):
            self.query(tree.this, parent, ctes)
            self.query(tree.expression, parent, ctes)
        else:
            raise WrongShop(f"a query that cannot be read ({type(tree).__name__})")
        for key in ("order", "limit", "offset"):
            self.nested(tree.args.get(key), parent, ctes)

    def with_clause(self, tree: exp.Expr, parent: Scope | None, ctes: frozenset[str]) -> frozenset[str]:
        clause = tree.args.get("with_")
        if clause is None:
            return ctes
        for cte in clause.expressions:
            own = ctes | {cte.alias} if clause.args.get("recursive") else ctes  # else its own name is a real table
            self.query(cte.this, parent, own)
            ctes = ctes | {cte.alias}
        return ctes

    def select(self, tree: exp.Select, parent: Scope | None, ctes: frozenset[str]) -> Scope:
        scope = Scope(parent, ctes)
        if tree.args.get("from_") is not None:
            self.source(tree.args["from_"].this, scope)
        for join in tree.args.get("joins") or []:
            self.join(join, scope)
        self.settle(scope, tree.args.get("where"))
        for key, part in tree.args.items():
            if key not in ("from_", "joins", "with_", "locks", "where"):
                self.nested(part, scope, ctes)
        return scope

    def source(self, node: exp.Expr, scope: Scope) -> None:
        """Adds what stands in a FROM to the scope."""
        if isinstance(node, exp.Table):
            self.table(node, scope)
        elif isinstance(node, exp.Subquery) and isinstance(node.this, exp.Table):  # (a JOIN b ON …)
            self.source(node.this, scope)
        elif isinstance(node, exp.Subquery):
            self.query(node.this, scope.parent, scope.ctes)
            scope.add(node.alias, real=False)
        elif isinstance(node, exp.Lateral) and isinstance(node.this, exp.Subquery):
            scope.add(node.alias, real=False)
            scope.later.append(node.this)
        else:
            raise WrongShop(f"a source that cannot be read ({type(node).__name__})")
        for join in node.args.get("joins") or []:
            self.join(join, scope)

    def table(self, node: exp.Table, scope: Scope) -> None:
        if isinstance(node.this, exp.JSONTable):
            self.seen.add(id(node))
            scope.add(node.alias, real=False)
            scope.later.append(node.this)
        elif node.name in scope.ctes and not node.args.get("db"):
            self.seen.add(id(node))
            scope.add(node.alias_or_name, real=False)
        else:
            self.real(node)
            scope.add(node.alias_or_name, real=True)

    def real(self, node: exp.Expr) -> None:
        if not isinstance(node, exp.Table) or not isinstance(node.this, exp.Identifier):
            raise WrongShop("a table that cannot be read")
        if node.args.get("db") or node.args.get("catalog"):
            raise WrongShop("a table of another database")
        self.seen.add(id(node))
        self.tables.add(node.name)

    def join(self, join: exp.Join, scope: Scope) -> None:
        side = (join.side or "").upper()
        if side not in ("", "LEFT") or join.args.get("using") or join.args.get("method"):
            raise WrongShop(f"a {side or 'NATURAL or USING'} JOIN")
        before, outside = set(scope.sources), scope.conditions
        scope.conditions = []
        self.source(join.this, scope)
        added = frozenset(scope.sources.keys() - before)
        test = join.args.get("on")
        if test is not None:
            scope.conditions.append(Condition(test, frozenset(scope.sources)))
            scope.later.append(test)
        kept = [Condition(one.test, one.over & added) if side else one for one in scope.conditions]  # LEFT
        scope.conditions = outside + kept

    # -- pins -----------------------------------------------------------------------------------------------------
    def settle(self, scope: Scope, where: exp.Expr | None) -> None:
        """Ties what the conjuncts tie, to a fixpoint; every real table must be tied in the end."""
        tests = list(scope.conditions)
        if where is not None:
            tests.append(Condition(where.this, frozenset(scope.sources)))
            scope.later.append(where)
        pairs = [(pair, test.over) for test in tests for pair in _conjuncts(test.test) if isinstance(pair, exp.EQ)]
        grew = True
        while grew:
            grew = bool(sum(self.tie(pair, over, scope) for pair, over in pairs))
        loose = {name for name, real in scope.sources.items() if real} - scope.pinned
        if loose:
            raise WrongShop(f"{', '.join(sorted(loose))} without its shop_id")
        for part in scope.later:
            self.nested(part, scope, scope.ctes)

    def tie(self, pair: exp.EQ, over: frozenset[str], scope: Scope) -> bool:
        grew = False
        for here, there in ((pair.this, pair.expression), (pair.expression, pair.this)):
            name = _owner(here, scope) if _is_shop(here) else None
            if name is None or name in scope.pinned or name not in over or not scope.sources.get(name):
                continue
            if isinstance(there, exp.Placeholder) or _tied(there, scope):
                scope.pinned.add(name)
                grew = True
        return grew

    # -- the rest -------------------------------------------------------------------------------------------------
    def nested(self, part: object, scope: Scope | None, ctes: frozenset[str]) -> None:
        """Reads the queries inside an expression."""
        if isinstance(part, list):
            for one in part:
                self.nested(one, scope, ctes)
        elif isinstance(part, exp.Select | exp.SetOperation | exp.Subquery):
            self.query(part, scope, ctes)
        elif isinstance(part, exp.Expr):
            for child in part.iter_expressions():
                self.nested(child, scope, ctes)

    def nothing_left_out(self, tree: exp.Expr) -> None:
        for table in tree.find_all(exp.Table):
            if id(table) not in self.seen and not isinstance(table.parent, exp.Lock):
                raise WrongShop(f"{table.name} in an unknown place")

    def collect_binds(self, tree: exp.Expr) -> None:
        """Every bind that is compared with a shop_id, also where it ties nothing: naming another shop is a mistake."""
        for pair in tree.find_all(exp.EQ, exp.NullSafeEQ):
            for here, there in ((pair.this, pair.expression), (pair.expression, pair.this)):
                if _is_shop(here) and isinstance(there, exp.Placeholder):
                    self.binds.add(there.name)


def _conjuncts(test: exp.Expr) -> Iterator[exp.Expr]:
    if isinstance(test, exp.Paren):
        yield from _conjuncts(test.this)
    elif isinstance(test, exp.And):
        yield from _conjuncts(test.this)
        yield from _conjuncts(test.expression)
    else:
        yield test


def _is_shop(node: exp.Expr) -> bool:
    return isinstance(node, exp.Column) and node.name.lower() == SHOP


def _owner(column: exp.Expr, scope: Scope) -> str | None:
    """The source of this query that a shop_id belongs to; a bare column's only where there is but one."""
    name = _table_of(column)
    if name:
        return name if name in scope.sources else None
    return next(iter(scope.sources)) if len(scope.sources) == 1 else None


def _table_of(column: exp.Expr) -> str:
    """How the column calls its table; empty if it does not."""
    return column.table if isinstance(column, exp.Column) else ""


def _tied(node: exp.Expr, scope: Scope) -> bool:
    """A shop_id of a source, of this query or one around it, that is tied already."""
    if not _is_shop(node):
        return False
    name = _table_of(node)
    holder = scope.holder(name) if name else scope
    return holder is not None and (name or _owner(node, scope)) in holder.pinned
