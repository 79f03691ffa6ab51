"""A counter of Asha's shop that buys old gold; sellers differ from test to test, the shop does not."""

from dataclasses import dataclass
from typing import Any

import pytest
from werkzeug.test import TestResponse

from app.kit.clock import utc_now
from app.kit.ids import new_id
from app.vision.models import Picture, PictureState
from tests.support.cast import Somebody, make_cast
from tests.support.counter import Counter, made


@dataclass
class Buying:
    """One seller at one till. The board: 22K at ₹12,800; terms: nothing kept, 1.5 % melting loss."""

    counter: Counter
    seller: dict[str, Any]

    def body(self, **changes: Any) -> dict[str, Any]:
        """Case 4 of the price table's weights: 15.420 g with 0.320 g dirt, 91.2 %."""
        return {
            "customerId": self.seller["id"], "identity": {"kind": "aadhaar", "number": "2345 6789 0123"},
            "lines": [self.line()], **changes,
        }  # fmt: skip

    def line(self, **changes: Any) -> dict[str, Any]:
        return {
            "description": "Old chain", "metal": "gold", "grossMg": 15_420, "dirtMg": 320, "fineness": 9_120,
            "test": "xrf", "testNote": "91.2 %", "pictureId": self.photo(), **changes,
        }  # fmt: skip

    def photo(self) -> str:
        """A picture that was sent and waits for its job."""
        row = Picture(
            id=new_id(), state=PictureState.UPLOADED.value, incoming_key="x/y", sha256=bytes(32), created_at=utc_now()
        )
        self.counter.write(lambda db: db.add(row))
        return str(row.id)

    def buy(self, by: Somebody | None = None, **changes: Any) -> TestResponse:
        till = self.counter if by is None else Counter(self.counter.app, self.counter.runtime, by)
        return till.post("/old-gold", self.body(**changes))


@pytest.fixture(scope="package")
def asha_and_others(runtime):
    return make_cast(runtime)


@pytest.fixture(scope="package")
def counter(flask_app, runtime, asha_and_others) -> Counter:
    """₹12,800 for 916 is ₹13,973.80 fine."""
    found = Counter(flask_app, runtime, asha_and_others.asha)
    found.set_board()
    made(found.post("/old-gold/terms", {"metal": "gold", "marginBp": 0, "meltingLossBp": 150}))
    return found


@pytest.fixture
def buying(counter) -> Buying:
    return Buying(counter, counter.customer())
