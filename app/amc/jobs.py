"""Owns the AMC's jobs: ending trials and years on their date, and comparing the shards with the contracts."""

import datetime as dt
from functools import partial

from app.amc import service
from app.kit.jobs import ControlJobRun, control_job
from app.tenants import service as tenants
from shard_router import Mode, RouterError

CHUNK = 200


@control_job(time_limit=600)
def sweep_trials(job: ControlJobRun, *, on: str) -> None:
    """Ends every trial and year whose last day lies before `on`; a transaction a shop, so a kill costs nothing."""
    day = dt.date.fromisoformat(on)
    done, after = 0, 0
    while due := job.control(partial(service.list_due, on=day, after=after, limit=CHUNK)):
        for shop_id in due:
            job.control(partial(service.end_contract, shop_id=shop_id, on=day))
            done += 1
            job.progress(done)
        after = due[-1]


@control_job(time_limit=1800)
def reconcile_entitlements(job: ControlJobRun, *, on: str, only: int | None = None) -> None:
    """Compares what each shard holds of its shops' contracts and pushes again what differs; `on` only names the run.

    `only`: one shop.
    """
    after, done = (only - 1, 0) if only is not None else (0, 0)
    while chunk := job.control(partial(service.list_dates, after=after, limit=CHUNK)):
        for shop_id, dates in chunk[: 1 if only is not None else None]:
            _reconcile(job, shop_id, dates)
            done += 1
            job.progress(done)
        if only is not None:
            return
        after = chunk[-1][0]


def _reconcile(job: ControlJobRun, shop_id: int, dates: tenants.EntitlementDates) -> None:
    try:
        with job.runtime.router.shop(shop_id, tenants.SYSTEM, mode=Mode.READ) as db:
            kept = tenants.find_entitlement(db)
    except RouterError:
        return  # a shop that is being prepared, or a shard that is away: the next run looks again
    if kept != dates:
        above = kept.version if kept is not None else 0
        job.control(lambda control: service.renew_dates(control, shop_id=shop_id, above=above))
