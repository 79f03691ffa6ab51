"""Owns the one object that an application holds: it opens sessions on the right server and knows how servers are."""

from __future__ import annotations

import logging
import os
import threading
import time
import weakref
from collections import Counter
from collections.abc import Callable, Mapping

from sqlalchemy import Engine, func, insert
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from shard_router import fence, placement, routing, tables
from shard_router.actor import Actor
from shard_router.background import Background
from shard_router.breaker import Breakers
from shard_router.bulkhead import Shares
from shard_router.causality import CausalToken, Newest, Signer
from shard_router.config import RouterConfig
from shard_router.crew import Crew
from shard_router.directory import Directory, DirectoryEntry
from shard_router.engines import Engines, Purpose, error_code
from shard_router.errors import RouterError, ShardReadOnly, ShardUnavailable
from shard_router.fanout import Fleet
from shard_router.health import Health
from shard_router.marks import Marks, as_text
from shard_router.questions import Questions, ServerHealth
from shard_router.redis_line import RedisLine
from shard_router.roles import Verdict, View
from shard_router.routing import Route
from shard_router.sessions import ControlSession, Mode, ShopSession
from shard_router.snapshot import Snapshot
from shard_router.topology import Server, Shard, Topology, TopologyFile

log = logging.getLogger(__name__)
ASK_AGAIN = 0.02  # seconds between two looks for a successor
FORGET_PAUSE = 20.0  # seconds after which a refusal is the first one again
ROUTERS: weakref.WeakSet[Router] = weakref.WeakSet()


class Router:
    def __init__(self, config: RouterConfig) -> None:
        times = config.times
        self.config = config
        self._file = TopologyFile(config.topology)
        self._view = View.of(self._file.current, {})
        self._swaps = threading.Lock()
        self._refused_since: dict[str, float] = {}
        self.counts: Counter[str] = Counter()
        self.breakers = Breakers(
            config.snapshot.with_suffix(".breakers"),
            failures=config.breaker_failures,
            window=times.breaker_window,
            rest=times.breaker_rest,
            probe=times.connect + times.poll_answer,
        )
        self.engines = Engines(config, self.breakers)
        self.shares = self._new_shares()
        self._line = RedisLine(config.redis_url, timeout=times.redis, rest=times.redis_rest)
        self.newest = Newest(self._line, config.redis_prefix)
        self._signer = Signer(config.token_keys)
        self._questions = Questions(self._poll_engine)
        self._questions.on_answer = self._note_answer
        self.health_watch = Health(self._questions, replica_lag=times.replica_lag)
        self.health_watch.on_verdict = self._heed
        self.engines.on_lost = self.health_watch.forget
        self.engines.on_refused = self.health_watch.refused
        self.engines.is_replica = self._is_replica
        self.engines.find_shard = self._find_shard
        self.directory = Directory(
            line=self._line,
            prefix=config.redis_prefix,
            ask=lambda: self._control_engine(Purpose.LOOKUP),
            control=lambda: self._control_engine(Purpose.CONTROL),
            control_up=self._control_up,
            snapshot=Snapshot(config.snapshot),
            times=times,
        )
        self.fleet_crew = Crew(config.fleet_threads, config.pools.fleet)
        self._unfit: Mapping[str, str] = {}
        self._background = Background()
        self._background.every(times.topology, "topology", self.reload)
        self._background.every(times.poll, "health", lambda: self.health_watch.poll(self.topology))
        self._background.every(times.snapshot, "snapshot", self.refresh_snapshot)
        self._background.every(times.restamp, "restamp", self.restamp)
        if config.background:
            self._background.start()
        ROUTERS.add(self)

    # -- sessions -------------------------------------------------------------------------------------------------
    def shop(
        self,
        shop_id: int,
        actor: Actor,
        *,
        mode: Mode = Mode.WRITE,
        token: CausalToken | None = None,
        hot: bool = False,
    ) -> ShopSession:
        """One shop, for one request or one job. `token` is what the caller has seen of the shop already."""
        entry = self.directory.lookup(shop_id)
        hot = hot and mode is Mode.WRITE
        purpose = Purpose.READ if mode is Mode.READ else Purpose.HOT if hot else Purpose.WRITE
        return ShopSession(actor=actor, mode=mode, hot=hot, route=Route(self, entry, purpose, token))

    def fleet(self, *, reason: str) -> Fleet:
        return Fleet(self, reason)

    def control(self) -> ControlSession:
        return ControlSession(self._control_engine(Purpose.CONTROL))

    # -- new shops ------------------------------------------------------------------------------------------------
    def place(self, shop_id: int) -> str:
        return placement.place(self.topology, shop_id)

    def plant_fence(self, entry: DirectoryEntry) -> None:
        """The first row of a new shop on its shard; nothing can be written there before. Twice is harmless."""
        shard = self.shard(entry.shard)
        row = {"shop_id": entry.shop_id, "epoch": entry.epoch, "state": str(entry.state)}
        with self.engines.get(shard.name, shard.primary, Purpose.WRITE).connect() as connection:
            connection.info["shop"] = entry.shop_id
            try:
                connection.execute(insert(tables.shop_fence).values(**row, updated_at=func.utc_timestamp(6)))
                connection.commit()
            except IntegrityError as planted:
                if error_code(planted) != 1062:
                    raise

    # -- what is known --------------------------------------------------------------------------------------------
    @property
    def topology(self) -> Topology:
        """The servers as they stand: the file's, and the primaries that the servers themselves name."""
        return self._view.topology

    def shard(self, name: str) -> Shard:
        found = self.topology.shards.get(name)
        if found is None:
            raise ShardUnavailable(name, "the topology does not name it")
        return found

    def shard_for_shops(self, name: str) -> Shard:
        """The shard, unless it was found unfit for this process."""
        if name in self._unfit:
            raise ShardUnavailable(name, self._unfit[name])
        return self.shard(name)

    def primary_for_writes(self, shard: Shard) -> Server:
        """Where this shard's writes go; ShardReadOnly where none may be written anywhere."""
        refused = self._view.refused(shard.name)
        if refused:
            raise ShardReadOnly(shard.name, refused)
        return shard.primary

    def await_primary(self, shard: str) -> bool:
        """For who was refused by a demoted primary: waits until its successor takes writes. False: none does in time.

        Nothing was committed, so the caller may do its work once more. The time counts from the first refusal on: a
        shard that stays without a primary holds nobody up for longer.
        """
        limit = self.config.times.promotion
        now = time.monotonic()
        began = self._refused_since.get(shard, 0.0)
        if now - began > FORGET_PAUSE:
            began = self._refused_since[shard] = now
        while now < began + limit and not self._view.refused(shard):
            if self.health_watch.takes_writes(self._known(shard).primary):
                self._refused_since.pop(shard, None)
                return True
            self.health_watch.nudge(self._known(shard))
            time.sleep(ASK_AGAIN)
            now = time.monotonic()
        return False

    def _known(self, name: str) -> Shard:
        control = self.topology.control
        return control if name == control.name else self.shard(name)

    def every(self, seconds: float, name: str, task: Callable[[], object]) -> None:
        """Repeats a task beside the router's own until it closes, also behind a fork; a failure is said once, and the
        task tried again."""
        self._background.every(seconds, name, task)

    def refuse_unfit(self, judge: Callable[[], Mapping[str, str]], *, every: float) -> None:
        """Serve no shop of the shards that `judge` names with a reason; it is asked again, so a mended one comes back.

        Its first answer comes a moment after the start; until then every shard is served.
        """

        def look() -> None:
            found = judge()
            if found != self._unfit:
                log.warning("shards that this process does not serve: %s", dict(found) or "none")
            self._unfit = found

        self._background.every(every, "fitness", look)

    def health(self) -> list[ServerHealth]:
        """The control plane, every shard and every replica, as they were last seen."""
        return self.health_watch.report(self.topology)

    @property
    def topology_problem(self) -> str | None:
        """Why the topology file as it stands was refused, if it was."""
        return self._file.problem

    # -- tokens ---------------------------------------------------------------------------------------------------
    def sign(self, token: CausalToken) -> str:
        return self._signer.sign(token)

    def verify(self, text: str | None) -> CausalToken | None:
        return self._signer.verify(text)

    def token_now(self, db: ShopSession) -> CausalToken | None:
        """All that the shop's primary has committed by now: for a reply that is told again, whose own commit is past.

        None if the primary does not answer.
        """
        marks = self.health_watch.executed_now(self.shard(db.shard))
        return CausalToken.of_marks(db.shard, db.epoch, marks) if marks else None

    def acknowledged(self, shard: str) -> str | None:
        """All transactions of a shard that the application was told of, as far as Redis knows; None: it cannot say."""
        marks = self.newest.all_of(shard)
        return as_text(marks) if marks else None

    def wait_for(self, shard: Shard, server: Server, need: CausalToken) -> bool:
        engine = self.engines.get(shard.name, server, Purpose.READ)
        if not routing.wait_for(engine, need, self.config.times.causal_wait):
            return False
        self.health_watch.learn(server, need.marks)
        return True

    # -- the background's tasks -----------------------------------------------------------------------------------
    def reload(self) -> bool:
        """True if a new topology came into force."""
        before = {shard.name: shard for shard in self.topology.every()}
        changed = self._file.reload()
        if changed:  # connections were made for what their shard could do
            with self._swaps:
                self._view = self._view.on_file(self._file.current)
            now = [(before[shard.name], shard) for shard in self.topology.every() if shard.name in before]
            for old, new in now:
                if old.primary != new.primary:
                    log.warning("%s: %s is primary after %s", new.name, new.primary.name, old.primary.name)
            same = [new for old, new in now if old.abilities == new.abilities]
            self.engines.forget({(server.host, server.port) for shard in same for server in shard.servers})
        return changed

    def _heed(self, shard: Shard, verdict: Verdict) -> Shard:
        """Takes a round's verdict into the view, unless the view has changed since the round began."""
        with self._swaps:
            before = self._known(shard.name)
            if before != shard or self._view.verdicts.get(shard.name, Verdict(before.primary)) == verdict:
                return before
            self._view = self._view.with_verdict(shard.name, verdict)
        if verdict.problem:
            log.error("%s: %s", shard.name, verdict.problem)
        if verdict.primary == before.primary:
            return before
        log.warning("%s: %s is primary after %s", shard.name, verdict.primary.name, before.primary.name)
        self.counts["promotions_followed"] += 1
        self.engines.drop(before.primary.host, before.primary.port)
        return self._known(shard.name)

    def _note_answer(self, server: Server, answered: bool) -> None:
        address = (server.host, server.port)
        self.breakers.answered(address) if answered else self.breakers.failed(address)

    def refresh_snapshot(self) -> None:
        self.directory.refresh_snapshot(self.topology.source)

    def restamp(self) -> int:
        """Gives a token to shops that have none: all that their primary has executed by now."""
        executed: dict[str, Marks | None] = {}
        return self.newest.restamp(lambda shop_id: self._stamp(shop_id, executed))

    def stamp(self, shop_id: int) -> bool:
        """Lets all processes know where the shop lives by now: whoever reads by an older map meets a younger token.

        False where Redis does not take it, or the shop's shard does not answer."""
        self.directory.refresh(shop_id)
        token = self._stamp(shop_id, {})
        return token is not None and (self.config.redis_url is None or self.newest.keep(shop_id, token))

    def _stamp(self, shop_id: int, executed: dict[str, Marks | None]) -> CausalToken | None:
        try:
            entry = self.directory.lookup(shop_id)
            shard = self.shard(entry.shard)
            if shard.name not in executed:
                executed[shard.name] = self.health_watch.executed_now(shard)
            marks = executed[shard.name]
            if not marks or not self._open_here(entry, shard):
                return None
        except (RouterError, SQLAlchemyError) as failed:
            log.info("no token for shop %s: %s", shop_id, failed)
            return None
        return CausalToken.of_marks(shard.name, entry.epoch, marks)

    def _open_here(self, entry: DirectoryEntry, shard: Shard) -> bool:
        """Asked after the marks were read: an old map must not vouch for a shard that the shop has left."""
        with self.engines.get(shard.name, shard.primary, Purpose.READ).connect() as connection:
            connection.info["shop"] = entry.shop_id
            if fence.admits(fence.read(connection, entry.shop_id), entry.epoch):
                return True
        self.directory.refresh(entry.shop_id)
        return False

    # -- inner ----------------------------------------------------------------------------------------------------
    def _new_shares(self) -> Shares | None:
        threads, times = self.config.shard_threads, self.config.times
        return Shares(threads, slow=times.shard_slow, wait=times.pool) if threads else None

    def _control_engine(self, purpose: Purpose) -> Engine:
        control = self.topology.control
        return self.engines.get(control.name, control.primary, purpose)

    def _control_up(self) -> bool:
        seen = self.health_watch.of(self.topology.control.primary)
        return seen is None or seen.reachable or not seen.checked_at

    def _find_shard(self, name: str) -> Shard | None:
        return next((shard for shard in self.topology.every() if shard.name == name), None)

    def _is_replica(self, host: str, port: int) -> bool:
        return any((one.host, one.port) == (host, port) for shard in self.topology.every() for one in shard.replicas)

    def _poll_engine(self, shard: str, server: Server) -> Engine:
        return self.engines.get(shard, server, Purpose.POLL)

    def close(self) -> None:
        ROUTERS.discard(self)
        self._background.close()
        self.fleet_crew.close()
        self.health_watch.close()
        self.engines.close()
        self.breakers.close()

    def _after_fork(self) -> None:
        self._swaps = threading.Lock()
        self.shares = self._new_shares()
        for part in (
            self._file,
            self.breakers,
            self.engines,
            self._line,
            self.newest,
            self.directory,
            self.health_watch,
        ):
            part.after_fork()
        self.fleet_crew = Crew(self.config.fleet_threads, self.config.pools.fleet)
        if self.config.background:
            self._background.restart()


def _after_fork() -> None:
    for router in list(ROUTERS):
        router._after_fork()


os.register_at_fork(after_in_child=_after_fork)
