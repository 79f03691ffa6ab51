"""Owns a counter to bill at: somebody of the cast with a board, pieces and customers, reached over HTTP like a till."""

import itertools
import secrets
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from typing import Any, TypeVar
from uuid import UUID

from flask import Flask
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from app.invoices import service as bills
from app.kit.db import ShardBase
from app.kit.runtime import Runtime
from shard_router import Mode, ShopSession
from tests.factories.people import a_pan, a_phone
from tests.factories.stock import a_huid
from tests.support.cast import Somebody

T = TypeVar("T")
RATES = {("gold", 9160): 12_800_00, ("gold", 7500): 10_480_00, ("gold", 5850): 5_200_00, ("silver", 9250): 150_00}


@dataclass
class Counter:
    """A till of somebody's shop. Every call is a request of its own, so threads may share it."""

    app: Flask
    runtime: Runtime
    who: Somebody
    _tags: Any = field(default_factory=lambda: itertools.count(1))

    @property
    def base(self) -> str:
        return f"/api/v1/shops/{self.who.shop_id}"

    # -- requests ---------------------------------------------------------------------------------------------------
    def get(self, path: str, **query: Any) -> TestResponse:
        return self.app.test_client().get(self.base + path, headers=self.who.headers(), query_string=query)

    def post(self, path: str, body: Any, *, key: str | None = None, **headers: str) -> TestResponse:
        return self.app.test_client().post(self.base + path, json=body, headers=self.who.writing(key, **headers))

    def patch(self, path: str, body: Any, *, version: int) -> TestResponse:
        headers = self.who.headers(**{"If-Match": f'"{version}"'})
        return self.app.test_client().patch(self.base + path, json=body, headers=headers)

    def put(self, path: str, body: Any, *, version: int) -> TestResponse:
        headers = self.who.headers(**{"If-Match": f'"{version}"'})
        return self.app.test_client().put(self.base + path, json=body, headers=headers)

    # -- what a shop has --------------------------------------------------------------------------------------------
    def set_board(self, **paise_per_g: int) -> None:
        """RATES, or others: gold_9160=…"""
        board = dict(RATES)
        for name, paise in paise_per_g.items():
            metal, _, fineness = name.rpartition("_")
            board[metal, int(fineness)] = paise
        rates = [{"purity": {"metal": m, "fineness": f}, "paisePerG": paise} for (m, f), paise in board.items()]
        made(self.post("/rates", {"rates": rates}))

    def piece(self, **changes: Any) -> dict[str, Any]:
        """A ring of case 1 of the price table: 3.390 g, making 16 %."""
        facts = {
            "tag": f"R-{next(self._tags)}", "name": "Ring", "category": "ring", "grossMg": 3390, "huid": a_huid(),
            "purity": {"metal": "gold", "fineness": 9160}, "making": {"kind": "percent", "bp": 1600},
        }  # fmt: skip
        return made(
            self.post("/items", {key: value for key, value in {**facts, **changes}.items() if value is not ...})
        )

    def customer(self, **changes: Any) -> dict[str, Any]:
        facts = {
            "name": "Lata Deshpande", "phone": a_phone(), "address": "4 Laxmi Road", "city": "Mumbai",
            "pin": "400004", "stateCode": "27", "pan": a_pan(),
        }  # fmt: skip
        return made(self.post("/customers", {**facts, **changes}))

    def float(self, paise: int = 1_00_000_00) -> None:
        """The owner brings cash into the till's drawer: only what is in it can leave it."""
        till_id = str(self.who.shop.till_id)
        made(self.post("/cash/entries", {"tillId": till_id, "kind": "owner", "paise": paise, "note": "for change"}))

    # -- bills ------------------------------------------------------------------------------------------------------
    def bill(
        self, pieces: Sequence[Any], *, key: str | None = None, paid: int | None = None, **more: Any
    ) -> TestResponse:
        """Issue a bill; paid by UPI in full unless said otherwise."""
        body = self.draft(pieces, **more)
        if "payments" not in body:
            amount = paid if paid is not None else self.total(body)
            body["payments"] = [{"mode": "upi", "paise": amount}] if amount else []
        return self.post("/invoices", body, key=key)

    def draft(self, pieces: Sequence[Any], **more: Any) -> dict[str, Any]:
        if "lines" in more:
            return dict(more)
        return {"lines": [piece if "itemId" in piece else {"itemId": piece["id"]} for piece in pieces], **more}

    def total(self, body: dict[str, Any]) -> int:
        answer = self.post("/invoices/quote", body)
        assert answer.status_code == 200, answer.json
        return int(answer.json["totalPaise"])

    # -- what the books say -----------------------------------------------------------------------------------------
    def read(self, work: Callable[[ShopSession], T]) -> T:
        """Straight from the primary, whatever this caller has seen."""
        with self.runtime.router.shop(self.who.shop_id, self.who.actor, mode=Mode.WRITE) as db:
            return work(db)

    def write(self, work: Callable[[ShopSession], T], *, hot: bool = False) -> T:
        with self.runtime.router.shop(self.who.shop_id, self.who.actor, mode=Mode.WRITE, hot=hot) as db:
            value = work(db)
            db.commit()
            return value

    def books(self) -> bills.BooksReport:
        return self.read(bills.verify_books)

    def numbers(self, kind: str = "invoice") -> list[int]:
        """The numbers of a kind that were given, in order."""
        found: list[int] = []
        after: str | None = None
        while True:
            page = self.read(partial(bills.list_invoices, kind=kind, sort="issuedOn", after=after, limit=200))
            found += [int(summary.number.rpartition("/")[2]) for summary in page.items]
            after = page.next_cursor
            if after is None:
                return sorted(found)

    def row_counts(self) -> dict[str, int]:
        """How many rows each table holds of this shop: what must be the same after a refusal."""

        def count(db: ShopSession) -> dict[str, int]:
            models = sorted(ShardBase.registry.mappers, key=lambda mapper: mapper.class_.__tablename__)
            return {
                mapper.class_.__tablename__: db.scalar(select(func.count()).select_from(mapper.class_)) or 0
                for mapper in models
            }

        return self.read(count)

    def status(self, item_id: str) -> str:
        from app.inventory import service as inventory

        return self.read(lambda db: inventory.get_item(db, UUID(item_id))).status


def made(answer: TestResponse) -> dict[str, Any]:
    """The body of what must have succeeded."""
    assert answer.status_code in (200, 201), answer.json
    body: dict[str, Any] = answer.json
    return body


def all_at_once(count: int, work: Callable[[int], T]) -> list[T]:
    """`work` of 0 … count-1, each in a thread of its own, begun together."""
    from threading import Barrier

    gate = Barrier(count)

    def begin(number: int) -> T:
        gate.wait()
        return work(number)

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(begin, range(count)))


def a_key() -> str:
    return secrets.token_hex(16)
