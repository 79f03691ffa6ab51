"""Owns a day of stock by dice: every act that moves metal, in an order that a seed gives, over real services.

An act that cannot be (nothing is away, a lot is too small) is passed over; one that is refused must leave nothing.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from app.inventory import service as inventory
from app.inventory.errors import LotsDiffer
from app.inventory.service import Arrival, BoughtLine, Consignment, Item, Lot, PurchaseDraft, Spot, Supplier, Weights
from app.kit.clock import today_ist
from app.kit.sealing import Keyring
from app.metal.service import Account
from app.rates import service as rates
from tests.factories.bills import a_bill
from tests.factories.people import a_customer
from tests.support.floor import Floor, diamonds

FINENESSES = (9250, 9990, 8000)
BUSY, MOST_PIECES = 40, 60


@dataclass
class Play:
    """One seed's acts on one floor."""

    floor: Floor
    keyring: Keyring
    seed: int
    done: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.dice = random.Random(self.seed)
        self.supplier: Supplier = self.floor.write(
            lambda db: inventory.register_supplier(db, draft=inventory.SupplierDraft(name="Mehta"))
        )
        self.customer = self.floor.write(lambda db: a_customer(db, self.keyring))
        board = [rates.RateSetting("silver", fineness, 150_00) for fineness in FINENESSES]
        self.floor.write(lambda db: rates.set_rates(db, rates=board))

    def run(self, acts: int) -> None:
        """So many acts that did something."""
        count = 0
        while count < acts:
            act: Callable[[], bool] = self.dice.choices(*zip(*self.acts(), strict=True))[0]
            if act():
                count += 1
                self.done[act.__name__] = self.done.get(act.__name__, 0) + 1

    def acts(self) -> list[tuple[Callable[[], bool], int]]:
        """Each with its weight."""
        return [
            (self.register, 8), (self.receive, 4), (self.buy, 3), (self.send_back, 1), (self.edit, 4),
            (self.withdraw, 2), (self.sell, 5), (self.take_back, 1), (self.shift, 3), (self.send, 3),
            (self.arrive, 4), (self.recall, 1),
            (self.memo, 2), (self.memo_back, 3), (self.melt, 2), (self.pour, 3), (self.draw, 3), (self.split, 2),
            (self.merge, 1), (self.weigh, 2), (self.tag, 3),
        ]  # fmt: skip

    # ---------------------------------------------------------------- what comes in

    def register(self) -> bool:
        if len(self.pieces()) > MOST_PIECES:
            return False
        place = self.dice.choice((None, self.floor.tray, self.floor.annex))
        self.floor.piece(place_id=place, **self._piece())
        return True

    def receive(self) -> bool:
        if self.dice.random() < 0.3:
            stones = {"kind": "stones", "metal": "stone", "fineness": 0, "net_mg": 0}
            self.floor.lot(**stones, stone_mct=self.dice.randrange(1, 50_000), pieces=self.dice.randrange(50))
        else:
            self.floor.lot(**self._lot())
        return True

    def buy(self) -> bool:
        lines = [BoughtLine(taxable_paise=self.dice.randrange(10**7), lot=self.floor.lot_draft(**self._lot()))]
        if len(self.pieces()) < MOST_PIECES:
            lines.append(BoughtLine(taxable_paise=self.dice.randrange(10**6), piece=self.floor.draft(**self._piece())))
        draft = PurchaseDraft(
            supplier_id=self.supplier.id, bill_no=self.floor.code(), bill_on=today_ist(), lines=tuple(lines)
        )
        self.bought = self.floor.write(lambda db: inventory.book_purchase(db, draft=draft))
        return True

    def send_back(self) -> bool:
        bill = getattr(self, "bought", None)
        if bill is None:
            return False
        del self.bought
        return self._may_refuse(lambda db: inventory.return_purchase(
            db, purchase_id=bill.id, line_ids=[line.id for line in bill.lines], reason="not wanted"
        ), inventory_errors())  # fmt: skip

    # ---------------------------------------------------------------- what happens to pieces

    def edit(self) -> bool:
        item = self._piece_or_none()
        if item is None:
            return False
        changes = self.dice.choice((
            {"gross_mg": item.stone_mg + self.dice.randrange(1, 40_000)}, {"fineness": self.dice.choice(FINENESSES)},
            {"cost_paise": self.dice.randrange(10**6)}, {"stones": diamonds(self.dice.randrange(5, 500, 5))},
        ))  # fmt: skip
        return self._may_refuse(lambda db: inventory.edit_item(
            db, item_id=item.id, expected_version=item.version, changes=changes
        ), inventory_errors())  # fmt: skip

    def withdraw(self) -> bool:
        item, kind = self._piece_or_none(), self.dice.choice(tuple(inventory.WITHDRAWALS))
        if item is None:
            return False
        self.floor.write(lambda db: inventory.withdraw_item(
            db, item_id=item.id, expected_version=item.version, reason="by dice", kind=kind
        ))  # fmt: skip
        return True

    def sell(self) -> bool:
        items = self._some(self.pieces(), 3)
        if not items:
            return False
        self.sold = a_bill(
            self.floor.router, self.keyring, shop_id=self.floor.shop.shop_id, actor=self.floor.shop.actor,
            item_ids=[item.id for item in items], customer_id=self.customer.id,
        )  # fmt: skip
        return True

    def take_back(self) -> bool:
        from app.invoices import service as invoices

        bill = getattr(self, "sold", None)
        if bill is None:
            return False
        del self.sold
        draft = invoices.NoteDraft(invoice_id=bill.id, reason="brought back", line_ids=(bill.lines[0].id,))
        self.floor.write(lambda db: invoices.issue_credit_note(db, draft=draft, keyring=self.keyring))
        return True

    def shift(self) -> bool:
        things = [one for one in (*self.pieces(), *self.lots()) if one.place_id in (self.floor.home, self.floor.tray)]
        if not things:
            return False
        chosen = self.dice.choice(things)
        target = self.floor.tray if chosen.place_id == self.floor.home else self.floor.home
        self.floor.write(lambda db: inventory.move_stock(db, to_place_id=target, **_named([chosen])))
        return True

    # ---------------------------------------------------------------- what is away

    def send(self) -> bool:
        things = self._some([one for one in (*self.pieces(), *self.lots()) if one.place_id != self.floor.annex], 4)
        if not things:
            return False
        self.floor.write(lambda db: inventory.send_transfer(db, to_outlet_id=self.floor.annex, **_named(things)))
        return True

    def arrive(self) -> bool:
        sent = self._away("transfer")
        if sent is None:
            return False
        arrivals = [self._arrival(line) for line in self._some(sent.away, 4)]
        self.floor.write(lambda db: inventory.receive_transfer(
            db, consignment_id=sent.id, expected_version=sent.version, arrivals=arrivals, accept_differences=True
        ))  # fmt: skip
        return True

    def recall(self) -> bool:
        return self._back("transfer")

    def memo(self) -> bool:
        items = self._some(self.pieces(), 3)
        if not items:
            return False
        self.floor.write(lambda db: inventory.send_memo(
            db, customer_id=self.customer.id, item_ids=[item.id for item in items]
        ))  # fmt: skip
        return True

    def memo_back(self) -> bool:
        return self._back("memo")

    def melt(self) -> bool:
        things = self._some([*self.pieces(), *(lot for lot in self.lots() if lot.left_net_mg)], 4)
        if not things:
            return False
        self.floor.write(lambda db: inventory.start_melt(db, **_named(things)))
        return True

    def pour(self) -> bool:
        melt = self._away("melt")
        if melt is None:
            return False
        fine, fineness = sum(line.net_mg * line.fineness for line in melt.lines), self.dice.choice(FINENESSES)
        net = self.dice.randrange(1, max(2, fine // fineness + 1))
        mct = sum(line.stone_mct for line in melt.lines)
        stones = None
        if mct > 5:
            stones = self.floor.lot_draft(kind="stones", metal="stone", fineness=0, net_mg=0, stone_mct=mct - mct % 5)
        self.floor.write(lambda db: inventory.finish_melt(
            db, consignment_id=melt.id, expected_version=melt.version, stones=stones,
            result=self.floor.lot_draft(fineness=fineness, net_mg=net),
        ))  # fmt: skip
        return True

    # ---------------------------------------------------------------- what happens to lots

    def draw(self) -> bool:
        lot = self._lot_or_none()
        if lot is None:
            return False
        part, account = self._part(lot), self.dice.choice((Account.KARIGAR, Account.LOSS, Account.REPAIR))
        self.floor.write(lambda db: inventory.draw_from_lot(
            db, lot_id=lot.id, part=part, target=Spot(account), kind="drawn"
        ))  # fmt: skip
        return True

    def split(self) -> bool:
        lot = self._lot_or_none()
        if lot is None or lot.left_net_mg < 2:
            return False
        part = Weights(net_mg=self.dice.randrange(1, lot.left_net_mg))
        self.floor.write(lambda db: inventory.split_lot(
            db, lot_id=lot.id, expected_version=lot.version, part=part, code=self.floor.code()
        ))  # fmt: skip
        return True

    def merge(self) -> bool:
        lots = self._some(self.lots(), 3)
        if len(lots) < 2:
            return False
        return self._may_refuse(
            lambda db: inventory.merge_lots(db, into_id=lots[0].id, lot_ids=[lot.id for lot in lots[1:]]), (LotsDiffer,)
        )

    def weigh(self) -> bool:
        lot = self._lot_or_none()
        if lot is None or not lot.left_net_mg:
            return False
        weights = Weights(net_mg=self.dice.randrange(1, 2 * lot.left_net_mg), pieces=lot.left_pieces)
        self.floor.write(lambda db: inventory.weigh_lot(
            db, lot_id=lot.id, expected_version=lot.version, weights=weights, reason="by dice"
        ))  # fmt: skip
        return True

    def tag(self) -> bool:
        lot = self._lot_or_none()
        if lot is None or lot.left_net_mg < 2_000 or len(self.pieces()) > MOST_PIECES:
            return False
        stones = diamonds(100) if self.dice.random() < 0.3 else ()
        draft = self.floor.draft(net=self.dice.randrange(1_000, lot.left_net_mg), fineness=lot.fineness, stones=stones)
        self.floor.write(lambda db: inventory.tag_from_lot(
            db, lot_id=lot.id, expected_version=lot.version, draft=draft
        ))  # fmt: skip
        return True

    # ---------------------------------------------------------------- what there is

    def pieces(self) -> list[Item]:
        return self.floor.read(lambda db: inventory.list_items(db, status="in_stock", limit=200)).items

    def lots(self) -> list[Lot]:
        return self.floor.read(lambda db: inventory.list_lots(db, state="open", limit=BUSY)).items

    def _away(self, kind: str) -> Consignment | None:
        page = self.floor.read(lambda db: inventory.list_consignments(db, kind=kind, state="away"))
        return self.dice.choice(page.items) if page.items else None

    def _back(self, kind: str) -> bool:
        sent = self._away(kind)
        if sent is None:
            return False
        lines = [line.id for line in self._some(sent.away, 3)]
        self.floor.write(lambda db: inventory.bring_back(
            db, consignment_id=sent.id, expected_version=sent.version, line_ids=lines
        ))  # fmt: skip
        return True

    def _arrival(self, line: Any) -> Arrival:
        if self.dice.random() < 0.1:
            return Arrival(line.id, lost=True)
        if line.net_mg < 100 or self.dice.random() < 0.5:
            return Arrival(line.id)
        return Arrival(line.id, line.gross_mg + self.dice.randrange(-50, 50))

    def _part(self, lot: Lot) -> Weights:
        if lot.left_net_mg:
            return Weights(net_mg=self.dice.randrange(1, lot.left_net_mg + 1))
        return Weights(stone_mct=self.dice.randrange(1, lot.left_stone_mct + 1))

    def _piece(self) -> dict[str, Any]:
        return {
            "net": self.dice.randrange(500, 30_000), "fineness": 9250, "cost_paise": self.dice.randrange(10**6),
            "stones": diamonds(self.dice.randrange(5, 500, 5)) if self.dice.random() < 0.3 else (),
        }  # fmt: skip

    def _lot(self) -> dict[str, Any]:
        return {
            "net_mg": self.dice.randrange(1_000, 500_000), "fineness": self.dice.choice(FINENESSES),
            "cost_paise": self.dice.randrange(10**7),
        }  # fmt: skip

    def _some(self, things: Any, most: int) -> list[Any]:
        known = list(things)
        return self.dice.sample(known, min(len(known), self.dice.randrange(1, most + 1)))

    def _piece_or_none(self) -> Item | None:
        return next(iter(self._some(self.pieces(), 1)), None)

    def _lot_or_none(self) -> Lot | None:
        return next(iter(self._some(self.lots(), 1)), None)

    def _may_refuse(self, work: Callable[[Any], Any], refusals: tuple[type[Exception], ...]) -> bool:
        try:
            self.floor.write(work)
        except refusals:
            return False
        return True


def inventory_errors() -> tuple[type[Exception], ...]:
    from app.inventory import errors

    return (errors.NotReturnable, errors.WeightsContradict)


def _named(things: list[Any]) -> dict[str, list[Any]]:
    return {
        "item_ids": [one.id for one in things if isinstance(one, Item)],
        "lot_ids": [one.id for one in things if isinstance(one, Lot)],
    }
