"""Owns a shop of the story: its counter over HTTP, its own books beside it, and the day's frame: count, trade, count,
close."""

import dataclasses
import datetime as dt
import itertools
import random
from collections import Counter as Tally
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from app.kit.clock import IST
from tests.factories.people import a_pan, a_phone
from tests.factories.stock import a_huid
from tests.support.cast import issue
from tests.support.counter import Counter, a_key, made
from tests.support.month.arithmetic import Piece, in_notes
from tests.support.month.own_books import SAFE, TILL, OwnBooks
from tests.support.waiting import until

GOLD, SILVER = ("gold", 9160), ("silver", 9250)
FLOAT = 5_000_00
BUSY = ("shop_moving",)


@dataclass
class Shop:
    """Whatever is done over HTTP is done in `books` too, by other arithmetic."""

    counter: Counter
    dice: random.Random
    state: str
    other_state: str
    books: OwnBooks = field(default_factory=OwnBooks)
    done: Tally[str] = field(default_factory=Tally)
    rates: dict[tuple[str, int], int] = field(default_factory=dict)
    annex: str = ""
    second: str = ""  # another till where the first one is
    seat: str = ""  # the till at which one sits; empty: the first
    waited: int = 0  # requests that were sent again, since the shop was just moving
    _numbers: Any = field(default_factory=lambda: itertools.count(1))

    @property
    def name(self) -> str:
        return self.counter.who.name

    @property
    def till_id(self) -> str:
        return str(self.counter.who.shop.till_id)

    @contextmanager
    def at(self, till_id: str, place: str, *, by: Counter | None = None) -> Iterator[None]:
        """What is done meanwhile is done at this till, by this person where it is not the owner."""
        before, self.counter = self.counter, by or self.counter
        seat, drawer = self.seat, self.books.place
        self.seat, self.books.place = till_id, place
        try:
            yield
        finally:
            self.counter, self.seat, self.books.place = before, seat, drawer

    def code(self, letter: str) -> str:
        return f"{letter}-{next(self._numbers)}"

    # ---------------------------------------------------------------- requests

    def post(self, path: str, body: Any, *, version: int | None = None) -> dict[str, Any]:
        """What must succeed, at this shop's till; sent again with its own key where the shop is just moving."""
        key, more = a_key(), {"X-Till-Id": self.seat or self.till_id}
        if version is not None:
            more["If-Match"] = f'"{version}"'
        answer = self.counter.post(path, body, key=key, **more)

        def again() -> bool:
            nonlocal answer
            self.waited += 1
            answer = self.counter.post(path, body, key=key, **more)
            return not _moving(answer)

        if _moving(answer):
            until(again, within=30, what="the shop at its new home")
        assert answer.status_code in (200, 201, 202), (path, answer.json, body)
        found: dict[str, Any] = answer.json
        return found

    def get(self, path: str, **query: Any) -> dict[str, Any]:
        answer = self.counter.get(path, **query)
        if _moving(answer):
            until(lambda: not _moving(self.counter.get(path, **query)), within=30, what="the shop at its new home")
            answer = self.counter.get(path, **query)
        return made(answer)

    # ---------------------------------------------------------------- what there is

    def open_annex(self) -> None:
        """A second outlet, to which stock is transferred; nobody sits at its till. And a second till here."""
        profile = self.get("/profile")
        known = {one["id"] for one in profile["outlets"]}
        body = {
            "registrationId": profile["registrations"][0]["id"], "name": "Annex", "address": "2 Zaveri Bazaar",
            "city": "Mumbai", "pin": "400002", "tillCode": "X1",
        }  # fmt: skip
        profile = self.post("/profile/outlets", body, version=profile["version"])
        (self.annex,) = {one["id"] for one in profile["outlets"]} - known
        here = next(one["outletId"] for one in profile["tills"] if one["id"] == self.till_id)
        till = {"outletId": here, "code": "T2", "name": "Second counter"}
        profile = self.post("/profile/tills", till, version=profile["version"])
        (self.second,) = [one["id"] for one in profile["tills"] if one["code"] == "T2"]

    def customer(self, **facts: Any) -> str:
        usual = {"name": "Lata Deshpande", "phone": a_phone(), "address": "4 Laxmi Road", "city": "Mumbai",
                 "pin": "400004", "stateCode": self.state, "pan": a_pan()}  # fmt: skip
        found: str = self.post("/customers", {**usual, **facts})["id"]
        return found

    def set_board(self) -> None:
        """Gold goes up or down by at most a hundredth a day; silver with it."""
        gold = 12_800_00 + self.dice.randrange(-128_00, 128_01)
        board = {("gold", 9160): gold, ("gold", 7500): gold * 750 // 916, ("silver", 9250): gold // 85}
        rates = [{"purity": {"metal": m, "fineness": f}, "paisePerG": paise} for (m, f), paise in board.items()]
        self.post("/rates", {"rates": rates})
        self.rates = board

    def new_piece(self, **fixed: Any) -> tuple[dict[str, Any], Piece]:
        """The body of a piece to be entered, and what our own books know of it. Its id comes with the answer."""
        metal, fineness = fixed.get("purity") or self.dice.choice((GOLD, GOLD, GOLD, SILVER))
        gross = fixed.get("gross_mg") or self.dice.randrange(2_100, 9_000)
        mct = self.dice.choice((0, 0, 0, 5 * self.dice.randrange(10, 60)))
        kind, amount = self.dice.choice((("percent", 1_600), ("percent", 1_250), ("per_gram_net", 800_00),
                                         ("per_gram_gross", 650_00), ("fixed", 1_500_00)))  # fmt: skip
        wastage, lost_bp = self.dice.choice((("none", 0), ("none", 0), ("percent_of_value", 250),
                                             ("percent_of_net", 300)))  # fmt: skip
        piece = Piece(
            "", self.code("T"), metal, fineness, gross, mct, 25_000_00, kind, amount, wastage, lost_bp, hallmark=45_00
        )
        body = {
            "tag": piece.tag, "name": "Ring", "category": "ring", "grossMg": gross,
            "purity": {"metal": metal, "fineness": fineness}, "huid": a_huid(), "hallmarkPaise": piece.hallmark,
            "making": {"kind": kind, "bp" if kind == "percent" else "paise": amount},
            "wastage": {"kind": wastage, "bp": lost_bp},
            "stones": [{"kind": "diamond", "pieces": 1, "weightMct": mct, "basis": "per_carat",
                        "ratePaise": piece.stone_rate}] if mct else [],
        }  # fmt: skip
        return body, piece

    def at_hand(self, count: int = 1, *, most_paise: int | None = None) -> list[Piece]:
        """Pieces in stock that lie in the shop, by dice; fewer where there are not so many."""
        known = [
            piece for piece in self.books.pieces.values()
            if most_paise is None or piece.value(self.rates[piece.purity]) < most_paise
        ]  # fmt: skip
        return self.dice.sample(known, min(count, len(known)))

    # ---------------------------------------------------------------- the day's frame

    def begin(self, on: dt.date) -> None:
        """A new day: signed in afresh, the drawer counted, the board set."""
        self.sign_in()
        self.books.today = on
        self.count("open", self.books.cash[TILL])
        self.set_board()

    def sign_in(self) -> None:
        signed_in(self.counter)

    def end(self, *, short: int = 0) -> dict[str, Any]:
        """The evening: what is above the float goes to the safe, the drawer is counted, the day closed."""
        books, on = self.books, self.books.today
        over = books.cash[TILL] - FLOAT
        if over > 0:
            self.post("/cash/transfers", {"fromTillId": self.till_id, "toTillId": None, "paise": over, "note": "safe"})
            books.cash_moves(-over, TILL)
            books.cash_moves(over, SAFE)
        short = short if books.cash[TILL] >= short else 0
        if short:
            books.cash_moves(-short)
            self.done["shortage"] += 1
        self.count("close", books.cash[TILL], short=short)
        closing = self.close(on)
        books.close()
        return closing

    def close(self, on: dt.date) -> dict[str, Any]:
        closing = self.post("/days", {"on": on.isoformat(), "note": "the evening"})
        self.done["closing"] += 1
        if on.day % 9:
            return closing
        refused = self.counter.post("/days", {"on": on.isoformat(), "note": "again"})
        assert (refused.status_code, refused.json["code"]) == (409, "day_closed")
        self.done["closed_once"] += 1
        return closing

    def count(self, verb: str, paise: int, *, short: int = 0) -> None:
        """Counted as our own books say; the product must expect just that, or so much more where some is short."""
        drawer = self.drawer()
        counted = self.post(
            f"/cash/drawers/{self.seat or self.till_id}/{verb}", {"pieces": in_notes(paise), "note": "counted"},
            version=drawer["version"],
        )  # fmt: skip
        assert (counted["countedPaise"], counted["differencePaise"]) == (paise, -short), counted

    def drawer(self) -> dict[str, Any]:
        return next(one for one in self.get("/cash/drawers")["drawers"] if one["tillId"] == (self.seat or self.till_id))

    def act(self, work: Callable[[], bool | None]) -> bool:
        """One of the story's acts; false where it could not be."""
        if work() is False:
            return False
        self.done[work.__name__] += 1
        return True


def signed_in(counter: Counter) -> Counter:
    """Afresh: tokens end in the night."""
    who = counter.who
    counter.who = dataclasses.replace(who, token=issue(counter.runtime, who.person_id, who.name))
    return counter


def _moving(answer: Any) -> bool:
    return answer.status_code == 503 and answer.json["code"] in BUSY


def noon(on: dt.date, hour: int = 11) -> dt.datetime:
    return dt.datetime.combine(on, dt.time(hour), IST)
