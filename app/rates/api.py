"""The rates' API: the board, every rate there was, the feed, what it suggests, and the shop's rules on it."""

from typing import Any

from flask import Response, jsonify

from app.kit.http import allow, api_blueprint, expected_version, rate_limit, runtime, shop_read, shop_write
from app.kit.paging import Page
from app.rates import service
from app.rates.schemas import (
    AskedFeedOut,
    BoardIn,
    BoardOut,
    FeedOut,
    HistoryArgs,
    RateHistoryPage,
    RulesIn,
    RulesOut,
    SuggestedOut,
)
from app.rates.service import RateChange, Rules

blueprint = api_blueprint("rates", "/rates", description="What a gram of each purity costs, today and before.")

BOARD_SECONDS = 60.0
_board = BoardOut()


@blueprint.get("")
@allow("rates.view")
@blueprint.response(200, BoardOut)
def get_board(shop_id: int) -> Response:
    """The rates in force."""
    return jsonify(runtime().cache.get(shop_id, service.CACHE_NAME, _read_board, ttl=BOARD_SECONDS))


@blueprint.post("")
@allow("rates.set")
@blueprint.arguments(BoardIn)
@blueprint.response(201, BoardOut)
def set_rates(body: dict[str, Any], shop_id: int) -> dict[str, Any]:
    """Set several rates at once, or none of them. A lower one takes `rates.lower`, or its approval."""
    cache = runtime().cache
    return shop_write(lambda db: {"rates": service.set_rates(db, cache=cache, **body)})


@blueprint.get("/history")
@allow("rates.view")
@blueprint.arguments(HistoryArgs, location="query")
@blueprint.response(200, RateHistoryPage)
def list_history(args: dict[str, Any], shop_id: int) -> Page[RateChange]:
    """Every rate there was, the newest first."""
    return shop_read(lambda db: service.list_history(db, **args))


@blueprint.get("/feed")
@allow("rates.view")
@blueprint.response(200, FeedOut)
def get_feed(shop_id: int) -> dict[str, Any]:
    """The world's prices in rupees a gram, as this shop was told them last."""
    return {"rates": shop_read(service.read_feed)}


@blueprint.post("/feed")
@allow("rates.set")
@rate_limit("6/minute")
@blueprint.response(202, AskedFeedOut)
def ask_feed(shop_id: int) -> dict[str, Any]:
    """Ask for a fresh rate of the feed; it is fetched for all shops, at most once in some minutes."""
    return shop_write(lambda db: {"job_id": service.ask_fresh(db)})


@blueprint.get("/suggested")
@allow("rates.view")
@blueprint.response(200, SuggestedOut)
def get_suggested(shop_id: int) -> dict[str, Any]:
    """What the feed comes to by the shop's rules, beside the board."""
    return {"rates": shop_read(service.suggested)}


@blueprint.post("/suggested")
@allow("rates.set")
@blueprint.arguments(BoardIn)
@blueprint.response(201, BoardOut)
def accept_suggested(body: dict[str, Any], shop_id: int) -> dict[str, Any]:
    """Put suggested rates on the board, as they were seen: refused where the suggestion has moved meanwhile."""
    cache = runtime().cache
    return shop_write(lambda db: {"rates": service.accept(db, cache=cache, **body)})


@blueprint.get("/rules")
@allow("rates.view")
@blueprint.response(200, RulesOut)
def get_rules(shop_id: int) -> dict[str, Any]:
    """How the board follows the feed; version 0 before it was ever said."""
    rules = shop_read(service.get_rules)
    return _rules(rules)


@blueprint.put("/rules")
@allow("rates.rules")
@blueprint.arguments(RulesIn)
@blueprint.response(200, RulesOut)
def set_rules(body: dict[str, Any], shop_id: int) -> dict[str, Any]:
    """Replace all rules; needs If-Match."""
    version = expected_version()
    return _rules(shop_write(lambda db: service.set_rules(db, expected_version=version, **body)))


def _rules(rules: Rules) -> dict[str, Any]:
    drafts = [
        {
            "purity": {"metal": metal, "fineness": fineness}, "premium_bp": rule.premium_bp,
            "premium_paise_per_g": rule.premium_paise_per_g, "round_to_paise": rule.round_to_paise,
        }
        for (metal, fineness), rule in sorted(rules.rules.items())
    ]  # fmt: skip
    return {"terms": rules.terms, "rules": drafts, "version": rules.version}


def _read_board() -> Any:
    return _board.dump({"rates": shop_read(service.get_board)})
