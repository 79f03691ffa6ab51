"""Owns asking all shards at once: bounded threads, a deadline for each, an answer that names what is missing."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from concurrent.futures import TimeoutError as Late
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from sqlalchemy import Row

from shard_router.engines import Purpose
from shard_router.keyset import Cursor, Order, Statement
from shard_router.sessions import FleetSession
from shard_router.topology import Server, Shard

if TYPE_CHECKING:
    from shard_router.router import Router

log = logging.getLogger(__name__)
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class FanoutResult(Generic[T]):
    """`behind_ms` says for each part how old the answer may be: 0 from a primary, else the replica's lag when asked."""

    parts: Mapping[str, T]
    missing: Mapping[str, str] = field(default_factory=dict)  # shard -> why
    behind_ms: Mapping[str, int] = field(default_factory=dict)

    @property
    def complete(self) -> bool:
        return not self.missing


@dataclass(frozen=True, slots=True)
class FleetPage:
    """Rows of all shards in one order. Each has its place and its epoch as its last columns.

    `missing`: the shards whose rows between the first and the last of this page are not on it, and why.
    `missed`: those whose rows some page up to this one lacks; who reached the end has a whole list if it is empty.
    """

    rows: list[Row[Any]]
    next_cursor: str | None  # none: of the shards that answered, this was the end
    missing: Mapping[str, str] = field(default_factory=dict)
    missed: tuple[str, ...] = ()
    behind_ms: Mapping[str, int] = field(default_factory=dict)


SAY_EVERY = 60.0
_said: dict[str, float] = {}


class Fleet:
    """What `router.fleet(reason=…)` lends: read-only sessions of the account fleet_ro."""

    def __init__(self, router: Router, reason: str) -> None:
        if not reason.strip():
            raise ValueError("a fleet session needs a reason")
        self._router = router
        self.reason = reason

    def __enter__(self) -> Fleet:
        """One line in the log; a reason that comes every second (the relay's) is said once a minute."""
        now = time.monotonic()
        if now - _said.get(self.reason, -SAY_EVERY) >= SAY_EVERY:
            _said[self.reason] = now
            log.info("fleet session: %s", self.reason)
        return self

    def __exit__(self, *_: object) -> None:
        """Sessions are closed one by one as they finish."""

    def each(
        self,
        ask: Callable[[FleetSession, str], T],
        *,
        deadline: float | None = None,
        shards: list[str] | None = None,
    ) -> FanoutResult[T]:
        """`ask(session, shard_name)` on every shard, or those named. What is not there by the deadline is missing."""
        limit = self._router.config.times.fleet if deadline is None else deadline
        ends = time.monotonic() + limit
        chosen = [self._router.shard(name) for name in shards or self._router.topology.shards]
        crew = self._router.fleet_crew
        running = {shard.name: crew.submit(shard.name, partial(self._on, shard, ask)) for shard in chosen}
        parts: dict[str, T] = {}
        missing: dict[str, str] = {}
        behind: dict[str, int] = {}
        for name, future in running.items():
            try:
                parts[name], behind[name] = future.result(max(0.0, ends - time.monotonic()))
            except Late:
                asked = not future.cancel()
                missing[name] = f"no answer within {limit:g} s" if asked else "not asked: earlier questions hang there"
            except Exception as failed:  # noqa: BLE001 (one shard's trouble is a fact of the answer)
                missing[name] = f"{type(failed).__name__}: {failed}"[:300]
        if missing:
            log.warning("fleet session %r: missing %s", self.reason, missing)
        return FanoutResult(parts, missing, behind)

    def page(
        self,
        statement: Statement,
        *,
        order: Order,
        after: str | None = None,
        limit: int = 50,
        deadline: float | None = None,
        shards: list[str] | None = None,
    ) -> FleetPage:
        """One page of `statement` (which must not order or limit by itself), of shops that are at home where they are.

        A shard that does not answer is left out, and named. Back on a later page it goes on from that page's place like
        all the others: the order is never torn, and what it had before that place stays unseen until the pages are
        read anew. Raises CursorRefused.
        """
        cursor = order.open(after) if after is not None else None
        wanted = order.page_of(statement, cursor.place if cursor else None, limit + 1)
        found = self.each(lambda session, _: session.execute(wanted).all(), deadline=deadline, shards=shards)
        rows = list(islice(order.merge(found.parts), limit + 1))
        missed = tuple(sorted({*(cursor.missed if cursor else ()), *found.missing}))
        more = order.close(Cursor(order.place_of(rows[limit - 1]), missed)) if len(rows) > limit else None
        return FleetPage(rows[:limit], more, found.missing, missed, found.behind_ms)

    def _on(self, shard: Shard, ask: Callable[[FleetSession, str], T]) -> tuple[T, int]:
        server, behind = self._server(shard)
        engine = self._router.engines.get(shard.name, server, Purpose.FLEET)
        with FleetSession(engine, shard=shard.name, reason=self.reason) as session:
            return ask(session, shard.name), behind

    def _server(self, shard: Shard) -> tuple[Server, int]:
        """The freshest replica in rotation; the primary's time belongs to the shops."""
        best: tuple[Server, int] | None = None
        for server in shard.replicas:
            seen = self._router.health_watch.of(server)
            if seen is not None and seen.in_rotation:
                lag = (seen.lag_ms or 0) + seen.age_ms
                if best is None or lag < best[1]:
                    best = (server, lag)
        return best or (shard.primary, 0)
