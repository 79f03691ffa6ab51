"""Owns what the console shows of where shops live: shards with their servers, their load, and what to do about them.

Nobody is asked for it: servers are as the router's poller saw them last, loads as a job counted them. So a shard that
is dead or hangs costs the page nothing, and with the control plane gone the servers are still told.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import Any

from sqlalchemy.exc import SQLAlchemyError

from app.console import repository
from app.kit.health import database_health
from shard_router import ControlSession, Router, RouterError
from shard_router.moves.loads import shops_by_shard
from shard_router.topology import Shard

CONTROL = "control"
PRIMARY_DIED, REPLICA_LAGS, CONTROL_GONE, SPLIT = "primary-died", "replica-lags", "control-gone", "split-brain"


@dataclass(frozen=True, slots=True)
class ServerView:
    """One server as this process saw it last; `problem` is None where all is well."""

    name: str
    role: str
    reachable: bool
    in_rotation: bool | None
    lag_ms: int | None
    breaker: str
    problem: str | None


@dataclass(frozen=True, slots=True)
class ShardView:
    """`shops` and what they amount to are None of the control plane, and where nobody could say."""

    name: str
    kind: str
    status: str
    problem: str | None
    runbook: str | None
    shops: int | None
    recent_bills: int | None
    pieces: int | None
    weight: float
    takes_new: bool
    light: str
    lost_when: tuple[str, ...]
    thin: tuple[str, ...]
    servers: tuple[ServerView, ...]


@dataclass(frozen=True, slots=True)
class ShardsView:
    """The control plane first, then the shards by name."""

    items: tuple[ShardView, ...]
    control_reachable: bool

    @property
    def of_shops(self) -> tuple[ShardView, ...]:
        return tuple(one for one in self.items if one.name != CONTROL)


@dataclass(frozen=True, slots=True)
class Load:
    """Of one shard; what was never counted is None."""

    shops: int | None
    recent_bills: int | None = None
    pieces: int | None = None


def list_shards(router: Router) -> ShardsView:
    """Never waits for a shard; for the control plane no longer than its answer time, and goes on without it."""
    try:
        with router.control() as control:
            loads: dict[str, Load] | None = _loads(control)
    except (RouterError, SQLAlchemyError):
        loads = None
    seen = {one["shard"]: one for one in database_health(router.health())["shards"]}
    shards = tuple(_shard(router, shard, seen[shard.name], loads) for shard in router.topology.every())
    return ShardsView(shards, loads is not None)


def _loads(control: ControlSession) -> dict[str, Load]:
    counted = {row.shard: row for row in repository.sums_by_shard(control)}
    found: dict[str, Load] = defaultdict(lambda: Load(0))
    for shard, shops in shops_by_shard(control).items():
        row = counted.get(shard)
        found[shard] = Load(shops, row and row.recent_bills, row and row.pieces)
    return found


def _shard(router: Router, shard: Shard, seen: dict[str, Any], loads: dict[str, Load] | None) -> ShardView:
    load = loads[shard.name] if loads is not None and shard.name != CONTROL else Load(None)
    breakers = {
        one.name: "open" if router.breakers.is_open((one.host, one.port)) else "closed" for one in shard.servers
    }
    durability = seen["durability"]
    return ShardView(
        name=shard.name, kind=shard.kind.value, status=seen["status"], problem=seen["problem"], runbook=_runbook(seen),
        shops=load.shops, recent_bills=load.recent_bills, pieces=load.pieces,
        weight=shard.weight, takes_new=shard.takes_new, light=durability["light"],
        lost_when=tuple(durability["lostWhen"]), thin=tuple(durability["thin"]),
        servers=tuple(_server(one, breakers[one["name"]]) for one in seen["servers"]),
    )  # fmt: skip


def _server(seen: dict[str, Any], breaker: str) -> ServerView:
    return ServerView(
        name=seen["name"], role=seen["role"], reachable=seen["reachable"], in_rotation=seen["inRotation"],
        lag_ms=seen["lagMs"], breaker=breaker, problem=seen["problem"],
    )  # fmt: skip


def _runbook(seen: dict[str, Any]) -> str | None:
    """The page of docs/runbooks that this shard's worst trouble is on."""
    if "split brain" in (seen["problem"] or ""):
        return SPLIT
    if seen["status"] == "down" or seen["problem"]:
        return CONTROL_GONE if seen["shard"] == CONTROL else PRIMARY_DIED
    if any(one["role"] == "replica" and not one["inRotation"] for one in seen["servers"]):
        return REPLICA_LAGS
    return None
