"""The API of estimates and of sheets that are put aside: make, list, read, print; hold, list, take up again."""

from typing import Any
from uuid import UUID

from flask import Response, jsonify

from app.estimates import service
from app.estimates.schemas import (
    EstimateArgs,
    EstimateIn,
    EstimateOut,
    EstimatePage,
    HeldArgs,
    HeldIn,
    HeldOut,
    HeldPage,
    RecalledOut,
)
from app.estimates.service import Estimate, EstimateSummary, Held, HeldSummary
from app.kit.http import allow, api_blueprint, shop_read, shop_write
from app.kit.paging import Page
from app.printing.asking import PrintArgs, asked
from app.printing.at_once import printed
from app.printing.press import Press

estimates = api_blueprint("estimates", "/estimates", description="What customers were told; each becomes one bill.")
held_sheets = api_blueprint("held_sheets", "/held-sheets", description="Sheets of the counter that wait for a while.")

_estimate = EstimateOut()


@estimates.get("")
@allow("bill.view")
@estimates.arguments(EstimateArgs, location="query")
@estimates.response(200, EstimatePage)
def list_estimates(args: dict[str, Any], shop_id: int) -> Page[EstimateSummary]:
    """A page of estimates, the newest first."""
    return shop_read(lambda db: service.list_estimates(db, **args))


@estimates.post("")
@allow("estimate.issue", entitled=True)
@estimates.arguments(EstimateIn)
@estimates.response(201, EstimateOut)
def make_estimate(body: dict[str, Any], shop_id: int) -> Response:
    """Price a draft as a bill of now would be, and keep what it came to; the board's rates of its pieces are kept for
    some days."""
    made = shop_write(lambda db: service.make_estimate(db, **body), rebuild=service.get_estimate)
    return _written(made, 201)


@estimates.get("/<id:estimate_id>")
@allow("bill.view")
@estimates.response(200, EstimateOut)
def get_estimate(shop_id: int, estimate_id: UUID) -> Response:
    """One estimate as it was told, with its state today."""
    return _written(shop_read(lambda db: service.get_estimate(db, estimate_id)), 200)


@estimates.get("/<id:estimate_id>/print")
@allow("bill.view")
@estimates.arguments(PrintArgs, location="query")
@estimates.response(200, content_type="application/pdf")
def print_estimate(args: dict[str, str | None], shop_id: int, estimate_id: UUID) -> Response:
    """The estimate on a paper and in a language, made now."""
    return printed(lambda db: service.get_paper(db, estimate_id), asked(args), Press.render_bill)


@held_sheets.get("")
@allow("bill.issue")
@held_sheets.arguments(HeldArgs, location="query")
@held_sheets.response(200, HeldPage)
def list_held(args: dict[str, Any], shop_id: int) -> Page[HeldSummary]:
    """Sheets that wait at any till, the newest first."""
    return shop_read(lambda db: service.list_held(db, **args))


@held_sheets.post("")
@allow("bill.issue")
@held_sheets.arguments(HeldIn)
@held_sheets.response(201, HeldOut)
def hold_sheet(body: dict[str, Any], shop_id: int) -> Held:
    """Put a sheet aside for a day. It reserves nothing, and the reply does not say its word again."""
    return shop_write(lambda db: service.hold_sheet(db, **body))


@held_sheets.post("/<id:sheet_id>/recall")
@allow("bill.issue")
@held_sheets.response(200, RecalledOut)
def recall_sheet(shop_id: int, sheet_id: UUID) -> Held:
    """Take a sheet up again: once, at one till; the same key is given the same sheet."""
    return shop_write(lambda db: service.recall(db, sheet_id=sheet_id), rebuild=service.get_held)


def _written(estimate: Estimate, status: int) -> Response:
    """What was told stands in the row as a quote is written; the rest is reckoned."""
    facts = _estimate.dump(estimate.summary)
    reply = jsonify({**estimate.shown, **facts, "keptItemIds": [str(one) for one in estimate.kept]})
    reply.status_code = status
    return reply
