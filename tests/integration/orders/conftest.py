"""A counter of Asha's shop with a board, a customer, orders and repairs."""

import datetime as dt
from dataclasses import dataclass
from typing import Any

import pytest

from app.kit.clock import today_ist
from tests.support.counter import Counter, made

LATER = 10


@dataclass
class Desk:
    """Somebody's counter, and the customer who stands at it."""

    counter: Counter
    customer: dict[str, Any]

    def draft(self) -> dict[str, Any]:
        """A ring of 22 karat of about 5 g, at the rate of the delivery."""
        line = {"description": "Ring with a flower", "category": "ring", "metal": "gold", "fineness": 9160,
                "weightMg": 5_000}  # fmt: skip
        return {"customerId": self.customer["id"], "lines": [line], "dueOn": later(LATER)}

    def order(self, **changes: Any) -> dict[str, Any]:
        return made(self.counter.post("/orders", {**self.draft(), **changes}))

    def repair(self, **changes: Any) -> dict[str, Any]:
        facts = {
            "customerId": self.customer["id"], "description": "Chain", "condition": "torn near the clasp",
            "work": "solder the chain", "metal": "gold", "fineness": 9160, "grossMg": 8_250, "dueOn": later(3),
        }  # fmt: skip
        return made(self.counter.post("/repairs", {**facts, **changes}))

    def act(self, order: dict[str, Any], what: str, **body: Any) -> Any:
        kind = "orders" if what in ("stage", "advances", "cancellation") else "repairs"
        path = f"/{kind}/{order['id']}/{what}"
        return self.counter.post(path, body, **{"If-Match": f'"{order["version"]}"'})

    def done(self, order: dict[str, Any], what: str, **body: Any) -> dict[str, Any]:
        return made(self.act(order, what, **body))


def later(days: int) -> str:
    return (today_ist() + dt.timedelta(days=days)).isoformat()


@pytest.fixture
def desk(flask_app, runtime, cast) -> Desk:
    counter = Counter(flask_app, runtime, cast.asha)
    counter.set_board()
    return Desk(counter, counter.customer())
