"""Owns the second proof that a copy is whole, which shares nothing with the first: sums over the shop's columns, and
the sums that the application gives, as a bookkeeper would add them up."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy.dialects.mysql import pymysql as mysql_pymysql

from shard_router.moves.shapes import Column, Shape
from shard_router.moves.states import Sum
from shard_router.moves.verifying import Differs, Sides

DIALECT = mysql_pymysql.dialect(paramstyle="pyformat")


class SumsAgree:
    """A check: the application's sums first, since they say best what is missing; then each column of each table."""

    def __init__(self, sums: Sequence[Sum]) -> None:
        self._sums = [(one.name, *_compiled(one)) for one in sums]

    def __call__(self, sides: Sides, shapes: Sequence[Shape]) -> None:
        for name, sql, binds in self._sums:
            source, target = sides.ask_both(sql, {**binds, "shop_id": sides.shop_id})
            if source != target:
                raise Differs(f"{name}: {_row(source)} on the source, {_row(target)} on the target")
        for shape in shapes:
            compare_columns(sides, shape)


def compare_columns(sides: Sides, shape: Shape) -> None:
    """COUNT, and per column the sum of a checksum of key and value: a value that changed its row shows, too. All rows
    are counted besides, so that none can lie between two ranges."""
    totals = ", ".join(_total(shape, column) for column in shape.columns)
    added = 0
    for where in sides.ranges(shape):
        source, target = sides.ask_both(f"SELECT COUNT(*), {totals} FROM {shape.quoted} WHERE {where}")
        if source != target:
            names = ("rows", *(column.name for column in shape.columns))
            differing = [name for name, one, other in zip(names, source[0], target[0], strict=True) if one != other]
            raise Differs(f"{shape.name}: the sums of {', '.join(differing)} differ")
        added += source[0][0]
    source, target = sides.ask_both(f"SELECT COUNT(*) FROM {shape.quoted} WHERE `shop_id` = {sides.shop_id:d}")
    if (added, added) != (source[0][0], target[0][0]):
        raise Differs(f"{shape.name}: the counts differ, {_row(source)} on the source, {_row(target)} on the target")


def _total(shape: Shape, column: Column) -> str:
    key = ", ".join(("`shop_id`", *shape.key_names))
    value = f"CAST({column.value} AS CHAR)" if column.kind == "json" else column.value
    return f"COALESCE(SUM(CRC32(CONCAT_WS('/', {key}, {column.quoted} IS NULL, {value}))), 0)"


def _compiled(one: Sum) -> tuple[str, dict[str, Any]]:
    compiled = one.select.compile(dialect=DIALECT)
    if "shop_id" not in compiled.params:
        raise ValueError(f"the sum {one.name} does not bind shop_id")
    return str(compiled), dict(compiled.params)


def _row(rows: Sequence[Sequence[object]]) -> str:
    return ", ".join(str(value) for value in rows[0]) if rows else "nothing"
