"""The cash book: entries in the transaction that moves the cash, drawers counted and handed over, days closed once."""

from app.cash.models import DrawerState, EntryKind
from app.cash.repository import DRAWER, ENTER, shop_sums
from app.cash.service.days import BookDay, day_of, drawer_of
from app.cash.service.entries import entry_row, post
from app.cash.service.shifts import Count, CountedDrawer, close_shift, open_shift

__all__ = [
    "DRAWER", "ENTER", "BookDay", "Count", "CountedDrawer", "DrawerState", "EntryKind", "close_shift", "day_of",
    "drawer_of", "entry_row", "open_shift", "post", "shop_sums",
]  # fmt: skip
