"""Owns the calendar of the month: what both shops must have done by its end, and what the dice add each day."""

import datetime as dt
import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from app.kit.runtime import Runtime
from tests.support.cast import Somebody
from tests.support.counter import Counter
from tests.support.month.counters import Counters
from tests.support.month.promises import MONTHS, Promises, months_later
from tests.support.month.selling import Selling
from tests.support.month.shop import Shop
from tests.support.month.stockroom import Stockroom

Act = Callable[[], bool]
LATE_EVERY, SHORT_ON = 7, 12


@dataclass
class Player:
    """One shop with everybody in it."""

    shop: Shop
    selling: Selling
    room: Stockroom
    promises: Promises
    counters: Counters

    # ---------------------------------------------------------------- before, and each day

    def settle(self, first: dt.date) -> None:
        """What stands before the first day: people, suppliers, a scheme of eleven months, an old list of silver."""
        self.shop.open_annex()
        self.selling.meet_people()
        self.room.meet_suppliers(self.shop.state)
        self.room.meet_karigar()
        self.promises.save_since(months_later(first.replace(day=min(first.day, 28)), -MONTHS))

    def day(self, number: int, on: dt.date, *, acts: int, meanwhile: Callable[[], None] | None = None) -> None:
        """One business day: what the calendar says, so many acts by dice, the evening, and what comes too late."""
        self.shop.begin(on)
        if number == 1:
            self.must(self.room.buy, self.room.take_over)
        self.must(*self.calendar().get(number, ()))
        for _ in range(acts):
            self.by_dice()
        if meanwhile is not None:
            meanwhile()
        self.shop.end(short=100_00 if number == SHORT_ON else 0)
        if number % LATE_EVERY == 0:  # the day is closed: it goes to the next
            self.must(self.selling.wares)

    def must(self, *acts: Act) -> None:
        """Where there is too little in stock for it, more is bought first."""
        for act in acts:
            done = self.shop.act(act) or (self.shop.act(self.room.buy) and self.shop.act(act))
            assert done, f"{act.__name__} could not be on {self.shop.books.today} in {self.shop.name}'s"

    def by_dice(self) -> None:
        """One act that can be."""
        acts = self.weighted()
        while not self.shop.act(self.shop.dice.choices(list(acts), weights=list(acts.values()))[0]):
            pass

    def calendar(self) -> dict[int, tuple[Act, ...]]:
        """What happens for certain, by the day of the month."""
        sell, room, promise, between = self.selling, self.room, self.promises, self.counters
        return {
            2: (room.give_out, promise.join, promise.lock, self.memo),
            3: (promise.bring_old_gold, room.send_transfer, promise.take_repair),
            4: (room.buy, promise.order, sell.business, promise.mature),
            5: (room.take_in, room.memo_back, room.receive_transfer, sell.told, room.buy, between.second_till),
            6: (sell.small, promise.take_locked, promise.mend, promise.exchange, room.bill_labour),
            8: (promise.buy_back, room.melt, sell.brought_back, sell.charged_more, sell.cancelled),
            9: (room.pour, room.count, promise.deliver, room.send_back),
            11: (promise.paid_out, promise.used_advance, sell.made_cheaper, room.give_out),
            13: (room.buy, between.asked_for, sell.shipped, sell.discounted, promise.lock, promise.bring_old_gold),
            16: (self.memo, room.send_transfer, promise.order, room.take_in),
            17: (room.bill_labour, room.pay_supplier, promise.take_repair),
            19: (room.memo_back, room.receive_transfer, promise.take_locked, room.buy),
            20: (between.second_till, room.melt, promise.mend, sell.business),
            22: (room.pour, room.buy, room.count, promise.deliver, promise.save),
            24: (sell.brought_back, sell.cancelled, room.buy),
            26: (room.give_out, sell.shipped, sell.owed, promise.on_account),
            28: (room.take_in, room.bill_labour, room.buy, room.count, room.give_out),
        }  # fmt: skip

    def weighted(self) -> dict[Act, int]:
        """What may happen any day."""
        sell, room, promise = self.selling, self.room, self.promises
        return {
            sell.walk_in: 6, sell.regular: 7, sell.wares: 4, sell.told: 1, sell.discounted: 1, sell.shipped: 1,
            sell.brought_back: 1, sell.made_cheaper: 1, promise.bring_old_gold: 2, promise.exchange: 2,
            promise.used_advance: 1, promise.on_account: 2, room.pay_supplier: 2, room.buy: 1,
        }  # fmt: skip

    def memo(self) -> bool:
        return self.room.send_memo(self.selling.company)


def player(
    app: Any, runtime: Runtime, who: Somebody, clerk: Somebody, *, seed: int, state: str, other_state: str
) -> Player:  # fmt: skip
    shop = Shop(Counter(app, runtime, who), random.Random(seed), state, other_state)
    selling, room = Selling(shop), Stockroom(shop)
    counters = Counters(shop, selling, Counter(app, runtime, clerk))
    return Player(shop, selling, room, Promises(shop, selling, room), counters)
