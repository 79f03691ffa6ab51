"""Owns the continuous copy of a shard's binlog: the process that keeps mysqlbinlog at it, and what its files hold.

Each connection writes into a folder of its own (`session.json` says from whom), since mysqlbinlog begins its first
file anew, and what was copied must not be lost to that. What is there twice is applied once: GTIDs say so.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import json
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import pymysql

from ops import files

AGAIN = 0.5  # seconds until a connection that was lost, or refused, is tried again
READER_ID = 100_000  # plus the port: a server_id that no server has, and no other copy
SESSION = "session.json"

_MOMENT = re.compile(r"^# original_commit_timestamp=(\d+)")
_GTID = re.compile(r"^SET @@SESSION.GTID_NEXT= '([0-9a-f-]{36}:\d+)'")
_EVENT = re.compile(r"^#\d{6} .* server id .*?\t(GTID|Query|Xid|Previous-GTIDs)\b")


@dataclass(frozen=True)
class Session:
    """One connection's files. `had`: what its server had executed when it began."""

    folder: Path
    uuid: str
    had: str

    @property
    def logs(self) -> list[Path]:
        """In the order in which they were written."""
        return sorted(path for path in self.folder.iterdir() if path.suffix[1:].isdigit())


@dataclass(frozen=True)
class Transaction:
    """`at`: when it was committed first, wherever that was, in microseconds since 1970."""

    gtid: str
    at: int
    whole: bool

    @property
    def key(self) -> tuple[UUID, int]:
        source, _, number = self.gtid.partition(":")
        return UUID(source), int(number)

    @property
    def moment(self) -> dt.datetime:
        return dt.datetime.fromtimestamp(self.at / 1e6, dt.UTC)


@dataclass(frozen=True)
class Listing:
    """`before`: the GTIDs that stand in front of the first file."""

    before: str
    transactions: tuple[Transaction, ...]


# ---------------------------------------------------------------- what was copied


def sessions(folder: Path) -> list[Session]:
    """Those that have copied anything, the oldest first."""
    found = []
    for told in sorted(folder.glob(f"*/{SESSION}"), key=lambda path: int(path.parent.name)):
        facts = json.loads(files.read(told))
        session = Session(told.parent, facts["uuid"], facts["had"])
        if session.logs:
            found.append(session)
    return found


def listing(reader: Sequence[str], logs: Sequence[Path]) -> Listing:
    """A file that ends in mid-event, as one does whose server was killed, is read up to there."""
    words = [*reader, "--no-defaults", "--base64-output=DECODE-ROWS", *map(str, logs)]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, errors="replace") as run:
        assert run.stdout is not None
        return parse(run.stdout)


def parse(lines: Iterable[str]) -> Listing:
    """What mysqlbinlog prints of some binlogs in their order."""
    before: str | None = None
    found: list[Transaction] = []
    at, kind, rows = 0, "", False
    rest = iter(lines)
    for line in rest:
        if (event := _EVENT.match(line)) is not None:
            kind = event[1]
            if kind == "Previous-GTIDs":
                told = ",".join(_noted(rest))
                before = told if before is None else before
        elif (moment := _MOMENT.match(line)) is not None:
            at = int(moment[1])
        elif (gtid := _GTID.match(line)) is not None:
            found.append(Transaction(gtid[1], at, whole=False))
            rows = False
        elif line == "BEGIN\n":
            rows = True
        elif found and (line.startswith("COMMIT/*!*/") or (kind == "Query" and not rows and line == "/*!*/;\n")):
            found[-1] = Transaction(found[-1].gtid, found[-1].at, whole=True)
    return Listing(before or "", tuple(found))


def _noted(lines: Iterator[str]) -> Iterator[str]:
    """The comment behind an event's head: `# uuid:1-5,` and so on."""
    for line in lines:
        if not line.startswith("# ") or line.startswith(("# at ", "# [empty]")):
            return
        yield line[2:].strip().rstrip(",")


# ---------------------------------------------------------------- the copy


@dataclass(frozen=True)
class Copying:
    """What the process is told, as JSON on its command line."""

    shard: str
    folder: str
    cluster_file: str
    login: str  # a file with user and password, as MySQL's programs read it
    reader: list[str]


def keep_copying(told: Copying) -> None:
    """For ever: from whoever is the shard's primary, and anew whenever the connection ends."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    while True:
        with contextlib.suppress(pymysql.err.MySQLError, OSError):
            _copy_until_it_breaks(told)
        time.sleep(AGAIN)


def _copy_until_it_breaks(told: Copying) -> None:
    cluster = json.loads(files.read(Path(told.cluster_file)))
    group = cluster["shards"][told.shard]
    server = group["servers"][group["primary"]]
    uuid, had, names = _look(cluster, server)
    before = sessions(Path(told.folder))
    last = before[-1] if before else None
    known = last.logs[-1].name if last is not None and last.uuid == uuid else ""
    begin = known if known in names else names[-1] if last is None else names[0]
    number = max((int(path.name) for path in Path(told.folder).iterdir() if path.name.isdigit()), default=0) + 1
    folder = files.private_folder(Path(told.folder) / str(number))
    files.write(folder / SESSION, json.dumps({"uuid": uuid, "had": had, "server": group["primary"]}) + "\n")
    words = [
        *told.reader, f"--defaults-extra-file={told.login}", "--read-from-remote-server", "--raw", "--stop-never",
        f"--connection-server-id={READER_ID + server['port']}", f"--host={server['host']}", f"--port={server['port']}",
        "--ssl-mode=VERIFY_CA", f"--ssl-ca={cluster['tls_ca']}", f"--result-file={folder}/", begin,
    ]  # fmt: skip
    subprocess.run(words, check=False)


def _look(cluster: dict[str, Any], server: dict[str, Any]) -> tuple[str, str, list[str]]:
    """The server's identity, what it has executed, and the names of its binlogs."""
    connection = pymysql.connect(
        host=server["host"], port=server["port"], user=cluster["admin"]["user"], connect_timeout=5, read_timeout=10,
        password=cluster["admin"]["password"], ssl={"ca": cluster["tls_ca"], "check_hostname": False},
    )  # fmt: skip
    with connection, connection.cursor() as cursor:
        cursor.execute("SELECT @@server_uuid, @@global.gtid_executed")
        row = cursor.fetchone() or ("", "")
        cursor.execute("SHOW BINARY LOGS")
        return row[0], row[1].replace("\n", ""), [name for name, *_ in cursor.fetchall()]


if __name__ == "__main__":
    keep_copying(Copying(**json.loads(sys.argv[1])))
