"""Owns what the vendor is told of many shops' bills: how many and when, never what is in them."""

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass

from app.invoices import repository
from app.numbering import service as numbering
from app.numbering.service import DocumentKind
from shard_router import FleetSession

BILLS = (DocumentKind.INVOICE, DocumentKind.BILL_OF_SUPPLY)


@dataclass(frozen=True, slots=True)
class BillCount:
    """Bills of one shop: ever, since the day asked for, and the day of the last."""

    ever: int
    since: int
    last_on: dt.date | None


def count_bills(session: FleetSession, shop_ids: Collection[int], *, since: dt.date) -> dict[int, BillCount]:
    """Of each of these shops, also of those that issued none."""
    drawn = numbering.count_drawn(session, shop_ids, BILLS)
    found = {row[0]: (row[1], row[2]) for row in repository.bills_by_shop(session, shop_ids, since)}
    return {shop_id: BillCount(drawn.get(shop_id, 0), *found.get(shop_id, (0, None))) for shop_id in shop_ids}
