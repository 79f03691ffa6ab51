"""Owns what can be done with moves: ask for one, carry it out, abort it, roll it back, list them, purge behind them."""

from __future__ import annotations

import datetime as dt
import os
import secrets
import socket
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from uuid import UUID, uuid4

from sqlalchemy import Table

from shard_router.accounts import PURGER
from shard_router.moves import preflight
from shard_router.moves.adding_up import SumsAgree
from shard_router.moves.errors import MoveBusy, MoveEnded, MoveInterrupted, MoveRefused, Reason
from shard_router.moves.fences import Fences, Superseded
from shard_router.moves.lines import Lines, ServerLost
from shard_router.moves.pacing import Pace
from shard_router.moves.progress import RESERVED, Book
from shard_router.moves.purging import StillNeeded, purge_rows
from shard_router.moves.records import Record, Records
from shard_router.moves.restoring import RESTORE, Origin, answers, kind_of, reasons_against
from shard_router.moves.running import Heartbeat, Parts, Run, Seen
from shard_router.moves.settling import Settle, settle_nothing
from shard_router.moves.states import Limits, MoveState, MoveStatus, Progress, Sum
from shard_router.moves.tail import TailBroken
from shard_router.moves.verifying import Check, compare_rows
from shard_router.router import Router
from shard_router.topology import Kind

OnProgress = Callable[[Progress], None]
DEFAULTS = Limits()
LEFT = (MoveState.SWITCHED, MoveState.FINISHED)  # the shop lives at the target
AGAIN = 0.3  # seconds between two attempts
BREAKS = 3  # streams that may break one after the other before the move is given up
SHORTEST = 20  # milliseconds of pause that may be allowed
UNDOING = 0.5  # seconds in which a pause that ran out is taken back, while writes go on waiting


def silent(progress: Progress) -> None:
    """Nobody watches."""


def no_step(name: str) -> None:
    """Nobody counts."""


class Mover:
    """`tables` are all tables of a shard that hold rows of shops, parents first; the router's own two are not among
    them. `sums` are the application's: what a bookkeeper would add up to see that nothing is missing.

    `checks` are the proofs that must all agree before a switch. `settle` decides, within a restore's switch, what is
    not taken back with the shop. `step` is told of every step as it is taken."""

    def __init__(
        self,
        router: Router,
        *,
        tables: Sequence[Table],
        sums: Sequence[Sum],
        limits: Limits = DEFAULTS,
        checks: Sequence[Check] | None = None,
        settle: Settle = settle_nothing,
        step: Callable[[str], None] = no_step,
    ) -> None:
        self._router = router
        self._limits = limits
        self._lines = Lines(router)
        self._records = Records(self._lines.control, keep_source=limits.keep_source)
        names = tuple(table.name for table in tables)
        if taken := RESERVED & set(names):
            raise ValueError(f"a table may not be called {', '.join(sorted(taken))}")
        proofs = (compare_rows, SumsAgree(sums)) if checks is None else checks
        self._parts = Parts(router, self._records, names, proofs, limits, settle, step)

    # -- to begin -------------------------------------------------------------------------------------------------
    def ask(
        self, shop_id: int, target: str, *, asked_by: str, max_pause_ms: int = 250, move_id: UUID | None = None
    ) -> UUID:
        """The intent, once everything was looked at. MoveRefused names every reason at once; then nothing was begun.

        Who chooses `move_id` may ask twice, and has asked once."""
        if move_id is not None and self._records.find(move_id) is not None:
            return move_id
        source, epoch, expected = self.check(shop_id, target, max_pause_ms=max_pause_ms)
        return self._insert(
            move_id or uuid4(), shop_id, source, target, epoch=epoch, max_pause_ms=max_pause_ms, asked_by=asked_by,
            facts={"rows_expected": expected},
        )  # fmt: skip

    def check(self, shop_id: int, target: str, *, max_pause_ms: int = 250) -> tuple[str, int, int]:
        """The shop's shard and epoch, and about how many rows would go. Changes nothing; MoveRefused as of `ask`."""
        home = self._records.home(shop_id)
        if wrong := list(self._obvious(shop_id, home, target, max_pause_ms)):
            raise MoveRefused(wrong)
        assert home is not None
        source, epoch = home
        with self._ground(shop_id, source, target, epoch) as ground:
            if wrong := preflight.reasons(ground):
                raise MoveRefused(wrong)
            return source, epoch, preflight.rows_expected(ground)

    def ask_to_restore(
        self, shop_id: int, target: str, origin: Origin, *, asked_by: str, max_pause_ms: int = 250
    ) -> UUID:
        """The intent to have the shop as the origin has it, at another shard. MoveRefused names every reason."""
        source, epoch, expected = self.check_restore(shop_id, target, origin, max_pause_ms=max_pause_ms)
        facts = {"rows_expected": expected, RESTORE: origin.facts()}
        return self._insert(
            uuid4(), shop_id, source, target, epoch=epoch, max_pause_ms=max_pause_ms, asked_by=asked_by, facts=facts
        )

    def check_restore(
        self, shop_id: int, target: str, origin: Origin, *, max_pause_ms: int = 250
    ) -> tuple[str, int, int]:
        """The shop's shard and epoch, and about how many rows would come. MoveRefused names every reason."""
        home = self._records.home(shop_id)
        if wrong := list(self._obvious(shop_id, home, target, max_pause_ms)):
            raise MoveRefused(wrong)
        assert home is not None
        source, epoch = home
        with Lines(self._router) as lines:
            try:
                if origin.dead:
                    self._check_dead(lines, source)
                live = None if origin.dead else lines.primary(source)
                ground = preflight.Ground(
                    origin.line(lines), lines.primary(target), self._router.config.shard_database, shop_id, epoch,
                    self._parts.tables, self._limits,
                )  # fmt: skip
                if against := preflight.reasons_to_restore(ground, live):
                    raise MoveRefused(against)
                return source, epoch, preflight.rows_expected(ground)
            except ServerLost as lost:
                raise MoveRefused([Reason("server_gone", str(lost))]) from lost

    def _check_dead(self, lines: Lines, source: str) -> None:
        """MoveRefused if any server of the shard answers: whoever can write there must be stopped by its fence."""
        shard = self._router.shard(source)
        alive = [server.name for server in shard.servers if answers(lines, server)]
        if alive:
            raise MoveRefused(
                [f"{', '.join(alive)} of {source} answers, so the shard is not dead: bring it back, or promote there"]
            )

    def _insert(
        self, move_id: UUID, shop_id: int, source: str, target: str, *, epoch: int, max_pause_ms: int, asked_by: str,
        facts: Mapping[str, object], copied_from: str = "",
    ) -> UUID:  # fmt: skip
        self._records.insert(
            move_id, shop_id, source, target, epoch=epoch + 1, max_pause_ms=max_pause_ms, asked_by=asked_by,
            facts=facts, copied_from=copied_from,
        )  # fmt: skip
        return move_id

    def _obvious(self, shop_id: int, home: tuple[str, int] | None, target: str, max_pause_ms: int) -> Iterator[Reason]:
        shards = self._router.topology.shards
        yield from self._too_long(max_pause_ms)
        if target not in shards:
            yield Reason("no_such_shard", f"no such shard: {target}; there are {', '.join(sorted(shards))}")
        if home is None:
            yield Reason("no_such_shop", f"no such shop: {shop_id}")
            return
        if home[0] == target:
            yield Reason("lives_there", f"shop {shop_id} lives on {target} already")
        for name in dict.fromkeys((home[0], target)):
            shard = shards.get(name)
            if shard is not None and (shard.kind is Kind.PROXY or not shard.gtids):
                yield Reason(
                    "behind_proxy",
                    f"{name} is behind a proxy that has no GTIDs: its shops cannot be moved by this router",
                )
        if self._records.list_all(shop_id=shop_id, live_only=True):
            yield Reason("being_moved", f"shop {shop_id} is being moved already: ask for the state of its moves")
        if self._migrating():
            yield Reason("migration_running", "a migration is running: wait for its end")

    def _too_long(self, max_pause_ms: int) -> Iterator[Reason]:
        """A pause in which writes would be refused, since they wait for a decision no longer than `Times.deciding`."""
        waits = self._router.config.times.deciding
        longest = int((waits - UNDOING) * 1000)
        if not SHORTEST <= max_pause_ms <= longest:
            yield Reason(
                "pause_out_of_range",
                f"a pause of {max_pause_ms} ms: from {SHORTEST} to {longest} can be allowed, since a write waits"
                f" {waits:g} s for a move to decide and {UNDOING:g} s of these are for taking it back",
            )

    def _migrating(self) -> bool:
        lock = f"migrations.{self._router.config.control_database}"[:64]
        line = self._lines.control()
        try:
            return line.scalar("SELECT IS_USED_LOCK(%s)", (lock,)) is not None
        finally:
            line.close()

    @contextmanager
    def _ground(self, shop_id: int, source: str, target: str, epoch: int) -> Iterator[preflight.Ground]:
        with Lines(self._router) as lines:
            try:
                yield preflight.Ground(
                    lines.primary(source), lines.primary(target), self._router.config.shard_database, shop_id, epoch,
                    self._parts.tables, self._limits,
                )  # fmt: skip
            except ServerLost as lost:
                raise MoveRefused([Reason("server_gone", str(lost))]) from lost

    # -- to carry out ---------------------------------------------------------------------------------------------
    def run(self, move_id: UUID, on_progress: OnProgress = silent) -> MoveStatus:
        """Carries it out, or goes on where another process stopped. MoveBusy; MoveInterrupted; UnknownMove.

        What it comes to stands in the status: switched, or aborted and why."""
        if not self._records.get(move_id).state.live:
            return self.status(move_id)
        runner = f"{socket.gethostname()[:40]}:{os.getpid()}:{secrets.token_hex(4)}"
        record = self._records.claim(move_id, runner, self._limits.lease)
        seen = Seen(dict(record.facts), copied=record.facts.get("progress", {}).get("rows_copied", 0))
        seen.facts["runs"] = seen.facts.get("runs", 0) + 1
        try:
            with Heartbeat(self._records, record, runner, seen, self._limits.lease):
                self._attempts(record, runner, seen, on_progress)
        except Superseded as superseded:
            return self._superseded(move_id, runner, superseded)
        finally:
            self._release(move_id, runner)
        return self._tidied(move_id)

    def _attempts(self, record: Record, runner: str, seen: Seen, on_progress: OnProgress) -> None:
        ends, breaks, state = time.monotonic() + self._limits.patience, 0, record.state
        while True:
            copied, run = seen.copied, None
            try:
                record = self._records.claim(record.move_id, runner, self._limits.lease)  # it may be another's by now
                with Lines(self._router) as lines:
                    run = kind_of(record)(self._parts, record, runner, runner.encode(), seen, on_progress, lines)
                    return self._attempt(run, breaks)
            except (ServerLost, TailBroken) as lost:
                state = run.state if run is not None else state
                breaks += isinstance(lost, TailBroken)
                if seen.copied > copied:
                    ends, breaks = time.monotonic() + self._limits.patience, 0
                if time.monotonic() > ends:
                    raise MoveInterrupted(f"{lost}; the move stands where it is, run it again") from lost
                on_progress(Progress(record.move_id, state, seen.copied, note=f"again: {lost}"))
                time.sleep(AGAIN)
                self._router.reload()

    @staticmethod
    def _attempt(run: Run, breaks: int) -> None:
        try:
            run.carry_out()
        except TailBroken as broken:
            if breaks < BREAKS:
                raise
            run.undo(str(broken))

    def _superseded(self, move_id: UUID, runner: str, why: Superseded) -> MoveStatus:
        record = self._records.get(move_id)
        if record.runner not in (None, runner):
            raise MoveBusy(move_id, record.runner or "?", f"{record.runner_until:%H:%M:%S} UTC") from why
        if record.state.live:
            raise MoveInterrupted(f"{why}; run it again") from why
        return record

    def _release(self, move_id: UUID, runner: str) -> None:
        try:
            self._records.release(move_id, runner)
        except ServerLost:  # the lease ends by itself
            return

    def _tidied(self, move_id: UUID) -> MoveStatus:
        """What an undone move left on its target goes at once; where that fails, `purge` does it."""
        record = self._records.get(move_id)
        if record.state is MoveState.ABORTED and record.purge_after is not None:
            with suppress(ServerLost):
                self._purge_one(record)
        return self.status(move_id)

    def status(self, move_id: UUID) -> MoveStatus:
        return self._records.get(move_id)

    # -- to undo --------------------------------------------------------------------------------------------------
    def abort(self, move_id: UUID, reason: str, *, tidy: bool = True) -> MoveStatus:
        """Undoes it, whoever carries it out. MoveRefused once it has switched; MoveInterrupted without its servers.

        Without `tidy` what was copied stays for `purge`: then this takes milliseconds."""
        record, reason = self._records.get(move_id), reason.encode("utf-8", "replace").decode()
        if not record.state.live:
            raise MoveRefused([Reason("over", f"the move is {record.state}: there is nothing to abort")])
        try:
            with Lines(self._router) as lines:
                run = kind_of(record)(self._parts, record, "", b"", Seen(dict(record.facts)), silent, lines)
                run.connect()
                run.undo(reason)
        except ServerLost as lost:
            raise MoveInterrupted(f"{lost}; abort it again") from lost
        status = self._tidied(move_id) if tidy else self.status(move_id)
        if status.state is not MoveState.ABORTED:
            raise MoveRefused([Reason("switched_already", f"too late: it is {status.state}; it can be rolled back")])
        return status

    def roll_back(self, move_id: UUID, *, asked_by: str = "", on_progress: OnProgress = silent) -> MoveStatus:
        """Takes a switched shop back to its old home, with all that it wrote since: a move without a copy, whose
        stream begins at the switch. One that was restored gets its rows of before, and what it wrote since is left
        behind. MoveRefused. Returns what became of the move that was to be taken back."""
        ended = self.run(self.ask_back(move_id, asked_by=asked_by), on_progress)
        if ended.state is not MoveState.SWITCHED:
            raise MoveEnded(f"the shop stays on {ended.source}: {ended.reason}")
        return self.status(move_id)

    def ask_back(self, move_id: UUID, *, asked_by: str, back_id: UUID | None = None) -> UUID:
        """The intent of a way back: a move of its own, which `run` carries out. MoveRefused.

        Who chooses `back_id` may ask twice, and has asked once."""
        if back_id is not None and self._records.find(back_id) is not None:
            return back_id
        record = self._records.get(move_id)
        if record.state is not MoveState.SWITCHED or record.purge_after is None:
            raise MoveRefused([
                Reason("old_rows_gone", f"the move is {record.state}: its old rows are not kept any more")
            ])  # fmt: skip
        _, epoch = self._records.home(record.shop_id) or ("", record.epoch)  # a way back that was given up raised it
        restored = RESTORE in record.facts
        with self._ground(record.shop_id, record.target, record.source, epoch) as ground:
            if wrong := [*self._no_way_back(record, ground), *reasons_against(ground, record)]:
                raise MoveRefused(wrong)
        facts = {"rolls_back": str(move_id)} | ({RESTORE: Origin(kept=True).facts()} if restored else {})
        back = self._insert(
            back_id or uuid4(), record.shop_id, record.target, record.source, epoch=epoch,
            max_pause_ms=record.max_pause_ms, asked_by=asked_by, facts=facts,
            copied_from="" if restored else record.switched_from,
        )  # fmt: skip
        if not self._records.keep_rows(move_id):
            self.abort(back, "its old rows are being purged")
            raise MoveRefused([Reason("old_rows_gone", "its old rows are being purged")])
        return back

    def _no_way_back(self, record: Record, ground: preflight.Ground) -> Iterator[Reason]:
        later = [one for one in self._records.list_all(shop_id=record.shop_id) if one.asked_at > record.asked_at]
        if any(one.state is not MoveState.ABORTED for one in later):
            yield Reason("moved_on", "the shop has moved on since")
        if RESTORE in record.facts:
            return
        if not ground.source.scalar("SELECT GTID_SUBSET(@@global.gtid_purged, %s)", (record.switched_from,)):
            yield Reason(
                "binlog_gone",
                f"{ground.source.server.name} has no binlog any more of what was written since: move the shop instead",
            )

    # -- a shard that came back ---------------------------------------------------------------------------------
    def close_late(self) -> list[int]:
        """Closes the fences of shops that were restored elsewhere while their shard was dead; returns their numbers.
        To be done before anybody may write on that shard again; `purge` does it, too."""
        closed = []
        for record in self._records.list_all():
            with Lines(self._router) as lines, suppress(ServerLost):
                if self._close_late(record, lines):
                    closed.append(record.shop_id)
        return closed

    def _close_late(self, record: Record, lines: Lines) -> bool:
        origin = Origin.of(record.facts)
        if origin is None or not origin.dead or record.state not in LEFT:
            return False
        old = Fences(record.shop_id, record.move_id, record.source, record.target, record.epoch)
        return old.close(lines.primary(record.source))

    # -- to list and to purge -------------------------------------------------------------------------------------
    def list_moves(self, *, shop_id: int | None = None, live_only: bool = False) -> list[MoveStatus]:
        """The newest first."""
        return [*self._records.list_all(shop_id=shop_id, live_only=live_only)]

    def purge(self, *, now: dt.datetime) -> int:
        """Deletes the rows that moves left behind and whose grace is over; returns how many. A server that is gone
        keeps its rows for the next time."""
        deleted = 0
        for record in self._records.due(now):
            try:
                deleted += self._purge_one(record)
            except ServerLost:
                continue
        return deleted

    def _purge_one(self, record: Record) -> int:
        """From `finished` on it cannot be rolled back, so that comes before the first row goes."""
        left = record.target if record.state is MoveState.ABORTED else record.source
        if came_back := self._came_back(record, left):
            if not came_back.state.live:
                self._records.change(record.move_id, purge_after=None)
            return 0
        if record.state is not MoveState.ABORTED and not (
            self._router.stamp(record.shop_id) and self._records.give_up_rows(record.move_id)
        ):
            return 0  # needed, or there might be somebody who reads them by an old map
        with Lines(self._router) as lines:
            self._close_late(record, lines)
            line = lines.primary(left, account=PURGER)
            try:
                deleted = purge_rows(line, self._parts.tables, shop_id=record.shop_id, pace=Pace(self._limits, ()))
            except StillNeeded:
                return 0
            for shard in (record.source, record.target):
                for move_id in filter(None, (record.move_id, record.rolls_back)):
                    Book(record.shop_id, move_id).forget(lines.primary(shard, account=PURGER))
        self._records.change(record.move_id, purge_after=None)
        return deleted

    def _came_back(self, record: Record, left: str) -> Record | None:
        """A later move that brought the shop to the shard that this one left: rows there are that one's business, also
        where the shop is gone from there once more."""
        later = (one for one in self._records.list_all(shop_id=record.shop_id) if one.asked_at > record.asked_at)
        return next((one for one in later if one.target == left and one.state is not MoveState.ABORTED), None)
