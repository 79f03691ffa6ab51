"""Owns which servers the local cluster has, on which ports, and who is primary before anybody was ever promoted."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Server:
    """One MySQL server; its port is the instance's base plus `offset`."""

    name: str
    group: str
    offset: int

    @property
    def server_id(self) -> int:
        return self.offset


CONTROL = "control"
SHARDS = ("shard-a", "shard-b")
GROUPS = (CONTROL, *SHARDS)

SERVERS = (
    Server("ctl-1", CONTROL, 10),
    Server("a-1", "shard-a", 11),
    Server("a-2", "shard-a", 12),
    Server("b-1", "shard-b", 21),
    Server("b-2", "shard-b", 22),
)
FIRST_PRIMARIES = {CONTROL: "ctl-1", "shard-a": "a-1", "shard-b": "b-1"}

WEB_OFFSET = 0
SIDE_OFFSET = 1
REDIS_OFFSET = 63
REDIS = "redis"


def members(group: str) -> tuple[Server, ...]:
    """The servers of one group."""
    return tuple(server for server in SERVERS if server.group == group)


def server_named(name: str) -> Server | None:
    """The server of that name, if there is one."""
    return next((server for server in SERVERS if server.name == name), None)
