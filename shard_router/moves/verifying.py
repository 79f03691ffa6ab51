"""Owns the first proof that a copy is whole: every column of every row hashed by MySQL on both sides, and compared."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice

from shard_router.moves.errors import MoveEnded
from shard_router.moves.keys import Key
from shard_router.moves.lines import Line, Row
from shard_router.moves.shapes import Shape

SHOWN = 5  # differing rows that are named
BATCH = 1000


class Differs(MoveEnded):
    """The target is not what the source is. The move is undone; nothing was switched."""


@dataclass(frozen=True, slots=True)
class Sides:
    """The two to be compared: both stand still as seen through these lines."""

    source: Line
    target: Line
    shop_id: int

    def ask_both(self, sql: str, binds: object = None) -> tuple[tuple[Row, ...], tuple[Row, ...]]:
        with ThreadPoolExecutor(1) as aside:
            other = aside.submit(self.target.ask, sql, binds)
            mine = self.source.ask(sql, binds)
            return mine, other.result()


Check = Callable[[Sides, Sequence[Shape]], None]


def compare_rows(sides: Sides, shapes: Sequence[Shape]) -> None:
    """All rows, by buckets of their keys. Differs names the rows."""
    for shape in shapes:
        sql = (
            f"SELECT {shape.bucket} AS bucket, COUNT(*), BIT_XOR({shape.digest}) FROM {shape.quoted}"
            f" WHERE `shop_id` = {sides.shop_id:d} GROUP BY bucket ORDER BY bucket"
        )
        source, target = sides.ask_both(sql)
        if source != target:
            differing = {row[0] for row in set(source) ^ set(target)}
            raise Differs(_named(shape, *_rows_of(sides, shape, differing)))


def compare_keys(sides: Sides, shapes: Sequence[Shape], keys: dict[str, set[Key]]) -> int:
    """Only these rows; returns how many keys they were."""
    for shape in shapes:
        rest = iter(keys.get(shape.name, ()))
        while batch := list(islice(rest, BATCH)):
            where = shape.keyed(sides.shop_id, batch)
            source, target = sides.ask_both(f"{_listing(shape)} WHERE {where}")
            if set(source) != set(target):
                raise Differs(_named(shape, source, target))
    return sum(map(len, keys.values()))


def _listing(shape: Shape) -> str:
    return f"SELECT {', '.join((shape.digest, *shape.key_names))} FROM {shape.quoted}"


def _rows_of(sides: Sides, shape: Shape, buckets: Iterable[object]) -> tuple[tuple[Row, ...], tuple[Row, ...]]:
    listed = ", ".join(str(bucket) for bucket in buckets)
    return sides.ask_both(f"{_listing(shape)} WHERE `shop_id` = {sides.shop_id:d} AND {shape.bucket} IN ({listed})")


def _named(shape: Shape, source: Iterable[Row], target: Iterable[Row]) -> str:
    """Which rows differ; of their values nothing is said, since people's names are among them."""
    here, there = set(source), set(target)
    differing = sorted({row[1:] for row in here ^ there}, key=repr)
    named = ", ".join("/".join(_shown(value) for value in key) for key in differing[:SHOWN])
    return (
        f"{shape.name}: {len(differing)} rows differ, {len(here)} on the source and {len(there)} on the target: {named}"
    )


def _shown(value: object) -> str:
    return value.hex() if isinstance(value, bytes) else str(value)
