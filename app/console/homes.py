"""Owns what the console shows of where shops live: shards with their servers and shops, and moves between them."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from app.console import repository
from shard_router import ControlSession, Router, ServerHealth
from shard_router.moves import MoveState
from shard_router.moves.loads import shops_by_shard

SHOWN = 50
CONTROL = "control"


@dataclass(frozen=True, slots=True)
class ServerView:
    """One server as this process saw it last; `problem` is empty where all is well."""

    name: str
    role: str
    reachable: bool
    problem: str
    lag_ms: int | None


@dataclass(frozen=True, slots=True)
class ShardView:
    """`shops` is None of the control plane. `lost_when`: how an acknowledged commit could be lost there."""

    name: str
    kind: str
    shops: int | None
    weight: float
    takes_new: bool
    lost_when: tuple[str, ...]
    servers: tuple[ServerView, ...]


@dataclass(frozen=True, slots=True)
class MoveView:
    """A move and how far it is."""

    shop_id: int
    source: str
    target: str
    state: MoveState
    rows_copied: int
    rows_expected: int
    pause_ms: float | None
    note: str
    reason: str | None
    asked_by: str
    asked_at: dt.datetime
    ended_at: dt.datetime | None

    @property
    def part(self) -> int:
        """Hundredths of the copy; of a move that is over, all."""
        if not self.state.live:
            return 100
        return min(99, 100 * self.rows_copied // max(self.rows_expected, 1))


def list_shards(control: ControlSession, router: Router) -> list[ShardView]:
    """The control plane first, then the shards by name."""
    shops = shops_by_shard(control)
    seen: dict[str, list[ServerHealth]] = {}
    for server in router.health():
        seen.setdefault(server.shard, []).append(server)
    return [
        ShardView(
            shard.name, shard.kind.value, None if shard.name == CONTROL else shops.get(shard.name, 0), shard.weight,
            shard.takes_new, _lost_when(seen[shard.name]), tuple(_server(one) for one in seen[shard.name]),
        )
        for shard in router.topology.every()
    ]  # fmt: skip


def list_moves(control: ControlSession) -> list[MoveView]:
    """Those under way first, then the newest."""
    found = []
    for row in repository.list_moves(control, limit=SHOWN):
        seen = row.facts.get("progress", {})
        copied = row.facts.get("copy_rows") or seen.get("rows_copied", 0)
        found.append(
            MoveView(
                row.shop_id, row.source, row.target, MoveState(row.state), copied, row.facts.get("rows_expected", 0),
                row.facts.get("pause_ms"), seen.get("note", ""), row.reason, row.asked_by,
                row.asked_at.replace(tzinfo=dt.UTC), row.ended_at and row.ended_at.replace(tzinfo=dt.UTC),
            )
        )  # fmt: skip
    return found


def _server(seen: ServerHealth) -> ServerView:
    return ServerView(seen.name, seen.role, seen.reachable, seen.problem, seen.lag_ms)


def _lost_when(seen: list[ServerHealth]) -> tuple[str, ...]:
    return next((one.durability.lost_when for one in seen if one.durability is not None), ())
