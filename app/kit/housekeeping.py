"""Owns forgetting what is needed no longer: claimed keys after 48 hours, ended jobs after 30 days, what rooms name.

Deletes are made by the account `purger`, shop by shop through the fence, in small steps; the application's own account
may delete hardly anything.
"""

import dataclasses
import datetime as dt
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

from sqlalchemy import ColumnElement, delete, select, tuple_

from app.kit.clock import utc_now
from app.kit.jobs import SYSTEM, ControlJobRun, control_job
from app.kit.models import ControlIdempotencyKey, ControlJob, IdempotencyKey, OutboxJob, OutboxState
from app.kit.rounds import Round
from shard_router import FleetSession, Mode, Router

KEYS_KEPT = dt.timedelta(hours=48)
JOBS_KEPT = dt.timedelta(days=30)
STEP = 500
ENDED = (OutboxState.DONE.value, OutboxState.FAILED.value)


@dataclasses.dataclass(frozen=True, slots=True)
class Short:
    """A table of a shop whose rows go by their age. `key`: the column that tells them apart; `old`: which go, now."""

    row: Any
    key: Any
    old: Callable[[dt.datetime], ColumnElement[bool]]


KITS = (
    Short(IdempotencyKey, IdempotencyKey.key, lambda now: IdempotencyKey.created_at < now - KEYS_KEPT),
    Short(OutboxJob, OutboxJob.id, lambda now: OutboxJob.state.in_(ENDED) & (OutboxJob.finished_at < now - JOBS_KEPT)),
)
_rooms: list[Short] = []


def also_purge(*rooms: Short) -> None:
    """What the rooms' tables need no longer; called by the factory (and the workers) once at start."""
    _rooms[:] = rooms


@control_job(time_limit=1800)
def purge(job: ControlJobRun, *, on: str) -> None:
    """A shop that can't be reached now is done tomorrow. Killed half-way, the next run finds what is left."""
    now = utc_now()
    with purger(job.runtime.router) as router:
        _purge_control(router, now)
        shops, tour = _shops(router, now), Round(router, "purge")
        for done, shop_id in enumerate(shops, start=1):
            job.progress(done, len(shops))
            tour.visit(shop_id, partial(purge_shop, router, shop_id, now))


@contextmanager
def purger(router: Router) -> Iterator[Router]:
    """A router of the same fleet whose sessions may delete, for as long as it is needed."""
    accounts = router.config.accounts
    config = dataclasses.replace(
        router.config, accounts={**accounts, "app": accounts.get("purger", accounts["app"])}, background=False
    )
    own = Router(config)
    try:
        yield own
    finally:
        own.close()


def purge_shop(router: Router, shop_id: int, now: dt.datetime) -> int:
    """Gives the number of rows that went."""
    return sum(_in_steps(router, shop_id, one.row, one.key, one.old(now)) for one in (*KITS, *_rooms))


def _shops(router: Router, now: dt.datetime) -> list[int]:
    def with_old_rows(session: FleetSession, shard: str) -> set[int]:
        found: set[int] = set()
        for one in (*KITS, *_rooms):
            found.update(session.scalars(select(one.row.shop_id).where(one.old(now)).distinct()))
        return found

    with router.fleet(reason="rows whose time is over") as fleet:
        parts = fleet.each(with_old_rows).parts
    return sorted(set().union(*parts.values()))


def _in_steps(router: Router, shop_id: int, row: Any, column: Any, old: ColumnElement[bool]) -> int:
    gone = 0
    while True:
        with router.shop(shop_id, SYSTEM, mode=Mode.WRITE) as db:
            keys = db.scalars(select(column).where(old).limit(STEP)).all()
            if not keys:
                return gone
            db.execute(delete(row).where(column.in_(keys)).execution_options(synchronize_session=False))
            db.commit()
        gone += len(keys)


def _purge_control(router: Router, now: dt.datetime) -> None:
    old_jobs = ControlJob.state.in_(ENDED) & (ControlJob.finished_at < now - JOBS_KEPT)
    _control_in_steps(router, ControlJob, (ControlJob.id,), old_jobs)
    key = (ControlIdempotencyKey.person_id, ControlIdempotencyKey.key)
    _control_in_steps(router, ControlIdempotencyKey, key, ControlIdempotencyKey.created_at < now - KEYS_KEPT)


def _control_in_steps(router: Router, row: Any, key: tuple[Any, ...], old: ColumnElement[bool]) -> None:
    while True:
        with router.control() as control:
            found = [tuple(one) for one in control.execute(select(*key).where(old).limit(STEP))]
            if not found:
                return
            gone = delete(row).where(tuple_(*key).in_(found)).execution_options(synchronize_session=False)
            control.execute(gone)
            control.commit()
