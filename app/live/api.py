"""Owns the API of jobs: how far one is, and a ticket to follow it live."""

from typing import Any
from uuid import UUID

from app.kit import outbox, retrying
from app.kit.http import api_blueprint, runtime, scope, shop_read, shop_write, signed_in
from app.kit.outbox import JobView
from app.live import service, tickets
from app.live.schemas import JobOut

blueprint = api_blueprint("jobs", "/jobs", description="Jobs that this shop asked for.")


@blueprint.get("/<id:job_id>")
@signed_in
@blueprint.response(200, JobOut)
def get_job(shop_id: int, job_id: UUID) -> dict[str, Any]:
    """How far a job is. Poll it, or follow `liveUrl` as server-sent events."""
    return _shown(shop_read(lambda db: service.get_job(db, job_id=job_id)), shop_id)


@blueprint.post("/<id:job_id>/retry")
@signed_in
@blueprint.response(202, JobOut)
def retry_job(shop_id: int, job_id: UUID) -> dict[str, Any]:
    """The job that takes a failed one's place; asked twice, the same one. Who may ask for such work may ask again."""
    view = shop_write(lambda db: retrying.retry_job(db, job_id), rebuild=outbox.get_job)
    return _shown(view, shop_id)


def _shown(view: JobView, shop_id: int) -> dict[str, Any]:
    return {
        **{name: getattr(view, name) for name in JobView.__dataclass_fields__},
        "live_url": _live_url(view, shop_id),
    }


def _live_url(view: JobView, shop_id: int) -> str | None:
    if view.ended:
        return None
    ticket = tickets.write(runtime().signer, shop_id=shop_id, job_id=view.id, principal=scope().principal)
    return f"{runtime().side_url}/live/jobs/{ticket}"
