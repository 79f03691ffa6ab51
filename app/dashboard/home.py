"""Owns the home page: the rate board, sales of today and of the month, money by mode, stock by purity."""

from __future__ import annotations

from uuid import UUID

from flask import Response, jsonify

from app.dashboard.frame import may, mode_names, pages, show
from app.kit.clock import ist, today_ist
from app.kit.http import allow, runtime, shop_read, shop_scope
from app.live import service as live
from app.rates import service as rates
from app.reports.home import HomeFigures, home_figures
from app.schemes import service as schemes
from app.schemes.service import Notice

FIGURES_LAST_S = 20.0
NOTICES = 5


@pages.get("/")
@allow("rates.view")
def home() -> str:
    """What the owner looks at first; the figures are at most 20 s old."""
    board = shop_read(rates.get_board)
    figures = _figures() if may("bill.view") else None
    today = today_ist()

    def set_today(rate: rates.Rate) -> bool:
        return ist(rate.set_at).date() == today

    return show(
        "home.html", "home", board=board, figures=figures, today=today, set_today=set_today,
        stale=not any(map(set_today, board)), modes=mode_names(), chart=_chart(figures) if figures else None,
        scheme_notices=_scheme_notices(),
    )  # fmt: skip


@pages.get("/jobs/<id:job_id>")
@allow("bill.view")
def job(job_id: UUID) -> Response:
    """How far a job is, for a page that waits for it."""
    return jsonify(live.document(shop_read(lambda db: live.get_job(db, job_id=job_id))))


def _scheme_notices() -> list[Notice]:
    """Schemes near their last day, or ended with money left in them."""
    return shop_read(lambda db: schemes.notices(db, today_ist(), limit=NOTICES)) if may("scheme.view") else []


def _chart(figures: HomeFigures) -> list[list[int]]:
    """Day of the month, paise, mg of gold: the columns of the month's chart."""
    return [
        [point.day.day for point in figures.days], [point.paise for point in figures.days],
        [point.gold_mg for point in figures.days],
    ]  # fmt: skip


def _figures() -> HomeFigures:
    _found, shop_id = shop_scope()
    today = today_ist()

    def work_out() -> dict[str, object]:
        return shop_read(lambda db: home_figures(db, today=today)).written()

    written = runtime().cache.get(shop_id, f"home.{today.isoformat()}", work_out, ttl=FIGURES_LAST_S)
    return HomeFigures.read(written)
