"""Owns the console's page of jobs that were given up in any shop: what, when, why, and which shards are missing."""

from __future__ import annotations

from flask import request, url_for

from app.console.frame import pages, show
from app.kit.failed_jobs import list_failed_jobs
from app.kit.http import runtime, vendor_admin


@pages.get("/jobs")
@vendor_admin
def failed_jobs() -> str:
    """The newest first, over all shards."""
    page = list_failed_jobs(runtime().router, after=request.args.get("after"))
    more = url_for("console.failed_jobs", after=page.next_cursor) if page.next_cursor else ""
    return show("jobs.html", page=page, next_url=more, paged="after" in request.args)
