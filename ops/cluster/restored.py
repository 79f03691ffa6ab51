"""Owns a restored server: a snapshot of a shard brought to a moment by the binlog's copy, read-only, for `flask shops
restore` to read from. The binlog is given to it as relay logs: its own applier is the one that knows them best."""

from __future__ import annotations

import datetime as dt
import re
import shutil
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ops import files
from ops.cluster import backups, binlogs
from ops.cluster.backups import Snapshot
from ops.cluster.binlogs import Session, Transaction
from ops.cluster.layout import RESTORED
from ops.cluster.mysql import DURABILITIES, MySQL, Root, program_and_template, settings_text
from ops.trouble import Trouble, tool_failed
from shard_router.gtid_sets import GtidSet

if TYPE_CHECKING:
    from ops.cluster.control import Cluster

# It waits for no replica, flushes nothing that a new start would not make again, and keeps the relay logs it is given.
OPTIONS: dict[str, object] = {
    "loose-rpl-semi-sync-source-enabled": "OFF", "sync-binlog": 0, "innodb-flush-log-at-trx-commit": 0,
    "relay-log-recovery": "OFF", "replica-parallel-workers": 4,
}  # fmt: skip
LOOK = 0.05
STUCK = 600.0  # seconds in which nothing is applied

_GTID = re.compile(r"[0-9a-f-]{36}:\d+")


@dataclass(frozen=True)
class Restored:
    """What was made. `last`: the newest transaction that the binlog's copy brought."""

    name: str
    port: int
    snapshot: Snapshot
    applied: int
    last: Transaction | None


@dataclass(frozen=True)
class Moment:
    """Up to where: everything committed by `at`, or up to and with `gtid`; neither: all that there is."""

    at: dt.datetime | None = None
    gtid: str = ""

    def ends_before(self, one: Transaction) -> bool:
        return self.at is not None and one.moment > self.at


def moment_of(text: str | None) -> Moment:
    if text is None:
        return Moment()
    if _GTID.fullmatch(text):
        return Moment(gtid=text)
    try:
        at = dt.datetime.fromisoformat(text)
    except ValueError:
        raise Trouble(f"{text!r} is no moment", "write it like 2026-11-20T20:15:00Z, or as a GTID uuid:n") from None
    if at.tzinfo is None:
        raise Trouble(f"{text} does not say which zone it is in", f"write {text}Z for UTC, or {text}+05:30 for India")
    if at > dt.datetime.now(dt.UTC):
        raise Trouble(f"{text} has not come yet", "leave --at away to have all that there is")
    return Moment(at=at)


def server(cluster: Cluster, shard: str) -> MySQL:
    return MySQL(cluster.instance, RESTORED[shard], cluster.processes, OPTIONS)


def restore(cluster: Cluster, shard: str, text: str | None) -> Restored:
    """Starts it, in the place of the one before. The shard itself may be dead. Under the instance's lock."""
    backups.check(cluster, shard)
    until = moment_of(text)
    snapshot = _newest_before(cluster, shard, until)
    mysql = server(cluster, shard)
    forget(cluster, shard)
    _start(cluster, mysql, snapshot)
    with mysql.root() as root:
        root.run("STOP REPLICA")
        root.run("RESET REPLICA ALL")  # whom the copied server followed
        applied = _apply_all(cluster, shard, mysql, root, until)
        if not executed(root).covers(GtidSet(until.gtid)):
            raise Trouble(f"Neither snapshot nor binlog has {until.gtid}", "look for it with SHOW BINLOG EVENTS")
    return Restored(mysql.name, mysql.port, snapshot, len(applied), applied[-1] if applied else None)


def forget(cluster: Cluster, shard: str) -> bool:
    """Ends it and deletes its data; False if there was none."""
    mysql = server(cluster, shard)
    cluster.processes.stop([mysql.name])
    there = mysql.folder.exists()
    shutil.rmtree(mysql.folder, ignore_errors=True)
    return there


def _newest_before(cluster: Cluster, shard: str, until: Moment) -> Snapshot:
    taken = backups.snapshots_of(cluster, shard)
    if not taken:
        raise Trouble(f"{shard} was never backed up", f"begin with ./dev cluster backup {shard}")
    if until.at is not None:
        fitting = [one for one in taken if one.ended <= until.at]
    else:
        fitting = [one for one in taken if not until.gtid or not GtidSet(one.gtids).covers(GtidSet(until.gtid))]
    if not fitting:
        raise Trouble(
            f"The oldest snapshot of {shard} is of {taken[0].ended:%Y-%m-%dT%H:%M:%SZ}", "choose a later moment"
        )
    return fitting[-1]


def _start(cluster: Cluster, mysql: MySQL, snapshot: Snapshot) -> None:
    files.private_folder(mysql.folder)
    words = ["cp", "-a", "--sparse=always", str(snapshot.data), str(mysql.folder / "data")]
    copy = subprocess.run(words, capture_output=True, text=True, check=False)
    if copy.returncode:
        raise tool_failed("Copying the snapshot", copy.stderr, "the snapshot's folder")
    mysql.mark_ready()
    program, template = program_and_template(cluster.say)
    settings = mysql.folder / "my.cnf"
    text = settings_text(DURABILITIES[cluster.setup.mode], cluster.instance.folder / "tls", base=program.base)
    files.write(settings, text)
    mysql.start(program, template, settings)
    mysql.wait()


# ---------------------------------------------------------------- the binlog


def _apply_all(cluster: Cluster, shard: str, mysql: MySQL, root: Root, until: Moment) -> list[Transaction]:
    copied = binlogs.sessions(backups.folder_of(cluster, shard) / "binlog")
    reader, applied = backups.reader_of(cluster), list[Transaction]()
    for at, session in enumerate(copied):
        listed, there = binlogs.listing(reader, session.logs), executed(root)
        if not there.covers(GtidSet(listed.before)):
            raise Trouble(
                f"The copy of {shard}'s binlog lacks what stands in front of {session.logs[0]}",
                "restore to an earlier moment, or from a later snapshot",
            )
        wanted = _wanted(listed.transactions, until, copied[at : at + 2])
        fresh = [one for one in wanted if not there.has(*one.key)]
        if fresh:
            behind = listed.transactions[len(wanted) : len(wanted) + 1]
            _apply(mysql, root, session, fresh, behind[0].gtid if behind else "")
        applied += fresh
    return applied


def _wanted(listed: Sequence[Transaction], until: Moment, session: Sequence[Session]) -> list[Transaction]:
    """Those from the beginning on that count; `session`: this one and the next, if there is one.

    What a primary had that died, and its successor has not, was never acknowledged: it is not restored either."""
    own, later = session[0], session[1] if len(session) > 1 else None
    known = GtidSet(later.had) if later is not None and later.uuid != own.uuid else None
    found: list[Transaction] = []
    for one in listed:
        if not one.whole or until.ends_before(one) or (known is not None and not known.has(*one.key)):
            break
        found.append(one)
        if one.gtid == until.gtid:
            break
    return found


def _apply(mysql: MySQL, root: Root, session: Session, fresh: Sequence[Transaction], behind: str) -> None:
    """By a channel of its own; what is there already it steps over. `behind`: the first that is not to be applied."""
    channel = f"s{session.folder.name}"
    _give(mysql.folder / "data", channel, session.logs)
    root.run(
        f"CHANGE REPLICATION SOURCE TO SOURCE_HOST = 'nobody', RELAY_LOG_FILE = 'relay-{channel}.000001',"
        f" RELAY_LOG_POS = 4 FOR CHANNEL '{channel}'"
    )
    until = f" UNTIL SQL_BEFORE_GTIDS = '{behind}'" if behind else ""
    root.run(f"START REPLICA SQL_THREAD{until} FOR CHANNEL '{channel}'")
    _wait(mysql, root, channel, fresh)
    root.run(f"STOP REPLICA FOR CHANNEL '{channel}'")
    root.run(f"RESET REPLICA ALL FOR CHANNEL '{channel}'")


def _give(data: Path, channel: str, logs: Sequence[Path]) -> None:
    names = [f"relay-{channel}.{number:06d}" for number in range(1, len(logs) + 1)]
    for name, log in zip(names, logs, strict=True):
        shutil.copyfile(log, data / name)
    files.write(data / f"relay-{channel}.index", "".join(f"./{name}\n" for name in names))


def _wait(mysql: MySQL, root: Root, channel: str, fresh: Sequence[Transaction]) -> None:
    wanted = GtidSet()
    for one in fresh:
        wanted.add(*one.key)
    seen, moved = "", time.monotonic()
    while not (there := executed(root)).covers(wanted):
        status = root.run(f"SHOW REPLICA STATUS FOR CHANNEL '{channel}'")[0]
        if status["Last_SQL_Errno"]:
            raise Trouble(
                f"The binlog could not be applied ({status['Last_SQL_Error'][:300]})",
                "restore to a moment before that transaction",
            )
        if str(there) != seen:
            seen, moved = str(there), time.monotonic()
        elif time.monotonic() - moved > STUCK:
            raise Trouble(f"{mysql.name} has applied nothing for {STUCK:.0f} s", f"read the log of {mysql.name}")
        time.sleep(LOOK)


def executed(root: Root) -> GtidSet:
    return GtidSet(root.executed())
