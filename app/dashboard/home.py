"""Owns the home page: the rate board, sales of today and of the month, stock by purity."""

from __future__ import annotations

from uuid import UUID

from flask import Response, jsonify

from app.dashboard.frame import may, pages, show
from app.kit.clock import today_ist
from app.kit.http import allow, runtime, shop_read, shop_scope
from app.live import service as live
from app.rates import service as rates
from app.reports.home import HomeFigures, home_figures

FIGURES_LAST_S = 20.0


@pages.get("/")
@allow("rates.view")
def home() -> str:
    """What the owner looks at first; the figures are at most 20 s old."""
    board = shop_read(rates.get_board)
    figures = _figures() if may("bill.view") else None
    return show("home.html", "home", board=board, figures=figures, today=today_ist())


@pages.get("/jobs/<id:job_id>")
@allow("bill.view")
def job(job_id: UUID) -> Response:
    """How far a job is, for a page that waits for it."""
    return jsonify(live.document(shop_read(lambda db: live.get_job(db, job_id=job_id))))


def _figures() -> HomeFigures:
    _found, shop_id = shop_scope()
    today = today_ist()

    def work_out() -> dict[str, object]:
        return shop_read(lambda db: home_figures(db, today=today)).written()

    written = runtime().cache.get(shop_id, f"home.{today.isoformat()}", work_out, ttl=FIGURES_LAST_S)
    return HomeFigures.read(written)
