"""Rows 10 to 14: movers killed, failovers within a move, moves under writes, planted differences, a frozen worker.

On the toy shop of the router's own tests: what is at stake is the router's, and no domain's.
"""

from __future__ import annotations

import json
import random
import signal
import statistics
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from shard_router import DirectoryEntry, Router, Times
from shard_router.moves import Limits, Mover, MoveRefused, MoveState
from shard_router.moves.adding_up import SumsAgree
from shard_router.moves.verifying import compare_rows
from tests.faults.servers import Servers
from tests.integration.shard_router.conftest import Toy
from tests.integration.shard_router.moves.conftest import NEXT, create
from tests.integration.shard_router.moves.stock import FULL, SMALLEST, SUMS, TABLES
from tests.integration.shard_router.moves.test_killed import FENCED, go_on, settings_of
from tests.integration.shard_router.moves.trade import audit, fill, trading
from tests.support.waiting import until

OTHER = {"shard-a": "shard-b", "shard-b": "shard-a"}
STEPS = [
    "before copying", "planted", "copying", "copied:1", "copied:4", "before catching_up", "catching_up", "verifying",
    "at a snapshot", "verified", "before fencing", "before the fence", "fenced", "before the switch", "switched",
    "completing",
]  # fmt: skip
MOVES_OF_A_SHOP = 25  # it grows with what is billed, and each of its moves copies all of it
LIMITS = Limits(accept_degraded=True, lease=1.0, patience=60.0, chunk_rows=200)
Measured = Callable[..., None]


class Field:
    """The fault run's servers with the toys' databases on them, and shops that move there."""

    def __init__(self, servers: Servers, folder: Path) -> None:
        self.servers, self.folder = servers, folder
        self.yard = Toy(json.loads(servers.instance.cluster_file.read_text()), folder, "faults_mv")
        self.follow()
        create(self.yard)
        self.router: Router = self.yard.router(times=Times(deciding=6.0))

    def follow(self) -> None:
        """The file names who is primary now, for processes that begin later."""
        raw = self.yard.raw
        raw["version"] += 1
        for group in ("control", *OTHER):
            one = raw["control"] if group == "control" else raw["shards"][group]
            one["primary"] = self.primary(group)
        told = json.dumps({key: raw[key] for key in ("version", "control", "shards")})
        (self.folder / "topology.json").write_text(told)

    def primary(self, group: str) -> str:
        return self.servers.primary(group)

    def open_shop(self, shard: str = "shard-a") -> DirectoryEntry:
        entry = self.yard.open_shop(self.router, next(NEXT), shard)
        fill(self.yard, entry, server=self.primary(shard))
        return entry

    def mover(self, **changes: Any) -> Mover:
        return Mover(self.router, **{"tables": TABLES, "sums": SUMS, "limits": LIMITS, **changes})

    def home(self, shop_id: int) -> str:
        """The one shard on which the fence is open; the directory says the same."""
        fences = {
            shard: self.yard.sql(self.primary(shard), "SELECT state FROM shop_fence WHERE shop_id = %s", shop_id)
            for shard in OTHER
        }
        (home,) = [shard for shard, rows in fences.items() if rows == (("open",),)]
        assert self.yard.sql("ctl-1", "SELECT shard FROM directory WHERE shop_id = %s", shop_id) == ((home,),)
        return home

    def audit(self, shop_id: int, history: Any) -> None:
        home = self.home(shop_id)
        audit(self.yard, shop_id, home, history, server=self.primary(home))


@pytest.fixture(scope="module")
def moves_field(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Field]:
    servers.mend()
    made = Field(servers, tmp_path_factory.mktemp("moves"))
    yield made
    for router in made.yard.routers:
        router.close()


def child(field: Field, move_id: UUID, step: str, tmp_path: Path) -> subprocess.Popen[bytes]:
    file = settings_of(field.router, tmp_path)
    words = [
        sys.executable,
        "-m",
        "tests.integration.shard_router.moves.child",
        str(file),
        str(move_id),
        step,
        "SIGKILL",
    ]
    return subprocess.Popen(words)


@pytest.mark.fault(10)
def test_movers_are_killed_at_every_step(
    moves_field: Field, chance: random.Random, count: Callable[[int], int], measured: Measured, tmp_path: Path
) -> None:
    """Each time one owner, the books whole, and the move resumed or undone. The long form: TEST_FAULT_COUNT=3200."""
    rounds, ends, bills, refused = count(4), [], 0, 0
    steps = [STEPS[n % len(STEPS)] for n in range(rounds)] if rounds >= len(STEPS) else chance.sample(STEPS, rounds)
    for begun in range(0, rounds, MOVES_OF_A_SHOP):
        entry = moves_field.open_shop()
        with trading(moves_field.router, entry.shop_id, per_s=20, tills=2) as history:
            for step in steps[begun : begun + MOVES_OF_A_SHOP]:
                ends.append(killed_at(moves_field, entry.shop_id, step, tmp_path))
        moves_field.audit(entry.shop_id, history)
        bills, refused = bills + len(history.sold), refused + len(history.wrong)
        measured(kills=len(ends), resumed=ends.count(MoveState.SWITCHED), undone=ends.count(MoveState.ABORTED))
        measured(bills=bills, refused=refused)  # of shops that were audited: a run that is ended tells these
    assert len(ends) == rounds


def killed_at(at: Field, shop_id: int, step: str, folder: Path) -> MoveState:
    """A move whose mover is killed there, and what the next one makes of it."""
    mover, home = at.mover(), at.home(shop_id)
    move_id = mover.ask(shop_id, OTHER[home], asked_by="a fault run", max_pause_ms=3000)
    assert child(at, move_id, step, folder).wait(120) == -signal.SIGKILL, step
    status = go_on(mover, move_id)
    assert status.state is (MoveState.ABORTED if step in FENCED else MoveState.SWITCHED), (step, status.reason)
    assert at.home(shop_id) == (OTHER[home] if status.state is MoveState.SWITCHED else home)
    mover.purge(now=status.asked_at.replace(year=status.asked_at.year + 1))
    return status.state


@pytest.mark.fault(11)
@pytest.mark.parametrize("side", ["source", "target"])
def test_a_failover_within_a_move_ends_cleanly(
    moves_field: Field, servers: Servers, measured: Measured, side: str
) -> None:
    """kill -9 of a primary between copy and proof; a replica is promoted, the move goes on there or is undone."""
    entry = moves_field.open_shop()
    shard = entry.shard if side == "source" else OTHER[entry.shard]
    dead, took = moves_field.primary(shard), []

    def fail_over(step: str) -> None:
        if step == "verifying" and not took:
            servers.kill(dead)
            servers.cluster.promote(shard, servers.replicas(shard)[0])
            took.append(servers.primary(shard))

    try:
        mover = moves_field.mover(step=fail_over)
        status = mover.run(mover.ask(entry.shop_id, OTHER[entry.shard], asked_by="a fault run", max_pause_ms=3000))
        assert took and took[0] != dead
        assert status.state in (MoveState.SWITCHED, MoveState.ABORTED)
        moves_field.audit(entry.shop_id, None)
        measured(state=str(status.state), runs=status.facts["runs"])
    finally:
        servers.mend()
        moves_field.follow()


@pytest.mark.fault(12)
def test_shops_move_under_writes(moves_field: Field, count: Callable[[int], int], measured: Measured) -> None:
    """To and fro under 50 writes a second; the next shop after 25 moves. The long form: TEST_FAULT_COUNT=1000."""
    moves, bills = Moves(), 0
    slowest: dict[str, float] = {"write": 0, "read": 0}
    for begun in range(0, count(4), MOVES_OF_A_SHOP):
        entry = moves_field.open_shop()
        with trading(moves_field.router, entry.shop_id) as history:
            for _ in range(min(MOVES_OF_A_SHOP, count(4) - begun)):
                moves.one(moves_field, entry.shop_id)
        moves_field.audit(entry.shop_id, history)
        assert not history.wrong
        bills += len(history.sold)
        slowest["write"] = max(slowest["write"], *(took for _, took in history.waits))
        slowest["read"] = max(slowest["read"], *(took for _, took in history.reads))
    assert moves.pauses
    pauses = sorted(moves.pauses)
    measured(moves=moves.finished, given_up=moves.given_up, found_switched=moves.found_switched, mismatches=0)
    measured(bills=bills, slowest_write_s=slowest["write"], slowest_read_s=slowest["read"])
    measured(pause_ms_p50=statistics.median(pauses), pause_ms_p99=pauses[int(len(pauses) * 0.99)])


@dataclass
class Moves:
    """What came of moves one after the other."""

    pauses: list[float] = field(default_factory=list)
    given_up: int = 0
    found_switched: int = 0  # by a second run, since the first lost its line behind the switch

    @property
    def finished(self) -> int:
        return len(self.pauses) + self.found_switched

    def one(self, at: Field, shop_id: int) -> None:
        mover = at.mover()
        asked = mover.ask(shop_id, OTHER[at.home(shop_id)], asked_by="a fault run", max_pause_ms=1000)
        status = mover.run(asked)
        if status.state is MoveState.SWITCHED and "pause_ms" not in status.facts:
            assert status.facts["runs"] > 1
            self.found_switched += 1
        elif status.state is MoveState.SWITCHED:
            self.pauses.append(float(status.facts["pause_ms"]))
        else:
            self.given_up += 1
            assert "differ" not in str(status.reason)
        mover.purge(now=status.asked_at.replace(year=status.asked_at.year + 1))


@pytest.mark.fault(13)
def test_what_is_planted_is_found_before_the_switch(
    moves_field: Field, chance: random.Random, count: Callable[[int], int], measured: Measured
) -> None:
    """One value as little as its type allows, one row less, one row more: by each proof alone."""
    planted = [
        *(f"UPDATE mv_samples SET {column} = {SMALLEST[column]} WHERE shop_id = %s AND id = -1" for column in FULL),
        "DELETE FROM mv_lines WHERE shop_id = %s LIMIT 1",
        "INSERT INTO mv_series VALUES (%s, 'rogue', 1)",
    ]
    proofs = [compare_rows, SumsAgree(SUMS)]
    found, entry = 0, moves_field.open_shop()
    for n in range(count(4)):
        statement, proof = chance.choice(planted), proofs[n % 2]

        def plant(step: str, statement: str = statement) -> None:
            if step == "catching_up":
                moves_field.yard.sql(moves_field.primary("shard-b"), statement, entry.shop_id)

        mover = moves_field.mover(checks=[proof], step=plant)
        status = mover.run(mover.ask(entry.shop_id, "shard-b", asked_by="a fault run", max_pause_ms=5000))
        assert status.state is MoveState.ABORTED, statement
        found += "differ" in str(status.reason) or "on the target" in str(status.reason)
    assert found == count(4)
    assert moves_field.home(entry.shop_id) == "shard-a"
    measured(planted=found, found=found)


@pytest.mark.fault(14)
@pytest.mark.parametrize("begun", ["no", "yes"])
def test_a_worker_frozen_across_the_switch_writes_nothing_on_the_old_shard(
    moves_field: Field, measured: Measured, tmp_path: Path, begun: str
) -> None:
    """SIGSTOP before its transaction, or within it with the fence in its hands: that one the mover ends."""
    entry = moves_field.open_shop()
    (buyer,) = moves_field.yard.sql(
        moves_field.primary("shard-a"), "SELECT id FROM mv_buyers WHERE shop_id = %s LIMIT 1", entry.shop_id
    )
    file = settings_of(moves_field.router, tmp_path)
    words = [sys.executable, "-m", "tests.integration.shard_router.moves.sleeper"]
    worker = subprocess.Popen(
        [*words, str(file), str(entry.shop_id), buyer[0].hex(), begun], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        text=True,
    )  # fmt: skip
    try:
        assert worker.stdout is not None
        assert worker.stdout.readline().strip() == "ready"
        worker.send_signal(signal.SIGSTOP)
        until(lambda: Path(f"/proc/{worker.pid}/stat").read_text().split()[2] == "T", what="its sleep")
        mover = moves_field.mover(limits=Limits(accept_degraded=True, frozen=1.0))
        status = mover.run(mover.ask(entry.shop_id, "shard-b", asked_by="a fault run", max_pause_ms=5000))
        assert status.state is MoveState.SWITCHED, status.reason
        old = moves_field.yard.sql(
            moves_field.primary("shard-a"), "SELECT last_no FROM mv_series WHERE shop_id = %s", entry.shop_id
        )
        worker.send_signal(signal.SIGCONT)
        said, _ = worker.communicate("\n", timeout=60)
    finally:
        worker.kill()
        worker.wait()
    refused, sold = said.split("\n")[:2]
    assert refused != "committed"
    assert (
        moves_field.yard.sql(
            moves_field.primary("shard-a"), "SELECT last_no FROM mv_series WHERE shop_id = %s", entry.shop_id
        )
        == old
        == ((300,),)
    )
    there = moves_field.yard.sql(
        moves_field.primary("shard-b"), "SELECT no FROM mv_bills WHERE shop_id = %s AND id = %s", entry.shop_id,
        bytes.fromhex(sold.split()[0]),
    )  # fmt: skip
    assert there == ((301,),)
    measured(refused_with=refused, writes_on_the_old_shard=0)


SEMI_SYNC = "SHOW GLOBAL STATUS LIKE 'Rpl_semi_sync_source_status'"
SETTINGS = {
    "binlog_row_image": ("MINIMAL", "FULL"),
    "binlog_row_value_options": ("PARTIAL_JSON", ""),
    "binlog_transaction_compression": ("ON", "OFF"),
    "binlog_order_commits": ("OFF", "ON"),
    "binlog_format": ("MIXED", "ROW"),
    "rpl_semi_sync_source_enabled": ("OFF", "ON"),
}


@pytest.mark.parametrize("setting", SETTINGS)
@pytest.mark.parametrize("shard", OTHER)
def test_servers_that_are_set_otherwise_are_refused(
    moves_field: Field, servers: Servers, shard: str, setting: str
) -> None:
    entry, server = moves_field.open_shop(), moves_field.primary(shard)
    wrong, right = SETTINGS[setting]
    servers.sql(server, f"SET GLOBAL {setting} = '{wrong}'")
    try:
        with pytest.raises(MoveRefused) as refused:
            moves_field.mover(limits=Limits()).ask(entry.shop_id, "shard-b", asked_by="a fault run")
    finally:
        servers.sql(server, f"SET GLOBAL {setting} = '{right}'")
    until(lambda: servers.sql(server, SEMI_SYNC)[0]["Value"] == "ON", what="semi-sync")
    side = "source" if shard == "shard-a" else "target"
    said = [reason for reason in refused.value.reasons if reason.startswith(f"{side} {server}: ")]
    assert len(said) == len(refused.value.reasons) == 1
    assert setting in said[0] or "semi-sync is off" in said[0]
    moves_field.mover(limits=Limits()).abort(
        moves_field.mover(limits=Limits()).ask(entry.shop_id, "shard-b", asked_by="a fault run"), "the test is over"
    )
