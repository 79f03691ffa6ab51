"""Owns the console's jobs: counting the shops' figures, a job for each shard."""

from functools import partial

from app.console import figures
from app.kit.clock import utc_now
from app.kit.jobs import ControlJobRun, GiveUp, control_job

__all__ = ["refresh_figures", "refresh_part"]


@control_job
def refresh_figures(job: ControlJobRun, *, on: str) -> None:
    """Asks for every shard's part; `on` only names the run."""
    job.finish(lambda control: figures.ask_for_parts(control, job.runtime.router.topology.shards))


@control_job(time_limit=1800)
def refresh_part(job: ControlJobRun, *, shard: str) -> None:
    """Counts one shard's shops, some at a time; after a kill it goes on where it was."""
    if shard not in job.runtime.router.topology.shards:
        raise GiveUp(f"The topology names no shard {shard} any more.")
    more, steps = True, 0
    while more:
        now = utc_now()
        after = job.control(partial(figures.begin, shard=shard, now=now))
        counted, as_of = figures.count(job.runtime.router, shard, after=after, now=now)
        more = job.control(partial(figures.keep, shard=shard, counted=counted, after=after, as_of=as_of))
        steps += 1
        job.progress(steps)
