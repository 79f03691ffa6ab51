"""What is written down holds no secret and nothing personal."""

import json
import logging

import pytest
import structlog

from app.kit import logs


@pytest.fixture(autouse=True)
def restored():
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    yield
    root.handlers[:] = before
    root.setLevel(level)
    structlog.reset_defaults()


@pytest.mark.parametrize(
    "name",
    ["password", "new_password", "Authorization", "cookie", "access_token", "phone", "email", "pan", "gstin", "otp",
     "secret_key", "address", "sentry_dsn", "customer_phone"],
)  # fmt: skip
def test_telling_names_are_hidden_at_any_depth(name):
    event = {"event": "x", name: "telling", "facts": {name: "telling", "number": 7}}
    assert "telling" not in str(logs.hide(None, "", event))
    assert event["facts"]["number"] == 7


def test_a_line_is_json_and_carries_what_was_bound(capsys):
    logs.configure("INFO")
    structlog.contextvars.clear_contextvars()
    logs.bind(request_id="r-1", shop_id=7, person_id=None)
    structlog.get_logger("x").info("bill issued", number="A/1", password="p")
    logging.getLogger("library").warning("slow %s", "thing")
    structlog.get_logger("x").debug("not this")
    own, foreign = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert (own["event"], own["request_id"], own["shop_id"], own["password"]) == ("bill issued", "r-1", 7, logs.HIDDEN)
    assert "person_id" not in own
    assert own["level"] == "info"
    assert own["timestamp"].endswith("Z")
    assert (foreign["event"], foreign["request_id"]) == ("slow thing", "r-1")
    structlog.contextvars.clear_contextvars()


def test_an_error_is_written_with_its_trace(capsys):
    logs.configure("INFO")
    try:
        raise ZeroDivisionError("at the till")
    except ZeroDivisionError as error:
        logs.report(error)
    line = json.loads(capsys.readouterr().err)
    assert "ZeroDivisionError: at the till" in line["exception"]
    assert line["level"] == "error"


def test_sentry_gets_neither_bodies_nor_headers_nor_people():
    event = {
        "request": {"method": "POST", "url": "http://x/a?phone=98", "headers": {"Authorization": "B"}, "data": "body",
                    "cookies": "c", "query_string": "phone=98"},
        "user": {"ip_address": "192.0.2.1"},
    }  # fmt: skip
    assert logs._without_request(event, None) == {
        "request": {"method": "POST", "url": "http://x/a"}, "tags": {"request_id": ""},
    }  # fmt: skip
