"""Owns the mover's own connections: to a shard's primary, its replicas and the control plane, by the account `mover`.

They are not pooled and carry no guards: what runs on them stands in this package and names the shop in each statement.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from pymysql import err

from shard_router.accounts import MOVER
from shard_router.engines import DEMOTED, FULL, LOST, shared_tls
from shard_router.errors import RouterError, ShardUnavailable
from shard_router.gtid import TrackingConnection
from shard_router.router import Router
from shard_router.topology import Server

Row = tuple[Any, ...]
ANSWER = 300.0  # seconds; the longest statement hashes one table of one shop
LOCK_WAIT = 5
MODE = "STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION,ALLOW_INVALID_DATES"
SESSION = (
    "SET SESSION transaction_isolation='READ-COMMITTED', SESSION time_zone='+00:00', SESSION foreign_key_checks=0,"
    f" SESSION innodb_lock_wait_timeout={LOCK_WAIT}, SESSION sql_mode='{MODE}',"
    " SESSION session_track_gtids='OWN_GTID'"
)
DUPLICATE = 1062
TIMED_OUT = 3024
LOCK_TIMED_OUT = 1205
DEADLOCK = 1213


class ServerLost(RouterError):
    """A server that the move needs does not answer, or takes no writes. Nothing is known of the last statement."""


class Line:
    """One connection. Statements commit by themselves outside `transaction()`."""

    def __init__(self, connection: TrackingConnection, server: Server) -> None:
        self.raw = connection
        self.server = server

    def ask(self, sql: str | bytes, binds: object = None) -> tuple[Row, ...]:
        with self._translated(), self.raw.cursor() as cursor:
            cursor.execute(sql, binds)
            return tuple(cursor.fetchall())

    def find(self, sql: str, binds: object = None) -> Row | None:
        rows = self.ask(sql, binds)
        return rows[0] if rows else None

    def scalar(self, sql: str, binds: object = None) -> Any:
        row = self.find(sql, binds)
        return row[0] if row else None

    def tell(self, sql: str, binds: object = None) -> int:
        """How many rows it matched."""
        with self._translated(), self.raw.cursor() as cursor:
            return int(cursor.execute(sql, binds))

    def send(self, sql: bytes) -> int:
        """A statement of literals that MySQL itself wrote."""
        with self._translated():
            return self.raw.query(sql)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        with self._translated():
            self.raw.begin()
        try:
            yield
        except BaseException:
            with self._translated():
                self.raw.rollback()
            raise
        with self._translated():
            self.raw.commit()

    @contextmanager
    def not_waiting_for_locks(self) -> Iterator[None]:
        """For longer than a second, which is the least that the server knows."""
        self.tell("SET SESSION lock_wait_timeout = 1, SESSION innodb_lock_wait_timeout = 1")
        try:
            yield
        finally:
            if self.raw.open:
                self.tell(f"SET SESSION lock_wait_timeout = DEFAULT, SESSION innodb_lock_wait_timeout = {LOCK_WAIT}")

    @contextmanager
    def answering_within(self, seconds: float) -> Iterator[None]:
        """Whoever answers later is lost."""
        patience, self.raw._read_timeout = self.raw._read_timeout, seconds
        try:
            yield
        finally:
            self.raw._read_timeout = patience

    @property
    def gtid(self) -> str:
        """Of the last commit on this line."""
        if not self.raw.last_gtid:
            raise ServerLost(f"{self.server.name} gave no GTID for a commit")
        return self.raw.last_gtid

    def executed(self) -> str:
        return str(self.scalar("SELECT @@global.gtid_executed")).replace("\n", "")

    def close(self) -> None:
        self.raw._force_close()

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except err.InterfaceError as closed:
            raise ServerLost(f"{self.server.name}: the connection is closed") from closed
        except err.MySQLError as bad:
            code = error_number(bad)
            if code in LOST or code in FULL or code in DEMOTED:
                raise ServerLost(f"{self.server.name}: {bad.args[-1]}") from bad
            raise


def error_number(error: BaseException) -> int:
    return error.args[0] if error.args and isinstance(error.args[0], int) else 0


class Lines:
    """Opens lines, and closes all of them at once."""

    def __init__(self, router: Router) -> None:
        self._router = router
        self._tls = shared_tls(router.config.tls_ca) if router.config.tls_ca else None
        self._open: list[Line] = []

    def primary(self, shard: str, *, account: str = MOVER) -> Line:
        """ServerLost also if it takes no writes: it was demoted, and the map is about to say so."""
        try:
            server = self._router.primary_for_writes(self._router.shard(shard))
        except ShardUnavailable as lost:
            raise ServerLost(str(lost)) from lost
        line = self.to(server, account=account)
        if line.scalar("SELECT @@global.read_only"):
            raise ServerLost(f"{line.server.name} of {shard} is read-only")
        return line

    def replicas(self, shard: str) -> list[Line]:
        """Those that answer."""
        found = []
        for server in self._router.shard(shard).replicas:
            try:
                found.append(self.to(server, answer=2.0))
            except ServerLost:
                continue
        return found

    def control(self) -> Line:
        """The caller closes it."""
        server, database = self._router.topology.control.primary, self._router.config.control_database
        return Line(self.connect(server, database=database, answer=10.0), server)

    def to(self, server: Server, *, account: str = MOVER, database: str | None = None, answer: float = ANSWER) -> Line:
        line = Line(self.connect(server, account=account, database=database, answer=answer), server)
        self._open.append(line)
        return line

    def connect(
        self, server: Server, *, account: str = MOVER, database: str | None = None, answer: float = ANSWER
    ) -> TrackingConnection:
        config = self._router.config
        who = config.account(account)
        try:
            return TrackingConnection(
                host=server.host, port=server.port, user=who.user, password=who.password,
                database=database or config.shard_database, charset="utf8mb4", connect_timeout=config.times.connect,
                read_timeout=answer, write_timeout=answer, autocommit=True, init_command=SESSION,
                **({"ssl": self._tls} if self._tls else {"ssl_disabled": True}),
            )  # fmt: skip
        except err.OperationalError as gone:
            raise ServerLost(f"{server.name}: {gone.args[-1]}") from gone

    def close(self) -> None:
        while self._open:
            self._open.pop().close()

    def __enter__(self) -> Lines:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def marks(values: Sequence[object]) -> str:
    """Placeholders for so many values."""
    return ", ".join(["%s"] * len(values))
