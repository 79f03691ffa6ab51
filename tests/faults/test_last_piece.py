"""Fault 17: the last piece, and many tills that sell it at one moment. One bill; the others hear that it is sold."""

import json
import secrets
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import product

import pytest
from sqlalchemy import select

from app.inventory.models import Item
from tests.faults.http import Answer, Line
from tests.faults.load import a_piece
from tests.faults.market import Market
from tests.support.cast import Somebody

pytestmark = pytest.mark.fault(17)

TILLS = 4  # of each shop; every one keeps its own line, and the lines end in different web processes
PIECES = [75, pytest.param(10_000, marks=pytest.mark.long)]


class Rush:
    """Every shop's tills, each in a thread of its own; what they all do begins in the same moment."""

    def __init__(self, market: Market) -> None:
        self._market = market
        self._places = list(product(market.people, range(TILLS)))
        self._lines = [Line(market.url) for _ in self._places]
        self._gate = threading.Barrier(len(self._places), timeout=60)
        self._pool = ThreadPoolExecutor(len(self._places))

    def sell(self, pieces: dict[int, str]) -> dict[int, list[tuple[str, Answer]]]:
        """All tills of each shop sell that shop's piece, each with a key of its own."""
        keys = [secrets.token_hex(16) for _ in self._places]
        sent = self._pool.map(self._send, range(len(self._places)), keys, [pieces] * len(keys))
        answers: dict[int, list[tuple[str, Answer]]] = {shop_id: [] for shop_id in pieces}
        for (who, _), key, answer in zip(self._places, keys, sent, strict=True):
            answers[who.shop_id].append((key, answer))
        return answers

    def _send(self, place: int, key: str, pieces: dict[int, str]) -> Answer:
        who, _ = self._places[place]
        body = self.body(who, pieces[who.shop_id])
        self._gate.wait()
        path = f"/api/v1/shops/{who.shop_id}/invoices"
        return self._lines[place].send("POST", path, headers=who.writing(key), body=json.dumps(body).encode())

    def body(self, who: Somebody, item_id: str) -> dict[str, object]:
        price = self._market.prices[who.shop_id]
        return {"lines": [{"itemId": item_id}], "payments": [{"mode": "upi", "paise": price}]}

    def close(self) -> None:
        self._pool.shutdown()
        for line in self._lines:
            line.close()


@contextmanager
def rush(market: Market) -> Iterator[Rush]:
    tills = Rush(market)
    try:
        yield tills
    finally:
        tills.close()


@pytest.mark.fault(17)
@pytest.mark.parametrize("pieces", PIECES)
def test_the_last_piece_is_sold_once(
    market: Market, pieces: int, count: Callable[[int], int], measured: Callable[..., None]
) -> None:
    refusals: Counter[tuple[int, str]] = Counter()
    rounds = -(-count(pieces) // len(market.people))
    with rush(market) as tills:
        for _ in range(rounds):
            entered = {who.shop_id: _enter(market, who) for who in market.people}
            answers = tills.sell(entered)
            for who in market.people:
                of_shop = answers[who.shop_id]
                sold = [(key, answer) for key, answer in of_shop if answer.status == 201]
                assert len(sold) == 1, [(answer.status, answer.code) for _, answer in of_shop]
                market.note(who, sold[0][0], tills.body(who, entered[who.shop_id]), sold[0][1])
                refusals.update((answer.status, answer.code) for _, answer in of_shop if answer.status != 201)
    sold_pieces = rounds * len(market.people)
    measured(
        pieces=sold_pieces,
        bills=len(market.journal.sold),
        tills=TILLS,
        refused={f"{status} {code}": times for (status, code), times in refusals.items()},
    )
    assert refusals == {(409, "item_already_sold"): sold_pieces * (TILLS - 1)}
    for who in market.people:
        sold_items = select(Item.id, Item.invoice_id).where(Item.status == "sold")
        holders = market.look(who, lambda db, wanted=sold_items: db.execute(wanted).all())
        billed = {one.item_id: one.facts["id"] for one in market.journal.of(who.shop_id)}
        assert {str(item): str(bill) for item, bill in holders} == billed  # the piece says which bill holds it
    market.audit()


def _enter(market: Market, who: Somebody) -> str:
    made = market.post(who, "items", a_piece())
    assert made.status == 201, made
    return str(made.json["id"])
