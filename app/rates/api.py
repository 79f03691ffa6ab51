"""The rate board's API: the board, setting rates, every rate there was."""

from typing import Any

from flask import Response, jsonify

from app.kit.http import allow, api_blueprint, runtime, shop_read, shop_write
from app.kit.paging import Page
from app.rates import service
from app.rates.schemas import BoardIn, BoardOut, HistoryArgs, RateHistoryPage
from app.rates.service import RateChange

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
    """Set several rates at once, or none of them."""
    cache = runtime().cache
    return shop_write(lambda db: {"rates": service.set_rates(db, rates=body["rates"], cache=cache)})


@blueprint.get("/history")
@allow("rates.view")
@blueprint.arguments(HistoryArgs, location="query")
@blueprint.response(200, RateHistoryPage)
def list_history(args: dict[str, Any], shop_id: int) -> Page[RateChange]:
    """Every rate there was, the newest first."""
    return shop_read(lambda db: service.list_history(db, **args))


def _read_board() -> Any:
    return _board.dump({"rates": shop_read(service.get_board)})
