"""Owns faults made by hand: a server killed, frozen, lagging, cut off or slow; and `heal`, which undoes all of them.

Each may be made twice without harm, and each answers with one sentence on what is so now."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING

from ops.cluster import proxies, roles
from ops.cluster.layout import EVERY_SERVER, REDIS
from ops.trouble import Trouble

if TYPE_CHECKING:
    from ops.cluster.control import Cluster


def kill(cluster: Cluster, name: str) -> str:
    """kill -9."""
    pid = _pid(cluster, name)
    if pid is None:
        return f"{name} was not running."
    os.kill(pid, signal.SIGKILL)
    cluster.processes.wait_until_gone(name)
    return f"{name} is killed."


def freeze(cluster: Cluster, name: str) -> str:
    """SIGSTOP: it stands still, its port stays open."""
    pid = _running(cluster, name)
    if cluster.processes.is_frozen(name):
        return f"{name} was frozen already."
    os.kill(pid, signal.SIGSTOP)
    return f"{name} is frozen."


def lag(cluster: Cluster, name: str, seconds: int | None = None) -> str:
    """A replica takes what its primary sends and applies it late (SOURCE_DELAY), or not at all (its SQL thread stops).

    It goes on confirming commits: what it has received it cannot lose."""
    _check_replica(cluster, name)
    with cluster.running(name).root() as root:
        root.run("STOP REPLICA SQL_THREAD")
        if seconds is None:
            return f"{name} applies nothing (its SQL thread is stopped)."
        root.run(f"CHANGE REPLICATION SOURCE TO SOURCE_DELAY = {seconds:d}")
        root.run("START REPLICA SQL_THREAD")
    return f"{name} applies everything {seconds} s late (SOURCE_DELAY)."


def cut(cluster: Cluster, name: str) -> str:
    """Nobody who comes through its proxy hears from it any more: no answer, and no reset either."""
    cluster.running(name)
    proxies.order(cluster.instance, name, "cut")
    return f"{name} is cut off: its lines stay open and silent."


def slow(cluster: Cluster, name: str, seconds: float) -> str:
    """Each of its answers comes late."""
    cluster.running(name)
    proxies.order(cluster.instance, name, "slow", seconds=seconds)
    return f"{name} answers {seconds:g} s late."


def heal(cluster: Cluster, name: str | None = None) -> str:
    """Undoes what was done to this server, or to all: thawed, connected, started, and following as recorded."""
    names = [name] if name is not None else [*cluster.mysql, REDIS]
    for one in names:
        _check_known(cluster, one)
    cluster.processes.go_on(names)
    for one in names:
        if one != REDIS and proxies.states(cluster.instance) is not None:
            proxies.order(cluster.instance, one, "heal")
        if one != REDIS and cluster.processes.alive(one) is not None:
            _apply_again(cluster, one)
    started = cluster.up()
    again = f", {', '.join(started)} started again" if started else ""
    return f"{name or 'Every server'} is healed{again}."


def _apply_again(cluster: Cluster, name: str) -> None:
    with cluster.mysql[name].root() as root:
        status = root.run("SHOW REPLICA STATUS")
        if status and status[0]["SQL_Delay"]:
            root.run("STOP REPLICA SQL_THREAD")
            root.run("CHANGE REPLICATION SOURCE TO SOURCE_DELAY = 0")
            root.run("START REPLICA SQL_THREAD")


def _pid(cluster: Cluster, name: str) -> int | None:
    _check_known(cluster, name)
    return cluster.processes.alive(name)


def _running(cluster: Cluster, name: str) -> int:
    pid = _pid(cluster, name)
    if pid is None:
        raise Trouble(f"{name} is not running", "start it with ./dev cluster up")
    return pid


def _check_known(cluster: Cluster, name: str) -> None:
    known = (*cluster.mysql, REDIS)
    if name not in known:
        raise Trouble(f"There is no server {name}", f"choose one of {', '.join(known)}")


def _check_replica(cluster: Cluster, name: str) -> None:
    _running(cluster, name)
    group = next((server.group for server in EVERY_SERVER if server.name == name), None)
    if group is None:
        raise Trouble("Redis has no replica that could lag", "choose a MySQL replica")
    if cluster.layout.kind(group) == "group":
        raise Trouble(
            f"{name} is a member of a group, which paces its members by itself", "freeze it instead, or make it slow"
        )
    if roles.load(cluster.roles_file)[group] == name:
        replicas = ", ".join(one.name for one in cluster.layout.members(group) if one.name != name)
        raise Trouble(f"{name} takes writes and follows nobody", f"choose a replica ({replicas or 'it has none'})")
