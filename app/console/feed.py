"""Owns the console's page of the feed: what the market says, which source fails, what waits for a person."""

from __future__ import annotations

from uuid import UUID

from flask import Response, request, url_for

from app.console.frame import oneself, pages, show
from app.kit.clock import utc_now
from app.kit.http import control_read, control_write, runtime, vendor_admin
from app.kit.pages import Refusal, go_to, try_form
from app.kit.texts import N_
from app.rates import service as rates

STATES = {"good": (N_("good"), "good"), "held": (N_("held"), "warn"), "dropped": (N_("dropped"), "secondary")}
MOST_HELD = 20


@pages.get("/feed")
@vendor_admin
def feed() -> str:
    return _page(None)


@pages.post("/feed/fetch")
@vendor_admin
def fetch_feed() -> Response:
    """However often it is pressed, the sources are asked once in the time for which a rate counts as fresh."""
    control_write(lambda control: rates.ask_fetch(control, utc_now()))
    runtime().queue.poke(None)
    return go_to(url_for("console.feed", asked="yes"))


@pages.post("/feed/<id:quote_id>/confirm")
@vendor_admin
def confirm_quote(quote_id: UUID) -> Response | tuple[str, int]:
    """The market did move so far: the shops that follow are told."""
    tried = try_form(
        lambda: control_write(lambda control: rates.confirm_quote(control, quote_id=quote_id, actor_id=oneself()))
    )
    runtime().queue.poke(None)
    return go_to(url_for("console.feed")) if tried.refusal is None else (_page(tried.refusal), tried.refusal.status)


@pages.post("/feed/<id:quote_id>/drop")
@vendor_admin
def drop_quote(quote_id: UUID) -> Response | tuple[str, int]:
    """The source erred."""
    tried = try_form(
        lambda: control_write(lambda control: rates.drop_quote(control, quote_id=quote_id, actor_id=oneself()))
    )
    return go_to(url_for("console.feed")) if tried.refusal is None else (_page(tried.refusal), tried.refusal.status)


def _page(refusal: Refusal | None) -> str:
    state, held, page = control_read(lambda control: (
        rates.read_state(control), rates.list_quotes(control, state="held", limit=MOST_HELD),
        rates.list_quotes(control, after=request.args.get("after")),
    ))  # fmt: skip
    more = url_for("console.feed", after=page.next_cursor) if page.next_cursor else ""
    return show(
        "feed.html", place="feed", feed=state, held=held.items, page=page, next_url=more, refusal=refusal,
        paged="after" in request.args, states=STATES, asked=request.args.get("asked") == "yes", now=utc_now(),
    )  # fmt: skip
