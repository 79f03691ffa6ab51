"""Owns carrying changes over: rows that the tail names are read again, and replace what the target has of them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice

from pymysql import err

from shard_router.moves.copying import insert, whole_rows
from shard_router.moves.errors import MoveEnded
from shard_router.moves.keys import Key
from shard_router.moves.lines import DUPLICATE, Line, ServerLost, error_number
from shard_router.moves.progress import TAIL, Book, Part
from shard_router.moves.shapes import Shape
from shard_router.moves.states import Limits
from shard_router.moves.tail import Tail

Keys = dict[str, set[Key]]
BATCH = 1000  # keys in one statement, and of a table in one transaction
CLOSE = 100  # rows in one round
COLLISIONS = 20
SERVER_WAIT = 10.0  # seconds for the source to commit what its binlog shows already


class CatchUp:
    """`dirty` rows changed and are not carried over; `unproven` ones were, since they were last compared."""

    def __init__(
        self, source: Line, target: Line, tail: Tail, shapes: Sequence[Shape], *, shop_id: int, book: Book,
        limits: Limits, guard: Callable[[], None],
    ) -> None:  # fmt: skip
        self._source, self._target, self._tail, self._shapes = source, target, tail, shapes
        self._shop_id, self._book, self._limits, self._guard = shop_id, book, limits, guard
        self.dirty: Keys = {}
        self.unproven: Keys = {}
        self._upto = ""
        self._last: str | None = None
        self.applied = 0

    # -- from the tail --------------------------------------------------------------------------------------------
    def absorb(self) -> None:
        """TailBroken if the stream ended."""
        taken = self._tail.take()
        _merge(self.dirty, taken.keys)
        self._upto = taken.upto or self._upto
        self._last = taken.last or self._last

    def absorb_until_now(self) -> None:
        """All that the source has committed by now."""
        if not self._tail.wait_covers(self._source.executed(), SERVER_WAIT):
            raise ServerLost("the binlog of the source does not come")
        self.absorb()

    def absorb_until(self, gtid: str, within: float) -> bool:
        if not self._tail.wait_for(gtid, within):
            return False
        self.absorb()
        return True

    # -- to the target --------------------------------------------------------------------------------------------
    def round(self) -> int:
        """Carries over what is dirty, as the source has it now."""
        self.absorb()
        if not self.dirty:
            return 0
        self._wait_for_the_engine()
        return self._carry(self._source, finally_clean=True)

    def _wait_for_the_engine(self) -> None:
        """The stream runs ahead of it: a row that is read before shows what it was, and its key is not named again."""
        if self._last is None:
            return
        if self._source.scalar("SELECT WAIT_FOR_EXECUTED_GTID_SET(%s, %s)", (self._last, SERVER_WAIT)) != 0:
            raise ServerLost("the source does not commit what its binlog shows")

    def bring_to(self, snapshot: Line) -> int:
        """The target to exactly what the snapshot shows. All keys stay dirty: some changed behind the snapshot."""
        return self._carry(snapshot, finally_clean=False)

    def silent_round(self) -> int:
        """The last one, once the fence's own transaction has come: nobody writes the shop any more."""
        return self._carry(self._source, finally_clean=True) if self.dirty else 0

    def until_close(self, quiet: float, within: float, tick: Callable[[int], None]) -> None:
        """Rounds until one is as short as `quiet` seconds, or has few rows: the target is as close as it gets."""
        ends = time.monotonic() + within
        while True:
            began = time.monotonic()
            carried = self.round()
            tick(sum(map(len, self.dirty.values())))
            if carried <= CLOSE or time.monotonic() - began <= quiet:
                return
            if time.monotonic() > ends:
                raise MoveEnded("the shop changes faster than its changes can be carried over")

    def _carry(self, reader: Line, *, finally_clean: bool) -> int:
        for _ in range(COLLISIONS):
            try:
                count = self._replace_all(reader, finally_clean)
            except err.IntegrityError as collided:
                if error_number(collided) != DUPLICATE:
                    raise
                self.absorb_until_now()  # a unique value changed hands behind what was taken: its old row is dirty too
                self._wait_for_the_engine()
                continue
            _merge(self.unproven, self.dirty)
            if finally_clean:
                self.dirty = {}
            self.applied += count
            return count
        raise MoveEnded("two rows of the shop have the same unique value on the source and on the target for ever")

    def _replace_all(self, reader: Line, clean: bool) -> int:
        """In one transaction where they are few. Where they are many, all the old rows go before the first new one
        comes, since a value of a second unique key may have gone from one of them to another."""
        if all(len(keys) <= BATCH for keys in self.dirty.values()):
            with self._target.transaction():
                self._guard()
                fresh = [(shape, self._read(reader, shape, keys)) for shape, keys in self._named(self.dirty)]
                for shape, keys in self._named(self.dirty):
                    self._delete(shape, keys)
                for shape, rows in fresh:
                    insert(self._target, shape, rows, self._limits.chunk_bytes)
                self._note(clean)
        else:
            self._replace_many(reader, clean)
        return sum(map(len, self.dirty.values()))

    def _replace_many(self, reader: Line, clean: bool) -> None:
        for shape, keys in self._named(self.dirty):
            for batch in _batches(keys):
                with self._target.transaction():
                    self._guard()
                    self._delete(shape, batch)
        for shape, keys in self._named(self.dirty):
            for batch in _batches(keys):
                with self._target.transaction():
                    self._guard()
                    self._delete(shape, batch)  # a try that collided may have left some
                    insert(self._target, shape, self._read(reader, shape, batch), self._limits.chunk_bytes)
        with self._target.transaction():
            self._guard()
            self._note(clean)

    def _named(self, keys: Keys) -> Iterator[tuple[Shape, set[Key]]]:
        return ((shape, keys[shape.name]) for shape in self._shapes if keys.get(shape.name))

    def _read(self, reader: Line, shape: Shape, keys: Iterable[Key]) -> list[bytes]:
        rows = reader.ask(f"SELECT {shape.row} FROM {shape.quoted} WHERE {shape.keyed(self._shop_id, keys)}")
        return [row[0] for row in whole_rows(shape, rows)]

    def _delete(self, shape: Shape, keys: Iterable[Key]) -> None:
        self._target.tell(f"DELETE FROM {shape.quoted} WHERE {shape.keyed(self._shop_id, keys)}")

    def _note(self, clean: bool) -> None:
        if clean and self._upto:
            self._book.write(self._target, Part(TAIL, gtids=self._upto))

    # -- what was compared ----------------------------------------------------------------------------------------
    def proven(self) -> None:
        """The target was found equal to a snapshot; what is dirty still will be carried over, and compared, again."""
        self.unproven = {}


def _merge(into: Keys, more: Keys) -> None:
    for table, keys in more.items():
        into.setdefault(table, set()).update(keys)


def _batches(keys: Iterable[Key]) -> Iterator[list[Key]]:
    rest = iter(keys)
    while batch := list(islice(rest, BATCH)):
        yield batch
