"""The stock's API, by what is asked about."""

from app.inventory.api.lots import lots, places
from app.inventory.api.pieces import blueprint as pieces
from app.inventory.api.trade import melts, memos, purchases, suppliers, transfers

BLUEPRINTS = (pieces, places, lots, suppliers, purchases, transfers, memos, melts)

__all__ = ["BLUEPRINTS"]
