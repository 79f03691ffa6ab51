"""Addresses of nothing, and methods that an address does not take."""

import re
from typing import Any
from urllib.parse import quote

import pytest

from tests.support.bad_input import CONTROL, FREE_ID, ODD_TEXTS, unclear
from tests.support.good_asks import GOOD, an_address, headers_of
from tests.support.spoiling import JSON, asker, codes, turn

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
