"""Owns following a job from a page: live by the side service, by polling where that is cut, or not at all."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from flask import request, url_for

from app.kit.http import runtime, shop_read, shop_scope
from app.kit.ids import parse_id
from app.kit.outbox import JobNotFound, JobView
from app.live import service as live
from app.live import tickets


@dataclass(frozen=True, slots=True)
class Follow:
    """A job that has not ended, and the two ways to hear of it."""

    job_url: str
    live_url: str


def follow(job_id: UUID) -> Follow:
    found, shop_id = shop_scope()
    ticket = tickets.write(runtime().signer, shop_id=shop_id, job_id=job_id, principal=found.principal)
    return Follow(url_for("shop_pages.job", job_id=job_id), f"{runtime().side_url}/live/jobs/{ticket}")


def followed() -> Follow | None:
    """The job that this page's address names, while it has not ended."""
    if not (text := request.args.get("job", "")):
        return None
    job = find_job(text)
    return None if job is None or job.ended else follow(job.id)


def find_job(text: str) -> JobView | None:
    job_id = parse_id(text)
    try:
        return shop_read(lambda db: live.get_job(db, job_id=job_id))
    except JobNotFound:
        return None
