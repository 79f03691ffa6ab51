"""Owns asking for work: a job's row is written by the transaction that wants it, so both or neither exist.

The row is the truth; Redis only carries a hint (relay.py). What breaks the promise: nothing short of losing the commit.
What a user sees when relay, Redis or every worker is down: the job waits, and everything else goes on.
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Insert, bindparam, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.kit.clock import utc_now
from app.kit.db import server_now
from app.kit.errors import NotFound
from app.kit.ids import new_id
from app.kit.models import ControlJob, OutboxJob, OutboxState
from app.kit.texts import N_
from shard_router import Actor, ControlSession, Prepared, ShopSession

ASKED = "outbox.asked"


class JobNotFound(NotFound):
    """The shop has no such job; a finished one is forgotten after 30 days."""

    default_message = N_("There is no such job.")


@dataclass(frozen=True)
class JobView:
    """A job as its shop may see it."""

    id: UUID
    job: str
    state: OutboxState
    attempts: int
    steps_done: int
    steps_total: int | None
    result: dict[str, Any] | None
    error: str | None
    created_at: dt.datetime
    finished_at: dt.datetime | None

    @property
    def ended(self) -> bool:
        return self.state in (OutboxState.DONE, OutboxState.FAILED)


def enqueue(
    db: ShopSession,
    job: str,
    *,
    key: str | None = None,
    params: Mapping[str, Any] | None = None,
) -> UUID:
    """Ask for `job` (a dotted name) in this transaction; gives the id of its row, which is the job's id everywhere.

    With a `key`, a job of this key that has not ended yet is given instead of a second one. Once it has ended, the key
    is free again. `params` become the job's keyword arguments and are JSON: ids as text, dates as ISO text.
    """
    db.info[ASKED] = True
    row = OutboxJob(**_columns(db.actor, job, key=key, params=params), available_at=server_now())
    if key is None:
        db.add(row)
        return row.id
    return _add_once(db, OutboxJob, row, key)


def enqueue_control(
    control: ControlSession,
    job: str,
    *,
    key: str | None = None,
    params: Mapping[str, Any] | None = None,
    shop_id: int | None = None,
) -> UUID:
    """The same in the control plane; here a key stays taken until the row is purged, so a dated key runs once ever."""
    control.info[ASKED] = True
    row = ControlJob(
        id=new_id(), job=job, key=key, shop_id=shop_id, params=dict(params or {}), created_at=utc_now(),
        state=OutboxState.WAITING.value, attempts=0, available_at=server_now(),
    )  # fmt: skip
    if key is None:
        control.add(row)
        return row.id
    return _add_once(control, ControlJob, row, key)


# The hot write's last packet: `PREPARED_ENQUEUE.bind(**prepared_columns(db, "app.invoices.jobs.render_pdf", …))`.
def _enqueue_statement() -> Insert:
    """Every column a bind but `available_at`: a host whose clock runs fast must not make its jobs wait."""
    columns = {column.key: bindparam(column.key, type_=column.type) for column in OutboxJob.__table__.columns}
    return insert(OutboxJob).values({**columns, "available_at": server_now()})


PREPARED_ENQUEUE = Prepared(_enqueue_statement)


def prepared_columns(
    db: ShopSession, job: str, *, key: str | None = None, params: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """All columns that PREPARED_ENQUEUE binds, the row's id among them; the key must name a new subject."""
    db.info[ASKED] = True
    return {"shop_id": db.shop_id, **_columns(db.actor, job, key=key, params=params)}


def asked(db: Session) -> bool:
    """Whether this session asked for jobs, so that its edge pokes the relay after the commit."""
    return bool(db.info.get(ASKED))


def put_off(db: ShopSession, *, apart: dt.timedelta) -> None:
    """Let the jobs that wait come one after the other, so far apart, the newest first: who asks from now on goes before
    them. For what makes many at once and is in no hurry."""
    waits = OutboxJob.state == OutboxState.WAITING.value
    jobs = db.scalars(select(OutboxJob.id).where(waits).order_by(OutboxJob.id.desc())).all()
    for place, job_id in enumerate(jobs, start=1):
        due = server_now(apart * place)
        db.execute(update(OutboxJob).where(OutboxJob.id == job_id, waits).values(available_at=due))


def get_job(db: ShopSession, job_id: UUID) -> JobView:
    """A job's state, progress and result; raises JobNotFound."""
    row = db.scalars(select(OutboxJob).where(OutboxJob.id == job_id).execution_options(populate_existing=True)).first()
    if row is None:
        raise JobNotFound()
    return _view(row)


def find_under_way(db: ShopSession, key: str) -> JobView | None:
    """The job of this key that has not ended."""
    row = db.scalars(select(OutboxJob).where(OutboxJob.key == key)).first()
    return None if row is None else _view(row)


def _view(row: OutboxJob) -> JobView:
    return JobView(
        id=row.id, job=row.job, state=OutboxState(row.state), attempts=row.attempts, steps_done=row.steps_done,
        steps_total=row.steps_total, result=row.result, error=row.error, created_at=row.created_at,
        finished_at=row.finished_at,
    )  # fmt: skip


def actor_document(actor: Actor) -> dict[str, Any]:
    """Who asked, as it is kept in the row."""
    return {
        "personId": str(actor.person_id) if actor.person_id else None,
        "name": actor.name,
        "actingFor": str(actor.acting_for) if actor.acting_for else None,
        "tillId": str(actor.till_id) if actor.till_id else None,
        "requestId": actor.request_id,
        "address": actor.address,
        "rights": sorted(actor.rights),
    }


def actor_of(document: Mapping[str, Any]) -> Actor:
    """Who asked, from the row: the job acts as that person, with the rights that they had when they asked."""

    def known(name: str) -> UUID | None:
        return UUID(document[name]) if document.get(name) else None

    return Actor(
        person_id=known("personId"), name=document.get("name", ""), acting_for=known("actingFor"),
        till_id=known("tillId"), request_id=document.get("requestId", ""),
        address=document.get("address", ""), rights=frozenset(document.get("rights", ())),
    )  # fmt: skip


def _columns(actor: Actor, job: str, *, key: str | None, params: Mapping[str, Any] | None) -> dict[str, Any]:
    """All columns but `available_at`, which the database's clock decides."""
    return {
        "id": new_id(), "job": job, "key": key, "params": dict(params or {}), "state": OutboxState.WAITING.value,
        "attempts": 0, "lease_until": None, "steps_done": 0, "steps_total": None,
        "result": None, "error": None, "actor_id": actor.person_id, "actor": actor_document(actor),
        "created_at": utc_now(), "finished_at": None,
    }  # fmt: skip


def _add_once(db: Session, model: type[OutboxJob] | type[ControlJob], row: OutboxJob | ControlJob, key: str) -> UUID:
    """A savepoint bears the clash of two asking at once: the second waits for the first's commit, then sees its row."""
    find = select(model.id).where(model.key == key)
    if (found := db.scalars(find).first()) is not None:
        return found
    try:
        with db.begin_nested():
            db.add(row)
    except IntegrityError:
        if (found := db.scalars(find).first()) is None:
            raise
        return found
    return row.id
