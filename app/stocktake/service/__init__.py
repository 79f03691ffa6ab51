"""Counting the stock by scanning: opened for a scope, scanned by many at once, closed, and its findings decided."""

from app.stocktake import repository
from app.stocktake.models import Decided, FindingKind, StocktakeState, Verdict
from app.stocktake.service.counting import abandon_stocktake, close_stocktake, open_stocktake, scan
from app.stocktake.service.reading import (
    get_stocktake,
    list_findings,
    list_latest,
    list_stocktakes,
    list_unscanned,
)
from app.stocktake.service.settling import CHOICES, decide_findings
from app.stocktake.service.views import Figures, Finding, Scan, ScanDraft, Stocktake, Unscanned

__all__ = [
    "CHOICES", "Decided", "Figures", "Finding", "FindingKind", "Scan", "ScanDraft", "Stocktake", "StocktakeState",
    "Unscanned", "Verdict", "abandon_stocktake", "close_stocktake", "decide_findings", "get_stocktake",
    "list_findings", "list_latest", "list_stocktakes", "list_unscanned", "open_stocktake", "scan", "shop_sums",
]  # fmt: skip

shop_sums = repository.shop_sums
