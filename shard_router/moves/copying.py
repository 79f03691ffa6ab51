"""Owns the copy: a shop's rows in chunks by their keys, each in one transaction with how far it went."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from pymysql import err

from shard_router.moves.errors import MoveEnded
from shard_router.moves.lines import DUPLICATE, Line, error_number
from shard_router.moves.pacing import Pace
from shard_router.moves.progress import Book, Part, encode
from shard_router.moves.shapes import Shape
from shard_router.moves.states import Limits

FIRST = 50  # rows of a table's first chunk: nobody knows yet how large they are


@dataclass
class Copied:
    """So far, by this process."""

    rows: int = 0
    bytes: int = 0
    seconds: float = 0.0


class Copy:
    """`guard` is asked first in each transaction on the target; `tick` between them, with all rows copied so far."""

    def __init__(
        self, source: Line, target: Line, *, shop_id: int, book: Book, limits: Limits, pace: Pace,
        guard: Callable[[], None], tick: Callable[[int], None],
    ) -> None:  # fmt: skip
        self._source, self._target = source, target
        self._shop_id, self._book, self._limits, self._pace = shop_id, book, limits, pace
        self._guard, self._tick = guard, tick
        self._before = 0  # rows that earlier processes had copied
        self.done = Copied()

    def run(self, shapes: Sequence[Shape], parts: dict[str, Part]) -> None:
        began = time.monotonic()
        self._before = sum(part.copied for part in parts.values())
        for shape in shapes:
            part = parts.get(shape.name, Part(shape.name))
            if not part.whole:
                self._copy(shape, part)
        self.done.seconds += time.monotonic() - began - self._pace.rested

    def _copy(self, shape: Shape, part: Part) -> None:
        limit = min(FIRST, self._limits.chunk_rows)
        while not part.whole:
            with self._pace.gently():
                rows = self._read(shape, part, limit)
            began = time.monotonic()
            last = rows[-1][1:] if rows else ()
            part = replace(
                part, copied=part.copied + len(rows), whole=len(rows) < limit or not shape.key_names,
                last_key=encode(last) if last else part.last_key,
            )  # fmt: skip
            with self._pace.gently():
                self._write(shape, [row[0] for row in rows], part)
                committing = time.monotonic() - began
            size = sum(len(row[0]) for row in rows)
            self.done.rows, self.done.bytes = self.done.rows + len(rows), self.done.bytes + size
            self._tick(self._before + self.done.rows)
            self._pace.rest(len(rows), committing, self._target.gtid)
            limit = self._next(limit, size // max(1, len(rows)))

    def _next(self, limit: int, row_bytes: int) -> int:
        """Rows of the next chunk: as many as fit, but never more than four times those of this one."""
        fitting = self._limits.chunk_bytes // max(1, row_bytes)
        return max(1, min(self._limits.chunk_rows, fitting, limit * 4))

    def _read(self, shape: Shape, part: Part, limit: int) -> list[tuple[bytes, ...]]:
        order = ", ".join(("`shop_id`", *shape.key_names))
        rows = self._source.ask(
            f"SELECT {', '.join((shape.row, *shape.key_names))} FROM {shape.quoted} FORCE INDEX (PRIMARY)"
            f" WHERE {shape.behind(self._shop_id, part.behind)} ORDER BY {order} LIMIT {limit}"
        )
        return whole_rows(shape, rows)

    def _write(self, shape: Shape, rows: list[bytes], part: Part) -> None:
        try:
            with self._target.transaction():
                self._guard()
                insert(self._target, shape, rows, self._limits.chunk_bytes)
                self._book.write(self._target, part)
        except err.IntegrityError as collided:
            if error_number(collided) != DUPLICATE:
                raise
            self._write_one_by_one(shape, rows, part)

    def _write_one_by_one(self, shape: Shape, rows: list[bytes], part: Part) -> None:
        """A value of a second unique key went from a row that was copied before to one of these. Both have changed
        since the stream began, so what is left out here is carried over with the changes."""
        with self._target.transaction():
            self._guard()
            for row in rows:
                try:
                    self._target.send(shape.insert([row]))
                except err.IntegrityError as collided:
                    if error_number(collided) != DUPLICATE:
                        raise
            self._book.write(self._target, part)


def whole_rows(shape: Shape, rows: Sequence[tuple[bytes, ...]]) -> list[tuple[bytes, ...]]:
    if any(row[0] is None for row in rows):
        raise MoveEnded(f"{shape.name} has a row that is larger than the source's max_allowed_packet can tell")
    return list(rows)


def insert(line: Line, shape: Shape, rows: Sequence[bytes], most: int) -> None:
    """In statements of about `most` bytes."""
    batch: list[bytes] = []
    size = 0
    for row in rows:
        if batch and size + len(row) > most:
            line.send(shape.insert(batch))
            batch, size = [], 0
        batch.append(row)
        size += len(row)
    if batch:
        line.send(shape.insert(batch))
