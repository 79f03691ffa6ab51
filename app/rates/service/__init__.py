"""The rates: the board of a shop, its rules on the feed, and the feed itself, fetched once for all shops."""

from app.rates.feeds import SYMBOLS
from app.rates.purities import Purity, check_purity, check_rate, list_purities
from app.rates.reckoning import ROUNDINGS, Rule, suggest
from app.rates.repository import shop_sums
from app.rates.service.board import (
    BOARD,
    CACHE_NAME,
    Board,
    Rate,
    RateChange,
    RateSetting,
    board_of,
    get_board,
    list_history,
    rate_of,
    read_board,
    set_rate,
    set_rates,
)
from app.rates.service.feed import (
    FeedState,
    Gathered,
    NewRate,
    Quote,
    SourceView,
    ask_fetch,
    ask_if_old,
    confirm_quote,
    drop_quote,
    gather,
    keep,
    last_values,
    list_quotes,
    newest,
    read_state,
)
from app.rates.service.following import (
    FeedRate,
    RuleDraft,
    Rules,
    Suggestion,
    Terms,
    accept,
    ask_fresh,
    followers,
    get_rules,
    publish,
    read_feed,
    set_rules,
    suggested,
    take,
)

__all__ = [
    "BOARD", "CACHE_NAME", "ROUNDINGS", "SYMBOLS", "Board", "FeedRate", "FeedState", "Gathered", "NewRate", "Purity",
    "Quote", "Rate", "RateChange", "RateSetting", "Rule", "RuleDraft", "Rules", "SourceView", "Suggestion", "Terms",
    "accept", "ask_fetch", "ask_fresh", "ask_if_old", "board_of", "check_purity", "check_rate", "confirm_quote",
    "drop_quote", "followers", "gather", "get_board", "get_rules", "keep", "last_values", "list_history",
    "list_purities",
    "list_quotes", "newest", "publish", "rate_of", "read_board", "read_feed", "read_state", "set_rate", "set_rates",
    "set_rules", "shop_sums", "suggest", "suggested", "take",
]  # fmt: skip
