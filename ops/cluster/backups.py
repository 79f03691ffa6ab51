"""Owns backups of a shard by MySQL's own tools: snapshots by CLONE, and a copy of the binlog that never stops.

On one machine they lie beside the servers. In production they are a cloud's snapshots and binlog archive, or these
two on a host of their own, on an encrypted disk: whoever can read them can read every shop of the shard."""

from __future__ import annotations

import datetime as dt
import json
import shutil
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ops import files
from ops.cluster import binlogs, replication, roles
from ops.cluster.layout import RESTORED
from ops.cluster.mysql import MySQL, program_and_template
from ops.cluster.packages import binlog_reader
from ops.places import ROOT
from ops.trouble import Trouble

if TYPE_CHECKING:
    from ops.cluster.control import Cluster

KEPT = dt.timedelta(days=30)
BEGINS_WITHIN = 30.0
FACTS = "snapshot.json"


@dataclass(frozen=True)
class Snapshot:
    """A shard's data as they were when `ended`; each transaction of `gtids` was committed before. Moments are UTC."""

    folder: Path
    began: dt.datetime
    ended: dt.datetime
    gtids: str
    server: str

    @property
    def data(self) -> Path:
        return self.folder / "data"


def folder_of(cluster: Cluster, shard: str) -> Path:
    return cluster.instance.folder / "backups" / shard


def copier(shard: str) -> str:
    """The name of the process that copies the shard's binlog."""
    return f"binlog-of-{shard}"


PROCESSES = [*map(copier, RESTORED), *(server.name for server in RESTORED.values())]
"""All that backups leave running: copies of binlogs, and restored servers."""


def reader_of(cluster: Cluster) -> tuple[str, ...]:
    return binlog_reader(program_and_template(cluster.say)[0])


# ---------------------------------------------------------------- making


def back_up(cluster: Cluster, shard: str) -> Snapshot:
    """A snapshot of now; from the first one on the binlog is copied, too. Under the instance's lock."""
    check(cluster, shard)
    donor = _donor(cluster, shard)
    _copy_binlog(cluster, shard)
    primary = cluster.running(roles.load(cluster.roles_file)[shard])
    if donor is not primary and not replication.caught_up(donor, primary):
        raise Trouble(f"{donor.name} is behind {primary.name}", "look at ./dev status and back up once it is not")
    snapshot = _snapshot(cluster, shard, donor)
    _drop_old(cluster, shard)
    return snapshot


def check(cluster: Cluster, shard: str) -> None:
    if shard not in cluster.layout.shards:
        raise Trouble(f"There is no shard {shard}", f"choose one of {', '.join(cluster.layout.shards)}")
    if cluster.layout.kind(shard) == "group":
        raise Trouble(
            f"{shard} is a replication group, which these verbs do not back up", "take an instance without --group"
        )


def _donor(cluster: Cluster, shard: str) -> MySQL:
    """A replica that runs, so that the primary is not burdened; else the primary."""
    primary = roles.load(cluster.roles_file)[shard]
    alive = [mysql for mysql in cluster.members(shard) if cluster.processes.alive(mysql.name) is not None]
    replicas = [mysql for mysql in alive if mysql.name != primary and not cluster.processes.is_frozen(mysql.name)]
    if replicas:
        return replicas[-1]
    cluster.say(f"{shard} has no replica that runs: its primary is copied")
    return cluster.running(primary)


def _snapshot(cluster: Cluster, shard: str, donor: MySQL) -> Snapshot:
    snapshots = files.private_folder(folder_of(cluster, shard) / "snapshots")
    began = _now(donor)
    with files.published(snapshots / f"{began:%Y%m%dT%H%M%S}") as scratch:
        replication.copy(donor, scratch / "data")
        with donor.root() as root:
            gtids = root.executed()
        made = Snapshot(scratch, began, _now(donor), gtids, donor.name)
        facts = {**asdict(made), "folder": "", "began": began.isoformat(), "ended": made.ended.isoformat()}
        files.write(scratch / FACTS, json.dumps(facts) + "\n")
    return snapshots_of(cluster, shard)[-1]


def _now(mysql: MySQL) -> dt.datetime:
    """By the server's clock, which commits are dated by."""
    with mysql.root() as root:
        found: dt.datetime = root.value("SELECT UTC_TIMESTAMP(6) AS n")
    return found.replace(tzinfo=dt.UTC)


def _copy_binlog(cluster: Cluster, shard: str) -> None:
    """Starts the copy where it does not run, and waits until it has all that the primary has now."""
    folder = files.private_folder(folder_of(cluster, shard) / "binlog")
    primary = cluster.running(roles.load(cluster.roles_file)[shard])
    if cluster.processes.alive(copier(shard)) is None:
        login = cluster.instance.secrets / "mysqlbinlog.cnf"
        secret = files.read(cluster.instance.secrets / "mysql_repl_password")
        files.write(login, f'[client]\nuser={replication.REPL}\npassword="{secret}"\n', mode=0o600)
        told = binlogs.Copying(
            shard, str(folder), str(cluster.instance.cluster_file), str(login), list(reader_of(cluster)),
        )  # fmt: skip
        words = [sys.executable, "-m", "ops.cluster.binlogs", json.dumps(asdict(told))]
        cluster.processes.start(copier(shard), words, cwd=ROOT)
    ends = time.monotonic() + BEGINS_WITHIN
    while not _is_copying(primary):
        if time.monotonic() > ends or cluster.processes.alive(copier(shard)) is None:
            raise Trouble(
                f"The binlog of {primary.name} is not being copied",
                f"read {cluster.instance.logs / copier(shard)}.log and run it again",
            )
        time.sleep(0.05)


def _is_copying(primary: MySQL) -> bool:
    """Whether somebody who is no replica, which would ask by GTIDs, has been sent all that there is."""
    with primary.root() as root:
        return bool(
            root.run(
                "SELECT 1 FROM performance_schema.processlist"
                " WHERE command = 'Binlog Dump' AND state LIKE '%has sent all binlog%'"
            )
        )


def go_on(cluster: Cluster) -> None:
    """Copies the binlogs again of the shards that were backed up once."""
    for shard in RESTORED:
        if snapshots_of(cluster, shard):
            _copy_binlog(cluster, shard)


# ---------------------------------------------------------------- what there is


def snapshots_of(cluster: Cluster, shard: str) -> list[Snapshot]:
    """The oldest first."""
    found = []
    for path in sorted((folder_of(cluster, shard) / "snapshots").glob(f"[0-9]*/{FACTS}")):
        told = json.loads(files.read(path))
        moments = {name: dt.datetime.fromisoformat(told[name]) for name in ("began", "ended")}
        found.append(Snapshot(**{**told, **moments, "folder": path.parent}))
    return found


def states(cluster: Cluster) -> list[tuple[bool, str]]:
    """For each shard that was backed up, whether all is well, and a sentence."""
    found = []
    for shard in RESTORED:
        if taken := snapshots_of(cluster, shard):
            copied = cluster.processes.alive(copier(shard)) is not None
            binlog = "its binlog is being copied" if copied else "its binlog is NOT being copied: ./dev cluster up"
            found.append((copied, f"{shard}: snapshot of {taken[-1].ended:%Y-%m-%d %H:%M:%S} UTC, {binlog}"))
    return found


# ---------------------------------------------------------------- dropping


def _drop_old(cluster: Cluster, shard: str) -> None:
    """Snapshots of more than 30 days but the newest, and binlogs that were closed before the oldest one left began."""
    taken = snapshots_of(cluster, shard)
    for old in taken[:-1]:
        if taken[-1].began - old.began > KEPT:
            shutil.rmtree(old.folder)
    oldest = snapshots_of(cluster, shard)[0].began.timestamp()
    copied = binlogs.sessions(folder_of(cluster, shard) / "binlog")
    for session in copied:
        for log in session.logs[: -1 if session is copied[-1] else None]:
            if log.stat().st_mtime < oldest:
                log.unlink()


def forget(cluster: Cluster, shard: str) -> None:
    """Ends the copy and deletes snapshots and binlogs; under the instance's lock."""
    cluster.processes.stop([copier(shard)])
    shutil.rmtree(folder_of(cluster, shard), ignore_errors=True)
