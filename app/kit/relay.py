"""Owns the way from the outbox to the queue: claim by state, a fair share for every shop, again when a worker is lost.

Rows are found by state and never by an id cursor, since ids do not follow the order of commits. Each claim is one
transaction of the shop, through its fence. Two relays at once are harmless: the second's compare-and-set finds nothing,
and the queue does not double what waits in it. With Redis down nothing is claimed and nothing is lost.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import structlog
from sqlalchemy import select
from sqlalchemy.exc import DBAPIError

from app.kit import leases
from app.kit.jobkinds import JobKind, UnknownJob, kind_of, kinds
from app.kit.jobruns import abandon
from app.kit.jobs import SYSTEM
from app.kit.leases import Candidate
from app.kit.models import ControlJob, OutboxJob
from app.kit.queueing import QUEUES, QueueUnavailable, Ticket
from app.kit.rounds import Round
from app.kit.runtime import Runtime
from app.kit.transactions import write_control, write_shop
from shard_router import FleetSession
from shard_router.errors import RouterError

log = structlog.get_logger(__name__)

IDLE = 1.0
"""Seconds between passes while nobody pokes."""

SHARD_WAIT = 3.0
"""Seconds that a pass waits for a shard to say whose jobs are due; one that is later waits for the next pass."""

REST = (1.0, 2.0, 5.0, 10.0)
"""Seconds to wait after a pass that failed, the longer the more failed in a row."""

SHARE = {"bills": 8, "default": 4, "exports": 2, "pictures": 2, "moves": 1}
"""How many jobs of one shop a queue holds at a time: a thousand pictures stand behind their own shop's two."""

CONTROL_SHARE = 8
DIED = "The worker ended in the middle of it, each time."


@dataclass(frozen=True, slots=True)
class Claim:
    """A released row, to be pushed once its transaction is committed."""

    candidate: Candidate
    kind: JobKind


class Relay:
    """Moves due rows to the queue; `run` until told to stop, or `sweep` once."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._failures = 0

    def run(self, stop: threading.Event) -> None:
        """A pass over all shops every second, and in between those that poke."""
        due_at = 0.0
        while not stop.is_set():
            try:
                if time.monotonic() >= due_at:
                    self.sweep()
                    due_at = time.monotonic() + IDLE
                for shop_id in self._runtime.queue.wait_for_pokes(max(0.01, due_at - time.monotonic())):
                    self._control() if shop_id is None else self._shop(shop_id)
                self._failures = 0
            except QueueUnavailable:
                self._rest(stop, "the queue is unreachable; jobs wait in the outbox")
            except (RouterError, DBAPIError):
                self._rest(stop, "the databases are unreachable", exc_info=True)

    def sweep(self) -> int:
        """One pass over every shop with something due; gives the number of jobs handed over."""
        if not self._runtime.queue.ping():
            raise QueueUnavailable()
        tour, handed = Round(self._runtime.router, "jobs that are due"), self._control()
        return handed + sum(self._visit(tour, shop_id) for shop_id in self._shops())

    def _rest(self, stop: threading.Event, told: str, **more: Any) -> None:
        seconds = REST[min(self._failures, len(REST) - 1)]
        if self._failures in (0, len(REST)):
            log.warning(told, next_try_s=seconds, **more)
        self._failures += 1
        stop.wait(seconds)

    def _shops(self) -> list[int]:
        """Whose outbox has something due. A shard that does not answer is left out of this pass, not waited for."""

        def due(session: FleetSession, shard: str) -> list[int]:
            return list(session.scalars(select(OutboxJob.shop_id).where(leases.due()).distinct()))

        with self._runtime.router.fleet(reason="jobs that are due") as fleet:
            found = fleet.each(due, deadline=SHARD_WAIT)
        return [shop for shard, shops in found.parts.items() for shop in shops if self._lives_there(shop, shard)]

    def _lives_there(self, shop_id: int, shard: str) -> bool:
        """After a move the old shard keeps a copy for a while, and after an erasure rows may be left: history, both."""
        try:
            return self._runtime.router.directory.lookup(shop_id).shard == shard
        except RouterError:
            log.warning("an outbox of a shop that the directory does not know", shop_id=shop_id, shard=shard)
            return False

    def _visit(self, tour: Round, shop_id: int) -> int:
        claims: list[Claim] = []
        tour.visit(shop_id, lambda: claims.extend(self._claims(shop_id)))
        return self._hand_over(claims, shop_id)

    def _shop(self, shop_id: int) -> int:
        try:
            claims = self._claims(shop_id)
        except (RouterError, DBAPIError):  # this shop's shard is away; the others' shops go on
            log.warning("a shop's jobs can't be claimed", shop_id=shop_id, exc_info=True)
            return 0
        return self._hand_over(claims, shop_id)

    def _claims(self, shop_id: int) -> list[Claim]:
        claims, _ = write_shop(
            self._runtime.router, shop_id, SYSTEM, lambda db: self._claim(db, OutboxJob, SHARE, control=False)
        )
        return claims

    def _control(self) -> int:
        """With the control plane gone its own jobs wait; those of the shops go on."""
        shares = dict.fromkeys(QUEUES, CONTROL_SHARE)
        try:
            claims = write_control(
                self._runtime.router, lambda control: self._claim(control, ControlJob, shares, control=True)
            )
        except (RouterError, DBAPIError) as error:
            log.warning("the control plane's jobs can't be claimed", error=type(error).__name__)
            return 0
        return self._hand_over(claims, None)

    def _claim(self, db: Any, row: leases.Row, shares: dict[str, int], *, control: bool) -> list[Claim]:
        """Up to each queue's share, minus what is already with workers."""
        due = [name for name in leases.due_names(db, row) if _known(name, control)]
        if not due:
            return []
        busy = leases.in_flight(db, row)
        claims: list[Claim] = []
        for queue in QUEUES:
            names = [name for name in due if kind_of(name).queue == queue]
            room = shares[queue] - sum(busy.get(kind.name, 0) for kind in kinds() if kind.queue == queue)
            if names and room > 0:
                found = leases.candidates(db, row, names, room)
                claims += [Claim(c, kind_of(c.job)) for c in found if leases.release(db, row, c)]
        return claims

    def _hand_over(self, claims: list[Claim], shop_id: int | None) -> int:
        for at, claim in enumerate(claims):
            try:
                self._push(claim, shop_id)
            except QueueUnavailable:
                self._take_back(claims[at:], shop_id)
                raise
        return len(claims)

    def _push(self, claim: Claim, shop_id: int | None) -> None:
        found, kind = claim.candidate, claim.kind
        if found.attempts >= kind.attempts:
            abandon(
                self._runtime, kind, shop_id=shop_id, job_id=found.id, attempts=found.attempts,
                params=found.params, error=DIED,
            )  # fmt: skip
            return
        self._runtime.queue.push(Ticket(found.id, shop_id, found.attempts, kind.queue, kind.time_limit))

    def _take_back(self, claims: list[Claim], shop_id: int | None) -> None:
        """Waiting again at once, so that it need not wait for its lease when the queue is back."""

        def back(row: leases.Row) -> Callable[[Any], None]:
            def put(db: Any) -> None:
                for claim in claims:
                    found = claim.candidate
                    leases.put_back(db, row, found.id, found.attempts)

            return put

        if shop_id is None:
            write_control(self._runtime.router, back(ControlJob))
        else:
            write_shop(self._runtime.router, shop_id, SYSTEM, back(OutboxJob))


def _known(name: str, control: bool) -> bool:
    """A job that only newer code knows waits for that code."""
    try:
        return kind_of(name).control is control
    except UnknownJob:
        log.warning("a job that this version does not know is waiting", job=name)
        return False
