"""Owns the way of a shop that is restored: a move whose rows come from a read-only server that somebody brought back
to an earlier moment. Its present rows stay where they are behind a closed fence, so that the way back exists.

The rows stand still, so no binlog is read: the fence is closed first, then comes the copy, then the proofs, and then
the switch, in whose transaction the application settles what a restore must not take back (`Settle`).
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from shard_router.moves import fences, preflight
from shard_router.moves.copying import Copy
from shard_router.moves.errors import MoveEnded, MoveRefused
from shard_router.moves.fences import NotFenced
from shard_router.moves.keys import read_shapes
from shard_router.moves.lines import Line, Lines, ServerLost, error_number
from shard_router.moves.pacing import Pace
from shard_router.moves.records import Record
from shard_router.moves.running import HELD, Run, ms
from shard_router.moves.settling import Restoring, Side
from shard_router.moves.shapes import read_columns, shapes_of
from shard_router.moves.states import MoveState
from shard_router.moves.verifying import Sides
from shard_router.router import Router
from shard_router.topology import Server

UNHEARD = range(2000, 3000)  # errors of the driver: no server has spoken
RESTORE = "restore"  # in a move's facts: it is one, and from where


@dataclass(frozen=True, slots=True)
class Origin:
    """Where the rows are. `kept`: on the target itself, whence the shop was once restored away. `dead`: the shop's
    shard is gone, so its fence cannot be closed; `unknown`: how many of its transactions may be missing."""

    host: str = ""
    port: int = 0
    kept: bool = False
    dead: bool = False
    unknown: int = 0

    def facts(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self.__slots__}

    @classmethod
    def of(cls, facts: Mapping[str, Any]) -> Origin | None:
        return cls(**facts[RESTORE]) if RESTORE in facts else None

    @property
    def server(self) -> Server:
        return Server(f"the restored server {self.host}:{self.port}", self.host, self.port)

    def line(self, lines: Lines) -> Line:
        """One moment of it, whatever happens to it."""
        line = lines.to(self.server)
        line.tell("SET SESSION transaction_isolation = 'REPEATABLE-READ'")
        line.tell("START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY")
        return line


class Restore(Run):
    """A run of a restore. Its `source` is the shard that the shop leaves, whose rows nobody copies."""

    @property
    def origin(self) -> Origin:
        found = Origin.of(self.record.facts)
        assert found is not None
        return found

    def connect(self) -> None:
        self.target = self.lines.primary(self.record.target)
        if not self.origin.dead:
            self.source = self.lines.primary(self.record.source)

    def work(self) -> None:
        began = time.monotonic()
        self.take_over()
        self._close()
        self._enter(MoveState.COPYING)
        rows = self.target if self.origin.kept else self._bring_rows()
        self._enter(MoveState.FENCING)
        self._close()  # a failover of the source may have taken it back
        self._switch(rows)
        self._add(pause_ms=ms(time.monotonic() - began))

    # -- closing --------------------------------------------------------------------------------------------------
    def _close(self) -> None:
        """Nobody writes the shop from here on: what he wrote would be lost. Reads go on, at what there was."""
        if self.origin.dead:
            return
        if not self.fences.fenced(self.source):
            self._fence()
        self._step("closed")
        replicas = self.lines.replicas(self.record.source)
        if not replicas and not self.parts.limits.accept_degraded:
            raise MoveEnded("no replica of the source answers, so its failover could undo the fence")
        marker = self.book.mark(self.source)  # behind the fence, by whichever run that was closed
        if replicas and not fences.wait_for_replica(
            replicas, marker, time.monotonic() + self.parts.limits.replica_wait
        ):
            raise MoveEnded("no replica of the source had the fence in time")

    def _fence(self) -> None:
        ends = time.monotonic() + self.parts.limits.fence_within
        while True:
            self.fences.clear_holders(self.source, old=self.pause, frozen=self.parts.limits.frozen)
            try:
                self.fences.fence(self.source, self.pause)
            except NotFenced:
                if time.monotonic() > ends:
                    raise MoveEnded(f"it could not be fenced: {HELD}") from None
                time.sleep(self.pause)
            else:
                return

    def check_source(self) -> None:
        if not self.origin.dead and not self.fences.fenced(self.source):
            raise MoveEnded("the source's fence changed while the shop was being restored")

    # -- filling --------------------------------------------------------------------------------------------------
    def _bring_rows(self) -> Line:
        rows = self.origin.line(self.lines)
        if wrong := list(preflight.of_restored(rows, self.record.shop_id)):
            raise MoveEnded("; ".join(wrong))
        names, database = self.parts.tables, self.parts.router.config.shard_database
        shapes = shapes_of(names, read_columns(rows, database), read_shapes(rows.raw, database, names))
        pace = Pace(self.parts.limits, self.lines.replicas(self.record.target))
        copy = Copy(
            rows, self.target, shop_id=self.record.shop_id, book=self.book, limits=self.parts.limits, pace=pace,
            guard=self._guard, tick=self._copied,
        )  # fmt: skip
        copy.run(shapes, self._of_tables(self.book.read(self.target)))
        self._add(copy_rows=copy.done.rows, copy_bytes=copy.done.bytes, copy_s=copy.done.seconds)
        self._enter(MoveState.VERIFYING)
        began = time.monotonic()
        for check in self.parts.checks:
            check(Sides(rows, self.target, self.record.shop_id, Pace(self.parts.limits, ())), shapes)
        self._step("verified")
        self._add(verify_s=time.monotonic() - began)
        return rows

    # -- switching ------------------------------------------------------------------------------------------------
    def _switch(self, rows: Line) -> None:
        shop_id = self.record.shop_id
        closed = None if self.origin.dead else Side(self.source, shop_id)
        restored, target = Side(rows, shop_id), Side(self.target, shop_id)
        restoring = Restoring(str(self.record.move_id), restored, closed, target, self.origin.unknown)
        self.check_source()
        self._step("before the switch")
        self.fences.switch(self.target, self.token, also=lambda: self.parts.settle(restoring))
        self._step("switched")

    # -- behind ---------------------------------------------------------------------------------------------------
    def leave(self) -> None:
        if not self.origin.dead:
            super().leave()

    def reopen(self) -> int:
        """The dead shard's fence is as it was, and so is the directory."""
        return self.record.epoch - 1 if self.origin.dead else super().reopen()


def kind_of(record: Record) -> type[Run]:
    return Restore if RESTORE in record.facts else Run


def reasons_against(ground: preflight.Ground, record: Record) -> Sequence[str]:
    """Why the way back cannot be gone."""
    if RESTORE in record.facts:
        return preflight.reasons_to_return(ground)
    return preflight.reasons(ground, copied=True)


def answers(lines: Lines, server: Server) -> bool:
    """Whether anything is heard of it: one that refuses us lives."""
    try:
        lines.to(server, answer=2.0)
    except ServerLost as lost:
        return lost.__cause__ is not None and error_number(lost.__cause__) not in UNHEARD
    return True


# -- looking ---------------------------------------------------------------------------------------------------
@contextmanager
def compare(router: Router, shop_id: int, shard: str, origin: Origin) -> Iterator[tuple[Side | None, Side]]:
    """The shop's rows on a shard, None if that is dead, and those at the origin; to be read. MoveRefused where
    one of them does not answer."""
    with Lines(router) as lines:
        try:
            live = None if origin.dead else Side(lines.primary(shard), shop_id)
            yield live, Side(origin.line(lines), shop_id)
        except ServerLost as lost:
            raise MoveRefused([str(lost)]) from lost


def executed(router: Router, origin: Origin) -> str:
    """The transactions that the restored server has. MoveRefused where it does not answer."""
    with Lines(router) as lines:
        try:
            return origin.line(lines).executed()
        except ServerLost as lost:
            raise MoveRefused([str(lost)]) from lost
