"""Owns the list of the shop's page modules: importing it registers every route on `shop_pages`."""

from app.dashboard import (
    account,
    approvals,
    bills,
    board,
    counter,
    exports,
    feed,
    home,
    people,
    pictures,
    pieces,
    ratelocks,
    settings,
    staff,
    stock,
)  # fmt: skip
from app.dashboard.frame import pages as shop_pages

__all__ = [
    "account", "approvals", "bills", "board", "counter", "exports", "feed", "home", "people", "pictures", "pieces",
    "ratelocks", "settings", "shop_pages", "staff", "stock",
]  # fmt: skip
