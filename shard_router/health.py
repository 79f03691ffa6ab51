"""Owns what is known of each server: asked in the background, so that no request waits for the answer."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from shard_router import roles
from shard_router.marks import Marks, covers, merged
from shard_router.questions import Questions, ServerHealth
from shard_router.roles import Claim, Verdict
from shard_router.topology import Kind, Server, Shard, Topology

log = logging.getLogger(__name__)
THREADS = 16
CLOSING = 3.0  # seconds


class Health:
    """`known` is read on every routed read; one thread a shard writes it.

    `on_verdict` hears who is primary, as a shard's servers have it, and gives the shard as it stands after that.
    """

    def __init__(self, questions: Questions, *, replica_lag: float) -> None:
        self._questions = questions
        self._allowed = replica_lag
        self.on_verdict: Callable[[Shard, Verdict], Shard] = lambda shard, verdict: shard
        self._aside: set[tuple[str, int]] = set()
        self.known: dict[tuple[str, int], ServerHealth] = {}
        self._primary_had: dict[str, list[tuple[float, Marks]]] = {}
        self._busy: set[str] = set()
        self._closed = False
        self._threads = ThreadPoolExecutor(THREADS, "router-health")

    def of(self, server: Server) -> ServerHealth | None:
        return self.known.get((server.host, server.port))

    def report(self, topology: Topology) -> list[ServerHealth]:
        found = []
        for shard in topology.every():
            for server in shard.servers:
                found.append(self.of(server) or ServerHealth(server.name, shard.name, role_of(shard, server)))
        return found

    def forget(self, host: str, port: int) -> None:
        """A connection was lost: what the server had executed may not be so any more."""
        seen = self.known.get((host, port))
        if seen is not None:
            self.known[host, port] = replace(seen, executed=None, in_rotation=False, problem="connection lost")

    def refused(self, host: str, port: int) -> None:
        """It refused a write: so it is known before the next round."""
        seen = self.known.get((host, port))
        if seen is not None:
            self.known[host, port] = replace(seen, read_only=True)

    def takes_writes(self, server: Server) -> bool:
        """As far as is known."""
        seen = self.of(server)
        return seen is not None and seen.reachable and seen.read_only is False

    def learn(self, server: Server, marks: Marks) -> None:
        """A replica said that it has these."""
        seen = self.of(server)
        if seen is not None and seen.executed is not None:
            self.known[server.host, server.port] = replace(seen, executed=merged(seen.executed, marks))

    def executed_now(self, shard: Shard) -> Marks | None:
        """All that the shard's primary has committed, asked at this moment; None if it does not answer."""
        return self._questions.ask(shard, shard.primary, role_of(shard, shard.primary))[0].executed

    # -- polling --------------------------------------------------------------------------------------------------
    def poll(self, topology: Topology) -> None:
        """Starts one round for every shard whose last round is over; a dead shard holds up only itself."""
        for shard in topology.every():
            self.nudge(shard)

    def nudge(self, shard: Shard) -> None:
        """A round of this shard now, if none is under way."""
        if shard.name not in self._busy and not self._closed:
            self._busy.add(shard.name)
            self._threads.submit(self._round, shard)

    def look_again(self, shard: Shard, *, within: float) -> None:
        """Waits for the end of a round, and not for long."""
        ends = time.monotonic() + within
        self.nudge(shard)
        while shard.name in self._busy and time.monotonic() < ends:
            time.sleep(0.005)

    def _round(self, shard: Shard) -> None:
        try:
            self.look_at(shard)
        except Exception:
            if not self._closed:  # else a server hung, and the pools were closed meanwhile
                log.exception("health of %s", shard.name)
        finally:
            self._busy.discard(shard.name)

    def look_at(self, shard: Shard) -> None:
        """Replicas first: whatever they have by then, the primary must have too, or it is errant."""
        had = {server: self.of(server) for server in shard.replicas}  # reads go on learning while the primary is asked
        replicas = [(server, *self._ask_patiently(shard, server, "replica")) for server in shard.replicas]
        primary, claim = self._ask_patiently(shard, shard.primary, role_of(shard, shard.primary))
        verdict = self._decide(shard, [claim, *(claim for _, _, claim in replicas)])
        now = self.on_verdict(shard, verdict)
        if now.primary != shard.primary:
            self.look_at(now)  # once: the next verdict is about the primary that this one found
            return
        if primary.executed is not None:
            self.note_primary(shard.name, primary.executed)
        self._store(shard.primary, replace(primary, doubt=verdict.problem))
        for server, seen, _ in replicas:
            self._store(server, self.judge(shard.name, seen, primary, had[server]))

    def _decide(self, shard: Shard, claims: list[Claim]) -> Verdict:
        """A newcomer is asked once more, after all others: what they have from it by now, it must have too."""
        verdict = roles.decide(shard, claims)
        if verdict.primary == shard.primary:
            first = next((one for one in claims if one.writable and one.server != shard.primary), None)
            return verdict if first is None else self._again(shard, claims, first.server)
        return self._again(shard, claims, verdict.primary)

    def _again(self, shard: Shard, claims: list[Claim], server: Server) -> Verdict:
        _, newest = self._questions.ask(shard, server, "replica")
        return roles.decide(shard, [newest if one.server == server else one for one in claims])

    def _ask_patiently(self, shard: Shard, server: Server, role: str) -> tuple[ServerHealth, Claim]:
        """A server that did not answer is asked aside from then on: nobody waits for it to hear what the others say."""
        before = self.of(server)
        if before is None or before.reachable or not before.checked_at:
            return self._questions.ask(shard, server, role)
        address = (server.host, server.port)
        if address not in self._aside:
            self._aside.add(address)
            self._threads.submit(self._ask_aside, shard, server, role)
        return replace(before, role=role), Claim(server)

    def _ask_aside(self, shard: Shard, server: Server, role: str) -> None:
        try:
            seen, _ = self._questions.ask(shard, server, role)
            self.known[server.host, server.port] = replace(seen, problem=seen.problem or "back just now")
        finally:
            self._aside.discard((server.host, server.port))
        if seen.reachable:
            self.nudge(shard)

    def _store(self, server: Server, seen: ServerHealth) -> None:
        before = self.of(server)
        self.known[server.host, server.port] = seen
        if before is not None and (before.reachable, before.in_rotation) != (seen.reachable, seen.in_rotation):
            how = "reachable" if seen.reachable else "not reachable", "in" if seen.in_rotation else "out of"
            log.warning("%s: %s, %s rotation %s", seen.name, *how, seen.problem)

    def note_primary(self, shard: str, marks: Marks) -> None:
        """Moments at which the primary was seen to have something new; the oldest that a replica lacks is its lag."""
        history = self._primary_had.setdefault(shard, [])
        if not history or history[-1][1] != marks:
            history.append((time.monotonic(), marks))
            del history[:-200]

    def _lag(self, shard: str, have: Marks) -> float:
        for at, marks in self._primary_had.get(shard, []):
            if not covers(have, marks):
                return time.monotonic() - at
        return 0.0

    def judge(
        self, shard: str, seen: ServerHealth, primary: ServerHealth, before: ServerHealth | None = None
    ) -> ServerHealth:
        """Errant is what the replica had at its last look and the primary has not got by now: under semi-sync a
        replica may apply a commit a moment before its primary does, so one look alone proves nothing. While no primary
        answers, no replica can receive: each goes on answering who asks for nothing that it lacks (`routing.py`)."""
        if not seen.reachable or seen.executed is None:
            return seen
        had = before.executed if before is not None and before.executed is not None else seen.executed
        lag = self._lag(shard, seen.executed)
        errant = primary.executed is not None and not covers(primary.executed, had)
        problem = seen.problem
        if not seen.read_only:
            problem = problem or "a replica that accepts writes"
        if not seen.preserves_order:
            problem = problem or "replica_preserve_commit_order is off"
        if seen.replicating is False and primary.reachable:  # else it is the primary that is away, not the replica
            problem = problem or "replication is stopped"
        if errant:
            problem = problem or "has transactions that its primary never had"
        if lag > self._allowed:
            problem = problem or f"{lag:.1f} s behind"
        return replace(seen, lag_ms=int(lag * 1000), errant=errant, problem=problem, in_rotation=not problem)

    def after_fork(self) -> None:
        self._threads = ThreadPoolExecutor(THREADS, "router-health")
        self._busy, self._aside = set(), set()

    def close(self) -> None:
        """Begins no round any more and waits for those under way, but not for long where a server hangs."""
        self._closed = True
        ends = time.monotonic() + CLOSING
        while (self._busy or self._aside) and time.monotonic() < ends:
            time.sleep(0.005)
        self._threads.shutdown(wait=False, cancel_futures=True)


def role_of(shard: Shard, server: Server) -> str:
    if shard.kind is Kind.PROXY:
        return "proxy"
    return "primary" if server == shard.primary else "replica"
