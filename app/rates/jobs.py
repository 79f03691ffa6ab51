"""Owns the rates' jobs: fetching the feed for all shops, telling those that follow it, asking for the newest."""

from functools import partial

import structlog

from app.adapters.rate_feeds import read_json
from app.kit import outbox
from app.kit.clock import today_ist, utc_now
from app.kit.jobs import ControlJobRun, ShopJob, control_job, shop_job
from app.kit.rounds import Round
from app.kit.transactions import write_control
from app.rates import service
from app.rates.service.feed import PUSH
from shard_router import ShopSession

log = structlog.get_logger(__name__)


@control_job(attempts=2)
def fetch_feed(job: ControlJobRun, *, on: str) -> None:
    """Asks the sources and keeps what they said, outside any transaction while it waits; `on` names the run.

    Where none answers, the last rate stays, and grows old before everybody's eyes.
    """
    last = job.control(service.last_values)
    gathered = service.gather(lambda url, seconds: read_json(url, timeout_s=seconds), last, today_ist())
    fresh = job.control(partial(service.keep, gathered=gathered, now=utc_now()))
    failed = {feed: why for feed, why in gathered.outcomes.items() if why is not None}
    if failed:
        log.warning("sources of the feed failed", **{"sources": failed, "fresh": len(fresh)})
    if fresh:
        job.finish(lambda control: outbox.enqueue_control(control, PUSH, params={"on": on}))


@control_job(time_limit=1800)
def push_feed(job: ControlJobRun, *, on: str) -> None:
    """Tells the shops that follow the feed its newest rates; a shard that is away is left to the next push.

    The newest row wins on the shard, so pushes may come late, twice or out of order.
    """
    newest = job.control(service.newest)
    with job.runtime.router.fleet(reason="shops that follow the feed") as fleet:
        found = fleet.each(lambda session, _: service.followers(session))
    shops = sorted(set().union(*found.parts.values()))
    tour, cache = Round(job.runtime.router, "feed"), job.runtime.cache
    for done, shop_id in enumerate(shops, start=1):
        tour.visit(shop_id, partial(job.shop, shop_id, lambda db: service.take(db, newest, cache)))
        job.progress(done, len(shops))


@shop_job
def take_feed(job: ShopJob) -> None:
    """What a shop's button does: the newest rate of now is taken, and a fresh one asked for where it is not new.

    That one comes to this shop with its push, as to all others.
    """
    newest = write_control(job.runtime.router, partial(service.ask_if_old, now=utc_now()))
    job.runtime.queue.poke(None)

    def work(db: ShopSession) -> None:
        service.take(db, newest, job.runtime.cache)

    job.finish(work, result={"rates": len(newest)})
