"""Owns the console's jobs: counting the shops' figures, a job for each shard; moving shops, and clearing up behind."""

from functools import partial
from uuid import UUID

import structlog

from app.console import figures
from app.console.moves import SAFE_TO_LEAVE, NoMoverAccount, mover_of
from app.kit.clock import utc_now
from app.kit.jobs import ControlJobRun, GiveUp, control_job
from shard_router.moves import Limits, Progress, UnknownMove

LONGEST_MOVE = 6 * 3600
TRIES = 20
"""A worker's death costs one, and so do servers that are gone for a while; the waits between them grow to 15 min."""

log = structlog.get_logger(__name__)

__all__ = ["carry_out_move", "purge_moved", "refresh_figures", "refresh_part"]


@control_job
def refresh_figures(job: ControlJobRun, *, on: str) -> None:
    """Asks for every shard's part; `on` only names the run."""
    job.finish(lambda control: figures.ask_for_parts(control, job.runtime.router.topology.shards))


@control_job(time_limit=1800)
def refresh_part(job: ControlJobRun, *, shard: str) -> None:
    """Counts one shard's shops, some at a time; after a kill it goes on where it was."""
    router = job.runtime.router
    if shard not in router.topology.shards:
        router.reload()  # added a moment ago, and another process has looked before this one
    if shard not in router.topology.shards:
        raise GiveUp(f"The topology names no shard {shard} any more.")
    more, steps = True, 0
    while more:
        now = utc_now()
        after = job.control(partial(figures.begin, shard=shard, now=now))
        counted, as_of = figures.count(router, shard, after=after, now=now)
        more = job.control(partial(figures.keep, shard=shard, counted=counted, after=after, as_of=as_of))
        steps += 1
        job.progress(steps)


@control_job(queue="moves", attempts=TRIES, time_limit=LONGEST_MOVE)
def carry_out_move(job: ControlJobRun, *, move_id: str, accept_degraded: bool = False) -> None:
    """Carries a move out, or goes on with it where another run ended; what became of it stands in `moves`.

    A run that has lost its job to another worker ends where the shop trades at its old home, and never in a switch."""

    def heard(progress: Progress) -> None:
        if progress.state in SAFE_TO_LEAVE:
            job.progress(progress.rows_copied, progress.rows_expected or None)

    try:
        mover = mover_of(job.runtime.router, Limits(accept_degraded=accept_degraded))
        ended = mover.run(UUID(move_id), heard)
    except (NoMoverAccount, UnknownMove) as hopeless:
        raise GiveUp(str(hopeless)) from hopeless
    job.runtime.cache.forget(ended.shop_id)  # a restore took back what they remember


@control_job(queue="moves", time_limit=LONGEST_MOVE)
def purge_moved(job: ControlJobRun, *, on: str) -> None:
    """Deletes what moves left behind and nobody needs any more; `on` only names the run."""
    try:
        gone = mover_of(job.runtime.router).purge(now=utc_now())
    except NoMoverAccount:  # then nothing was moved from here
        return
    log.info("rows of moved shops are gone", rows=gone)
