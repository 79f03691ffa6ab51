"""Redis away for long: whoever speaks to it fails softly however often it is asked, and is heard again at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

import pytest

from app.adapters.redis_cache import RedisCache
from app.kit.ports import CacheDown
from shard_router.redis_line import RedisDown, RedisLine
from tests.support.cluster import Cluster
from tests.support.tcp_proxy import TcpProxy
from tests.support.waiting import until

OFTEN = 250  # more than any pool of the client library holds


@pytest.fixture
def away(cluster: Cluster) -> Iterator[TcpProxy]:
    there = urlsplit(cluster.raw["redis"])
    with TcpProxy(str(there.hostname), int(there.port or 6379)) as proxy:
        yield proxy


def answers(ask: Callable[[], object], down: type[Exception]) -> bool:
    try:
        ask()
    except down:
        return False
    return True


@pytest.mark.fault(9)
@pytest.mark.parametrize("how", ["cut", "restarted"])
def test_the_routers_line(cluster: Cluster, away: TcpProxy, how: str) -> None:
    there = urlsplit(cluster.raw["redis"])
    line = RedisLine(
        there._replace(netloc=f"{there.netloc.rpartition(':')[0]}:{away.port}").geturl(), timeout=2, rest=0
    )
    assert line.call("PING") == b"PONG"
    for _ in range(OFTEN):
        if how == "cut":
            away.cut()
        else:
            away.close_connections()
        with pytest.raises(RedisDown):
            line.call("PING")
        if how == "restarted":
            assert line.call("PING") == b"PONG"
    away.mend()
    until(lambda: answers(lambda: line.call("PING"), RedisDown), within=5, what="an answer of Redis")


@pytest.mark.fault(9)
def test_the_cache(cluster: Cluster, away: TcpProxy) -> None:
    there = urlsplit(cluster.raw["redis"])
    cache = RedisCache(there._replace(netloc=f"{there.netloc.rpartition(':')[0]}:{away.port}").geturl(), seconds=2)
    assert cache.ping() > 0
    away.cut()
    for _ in range(OFTEN):
        with pytest.raises(CacheDown):
            cache.ping()
    away.mend()
    until(lambda: answers(cache.ping, CacheDown), within=5, what="an answer of Redis")
