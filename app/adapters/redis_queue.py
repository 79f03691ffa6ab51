"""Owns the queue on Redis: RQ carries tickets, a list carries pokes, pub/sub carries progress, a key elects a leader.

Nothing here is the truth: FLUSHALL loses no job, handed-over ones come again after a lease. Two clients,
because a worker may wait for Redis and the web must not.
"""

import os
import secrets
import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any, Self
from uuid import UUID

import orjson
from redis import Redis
from redis.backoff import NoBackoff
from redis.client import PubSub
from redis.exceptions import RedisError
from redis.retry import Retry
from rq import Queue
from rq.exceptions import DuplicateJobError, NoSuchJobError
from rq.job import Job, JobStatus
from rq.serializers import JSONSerializer

from app.kit.queueing import QUEUES, Listener, QueueUnavailable, Ticket

PERFORM = "workers.child.perform"
"""What RQ calls in a worker; a name, since nothing in app/ imports workers/."""

POKES_KEPT = 10_000
REST = 1.0
HELD = 120
_RENEW = (
    "if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call('pexpire', KEYS[1], ARGV[2]) else return 0 end"
)
_RESIGN = "if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call('del', KEYS[1]) else return 0 end"


def connect(url: str, *, seconds: float) -> "Redis[bytes]":
    """A client that fails within `seconds` and tries nothing twice (the library's own default is 5 s, ten times)."""
    return Redis.from_url(
        url, socket_timeout=seconds, socket_connect_timeout=min(seconds, 2.0), retry=Retry(NoBackoff(), 0),
        health_check_interval=30,
    )  # fmt: skip


class RedisQueue:
    """The queue of a fleet of workers."""

    def __init__(self, url: str, *, prefix: str = "boola:") -> None:
        self._url = url
        self._prefix = prefix
        self._redis = connect(url, seconds=5.0)
        self._fast = connect(url, seconds=0.1)
        self._pokes = f"{prefix}jobs:pokes"
        self._poker = _Poker(self._fast, self._pokes)
        self._me = secrets.token_hex(8)
        self._rest_until = 0.0

    def connection(self) -> "Redis[bytes]":
        """A client of its own for a worker, which waits in blocking calls for minutes."""
        return connect(self._url, seconds=90.0)

    def lines(self, names: Iterable[str]) -> list[str]:
        """The queues as RQ knows them: several installations may share one Redis."""
        return [self._prefix + name for name in names]

    def push(self, ticket: Ticket) -> None:
        try:
            queue = Queue(self._prefix + ticket.queue, connection=self._redis, serializer=JSONSerializer)
            try:
                self._enqueue(queue, ticket)
            except DuplicateJobError:
                if not self._still_waits(queue, ticket):
                    self._forget(ticket)
                    with suppress(DuplicateJobError):  # a worker at it wrote to it; else its lease brings it again
                        self._enqueue(queue, ticket)
        except RedisError as problem:
            raise QueueUnavailable(type(problem).__name__) from problem

    def poke(self, shop_id: int | None) -> None:
        self._poker.poke(shop_id)

    def wait_for_pokes(self, seconds: float) -> set[int | None]:
        try:
            first = self._redis.blpop([self._pokes], timeout=seconds)
            if first is None:
                return set()
            more = self._redis.lpop(self._pokes, POKES_KEPT) or []
        except RedisError as problem:
            raise QueueUnavailable(type(problem).__name__) from problem
        return {int(poke) or None for poke in (first[1], *more) if poke.isdigit()}  # else not of our writing

    def publish(self, job_id: UUID, event: Mapping[str, Any]) -> None:
        if time.monotonic() < self._rest_until:
            return
        try:
            self._fast.publish(self._channel(job_id), orjson.dumps(event))
        except RedisError:
            self._rest_until = time.monotonic() + REST

    @contextmanager
    def listen(self, job_id: UUID) -> Iterator[Listener]:
        listener = _Heard(self._redis, self._channel(job_id))
        try:
            yield listener
        finally:
            listener.close()

    def lead(self, role: str, seconds: int) -> bool:
        key = self._role(role)
        try:
            if self._redis.set(key, self._me, nx=True, ex=seconds):
                return True
            return bool(self._redis.execute_command("EVAL", _RENEW, 1, key, self._me, seconds * 1000))
        except RedisError as problem:
            raise QueueUnavailable(type(problem).__name__) from problem

    def resign(self, role: str) -> None:
        with suppress(RedisError):
            self._redis.execute_command("EVAL", _RESIGN, 1, self._role(role), self._me)

    def ping(self) -> bool:
        try:
            return bool(self._redis.ping())
        except RedisError:
            return False

    def depths(self) -> Mapping[str, int]:
        try:
            return {name: Queue(self._prefix + name, connection=self._redis).count for name in QUEUES}
        except RedisError as problem:
            raise QueueUnavailable(type(problem).__name__) from problem

    def _channel(self, job_id: UUID) -> str:
        return f"{self._prefix}jobs:progress:{job_id.hex}"

    def _role(self, role: str) -> str:
        return f"{self._prefix}jobs:lead:{role}"

    def close(self) -> None:
        """Sends what is still to be said."""
        self._poker.close()

    def _enqueue(self, queue: Queue, ticket: Ticket) -> None:
        queue.enqueue_call(
            PERFORM, kwargs=_document(ticket), job_id=ticket.job_id, unique=True, timeout=ticket.time_limit,
            result_ttl=0, failure_ttl=HELD, description=ticket.job_id,
        )  # fmt: skip

    def _still_waits(self, queue: Queue, ticket: Ticket) -> bool:
        """The very same ticket, really in the list; else it is what a killed worker or an older attempt left behind."""
        try:
            job = Job.fetch(ticket.job_id, connection=self._redis, serializer=JSONSerializer)
        except NoSuchJobError:
            return False
        if job.get_status(refresh=False) is not JobStatus.QUEUED or job.kwargs != _document(ticket):
            return False
        return self._redis.lpos(queue.key, ticket.job_id) is not None

    def _forget(self, ticket: Ticket) -> None:
        with suppress(NoSuchJobError):
            Job.fetch(ticket.job_id, connection=self._redis, serializer=JSONSerializer).delete()


class _Poker:
    """Says "something was committed" from a thread of its own, so that a bill pays a microsecond for it."""

    def __init__(self, redis: "Redis[bytes]", key: str) -> None:
        self._redis = redis
        self._key = key
        self._wanted = threading.Event()
        self._shops: set[int] = set()
        self._closing = False
        self._thread: threading.Thread | None = None
        self._process = 0
        self._lock = threading.Lock()

    def poke(self, shop_id: int | None) -> None:
        if self._process != os.getpid():
            self._start()
        with self._lock:
            self._shops.add(shop_id or 0)
        self._wanted.set()

    def close(self) -> None:
        if self._thread is not None and self._process == os.getpid():
            self._closing = True
            self._wanted.set()
            self._thread.join(timeout=0.5)

    def _start(self) -> None:
        """At the first poke of this process: a fork does not bring threads along."""
        with self._lock:
            if self._process != os.getpid():
                self._process = os.getpid()
                self._wanted = threading.Event()
                self._thread = threading.Thread(target=self._run, name="poker", daemon=True)
                self._thread.start()

    def _run(self) -> None:
        while not self._closing:
            self._wanted.wait()
            self._wanted.clear()
            with self._lock:
                shops, self._shops = self._shops, set()
            try:
                if shops:
                    pipe = self._redis.pipeline(transaction=False)
                    pipe.rpush(self._key, *shops)
                    pipe.ltrim(self._key, -POKES_KEPT, -1)
                    pipe.execute()
            except RedisError:
                time.sleep(0 if self._closing else REST)


class _Heard:
    """A subscription to one job's progress; where Redis is gone it only waits, and its owner reads the row instead."""

    def __init__(self, redis: "Redis[bytes]", channel: str) -> None:
        self._pubsub: PubSub | None = redis.pubsub()
        try:
            self._pubsub.subscribe(channel)
            self._pubsub.get_message(timeout=1.0)  # confirmed: from here on nothing is missed
        except RedisError:
            self.close()

    def next(self, timeout: float) -> Mapping[str, Any] | None:
        if self._pubsub is None:
            time.sleep(timeout)
            return None
        try:
            message = self._pubsub.get_message(ignore_subscribe_messages=True, timeout=timeout)
        except RedisError:
            self.close()
            return None
        return None if message is None else orjson.loads(message["data"])

    def close(self) -> None:
        if self._pubsub is not None:
            with suppress(RedisError):
                self._pubsub.close()
        self._pubsub = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _document(ticket: Ticket) -> dict[str, Any]:
    return {"shop_id": ticket.shop_id, "job_id": ticket.job_id, "attempts": ticket.attempts}
