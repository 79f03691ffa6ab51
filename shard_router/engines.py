"""Owns connections: one lazy engine for each server and purpose, and what becomes of a pool when its server fails."""

from __future__ import annotations

import select
import ssl
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from pymysql.constants import CLIENT
from sqlalchemy import Engine, create_engine, event
from sqlalchemy.exc import DBAPIError, InvalidatePoolError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.pool import QueuePool

from shard_router import guards
from shard_router.breaker import Breakers
from shard_router.bulkhead import Bulkhead
from shard_router.config import RouterConfig
from shard_router.errors import ReplicaLost, ShardReadOnly, ShardUnavailable
from shard_router.gtid import TrackingConnection
from shard_router.topology import Kind, Server, Shard

MOMENT = 0.05  # seconds; a connection used within it is lent unlooked at

DEMOTED = {
    1317: "somebody ended the statement, as a promotion does with those that stand in its way",
    1290: "--read-only or super_read_only",
    1792: "a read-only transaction",
    1836: "read-only mode",
    3100: "a group member that lost its majority, or left, rolled the commit back",
    3101: "the group rolled the commit back in favour of another's",
}
"""The server refuses to write, and nothing was committed: whoever is its successor must be found."""

LOST = {
    1053: "the server is shutting down",
    1077: "the server has shut down",
    1079: "the server is shut down",
    1080: "the server closes connections by force",
    1152: "the connection was aborted",
    1158: "a packet could not be read",
    1159: "a packet was not read in time",
    1160: "a packet could not be written",
    1161: "a packet was not written in time",
    2002: "no such socket, or refused",
    2003: "refused, or not connected in time",
    2005: "no such host",
    2006: "the server has gone away",
    2013: "lost in mid-answer, or not answered in time",
    2014: "answers out of step with questions",
    2045: "shared memory is gone",
    2055: "lost, with the system's own error",
    3032: "the server is in offline mode",
    4031: "closed by the server for idleness",
}
"""The connection is of no more use, and its neighbours in the pool are likely to be none either."""

FULL = {
    1040: "too many connections on the server",
    1129: "this host is blocked after too many errors",
    1203: "too many connections of this account",
    1226: "a limit of this account is used up",
}
"""No connection was given; those there are work on."""


class Purpose(StrEnum):
    """What a pool's connections are for; it decides their account, their guards and their session settings."""

    WRITE = "write"  # one shop, transactions
    HOT = "hot"  # the same, several statements to a packet
    READ = "read"  # one shop, no transaction: READ COMMITTED has no snapshot to keep, so a ROLLBACK would be waste
    CONTROL = "control"
    FLEET = "fleet"  # all shops of a shard, only to read
    LOOKUP = "lookup"  # the directory's questions to the control database
    POLL = "poll"  # the health poller's own


ACCOUNT = {Purpose.FLEET: "fleet_ro"}
ONE_SHOP = (Purpose.WRITE, Purpose.HOT, Purpose.READ)
READING = (Purpose.READ, Purpose.FLEET, Purpose.LOOKUP, Purpose.POLL)
CONTROL = (Purpose.CONTROL, Purpose.LOOKUP)


class BoundedPool(QueuePool):
    """A pool that says "this shard is unavailable" at once where waiting is of no use: its server's breaker is open,
    its shard is slow, or it has nothing to give."""

    shard = "?"
    admit: Callable[[], None] = staticmethod(lambda: None)
    bulkhead: Bulkhead | None = None

    def __init__(self, *given: Any, **settings: Any) -> None:
        super().__init__(*given, **settings)
        self._places: dict[int, int] = {}  # of records that are lent: whose place in the bulkhead each takes

    def _do_get(self) -> Any:
        self.admit()
        if self.bulkhead is None:
            return self._get()
        whose = self.bulkhead.enter()
        try:
            record = self._get()
        except BaseException:
            self.bulkhead.leave(whose)
            raise
        self._places[id(record)] = whose
        return record

    def _get(self) -> Any:
        try:
            return super()._do_get()
        except PoolTimeout as full:
            raise ShardUnavailable(self.shard, "no free connection") from full

    def _do_return_conn(self, record: Any) -> None:
        whose = self._places.pop(id(record), None)
        super()._do_return_conn(record)
        if whose is not None and self.bulkhead is not None:
            self.bulkhead.leave(whose)


class Engines:
    """`on_lost` hears the address of a server whose connections were dropped: what was known of it is old.
    `on_refused` hears of one that refused to write.
    `is_replica` says of an address whether another server can answer in its place; `find_shard` what a shard is."""

    def __init__(self, config: RouterConfig, breakers: Breakers) -> None:
        self._config = config
        self._breakers = breakers
        self._engines: dict[tuple[str, int, Purpose], Engine] = {}
        self._bulkheads: dict[str, Bulkhead] = {}
        self._lock = threading.Lock()
        self._tls = shared_tls(config.tls_ca) if config.tls_ca else None
        self.on_lost: Callable[[str, int], None] = lambda host, port: None
        self.on_refused: Callable[[str, int], None] = lambda host, port: None
        self.is_replica: Callable[[str, int], bool] = lambda host, port: False
        self.find_shard: Callable[[str], Shard | None] = lambda name: None

    def get(self, shard: str, server: Server, purpose: Purpose) -> Engine:
        key = (server.host, server.port, purpose)  # the purpose decides the account
        engine = self._engines.get(key)
        if engine is None:
            with self._lock:
                engine = self._engines.get(key)
                if engine is None:
                    engine = self._engines[key] = self._build(shard, server, purpose)
        return engine

    def _build(self, shard: str, server: Server, purpose: Purpose) -> Engine:
        known = self.find_shard(shard)
        pool_class = type("Pool", (BoundedPool,), self._bounds(shard, server, purpose))
        engine = create_engine(
            "mysql+pymysql://",
            creator=lambda: TrackingConnection(**self._settings(server, purpose, known)),
            poolclass=pool_class,
            pool_size=getattr(self._config.pools, purpose),
            max_overflow=0,
            pool_timeout=self._config.times.pool,
            pool_use_lifo=True,
            paramstyle="pyformat",  # binds keep their names in compiled SQL, where the guards look for them
            skip_autocommit_rollback=True,
            hide_parameters=True,  # names and phones would stand in every log line of a failed statement
        )
        _watch_health(engine, lambda failure: self._lost(shard, server, failure))
        _watch_idle(engine, self._config.times.idle_ping)
        event.listen(engine, "connect", lambda *_: self._breakers.answered((server.host, server.port)))
        if purpose in ONE_SHOP:
            guards.guard_shop_engine(engine)
            if known is not None and not known.for_share:
                guards.lock_for_update(engine)
        elif purpose is Purpose.FLEET:
            guards.guard_fleet_engine(engine)
        return engine

    def _bounds(self, shard: str, server: Server, purpose: Purpose) -> dict[str, Any]:
        """What its pool is made with. The poller goes past the breaker: its questions are what closes it again."""
        bounds: dict[str, Any] = {"shard": shard}
        if purpose is not Purpose.POLL:
            bounds["admit"] = staticmethod(lambda: self._admit(shard, server))
        if purpose in ONE_SHOP and self._config.shard_threads:
            bounds["bulkhead"] = self._bulkhead(shard)
        return bounds

    def _admit(self, shard: str, server: Server) -> None:
        if self._breakers.refuses((server.host, server.port)):
            kind = ReplicaLost if self.is_replica(server.host, server.port) else ShardUnavailable
            raise kind(shard, f"{server.name} does not answer; it is asked again in the background")

    def _bulkhead(self, shard: str) -> Bulkhead:
        """One for all servers and purposes of a shard; called with the lock held."""
        found = self._bulkheads.get(shard)
        if found is None:
            times = self._config.times
            found = self._bulkheads[shard] = Bulkhead(
                shard, limit=self._config.shard_threads, slow=times.shard_slow, wait=times.pool
            )
        return found

    def _lost(self, shard: str, server: Server, failure: Failure) -> ShardUnavailable:
        """A connection that ended may have been killed alone; one refused or not answered tells of the server."""
        if failure.code in LOST and (failure.connecting or "timed out" in failure.why):
            self._breakers.failed((server.host, server.port))
        self.on_lost(server.host, server.port)
        if failure.code in DEMOTED:
            self.on_refused(server.host, server.port)
        kind = ReplicaLost if self.is_replica(server.host, server.port) else ShardUnavailable
        return kind(shard, failure.why)

    def _settings(self, server: Server, purpose: Purpose, shard: Shard | None) -> dict[str, Any]:
        config, times = self._config, self._config.times
        account = config.account(ACCOUNT.get(purpose, "app"))
        own = {Purpose.POLL: times.poll_answer, Purpose.LOOKUP: times.lookup, Purpose.FLEET: times.fleet}
        limit = own.get(purpose, times.answer)
        database = config.control_database if purpose in CONTROL else config.shard_database
        return {
            "host": server.host,
            "port": server.port,
            "user": account.user,
            "password": account.password,
            "database": None if purpose is Purpose.POLL else database,
            "charset": "utf8mb4",
            "connect_timeout": min(times.connect, limit),
            "read_timeout": limit,
            "write_timeout": limit,
            "autocommit": purpose in READING,
            "client_flag": CLIENT.MULTI_STATEMENTS if purpose is Purpose.HOT and _takes_packets(shard) else 0,
            "init_command": _init_command(purpose, times.lock_wait, limit, tracks=_tracks(purpose, shard)),
            **({"ssl": self._tls} if self._tls else {"ssl_disabled": True}),
        }

    def forget(self, keep: set[tuple[str, int]]) -> None:
        """Closes the pools of servers that left the topology; connections in use finish their work first."""
        self._dispose(lambda host, port, purpose: (host, port) not in keep)

    def drop(self, host: str, port: int) -> None:
        """Closes the pools of a primary that is one no more; it may be read from new connections. The poller's stay."""
        self._dispose(lambda one, number, purpose: (one, number) == (host, port) and purpose is not Purpose.POLL)

    def _dispose(self, chosen: Callable[[str, int, Purpose], bool]) -> None:
        with self._lock:
            engines = [self._engines.pop(key) for key in list(self._engines) if chosen(*key)]
        for engine in engines:
            engine.dispose()

    def close(self) -> None:
        self.forget(set())

    def after_fork(self) -> None:
        """In the child: the parent's sockets are left alone, new ones are opened."""
        self._lock = threading.Lock()
        self._bulkheads = {}
        engines, self._engines = self._engines, {}
        for engine in engines.values():
            engine.dispose(close=False)


def _takes_packets(shard: Shard | None) -> bool:
    return shard is None or shard.packets


def _tracks(purpose: Purpose, shard: Shard | None) -> bool:
    """Whether commits shall tell their GTID. A proxy may refuse that; then its health has to say so, not the first
    bill, so the poller asks for it too."""
    if shard is None or shard.kind is not Kind.PROXY:
        return purpose not in READING
    return shard.gtids and (purpose not in READING or purpose is Purpose.POLL)


def _init_command(purpose: Purpose, lock_wait: int, limit: float, *, tracks: bool = False) -> str:
    settings = [
        "transaction_isolation='READ-COMMITTED'",
        "time_zone='+00:00'",
        f"innodb_lock_wait_timeout={lock_wait:d}",
    ]
    if purpose in READING:
        settings.append("transaction_read_only=ON")
        settings.append(f"max_execution_time={int(limit * 1000):d}")
    if tracks:
        settings.append("session_track_gtids='OWN_GTID'")
    return "SET SESSION " + ", SESSION ".join(settings)


def shared_tls(ca: Path) -> ssl.SSLContext:
    """One context for all connections: making one costs 25 ms. MySQL's own certificates name no host."""
    context = ssl.create_default_context(cafile=str(ca))
    context.check_hostname = False
    context.verify_flags &= ~getattr(ssl, "VERIFY_X509_STRICT", 0)
    return context


def error_code(error: BaseException | None) -> int:
    """MySQL's number of a driver's error, also of one wrapped by SQLAlchemy; 0 if it has none."""
    origin = error.orig if isinstance(error, DBAPIError) else error
    args = getattr(origin, "args", ())
    return args[0] if args and isinstance(args[0], int) else 0


@dataclass(frozen=True, slots=True)
class Failure:
    """What the driver said, and whether it was about to connect."""

    code: int
    why: str
    connecting: bool


def _watch_health(engine: Engine, lost: Callable[[Failure], ShardUnavailable]) -> None:
    """SQLAlchemy keeps pooled connections to a demoted primary; here they go, and the error says which shard it was."""

    @event.listens_for(engine, "handle_error")
    def refused(context: Any) -> None:
        error = context.original_exception
        failure = Failure(error_code(error), str(error), connecting=context.connection is None)
        cursor = getattr(context.execution_context, "cursor", None)
        if cursor is not None and isinstance(cursor.connection, TrackingConnection):
            cursor.connection.forbid()
        if failure.code in DEMOTED:
            context.is_disconnect = True
            raise ShardReadOnly(lost(failure).shard, failure.why) from error
        if context.is_disconnect or failure.code in LOST:
            context.is_disconnect = True
            raise lost(failure) from error
        if failure.code in FULL:
            raise lost(failure) from error


def _watch_idle(engine: Engine, idle: float) -> None:
    """A connection that the server closed is noticed before it is lent; one idle for long is asked."""

    @event.listens_for(engine, "checkout")
    def lend(connection: TrackingConnection, record: Any, proxy: Any) -> None:
        rested = time.monotonic() - connection.used_at
        if (rested > MOMENT and _hung_up(connection)) or (rested > idle and not _answers(connection)):
            raise InvalidatePoolError("the server closed this connection")

    @event.listens_for(engine, "checkin")
    def take_back(connection: TrackingConnection | None, record: Any) -> None:
        if connection is not None:
            connection.used_at = time.monotonic()
            connection.forbid()
        record.info.clear()


def _hung_up(connection: TrackingConnection) -> bool:
    """An idle connection has nothing to read; if there is something, it is the end, or the server's last words."""
    if not connection.open:
        return True
    watch = select.poll()  # not select(): a busy process has descriptors past 1024
    watch.register(connection._sock, select.POLLIN)
    return bool(watch.poll(0))


def _answers(connection: TrackingConnection) -> bool:
    try:
        connection.ping(reconnect=False)
    except Exception:  # noqa: BLE001 (whatever it is, it did not answer)
        return False
    return True
