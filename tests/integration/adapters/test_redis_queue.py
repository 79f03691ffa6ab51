"""The queue on a Redis of its own: what is doubled, what is forgotten, who leads, and what a dead Redis costs."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from rq.job import Job, JobStatus
from rq.serializers import JSONSerializer

from app.adapters.redis_queue import RedisQueue
from app.kit.ids import new_id
from app.kit.queueing import QueueUnavailable, Ticket
from tests.support.redis import ThrowawayRedis
from tests.support.waiting import until


@pytest.fixture(scope="module")
def redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ThrowawayRedis]:
    own = ThrowawayRedis(tmp_path_factory.mktemp("redis"))
    own.start()
    yield own
    own.kill()


@pytest.fixture
def queue(redis: ThrowawayRedis) -> Iterator[RedisQueue]:
    redis.client().flushall()
    found = RedisQueue(redis.url)
    yield found
    found.close()


def ticket(attempts: int = 0) -> Ticket:
    return Ticket(new_id(), 7, attempts, "bills", 60)


def test_a_ticket_that_waits_is_not_doubled(queue: RedisQueue) -> None:
    one = ticket()
    queue.push(one)
    queue.push(one)
    assert queue.depths() == {"bills": 1, "default": 0, "exports": 0, "moves": 0, "pictures": 0}


def test_what_a_killed_worker_left_behind_does_not_stand_in_the_way(queue: RedisQueue, redis: ThrowawayRedis) -> None:
    one = ticket()
    queue.push(one)
    client = redis.client()
    client.lpop("rq:queue:boola:bills")
    Job.fetch(one.job_id, connection=client, serializer=JSONSerializer).set_status(JobStatus.STARTED)
    queue.push(one)
    assert queue.depths()["bills"] == 1


def test_a_worker_that_writes_to_its_job_in_the_same_moment_does_not_end_who_hands_it_over(
    queue: RedisQueue, redis: ThrowawayRedis, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the clearing away and the second try: the worker's heartbeat makes the job anew, half."""
    one, client = ticket(), redis.client()
    queue.push(one)
    client.lpop("rq:queue:boola:bills")
    at_it = Job.fetch(one.job_id, connection=client, serializer=JSONSerializer)
    at_it.set_status(JobStatus.STARTED)
    clear = queue._forget

    def and_a_heartbeat(forgotten: Ticket) -> None:
        clear(forgotten)
        client.hset(at_it.key, "last_heartbeat", "now")

    monkeypatch.setattr(queue, "_forget", and_a_heartbeat)
    queue.push(one)
    assert queue.depths()["bills"] == 0


def test_a_ticket_that_fell_out_of_the_list_is_put_back(queue: RedisQueue, redis: ThrowawayRedis) -> None:
    """A worker that dies between taking a ticket and noting so leaves a job that says it waits and does not."""
    one = ticket()
    queue.push(one)
    redis.client().lpop("rq:queue:boola:bills")
    queue.push(one)
    assert queue.depths()["bills"] == 1


def test_a_ticket_of_a_later_attempt_replaces_the_older(queue: RedisQueue, redis: ThrowawayRedis) -> None:
    one = ticket()
    queue.push(one)
    queue.push(Ticket(one.outbox_id, 7, 1, "bills", 60))
    assert queue.depths()["bills"] == 1
    kept = Job.fetch(one.job_id, connection=redis.client(), serializer=JSONSerializer)
    assert kept.kwargs["attempts"] == 1


def test_pokes_arrive_once_each(queue: RedisQueue) -> None:
    for shop_id in (7, 9, None, 7):
        queue.poke(shop_id)
    heard: set[int | None] = set()
    until(lambda: heard.update(queue.wait_for_pokes(0.2)) or heard == {7, 9, None}, 5)
    assert queue.wait_for_pokes(0.05) == set()


def test_a_poke_of_nobodys_wakes_the_relay_and_does_not_end_it(queue: RedisQueue, redis: ThrowawayRedis) -> None:
    redis.client().rpush("boola:jobs:pokes", "x", b"\xff", "", "-7", "7")
    assert queue.wait_for_pokes(0.2) == {7}


def test_news_of_a_job_reach_whoever_listens_to_it_and_nobody_else(queue: RedisQueue) -> None:
    mine, other = new_id(), new_id()
    with queue.listen(mine) as listener:
        queue.publish(other, {"state": "done"})
        queue.publish(mine, {"stepsDone": 1})
        assert listener.next(2.0) == {"stepsDone": 1}
        assert listener.next(0.05) is None


def test_one_leads_until_it_resigns_or_falls_silent(queue: RedisQueue, redis: ThrowawayRedis) -> None:
    rival = RedisQueue(redis.url)
    assert queue.lead("scheduler", 60)
    assert queue.lead("scheduler", 60)
    assert not rival.lead("scheduler", 60)
    rival.resign("scheduler")
    assert not rival.lead("scheduler", 60)
    queue.resign("scheduler")
    assert rival.lead("scheduler", 1)
    until(lambda: queue.lead("scheduler", 60), 5)


def test_installations_on_one_redis_do_not_meet(queue: RedisQueue, redis: ThrowawayRedis) -> None:
    other = RedisQueue(redis.url, prefix="other:")
    queue.push(ticket())
    assert other.depths()["bills"] == 0
    assert other.lead("scheduler", 5)
    assert queue.lead("scheduler", 5)


def test_a_dead_redis_costs_the_web_nothing_and_the_relay_an_answer(tmp_path: Path) -> None:
    dead = RedisQueue("redis://127.0.0.1:9/0")
    began = time.monotonic()
    for _ in range(1000):
        dead.poke(7)
        dead.publish(new_id(), {"stepsDone": 1})
    assert time.monotonic() - began < 1.0
    assert dead.ping() is False
    for ask in (lambda: dead.push(ticket()), lambda: dead.wait_for_pokes(0.1), lambda: dead.lead("x", 5), dead.depths):
        with pytest.raises(QueueUnavailable):
            ask()
    with dead.listen(new_id()) as listener:
        assert listener.next(0.01) is None
    dead.close()


def test_a_frozen_redis_holds_nobody_up(queue: RedisQueue, redis: ThrowawayRedis) -> None:
    """It accepts connections and answers nothing: worse than dead."""
    with redis.frozen():
        began = time.monotonic()
        for _ in range(200):
            queue.poke(7)
            queue.publish(new_id(), {"stepsDone": 1})
        assert time.monotonic() - began < 1.0
    until(lambda: 7 in queue.wait_for_pokes(0.2), 10)
