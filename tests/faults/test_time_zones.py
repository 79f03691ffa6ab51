"""Fault 14 on a host whose own clock is not UTC: who holds a shop's fence, and for how long, is seen there as well."""

import time
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pymysql
import pytest

from shard_router.engines import shared_tls
from shard_router.gtid import TrackingConnection
from shard_router.moves.fences import Fences
from shard_router.moves.lines import SESSION, Line
from shard_router.topology import Server
from tests.faults.servers import Servers
from tests.support.cluster import Cluster
from tests.support.waiting import until

pytestmark = pytest.mark.fault(14)
SHOP = 17


@pytest.fixture(params=["Asia/Kolkata", "America/New_York"])
def abroad(servers: Servers, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The replica a-3 on such a host: what it says of its transactions is the same as of a primary's."""
    servers.mend()
    servers.sql("a-1", "CREATE DATABASE abroad")
    servers.sql("a-1", "CREATE TABLE abroad.shop_fence (shop_id BIGINT PRIMARY KEY)")
    servers.sql("a-1", f"INSERT INTO abroad.shop_fence VALUES ({SHOP})")
    until(lambda: servers.replicates("a-3"))
    servers.kill("a-3")
    with monkeypatch.context() as there:
        there.setenv("TZ", request.param)
        servers.start()
    yield "a-3"
    servers.kill("a-3")
    servers.start()
    servers.sql("a-1", "DROP DATABASE abroad")


def test_a_host_in_another_time_zone_sees_who_holds_a_fence(abroad: str, fault_cluster: Cluster) -> None:
    server = next(one for one in fault_cluster.topology.shards["shard-a"].servers if one.name == abroad)
    fences = Fences(SHOP, uuid4(), "shard-a", "shard-b", 2)
    line = Line(connect(fault_cluster, server), server)
    worker = connect(fault_cluster, server)
    worker.begin()
    worker.cursor().execute("SELECT shop_id FROM shop_fence WHERE shop_id = %s FOR SHARE", (SHOP,))
    began = time.monotonic()
    until(lambda: fences.clear_holders(line, old=2.0, frozen=60.0), within=10, what="the holder's age")
    held = fences.clear_holders(line, old=2.0, frozen=60.0)
    assert 2.0 < held <= time.monotonic() - began + 1.5  # a transaction's beginning is told in whole seconds
    worker.rollback()


def connect(cluster: Cluster, server: Server) -> Any:
    who = cluster.admin
    return TrackingConnection(
        host=server.host, port=server.port, user=who.user, password=who.password, database="abroad", autocommit=True,
        init_command=SESSION, ssl=shared_tls(cluster.tls_ca), cursorclass=pymysql.cursors.Cursor,
    )  # fmt: skip
