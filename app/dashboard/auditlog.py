"""Owns the page of the audit log: who did what, when, from where, what was before; its chain walked."""

from __future__ import annotations

import datetime as dt
from typing import Any

from flask import Response, request, url_for

from app.dashboard.frame import pages, show
from app.dashboard.progress import find_job, followed
from app.kit.http import allow, runtime, shop_read, shop_write
from app.kit.ids import parse_id
from app.kit.locale import parse_day
from app.kit.pages import form_key, go_to, try_form
from app.kit.texts import N_, _
from app.reports import auditing
from app.tenants import service as tenants
from app.tenants.service.places import list_places

SHOWN = 50
BROKEN = {
    "missing": N_("An entry is missing, or is not the one that should follow."),
    "changed": N_("Its text or its hash was changed, or it stands in another's place."),
    "columns": N_("Who, what or when was changed beside its text."),
    "rewritten": N_("The chain was rewritten: a day's closing kept another hash of this entry."),
}


@pages.get("/audit", endpoint="audit")
@allow("audit.view")
def audit_page() -> str:
    """The log with its filters; `entry` opens one of them."""
    wanted = _wanted()
    page, people, tills = shop_read(lambda db: (
        auditing.list_log(db, below=_number("below"), limit=SHOWN, **wanted),
        {one.person_id: one.name for one in tenants.list_kept_members(db)},
        {one.till_id: one.till_code for one in list_places(db)},
    ))  # fmt: skip
    asked: dict[str, Any] = {name: value for name, value in request.args.items() if name in FILTERS and value}
    more = url_for("shop_pages.audit", below=page.next_seq, **asked) if page.next_seq else ""
    seq, keyring = _number("entry"), runtime().keyring
    opened = shop_read(lambda db: auditing.get_entry(db, seq, keyring=keyring)) if seq else None
    return show(
        "audit.html", "audit", lines=page.items, next_url=more, paged="below" in request.args, people=people,
        tills=tills, asked=asked, opened=opened, key=form_key(), follow=followed(), walked=_walked(),
        who=[("", _("Everybody")), *((str(person_id), name) for person_id, name in people.items())],
        broken={key: _(text) for key, text in BROKEN.items()},
    )  # fmt: skip


@pages.post("/audit/verify")
@allow("audit.view")
def verify_audit() -> Response | tuple[str, int]:
    """Asked twice, it is one walk."""
    tried = try_form(lambda: shop_write(auditing.ask_to_verify))
    if tried.result is not None:
        return go_to(url_for("shop_pages.audit", job=tried.result.id))
    return go_to(url_for("shop_pages.audit"))


FILTERS = ("who", "action", "about", "from", "to")


def _wanted() -> dict[str, Any]:
    """What stands in the address; what cannot be read there is not asked for."""
    who, about = request.args.get("who", ""), request.args.get("about", "")
    return {
        "actor_id": parse_id(who) if who else None, "action": request.args.get("action", "").strip()[:40] or None,
        "subject_id": parse_id(about) if about else None, "first": _day("from"), "last": _day("to"),
    }  # fmt: skip


def _day(name: str) -> dt.date | None:
    text = request.args.get(name, "")
    return parse_day(text) if text else None


def _number(name: str) -> int | None:
    text = request.args.get(name, "")
    return int(text) if text.isascii() and text.isdigit() and 0 < len(text) < 18 and int(text) else None


def _walked() -> dict[str, Any] | None:
    """What the walk that this page's address names found, once it has ended."""
    job = find_job(request.args.get("job", "")) if request.args.get("job") else None
    return job.result if job is not None and job.ended else None
