"""The console's API of the feed: its state, every quotation, asking for a fetch, deciding what is held."""

from typing import Any
from uuid import UUID

from app.console.schemas import AskedFetchOut, FeedDecisionIn, FeedQuoteArgs, FeedQuoteOut, FeedQuotePage, FeedStateOut
from app.kit.clock import utc_now
from app.kit.http import console_blueprint, control_read, control_write, runtime, scope, vendor_admin
from app.kit.paging import Page
from app.rates import service as rates
from app.rates.service import FeedState, Quote

feed = console_blueprint("feed", "/feed", description="The market's rates, fetched for all shops.")


@feed.get("")
@vendor_admin
@feed.response(200, FeedStateOut)
def get_feed() -> FeedState:
    """The newest good rates, and how the sources do."""
    return control_read(rates.read_state)


@feed.get("/quotes")
@vendor_admin
@feed.arguments(FeedQuoteArgs, location="query")
@feed.response(200, FeedQuotePage)
def list_quotes(args: dict[str, Any]) -> Page[Quote]:
    """Every rate that was fetched, the newest first."""
    return control_read(lambda control: rates.list_quotes(control, **args))


@feed.post("/fetch")
@vendor_admin
@feed.response(202, AskedFetchOut)
def fetch_feed() -> dict[str, UUID]:
    """Ask the sources now; asked often, it is one fetch in two minutes."""
    job_id = control_write(lambda control: rates.ask_fetch(control, utc_now()))
    runtime().queue.poke(None)
    return {"job_id": job_id}


@feed.post("/quotes/<id:quote_id>/decision")
@vendor_admin
@feed.arguments(FeedDecisionIn)
@feed.response(200, FeedQuoteOut)
def decide_quote(body: dict[str, Any], quote_id: UUID) -> Quote:
    """Confirm a held rate, so that the shops are told, or drop it."""
    decide, actor_id = rates.confirm_quote if body["confirm"] else rates.drop_quote, scope().principal.person_id
    decided = control_write(lambda control: decide(control, quote_id=quote_id, actor_id=actor_id))
    runtime().queue.poke(None)
    return decided
