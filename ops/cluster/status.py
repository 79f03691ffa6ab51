"""Owns how the cluster is doing: each server in a line, and what each group's acknowledgement is really worth."""

from __future__ import annotations

import contextlib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pymysql
import pymysql.cursors

from ops.cluster import groups, proxies, redis, replication, roles
from ops.cluster.layout import REDIS, REDIS_OFFSET
from ops.cluster.mysql import MySQL
from ops.processes import Processes

if TYPE_CHECKING:
    from ops.cluster.control import Cluster
    from shard_router import Durability

PATIENCE = 3


@dataclass(frozen=True)
class ServerStatus:
    """One line of `./dev status`."""

    name: str
    role: str
    port: int
    pid: int | None
    memory_mb: int
    note: str
    healthy: bool


@dataclass(frozen=True)
class Worth:
    """What a group's primary promises; `found` is None where it could not be asked."""

    group: str
    found: Durability | None

    @property
    def light(self) -> str:
        if self.found is None or not self.found.guaranteed:
            return "red"
        return "yellow" if self.found.thin else "green"

    @property
    def sentence(self) -> str:
        if self.found is None:
            return "unknown: no primary answers"
        if not self.found.guaranteed:
            return f"degraded: an acknowledged write is lost when {'; or when '.join(self.found.lost_when)}"
        return "; ".join(("guaranteed", *self.found.thin))


def servers(cluster: Cluster) -> list[ServerStatus]:
    """Every server with its role and how it is doing; asks, changes nothing."""
    primaries = set(primaries_of(cluster).values())
    doors = proxies.states(cluster.instance) or {}
    with ThreadPoolExecutor(len(cluster.mysql)) as pool:
        found = list(
            pool.map(
                lambda mysql: _status_of(cluster, mysql, mysql.name in primaries, doors.get(mysql.name, "")),
                cluster.mysql.values(),
            )
        )
    return [*found, _redis(cluster)]


def primaries_of(cluster: Cluster) -> dict[str, str]:
    """As recorded, or as a group has elected meanwhile."""
    found = roles.load(cluster.roles_file)
    for group in cluster.layout.groups:
        if cluster.layout.kind(group) == "group":
            alive = [one for one in cluster.members(group) if cluster.processes.alive(one.name)]
            found[group] = groups.primary_of(alive) or found[group]
    return found


def worth(cluster: Cluster) -> list[Worth]:
    """What each group's acknowledgement is worth, read from its primary's variables and confirming replicas."""
    primaries = primaries_of(cluster)
    return [Worth(group, _worth_of(cluster, group, primaries[group])) for group in cluster.layout.groups]


def _worth_of(cluster: Cluster, group: str, primary: str) -> Durability | None:
    from shard_router import durability

    mysql = cluster.mysql[primary]
    if cluster.processes.alive(primary) is None or not mysql.is_ready:
        return None
    try:
        with mysql.root(patience=PATIENCE) as root, root.cursor(pymysql.cursors.Cursor) as cursor:
            return durability.ask(cursor, group=cluster.layout.kind(group) == "group")
    except pymysql.err.OperationalError:
        return None


def _status_of(cluster: Cluster, mysql: MySQL, is_primary: bool, door: str) -> ServerStatus:
    role = f"{mysql.server.group} {'primary' if is_primary else 'replica'}"
    pid = cluster.processes.alive(mysql.name)
    memory = _memory(pid)
    note, healthy = _note(cluster, mysql, is_primary)
    if door:
        note, healthy = f"{note}; its line is {door}", False
    return ServerStatus(mysql.name, role, mysql.address, pid, memory, note, healthy)


def _note(cluster: Cluster, mysql: MySQL, is_primary: bool) -> tuple[str, bool]:
    if cluster.processes.alive(mysql.name) is None:
        return "not running", False
    if cluster.processes.is_frozen(mysql.name):
        return "frozen", False
    read_only = _read_only(mysql)
    if read_only is None:
        return "starting", False
    if cluster.layout.kind(mysql.server.group) == "group":
        state = groups.member_state(mysql)
        return (f"takes writes, {state}" if is_primary and not read_only else state), state.startswith("online")
    return _note_of_replication(mysql, is_primary, read_only)


def _note_of_replication(mysql: MySQL, is_primary: bool, read_only: bool) -> tuple[str, bool]:
    if is_primary:
        return "read-only" if read_only else "takes writes", not read_only
    note = replication.replica_state(mysql)
    if not read_only:
        return f"{note}; WRITABLE AGAINST THE RECORD: run ./dev cluster up", False
    return note, note.startswith("replicating")


def _read_only(mysql: MySQL) -> bool | None:
    """None while it does not answer."""
    writable = replication.is_writable(mysql) if mysql.is_ready else None
    return None if writable is None else not writable


def _redis(cluster: Cluster) -> ServerStatus:
    pid = cluster.processes.alive(REDIS)
    note, healthy = _redis_note(cluster.processes, redis.answers(cluster.instance))
    return ServerStatus(REDIS, "queue, cache", cluster.instance.port(REDIS_OFFSET), pid, _memory(pid), note, healthy)


def _redis_note(processes: Processes, answers: bool) -> tuple[str, bool]:
    if processes.alive(REDIS) is None:
        return "not running", False
    if processes.is_frozen(REDIS):
        return "frozen", False
    return ("append-only file on", True) if answers else ("does not answer", False)


def _memory(pid: int | None) -> int:
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("VmRSS"):
                return int(line.split()[1]) >> 10
    return 0
