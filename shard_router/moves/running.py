"""Owns one process's work on one move: from wherever it stands to its end, the fenced moment included.

Nothing is remembered between two runs but what the servers hold. A run first makes itself the move's runner on the
target, then looks at both fences, and they alone say what is to be done.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from pymysql import err

from shard_router.directory import DirectoryEntry
from shard_router.moves import fences, progress
from shard_router.moves.catching_up import CatchUp
from shard_router.moves.copying import Copy
from shard_router.moves.errors import MoveEnded
from shard_router.moves.fences import Fences, NotFenced, Superseded, Switched
from shard_router.moves.keys import read_shapes
from shard_router.moves.lines import DEADLOCK, LOCK_TIMED_OUT, Line, Lines, ServerLost, error_number
from shard_router.moves.pacing import Pace
from shard_router.moves.progress import Book
from shard_router.moves.records import Record, Records
from shard_router.moves.settling import Settle
from shard_router.moves.shapes import read_columns, shapes_of
from shard_router.moves.states import Limits, MoveState, Progress
from shard_router.moves.tail import Tail
from shard_router.moves.verifying import Check, Sides, compare_keys
from shard_router.router import Router
from shard_router.tables import State

QUIET = 0.03  # seconds; a round of changes as short as this means that the target is as close behind as it gets
FEW = 200  # rows that may be left to compare within the fenced moment
CLOSING = 20  # tries to have so few
FOR_THE_LOCK = 0.6  # of the pause may go by until the fence is locked; the rest is for what comes then
HELD = "transactions of the shop held its fence each time"
STALLED = 1.0  # seconds past the pause after which a server that does not answer is lost
CATCH_UP = 900.0
SNAPSHOT_WAIT = 30.0
Step = Callable[[str], None]


@dataclass
class Parts:
    """What a run is made of, besides its move."""

    router: Router
    records: Records
    tables: tuple[str, ...]
    checks: Sequence[Check]
    limits: Limits
    settle: Settle  # of restores
    step: Step  # is told of each step; nothing is said to it that it could change


@dataclass
class Seen:
    """What the heartbeat tells the control plane of this run."""

    facts: dict[str, Any]
    copied: int = 0
    dirty: int = 0
    note: str = ""
    lost: bool = False

    def all(self) -> dict[str, Any]:
        return {**self.facts, "progress": {"rows_copied": self.copied, "dirty": self.dirty, "note": self.note}}


@dataclass
class Run:
    """One attempt with connections of its own; the next one begins anew."""

    parts: Parts
    record: Record
    runner: str
    token: bytes
    seen: Seen
    report: Callable[[Progress], None]
    lines: Lines
    state: MoveState = field(init=False)
    looked_at: float = field(init=False, default=0.0)
    hindrance: str = field(init=False, default="")

    def __post_init__(self) -> None:
        record = self.record
        self.state = record.state
        self.book = Book(record.shop_id, record.move_id)
        self.pause = record.max_pause_ms / 1000
        self.fences = Fences(record.shop_id, record.move_id, record.source, record.target, record.epoch)

    # -- the whole ------------------------------------------------------------------------------------------------
    def carry_out(self) -> None:
        """Until it has switched or was undone. ServerLost and TailBroken may be tried again; Superseded ends it."""
        self.connect()
        if self._decided():
            return
        try:
            self.work()
        except MoveEnded as ended:
            self.undo(str(ended))
        except err.MySQLError as refused:
            if error_number(refused) in (DEADLOCK, LOCK_TIMED_OUT):
                raise ServerLost(f"the copy and somebody else locked each other out: {refused.args[-1]}") from refused
            self.undo(f"a server refused a statement: {refused.args[-1]}")
        else:
            self.complete()

    def connect(self) -> None:
        self.source = self.lines.primary(self.record.source)
        self.target = self.lines.primary(self.record.target)

    def work(self) -> None:
        """From wherever it stands to behind the switch."""
        self._prepare()
        self._bring_over()
        self._close_and_switch()

    def _decided(self) -> bool:
        """Whether the fences say that it was switched or ended already; then the rest of that is done."""
        row = fences.read(self.target, self.record.shop_id)
        if row is not None and row.move_id == self.record.move_id.bytes:
            if row.state == State.OPEN:
                self.complete()
                return True
            if row.state == State.MOVED:
                self.undo(self.record.reason or "it was aborted")
                return True
        return False

    # -- before ---------------------------------------------------------------------------------------------------
    def take_over(self) -> None:
        """The target waits for the shop, and for this run to bring it."""
        self.fences.plant(self.target)
        with self.target.transaction():
            self.book.take_over(self.target, self.token)
        self._step("planted")

    def _prepare(self) -> None:
        self.take_over()
        if self.fences.fenced(self.source):
            raise MoveEnded("its process ended in the fenced moment")
        found = self.book.read(self.target)
        self.since = self._begin_of_stream(found)
        names, config = self.parts.tables, self.parts.router.config
        keys = read_shapes(self.source.raw, config.shard_database, names)
        self.shapes = shapes_of(names, read_columns(self.source, config.shard_database), keys)
        self.progress = self._of_tables(found)
        self.tail = Tail(
            lambda: self.lines.connect(self.source.server), database=config.shard_database,
            shop_id=self.record.shop_id, keys=keys, since=self.since, server_id=server_id(self.token),
        )  # fmt: skip

    def _of_tables(self, found: dict[str, progress.Part]) -> dict[str, progress.Part]:
        """How far each table was copied; a shop that is taken back left all of them there."""
        if self.record.rolls_back is not None:
            return {name: progress.Part(name, whole=True) for name in self.parts.tables}
        return {name: part for name, part in found.items() if name not in progress.RESERVED}

    def _begin_of_stream(self, found: dict[str, progress.Part]) -> str:
        """Up to where changes were applied; else what the source had executed before the first row was read."""
        if progress.TAIL in found:
            return found[progress.TAIL].gtids
        if not self.record.copied_from:
            since = self.source.executed()
            self.parts.records.change(self.record.move_id, copied_from=since.encode())
            return since
        return self.record.copied_from

    # -- copy, catch up, verify -----------------------------------------------------------------------------------
    def _bring_over(self) -> None:
        self.tail.start()
        try:
            self._enter(MoveState.COPYING)
            self._copy()
            self.changes = CatchUp(
                self.source, self.target, self.tail, self.shapes, shop_id=self.record.shop_id, book=self.book,
                limits=self.parts.limits, guard=self._guard,
            )  # fmt: skip
            self._enter(MoveState.CATCHING_UP)
            self._catch_up()
            self._enter(MoveState.VERIFYING)
            self._verify()
        except BaseException:
            self.tail.stop()
            raise

    def _guard(self) -> None:
        self.fences.guard(self.target, self.token)

    def _copy(self) -> None:
        pace = Pace(self.parts.limits, self.lines.replicas(self.record.target))
        copy = Copy(
            self.source, self.target, shop_id=self.record.shop_id, book=self.book, limits=self.parts.limits,
            pace=pace, guard=self._guard, tick=self._copied,
        )  # fmt: skip
        copy.run(self.shapes, self.progress)
        self._add(copy_rows=copy.done.rows, copy_bytes=copy.done.bytes, copy_s=copy.done.seconds, rested_s=pace.rested)

    def _copied(self, rows: int) -> None:
        self.seen.copied = rows
        self._step("copied")
        self._tick()

    def _catch_up(self) -> None:
        began = time.monotonic()
        self.changes.until_close(QUIET, CATCH_UP, self._changed)
        self._add(catch_up_s=time.monotonic() - began)

    def _changed(self, dirty: int) -> None:
        self.seen.dirty = dirty
        self._tick()

    def _verify(self) -> None:
        began = time.monotonic()

        def all_checks(sides: Sides) -> None:
            for check in self.parts.checks:
                check(sides, self.shapes)

        self._at_a_snapshot(all_checks)
        self._step("verified")
        self._add(verify_s=time.monotonic() - began)

    def _at_a_snapshot(self, check: Callable[[Sides], object]) -> None:
        """Brings the target to exactly one moment of the source, which goes on, and has the two compared there.

        The marker is committed behind the snapshot: all that the snapshot shows stands before it in the binlog. So
        once the tail has come to the marker, every row that the snapshot shows otherwise than the target is known."""
        snapshot = self.lines.to(self.source.server)
        try:
            snapshot.tell("SET SESSION transaction_isolation = 'REPEATABLE-READ'")
            snapshot.tell("START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY")
            if not self.changes.absorb_until(self.book.mark(self.source), SNAPSHOT_WAIT):
                raise ServerLost("the binlog of the source does not come")
            self.changes.bring_to(snapshot)
            self._step("at a snapshot")
            check(Sides(snapshot, self.target, self.record.shop_id, Pace(self.parts.limits, ())))
            self.changes.proven()
        finally:
            snapshot.close()
        self._tick(at_once=True)

    def _until_few_are_unproven(self) -> None:
        """What changed since the whole was compared is compared, too, until little is left for the fenced moment."""
        for _ in range(CLOSING):
            self.changes.round()
            if sum(map(len, self.changes.unproven.values())) <= FEW:
                return
            self._at_a_snapshot(lambda sides: compare_keys(sides, self.shapes, self.changes.unproven))
        raise MoveEnded("the shop changes faster than its changes can be compared")

    # -- the fenced moment ----------------------------------------------------------------------------------------
    def _close_and_switch(self) -> None:
        try:
            self._enter(MoveState.FENCING)
            replicas = self.lines.replicas(self.record.source)
            if not replicas and not self.parts.limits.accept_degraded:
                raise MoveEnded("no replica of the source answers, so its failover could undo the fence")
            ends = time.monotonic() + self.parts.limits.fence_within
            while time.monotonic() < ends:
                self._until_few_are_unproven()
                self._add(fence_tries=self.seen.facts.get("fence_tries", 0) + 1)
                if self._fence_and_switch(replicas):
                    return
            raise MoveEnded(f"it could not be fenced: {self.hindrance}")
        finally:
            self.tail.stop()

    def _fence_and_switch(self, replicas: list[Line]) -> bool:
        """False if the fence could not be had. Whatever else goes wrong from here on is undone at once."""
        self.hindrance = self._hindrance(replicas)
        if not self.hindrance:
            self._step("before the fence")
            with self.target.not_waiting_for_locks():
                if self._switched(replicas):
                    return True
            self.hindrance = HELD
        return self._wait_a_little()

    def _switched(self, replicas: list[Line]) -> bool:
        """From the fence on a server that stands still is a lost one: the shop's writers wait."""
        began = time.monotonic()
        try:
            gtid = self.fences.fence(self.source, self.pause * FOR_THE_LOCK)
        except NotFenced:
            return False
        answer = self.pause + STALLED
        with self.source.answering_within(answer), self.target.answering_within(answer):
            try:
                self._decide(gtid, replicas, began)
            except (Exception, KeyboardInterrupt) as failed:
                self._undo_fenced(failed)
                raise
        return True

    def _hindrance(self, replicas: list[Line]) -> str:
        """Why the fenced moment would be long; empty if nobody holds the fence, and all who must be quick then are."""
        if self.fences.clear_holders(self.source, old=self.pause, frozen=self.parts.limits.frozen):
            return HELD
        near, began = self.pause / 3, time.monotonic()
        self.book.mark(self.target)
        if time.monotonic() - began > near:
            return "the target commits too slowly"
        marker = self.book.mark(self.source)
        if not self.changes.absorb_until(marker, near):
            return "the source's binlog comes too late"
        if replicas and not fences.wait_for_replica(replicas, marker, time.monotonic() + near):
            return "every replica of the source is behind"
        return ""

    def _wait_a_little(self) -> bool:
        time.sleep(self.pause)
        self._tick(at_once=True)
        return False

    def _decide(self, gtid: str, replicas: list[Line], began: float) -> None:
        fenced, ends = time.monotonic(), began + self.pause
        self._step("fenced")
        if not self.changes.absorb_until(gtid, max(0.0, ends - fenced)):
            raise MoveEnded("the last changes did not come within the pause that was allowed")
        drained = time.monotonic()
        self.changes.silent_round()
        applied = time.monotonic()
        keys = compare_keys(Sides(self.source, self.target, self.record.shop_id), self.shapes, self.changes.unproven)
        compared = time.monotonic()
        if replicas and not fences.wait_for_replica(replicas, gtid, ends):
            raise MoveEnded("no replica of the source had the fence within the pause that was allowed")
        kept = time.monotonic()
        if kept > ends:
            raise MoveEnded("the pause that was allowed is over")
        self._step("before the switch")
        self.fences.switch(self.target, self.token)
        switched = time.monotonic()
        self._step("switched")
        self._add(
            lock_ms=ms(fenced - began), drain_ms=ms(drained - fenced), apply_ms=ms(applied - drained),
            compare_ms=ms(compared - applied), replica_ms=ms(kept - compared), switch_ms=ms(switched - kept),
            pause_ms=ms(switched - began), fenced_keys=keys,
        )  # fmt: skip

    def _undo_fenced(self, failed: BaseException) -> None:
        """The shop's writers wait. Where the target cannot be asked, the next attempt finds the fence and undoes it."""
        if isinstance(failed, (ServerLost, Superseded)):
            return  # the fences are asked anew, over new connections, or by whoever has the move now
        if isinstance(failed, err.MySQLError):
            self.undo(f"a server refused a statement: {failed.args[-1]}")
        else:
            self.undo(str(failed) or type(failed).__name__)

    # -- behind ---------------------------------------------------------------------------------------------------
    def complete(self) -> None:
        """Behind the switch: the map, the caches, and the source's fence follow."""
        self.leave()
        part = self.book.read(self.target).get(progress.SWITCH)
        self._step("completing")
        entry = DirectoryEntry(self.record.shop_id, self.record.target, self.record.epoch)
        switched, purge = self._moments(self.parts.limits.keep_source)
        self.parts.records.settle(
            self.record, MoveState.SWITCHED, self.seen.facts, home=(entry.shard, entry.epoch),
            switched_from=part.gtids.encode() if part else None, switched_at=switched, ended_at=switched,
            purge_after=purge,
        )  # fmt: skip
        self.parts.router.directory.announce(entry)
        self._say(MoveState.SWITCHED)

    def undo(self, reason: str) -> None:
        """First the target, where a switch becomes impossible; then the source opens."""
        self._step("undoing")
        try:
            self.fences.end(self.target)
        except Switched:
            self.complete()
            return
        home = self.record.source, self.reopen()
        now, _ = self._moments(0.0)
        self.parts.records.settle(
            self.record, MoveState.ABORTED, self.seen.facts, home=home, reason=reason[:500], ended_at=now,
            purge_after=None if self.record.rolls_back else now,
        )  # fmt: skip
        self.parts.router.directory.announce(DirectoryEntry(self.record.shop_id, *home))
        self._say(MoveState.ABORTED, reason)

    def leave(self) -> None:
        self.fences.leave(self.source)

    def reopen(self) -> int:
        """The epoch at which the shop trades on at its old home."""
        row = self.fences.reopen(self.source)
        return row.epoch if row else self.record.epoch

    def _moments(self, ahead: float) -> tuple[object, object]:
        """Now, and so many seconds later, by the target's clock, which all of a move's moments go by."""
        row = self.target.find(
            "SELECT now, now + INTERVAL %s MICROSECOND FROM (SELECT UTC_TIMESTAMP(6) AS now) AS clock",
            (int(ahead * 1e6),),
        )
        assert row is not None
        return row[0], row[1]

    # -- saying ---------------------------------------------------------------------------------------------------
    def _enter(self, state: MoveState) -> None:
        self._step(f"before {state}")
        self.parts.records.enter(self.record.move_id, self.runner, state, self.seen.all())
        self._say(state)
        self._step(str(state))

    def _say(self, state: MoveState, note: str = "") -> None:
        self.state = state
        self.seen.note = note
        seen = self.seen
        self.report(Progress(
            self.record.move_id, state, seen.copied, seen.facts.get("rows_expected", 0), seen.dirty,
            seen.facts.get("pause_ms"), note,
        ))  # fmt: skip

    def _step(self, name: str) -> None:
        self.parts.step(name)

    def _tick(self, *, at_once: bool = False) -> None:
        """Between two pieces of work: whether this run may go on."""
        now = time.monotonic()
        if not at_once and now - self.looked_at < 1.0:
            return
        self.looked_at = now
        self._say(self.state, self.seen.note)
        if self.seen.lost:
            raise Superseded("another process carries this move out")
        self.check_source()

    def check_source(self) -> None:
        """MoveEnded if the shop has left it by other means."""
        if not self.fences.still_open(self.source):
            raise MoveEnded("the source's fence changed while the copy was under way")

    def _add(self, **figures: float) -> None:
        """Figures of several runs of one move add up; a pause is the last one's."""
        for name, value in figures.items():
            before = self.seen.facts.get(name, 0) if name.endswith(("_s", "_rows", "_bytes")) else 0
            self.seen.facts[name] = round(before + value, 3)


class Heartbeat:
    """Keeps the lease while a run works. Where the control plane does not answer, nobody else can claim it either."""

    def __init__(self, records: Records, record: Record, runner: str, seen: Seen, lease: float) -> None:
        self._stop = threading.Event()
        self._thread = threading.Thread(
            target=self._beat, args=(records, record, runner, seen, lease), daemon=True, name="move-lease"
        )

    def _beat(self, records: Records, record: Record, runner: str, seen: Seen, lease: float) -> None:
        while not self._stop.wait(lease / 3):
            try:
                seen.lost = not records.renew(record.move_id, runner, lease, seen.all())
            except (ServerLost, err.MySQLError):
                continue

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()


def ms(seconds: float) -> float:
    return round(seconds * 1000, 2)


def server_id(token: bytes) -> int:
    """In a range that no server of a fleet uses; each run has another one."""
    return 0x80000000 | int.from_bytes(token[:4], "big") >> 1
