"""Owns putting a sheet of the counter aside, and taking it up again at any till."""

from __future__ import annotations

from uuid import UUID

from flask import Response, request, url_for

from app.customers import service as customers
from app.dashboard import forms
from app.dashboard.counter import counter_page, priced, sheet_answer
from app.dashboard.frame import pages
from app.dashboard.sheet import EMPTY, form_fields, read_draft
from app.estimates import service as estimates
from app.estimates.service import Held
from app.invoices.service import BillDraft
from app.kit.http import allow, shop_write
from app.kit.ids import new_id
from app.kit.pages import Refusal, go_to, try_form
from app.kit.texts import _
from shard_router import ShopSession

LONGEST_LABEL = 60


@pages.post("/bills/held")
@allow("bill.issue")
def hold_sheet() -> Response | str | tuple[str, int]:
    """By the word that was typed, else by the customer's name. The next sheet begins empty."""

    def work(db: ShopSession) -> Held:
        draft = read_draft()
        return estimates.hold_sheet(db, draft=draft, label=_label(db, draft))

    tried = try_form(lambda: shop_write(work, rebuild=estimates.get_held))
    if tried.result is not None:
        return led_to(url_for("shop_pages.new_bill"))
    return refused(tried.refusal)


@pages.post("/bills/held/<id:sheet_id>/recall")
@allow("bill.issue")
def recall_sheet(sheet_id: UUID) -> str | tuple[str, int]:
    """The page itself, with the sheet as it was: it is nowhere else any more. Sent twice, the form gives it again."""
    tried = try_form(lambda: shop_write(
        lambda db: estimates.recall(db, sheet_id=sheet_id), rebuild=estimates.get_held
    ))  # fmt: skip
    key = new_id().hex  # the form's own was used for taking it up
    if tried.result is not None:
        return counter_page(tried.result.draft, None, key=key)
    return counter_page(EMPTY, tried.refusal, key=key), tried.refusal.status if tried.refusal else 422


def led_to(url: str) -> Response:
    """To another page, also from a button that htmx sent."""
    return Response("", 200, {"HX-Redirect": url}) if "HX-Request" in request.headers else go_to(url)


def refused(refusal: Refusal | None) -> str | tuple[str, int]:
    """The sheet as it was sent, with what is wrong."""
    draft = try_form(read_draft).result or form_fields()
    return sheet_answer(priced(draft, refusal))


def _label(db: ShopSession, draft: BillDraft) -> str:
    typed = forms.line("held_label", most=LONGEST_LABEL)
    if typed:
        return typed
    if draft.customer_id is None:  # said in whole, for the field stands beside the part that is shown anew
        raise forms.TypedWrongly(_("Type the name or phone by which you will know it."), fields={"held_label": "empty"})
    return customers.get_customer(db, draft.customer_id).name[:LONGEST_LABEL]
