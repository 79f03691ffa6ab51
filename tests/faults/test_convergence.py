"""Fault 2, as every process sees it: after a promotion all of them follow the new primary within 2 s.

Each process says in its log, with the moment, whom it takes for the primary from now on: two of the web, the side
service, the relay, and each of the worker's."""

import datetime as dt
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from shard_router.promotion import Administrator, Promotion
from shard_router.topology import parse
from tests.faults.promoting import Promoter
from tests.faults.servers import Servers
from tests.support.stack import Stack
from tests.support.waiting import until
from workers.worker import LINES

pytestmark = [pytest.mark.fault(2), pytest.mark.long]
SHARD = "shard-a"
PROMISED = 2.0  # docs/router.md, promise 10
COLOURS = re.compile(r"\x1b\[[0-9;]*m")
BEGUN = "fleet session: schema versions"
FOLLOWED = re.compile(rf"^(\S+Z) .*{SHARD}: (\S+) is primary after")


@dataclass
class Logs:
    """What a stack's processes have said since this was made."""

    folder: Path
    names: tuple[str, ...]

    def __post_init__(self) -> None:
        self._before = {name: len(self._read(name)) for name in self.names}

    def _read(self, name: str) -> str:
        return COLOURS.sub("", (self.folder / f"{name}.log").read_text(errors="replace"))

    def ready(self, name: str) -> int:
        """How many of its processes have a router that has begun to look around."""
        return self._read(name).count(BEGUN)

    def followed(self, primary: str) -> Iterator[tuple[str, dt.datetime]]:
        """Which process, and when it took this server for the primary."""
        for name in self.names:
            for line in self._read(name)[self._before[name] :].splitlines():
                found = FOLLOWED.match(line)
                if found and found[2] == primary:
                    yield name, dt.datetime.fromisoformat(found[1])


@pytest.mark.parametrize("dead", [False, True], ids=["handed over", "killed"])
def test_every_process_follows_within_two_seconds(
    servers: Servers, stack: Stack, promoter: Promoter, measured, dead: bool
) -> None:
    """Counted from the moment in which the new one accepts writes."""
    old, new = promoter.primary(SHARD), promoter.replicas(SHARD)[0]
    logs = Logs(stack.logs, ("web", "relay", "worker"))
    processes = {"web": len(stack.children("web")), "relay": 1, "worker": len(LINES)}
    assert processes["web"] == 2
    until(lambda: all(logs.ready(name) >= count for name, count in processes.items()), within=90, what="all processes")
    if dead:
        servers.kill(old)
    opened = promote(promoter, new)

    def all_follow() -> bool:
        names = [name for name, _ in logs.followed(new)]
        return {name: names.count(name) for name in processes} == processes

    until(all_follow, within=30, what="every process's word")
    took = sorted((at - opened).total_seconds() for _, at in logs.followed(new))
    measured(processes=len(took), converged_s_max=took[-1], converged_s_median=took[len(took) // 2])
    assert took[-1] <= PROMISED


def promote(promoter: Promoter, to: str) -> dt.datetime:
    """By the product's own code; the moment in which the new primary accepted writes."""
    moments: dict[str, dt.datetime] = {}
    shards = {shard.name: shard for shard in parse(promoter.settings.topology_file.read_text()).every()}
    promotion = Promotion(
        Administrator(promoter.cluster.admin, promoter.cluster.tls_ca),
        shards[SHARD],
        topology=promoter.settings.topology_file,
        acknowledged=lambda: promoter.router.acknowledged(SHARD),
        say=lambda said: moments.setdefault(said, dt.datetime.now(dt.UTC)) and None,
    )
    promotion.run(promotion.plan(to))
    return moments[f"{to} accepts writes."]
