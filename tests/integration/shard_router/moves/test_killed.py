"""A mover that is killed, or sleeps, at any step: the shop has one owner, and the next process ends what it began."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from uuid import UUID

import pytest

from shard_router import DirectoryEntry, Router
from shard_router.moves import MoveBusy, Mover, MoveState, MoveStatus
from tests.integration.shard_router.conftest import Toy
from tests.integration.shard_router.moves.conftest import fence_of
from tests.integration.shard_router.moves.trade import PRIMARIES, audit, trading
from tests.support.waiting import until

pytestmark = pytest.mark.long  # minutes on two cores; ./dev faults --long

BEFORE_THE_SWITCH = ["planted", "copied:1", "copied:5", "before catching_up", "at a snapshot", "before the fence"]
FENCED = ["fenced", "before the switch"]
SWITCHED = ["switched", "completing"]


@pytest.fixture
def settings(router: Router, tmp_path: Path) -> Path:
    return settings_of(router, tmp_path)


def settings_of(router: Router, folder: Path) -> Path:
    """What a child process needs to have the same router."""
    config = router.config
    file = folder / "settings.json"
    file.write_text(json.dumps({
        "topology": str(config.topology), "user": config.account("app").user,
        "password": config.account("app").password, "snapshot": str(folder / "snapshot.json"),
        "redis_url": config.redis_url, "tls_ca": str(config.tls_ca), "shard_database": config.shard_database,
        "control_database": config.control_database, "redis_prefix": config.redis_prefix,
        "token_key": config.token_keys[0].decode(),
    }))  # fmt: skip
    return file


Child = subprocess.Popen[str]


@pytest.fixture
def child(settings: Path) -> Callable[..., Child]:
    def start(move_id: UUID, step: str, sign: str = "SIGKILL") -> Child:
        words = [
            sys.executable,
            "-m",
            "tests.integration.shard_router.moves.child",
            str(settings),
            str(move_id),
            step,
            sign,
        ]
        return subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    return start


def go_on(mover: Mover, move_id: UUID) -> MoveStatus:
    """As soon as the lease of the process that is gone has ended."""
    found: list[MoveStatus] = []

    def went_on() -> bool:
        try:
            found.append(mover.run(move_id))
        except MoveBusy:
            return False
        return True

    until(went_on, within=30, what="the lease's end")
    return found[0]


def one_owner(yard: Toy, router: Router, shop_id: int, state: MoveState) -> str:
    """The shard on which the shop's fence is open; the map says the same."""
    fences = {shard: fence_of(yard, server, shop_id) for shard, server in PRIMARIES.items()}
    homes = [shard for shard, fence in fences.items() if fence and fence[0] == "open"]
    assert homes == ["shard-b" if state is MoveState.SWITCHED else "shard-a"], fences
    others = [fence[0] for shard, fence in fences.items() if fence and shard not in homes]
    assert others == ["moved"]
    mapped = yard.sql("ctl-1", "SELECT shard, epoch FROM directory WHERE shop_id = %s", shop_id)[0]
    home = fences[homes[0]]
    assert home is not None
    assert mapped == (homes[0], home[1])
    return homes[0]


@pytest.mark.fault(10)
@pytest.mark.parametrize("step", [*BEFORE_THE_SWITCH, *FENCED, *SWITCHED])
def test_a_killed_mover_is_taken_over(
    yard: Toy, router: Router, shop: DirectoryEntry, mover: Mover, child: Callable[..., Child], step: str
) -> None:
    move_id = mover.ask(shop.shop_id, "shard-b", asked_by="a test", max_pause_ms=3000)
    with trading(router, shop.shop_id, per_s=20, tills=2) as history:
        process = child(move_id, step)
        assert process.wait(60) == -signal.SIGKILL, process.communicate()
        status = go_on(mover, move_id)
        sold = len(history.sold)
        until(lambda: len(history.sold) > sold, what="a bill behind it")
    assert status.state is (MoveState.ABORTED if step in FENCED else MoveState.SWITCHED), status.reason
    audit(yard, shop.shop_id, one_owner(yard, router, shop.shop_id, status.state), history)
    assert not history.wrong


@pytest.mark.parametrize("step", ["copied:2", "before the fence", "before the switch"])
def test_a_mover_that_wakes_late_changes_nothing(
    yard: Toy, router: Router, shop: DirectoryEntry, mover: Mover, child: Callable[..., Child], step: str
) -> None:
    move_id = mover.ask(shop.shop_id, "shard-b", asked_by="a test", max_pause_ms=3000)
    process = child(move_id, step, "SIGSTOP")
    try:
        until(lambda: Path(f"/proc/{process.pid}/stat").read_text().split()[2] == "T", what="its sleep")
        status = go_on(mover, move_id)
        home = one_owner(yard, router, shop.shop_id, status.state)
        with trading(router, shop.shop_id, per_s=50, tills=2) as history:
            until(lambda: len(history.sold) > 3, what="bills behind it")
            process.send_signal(signal.SIGCONT)
            process.communicate(timeout=60)
            sold = len(history.sold)
            until(lambda: len(history.sold) > sold + 3, what="bills behind its end")
    finally:
        process.kill()
        process.wait()
    assert not history.wrong
    assert mover.status(move_id).state is status.state
    assert one_owner(yard, router, shop.shop_id, status.state) == home
    audit(yard, shop.shop_id, home, history)
