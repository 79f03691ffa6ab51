"""Owns the shops that a fault run bills in, and the final audit: nothing acknowledged is lost, doubled or changed."""

import json
import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import func, select

from app.inventory.models import Item
from app.invoices import service as invoices
from app.invoices.models import Invoice, InvoiceLine, InvoicePdf
from app.kit.models import IdempotencyKey, OutboxJob, OutboxState
from app.kit.runtime import Runtime
from shard_router import Mode, ShopSession
from tests.factories.rates import a_board
from tests.faults.http import Answer, Line
from tests.faults.load import PAUSE, Journal, Load, Sold, a_piece, billing
from tests.support.cast import Cast, Somebody, make_cast
from tests.support.waiting import until

STANDS_STILL = 60.0  # seconds; what a fault took from a worker comes again after its lease of 30 s

AUDITED: list["Market"] = []
"""Every market whose bills are accounted for; their PDFs are waited for once, at the end of all fault runs."""


@dataclass(eq=False)
class Market:
    """Asha's and Ravi's shops on shard A, Zoya's on shard B, each with a board; and what was acknowledged there.

    `newcomers`: who opened a shop meanwhile."""

    url: str
    runtime: Runtime
    cast: Cast
    prices: dict[int, int] = field(default_factory=dict)  # of a till's piece, by shop
    journal: Journal = field(default_factory=Journal)
    newcomers: list[Somebody] = field(default_factory=list)

    def history(self) -> Iterator[dict[str, Any]]:
        """Kept where a test fails."""
        return self.journal.history()

    @property
    def people(self) -> tuple[Somebody, ...]:
        return (self.cast.asha, self.cast.ravi, self.cast.zoya, *self.newcomers)

    def begin(self, who: Somebody) -> None:
        """From now on this shop can bill: it has rates, and we know what a till's piece costs there."""
        with self.runtime.router.shop(who.shop_id, who.actor) as db:
            a_board(db)
            db.commit()
        self.prices[who.shop_id] = _price(self, who)

    @property
    def on_a(self) -> tuple[int, int]:
        return (self.cast.asha.shop_id, self.cast.ravi.shop_id)

    @property
    def on_b(self) -> int:
        return self.cast.zoya.shop_id

    @contextmanager
    def billing(self, *people: Somebody, url: str = "", pause: float = PAUSE) -> Iterator[Load]:
        """A till for each of these people, or for everybody."""
        wanted = people or self.people
        with billing(url or self.url, wanted, self.journal, prices=self.prices, pause=pause) as load:
            yield load

    # -- single requests ----------------------------------------------------------------------------------------------
    def post(self, who: Somebody, what: str, body: Any, *, key: str | None = None, url: str = "") -> Answer:
        line = Line(url or self.url)
        try:
            return line.send(
                "POST", f"/api/v1/shops/{who.shop_id}/{what}", headers=who.writing(key), body=json.dumps(body).encode()
            )
        finally:
            line.close()

    def insist(self, who: Somebody, what: str, body: Any, key: str) -> Answer:
        """Sent again until it is acknowledged."""
        answers: list[Answer] = []

        def acknowledged() -> bool:
            answers.append(self.post(who, what, body, key=key))
            return answers[-1].ok

        until(acknowledged, within=30, what="an acknowledgement")
        return answers[-1]

    def post_behind(self, who: Somebody, what: str, body: Any, key: str) -> "tuple[threading.Thread, list[Answer]]":
        """In a thread of its own, since the answer will not come for a while."""
        answers: list[Answer] = []
        sender = threading.Thread(target=lambda: answers.append(self.post(who, what, body, key=key)))
        sender.start()
        return sender, answers

    def get(self, who: Somebody, what: str, *, url: str = "", **headers: str) -> Answer:
        line = Line(url or self.url)
        try:
            return line.send("GET", f"/api/v1/shops/{who.shop_id}/{what}", headers=who.headers(**headers))
        finally:
            line.close()

    def bill_body(self, who: Somebody) -> dict[str, Any]:
        """Of a new piece, which is entered for it."""
        made = self.post(who, "items", a_piece())
        assert made.status == 201, made
        return {
            "lines": [{"itemId": made.json["id"]}],
            "payments": [{"mode": "upi", "paise": self.prices[who.shop_id]}],
        }

    def note(self, who: Somebody, key: str, body: dict[str, Any], answer: Answer) -> None:
        """An acknowledged bill that no till made."""
        item_id = body["lines"][0]["itemId"]
        self.journal.sold.append(
            Sold(who.shop_id, key, json.dumps(body).encode(), answer.body, item_id, answer.began + answer.seconds, 1)
        )

    def health(self, part: str, *, url: str = "") -> Any:
        """/api/health/<part>, of whichever web process answers."""
        line = Line(url or self.url)
        try:
            return line.send("GET", f"/api/health/{part}", headers={}).json
        finally:
            line.close()

    # -- the books ----------------------------------------------------------------------------------------------------
    def look(self, who: Somebody, work: Any) -> Any:
        """On the primary, whatever anybody has seen."""
        with self.runtime.router.shop(who.shop_id, who.actor, mode=Mode.WRITE) as db:
            return work(db)

    def waiting_jobs(self) -> int:
        """Jobs of these shops that have not ended."""
        ended = (OutboxState.DONE.value, OutboxState.FAILED.value)
        count = select(func.count()).select_from(OutboxJob).where(OutboxJob.state.not_in(ended))
        return sum(self.look(who, lambda db: db.scalar(count)) for who in self.people)

    def audit(self) -> None:
        """All that the house promises of what was acknowledged so far; the PDFs are waited for after all runs."""
        self.audit_books()
        if self not in AUDITED:
            AUDITED.append(self)

    def audit_books(self) -> None:
        """Without the PDFs."""
        assert self.journal.wrong == []
        assert self.journal.stale == []
        for who in self.people:
            sold = self.journal.of(who.shop_id)
            self.replay(who, sold)
            self.look(who, lambda db, sold=sold: _books_agree(db, sold))

    def audit_pdfs(self) -> float:
        """Each bill has its PDF, once, and their making never stands still; gives the seconds that this took."""
        waited = 0.0
        while left := self.waiting_jobs():
            waited += until(lambda left=left: self.waiting_jobs() < left, within=STANDS_STILL, what=f"{left} jobs")
        for who in self.people:
            made = self.look(who, lambda db: db.scalar(select(func.count()).select_from(InvoicePdf)))
            assert made == len(self.journal.of(who.shop_id))
        return waited

    def replay(self, who: Somebody, sold: Sequence[Sold]) -> None:
        """Each key once more: told the same, byte for byte, and nothing is made."""
        line = Line(self.url)
        for one in sold:
            again = line.send(
                "POST", f"/api/v1/shops/{who.shop_id}/invoices", headers=who.writing(one.key), body=one.sent
            )
            assert (again.status, again.headers.get("idempotent-replay")) == (201, "true"), again
            assert again.body == one.reply
        line.close()


def _books_agree(db: ShopSession, sold: Sequence[Sold]) -> None:
    ids = Counter(str(one) for one in db.scalars(select(Invoice.id)))
    assert ids == Counter(one.facts["id"] for one in sold)  # each there, once; and no other
    assert sorted(db.scalars(select(Invoice.no))) == list(range(1, len(sold) + 1))
    numbers = Counter(one.facts["number"] for one in sold)
    assert max(numbers.values(), default=1) == 1
    assert Counter(str(one) for one in db.scalars(select(InvoiceLine.item_id))) == Counter(o.item_id for o in sold)
    assert db.scalar(select(func.count()).select_from(Item).where(Item.status == "sold")) == len(sold)
    keys = set(db.scalars(select(IdempotencyKey.key)))
    assert {one.key for one in sold} <= keys
    report = invoices.verify_books(db)
    assert report.sound, report
    assert report.documents == len(sold)


def open_market(url: str, runtime: Runtime) -> Market:
    market = Market(url, runtime, make_cast(runtime))
    for who in market.people:
        market.begin(who)
    return market


def _price(market: Market, who: Somebody) -> int:
    """Of a till's piece: the registered shops' bills have tax, Ravi's have none."""
    made = market.post(who, "items", a_piece())
    assert made.status == 201, made
    quoted = market.post(who, "invoices/quote", {"lines": [{"itemId": made.json["id"]}]})
    assert quoted.status == 200, quoted
    return int(quoted.json["totalPaise"])
