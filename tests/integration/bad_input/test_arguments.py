"""Arguments of lists that nobody should send, and places in lists that somebody made up."""

import base64
import re
from typing import Any
from urllib.parse import quote

import orjson
import pytest
from werkzeug.test import TestResponse

from tests.support.bad_input import CONTROL, FREE_ID, ODD_DAYS, ODD_IDS, ODD_TEXTS, wrong
from tests.support.good_asks import Ask
from tests.support.spoiling import asker, codes, turn

LISTS = [
    "rates.list_history", "items.list_items", "customers.list_customers", "invoices.list_invoices",
    "images.list_pictures", "exports.list_exports", "console_shops.list_shops", "console_fleet.list_moves",
    "credits.list_credits", "receipts.list_receipts", "ledger.outstanding", "old_gold.list_vouchers",
    "schemes.list_schemes", "approvals.list_approvals", "cash.list_entries", "console_feed.list_quotes",
    "imports.list_imports", "karigar_jobs.list_jobs", "karigars.list_bills", "karigars.list_karigars", "lots.list_lots",
    "melts.list_melts", "memos.list_memos", "metal.list_entries", "orders.list_orders", "purchases.list_purchases",
    "ratelocks.list_locks", "stocktakes.list_findings", "stocktakes.list_stocktakes", "stocktakes.list_unscanned",
    "suppliers.list_suppliers", "suppliers.supplier_ledger", "transfers.list_transfers", "estimates.list_estimates",
    "held_sheets.list_held",
]  # fmt: skip
ONE_ORDER = (
    "console_platform.list_failed", "ledger.ledger", "customers.list_upcoming", "audit.list_log", "days.get_day",
    "days.get_profit", "days.list_book", "imports.list_problems", "invoices.print_invoice", "karigars.statement",
    "metal.list_balances", "estimates.print_estimate", "days.print_slip", "old_gold.print_voucher",
    "schemes.print_passbook", "receipts.print_receipt", "orders.print_order", "karigar_jobs.print_challan",
    "transfers.print_transfer", "memos.print_memo",
)  # fmt: skip
INVALID = codes((422, "invalid_input"))
LIMITS = ("0", "-1", "201", "1000000000", "9" * 5000, "1.5", "ten", "", " 5", "1e1", "٥", "true", "0x5", "+5", "5\x00")
PLACES = (
    "garbage", "=", "%", "💍", "W10", "bnVsbA", "e30", "W251bGwsbnVsbCxudWxsXQ", "A" * 600, "-_-_", "\x00",
    "eyJhbGciOiJub25lIn0.e30.",
)  # fmt: skip


def arguments(description, endpoint) -> dict[str, Any]:
    return description.queries_of(endpoint.replace(".", "_"))


def listed(stage, endpoint, query: str) -> TestResponse:
    return stage.send(endpoint, asker(stage, endpoint), "GET", query_string=query)


def test_every_list_is_tried(description):
    with_arguments = {name for name in description.operations if description.queries_of(name)}
    assert {endpoint.replace(".", "_") for endpoint in (*LISTS, *ONE_ORDER)} == with_arguments


@pytest.mark.parametrize("endpoint", [*LISTS, *ONE_ORDER])
def test_absurd_arguments(stage, description, unchanged, endpoint):
    found, number = [], [*LISTS, *ONE_ORDER].index(endpoint)

    def check(query: str, problem: str) -> None:
        if problem:
            found.append(f"?{query[:60]}: {problem}")

    for limit in turn(number, LIMITS):
        query = f"limit={quote(limit)}"
        check(query, INVALID(listed(stage, endpoint, query)))
    for place in turn(number, PLACES):
        query = f"after={quote(place)}"
        check(query, codes((400, "cursor_malformed"), (422, "invalid_input"))(listed(stage, endpoint, query)))
    unknown = INVALID if endpoint in ONE_ORDER else codes((400, "sort_unknown"))
    for sort in ("x", "--name", "shop_id", "name;drop", "-", "id,name", "__class__", "💍"):
        query = f"sort={quote(sort)}"
        check(query, unknown(listed(stage, endpoint, query)))
    for query in ("surprise=1", "limit[]=5", "__proto__=1", "=1", "limit=5&surprise", "shop_id=1", "shopId=1"):
        check(query, INVALID(listed(stage, endpoint, query)))
    for name in arguments(description, endpoint):
        for text in turn(number, (*CONTROL, *ODD_TEXTS, *ODD_DAYS[:4], *ODD_IDS[:4], "x" * 5_000)):
            query = f"{name}={quote(text)}"
            check(query, wrong(description, endpoint.replace(".", "_"), listed(stage, endpoint, query)))
        for raw in ("%ff", "%ed%a0%80", "%c0%80", "%", "%zz"):
            query = f"{name}={raw}"
            check(query, wrong(description, endpoint.replace(".", "_"), listed(stage, endpoint, query)))
    assert not found, "\n".join(found)


def cursor(*parts: object) -> str:
    return base64.urlsafe_b64encode(orjson.dumps(parts)).rstrip(b"=").decode()


BAD_MARKS: tuple[Any, ...] = (
    None, True, [], {}, 1.5, "", "\x00", "x", -1, 0, 2**63 - 1, 2**63, "2026-02-30", "0001-01-01",
    "0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59", "2026-01-01T00:00:00", "2026-01-01T00:00:00+05:30",
    "0001-01-01T00:00:00+00:00", "9999-12-31T23:59:59.999999+00:00", "2026-01-01T00:00:00+00:00",
    FREE_ID, "{" + FREE_ID[1:-1] + "}", "00000000-0000-0000-0000-000000000000", "💍" * 30, "\ufeff",
)  # fmt: skip


@pytest.mark.parametrize("endpoint", LISTS)
def test_a_place_in_a_list_that_somebody_made_up(stage, description, unchanged, endpoint):
    """A cursor is not signed: whatever it says, it moves within one's own list or is refused."""
    told = listed(stage, endpoint, "sort=unknown").json["action"]
    sorts = re.search(r"Use one of: ([\w, ]+), with", told)[1].split(", ")
    found, operation = [], endpoint.replace(".", "_")
    for sort in [*sorts, f"-{sorts[0]}"]:
        for mark in turn(LISTS.index(endpoint), BAD_MARKS):
            for places in ((sort, mark, FREE_ID), (sort, "a", mark), (sort, 1, mark), (sort, mark)):
                reply = listed(stage, endpoint, f"sort={sort}&after={cursor(*places)}")
                if problem := wrong(description, operation, reply):
                    found.append(f"{places}: {problem}")
    other = listed(stage, endpoint, f"sort=-{sorts[0]}&after={cursor(sorts[0], 'a', FREE_ID)}")
    assert (other.status_code, other.json["code"]) == (400, "cursor_malformed")
    assert not found, "\n".join(found)


def test_a_place_over_all_shards_that_somebody_made_up(stage, description, unchanged):
    found = []
    for mark in BAD_MARKS:
        for places in ((mark,), (mark, mark), ([mark], {}), ({"shard-a": mark},), (1, {"shard-a": [mark, mark]})):
            reply = listed(stage, ONE_ORDER[0], f"after={cursor(*places)}")
            if problem := wrong(description, ONE_ORDER[0].replace(".", "_"), reply):
                found.append(f"{places}: {problem}")
    assert not found, "\n".join(found)


def test_a_period_that_ends_before_it_begins(stage, unchanged):
    reply = listed(stage, "invoices.list_invoices", "issuedFrom=2026-05-01&issuedTo=2026-04-30")
    assert INVALID(reply) == "" and list(reply.json["fields"]) == ["issuedTo"]
    body = {"kind": "invoices", "from": "2026-05-01", "to": "2026-04-30", "format": "csv"}
    reply = stage.send("exports.ask_export", Ask(stage.asha.token, {}, None), "POST", json=body)
    assert codes((422, "period_backwards"))(reply) == ""
