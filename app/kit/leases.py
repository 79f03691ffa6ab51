"""Owns how a job's row changes hands: every step is one compare-and-set over (state, attempts), so it happens once.

`attempts` counts how often a job was begun, and is the fencing token: a worker that was frozen and wakes late finds a
higher number and can do nothing any more. The lease only says when to stop waiting for a worker; its times are the
database's, and so is the moment when a job is due: a host with a wrong clock takes nobody's job away, holds none up.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast
from uuid import UUID

from sqlalchemy import ColumnElement, CursorResult, and_, func, null, or_, select, update
from sqlalchemy.orm import Session

from app.kit.clock import utc_now
from app.kit.db import server_now
from app.kit.models import ControlJob, OutboxJob, OutboxState

LEASE = dt.timedelta(seconds=30)
"""How long a released or running job is left alone; with the relay's pass it bounds recovery after a kill."""

NOW = dt.timedelta()

Row = type[OutboxJob] | type[ControlJob]


@dataclass(frozen=True, slots=True)
class Begun:
    """What a worker needs to know of the job that it just took."""

    job: str
    params: dict[str, Any]
    attempts: int
    actor: dict[str, Any] | None  # None: a job of the control plane


@dataclass(frozen=True, slots=True)
class Candidate:
    """A row that the relay may hand over, or give up."""

    id: UUID
    job: str
    attempts: int
    params: dict[str, Any]


def due() -> ColumnElement[bool]:
    """Rows to hand over: waiting and available, or released to a worker that no longer answers."""
    return due_of(OutboxJob)


def due_of(row: Row) -> ColumnElement[bool]:
    now = server_now()
    return or_(
        and_(row.state == OutboxState.WAITING.value, row.available_at <= now),
        and_(row.state == OutboxState.RELEASED.value, row.lease_until < now),
    )


def in_flight(db: Session, row: Row) -> dict[str, int]:
    """How many jobs of each name are with workers at this moment."""
    now = server_now()
    rows = db.execute(
        select(row.job, func.count().label("jobs"))
        .where(row.state == OutboxState.RELEASED.value, row.lease_until >= now)
        .group_by(row.job)
    )
    return {row.job: row.jobs for row in rows}


def due_names(db: Session, row: Row) -> set[str]:
    return set(db.scalars(select(row.job).where(due_of(row)).distinct()))


def candidates(db: Session, row: Row, jobs: Sequence[str], limit: int) -> list[Candidate]:
    """The longest due first."""
    rows = db.execute(
        select(row.id, row.job, row.attempts, row.params)
        .where(due_of(row), row.job.in_(jobs))
        .order_by(row.available_at, row.id)
        .limit(limit)
    )
    return [Candidate(*found) for found in rows]


def release(db: Session, row: Row, candidate: Candidate) -> bool:
    """Waiting, or abandoned → released for one lease."""
    return _set(
        db, row, candidate.id, candidate.attempts, due_of(row), to={"state": _RELEASED, "lease_until": _lease_end()}
    )


def begin(db: Session, row: Row, job_id: UUID, attempts: int) -> Begun | None:
    """Take a released job; None when somebody else did, or when the ticket is an old one."""
    mine = {"attempts": attempts + 1, "lease_until": _lease_end(), "error": None}
    if not _set(db, row, job_id, attempts, row.state == _RELEASED, to=mine):
        return None
    if row is ControlJob:
        job, params = db.execute(select(row.job, row.params).where(row.id == job_id)).one()
        return Begun(job=job, params=params, attempts=attempts + 1, actor=None)
    asked = select(OutboxJob.job, OutboxJob.params, OutboxJob.actor).where(OutboxJob.id == job_id)
    job, params, actor = db.execute(asked).one()
    return Begun(job=job, params=params, attempts=attempts + 1, actor=actor)


def renew(db: Session, row: Row, job_id: UUID, attempts: int) -> bool:
    return _set(db, row, job_id, attempts, row.state == _RELEASED, to={"lease_until": _lease_end()})


def advance(db: Session, job_id: UUID, attempts: int, *, done: int, total: int | None) -> bool:
    """Progress for whoever asks later; also renews."""
    progress = {"lease_until": _lease_end(), "steps_done": done, "steps_total": total}
    return _set(db, OutboxJob, job_id, attempts, OutboxJob.state == _RELEASED, to=progress)


def finish(db: Session, row: Row, job_id: UUID, attempts: int, result: Mapping[str, Any] | None) -> bool:
    """Done, once only. A shop's key is free again; the control plane's dated keys stay taken until the purge."""
    values: dict[str, Any] = {"state": OutboxState.DONE.value, "finished_at": utc_now(), "lease_until": None}
    if row is OutboxJob:
        values |= {"key": None, "result": dict(result) if result is not None else null()}
    return _set(db, row, job_id, attempts, row.state == _RELEASED, to=values)


def put_back(
    db: Session, row: Row, job_id: UUID, attempts: int, *, error: str | None = None, after: dt.timedelta = NOW
) -> bool:
    """Waiting again, to be due after a while: after a failure, or because the queue could not take it."""
    values = {
        "state": OutboxState.WAITING.value, "available_at": server_now(after), "lease_until": None, "error": error,
    }  # fmt: skip
    return _set(db, row, job_id, attempts, row.state == _RELEASED, to=values)


def give_up(db: Session, row: Row, job_id: UUID, attempts: int, error: str) -> bool:
    values: dict[str, Any] = {
        "state": OutboxState.FAILED.value, "finished_at": utc_now(), "lease_until": None, "error": error,
    }  # fmt: skip
    if row is OutboxJob:
        values["key"] = None
    return _set(db, row, job_id, attempts, row.state == _RELEASED, to=values)


_RELEASED = OutboxState.RELEASED.value


def _lease_end() -> ColumnElement[Any]:
    return server_now(LEASE)


def _set(
    db: Session, row: Row, job_id: UUID, attempts: int, stage: ColumnElement[bool], *, to: Mapping[str, Any]
) -> bool:
    """The one compare-and-set: it hits its row, or somebody else was there first."""
    statement = (
        update(row)
        .where(row.id == job_id, row.attempts == attempts, stage)
        .values(dict(to))
        .execution_options(synchronize_session=False)
    )
    return cast("CursorResult[Any]", db.execute(statement)).rowcount == 1
