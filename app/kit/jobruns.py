"""Owns running a job: take its row, let it work, and note whatever comes of it."""

import datetime as dt
import random
import time
from collections.abc import Mapping
from typing import Any
from uuid import UUID

import structlog

from app.kit import leases
from app.kit.errors import AppError, Forbidden, NotFound, PaymentRequired, Unprocessable
from app.kit.jobkinds import GiveUp, JobKind, LeaseLost, kind_of
from app.kit.jobs import SYSTEM, ControlJobRun, ShopJob
from app.kit.leases import Begun
from app.kit.models import ControlJob, OutboxJob, OutboxState
from app.kit.runtime import Runtime
from app.kit.transactions import write_control, write_shop
from shard_router import CausalToken, ControlSession, ShopSession
from shard_router.errors import RouterError

log = structlog.get_logger(__name__)

BACK_OFF = (2, 10, 60, 300, 900)
FINAL = (GiveUp, NotFound, Forbidden, PaymentRequired, Unprocessable)
"""What another try would not change."""


def run_job(runtime: Runtime, *, shop_id: int | None, job_id: UUID, attempts: int) -> bool:
    """Do the job that a ticket names, whatever happens; False where it is no longer ours to do."""
    begun, token = _begin(runtime, shop_id, job_id, attempts)
    if begun is None:
        return False
    with structlog.contextvars.bound_contextvars(job=begun.job, job_id=str(job_id), attempt=begun.attempts):
        run: ShopJob | ControlJobRun
        if shop_id is None:
            run = ControlJobRun(runtime, job_id, begun)
        else:
            run = ShopJob(runtime, shop_id, job_id, begun, token)
        _perform(run, kind_of(begun.job), begun)
    return True


def _begin(
    runtime: Runtime, shop_id: int | None, job_id: UUID, attempts: int
) -> tuple[Begun | None, CausalToken | None]:
    if shop_id is None:
        return write_control(runtime.router, lambda control: leases.begin(control, ControlJob, job_id, attempts)), None
    return write_shop(runtime.router, shop_id, SYSTEM, lambda db: leases.begin(db, OutboxJob, job_id, attempts))


def _perform(run: ShopJob | ControlJobRun, kind: JobKind, begun: Begun) -> None:
    started = time.monotonic()
    try:
        with run.heartbeat:
            kind.run(run, **begun.params)
            if not run.finished:
                run.finish()
    except LeaseLost:
        log.warning("another worker has this job")
    except Exception as error:  # whatever it was, the row must say so
        if run.finished:
            log.exception("failed after its effect was committed")
            return
        log.warning("job failed", exc_info=True)
        failed(run, kind, begun, error)
    else:
        log.info("job done", ms=round((time.monotonic() - started) * 1000))


def failed(run: ShopJob | ControlJobRun, kind: JobKind, begun: Begun, error: Exception) -> None:
    """Wait and try again, or give up and tell the domain."""
    told = error_text(error)
    try:
        if isinstance(error, FINAL) or begun.attempts >= kind.attempts:
            shop_id = run.shop_id if isinstance(run, ShopJob) else None
            abandon(
                run.runtime,
                kind,
                shop_id=shop_id,
                job_id=run.id,
                attempts=begun.attempts,
                params=begun.params,
                error=told,
            )
            return
        row, after = OutboxJob if isinstance(run, ShopJob) else ControlJob, back_off(begun.attempts)
        run._write(lambda db: leases.put_back(db, row, run.id, begun.attempts, error=told, after=after))
    except RouterError:  # the shard is gone; the lease runs out and the relay comes back to it
        log.warning("could not note the failure", exc_info=True)


def abandon(
    runtime: Runtime,
    kind: JobKind,
    *,
    shop_id: int | None,
    job_id: UUID,
    attempts: int,
    params: Mapping[str, Any],
    error: str,
) -> None:
    """FAILED, and the domain told in the same transaction; nothing when somebody else has the job."""

    def end_shop(db: ShopSession) -> bool:
        ended = leases.give_up(db, OutboxJob, job_id, attempts, error)
        if ended and kind.gave_up is not None:
            kind.gave_up(db, dict(params))
        return ended

    def end_control(control: ControlSession) -> bool:
        ended = leases.give_up(control, ControlJob, job_id, attempts, error)
        if ended and kind.gave_up is not None:
            kind.gave_up(control, dict(params))
        return ended

    if shop_id is None:
        ended = write_control(runtime.router, end_control)
    else:
        ended, _ = write_shop(runtime.router, shop_id, SYSTEM, end_shop)
    if ended:
        log.error("job given up", job=kind.name, job_id=str(job_id), shop_id=shop_id, error=error)
        runtime.queue.publish(job_id, {"state": OutboxState.FAILED.value, "error": error})


def back_off(attempts: int) -> dt.timedelta:
    """2 s, 10 s, 1 min, 5 min, then 15 min, spread a little: what failed together does not come back together."""
    base = BACK_OFF[min(attempts, len(BACK_OFF)) - 1]
    return dt.timedelta(seconds=base * random.uniform(0.8, 1.2))  # noqa: S311 (no secret)


def error_text(error: Exception) -> str:
    """What the row keeps and the shop may see: never an exception's raw text, which can hold a customer's data."""
    if isinstance(error, AppError):
        return f"{error.code}: {error.message}"[:500]
    if isinstance(error, GiveUp):
        return str(error)[:500]
    return type(error).__name__[:500]
