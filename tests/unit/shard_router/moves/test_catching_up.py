"""Rows that are read again after a collision, from a source whose binlog shows more than its engine has committed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any
from uuid import UUID

import pytest
from pymysql import err

from shard_router.moves.catching_up import CatchUp
from shard_router.moves.keys import Key, KeyColumn, KeyShape, Kind
from shard_router.moves.lines import DUPLICATE, ServerLost
from shard_router.moves.progress import Book
from shard_router.moves.shapes import Column, Shape
from shard_router.moves.states import Limits
from shard_router.moves.tail import Taken

SHOP = 17
NUMBER = Column("id", "bigint", "bigint", "NO", None, None, None, "", "")
KEY = KeyColumn("shop_id", Kind.BIGINT, 8), KeyColumn("id", Kind.BIGINT, 8)
BILLS = Shape("bills", (NUMBER,), KeyShape("bills", 3, KEY))


class Source:
    """Bill 1 had number 7, then 8, then 9; the last is in the binlog already, and in the engine once it is waited for.
    Bill 2 has number 7 by now."""

    def __init__(self, *, commits: bool = True) -> None:
        self._rows = {1: b"(1,8)", 2: b"(2,7)"}
        self._commits = commits
        self.waited_for: list[str] = []

    def ask(self, sql: str, binds: object = None) -> tuple[tuple[bytes], ...]:
        return tuple((row,) for key, row in self._rows.items() if f"({SHOP}, {key})" in sql)

    def scalar(self, sql: str, binds: Sequence[object]) -> int:
        assert "WAIT_FOR_EXECUTED_GTID_SET" in sql
        self.waited_for.append(str(binds[0]))
        if binds[0] == "late:2":
            if not self._commits:
                return 1
            self._rows[1] = b"(1,9)"
        return 0

    def executed(self) -> str:
        return ""


class Target:
    """It has bill 1 with number 7, so bill 2 cannot have it before bill 1 was taken away."""

    def __init__(self) -> None:
        self.rows = {1: b"(1,7)"}

    @contextmanager
    def transaction(self) -> Iterator[None]:
        before = dict(self.rows)
        try:
            yield
        except BaseException:
            self.rows = before
            raise

    def tell(self, sql: str, binds: object = None) -> int:
        for key in [key for key in self.rows if f"({SHOP}, {key})" in sql]:
            del self.rows[key]
        return 1

    def send(self, sql: bytes) -> None:
        for row in sql.partition(b" VALUES ")[2].decode().split("),("):
            key, number = (int(part) for part in row.strip("()").split(","))
            if f",{number})".encode() in b"".join(self.rows.values()):
                raise err.IntegrityError(DUPLICATE, "number")
            self.rows[key] = f"({key},{number})".encode()


class Tail:
    """It names bill 2 first, and bill 1 with a commit that the engine has not made yet."""

    def __init__(self) -> None:
        self._taken = [Taken({"bills": {(2,)}}, "", "early:1"), Taken({"bills": {(1,)}}, "", "late:2")]

    def take(self) -> Taken:
        return self._taken.pop(0)

    def wait_covers(self, gtids: str, within: float) -> bool:
        return True


def catching_up(source: Source, target: Target) -> CatchUp:
    lines: Any = source, target, Tail()
    book = Book(SHOP, UUID(int=1))
    return CatchUp(*lines, [BILLS], shop_id=SHOP, book=book, limits=Limits(), guard=lambda: None)


def test_after_a_collision_rows_are_read_once_the_source_has_committed_what_its_binlog_shows() -> None:
    source, target = Source(), Target()
    catching_up(source, target).round()
    assert source.waited_for == ["early:1", "late:2"]
    assert target.rows == {1: b"(1,9)", 2: b"(2,7)"}


def test_a_source_that_does_not_commit_what_its_binlog_shows_is_lost() -> None:
    changes = catching_up(Source(commits=False), Target())
    with pytest.raises(ServerLost, match="does not commit"):
        changes.round()
    still: set[Key] = {(1,), (2,)}
    assert changes.dirty["bills"] == still
