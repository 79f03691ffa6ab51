"""Owns the tenants' jobs: preparing shops, pushing projections either way, changing keys, forgetting."""

from functools import partial
from typing import Any
from uuid import UUID

from app.kit import outbox
from app.kit.jobs import ControlJobRun, ShopJob, control_job, shop_job
from app.kit.rounds import Round
from app.kit.transactions import write_control
from app.tenants import service
from shard_router import Mode

CHUNK = 200
CHUNKS_A_RUN = 25
MEMBERS = "app.tenants.jobs.reconcile_members"
FOR_LONG = 40  # attempts: a shard that is away for hours does not leave a shop half-opened


@control_job(queue="bills", attempts=FOR_LONG)
def prepare_shop(job: ControlJobRun, *, shop_id: int) -> None:
    """Writes the shop's first rows on its shard and opens its doors; killed anywhere, it ends the same run again."""
    service.prepare_shop(job.runtime.router, shop_id)
    job.runtime.cache.forget(shop_id)


@control_job(attempts=FOR_LONG)
def push_member(job: ControlJobRun, *, shop_id: int, person_id: str) -> None:
    """Tells the shop's shard what this person may do now; the newest version wins, whichever push comes last."""
    view = job.control(lambda control: service.find_member_rights(control, shop_id, UUID(person_id)))
    if view is not None:
        job.shop(shop_id, lambda db: service.keep_member(db, view))


@control_job(attempts=FOR_LONG)
def push_entitlement(job: ControlJobRun, *, shop_id: int, dates: dict[str, Any]) -> None:
    """Tells the shop's shard until when its plan is paid; the shop's cache forgets what it knew."""
    job.shop(shop_id, lambda db: service.keep_entitlement(db, service.read_dates(dates)))
    job.runtime.cache.forget(shop_id)


@shop_job(attempts=FOR_LONG)
def tell_names(job: ShopJob) -> None:
    """Tells the control plane how the shop calls itself now; the newest profile wins, whichever job comes last."""
    profile = job.read(service.get_profile)
    write_control(job.runtime.router, lambda control: service.keep_names(control, job.shop_id, profile))


@control_job(time_limit=1800)
def reconcile_members(job: ControlJobRun, *, on: str, only: int | None = None, after: int = 0) -> None:
    """Compares every shop's member rights with its shard's and pushes again what differs; `on` only names the run.

    It also carries out what happens by date alone: a right that a role gains or loses from a day on. `only`: one shop.
    A run looks at CHUNKS_A_RUN × CHUNK shops behind `after` and leaves the rest to another job.
    """
    tour, done = Round(job.runtime.router, "members"), 0
    if only is not None:
        _reconcile(job, tour, only)
        return
    for _ in range(CHUNKS_A_RUN):
        shops = job.control(partial(service.list_shops, after=after, limit=CHUNK))
        for shop in shops:
            if shop.ready_at is not None:
                _reconcile(job, tour, shop.shop_id)
            done += 1
            job.progress(done)
        if len(shops) < CHUNK:
            return
        after = shops[-1].shop_id
    job.finish(lambda control: outbox.enqueue_control(control, MEMBERS, params={"on": on, "after": after}))


@control_job
def rotate_signing_keys(job: ControlJobRun, *, on: str) -> None:
    """Makes the next signing key when the present one ends within three days; `on` only names the run."""
    job.control(lambda control: service.rotate_keys(control, job.runtime.keyring))


@control_job
def purge_sign_ins(job: ControlJobRun, *, on: str) -> None:
    """Forgets failed sign-ins of yesterday, tokens and invitations that have expired; `on` only names the run."""
    job.control(service.purge_sign_ins)
    job.control(service.purge_invitations)


def _reconcile(job: ControlJobRun, tour: Round, shop_id: int) -> None:
    """Not a shop whose shard is away: the next run looks again."""
    wanted = job.control(lambda control: service.list_member_rights(control, shop_id))
    kept: list[service.MemberRightsView] = []

    def look() -> None:
        with job.runtime.router.shop(shop_id, service.SYSTEM, mode=Mode.READ) as db:
            kept.extend(service.list_kept_members(db))

    if tour.visit(shop_id, look) and (stale := service.stale_members(kept, wanted)):
        job.control(lambda control: service.renew_members(control, shop_id, stale))
