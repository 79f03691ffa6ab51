"""Owns the API of jobs: how far one is, and a ticket to follow it live."""

from typing import Any
from uuid import UUID

from app.kit.http import api_blueprint, runtime, scope, shop_read, signed_in
from app.kit.outbox import JobView
from app.live import service, tickets
from app.live.schemas import JobOut

blueprint = api_blueprint("jobs", "/jobs", description="Jobs that this shop asked for.")


@blueprint.get("/<id:job_id>")
@signed_in
@blueprint.response(200, JobOut)
def get_job(shop_id: int, job_id: UUID) -> dict[str, Any]:
    """How far a job is. Poll it, or follow `liveUrl` as server-sent events."""
    view = shop_read(lambda db: service.get_job(db, job_id=job_id))
    return {
        **{name: getattr(view, name) for name in JobView.__dataclass_fields__},
        "live_url": _live_url(view, shop_id),
    }


def _live_url(view: JobView, shop_id: int) -> str | None:
    if view.ended:
        return None
    ticket = tickets.write(runtime().signer, shop_id=shop_id, job_id=view.id, principal=scope().principal)
    return f"{runtime().side_url}/live/jobs/{ticket}"
