"""Owns which servers a local cluster has in each mode, on which ports, and who is primary before any promotion."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

CONTROL = "control"
SHARDS = ("shard-a", "shard-b")
GROUPS = (CONTROL, *SHARDS)

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
)
SECOND = (Server("a-2", "shard-a", 12), Server("b-2", "shard-b", 22))
THIRD = (Server("a-3", "shard-a", 13), Server("b-3", "shard-b", 23))
SPARE_CONTROL = (Server("ctl-2", CONTROL, 8), Server("ctl-3", CONTROL, 9))

RESTORED = {"shard-a": Server("restored-a", "shard-a", 14), "shard-b": Server("restored-b", "shard-b", 24)}
"""Where a shard is restored to, beside the shard itself. They belong to no layout: nobody trades on them."""

FIRST_PRIMARIES = {server.group: server.name for server in FIRST}


@dataclass(frozen=True)
class Layout:
    """The servers of one mode."""

    mode: Mode
    servers: tuple[Server, ...]

    def members(self, group: str) -> tuple[Server, ...]:
        """The servers of one group."""
        return tuple(server for server in self.servers if server.group == group)

    def named(self, name: str) -> Server | None:
        """The server of that name, if there is one."""
        return next((server for server in self.servers if server.name == name), None)

    def kind(self, group: str) -> str:
        """As topology.json says it: who knows which server is the primary."""
        return "group" if self.mode is Mode.GROUP and group != CONTROL else "replication"


def _ordered(*some: Server) -> tuple[Server, ...]:
    return tuple(sorted(some, key=lambda server: (GROUPS.index(server.group), server.name)))


LAYOUTS = {
    Mode.DEGRADED: Layout(Mode.DEGRADED, _ordered(*FIRST, *SECOND)),
    Mode.GUARANTEE: Layout(Mode.GUARANTEE, _ordered(*FIRST, *SECOND, *THIRD, *SPARE_CONTROL)),
    Mode.GROUP: Layout(Mode.GROUP, _ordered(*FIRST, *SECOND, *THIRD)),
}
DEVELOPMENT_LAYOUT = LAYOUTS[Mode.DEGRADED]
SERVERS = DEVELOPMENT_LAYOUT.servers
"""Of the development default, and of the containers."""
EVERY_SERVER = LAYOUTS[Mode.GUARANTEE].servers
"""Those of any mode."""
