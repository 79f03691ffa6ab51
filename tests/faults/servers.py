"""Owns clusters of their own that fault runs may kill and freeze: the instances `faults…`, thrown away at the end."""

import os
import shutil
import signal
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from ops.cluster import status
from ops.cluster.control import Cluster
from ops.cluster.layout import EVERY_SERVER, REDIS, REDIS_OFFSET, Mode
from ops.cluster.mysql import NEVER_MS
from ops.places import instance
from tests.support.waiting import until

INSTANCES = {Mode.GUARANTEE: "faults", Mode.GROUP: "faults-group", Mode.DEGRADED: "faults"}


class Servers:
    """ctl-1, a-1, a-2, a-3 and so on by these names, and redis. No server of anybody else is ever touched.

    `named`: an instance of its own, for who leaves it otherwise than it was."""

    def __init__(self, mode: Mode = Mode.GUARANTEE, *, proxied: bool = False, named: str = "") -> None:
        self.mode = mode
        self.proxied = proxied
        self.instance = instance(named or INSTANCES[mode])
        self._cluster = Cluster(self.instance, lambda said: None)

    def begin(self) -> None:
        """From nothing; what a run that was killed left behind goes first."""
        if self.instance.folder.exists():
            self._cluster.destroy(keep=(HISTORIES,))
        self._cluster.up(self.mode, proxied=self.proxied)

    def destroy(self) -> None:
        """All but the histories of tests that failed."""
        self._cluster.destroy(keep=(HISTORIES,))

    @property
    def cluster(self) -> Cluster:
        """For `promote` and the like, as a person would use them."""
        return self._cluster

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
        offsets = {server.name: server.offset for server in EVERY_SERVER} | {REDIS: REDIS_OFFSET}
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

    def primary(self, group: str) -> str:
        """As recorded, or as a group has elected."""
        return status.primaries_of(self._cluster)[group]

    def running(self, group: str) -> list[str]:
        """The servers of the group that run and are not frozen."""
        named = [one.name for one in self._cluster.layout.members(group)]
        processes = self._cluster.processes
        return [name for name in named if processes.alive(name) is not None and not processes.is_frozen(name)]

    def replicas(self, group: str) -> list[str]:
        """All servers of the group but the primary."""
        return [one.name for one in self._cluster.layout.members(group) if one.name != self.primary(group)]

    def replicates(self, name: str) -> bool:
        """Whether it has all that its primary had at this moment."""
        group = next(server.group for server in EVERY_SERVER if server.name == name)
        had = self.sql(self.primary(group), "SELECT @@GLOBAL.gtid_executed AS g")[0]["g"].replace("\n", "")
        return bool(self.sql(name, f"SELECT GTID_SUBSET('{had}', @@GLOBAL.gtid_executed) AS s")[0]["s"])

    def _has_writes_of_its_own(self, name: str) -> bool:
        """Some that its primary never gets: what a replica acknowledges, it may have applied before its primary has."""
        group = next(server.group for server in EVERY_SERVER if server.name == name)
        has = self.sql(name, "SELECT @@GLOBAL.gtid_executed AS g")[0]["g"].replace("\n", "")
        return bool(self.sql(self.primary(group), f"SELECT WAIT_FOR_EXECUTED_GTID_SET('{has}', 5) AS late")[0]["late"])

    def reads_of_bills(self, name: str) -> int:
        """How many statements have read bills on this server since it started."""
        rows = self.sql(
            name,
            "SELECT CAST(COALESCE(SUM(count_star), 0) AS SIGNED) AS n"
            " FROM performance_schema.events_statements_summary_by_digest"
            " WHERE digest_text LIKE 'SELECT%`invoices`%'",
        )
        return int(rows[0]["n"])

    def mend(self) -> list[str]:
        """Everything as it was at the beginning: what a test broke, or left broken, runs and replicates again.

        Roles stay as they are: a test that promotes somebody must not care who the first primary was. Names whom it
        had to build anew: a primary killed in mid-commit keeps a write that nobody else had, and that nobody was told
        of; it follows no successor with it."""
        self._cluster.processes.go_on([*(server.name for server in EVERY_SERVER), REDIS])
        self.start()
        replicas = [replica for group in self._cluster.layout.groups for replica in self.replicas(group)]
        rebuilt = [replica for replica in replicas if self._has_writes_of_its_own(replica)]
        for replica in rebuilt:
            self._cluster.rebuild(replica)
        for replica in replicas:
            until(lambda replica=replica: self.replicates(replica), within=30, what=f"{replica} catching up")
        return rebuilt

    @contextmanager
    def bills_held(self, primary: str) -> Iterator[Callable[[], list[int]]]:
        """Commits on the primary are in its binlog and do not return: the replicas that must acknowledge are frozen.

        Gives a look at the connections whose bill stands there; a job's commit may be held as well, in front of it."""
        group = next(server.group for server in EVERY_SERVER if server.name == primary)
        self.sql(primary, f"SET GLOBAL rpl_semi_sync_source_timeout = {NEVER_MS}")
        with ExitStack() as frozen:
            for replica in self.replicas(group):
                frozen.enter_context(self.frozen(replica))
            began = self.sql(primary, "SHOW BINARY LOG STATUS")[0]
            yield lambda: self._bills_in_commit(primary, began["File"], began["Position"])

    def waits_for_a_row(self, name: str) -> bool:
        """Whether some transaction stands before a row that another one holds."""
        return bool(self.sql(name, "SELECT COUNT(*) AS n FROM performance_schema.data_lock_waits")[0]["n"])

    def _bills_in_commit(self, primary: str, file: str, position: int) -> list[int]:
        """A commit gets its GTID shortly before it is in the binlog: ended in between, it would be rolled back."""
        rows = self.sql(
            primary,
            "SELECT DISTINCT t.processlist_id AS id, e.gtid FROM performance_schema.threads t"
            " JOIN performance_schema.data_locks l ON l.thread_id = t.thread_id AND l.object_name = 'invoices'"
            " JOIN performance_schema.events_transactions_current e ON e.thread_id = t.thread_id"
            " WHERE e.state = 'ACTIVE' AND e.gtid LIKE '%:%'",
        )
        if not rows:
            return []
        events = self.sql(primary, f"SHOW BINLOG EVENTS IN '{file}' FROM {position}")
        written = " ".join(event["Info"] for event in events if event["Event_type"] == "Gtid")
        return [row["id"] for row in rows if f"'{row['gtid']}'" in written]


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


HISTORIES = "histories"
"""The folder in which acknowledged writes are kept when a test fails."""
