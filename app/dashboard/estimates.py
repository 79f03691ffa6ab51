"""Owns the pages of estimates: made from the counter's sheet, listed, looked at, printed."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response, request, url_for

from app.dashboard import forms
from app.dashboard.aside import led_to, refused
from app.dashboard.frame import pages, show
from app.dashboard.looks import look_asked, looks
from app.dashboard.sheet import fields_of, form_fields, read_draft
from app.estimates import service as estimates
from app.kit.http import allow, shop_read, shop_write
from app.kit.pages import try_form
from app.kit.texts import N_, _
from app.printing.at_once import printed
from app.printing.looks import USUAL
from app.printing.press import Press
from app.tax.states import state_of

STATES = ((estimates.OPEN, N_("Open")), (estimates.BILLED, N_("Billed")), (estimates.LAPSED, N_("Lapsed")))
COLOURS = {estimates.OPEN: "good", estimates.BILLED: "secondary", estimates.LAPSED: "warn"}
FILTERS = ("number", "state")


@pages.get("/estimates", endpoint="estimates")
@allow("bill.view")
def estimates_list() -> str:
    """A filter that makes no sense is left out."""
    state, number = request.args.get("state", ""), request.args.get("number", "").strip().upper()[:16]
    page = shop_read(lambda db: estimates.list_estimates(
        db, state=state if state in estimates.STATES else None, number=number if number.isascii() else None,
        after=request.args.get("after"), limit=50,
    ))  # fmt: skip
    kept: dict[str, Any] = {name: value for name, value in request.args.items() if name in FILTERS and value}
    more = url_for("shop_pages.estimates", **kept, after=page.next_cursor) if page.next_cursor else ""
    return show(
        "estimates.html", "estimates", page=page, filters=request.args, filtered=bool(kept), next_url=more,
        paged="after" in request.args, states=[(key, _(name)) for key, name in STATES], names=dict(STATES),
        colours=COLOURS,
    )  # fmt: skip


@pages.post("/estimates")
@allow("estimate.issue", entitled=True)
def make_estimate() -> Response | str | tuple[str, int]:
    """What the counter's sheet shows, told to the customer; its payments are left out."""
    tried = try_form(lambda: shop_write(
        lambda db: estimates.make_estimate(db, draft=read_draft()), rebuild=estimates.get_estimate
    ))  # fmt: skip
    if tried.result is not None:
        return led_to(url_for("shop_pages.estimate", estimate_id=tried.result.id, made="yes"))
    draft = try_form(read_draft).result or form_fields()
    return refused(forms.beside(tried.refusal, fields_of(draft)))


@pages.get("/estimates/<id:estimate_id>")
@allow("bill.view")
def estimate(estimate_id: UUID) -> str:
    found = shop_read(lambda db: estimates.get_estimate(db, estimate_id))
    one = found.summary
    return show(
        "estimate.html", "estimates", one=one, told=found.shown,
        state=_(dict(STATES)[one.state]), colour=COLOURS[one.state], just_made=request.args.get("made") == "yes",
        supplied_to=state_of(found.shown["placeOfSupply"], one.made_on),
        looks=looks(but=USUAL),
    )  # fmt: skip


@pages.get("/estimates/<id:estimate_id>/print")
@allow("bill.view")
def print_estimate(estimate_id: UUID) -> Response:
    """On a paper and in a language; the usual look for what there is not."""
    return printed(lambda db: estimates.get_paper(db, estimate_id), look_asked(), Press.render_bill)
