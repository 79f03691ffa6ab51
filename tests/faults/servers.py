"""Owns a cluster of its own that fault runs may kill and freeze: the instance `faults`, thrown away at the end."""

import os
import shutil
import signal
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from ops.cluster.control import Cluster
from ops.cluster.layout import REDIS, REDIS_OFFSET, SERVERS
from ops.places import instance
from tests.support.waiting import until


class Servers:
    """ctl-1, a-1, a-2, b-1, b-2 and redis by these names. No server of anybody else is ever touched."""

    def __init__(self) -> None:
        self.instance = instance("faults")
        self._cluster = Cluster(self.instance, lambda said: None)

    def begin(self) -> None:
        """From nothing; what a run that was killed left behind goes first."""
        if self.instance.folder.exists():
            self._cluster.destroy()
        self._cluster.up()

    def destroy(self) -> None:
        self._cluster.destroy()

    def pid(self, name: str) -> int:
        found = self._cluster.processes.alive(name)
        assert found is not None, f"{name} does not run"
        return found

    def kill(self, name: str) -> float:
        """kill -9; gives the moment of it. Its port is free when this returns: the last thread to end closes it."""
        pid, port = self.pid(name), self._port(name)
        at = time.monotonic()
        os.kill(pid, signal.SIGKILL)
        gone = lambda: self._cluster.processes.alive(name) is None and not _listens(port)  # noqa: E731
        until(gone, within=20, what=f"the end of {name}")
        return at

    def _port(self, name: str) -> int:
        offsets = {server.name: server.offset for server in SERVERS} | {REDIS: REDIS_OFFSET}
        return self.instance.port(offsets[name])

    def start(self) -> float:
        """Whatever does not run, as `./dev cluster up` does it; gives the moment from which all of it answers."""
        self._cluster.up()
        return time.monotonic()

    def start_redis_empty(self) -> float:
        """As after the loss of its disk: no append-only file, no snapshot."""
        assert self._cluster.processes.alive(REDIS) is None
        shutil.rmtree(self.instance.folder / "redis")
        return self.start()

    @contextmanager
    def frozen(self, name: str) -> Iterator[float]:
        """SIGSTOP: the process stands still, its port stays open. Gives the moment of it."""
        pid = self.pid(name)
        os.kill(pid, signal.SIGSTOP)
        try:
            yield time.monotonic()
        finally:
            os.kill(pid, signal.SIGCONT)

    def sql(self, name: str, statement: str) -> list[dict[str, Any]]:
        """As root, over the server's private socket."""
        return self._cluster.sql(name, statement)

    def replicates(self, name: str) -> bool:
        """Whether it has all that its primary had at this moment."""
        group = next(server.group for server in SERVERS if server.name == name)
        primary = next(server.name for server in SERVERS if server.group == group)
        had = self.sql(primary, "SELECT @@GLOBAL.gtid_executed AS g")[0]["g"].replace("\n", "")
        return bool(self.sql(name, f"SELECT GTID_SUBSET('{had}', @@GLOBAL.gtid_executed) AS s")[0]["s"])

    def reads_of_bills(self, name: str) -> int:
        """How many statements have read bills on this server since it started."""
        rows = self.sql(
            name,
            "SELECT CAST(COALESCE(SUM(count_star), 0) AS SIGNED) AS n"
            " FROM performance_schema.events_statements_summary_by_digest"
            " WHERE digest_text LIKE 'SELECT%`invoices`%'",
        )
        return int(rows[0]["n"])

    def mend(self) -> None:
        """Everything as it was at the beginning: what a test broke, or left broken, runs and replicates again."""
        for server in SERVERS:
            pid = self._cluster.processes.alive(server.name)
            if pid is not None:
                os.kill(pid, signal.SIGCONT)
        self.start()
        for primary, replica in (("a-1", "a-2"), ("b-1", "b-2")):
            self.sql(primary, f"SET GLOBAL rpl_semi_sync_source_timeout = {SEMI_SYNC_MS}")
            self.sql(replica, "START REPLICA")
            until(lambda replica=replica: self.replicates(replica), within=30, what=f"{replica} catching up")

    @contextmanager
    def bills_held(self, primary: str, replica: str) -> Iterator[Callable[[], list[int]]]:
        """Commits on the primary are in its binlog and do not return: the replica that must acknowledge is frozen.

        Gives a look at the connections whose bill stands there; a job's commit may be held as well, in front of it."""
        self.sql(primary, "SET GLOBAL rpl_semi_sync_source_timeout = 60000")
        try:
            with self.frozen(replica):
                yield lambda: self._bills_in_commit(primary)
        finally:
            if self._cluster.processes.alive(primary) is not None:  # else it starts with its settings anyway
                self.sql(primary, f"SET GLOBAL rpl_semi_sync_source_timeout = {SEMI_SYNC_MS}")

    def waits_for_a_row(self, name: str) -> bool:
        """Whether some transaction stands before a row that another one holds."""
        return bool(self.sql(name, "SELECT COUNT(*) AS n FROM performance_schema.data_lock_waits")[0]["n"])

    def _bills_in_commit(self, primary: str) -> list[int]:
        rows = self.sql(
            primary,
            "SELECT DISTINCT t.processlist_id AS id FROM performance_schema.threads t"
            " JOIN performance_schema.data_locks l ON l.thread_id = t.thread_id AND l.object_name = 'invoices'"
            " WHERE t.processlist_state LIKE 'Waiting for semi-sync ACK%'"
            " OR t.processlist_state = 'waiting for handler commit'",
        )
        return [row["id"] for row in rows]


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


SEMI_SYNC_MS = 1000  # as ops/cluster/mysql.py has it
