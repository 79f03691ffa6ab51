"""Fault 15: a web process dies between commit and reply, a commit's answer is lost, one key comes a hundred times."""

import os
import secrets
import signal
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.faults.http import Answer
from tests.faults.market import Market
from tests.faults.servers import Servers
from tests.support.stack import Stack
from tests.support.waiting import until


@pytest.mark.fault(15)
def test_web_processes_killed_between_commit_and_reply(
    servers: Servers, stack: Stack, market: Market, measured
) -> None:
    """The bill is in the binlog and cannot be taken back; nobody is left who could say so."""
    asha, key = market.cast.asha, secrets.token_hex(16)
    body = market.bill_body(asha)
    with servers.bills_held("a-1") as held:
        sender, answers = market.post_behind(asha, "invoices", body, key)
        until(held, within=20, what="the bill's commit")
        killed = stack.children("web")
        for pid in killed:
            os.kill(pid, signal.SIGKILL)
        sender.join(30)
    assert [answer.broken for answer in answers] == ["RemoteDisconnected"]
    serving_again = stack.wait_until_serving()
    measured(web_processes_killed=len(killed), serving_again_s=serving_again)
    first, second = (market.post(asha, "invoices", body, key=key) for _ in range(2))
    assert (first.status, first.headers["idempotent-replay"]) == (201, "true"), first
    assert second.body == first.body
    market.note(asha, key, body, first)
    market.audit()


@pytest.mark.fault(15)
def test_a_commit_whose_answer_is_lost(servers: Servers, market: Market) -> None:
    """The connection ends in mid-commit, and the commit stands. The web process asks again by itself: its second claim
    waits for the first one, and then the idempotency row tells what happened."""
    asha, key = market.cast.asha, secrets.token_hex(16)
    body = market.bill_body(asha)
    with servers.bills_held("a-1") as held:
        sender, answers = market.post_behind(asha, "invoices", body, key)
        until(held, within=20, what="the bill's commit")
        for thread in held():
            servers.sql("a-1", f"KILL {thread}")
        until(lambda: servers.waits_for_a_row("a-1"), within=20, what="the second claim")
    sender.join(30)
    (answer,) = answers
    assert (answer.status, answer.headers.get("idempotent-replay")) == (201, "true"), answer
    assert market.post(asha, "invoices", body, key=key).body == answer.body
    market.note(asha, key, body, answer)
    market.audit()


@pytest.mark.fault(15)
def test_a_hundred_requests_with_one_key_at_once(market: Market, measured) -> None:
    zoya, key = market.cast.zoya, secrets.token_hex(16)
    body = market.bill_body(zoya)
    gate = threading.Barrier(100)

    def send(_: int) -> Answer:
        gate.wait()
        answer = market.post(zoya, "invoices", body, key=key)
        while answer.status in (409, 429, 503):  # still being worked on, too many at once: sent again, as they ask
            waited.append(answer.code)
            answer = market.post(zoya, "invoices", body, key=key)
        return answer

    waited: list[str] = []
    with ThreadPoolExecutor(100) as pool:
        answers = list(pool.map(send, range(100)))
    measured(asked_to_wait=len(waited), why=sorted(set(waited)), slowest_s=max(one.seconds for one in answers))
    assert {answer.status for answer in answers} == {201}
    assert len({answer.body for answer in answers}) == 1
    assert sum("idempotent-replay" not in answer.headers for answer in answers) == 1
    market.note(zoya, key, body, answers[0])
    market.audit()


@pytest.mark.fault(15)
def test_web_processes_killed_at_any_moment(stack: Stack, market: Market, measured) -> None:
    """Under load, one after the other, each time in the middle of whatever it is at."""
    with market.billing() as load:
        for _ in range(2):
            os.kill(stack.children("web")[0], signal.SIGKILL)
            load.go_on(3)
    measured(bills=len(market.journal.sold), refused=market.journal.kinds())
    assert {one.status for one in market.journal.troubles} <= {0}  # a broken line, and never a wrong answer
    market.audit()
