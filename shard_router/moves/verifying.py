"""Owns the first proof that a copy is whole: every column of every row hashed by MySQL on both sides, and compared."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice

from shard_router.moves.errors import MoveEnded
from shard_router.moves.keys import Key
from shard_router.moves.lines import Line, Row
from shard_router.moves.pacing import Pace
from shard_router.moves.shapes import Shape

SHOWN = 5  # differing rows that are named
BATCH = 1000
RANGE = 250  # rows that are compared at once: some milliseconds of a processor, which a neighbour may have to wait for


class Differs(MoveEnded):
    """The target is not what the source is. The move is undone; nothing was switched."""


@dataclass(frozen=True, slots=True)
class Sides:
    """The two to be compared: both stand still as seen through these lines. With a pace one works after the other, and
    rests; without, as in the fenced moment, both at once."""

    source: Line
    target: Line
    shop_id: int
    pace: Pace | None = None

    def ask_both(self, sql: str, binds: object = None) -> tuple[tuple[Row, ...], tuple[Row, ...]]:
        if self.pace is not None:
            with self.pace.gently():
                mine = self.source.ask(sql, binds)
            with self.pace.gently():
                return mine, self.target.ask(sql, binds)
        with ThreadPoolExecutor(1) as aside:
            other = aside.submit(self.target.ask, sql, binds)
            mine = self.source.ask(sql, binds)
            return mine, other.result()

    def ranges(self, shape: Shape) -> Iterator[str]:
        """Conditions that together hold for every row of the shop, and no two of them for one; each for RANGE rows of
        the source, the last for all that come behind."""
        names = ", ".join(shape.key_names)
        last: Key | None = None
        while names:
            found = self.source.find(
                f"SELECT {names} FROM {shape.quoted} FORCE INDEX (PRIMARY) WHERE {shape.behind(self.shop_id, last)}"
                f" ORDER BY `shop_id`, {names} LIMIT 1 OFFSET {RANGE - 1}"
            )
            if found is None:
                break
            yield f"{shape.behind(self.shop_id, last)} AND {shape.up_to(found)}"
            last = found
        yield shape.behind(self.shop_id, last)


Check = Callable[[Sides, Sequence[Shape]], None]


def compare_rows(sides: Sides, shapes: Sequence[Shape]) -> None:
    """All rows, by ranges of their keys. Differs names those of the first range that differs."""
    for shape in shapes:
        for where in sides.ranges(shape):
            source, target = sides.ask_both(
                f"SELECT COUNT(*), BIT_XOR({shape.digest}) FROM {shape.quoted} WHERE {where}"
            )
            if source != target:
                raise Differs(_named(shape, *sides.ask_both(f"{_listing(shape)} WHERE {where}")))


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
