"""Owns the page of the rate board: today's rates, set all at once, and what they were."""

from __future__ import annotations

from typing import Any

from flask import Response, request, url_for

from app.dashboard import forms
from app.dashboard.frame import pages, show
from app.kit.clock import today_ist
from app.kit.http import allow, runtime, shop_read, shop_write
from app.kit.money import grouped, parse_rupees
from app.kit.pages import Refusal, form_key, go_to, text_field, try_form
from app.kit.texts import _
from app.rates import service as rates
from app.rates.service import RateSetting
from app.tenants import service as tenants
from shard_router import ShopSession

USUAL = frozenset((("gold", 9990), ("gold", 9160), ("gold", 7500), ("silver", 9990), ("silver", 9250)))
"""Purities that a board shows first, beside those that have a rate; the others are a click away."""


@pages.get("/rates", endpoint="rates")
@allow("rates.view")
def rates_page() -> str:
    return _page(None)


@pages.post("/rates")
@allow("rates.set")
def set_rates() -> Response | tuple[str, int]:
    """Only the fields that were filled in and say something new; all of them or none."""
    cache = runtime().cache
    tried = try_form(lambda: shop_write(lambda db: rates.set_rates(db, rates=_settings(db), cache=cache)))
    if tried.refusal is None or tried.refusal.code == "already_sent":
        return go_to(url_for("shop_pages.rates", saved="yes"))
    paths = {f"rates.{place}.paisePerG": name for place, name in enumerate(_filled())}
    return _page(forms.beside(tried.refusal, paths)), tried.refusal.status


def _settings(db: ShopSession) -> list[RateSetting]:
    filled = set(_filled())
    settings = [
        RateSetting(purity.metal, purity.fineness, forms.figure(field_of(purity), parse_rupees))
        for purity in rates.list_purities(today_ist())
        if field_of(purity) in filled
    ]
    if not settings:
        raise forms.TypedWrongly(_("No rate was filled in."))
    board = rates.read_board(db)
    changed = [one for one in settings if board.get((one.metal, one.fineness)) != one.paise_per_g]
    return changed or settings


def _filled() -> list[str]:
    return [name for name in map(field_of, rates.list_purities(today_ist())) if text_field(name)]


def field_of(purity: Any) -> str:
    return f"rate-{purity.metal}-{purity.fineness}"


def _page(refusal: Refusal | None) -> str:
    board, changes, people = shop_read(lambda db: (
        rates.get_board(db), rates.list_history(db, after=request.args.get("after"), limit=30),
        {member.person_id: member.name for member in tenants.list_kept_members(db)},
    ))  # fmt: skip
    known = {(rate.metal, rate.fineness): rate for rate in board}
    rows = [(purity, field_of(purity), known.get((purity.metal, purity.fineness))) for purity in _purities()]
    usual = [row for row in rows if row[2] is not None or (row[0].metal, row[0].fineness) in USUAL]
    others = [row for row in rows if row not in usual]
    values = {name: grouped(rate.paise_per_g) if rate else "" for _purity, name, rate in rows} | forms.typed()
    more = url_for("shop_pages.rates", after=changes.next_cursor) if changes.next_cursor else ""
    return show(
        "rates.html", "rates", usual=usual, others=others, others_open=any(text_field(row[1]) for row in others),
        values=values, changes=changes, people=people, refusal=refusal,
        labels={(purity.metal, purity.fineness): purity.label for purity in _purities()}, next_url=more,
        paged="after" in request.args, key=form_key(), saved=request.args.get("saved") == "yes",
    )  # fmt: skip


def _purities() -> tuple[Any, ...]:
    return rates.list_purities(today_ist())
