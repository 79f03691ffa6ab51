"""What is stored with an Idempotency-Key: never who a customer, a supplier or a karigar is (docs/decisions/0004)."""

import secrets
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import select

from app.kit.models import IdempotencyKey
from tests.support.good_asks import GOOD

PARTICULARS = ("customerName", "karigarName", "phone", "pan", "email", "buyer", "payer", "party", "members")
THE_SHOPS_OWN = ("auth", "console_", "people", "profile")  # people who work here, and the shop itself


def named(schema: Any) -> Iterator[str]:
    """The fields of a reply that say who somebody is."""
    for choice in schema.get("anyOf", [schema]):
        for name, inner in choice.get("properties", {}).items():
            if name in PARTICULARS:
                yield name
            yield from named(inner)
        if "items" in choice:
            yield from named(choice["items"])


def tells_who(description, endpoint: str) -> bool:
    method, described = description.operations[endpoint.replace(".", "_")]
    success = next(int(code) for code in described["responses"] if code.startswith("2"))
    reply = description.reply_of(endpoint.replace(".", "_"), success)
    return method == "POST" and not endpoint.startswith(THE_SHOPS_OWN) and any(named(reply or {}))


def test_no_reply_that_says_who_somebody_is_is_stored_and_the_same_key_is_answered_with_the_same_bytes(
    stage, description
):
    tried = [endpoint for endpoint in GOOD if tells_who(description, endpoint)]
    assert {"orders.take_order", "repairs.hand_back", "customers.join_family", "karigars.open_job"} < set(tried)
    for endpoint in tried:
        ask, key = GOOD[endpoint](stage), secrets.token_hex(16)
        first, again = (
            stage.send(endpoint, ask, "POST", json=ask.body, headers={"Idempotency-Key": key}) for _ in range(2)
        )
        assert first.status_code in (200, 201), (endpoint, first.text)
        assert (again.status_code, again.data) == (first.status_code, first.data), endpoint
        assert again.headers["Idempotent-Replay"] == "true"
        stored = select(IdempotencyKey.reply).where(IdempotencyKey.key == key)
        assert stage.write(lambda db, stored=stored: db.scalars(stored).all()) == [None], endpoint


@pytest.mark.parametrize("endpoint", ["orders.take_order", "repairs.take_repair"])
def test_a_key_is_answered_with_the_order_as_it_is_now(stage, endpoint):
    ask, key = GOOD[endpoint](stage), secrets.token_hex(16)
    taken = stage.send(endpoint, ask, "POST", json=ask.body, headers={"Idempotency-Key": key}).json
    later = stage.asha.headers(**{"If-Match": f'"{taken["version"]}"'})
    address = f"/api/v1/shops/{stage.asha.shop_id}/orders/{taken['id']}"
    moved = stage.app.test_client().patch(address, json={"dueOn": taken["takenOn"]}, headers=later)
    again = stage.send(endpoint, ask, "POST", json=ask.body, headers={"Idempotency-Key": key})
    assert (again.status_code, again.json) == (201, moved.json)
    assert again.headers["ETag"] == moved.headers["ETag"]
