"""Owns the AMC's jobs: ending trials and years on their date, and comparing the shards with the contracts."""

import datetime as dt
from functools import partial

import structlog

from app.amc import service
from app.kit import outbox
from app.kit.errors import AppError
from app.kit.jobs import ControlJobRun, control_job
from app.kit.rounds import Round
from app.tenants import service as tenants
from shard_router import Mode

log = structlog.get_logger(__name__)

CHUNK = 200
CHUNKS_A_RUN = 25
ENTITLEMENTS = "app.amc.jobs.reconcile_entitlements"


class SomeNotEnded(Exception):
    """These shops' contracts could not be ended; all others that were due have been."""


@control_job(time_limit=600)
def sweep_trials(job: ControlJobRun, *, on: str) -> None:
    """Ends every trial and year whose last day lies before `on`; a transaction a shop, so a kill costs nothing.

    A contract that cannot be ended stops none behind it; the job fails at the end and is tried again for those.
    """
    day = dt.date.fromisoformat(on)
    done, after = 0, 0
    failed: list[int] = []
    while due := job.control(partial(service.list_due, on=day, after=after, limit=CHUNK)):
        for shop_id in due:
            try:
                job.control(partial(service.end_contract, shop_id=shop_id, on=day))
            except (AppError, ArithmeticError, LookupError, TypeError, ValueError):
                log.exception("a contract could not be ended", shop_id=shop_id)
                failed.append(shop_id)
            done += 1
            job.progress(done)
        after = due[-1]
    if failed:
        raise SomeNotEnded(failed)


@control_job(time_limit=1800)
def reconcile_entitlements(job: ControlJobRun, *, on: str, only: int | None = None, after: int = 0) -> None:
    """Compares what each shard holds of its shops' contracts and pushes again what differs; `on` only names the run.

    `only`: one shop. A run looks at CHUNKS_A_RUN × CHUNK shops behind `after` and leaves the rest to another job.
    """
    if only is not None:
        after = only - 1
    tour, done = Round(job.runtime.router, "entitlements"), 0
    for _ in range(CHUNKS_A_RUN):
        chunk = job.control(partial(service.list_dates, after=after, limit=1 if only is not None else CHUNK))
        for shop_id, dates in chunk:
            _reconcile(job, tour, shop_id, dates)
            done += 1
            job.progress(done)
        if only is not None or len(chunk) < CHUNK:
            return
        after = chunk[-1][0]
    job.finish(lambda control: outbox.enqueue_control(control, ENTITLEMENTS, params={"on": on, "after": after}))


def _reconcile(job: ControlJobRun, tour: Round, shop_id: int, dates: tenants.EntitlementDates) -> None:
    """Not a shop that is being prepared, nor one whose shard is away: the next run looks again."""
    found: list[tenants.EntitlementDates | None] = []

    def look() -> None:
        with job.runtime.router.shop(shop_id, tenants.SYSTEM, mode=Mode.READ) as db:
            found.append(tenants.find_entitlement(db))

    if tour.visit(shop_id, look) and found[0] != dates:
        above = found[0].version if found[0] is not None else 0
        job.control(lambda control: service.renew_dates(control, shop_id=shop_id, above=above))
