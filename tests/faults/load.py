"""Owns a bounded load of bills over HTTP: tills in threads, and a journal of all that the server acknowledged."""

import json
import secrets
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from typing import Any

from tests.factories.stock import a_huid
from tests.faults.http import LONGEST, Answer, Line
from tests.support.cast import Somebody
from tests.support.waiting import until

PAUSE = 0.05  # seconds between a till's bills: this is about faults, not about speed
AGAIN = 0.1  # before the same request is sent again
GIVES_UP = 90.0


@dataclass(frozen=True)
class Sold:
    """An acknowledged bill: what was sent, and the reply to it."""

    shop_id: int
    key: str
    sent: bytes
    reply: bytes
    item_id: str
    at: float
    tries: int

    @property
    def facts(self) -> Any:
        return json.loads(self.reply)


@dataclass(frozen=True)
class Trouble:
    """An answer that was no success."""

    shop_id: int
    what: str
    status: int
    code: str
    at: float  # when the answer came
    seconds: float
    retry_after: str | None


@dataclass
class Journal:
    """Of all tills; each list only grows, and appending is atomic."""

    sold: list[Sold] = field(default_factory=list)
    troubles: list[Trouble] = field(default_factory=list)
    stale: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)  # what no fault explains
    pairs: int = 0
    reads: list[tuple[float, float]] = field(default_factory=list)  # when, and how long it took
    paces: list[tuple[float, int, float]] = field(default_factory=list)  # of bills: when, whose, how long it took

    def of(self, shop_id: int) -> list[Sold]:
        return [one for one in self.sold if one.shop_id == shop_id]

    def troubles_of(self, *shop_ids: int) -> list[Trouble]:
        return [one for one in self.troubles if one.shop_id in shop_ids]

    def blip(self, at: float, *shop_ids: int) -> float:
        """Seconds from a moment to the last answer that was no success."""
        return max((one.at - at for one in self.troubles if one.at > at and one.shop_id in shop_ids), default=0.0)

    def history(self) -> Iterator[dict[str, Any]]:
        """All that was acknowledged and refused, in the order of the answers."""
        told = [{"acknowledged": one.facts.get("number"), **_plain(one)} for one in self.sold]
        refused = [{"refused": one.code, **_plain(one)} for one in self.troubles]
        yield from sorted((*told, *refused), key=lambda line: float(line["at"]))

    def kinds(self) -> dict[str, int]:
        return dict(Counter(f"{one.what} {one.status} {one.code}" for one in self.troubles))


def _plain(one: Sold | Trouble) -> dict[str, Any]:
    return {name: value.decode() if isinstance(value, bytes) else value for name, value in asdict(one).items()}


class Till(threading.Thread):
    """Enters a piece, bills it, and reads both back at once: with the token of its write, or as a colleague without.

    Whatever is not answered by a success is sent again, unchanged, as a good client does."""

    def __init__(self, url: str, who: Somebody, journal: Journal, *, price: int, pause: float = PAUSE) -> None:
        super().__init__(daemon=True, name=f"till of {who.name}")
        self._line = Line(url)
        self._price = price
        self._who = who
        self._journal = journal
        self._pause = pause
        self._ending = threading.Event()
        self._number = 0

    def end(self) -> None:
        self._ending.set()

    def run(self) -> None:
        while not self._ending.is_set():
            self._number += 1
            try:
                self._sell_one()
            except Exception as bug:
                self._journal.wrong.append(repr(bug))
                raise
            self._ending.wait(self._pause)
        self._line.close()

    def _sell_one(self) -> None:
        piece = self._insist("items", a_piece(), secrets.token_hex(16))
        if piece is None:
            return
        item = piece[1].json
        body = {"lines": [{"itemId": item["id"]}], "payments": [{"mode": "upi", "paise": self._price}]}
        key = secrets.token_hex(16)
        billed = self._insist("invoices", body, key)
        if billed is None:
            return
        sent, answer, tries = billed
        self._journal.sold.append(Sold(self._who.shop_id, key, sent, answer.body, item["id"], time.monotonic(), tries))
        token = answer.headers.get("x-consistency", "") if self._number % 2 else ""
        self._read_back(f"invoices/{answer.json['id']}", token, lambda seen: seen.body == answer.body)
        self._read_back(f"items/{item['id']}", token, lambda seen: seen.json["status"] == "sold")

    def _insist(self, what: str, body: Any, key: str) -> tuple[bytes, Answer, int] | None:
        """The request's success, after as many tries as it takes; None where it was refused for good."""
        sent = json.dumps(body).encode()
        until_when = time.monotonic() + GIVES_UP
        for tries in range(1, 10_000):
            answer = self._line.send("POST", self._path(what), headers=self._who.writing(key), body=sent)
            if answer.ok:
                if what == "invoices":
                    self._journal.paces.append((answer.began, self._who.shop_id, answer.seconds))
                return sent, answer, tries
            self._note(what, answer)
            if answer.status not in (0, 409, 429) and answer.status < 500:
                self._journal.wrong.append(f"{what}: {answer.status} {answer.body.decode()[:300]}")
                return None
            if time.monotonic() > until_when:
                self._journal.wrong.append(f"{what}: never acknowledged in {GIVES_UP} s")
                return None
            time.sleep(AGAIN)
        raise AssertionError("unreachable")

    def _read_back(self, path: str, token: str, is_fresh: Any) -> None:
        headers = self._who.headers(**({"X-Consistency": token} if token else {}))
        answer = self._line.send("GET", self._path(path), headers=headers)
        self._journal.reads.append((answer.began, answer.seconds))
        if answer.status == 404 or (answer.ok and not is_fresh(answer)):
            self._journal.stale.append(f"{path}, token {token or 'none'}: {answer.status} {answer.body.decode()[:200]}")
        elif not answer.ok:
            self._note(f"read {path.partition('/')[0]}", answer)
        else:
            self._journal.pairs += 1

    def _path(self, path: str) -> str:
        return f"/api/v1/shops/{self._who.shop_id}/{path}"

    def _note(self, what: str, answer: Answer) -> None:
        retry = answer.headers.get("retry-after")
        at = answer.began + answer.seconds
        self._journal.troubles.append(
            Trouble(self._who.shop_id, what, answer.status, answer.code, at, answer.seconds, retry)
        )


def a_piece() -> dict[str, Any]:
    """A ring of 22 karat, light enough for a bill without a buyer's name."""
    return {
        "tag": f"R-{secrets.token_hex(6).upper()}", "name": "Ring", "category": "ring", "grossMg": 2390,
        "huid": a_huid(), "purity": {"metal": "gold", "fineness": 9160}, "making": {"kind": "percent", "bp": 1600},
    }  # fmt: skip


@dataclass
class Load:
    """Tills that run."""

    tills: list[Till]
    journal: Journal
    shop_ids: tuple[int, ...]

    def go_on(self, bills: int, *shop_ids: int, within: float = 60.0) -> float:
        """Waits until each of these shops (all, where none is named) has made so many bills more."""
        wanted = shop_ids or self.shop_ids
        before = {shop_id: len(self.journal.of(shop_id)) for shop_id in wanted}

        def enough() -> bool:
            assert not self.journal.wrong, self.journal.wrong
            return all(len(self.journal.of(shop_id)) - before[shop_id] >= bills for shop_id in wanted)

        return until(enough, within=within, what=f"{bills} more bills of each of {wanted}")


@contextmanager
def billing(
    url: str, people: Sequence[Somebody], journal: Journal, *, prices: Mapping[int, int], pause: float
) -> Iterator[Load]:
    """A till for each of these people, until the end of the block; then each ends what it is at."""
    tills = [Till(url, who, journal, price=prices[who.shop_id], pause=pause) for who in people]
    load = Load(tills, journal, tuple({who.shop_id for who in people}))
    for till in tills:
        till.start()
    try:
        load.go_on(2)
        yield load
    finally:
        for till in tills:
            till.end()
        for till in tills:
            till.join(GIVES_UP + LONGEST)
    assert not any(till.is_alive() for till in tills)
