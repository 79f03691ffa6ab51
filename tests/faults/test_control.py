"""Fault 8: the control database is gone, then Redis too. Known shops trade on; only sign-in and opening shops wait."""

import json
import secrets
from collections.abc import Iterator

import pytest

from app.kit.runtime import Runtime
from app.settings import Settings
from tests.faults.http import Answer, Line
from tests.faults.market import Market, open_market
from tests.faults.servers import Servers
from tests.support.cast import PASSWORD
from tests.support.stack import Stack, free_port
from tests.support.waiting import until

pytestmark = [pytest.mark.usefixtures("stack"), pytest.mark.fault(8)]
BACK_WITHIN = 30.0


@pytest.fixture(scope="module")
def market(running_stack: Stack, fault_runtime: Runtime, fault_settings: Settings) -> Market:
    """Shops that the snapshot on disk knows; it is written every ten seconds."""
    opened = open_market(running_stack.url, fault_runtime)

    def known() -> bool:
        content = json.loads(fault_settings.snapshot_file.read_text())
        return {str(who.shop_id) for who in opened.people} <= set(content["directory"])

    until(known, within=30, what="the shops in the snapshot")
    return opened


@pytest.fixture
def fresh(fault_settings: Settings, tmp_path) -> Iterator[Stack]:
    """A web process that is started only now: it has heard of nothing but the snapshot."""
    changed = fault_settings.model_copy(update={"public_url": f"http://127.0.0.1:{free_port()}"})
    stack = Stack(changed, tmp_path, web_workers=1)
    yield stack
    stack.stop()


def sign_in(market: Market, url: str = "") -> Answer:
    line = Line(url or market.url)
    body = json.dumps({"email": market.cast.asha.email, "password": PASSWORD}).encode()
    try:
        return line.send("POST", "/api/v1/auth/sign-in", headers={}, body=body)
    finally:
        line.close()


def open_a_shop(market: Market, key: str) -> Answer:
    new = {
        "name": "Late Jewellers", "legalName": "Late Jewellers", "stateCode": "27", "address": "9 Zaveri Bazaar",
        "city": "Mumbai", "pin": "400002", "ownerEmail": f"late-{key[:8]}@example.test", "ownerName": "Late",
    }  # fmt: skip
    line = Line(market.url)
    try:
        return line.send(
            "POST", "/api/v1/console/shops", headers=market.cast.om.writing(key), body=json.dumps(new).encode()
        )
    finally:
        line.close()


def refused_clearly(answer: Answer, code: str) -> None:
    """503, a code, words for a person, when to come back; and quickly."""
    assert answer.status == 503, answer
    problem = answer.json
    assert problem["code"] == code, problem
    assert problem["detail"]
    assert problem["action"]
    assert answer.seconds < 5
    assert "127.0.0.1" not in answer.body.decode()


def test_the_control_database_killed_and_back(servers: Servers, market: Market, measured) -> None:
    key = secrets.token_hex(16)
    with market.billing() as load:
        servers.kill("ctl-1")
        measured(five_bills_of_each_shop_s=load.go_on(5))
        asked = {"sign_in_closed": sign_in(market), "database_down": open_a_shop(market, key)}
        for code, answer in asked.items():
            refused_clearly(answer, code)
        load.go_on(2)
        servers.start()
        measured(sign_in_back_s=until(lambda: sign_in(market).status == 200, within=BACK_WITHIN))
        measured(opening_back_s=until(lambda: open_a_shop(market, key).status == 201, within=BACK_WITHIN))
        load.go_on(2)
    measured(refusal_s=max(one.seconds for one in asked.values()), refused=market.journal.kinds())
    assert market.journal.troubles == []
    market.audit()


def test_control_and_redis_gone_and_a_web_process_that_starts_without_them(
    servers: Servers, market: Market, fresh: Stack, measured
) -> None:
    """N4: the snapshot on disk names every shop and the keys that tokens verify by; the shard knows who may do what."""
    servers.kill("ctl-1")
    servers.kill("redis")
    fresh.start("web")
    measured(fresh_web_serves_s=fresh.wait_until_serving())
    with market.billing() as old, market.billing(url=fresh.url) as new:
        old.go_on(3)
        new.go_on(3)
        refused_clearly(sign_in(market, fresh.url), "sign_in_closed")
        servers.start()
        until(lambda: sign_in(market, fresh.url).status == 200, within=BACK_WITHIN, what="sign-in")
        new.go_on(2)
    measured(refused=market.journal.kinds())
    assert market.journal.troubles == []
    market.audit()
