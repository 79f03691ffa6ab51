"""Owns one good request for every route that takes a body: what bad ones are made of by spoiling a part of it.

A new route with a body needs a line in the GOOD of its room; a test says so. Each ask is made afresh: it would succeed
if sent.
"""

from tests.support.good_asks import console, counter, customers, money, people, rates, stock, work
from tests.support.good_asks.stage import Ask, Make, Stage, an_address, headers_of

__all__ = [
    "ELSEWHERE",
    "GOOD",
    "WITHOUT_BODY",
    "Ask",
    "Make",
    "Path",
    "Stage",
    "an_address",
    "headers_of",
    "is_elsewhere",
]

ROOMS = (console, counter, customers, money, people, rates, stock, work)
GOOD: dict[str, Make] = {endpoint: make for room in ROOMS for endpoint, make in room.GOOD.items()}
WITHOUT_BODY: dict[str, Make] = {**customers.WITHOUT_BODY, **rates.WITHOUT_BODY, **work.WITHOUT_BODY}
"""Changes of a version that take no body."""

Path = tuple[str | int, ...]
_OF_A_BILL: tuple[Path, ...] = (
    ("schemeIds", 0), ("lines", 0, "repairId"),
    *(("lines", 0, name) for name in ("lotId", "netMg", "stoneMct", "stoneRatePaise", "making", "hsn")),
)  # fmt: skip
_OF_A_SHEET: tuple[Path, ...] = tuple(("draft", name) for name in (
    "lines", "payments", "customerId", "tillId", "shipTo", "panDeclared", "expectedTotalPaise", "discount", "toldPaise",
    "occasion", "approvalIds", "schemeIds", "orderId", "estimateId",
))  # fmt: skip
ELSEWHERE: dict[str, tuple[Path, ...]] = {
    "purchases.book_purchase": (("lines", 0, "lot"),), "lots.tag_from_lot": (("otherMetals", 0),),
    "invoices.quote": _OF_A_BILL, "invoices.issue_invoice": _OF_A_BILL, "estimates.make_estimate": _OF_A_BILL,
    "held_sheets.hold_sheet": _OF_A_SHEET,
    **dict.fromkeys(("old_gold.value", "old_gold.buy"), (("lines", 0, "ofLineId"),)),
}  # fmt: skip
"""Places that a good request cannot have beside others: a line brings a piece or a lot, whose own route asks them; what
is tagged out of a lot is of that lot's metal; a bill's schemes and repairs have tests of their own, where their rooms
are (test_on_a_bill.py); what stands on a sheet is a bill's draft, whose own route asks it, and names nothing that is
looked at while it waits."""


def is_elsewhere(endpoint: str, path: Path) -> bool:
    return any(path[: len(other)] == other for other in ELSEWHERE.get(endpoint, ()))
