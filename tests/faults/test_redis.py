"""Fault 9: Redis dies, comes back old or empty, or forgets all: bills go on, nothing is stale, no job is lost."""

import time
from collections.abc import Iterator

import pytest
import redis

from app.settings import Settings
from tests.faults.market import Market
from tests.faults.servers import Servers
from tests.support.waiting import until


@pytest.fixture
def client(fault_settings: Settings) -> Iterator["redis.Redis[bytes]"]:
    assert fault_settings.redis_url is not None
    with redis.Redis.from_url(fault_settings.redis_url.get_secret_value(), socket_timeout=5) as opened:
        yield opened


@pytest.mark.fault(9)
def test_redis_killed_and_back_with_its_file(servers: Servers, market: Market, measured) -> None:
    with market.billing() as load:
        servers.kill("redis")
        measured(six_bills_of_each_shop_without_redis_s=load.go_on(6))
        assert market.waiting_jobs() > 0
        servers.start()
        load.go_on(6)
    measured(bills=len(market.journal.sold), pairs=market.journal.pairs, refused=market.journal.kinds())
    assert market.journal.troubles == []
    market.audit()


@pytest.mark.fault(9)
def test_redis_killed_and_back_empty(servers: Servers, market: Market) -> None:
    with market.billing() as load:
        servers.kill("redis")
        load.go_on(3)
        servers.start_redis_empty()
        load.go_on(6)
    assert market.journal.troubles == []
    market.audit()


@pytest.mark.fault(9)
def test_redis_that_forgets_everything(market: Market, client: "redis.Redis[bytes]") -> None:
    with market.billing() as load:
        for _ in range(3):
            client.flushall()
            load.go_on(3)
    assert market.journal.troubles == []
    market.audit()


@pytest.mark.fault(9)
def test_a_rate_set_while_redis_was_gone_is_seen_when_it_is_back(
    servers: Servers, market: Market, client: "redis.Redis[bytes]"
) -> None:
    """The old board comes back with Redis' file; nobody may be shown it again."""
    asha = market.cast.asha
    client.config_set("appendfsync", "always")
    old = market.get(asha, "rates").json
    servers.kill("redis")
    rates = [{"purity": {"metal": "silver", "fineness": 9250}, "paisePerG": 177_00}]
    assert market.post(asha, "rates", {"rates": rates}).status == 201
    servers.start()
    until(lambda: market.health("cache")["status"] == "ok", within=20, what="the cache")
    ends = time.monotonic() + 4
    while time.monotonic() < ends:
        board = market.get(asha, "rates").json
        assert board != old
        assert [one["paisePerG"] for one in board["rates"] if one["purity"]["metal"] == "silver"] == [177_00]
