"""Headers that are none or odd: versions, keys, sign-ins, hints, hosts."""

import re
from typing import Any

import pytest

from tests.support.bad_input import FREE_ID, unclear
from tests.support.good_asks import GOOD, WITHOUT_BODY, Ask
from tests.support.spoiling import asker, codes, turn

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
             "cash.recall_handover",
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
