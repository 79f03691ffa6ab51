"""Owns asking again for a job that failed: by who may ask for such work, once, and noted in the shop's audit log.

A new row does it. The failed one stays as it is and names its successor, so that no old worker can take it for its own.
"""

from uuid import UUID

from sqlalchemy import select

from app.kit import audit, outbox
from app.kit.access import RightMissing
from app.kit.errors import Conflict
from app.kit.jobkinds import UnknownJob, kind_of
from app.kit.models import OutboxJob, OutboxState
from app.kit.outbox import JobNotFound, JobView
from app.kit.texts import N_, _
from shard_router import ShopSession

SUCCESSOR = "retriedAs"


class JobNotFailed(Conflict):
    """Only a job that was given up can be asked for again; others are under way, or done."""

    default_message = N_("This job has not failed.")
    default_action = N_("Look at what it made, or wait for its end.")


def retry_job(db: ShopSession, job_id: UUID) -> JobView:
    """The job that takes the failed one's place; asked twice, the same one.

    Raises JobNotFound, JobNotFailed, RightMissing, and what the domain says of work that is not wanted any more.
    """
    row = db.scalars(select(OutboxJob).where(OutboxJob.id == job_id).with_for_update()).one_or_none()
    if row is None:
        raise JobNotFound()
    try:
        kind = kind_of(row.job)
    except UnknownJob:  # an older version's work, which nothing here could do
        raise JobNotFailed() from None
    if not db.actor.may(kind.right):
        raise RightMissing(_("Your role in this shop does not include “%(right)s”.", right=kind.right))
    if row.state != OutboxState.FAILED.value:
        raise JobNotFailed()
    if row.result and SUCCESSOR in row.result:
        return outbox.get_job(db, UUID(row.result[SUCCESSOR]))
    again = kind.again or (lambda db, params: outbox.enqueue(db, kind.name, key=f"again-{job_id.hex}", params=params))
    successor = again(db, dict(row.params))
    if successor is None:
        raise JobNotFailed()
    row.result = {SUCCESSOR: str(successor)}
    db.flush()
    audit.record(db, "job.retried", job_id, {"job": kind.name, "as": str(successor)})
    return outbox.get_job(db, successor)
