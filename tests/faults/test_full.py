"""Fault 21: a shard's disk is full, or it has no free connection: its shops are told so, neighbours notice nothing."""

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pymysql
import pytest

from ops.cluster.mysql import Root
from tests.faults.market import Market
from tests.faults.servers import Servers
from tests.support.waiting import until

pytestmark = pytest.mark.fault(21)
BACK_WITHIN = 30.0
REFUSED_WITHIN = 16.0  # a statement that waits for space ends with the answer time of 10 s; connecting and pool add 4 s
LOOKS_AGAIN = 120.0  # a server that waits for room looks for it once a minute
ROOM_MB = 700
UNCLEAR = {(503, "commit_unclear"), (409, "idempotency_key_busy")}  # those that were in the midst of it
AT_ONCE = 5.0


@contextmanager
def on_a_small_disk(servers: Servers, name: str) -> Iterator[Path]:
    """The server's data on a disk of its own, a few hundred megabytes in memory; gives its folder."""
    folder = servers.instance.folder / "mysql" / name
    kept = folder.with_name(f"{name}.kept")
    servers.cluster.processes.stop([name])
    folder.rename(kept)
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={ROOM_MB}m,mode=700", "tmpfs", str(folder)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    try:
        if mounted.returncode:
            pytest.skip(f"no small disk can be mounted here ({mounted.stderr.strip()})")
        copy(kept, folder)
        servers.start()
        yield folder
    finally:
        servers.cluster.processes.stop([name])
        if not mounted.returncode:
            shutil.rmtree(kept)
            copy(folder, kept)
            subprocess.run(["umount", str(folder)], check=True)
        folder.rmdir()
        kept.rename(folder)
        servers.start()


def copy(source: Path, target: Path) -> None:
    target.mkdir(exist_ok=True)
    subprocess.run(["cp", "-a", "--sparse=always", f"{source}/.", str(target)], check=True)


def fill(folder: Path) -> Path:
    """A file that leaves no room at all."""
    path = folder / "ballast"
    with path.open("wb", buffering=0) as file, suppress(OSError):
        while file.write(b"x" * 65536):
            pass
    with path.open("ab", buffering=0) as file, suppress(OSError):
        while file.write(b"x" * 512):
            pass
    return path


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may mount a small disk")
def test_a_full_disk_stops_the_shops_on_it_and_corrupts_nothing(servers: Servers, market: Market, measured) -> None:
    with on_a_small_disk(servers, "a-1") as folder:
        with market.billing() as load:
            load.go_on(2)
            ballast = fill(folder)
            until(lambda: len(market.journal.troubles_of(*market.on_a)) >= 4, within=60, what="refusals")
            load.go_on(8, market.on_b)
            waits = servers.cluster.processes.alive("a-1") is not None  # for room; else InnoDB has ended it
            ballast.unlink()
            servers.start()  # as whoever watches over servers does
            back_after = load.go_on(2, *market.on_a, within=LOOKS_AGAIN)
            load.go_on(2)
        market.audit()
        assert checked(servers, "a-1") == {"OK"}
    refused = market.journal.troubles_of(*market.on_a)
    measured(
        refusals=market.journal.kinds(), slowest_refusal_s=max(one.seconds for one in refused),
        first_bills_after_s=back_after, neighbour_troubles=len(market.journal.troubles_of(market.on_b)),
        server_waited=waits,
    )  # fmt: skip
    assert {(one.status, one.code) for one in refused} <= {(503, "shard_down"), *UNCLEAR}
    assert max(one.seconds for one in refused) < REFUSED_WITHIN
    assert market.journal.troubles_of(market.on_b) == []


def checked(servers: Servers, name: str) -> set[str]:
    """What CHECK TABLE says of each table of the product on this server."""
    tables = servers.sql(
        name, "SELECT table_schema AS s, table_name AS t FROM information_schema.tables"
        " WHERE table_schema LIKE 'faults%' AND table_type = 'BASE TABLE'",
    )  # fmt: skip
    assert tables
    return {servers.sql(name, f"CHECK TABLE `{one['s']}`.`{one['t']}`")[-1]["Msg_text"] for one in tables}


@pytest.fixture
def hog(servers: Servers) -> Iterator[Callable[[str, int], None]]:
    """Holds so many connections of a server until the end, by an account that has no right but this."""
    taken: list[pymysql.Connection[Any]] = []

    def take(name: str, number: int) -> None:
        servers.sql(name, "CREATE USER IF NOT EXISTS hog@localhost IDENTIFIED BY 'hog'")
        path = str(servers.instance.socket(name))
        taken.extend(
            pymysql.connect(unix_socket=path, user="hog", password="hog", ssl_disabled=True) for _ in range(number)
        )

    yield take
    for one in taken:
        one.close()
    servers.sql("a-1", "DROP USER IF EXISTS hog@localhost")


def test_a_server_without_a_free_connection_is_told_at_once(servers: Servers, market: Market, hog, measured) -> None:
    hog("a-1", 12)
    with market.billing() as load, servers.cluster.mysql["a-1"].root() as root:
        usual = root.value("SELECT @@GLOBAL.max_connections AS n")
        try:
            root.run("SET GLOBAL max_connections = 10")  # those there are stay
            end_pools(root)
            until(lambda: len(market.journal.troubles_of(*market.on_a)) >= 4, within=60, what="refusals")
            load.go_on(6, market.on_b)
        finally:
            root.run(f"SET GLOBAL max_connections = {usual}")
        back_after = load.go_on(2, *market.on_a, within=BACK_WITHIN)
    refused = market.journal.troubles_of(*market.on_a)
    measured(
        refusals=market.journal.kinds(), slowest_refusal_s=max(one.seconds for one in refused),
        first_bills_after_s=back_after, neighbour_troubles=len(market.journal.troubles_of(market.on_b)),
    )  # fmt: skip
    assert {(one.status, one.code) for one in refused} <= {(503, "shard_down"), *UNCLEAR}
    assert max(one.seconds for one in refused) < AT_ONCE
    assert market.journal.troubles_of(market.on_b) == []
    market.audit()


def end_pools(root: Root) -> None:
    """Ends the product's connections, so that it must open new ones."""
    product = "SELECT processlist_id AS id FROM performance_schema.threads WHERE processlist_user LIKE 'faults%'"
    for row in root.run(product):
        with suppress(pymysql.err.MySQLError):  # it may have ended by itself
            root.run(f"KILL {row['id']}")
