"""Owns changing a primary by hand: whether it would lose acknowledged writes, and the steps in their order."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING

from ops.cluster import groups, replication, roles
from ops.cluster.layout import Mode
from ops.cluster.mysql import MySQL
from ops.trouble import Trouble

if TYPE_CHECKING:
    from ops.cluster.control import Cluster

LOSE = "or give up what only it has with --accept-loss"


def promote(cluster: Cluster, group: str, name: str, *, accept_loss: bool) -> None:
    """Makes a server its group's primary; under the instance's lock. Doing it twice changes nothing."""
    if cluster.layout.kind(group) == "group":
        _promote_in_group(cluster, group, name)
        return
    primaries = roles.load(cluster.roles_file)
    old, new = cluster.mysql[primaries[group]], cluster.running(name)
    if old is new:
        return
    if _answers(cluster, old):
        replication.hand_over(old, new)
    else:
        _check_loss(cluster, old, new, accept_loss=accept_loss)
        if _ended(cluster, old):  # it may have woken between the look and its end
            _check_loss(cluster, old, new, accept_loss=accept_loss)
    primaries[group] = name
    roles.save(cluster.roles_file, primaries)
    alive = [mysql for mysql in cluster.members(group) if cluster.processes.alive(mysql.name)]
    cluster.settle(group, name, alive)
    cluster.record(primaries)


def _promote_in_group(cluster: Cluster, group: str, name: str) -> None:
    member = groups.look(cluster.running(name))
    if not member.in_a_group:
        raise Trouble(
            f"{name} is not in its group ({member.state.lower()}), which elects its primary by itself",
            "bring it back with ./dev cluster up",
        )
    if member.primary != member.uuid:
        groups.set_primary(cluster.mysql[name])
    cluster.record(roles.load(cluster.roles_file) | {group: name})


def _answers(cluster: Cluster, mysql: MySQL) -> bool:
    return cluster.processes.alive(mysql.name) is not None and replication.is_writable(mysql) is not None


def _check_loss(cluster: Cluster, old: MySQL, new: MySQL, *, accept_loss: bool) -> None:
    """Refuses unless every write that the dead primary may have acknowledged is known to be on the new one."""
    others = [mysql for mysql in cluster.members(old.server.group) if mysql not in (old, new)]
    silent = [mysql.name for mysql in others if not _answers(cluster, mysql)]
    mine = replication.received(new)
    if not accept_loss:
        if cluster.setup.mode is not Mode.GUARANTEE:
            raise Trouble(
                f"{old.name} is down and ran degraded: it may have acknowledged writes that {new.name} never received",
                f"start it again with ./dev cluster up, {LOSE}",
            )
        if silent:
            raise Trouble(
                f"{', '.join(silent)} does not answer, and may be the only one that has {old.name}'s last writes",
                f"bring it back with ./dev cluster up, {LOSE}",
            )
        for other in others:
            if replication.lacks(mine, replication.received(other), on=new):
                raise Trouble(
                    f"{other.name} has received writes that {new.name} has not", f"promote {other.name} instead"
                )
    if not replication.apply_all(new, mine):
        raise Trouble(
            f"{new.name} has received writes that it could not apply within 60 s",
            "look at ./dev status and try again; nothing was changed",
        )


def _ended(cluster: Cluster, old: MySQL) -> bool:
    """A primary that stands still may wake and take writes: it is ended before another one opens."""
    pid = cluster.processes.alive(old.name)
    if pid is None:
        return False
    cluster.say(f"{old.name} does not answer: ending it, so that it cannot come back and take writes")
    os.kill(pid, signal.SIGKILL)
    cluster.processes.wait_until_gone(old.name)
    return True
