"""Owns how requests are spoilt beside their bodies' fields: whose turn which spoiling is, and what must be answered."""

from typing import Any

from werkzeug.test import TestResponse

from tests.support.bad_input import unclear
from tests.support.good_asks import Ask, Stage

JSON = "application/json"


def turn(number: int, values: Any) -> Any:
    """A sixth of the values: six neighbours have them all. What reads a body, an argument, a header is one code for
    all routes; a room of few routes does not meet them all."""
    return list(values)[number % 6 :: 6]


def codes(*expected: tuple[int, str]) -> Any:
    """Says of a reply what is wrong with it; nothing where it is one of these, and clear."""

    def hold(reply: TestResponse) -> str:
        body = reply.get_json(silent=True) or {}
        found = (reply.status_code, body.get("code"))
        return unclear(reply) or ("" if found in expected else f"{found}, not {expected}: {body.get('detail')}")

    return hold


def asker(stage: Stage, endpoint: str) -> Ask:
    """Who asks what takes no body: of the console's routes its admin, else Asha."""
    console = endpoint.startswith("console")
    return Ask((stage.cast.om if console else stage.asha).token, {}, None)
