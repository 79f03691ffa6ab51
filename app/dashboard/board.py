"""Owns the page of the rate board: today's rates, set all at once, and what they were."""

from __future__ import annotations

from flask import Response, request, url_for

from app.dashboard.frame import pages, show
from app.kit.clock import today_ist
from app.kit.http import allow, shop_read, shop_write
from app.kit.money import parse_rupees
from app.kit.pages import Refusal, form_key, go_to, text_field, try_form
from app.rates import service as rates
from app.rates.service import RateSetting


@pages.get("/rates", endpoint="rates")
@allow("rates.view")
def rates_page() -> str:
    return _page(None)


@pages.post("/rates")
@allow("rates.set")
def set_rates() -> Response | tuple[str, int]:
    """Only the fields that were filled in; all of them or none."""
    tried = try_form(lambda: shop_write(lambda db: rates.set_rates(db, rates=_settings())))
    if tried.refusal is None:
        return go_to(url_for("shop_pages.rates", saved="yes"))
    return _page(tried.refusal), tried.refusal.status


def _settings() -> list[RateSetting]:
    typed = [
        (purity, text_field(f"rate-{purity.metal}-{purity.fineness}")) for purity in rates.list_purities(today_ist())
    ]
    return [RateSetting(purity.metal, purity.fineness, parse_rupees(text)) for purity, text in typed if text]


def _page(refusal: Refusal | None) -> str:
    board = shop_read(rates.get_board)
    changes = shop_read(lambda db: rates.list_history(db, after=request.args.get("after"), limit=30))
    more = url_for("shop_pages.rates", after=changes.next_cursor) if changes.next_cursor else ""
    return show(
        "rates.html", "rates", board={(rate.metal, rate.fineness): rate for rate in board}, changes=changes,
        purities=rates.list_purities(today_ist()), refusal=refusal, typed=request.form, next_url=more, key=form_key(),
        saved=request.args.get("saved") == "yes",
    )  # fmt: skip
