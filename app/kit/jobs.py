"""Owns a job's hands while it runs: its sessions, its progress, its lease, and the one finish."""

import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self, TypeVar
from uuid import UUID

import structlog

from app.kit import leases, outbox
from app.kit.jobkinds import GiveUp, LeaseLost, control_job, shop_job
from app.kit.leases import Begun
from app.kit.models import ControlJob, OutboxJob, OutboxState
from app.kit.runtime import Runtime
from app.kit.transactions import write_control, write_shop
from shard_router import Actor, CausalToken, ControlSession, Mode, ShopSession

T = TypeVar("T")
log = structlog.get_logger(__name__)

BEAT = 7.0
"""Seconds between renewals: four may fail before the lease (30 s) runs out."""

SHOWN_EVERY = 0.2
KEPT_EVERY = 2.0
SYSTEM = Actor(person_id=None, name="system")

__all__ = ["ControlJobRun", "GiveUp", "LeaseLost", "ShopJob", "control_job", "shop_job"]


class Heartbeat:
    """Renews a lease beside the work, from a thread of its own; `lost` once somebody else has the job."""

    def __init__(self, renew: Callable[[], bool]) -> None:
        self._renew = renew
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._beat, name="heartbeat", daemon=True)
        self.lost = False

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._stop.set()
        self._thread.join()

    def _beat(self) -> None:
        while not self._stop.wait(BEAT):
            try:
                if not self._renew():
                    self.lost = True
                    return
            except Exception:  # a beat may fail; the next may not
                log.warning("heartbeat failed", exc_info=True)


class _Run:
    """What runs of both planes share: the lease, the finish, the throttle of progress."""

    def __init__(self, runtime: Runtime, job_id: UUID, begun: Begun) -> None:
        self.runtime = runtime
        self.id = job_id
        self.attempt = begun.attempts
        self.finished = False
        self.heartbeat = Heartbeat(self._renew)
        self._shown = self._kept = 0.0

    def check(self) -> None:
        """Raises LeaseLost once another worker has this job; call it between long steps."""
        if self.heartbeat.lost:
            raise LeaseLost(str(self.id))

    def _ended(self, **more: Any) -> None:
        self.finished = True
        self._publish(OutboxState.DONE, **more)

    def _publish(self, state: OutboxState, **more: Any) -> None:
        self.runtime.queue.publish(self.id, {"state": state.value, **more})

    def _show(self, done: int, total: int | None) -> bool:
        """Tells watchers now and then; says whether the row is due as well."""
        self.check()
        now = time.monotonic()
        if now - self._shown >= SHOWN_EVERY or done == total:
            self._shown = now
            self._publish(OutboxState.RELEASED, stepsDone=done, stepsTotal=total)
        if now - self._kept < KEPT_EVERY:
            return False
        self._kept = now
        return True

    def _renew(self) -> bool:
        raise NotImplementedError


class ShopJob(_Run):
    """One run of a shop's job. Open no transaction while slow work is done: read, work, finish."""

    def __init__(self, runtime: Runtime, shop_id: int, job_id: UUID, begun: Begun, token: CausalToken | None) -> None:
        super().__init__(runtime, job_id, begun)
        self.shop_id = shop_id
        self.actor = outbox.actor_of(begun.actor or {})
        self._token = token

    def read(self, work: Callable[[ShopSession], T]) -> T:
        """A short read, on a replica where one is fresh enough.

        The token is that of the commit by which this run took its row. The row was visible there, so the commit that
        asked for the job came before it: what covers our token covers everything that the asker had written.
        """
        self.check()
        with self.runtime.router.shop(self.shop_id, self.actor, mode=Mode.READ, token=self._token) as db:
            return work(db)

    def write(self, work: Callable[[ShopSession], T]) -> T:
        """An intermediate step, committed only while this run still has the job. It must bear being done again."""

        def step(db: ShopSession) -> T:
            hold(leases.renew(db, OutboxJob, self.id, self.attempt))
            return work(db)

        self.check()
        value = self._write(step)
        self.runtime.queue.poke(self.shop_id)
        return value

    def finish(self, work: Callable[[ShopSession], object] | None = None, *, result: Any = None) -> None:
        """The effect and DONE in one transaction: both or neither, once. `result` is JSON that the asker may see.

        A commit whose outcome is unknown raises; if it did happen, the row is DONE and the retry finds nothing to do.
        """

        def effect(db: ShopSession) -> None:
            hold(leases.finish(db, OutboxJob, self.id, self.attempt, result))
            if work is not None:
                work(db)

        self.check()
        self._write(effect)
        self._ended(result=result)
        self.runtime.queue.poke(self.shop_id)  # its place in the shop's share is free

    def progress(self, done: int, total: int | None = None) -> None:
        """Say how far it is; cheap, so call it as often as there is something to say."""
        if self._show(done, total):
            self._write(lambda db: hold(leases.advance(db, self.id, self.attempt, done=done, total=total)))

    def _renew(self) -> bool:
        return self._write(lambda db: leases.renew(db, OutboxJob, self.id, self.attempt))

    def _write(self, work: Callable[[ShopSession], T]) -> T:
        value, token = write_shop(self.runtime.router, self.shop_id, self.actor, work)
        self._token = token or self._token
        return value


class ControlJobRun(_Run):
    """One run of a control job; it reaches shops through `runtime.router` and leaves them jobs of their own."""

    def control(self, work: Callable[[ControlSession], T]) -> T:
        """A short transaction on the control plane, committed only while this run still has the job."""

        def step(control: ControlSession) -> T:
            hold(leases.renew(control, ControlJob, self.id, self.attempt))
            return work(control)

        self.check()
        value = self._write(step)
        self.runtime.queue.poke(None)
        return value

    def shop(self, shop_id: int, work: Callable[[ShopSession], T]) -> T:
        """A write in one shop, as the system. It must bear being done again."""
        self.check()
        value, _ = write_shop(self.runtime.router, shop_id, SYSTEM, work)
        self.runtime.queue.poke(shop_id)
        return value

    def finish(self, work: Callable[[ControlSession], object] | None = None) -> None:
        """The effect and DONE in one transaction of the control plane."""

        def effect(control: ControlSession) -> None:
            hold(leases.finish(control, ControlJob, self.id, self.attempt, None))
            if work is not None:
                work(control)

        self.check()
        self._write(effect)
        self._ended()
        self.runtime.queue.poke(None)

    def progress(self, done: int, total: int | None = None) -> None:
        self._show(done, total)

    def _renew(self) -> bool:
        return self._write(lambda control: leases.renew(control, ControlJob, self.id, self.attempt))

    def _write(self, work: Callable[[ControlSession], T]) -> T:
        return write_control(self.runtime.router, work)


def hold(ours: bool) -> None:
    """Stops a transaction whose compare-and-set found somebody else's number."""
    if not ours:
        raise LeaseLost()
