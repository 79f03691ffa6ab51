"""Owns the console's page of jobs: what waits in which queue, and what was given up in any shop: what, when, why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from flask import request, url_for

from app.console.frame import pages, show
from app.kit.clock import utc_now
from app.kit.failed_jobs import list_failed_jobs
from app.kit.http import runtime, vendor_admin
from app.kit.queueing import QUEUES, JobQueue, QueueUnavailable
from app.kit.texts import N_, _

QUEUE_NAMES = {
    "bills": N_("Bills"), "default": N_("All else"), "exports": N_("Exports"), "pictures": N_("Pictures"),
    "moves": N_("Moves of shops"),
}  # fmt: skip
JOB_NAMES = {
    "app.invoices.jobs.render_pdf": N_("A bill's PDF"), "app.reports.jobs.write_export": N_("A file for download"),
    "app.vision.jobs.process_picture": N_("A picture's sizes"),
    "app.tenants.jobs.tell_names": N_("The shop's name in the console"),
}  # fmt: skip
MANY = 20
"""Jobs at which a queue's bar is full, if no queue has more."""


@dataclass(frozen=True, slots=True)
class QueueView:
    """A queue and how many jobs wait in it; `part` in hundredths of its bar."""

    name: str
    waiting: int
    part: int


@pages.get("/jobs")
@vendor_admin
def failed_jobs() -> str:
    """The newest first, over all shards."""
    page = list_failed_jobs(runtime().router, after=request.args.get("after"))
    more = url_for("console.failed_jobs", after=page.next_cursor) if page.next_cursor else ""
    return show(
        "jobs.html", page=page, next_url=more, paged="after" in request.args, queues=_queues(runtime().queue),
        now=utc_now(), named={name: _(text) for name, text in JOB_NAMES.items()},
    )  # fmt: skip


def _queues(queue: JobQueue) -> list[QueueView] | None:
    """In order of urgency; None where Redis does not answer."""
    try:
        depths: Mapping[str, int] = queue.depths()
    except QueueUnavailable:
        return None
    longest = max([MANY, *depths.values()])
    return [QueueView(_(QUEUE_NAMES[name]), depths[name], 100 * depths[name] // longest) for name in QUEUES]
