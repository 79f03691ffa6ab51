"""Owns connections: one lazy engine for each server and purpose, and what becomes of a pool when its server fails."""

from __future__ import annotations

import select
import ssl
import threading
import time
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import Any

from pymysql.constants import CLIENT
from sqlalchemy import Engine, create_engine, event
from sqlalchemy.exc import DBAPIError, InvalidatePoolError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.pool import QueuePool

from shard_router import guards
from shard_router.config import RouterConfig
from shard_router.errors import ReplicaLost, ShardReadOnly, ShardUnavailable
from shard_router.gtid import TrackingConnection
from shard_router.topology import Kind, Server, Shard

READ_ONLY = {1290, 1792, 1836}  # --read-only, a read-only transaction, read-only mode
MOMENT = 0.05  # seconds; a connection used within it is lent unlooked at
UNREACHABLE = {1040, 1053, 1203, 2002, 2003, 2005, 2006, 2013, 2055, 4031}  # full, stopping, or gone


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
    """A pool that says "this shard is unavailable" when it has nothing to give."""

    shard = "?"

    def _do_get(self) -> Any:
        try:
            return super()._do_get()
        except PoolTimeout as full:
            raise ShardUnavailable(self.shard, "no free connection") from full


class Engines:
    """`on_lost` hears the address of a server whose connections were dropped: what was known of it is old.
    `is_replica` says of an address whether another server can answer in its place; `find_shard` what a shard is."""

    def __init__(self, config: RouterConfig) -> None:
        self._config = config
        self._engines: dict[tuple[str, int, Purpose], Engine] = {}
        self._lock = threading.Lock()
        self._tls = shared_tls(config.tls_ca) if config.tls_ca else None
        self.on_lost: Callable[[str, int], None] = lambda host, port: None
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
        pool_class = type("Pool", (BoundedPool,), {"shard": shard})
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
        _watch_health(engine, lambda why: self._lost(shard, server, why))
        _watch_idle(engine, self._config.times.idle_ping)
        if purpose in ONE_SHOP:
            guards.guard_shop_engine(engine)
            if known is not None and not known.for_share:
                guards.lock_for_update(engine)
        elif purpose is Purpose.FLEET:
            guards.guard_fleet_engine(engine)
        return engine

    def _lost(self, shard: str, server: Server, why: str) -> ShardUnavailable:
        self.on_lost(server.host, server.port)
        kind = ReplicaLost if self.is_replica(server.host, server.port) else ShardUnavailable
        return kind(shard, why)

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
        with self._lock:
            gone = [key for key in self._engines if key[:2] not in keep]
            engines = [self._engines.pop(key) for key in gone]
        for engine in engines:
            engine.dispose()

    def close(self) -> None:
        self.forget(set())

    def after_fork(self) -> None:
        """In the child: the parent's sockets are left alone, new ones are opened."""
        self._lock = threading.Lock()
        for engine in self._engines.values():
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


def _watch_health(engine: Engine, lost: Callable[[str], ShardUnavailable]) -> None:
    """SQLAlchemy keeps pooled connections to a demoted primary; here they go, and the error says which shard it was."""

    @event.listens_for(engine, "handle_error")
    def refused(context: Any) -> None:
        code = error_code(context.original_exception)
        cursor = getattr(context.execution_context, "cursor", None)
        if cursor is not None and isinstance(cursor.connection, TrackingConnection):
            cursor.connection.forbid()
        if code in READ_ONLY:
            context.is_disconnect = True
            shard = lost(str(context.original_exception)).shard
            raise ShardReadOnly(shard, str(context.original_exception)) from context.original_exception
        if context.is_disconnect or code in UNREACHABLE:
            raise lost(str(context.original_exception)) from context.original_exception


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
