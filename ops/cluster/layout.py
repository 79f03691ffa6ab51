"""Owns which servers a local cluster has in each mode, on which ports, and who is primary before any promotion."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

CONTROL = "control"
SHARDS = ("shard-a", "shard-b")
"""Those that every instance begins with."""
ADDABLE = ("shard-c",)
"""Those that `./dev cluster add` may add to one; which of them an instance has, its setup says."""

WEB_OFFSET = 0
SIDE_OFFSET = 1
REDIS_OFFSET = 63
REDIS = "redis"
GROUP_LINE = 30
"""Members of a replication group speak to each other on their own port plus this."""
PROXY_LINE = 60
"""Where clients reach a server of a cluster that was started with --proxied: its own port plus this."""


class Mode(StrEnum):
    """What keeps an acknowledged commit alive. The instance remembers its mode."""

    DEGRADED = "degraded"  # one replica a shard, which may be left behind
    GUARANTEE = "guarantee"  # two replicas a group of servers; no commit is acknowledged before one of them has it
    GROUP = "group"  # shards as Group Replication, three members each


@dataclass(frozen=True)
class Server:
    """One MySQL server; its port is the instance's base plus `offset`."""

    name: str
    group: str
    offset: int

    @property
    def server_id(self) -> int:
        return self.offset


FIRST = (
    Server("ctl-1", CONTROL, 10),
    Server("a-1", "shard-a", 11),
    Server("b-1", "shard-b", 21),
    Server("c-1", "shard-c", 25),
)
SECOND = (Server("a-2", "shard-a", 12), Server("b-2", "shard-b", 22), Server("c-2", "shard-c", 26))
THIRD = (Server("a-3", "shard-a", 13), Server("b-3", "shard-b", 23), Server("c-3", "shard-c", 27))
SPARE_CONTROL = (Server("ctl-2", CONTROL, 8), Server("ctl-3", CONTROL, 9))

RESTORED = {
    "shard-a": Server("restored-a", "shard-a", 14),
    "shard-b": Server("restored-b", "shard-b", 24),
    "shard-c": Server("restored-c", "shard-c", 28),
}
"""Where a shard is restored to, beside the shard itself. They belong to no layout: nobody trades on them."""

FIRST_PRIMARIES = {server.group: server.name for server in FIRST}
"""Of every group that there may be."""


@dataclass(frozen=True)
class Layout:
    """The servers of one mode, for some shards."""

    mode: Mode
    shards: tuple[str, ...]
    servers: tuple[Server, ...]

    @property
    def groups(self) -> tuple[str, ...]:
        """Control and the shards: each has one primary."""
        return (CONTROL, *self.shards)

    def members(self, group: str) -> tuple[Server, ...]:
        """The servers of one group."""
        return tuple(server for server in self.servers if server.group == group)

    def named(self, name: str) -> Server | None:
        """The server of that name, if there is one."""
        return next((server for server in self.servers if server.name == name), None)

    def kind(self, group: str) -> str:
        """As topology.json says it: who knows which server is the primary."""
        return "group" if self.mode is Mode.GROUP and group != CONTROL else "replication"


_SERVERS = {
    Mode.DEGRADED: (*FIRST, *SECOND),
    Mode.GUARANTEE: (*FIRST, *SECOND, *THIRD, *SPARE_CONTROL),
    Mode.GROUP: (*FIRST, *SECOND, *THIRD),
}


def layout(mode: Mode, shards: tuple[str, ...] = SHARDS) -> Layout:
    """The servers that these shards and control have in this mode, group by group."""
    groups = (CONTROL, *shards)
    there = [server for server in _SERVERS[mode] if server.group in groups]
    return Layout(mode, shards, tuple(sorted(there, key=lambda server: (groups.index(server.group), server.name))))


DEVELOPMENT_LAYOUT = layout(Mode.DEGRADED)
SERVERS = DEVELOPMENT_LAYOUT.servers
"""Of the development default, and of the containers."""
EVERY_SERVER = layout(Mode.GUARANTEE, (*SHARDS, *ADDABLE)).servers
"""Those of any mode, and of any shard."""
