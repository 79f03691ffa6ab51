"""Owns what is known of each server: asked in the background, so that no request waits for the answer."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Engine

from shard_router import durability, gtid_sets
from shard_router.durability import Durability
from shard_router.gtid_sets import Marks
from shard_router.topology import Kind, Server, Shard, Topology

log = logging.getLogger(__name__)

ASK = "SELECT @@global.gtid_executed, @@global.read_only, @@global.replica_preserve_commit_order, @@global.gtid_mode"
ASK_NO_MORE = "SELECT 1"  # of a proxy that declares no GTIDs: it may lead to something that is no MySQL server
ASK_APPLIER = (
    "SELECT (SELECT COUNT(*) FROM performance_schema.replication_connection_status WHERE service_state <> 'ON')"
    " + (SELECT COUNT(*) FROM performance_schema.replication_applier_status WHERE service_state <> 'ON'),"
    " (SELECT COUNT(*) FROM performance_schema.replication_connection_status)"
)

NO_RIGHT = (1142, 1044, 1227)
DURABILITY_EVERY = 5.0
"""Seconds; what a server is set to changes by people's hands."""


@dataclass(frozen=True, slots=True)
class ServerHealth:
    """One server as it was last seen. `lag_ms` is how long it has lacked something that its primary had."""

    name: str
    shard: str
    role: str  # primary or replica; proxy where one address routes by itself
    reachable: bool = False
    read_only: bool | None = None
    lag_ms: int | None = None
    replicating: bool | None = None  # None: this account may not ask
    preserves_order: bool | None = None
    errant: bool = False  # has transactions that its primary never had
    in_rotation: bool = False  # may answer reads
    problem: str = "not asked yet"
    checked_at: float = 0.0
    executed: Marks | None = None
    durability: Durability | None = None  # of a primary; None where it could not be asked

    @property
    def age_ms(self) -> int:
        return int((time.monotonic() - self.checked_at) * 1000) if self.checked_at else -1


class Health:
    """`known` is read on every routed read; one thread a shard writes it."""

    def __init__(self, engine: Callable[[str, Server], Engine], *, replica_lag: float) -> None:
        self._engine = engine
        self._allowed = replica_lag
        self.known: dict[tuple[str, int], ServerHealth] = {}
        self._primary_had: dict[str, list[tuple[float, Marks]]] = {}
        self._may_ask_applier: dict[tuple[str, int], bool] = {}
        self._durability: dict[tuple[str, int], tuple[float, Durability | None]] = {}
        self._busy: set[str] = set()
        self._threads = ThreadPoolExecutor(8, "router-health")

    def of(self, server: Server) -> ServerHealth | None:
        return self.known.get((server.host, server.port))

    def report(self, topology: Topology) -> list[ServerHealth]:
        found = []
        for shard in topology.every():
            for server in shard.servers:
                role = role_of(shard, server)
                found.append(self.of(server) or ServerHealth(server.name, shard.name, role))
        return found

    def forget(self, host: str, port: int) -> None:
        """A connection was lost: what the server had executed may not be so any more."""
        seen = self.known.get((host, port))
        if seen is not None:
            self.known[host, port] = replace(seen, executed=None, in_rotation=False, problem="connection lost")

    def learn(self, server: Server, marks: Marks) -> None:
        """A replica said that it has these."""
        seen = self.of(server)
        if seen is not None and seen.executed is not None:
            self.known[server.host, server.port] = replace(seen, executed=gtid_sets.merged(seen.executed, marks))

    def executed_now(self, shard: Shard) -> Marks | None:
        """All that the shard's primary has committed, asked at this moment; None if it does not answer."""
        return self._ask(shard, shard.primary, role_of(shard, shard.primary)).executed

    # -- polling --------------------------------------------------------------------------------------------------
    def poll(self, topology: Topology) -> None:
        """Starts one round for every shard whose last round is over; a dead shard holds up only itself."""
        for shard in topology.every():
            if shard.name not in self._busy:
                self._busy.add(shard.name)
                self._threads.submit(self._round, shard)

    def _round(self, shard: Shard) -> None:
        try:
            self.look_at(shard)
        except Exception:
            log.exception("health of %s", shard.name)
        finally:
            self._busy.discard(shard.name)

    def look_at(self, shard: Shard) -> None:
        """Replicas first: whatever they have by then, the primary must have too, or it is errant."""
        replicas = [(server, self._ask(shard, server, "replica")) for server in shard.replicas]
        primary = self._ask(shard, shard.primary, role_of(shard, shard.primary))
        if primary.executed is not None:
            self.note_primary(shard.name, primary.executed)
        self._store(shard.primary, primary)
        for server, seen in replicas:
            self._store(server, self.judge(shard.name, seen, primary, self.of(server)))

    def _store(self, server: Server, seen: ServerHealth) -> None:
        before = self.of(server)
        self.known[server.host, server.port] = seen
        if before is not None and (before.reachable, before.in_rotation) != (seen.reachable, seen.in_rotation):
            how = "reachable" if seen.reachable else "not reachable", "in" if seen.in_rotation else "out of"
            log.warning("%s: %s, %s rotation %s", seen.name, *how, seen.problem)

    def _ask(self, shard: Shard, server: Server, role: str) -> ServerHealth:
        now = time.monotonic()
        blank = ServerHealth(server.name, shard.name, role, checked_at=now)
        try:
            raw = self._engine(shard.name, server).raw_connection()
            try:
                if not shard.gtids:
                    _row(raw, ASK_NO_MORE)
                    return replace(blank, reachable=True, problem="")
                executed, read_only, order, gtids = _row(raw, ASK)
                replicating = self._applier(raw, server) if role == "replica" else None
                durable = self._durable(raw, shard, server, now) if role == "primary" else None
            finally:
                raw.close()
        except Exception as gone:  # noqa: BLE001 whatever it is, the server did not answer
            return replace(blank, problem=str(gone)[:200])
        return replace(
            blank,
            reachable=True,
            read_only=bool(read_only),
            replicating=replicating,
            preserves_order=bool(order),
            executed=gtid_sets.solid_marks(executed) if role == "replica" else gtid_sets.last_marks(executed),
            problem=_problem(role, gtids, read_only),
            durability=durable,
        )

    def _durable(self, raw: Any, shard: Shard, server: Server, now: float) -> Durability | None:
        """What the primary's acknowledgement is worth, asked every few seconds; None where nobody may ask."""
        if shard.kind is Kind.PROXY:
            return None
        at, known = self._durability.get((server.host, server.port), (0.0, None))
        if at and now - at < DURABILITY_EVERY:
            return known
        try:
            found: Durability | None = _durability_of(raw, group=shard.kind is Kind.GROUP)
        except Exception as refused:
            if getattr(refused, "args", (0,))[0] not in NO_RIGHT:
                raise
            found = None
        self._durability[server.host, server.port] = (now, found)
        return found

    def _applier(self, raw: Any, server: Server) -> bool | None:
        address = (server.host, server.port)
        if self._may_ask_applier.get(address) is False:
            return None
        try:
            stopped, channels = _row(raw, ASK_APPLIER)
        except Exception as refused:
            if getattr(refused, "args", (0,))[0] not in NO_RIGHT:
                raise
            self._may_ask_applier[address] = False
            return None
        return bool(channels) and not stopped

    def note_primary(self, shard: str, marks: Marks) -> None:
        """Moments at which the primary was seen to have something new; the oldest that a replica lacks is its lag."""
        history = self._primary_had.setdefault(shard, [])
        if not history or history[-1][1] != marks:
            history.append((time.monotonic(), marks))
            del history[:-200]

    def _lag(self, shard: str, have: Marks) -> float:
        for at, marks in self._primary_had.get(shard, []):
            if not gtid_sets.covers(have, marks):
                return time.monotonic() - at
        return 0.0

    def judge(
        self, shard: str, seen: ServerHealth, primary: ServerHealth, before: ServerHealth | None = None
    ) -> ServerHealth:
        """Errant is what the replica had at its last look and the primary has not got by now: under semi-sync a
        replica may apply a commit a moment before its primary does, so one look alone proves nothing."""
        if not seen.reachable or seen.executed is None:
            return seen
        had = before.executed if before is not None and before.executed is not None else seen.executed
        lag = self._lag(shard, seen.executed)
        errant = primary.executed is not None and not gtid_sets.covers(primary.executed, had)
        problem = seen.problem
        if not seen.read_only:
            problem = problem or "a replica that accepts writes"
        if not seen.preserves_order:
            problem = problem or "replica_preserve_commit_order is off"
        if seen.replicating is False:
            problem = problem or "replication is stopped"
        if errant:
            problem = problem or "has transactions that its primary never had"
        if lag > self._allowed:
            problem = problem or f"{lag:.1f} s behind"
        return replace(seen, lag_ms=int(lag * 1000), errant=errant, problem=problem, in_rotation=not problem)

    def after_fork(self) -> None:
        self._threads = ThreadPoolExecutor(8, "router-health")
        self._busy = set()

    def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)


def role_of(shard: Shard, server: Server) -> str:
    if shard.kind is Kind.PROXY:
        return "proxy"
    return "primary" if server is shard.primary else "replica"


def _problem(role: str, gtids: str, read_only: int) -> str:
    if gtids != "ON":
        return f"gtid_mode is {gtids}"
    return "the proxy leads to a server that refuses writes" if role == "proxy" and read_only else ""


def _row(raw: Any, sql: str) -> Any:
    cursor = raw.cursor()
    try:
        cursor.execute(sql)
        return cursor.fetchone()
    finally:
        cursor.close()


def _durability_of(raw: Any, *, group: bool) -> Durability:
    cursor = raw.cursor()
    try:
        return durability.ask(cursor, group=group)
    finally:
        cursor.close()
