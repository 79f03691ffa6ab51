"""Owns the list of what failed for good in any shop: a page over all shards, newest first, that says what it lacks."""

import datetime as dt
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select

from app.kit.models import OutboxJob, OutboxState
from app.kit.paging import DEFAULT_LIMIT, CursorMalformed
from shard_router import CursorRefused, Order, Router

ORDER = Order(OutboxJob.created_at, shop=OutboxJob.shop_id, tie=OutboxJob.id, down=True)
FAILED = select(
    OutboxJob.shop_id, OutboxJob.id, OutboxJob.job, OutboxJob.attempts, OutboxJob.error, OutboxJob.created_at,
    OutboxJob.finished_at,
).where(OutboxJob.state == OutboxState.FAILED.value)  # fmt: skip
PATIENCE = 1.5
"""Seconds that somebody looks at an empty page for one shard's sake."""


@dataclass(frozen=True, slots=True)
class FailedJob:
    """A job of a shop that was given up; the shop may ask for it again."""

    shop_id: int
    id: UUID
    job: str
    attempts: int
    error: str | None
    created_at: dt.datetime
    finished_at: dt.datetime | None


@dataclass(frozen=True, slots=True)
class MissingShard:
    """A shard that did not answer for this page."""

    shard: str
    reason: str


@dataclass(frozen=True, slots=True)
class FailedJobs:
    """A page. `missed`: shards whose rows some page so far lacks, this one or one before it."""

    items: list[FailedJob]
    next_cursor: str | None
    missing: list[MissingShard]
    missed: list[str]


def list_failed_jobs(router: Router, *, after: str | None = None, limit: int = DEFAULT_LIMIT) -> FailedJobs:
    """Raises CursorMalformed."""
    try:
        with router.fleet(reason="jobs that were given up") as fleet:
            page = fleet.page(FAILED, order=ORDER, after=after, limit=limit, deadline=PATIENCE)
    except CursorRefused:
        raise CursorMalformed() from None
    fields = FailedJob.__slots__
    return FailedJobs(
        [FailedJob(**{name: getattr(row, name) for name in fields}) for row in page.rows], page.next_cursor,
        [MissingShard(shard, reason) for shard, reason in sorted(page.missing.items())], list(page.missed),
    )  # fmt: skip
