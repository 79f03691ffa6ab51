"""Owns one MySQL server of the cluster: its settings, its first data, starting it fenced, and talking to it as root."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pymysql
import pymysql.cursors

from ops import files
from ops.cluster.layout import Mode, Server
from ops.cluster.packages import Program, installed_mysql, unpacked_mysql
from ops.debian import Say
from ops.places import Instance, cache_folder
from ops.processes import Processes
from ops.trouble import Trouble, last_line, tool_failed


@dataclass(frozen=True)
class Durability:
    """What a commit's acknowledgement is worth. Status and health say its name."""

    name: str
    promise: str
    options: tuple[str, ...]


# Survives kill -9 of any process and a full disk (that is why pages are written twice). A power cut, or a replica
# frozen for a second, may cost acknowledged commits.
DEVELOPMENT = Durability(
    "degraded",
    "development durability: one replica a shard, semi-sync gives up after 1 s, no flush to disk at commit",
    (
        "innodb-flush-log-at-trx-commit=2",
        "sync-binlog=0",
        "rpl-semi-sync-source-timeout=1000",
        "rpl-semi-sync-source-wait-no-replica=OFF",
    ),
)

NEVER_MS = 4294967295
"""The longest that semi-sync can be told to wait, 49 days: a commit without its replica waits rather than lies."""

# A commit is acknowledged when it is on the disk of its primary and in the hands of a replica. Survives the loss of any
# one machine; a shard whose replicas are both away takes no writes.
GUARANTEE = Durability(
    "guaranteed",
    "each commit is on the primary's disk and with one of two replicas before it is acknowledged",
    (
        "innodb-flush-log-at-trx-commit=1",
        "sync-binlog=1",
        f"rpl-semi-sync-source-timeout={NEVER_MS}",
        "rpl-semi-sync-source-wait-no-replica=ON",
    ),
)

# Consensus takes the place of semi-sync; a member that has lost sight of the others refuses writes.
GROUP = Durability(
    "group",
    "each commit is on its member's disk and with the majority of three before it is acknowledged; control is alone",
    (
        "innodb-flush-log-at-trx-commit=1",
        "sync-binlog=1",
        "rpl-semi-sync-source-wait-no-replica=OFF",
        "rpl-semi-sync-source-enabled=OFF",  # else a member waits for a replica that is none
    ),
)
DURABILITIES = {Mode.DEGRADED: DEVELOPMENT, Mode.GUARANTEE: GUARANTEE, Mode.GROUP: GROUP}

# For the containers: each commit is flushed; with one replica a shard a promotion may still lose the last ones.
FLUSHED = Durability(
    "flushed",
    "each server flushes every commit to disk, but one replica a shard is no guarantee against losing a machine",
    (
        "innodb-flush-log-at-trx-commit=1",
        "sync-binlog=1",
        "rpl-semi-sync-source-timeout=1000",
        "rpl-semi-sync-source-wait-no-replica=OFF",
    ),
)

_OPTIONS = """
mysqlx=OFF
skip-name-resolve=ON
secure-file-priv=NULL
character-set-server=utf8mb4
collation-server=utf8mb4_0900_ai_ci
default-time-zone=+00:00
transaction-isolation=READ-COMMITTED
require-secure-transport=ON
max-connections=400
table-open-cache=1000
table-definition-cache=800
innodb-buffer-pool-size=96M
innodb-redo-log-capacity=32M
innodb-log-buffer-size=4M
innodb-buffer-pool-dump-at-shutdown=OFF
innodb-buffer-pool-load-at-startup=OFF
innodb-doublewrite=ON
loose-innodb-native-foreign-keys=ON
innodb-print-all-deadlocks=ON
key-buffer-size=1M
temptable-max-ram=64M
log-bin=binlog
binlog-row-image=FULL
binlog-expire-logs-seconds=604800
max-binlog-size=64M
gtid-mode=ON
enforce-gtid-consistency=ON
session-track-gtids=OWN_GTID
relay-log=relay
relay-log-recovery=ON
replica-parallel-workers=2
replica-preserve-commit-order=ON
plugin-load-add=semisync_source.so
plugin-load-add=semisync_replica.so
plugin-load-add=mysql_clone.so
loose-rpl-semi-sync-source-enabled=ON
loose-rpl-semi-sync-source-wait-point=AFTER_SYNC
loose-rpl-semi-sync-replica-enabled=ON
performance-schema=ON
performance-schema-instrument=stage/%=OFF
performance-schema-digests-size=500
performance-schema-events-statements-history-long-size=0
performance-schema-events-stages-history-long-size=0
performance-schema-events-waits-history-long-size=0
performance-schema-events-transactions-history-long-size=0
performance-schema-max-table-instances=1000
performance-schema-max-table-handles=2000
performance-schema-max-index-stat=1000
performance-schema-max-thread-instances=300
performance-schema-max-mutex-instances=2000
performance-schema-max-rwlock-instances=2000
performance-schema-error-size=0
"""


def settings_text(durability: Durability, tls: Path, *, base: Path | None = None, address: str = "127.0.0.1") -> str:
    """The settings file all servers of an instance share; what differs between them is given on the command line."""
    where = (f"basedir={base}\n" if base else "") + f"bind-address={address}\n"
    safe = "\n".join(option.replace("rpl-semi", "loose-rpl-semi", 1) for option in durability.options)
    keys = f"ssl-ca={tls}/ca.pem\nssl-cert={tls}/server-cert.pem\nssl-key={tls}/server-key.pem\n"
    return f"[mysqld]\n{where}{_OPTIONS.strip()}\n{safe}\n{keys}"


def _as_root() -> tuple[str, ...]:
    return ("--user=root",) if os.getuid() == 0 else ()


def program_and_template(say: Say) -> tuple[Program, Path]:
    """The program to run and a data folder to copy: an installed mysqld when it can make that folder, else Debian's."""
    installed = installed_mysql()
    if installed is not None:
        try:
            return installed, _template(installed, say)
        except Trouble as trouble:
            say(f"the installed mysqld does not run here ({trouble.what}), taking Debian's")
    program = unpacked_mysql(say)
    return program, _template(program, say)


def _template(program: Program, say: Say) -> Path:
    """An empty data folder, made once and copied for every server; no transaction was ever counted in it."""
    signature = hashlib.sha256(program.signature().encode()).hexdigest()[:12]
    target = cache_folder() / "templates" / f"mysql-{signature}"
    if target.exists():
        return target
    with files.locked(
        target.with_suffix(".lock"), wait=lambda: say("another ./dev is preparing MySQL, waiting for it")
    ):
        if target.exists():
            return target
        say("preparing an empty MySQL")
        with files.published(target) as scratch:
            _initialise(program, scratch)
    return target


def _initialise(program: Program, scratch: Path) -> None:
    data = scratch / "data"
    options = [
        *([f"--basedir={program.base}"] if program.base else []),
        *("--initialize-insecure", f"--datadir={data}", "--log-error-verbosity=1", "--skip-log-bin"),
        *("--innodb-flush-log-at-trx-commit=0", "--innodb-redo-log-capacity=32M", *_as_root()),
    ]
    done = subprocess.run([*program.command, "--no-defaults", *options], capture_output=True, text=True, check=False)
    if done.returncode or not data.exists():
        raise tool_failed("Preparing MySQL's first data", done.stderr, "this machine")
    _start_once(program, data, scratch)
    # Every copy gets an identity of its own, and the instance's certificates.
    for path in (data / "auto.cnf", *data.glob("*.pem")):
        path.unlink(missing_ok=True)


def _start_once(program: Program, data: Path, scratch: Path) -> None:
    """Proves that the program can run in a folder of ours (AppArmor may forbid it), by starting and ending it."""
    if not program.installed:
        return
    init = scratch / "stop.sql"
    init.write_text("SHUTDOWN;\n")
    words = [
        *program.command,
        "--no-defaults",
        f"--datadir={data}",
        "--skip-networking",
        "--mysqlx=OFF",
        "--skip-log-bin",
    ]
    own = [
        f"--socket={scratch / 's'}",
        f"--pid-file={scratch / 'pid'}",
        f"--init-file={init}",
        "--secure-file-priv=NULL",
        *_as_root(),
    ]
    try:
        done = subprocess.run([*words, *own], capture_output=True, text=True, timeout=60, check=False)
    except subprocess.TimeoutExpired:
        raise Trouble("mysqld did not start within 60 s", "remove it or mend it") from None
    if done.returncode:
        raise Trouble(f"mysqld failed to start ({last_line(done.stderr)})", "remove it or mend it")


class MySQL:
    """One server of an instance."""

    def __init__(
        self,
        instance: Instance,
        server: Server,
        processes: Processes,
        options: Mapping[str, object] | None = None,
        *,
        door: int = 0,
    ) -> None:
        self.instance = instance
        self.server = server
        self.processes = processes
        self._options = dict(options or {})
        self._door = door
        self.folder = instance.folder / "mysql" / server.name
        self.socket = instance.socket(server.name)

    @property
    def name(self) -> str:
        return self.server.name

    @property
    def port(self) -> int:
        return self.instance.port(self.server.offset)

    @property
    def address(self) -> int:
        """The port by which clients and replicas reach it: its own, or its proxy's."""
        return self.instance.port(self.server.offset + self._door)

    @property
    def is_ready(self) -> bool:
        """Whether its first set-up was finished; a server cut short in it is made anew."""
        return (self.folder / "ready").exists()

    def mark_ready(self) -> None:
        files.write(self.folder / "ready", "")

    def start(self, program: Program, template: Path, settings: Path) -> None:
        """Starts the server read-only and replicating from nobody: who may be written to is decided afterwards."""
        if self.processes.alive(self.name) is not None:
            return
        if not self.is_ready:
            self._copy(template)
        files.private_folder(self.socket.parent)
        # What a killed server left: mysqld would take a zombie, or a number used again, for its owner.
        for left in (self.socket, self.socket.with_name(self.socket.name + ".lock")):
            left.unlink(missing_ok=True)
        words: dict[str, object] = {
            **self._options,
            "datadir": self.folder / "data",
            "port": self.port,
            "socket": self.socket,
            "pid-file": self.folder / "pid",
            "server-id": self.server.server_id,
            "report-host": "127.0.0.1",
            "report-port": self.port,
            "super-read-only": "ON",
            "skip-replica-start": "ON",
            "innodb-use-native-aio": "OFF",  # a machine has slots for some twenty servers that use it
        }
        if self.instance.name == "test":  # tests read the wire; the product's accounts want TLS all the same
            words["require-secure-transport"] = "OFF"
        options = [f"--{key}={value}" for key, value in words.items()]
        self.processes.start(self.name, [*program.command, f"--defaults-file={settings}", *options, *_as_root()])

    def _copy(self, template: Path) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)
        files.private_folder(self.folder)
        words = ["cp", "-a", "--sparse=always", str(template / "data"), str(self.folder / "data")]
        copy = subprocess.run(words, capture_output=True, text=True, check=False)
        if copy.returncode:
            raise tool_failed(f"Copying {self.name}'s first data", copy.stderr, "the cache folder")

    def take(self, copy: Path) -> None:
        """Changes its data for these; it does not run. Cut short in between, it is made from nothing at its start."""
        (self.folder / "ready").unlink(missing_ok=True)
        shutil.rmtree(self.folder / "data", ignore_errors=True)
        copy.rename(self.folder / "data")
        self.mark_ready()

    def apply(self, durability: Durability) -> None:
        """What its settings file says from now on holds at once, without a restart."""
        with self.root() as root:
            for option in durability.options:
                name, _, value = option.partition("=")
                root.run(f"SET GLOBAL {name.replace('-', '_')} = {value}")

    def wait(self) -> None:
        """Waits until it answers; after a kill that means recovery is done."""
        self.processes.wait_until_ready(self.name, self.answers, limit=90)

    def answers(self) -> bool:
        try:
            with self.root():
                return True
        except pymysql.err.OperationalError as error:
            if error.args[0] == 1045:
                raise Trouble(
                    f"{self.name} does not accept the recorded root password",
                    f"run ./dev cluster destroy --instance {self.instance.name}, which deletes its data",
                ) from None
            return False

    @contextmanager
    def root(self, *, patience: int = 60) -> Iterator[Root]:
        """A connection as root over the private socket; `patience`: seconds until silence is an error."""
        password = files.read(self.instance.secrets / "mysql_root_password") if self.is_ready else ""
        connection = self._connect(password, patience)
        try:
            yield Root(connection)
        finally:
            connection.close()

    def _connect(self, password: str, patience: int) -> pymysql.Connection[Any]:
        return pymysql.connect(
            unix_socket=str(self.socket),
            user="root",
            password=password,
            autocommit=True,
            cursorclass=pymysql.cursors.DictCursor,
            connect_timeout=5,
            read_timeout=patience,
            ssl_disabled=True,  # a unix socket needs none
        )


class Root:
    """Plain statements as root; for the cluster's own upkeep only."""

    def __init__(self, connection: pymysql.Connection[Any]) -> None:
        self._connection = connection

    def cursor(self, kind: type[pymysql.cursors.Cursor]) -> pymysql.cursors.Cursor:
        return self._connection.cursor(kind)

    def run(self, statement: str, values: Sequence[object] = ()) -> list[dict[str, Any]]:
        with self._connection.cursor() as cursor:
            cursor.execute(statement, tuple(values) or None)
            return list(cursor.fetchall())

    def value(self, statement: str, values: Sequence[object] = ()) -> Any:
        """The first column of the first row, or None."""
        rows = self.run(statement, values)
        return next(iter(rows[0].values())) if rows else None

    def executed(self) -> str:
        """The transactions this server has executed."""
        return str(self.value("SELECT @@GLOBAL.gtid_executed AS g")).replace("\n", "")
