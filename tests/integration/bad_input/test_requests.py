"""Everything of a request but its body's fields: bodies that are none, arguments, addresses, headers, methods."""

import base64
import gzip
import io
import re
import secrets
from typing import Any
from urllib.parse import quote

import orjson
import pytest
from werkzeug.test import TestResponse

from tests.support.bad_input import CONTROL, FREE_ID, ODD_DAYS, ODD_IDS, ODD_TEXTS, unclear, wrong
from tests.support.good_asks import GOOD, WITHOUT_BODY, Ask, an_address, headers_of

JSON = "application/json"


def turn(number: int, values: Any) -> Any:
    """A sixth of the values: six neighbours have them all. What reads a body, an argument, a header is one code for
    all routes; a room of few routes does not meet them all."""
    return list(values)[number % 6 :: 6]


TEN_MEGABYTES = b'{"name": "' + b"a" * 10_000_000 + b'"}'
UPLOADS = {"images.add_picture", "imports.add_import"}  # takes forms too
NO_FILE = ((400, "upload_missing"), (400, "import_file_missing"))


def codes(*expected: tuple[int, str]) -> Any:
    def hold(reply: TestResponse) -> str:
        body = reply.get_json(silent=True) or {}
        found = (reply.status_code, body.get("code"))
        return unclear(reply) or ("" if found in expected else f"{found}, not {expected}: {body.get('detail')}")

    return hold


# ---------------------------------------------------------------- bodies that are none

NO_JSON = codes((400, "malformed_json"))
BODIES: dict[str, tuple[Any, dict[str, Any], Any]] = {
    "nothing": (lambda good: b"", {}, NO_JSON),
    "nothing of no type": (
        lambda good: b"", {"content_type": None}, codes((400, "malformed_json"), *NO_FILE),
    ),
    "half of it": (lambda good: good[: len(good) // 2], {}, NO_JSON),
    "all but the end": (lambda good: good[:-1], {}, NO_JSON),
    "twice": (lambda good: good + good, {}, NO_JSON),
    "with a byte order mark": (lambda good: b"\xef\xbb\xbf" + good, {}, NO_JSON),
    "in UTF-16": (lambda good: good.decode().encode("utf-16"), {"content_type": f"{JSON}; charset=utf-16"}, NO_JSON),
    "in Latin-1": (lambda good: b'{"a": "\xe9"}', {"content_type": f"{JSON}; charset=iso-8859-1"}, NO_JSON),
    "packed": (gzip.compress, {"headers": {"Content-Encoding": "gzip"}}, NO_JSON),
    "a number": (lambda good: b"7", {}, codes((422, "invalid_input"))),
    "a text": (lambda good: b'"text"', {}, codes((422, "invalid_input"))),
    "null": (lambda good: b"null", {}, codes((422, "invalid_input"))),
    "a list": (lambda good: b"[" + good + b"]", {}, codes((422, "invalid_input"))),
    "an unknown field": (lambda good: b'{"surprise": 1, ' + good[1:], {}, codes((422, "invalid_input"))),
    "ten megabytes": (lambda good: TEN_MEGABYTES, {}, codes((413, "body_too_large"))),
    "plain text": (lambda good: good, {"content_type": "text/plain"}, codes((415, "wrong_content_type"))),
    "no type": (lambda good: good, {"content_type": ""}, codes((415, "wrong_content_type"))),
    "nearly the type": (lambda good: good, {"content_type": "application/jsonx"}, codes((415, "wrong_content_type"))),
    "a list of types": (
        lambda good: good, {"content_type": "text/html, application/json"}, codes((415, "wrong_content_type")),
    ),
    "a form": (
        lambda good: b"a=1", {"content_type": "application/x-www-form-urlencoded"}, codes((415, "wrong_content_type")),
    ),
    "a form in parts without a seam": (
        lambda good: good, {"content_type": "multipart/form-data"},
        codes((415, "wrong_content_type"), *NO_FILE),
    ),
    "in chunks": (
        lambda good: good, {"headers": {"Transfer-Encoding": "chunked"}}, codes((411, "length_missing")),
    ),
    "broken off": (
        lambda good: good, {"environ_overrides": {"CONTENT_LENGTH": "5000"}}, NO_JSON,
    ),
    "of a length below nothing": (lambda good: good, {"environ_overrides": {"CONTENT_LENGTH": "-1"}}, NO_JSON),
    "of no length": (lambda good: good, {"environ_overrides": {"CONTENT_LENGTH": "many"}}, NO_JSON),
}  # fmt: skip


OF_MOVES = ("console_fleet.roll_back_move", "console_fleet.abort_move", "console_fleet.resume_move")


@pytest.mark.parametrize(
    "endpoint", [pytest.param(one, marks=pytest.mark.long) if one in OF_MOVES else one for one in GOOD]
)  # three moves are made for each of these
def test_a_body_that_is_none(stage, description, rows, endpoint):
    method, _ = description.operations[endpoint.replace(".", "_")]
    asks = [GOOD[endpoint](stage) for _ in range(3)]  # one person may try a new password twenty times a minute
    good, before, found = orjson.dumps(asks[0].body), rows.now(), []
    for number, (what, (spoil, options, expected)) in enumerate(turn(list(GOOD).index(endpoint), BODIES.items())):
        given = {"data": spoil(good), "content_type": JSON, **options}
        if problem := expected(stage.send(endpoint, asks[number % 2], method, **given)):
            found.append(f"{what}: {problem}")
    for name in description.body_of(endpoint.replace(".", "_")).get("required", []):
        body = {key: value for key, value in asks[2].body.items() if key != name}
        reply = stage.send(endpoint, asks[2], method, json=body)
        if problem := codes((422, "invalid_input"))(reply):
            found.append(f"without {name}: {problem}")
        elif list(reply.json["fields"]) != [name]:
            found.append(f"without {name}: names {reply.json['fields']}")
    assert not found, "\n".join(found)
    assert rows.now() == before


# ---------------------------------------------------------------- arguments

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


def asker(stage, endpoint) -> Ask:
    console = endpoint.startswith("console")
    return Ask((stage.cast.om if console else stage.asha).token, {}, None)


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


# ---------------------------------------------------------------- addresses

BAD_NUMBERS = (
    "0",
    "-1",
    str(2**63 - 1),
    str(2**63),
    "9" * 400,
    "1.5",
    "abc",
    "%00",
    "1%20",
    "%D9%A3",
    "1e3",
    "0x1",
    "+1",
)
BAD_IDS = ("7", "%00", "..%2f..", "%7B" + FREE_ID[1:-1] + "%7D", FREE_ID.replace("-", ""), FREE_ID + "0", "null", "%ff")
BAD_TEXTS = (
    *(quote(text, safe="") for text in (*CONTROL, *ODD_TEXTS) if text), "%ff", "%ed%a0%80", "%c0%af", "%", "%zz",
    "..%2f..%2fetc%2fpasswd", "a%2fb", "x" * 9_000, "%F0%9F%92%8D" * 500, ";", "%3f", "%23",
)  # fmt: skip


def addresses(app) -> list[tuple[str, str, str, Any]]:
    """Method, pattern, endpoint and converter-less parts of each route of the API that names something."""
    found = []
    for rule in app.url_map.iter_rules():
        if rule.rule.startswith("/api/") and rule.arguments:
            found += [(method, rule) for method in sorted(rule.methods - {"HEAD", "OPTIONS"})]
    return found


def test_addresses_of_nothing(stage, rows):
    """Every part of every address, spoilt: nothing is found, nothing breaks, nothing is done."""
    asks = {endpoint: GOOD[endpoint](stage) for endpoint in GOOD}
    before, found = rows.now(), []
    for number, (method, rule) in enumerate(addresses(stage.app)):
        ask = asks.get(rule.endpoint, asker(stage, rule.endpoint))
        places = {**stage.places, **ask.places}
        for name, (bad, path) in spoilt_paths(number, rule, places):
            reply = stage.app.test_client(use_cookies=False).open(
                path, method=method, headers=headers_of(ask, method), json=ask.body, base_url="http://shop.test",
                environ_base={"REMOTE_ADDR": an_address()},
            )  # fmt: skip
            problem = unclear(reply) or ("" if reply.status_code in (404, 405) else f"{reply.status_code}, not 404")
            if problem and reply.status_code != 308:
                found.append(f"{method} {rule.rule} with {name} {bad[:40]}: {problem}")
    assert not found, "\n".join(found)
    assert rows.now() == before


def spoilt_paths(number, rule, places):
    for name in rule.arguments:
        bad_ones = BAD_NUMBERS if name in ("shop_id", "number") else BAD_TEXTS if name in ("code", "phone") else BAD_IDS
        if name == "code":  # what might be a tag may be one by now
            bad_ones = tuple(f"{bad}-NOBODYS" if re.fullmatch(r"[\w-]{1,16}", bad) else bad for bad in bad_ones)
        for bad in turn(number, bad_ones):
            filled = {key: bad if key == name else quote(str(places[key]), safe="") for key in rule.arguments}
            yield name, (bad, re.sub(r"<(?:\w+:)?(\w+)>", lambda match: filled[match[1]], rule.rule))  # noqa: B023


@pytest.mark.parametrize(
    "path",
    ["/api/", "/api/v1", "/api/v1/", "/api/v1/nothing", "/api/v2/shops", "/api/v1//shops", "/api/v1/shops/1/",
     "/api/v1/%00", "/api/v1/%ff", "/api/../etc/passwd", "/api/v1/..%2f..", "/api/v1/" + "a/" * 2000, "/api/v1/💍",
     "/api/v1/shops/1/items/<script>", "/api/v1/openapi.json/x", "/api/v1/auth", "/api/v1/console"],
)  # fmt: skip
def test_an_address_of_nothing(client, cast, path):
    for method in ("GET", "POST", "DELETE"):
        reply = client.open(path, method=method, headers=cast.asha.writing(), data=b"{", content_type=JSON)
        assert codes((404, "no_such_address"), (405, "method_not_allowed"))(reply) == ""


def test_wrong_methods(stage, unchanged):
    """Also made-up ones; what the address takes is told."""
    found = []
    takes: dict[str, set[str]] = {}
    for rule in stage.app.url_map.iter_rules():
        if rule.rule.startswith("/api/"):
            takes.setdefault(rule.rule, set()).update(rule.methods)
    for pattern, methods in takes.items():
        values = {name: quote(str(value), safe="") for name, value in stage.places.items()}
        path = re.sub(r"<(?:\w+:)?(\w+)>", lambda match: values.get(match[1], "x"), pattern)  # noqa: B023
        for method in {"GET", "POST", "PUT", "PATCH", "DELETE", "TRACE", "CONNECT", "PROPFIND", "BREW"} - methods:
            reply = stage.app.test_client().open(path, method=method, headers=stage.asha.writing(), data=b"{}")
            problem = codes((405, "method_not_allowed"))(reply)
            if problem or set(reply.headers["Allow"].split(", ")) != methods:
                found.append(f"{method} {path}: {problem or reply.headers['Allow']}")
    assert not found, "\n".join(found)


# ---------------------------------------------------------------- headers

VERSIONED = ["items.edit_item", "items.withdraw_item", "customers.edit_customer", "auth.change_me",
             "people.change_role", "profile.change_shop_profile", "profile.change_registration",
             "profile.change_outlet", "profile.add_outlet", "profile.add_till", "profile.rename_till",
             "credits.pay_out",
             "customer_merges.merge_customer", "customers.set_days", "customers.keep_scan", "customers.verify_paper",
             "customers.withdraw_paper", "scheme_plans.end_plan", "rates.set_rules", "places.change_tray",
             "lots.draw_from_lot", "lots.weigh_lot", "lots.split_lot", "lots.tag_from_lot", "suppliers.edit_supplier",
             "transfers.receive_transfer", "transfers.recall_transfer", "memos.return_memo", "melts.finish_melt",
             "karigars.edit_karigar", "karigar_jobs.put_off", "karigar_jobs.receive", "karigar_jobs.cancel_job",
             "orders.put_off", "orders.move_on", "orders.take_advance", "orders.cancel", "repairs.give_estimate",
             "repairs.note_answer", "repairs.use", "repairs.set_charge", "repairs.hand_back",
             "console_tables.decide_table", "approvals.decide", "approvals.withdraw", "ratelocks.close_lock",
             "cash.change_drawer", "cash.open_shift", "cash.close_shift", "cash.hand_over", "cash.take_over",
             "cash.refuse_handover", "stocktakes.close_stocktake", "stocktakes.abandon_stocktake",
             "imports.start_import", "logo.set_logo"]  # fmt: skip
NO_TAGS = ("*", 'W/"1"', "1", '"abc"', '"1", "2"', "-1", '"-1"', '"1', '""', '"99999999999999999999"', '"4294967296"',
           '"1.0"', '" 1"', '"' + "1" * 5000 + '"', '"\xb2"', "'1'", "null")  # fmt: skip
NO_KEYS = (
    "x" * 65,
    "with blank",
    "ключ".encode().decode("latin-1"),
    "a,b",
    "a/b",
    "=1",
    '"quoted"',
    "x" * 50_000,
    "\x7f",
)


def test_every_change_of_a_version_is_tried(description):
    with_version = {
        name for name, (_method, one) in description.operations.items()
        if any(each.get("$ref", "").endswith("/IfMatch") for each in one.get("parameters", []))
    }  # fmt: skip
    assert {endpoint.replace(".", "_") for endpoint in VERSIONED} == with_version


@pytest.mark.parametrize("endpoint", VERSIONED)
def test_versions_that_are_none(stage, description, rows, endpoint):
    method = description.operations[endpoint.replace(".", "_")][0]
    ask = {**GOOD, **WITHOUT_BODY}[endpoint](stage)
    before = rows.now()
    bare = Ask(ask.token, ask.places, ask.body)
    assert codes((428, "if_match_missing"))(stage.send(endpoint, bare, method, json=ask.body)) == ""
    for text in turn(VERSIONED.index(endpoint), NO_TAGS):
        reply = stage.send(endpoint, bare, method, json=ask.body, headers={"If-Match": text})
        assert codes((400, "if_match_malformed"))(reply) == "", text[:30]
    for stale in {0, ask.version + 1, 2**31 - 1} - {ask.version}:  # what was never written has version 0
        reply = stage.send(endpoint, Ask(ask.token, ask.places, ask.body, stale), method, json=ask.body)
        assert reply.status_code == 412 and unclear(reply) == "", (stale, reply.text[:200])
    assert rows.now() == before


def creators(description) -> list[str]:
    return [
        endpoint for endpoint in GOOD
        for _method, one in [description.operations[endpoint.replace(".", "_")]]
        if any(each.get("$ref", "").endswith("/IdempotencyKey") for each in one.get("parameters", []))
    ]  # fmt: skip


def test_keys_that_are_none(stage, description, rows):
    asks = {endpoint: GOOD[endpoint](stage) for endpoint in creators(description)}
    assert len(asks) >= 8
    before = rows.now()
    for number, (endpoint, ask) in enumerate(asks.items()):
        for text in turn(number, NO_KEYS):
            reply = stage.send(endpoint, ask, "POST", json=ask.body, headers={"Idempotency-Key": text})
            assert codes((400, "idempotency_key_malformed"))(reply) == "", (endpoint, text[:30])
        reply = stage.send(endpoint, ask, "POST", json=ask.body, headers={"Idempotency-Key": ""})
        assert codes((400, "idempotency_key_missing"))(reply) == "", endpoint
    assert rows.now() == before


def reads(stage) -> list[tuple[str, Ask]]:
    """Every GET of the API that needs a sign-in."""
    endpoints = {
        rule.endpoint for rule in stage.app.url_map.iter_rules()
        if rule.rule.startswith("/api/") and "GET" in rule.methods and "." in rule.endpoint
    }  # fmt: skip
    return [(endpoint, asker(stage, endpoint)) for endpoint in sorted(endpoints) if not endpoint.startswith("health")]


NO_TOKENS = (
    "", "Bearer", "Bearer  ", "bearer x", "Basic YTpi", "Bearer a.b.c", "Bearer " + "x" * 100_000, "Bearer \xff\xfe",
    "Bearer null", "Token {token}", "{token}", "Bearer {token}.", "Bearer {token} {token}", "Bearer {token}\x00",
)  # fmt: skip


def test_sign_ins_that_are_none(stage, unchanged):
    for endpoint, ask in reads(stage):
        for text in turn(len(endpoint), NO_TOKENS):
            given = text.replace("{token}", str(ask.token))
            reply = stage.send(endpoint, Ask(None, {}, None), "GET", headers={"Authorization": given})
            assert reply.status_code == 401 and unclear(reply) == "", (endpoint, text[:30], reply.text)
            assert reply.headers["WWW-Authenticate"] == "Bearer"


ODD_HEADERS: dict[str, dict[str, Any]] = {
    "a place that is garbage": {"headers": {"X-Consistency": "garbage"}},
    "a place that is huge": {"headers": {"X-Consistency": "x" * 60_000}},
    "a place that is binary": {"headers": {"X-Consistency": "\xff\xfe\xfd"}},
    "a place that is no token": {"headers": {"X-Consistency": "eyJ4IjoxfQ.c2lnbmF0dXJl"}},
    "a request id on two lines": {"environ_overrides": {"HTTP_X_REQUEST_ID": "abcdefgh\r\nX-Injected: 1"}},
    "a request id that is huge": {"headers": {"X-Request-Id": "x" * 60_000}},
    "a request id in Russian": {"environ_overrides": {"HTTP_X_REQUEST_ID": "\xd0\xba" * 10}},
    "a till that is none": {"headers": {"X-Till-Id": "'; DROP TABLE tills"}},
    "a till of nothing": {"headers": {"X-Till-Id": FREE_ID}},
    "odd tastes": {"headers": {"Accept": "application/xml;q=x, */*;q=-1", "Accept-Encoding": ";;"}},
    "odd languages": {"headers": {"Accept-Language": "\xff, x-klingon;q=9, " + "hi;q=0.1, " * 3_000}},
    "odd cookies": {"headers": {"Cookie": "boola_session=x; boola_seen=\xff; till=; =; ;;; a=\"" + "y" * 9_000}},
    "many headers": {"headers": {f"X-Odd-{number}": "x" * 500 for number in range(200)}},
    "a range": {"headers": {"Range": "bytes=0-1,5-2", "If-None-Match": '"', "If-Modified-Since": "never"}},
    "another method": {"headers": {"X-HTTP-Method-Override": "DELETE", "X-Method-Override": "PURGE"}},
    "from elsewhere": {"headers": {"Origin": "null", "Referer": "javascript:alert(1)", "X-Forwarded-For": "a, b, ::"}},
    "a body where none belongs": {"data": b"{" * 100, "content_type": "application/json"},
    "a form where none belongs": {"data": b"\xff" * 100, "content_type": "multipart/form-data; boundary="},
}  # fmt: skip


def test_headers_that_are_odd_harm_nothing(stage, description, unchanged):
    """Where a header is only a hint, an odd one is as good as none: the same answer as without."""
    for endpoint, ask in reads(stage):
        if endpoint in ("invoices.get_pdf", "receipts.get_pdf"):  # its link is signed anew each time
            continue
        plain = stage.send(endpoint, ask, "GET")
        for what, options in turn(len(endpoint), ODD_HEADERS.items()):
            reply = stage.send(endpoint, ask, "GET", **options)
            assert reply.status_code == plain.status_code == 200, (endpoint, what, reply.text)
            if endpoint not in OF_THE_MOMENT:
                assert without_links(reply.json) == without_links(plain.json), (endpoint, what)
            assert re.fullmatch(r"[A-Za-z0-9._-]{8,64}", reply.headers["X-Request-Id"]), what
            assert "X-Injected" not in reply.headers


OF_THE_MOMENT = ("console_fleet.list_shards",)  # how the servers are just now


def without_links(value: Any) -> Any:
    """Links are signed anew with each reply."""
    if isinstance(value, dict):
        return {
            name: without_links(one) for name, one in value.items() if not name.endswith(("Url", "url", "expiresAt"))
        }
    return [without_links(one) for one in value] if isinstance(value, list) else value


@pytest.mark.parametrize(
    "host", ["", "evil.test", "a b", "[::1", "shop.test:99999", "x" * 5_000, "\xff", "shop.test, evil"]
)
def test_a_host_that_is_none(stage, unchanged, host):
    client = stage.app.test_client(use_cookies=False)
    reply = client.get(
        f"/api/v1/shops/{stage.asha.shop_id}/items", headers=stage.asha.headers(), environ_overrides={"HTTP_HOST": host}
    )
    assert reply.status_code == 200 or unclear(reply) == "", reply.text
    assert "evil" not in str(reply.headers)


def test_a_form_with_thousands_of_parts(stage, unchanged):
    """Werkzeug stops counting at a thousand; ours is told in our words."""
    parts = b"".join(b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n' for _ in range(5_000)) + b"--x--"
    path = f"/api/v1/shops/{stage.asha.shop_id}/images"
    reply = stage.app.test_client().post(
        path, input_stream=io.BytesIO(parts), content_length=len(parts), headers=stage.asha.writing(),
        content_type="multipart/form-data; boundary=x",
    )  # fmt: skip
    assert unclear(reply) == "", reply.text


@pytest.mark.parametrize("boundary", ["", "=", '"', "x" * 300, "\xff", "a b", "--"])
def test_a_form_whose_seam_is_odd(stage, unchanged, boundary):
    path = f"/api/v1/shops/{stage.asha.shop_id}/images"
    reply = stage.app.test_client().post(
        path, data=b"--x\r\n" + secrets.token_bytes(200), headers=stage.asha.writing(),
        content_type=f"multipart/form-data; boundary={boundary}",
    )  # fmt: skip
    assert unclear(reply) == "", reply.text
