"""Owns the schemes' daily round: what is full matures, what nears its last day is shown, what reaches it ends."""

import datetime as dt
from functools import partial
from uuid import UUID

import structlog

from app.kit import outbox
from app.kit.errors import AppError
from app.kit.jobs import ControlJobRun, control_job
from app.kit.rounds import Round
from app.schemes import service
from app.tenants import service as tenants
from shard_router import Mode

log = structlog.get_logger(__name__)

CHUNK = 200
CHUNKS_A_RUN = 25
SWEEP = "app.schemes.jobs.sweep"


class SomeShopsLeft(Exception):
    """These shards' shops could not be reached; all others were swept."""


@control_job(time_limit=1800)
def sweep(job: ControlJobRun, *, on: str, after: int = 0) -> None:
    """Sweeps every shop's schemes for the day `on`, a transaction a scheme: killed anywhere, it is begun again and
    finds done what was done. A run looks at CHUNKS_A_RUN × CHUNK shops behind `after` and leaves the rest to another.
    """
    day, tour, done = dt.date.fromisoformat(on), Round(job.runtime.router, "schemes"), 0
    for _ in range(CHUNKS_A_RUN):
        shops = job.control(partial(tenants.list_shops, after=after, limit=CHUNK))
        for shop in shops:
            if shop.ready_at is not None:
                tour.visit(shop.shop_id, partial(sweep_shop, job, shop.shop_id, day))
            done += 1
            job.progress(done)
        if len(shops) < CHUNK:
            break
        after = shops[-1].shop_id
    else:
        job.control(
            partial(outbox.enqueue_control, job=SWEEP, key=f"schemes-{on}-{after}", params={"on": on, "after": after})
        )
    if tour.left:
        raise SomeShopsLeft(dict(tour.left))


def sweep_shop(job: ControlJobRun, shop_id: int, on: dt.date) -> None:
    """All that this day does to one shop's schemes; one that cannot be ended stops none behind it."""
    last: UUID | None = None
    while waiting := _waiting(job, shop_id, on, last):
        for scheme_id in waiting:
            try:
                job.shop(shop_id, partial(service.sweep_scheme, scheme_id=scheme_id, on=on))
            except AppError:  # a saver who was erased: somebody must look, and the notices show it
                log.exception("a scheme could not be swept", shop_id=shop_id, scheme_id=str(scheme_id))
        last = waiting[-1]


def _waiting(job: ControlJobRun, shop_id: int, on: dt.date, after: UUID | None) -> list[UUID]:
    with job.runtime.router.shop(shop_id, tenants.SYSTEM, mode=Mode.READ) as db:
        return service.to_be_swept(db, on, after=after, limit=CHUNK)
