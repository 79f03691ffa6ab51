"""Jobs: given to a karigar, looked at with what became of their metal and stones, put off, cancelled."""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy.exc import IntegrityError

from app.karigar import repository
from app.karigar.errors import (
    JobClosed,
    JobFactsWrong,
    JobNotEmpty,
    KarigarJobUnknown,
    KarigarResting,
    ReceivedMeanwhile,
)
from app.karigar.facts import check_due, settled_job
from app.karigar.models import JobState, Karigar, KarigarJob, Why
from app.karigar.service.karigars import allowed_on, locked_karigar
from app.karigar.views import Job, JobDraft, JobMetal, JobStones
from app.kit import audit, paging
from app.kit.clock import today_ist, utc_now
from app.kit.ids import new_id
from app.kit.texts import _
from shard_router import ShopSession

_WRITTEN_OFF = (Why.WASTAGE.value, Why.CHARGED.value, Why.ACCEPTED.value)


def open_job(db: ShopSession, *, karigar_id: UUID, draft: JobDraft) -> Job:
    """Give a karigar work; metal and stones follow on challans.

    Raises KarigarUnknown, KarigarResting, JobFactsWrong."""
    today, now = today_ist(), utc_now()
    facts = settled_job(draft, today)
    karigar = locked_karigar(db, karigar_id)
    if not karigar.active:
        raise KarigarResting(_("%(name)s no longer works for the shop.", name=karigar.name))
    karigar.last_job += 1
    allowed = facts.allowed_bp
    if allowed is None:
        allowed = allowed_on(db, karigar.id, facts.work, today)
    row = KarigarJob(
        id=new_id(), karigar_id=karigar.id, number=f"{karigar.code}-{karigar.last_job}", work=facts.work,
        description=facts.description, metal=facts.metal, fineness=facts.fineness, pieces=facts.pieces,
        allowed_bp=allowed, labour_basis=facts.labour_basis, labour_paise=facts.labour_paise, order_id=facts.order_id,
        opened_on=today, due_on=facts.due_on, state=JobState.OPEN.value, closed_at=None, version=1, created_at=now,
        updated_at=now,
    )  # fmt: skip
    db.add(row)
    try:
        db.flush()
    except IntegrityError as untied:
        if "order_id" not in str(untied.orig):
            raise
        raise JobFactsWrong(_("There is no such order."), fields={"orderId": "unknown"}) from untied
    audit.record(db, "karigar.job_opened", row.id, {
        "number": row.number, "metal": row.metal, "fineness": row.fineness, "allowedBp": allowed,
        "dueOn": row.due_on.isoformat(), "order": row.order_id and str(row.order_id),
    })  # fmt: skip
    return job_of(row, karigar.name, JobMetal())


def get_job(db: ShopSession, job_id: UUID) -> Job:
    """Raises KarigarJobUnknown."""
    row = repository.find_job(db, job_id)
    if row is None:
        raise KarigarJobUnknown()
    karigar = repository.find_karigar(db, row.karigar_id)
    assert karigar is not None  # a foreign key says so
    return job_of(row, karigar.name, metal_of(db, [row.id])[row.id])


def list_jobs(
    db: ShopSession,
    *,
    state: str | None = None,
    karigar_id: UUID | None = None,
    order_id: UUID | None = None,
    overdue: bool = False,
    sort: str | None = None,
    after: str | None = None,
    limit: int = paging.DEFAULT_LIMIT,
) -> paging.Page[Job]:
    """A page of jobs, what is due first at its top; `overdue`: open, and due before today. Two statements."""
    statement = repository.list_jobs(
        state=JobState.OPEN.value if overdue else state, karigar_id=karigar_id, order_id=order_id,
        due_before=today_ist() if overdue else None,
    )  # fmt: skip
    found = paging.page(
        db, statement.add_columns(KarigarJob.due_on, KarigarJob.created_at, KarigarJob.id), orders=_ORDERS, sort=sort,
        after=after, limit=limit,
    )  # fmt: skip
    rows = [(row[0], row[1]) for row in found.items]
    metal = metal_of(db, [job.id for job, _name in rows])
    return paging.Page([job_of(job, name, metal[job.id]) for job, name in rows], found.next_cursor)


def stones_on(db: ShopSession, job_id: UUID) -> tuple[JobStones, ...]:
    """The job's stones by kind: what was issued, what is accounted for."""
    sums: defaultdict[str, list[int]] = defaultdict(lambda: [0, 0, 0, 0, 0])
    from_lot: set[str] = set()
    for kind, why, count, mct, paise, of_lots in repository.stones_of_job(db, job_id):
        issued = why == Why.ISSUED.value
        at = 0 if issued else 2
        sums[kind][at] += int(count)
        sums[kind][at + 1] += int(mct)
        sums[kind][4] += int(paise) if issued else -int(paise)
        if issued and int(of_lots):
            from_lot.add(kind)
    return tuple(
        JobStones(kind, issued, issued_mct, back, back_mct, paise, kind in from_lot)
        for kind, (issued, issued_mct, back, back_mct, paise) in sorted(sums.items())
    )


def put_off(db: ShopSession, *, job_id: UUID, expected_version: int, due_on: dt.date) -> Job:
    """Another day is agreed on which the work comes back."""
    karigar, row = locked_job(db, job_id, expected_version)
    check_due(due_on, row.opened_on)
    before, row.due_on = row.due_on, due_on
    touch(row)
    db.flush()
    audit.record(db, "karigar.job_put_off", row.id, {"before": before.isoformat(), "after": due_on.isoformat()})
    return job_of(row, karigar.name, metal_of(db, [row.id])[row.id])


def cancel_job(db: ShopSession, *, job_id: UUID, expected_version: int, reason: str) -> Job:
    """Nothing was made. Raises JobNotEmpty while metal or stones of it lie with the karigar, or where work came."""
    karigar, row = locked_job(db, job_id, expected_version)
    so_far = metal_of(db, [row.id])[row.id]
    if so_far.left or so_far.finished or any(one.left or one.left_mct for one in stones_on(db, row.id)):
        raise JobNotEmpty(_("Metal or stones of %(number)s have not come back as they were.", number=row.number))
    row.state, row.closed_at = JobState.CANCELLED.value, utc_now()
    touch(row)
    db.flush()
    audit.record(db, "karigar.job_cancelled", row.id, {"number": row.number, "reason": reason})
    return job_of(row, karigar.name, so_far)


def locked_job(db: ShopSession, job_id: UUID, expected_version: int | None) -> tuple[Karigar, KarigarJob]:
    """The karigar, then the job, held until the commit.

    Raises KarigarJobUnknown, ReceivedMeanwhile where it has another version, JobClosed where it is not open."""
    seen = repository.find_job(db, job_id)
    if seen is None:
        raise KarigarJobUnknown()
    karigar = locked_karigar(db, seen.karigar_id)
    row = repository.find_job(db, job_id, lock=True)
    assert row is not None  # jobs are never deleted
    if row.state != JobState.OPEN.value:
        raise JobClosed(_("%(number)s is %(state)s.", number=row.number, state=row.state))
    if expected_version is not None and row.version != expected_version:
        raise ReceivedMeanwhile()
    return karigar, row


def touch(row: KarigarJob) -> None:
    row.version, row.updated_at = row.version + 1, utc_now()


def metal_of(db: ShopSession, job_ids: Iterable[UUID]) -> defaultdict[UUID, JobMetal]:
    """What became of the metal of many jobs, in one statement."""
    wanted = list(job_ids)
    sums: defaultdict[UUID, dict[str, Sequence[Any]]] = defaultdict(dict)
    for row in repository.metal_of_jobs(db, wanted) if wanted else ():
        sums[row[0]][row[1]] = [int(figure) for figure in row[2:]]
    return defaultdict(JobMetal, {job_id: _metal(found) for job_id, found in sums.items()})


def _metal(found: dict[str, Sequence[Any]]) -> JobMetal:
    """Of sums by why: gross, net, fine, value, labour, lines."""
    nothing = (0, 0, 0, 0, 0, 0)
    issued, finished = found.get(Why.ISSUED.value, nothing), found.get(Why.FINISHED.value, nothing)
    return JobMetal(
        issued=issued[2], finished=finished[2], returned=found.get(Why.RETURNED.value, nothing)[2],
        written_off=sum(found.get(why, nothing)[2] for why in _WRITTEN_OFF), finished_mg=finished[1],
        finished_pieces=finished[5], labour_paise=finished[4], issued_paise=issued[3],
        back_paise=sum(figures[3] for why, figures in found.items() if why != Why.ISSUED.value),
    )  # fmt: skip


_ORDERS = paging.Orders(tie=KarigarJob.id, default="dueOn", dueOn=KarigarJob.due_on, createdAt=KarigarJob.created_at)


def job_of(row: KarigarJob, name: str, so_far: JobMetal) -> Job:
    return Job(
        row.id, row.karigar_id, name, row.number, row.work, row.description, row.metal, row.fineness, row.pieces,
        row.allowed_bp, row.labour_basis, row.labour_paise, row.order_id, row.opened_on, row.due_on, row.state,
        row.closed_at, row.version, so_far,
    )  # fmt: skip
