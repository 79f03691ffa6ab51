"""Owns the list of the shop's page modules: importing it registers every route on `shop_pages`."""

from app.dashboard import (
    account,
    approvals,
    away,
    bills,
    board,
    buying,
    auditlog,
    bills,
    board,
    cashbook,
    counter,
    days,
    exports,
    feed,
    home,
    lots,
    people,
    pictures,
    pieces,
    places,
    ratelocks,
    settings,
    staff,
    stock,
    stockbook,
)  # fmt: skip
from app.dashboard.frame import pages as shop_pages

__all__ = [
    "account", "approvals", "away", "bills", "board", "buying", "counter", "exports", "feed", "home", "lots", "people",
    "pictures", "pieces", "places", "ratelocks", "settings", "shop_pages", "staff", "stock", "stockbook",
    "account", "approvals", "auditlog", "bills", "board", "cashbook", "counter", "days", "exports", "feed", "home",
    "people", "pictures", "pieces", "ratelocks", "settings", "shop_pages", "staff", "stock",
]  # fmt: skip
