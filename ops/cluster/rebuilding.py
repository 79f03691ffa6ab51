"""Owns making a replica anew: MySQL's CLONE copies its primary, which goes on working, and then the two change places.

The replica works on until the copy is whole: a refusal, or a copy that fails, has changed nothing."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from ops import files
from ops.cluster import replication, status
from ops.cluster.mysql import MySQL
from ops.trouble import Trouble

if TYPE_CHECKING:
    from ops.cluster.control import Cluster


def rebuild(cluster: Cluster, name: str) -> None:
    """Gives the replica its primary's data of this moment; under the instance's lock. `up` then lets it follow.

    A member of a group, too: what it lacks by then the group sends it as it joins."""
    donor, replica = _donor(cluster, name), cluster.mysql[name]
    copy = files.private_folder(replica.folder) / "copy"
    shutil.rmtree(copy, ignore_errors=True)  # of a rebuild that was cut short
    replication.copy(donor, copy)
    cluster.processes.go_on([name])  # one that was frozen hears nothing else
    cluster.processes.stop([name])
    replica.take(copy)


def _donor(cluster: Cluster, name: str) -> MySQL:
    """The primary: what it has is by definition right."""
    primaries = status.primaries_of(cluster)
    replicas = sorted(set(cluster.mysql) - set(primaries.values()))
    if name not in replicas:
        raise Trouble(f"{name} is no replica", f"choose one of {', '.join(replicas)}")
    donor = cluster.mysql[primaries[cluster.mysql[name].server.group]]
    if cluster.processes.alive(donor.name) is None or not replication.is_writable(donor):
        raise Trouble(
            f"{donor.name} takes no writes, and {name} can be made from nobody else; nothing was changed",
            "bring it back with ./dev cluster up, or promote another one first",
        )
    return donor
