"""Owns what customers are promised and pay ahead: advances, locked rates, orders, repairs, schemes; and on account."""

import datetime as dt
from dataclasses import dataclass, field
from functools import partial
from typing import Any
from uuid import UUID

from app.kit.clock import utc_now
from app.kit.ids import new_id
from app.schemes import service as schemes
from app.schemes.models import SchemePlan
from shard_router import ShopSession
from tests.support.month.arithmetic import GST_ON_REPAIRS, half_up, old_gold
from tests.support.month.own_books import Lot
from tests.support.month.selling import Line, Selling
from tests.support.month.shop import GOLD, Shop, noon
from tests.support.month.stockroom import Stockroom

MONTHS, INSTALMENT = 11, 2_000_00


@dataclass
class Promises:
    shop: Shop
    selling: Selling
    room: Stockroom
    orders: list[tuple[dict[str, Any], str, int]] = field(default_factory=list)
    repairs: list[dict[str, Any]] = field(default_factory=list)
    locks: list[tuple[str, str, str, int]] = field(default_factory=list)
    old_gold: list[str] = field(default_factory=list)
    schemes: list[str] = field(default_factory=list)
    full: str = ""  # a scheme whose eleven instalments are paid
    saver: str = ""

    # ---------------------------------------------------------------- money ahead, and on account

    def advance(self, paise: int = 5_000_00) -> tuple[str, str]:
        """A receipt, partly of cash; the customer and the credit that it opened."""
        customer = self.selling._one()
        payments = [{"mode": "cash", "paise": 1_000_00}, {"mode": "upi", "paise": paise - 1_000_00}]
        return customer, self._receipt(customer, "advance", payments)

    def used_advance(self) -> bool:
        """An advance that pays for a bill of the same customer."""
        pieces = self.shop.at_hand(1)
        if not pieces:
            return False
        customer, credit_id = self.advance()
        self.selling.issue([self.selling.ring(pieces[0])], customer=customer, credits=[credit_id])
        return True

    def paid_out(self) -> bool:
        """An advance goes back, since nothing pleased."""
        customer, credit_id = self.advance()
        credit = self._credit(customer, credit_id)
        payments = [{"mode": "bank", "paise": 5_000_00}]
        voucher = self.shop.post(
            f"/credits/{credit_id}/pay-outs", {"payments": payments, "reason": "nothing pleased"},
            version=credit["version"],
        )  # fmt: skip
        self.shop.books.numbered(voucher["number"])
        self.shop.books.voucher("pay_out", payments, out=True)
        self.shop.books.uses(credit_id, 5_000_00)
        return True

    def on_account(self) -> bool:
        """Somebody pays half of what they owe."""
        books = self.shop.books
        owing = sorted(one for one, paise in books.owes.items() if paise >= 2_00)
        if not owing:
            return False
        customer = self.shop.dice.choice(owing)
        payments = [{"mode": "upi", "paise": books.owes[customer] // 2}]
        receipt = self.shop.post("/receipts", {
            "customerId": customer, "purpose": "on_account", "payments": payments,
        })  # fmt: skip
        books.numbered(receipt["number"])
        books.owes[customer] -= books.voucher("on_account", payments)
        return True

    def _receipt(self, customer: str, purpose: str, payments: list[dict[str, Any]]) -> str:
        receipt = self.shop.post("/receipts", {"customerId": customer, "purpose": purpose, "payments": payments})
        self.shop.books.numbered(receipt["number"])
        paise = self.shop.books.voucher(purpose, payments)
        items = self.shop.get("/credits", customerId=customer, limit=200)["items"]
        (credit,) = [one for one in items if one["sourceId"] == receipt["id"]]
        self.shop.books.opens(credit["id"], customer, paise)
        return str(credit["id"])

    def _credit(self, customer: str, credit_id: str) -> dict[str, Any]:
        items = self.shop.get("/credits", customerId=customer, limit=200)["items"]
        found: dict[str, Any] = next(one for one in items if one["id"] == credit_id)
        return found

    # ---------------------------------------------------------------- old gold, then a bill

    def bring_old_gold(self) -> bool:
        found = self.room.buy_old_gold(self.selling._one())
        if found is not None:
            self.old_gold.append(found)
        return found is not None

    def buy_back(self) -> bool:
        """A piece of our own is worth its metal at today's board, nothing off, where all of it stays for a bill."""
        if not self.selling.to_buy_back:
            return False
        shop, bill = self.shop, self.selling.to_buy_back.pop()
        (line,) = bill.lines
        piece = line.piece
        assert piece is not None and bill.customer is not None
        fine_rate = half_up(shop.rates[GOLD] * 10_000, piece.fineness)
        stones = piece.gross_mg - piece.net_mg
        value = old_gold(piece.gross_mg, stones, piece.fineness, 0, fine_rate)
        voucher = shop.post("/old-gold", {
            "customerId": bill.customer, "identity": {"kind": "voter", "number": "ABC1234567"},
            "expectedValuePaise": value,
            "lines": [{"description": "Ring of ours", "metal": "gold", "grossMg": piece.gross_mg, "dirtMg": stones,
                       "fineness": piece.fineness, "test": "xrf", "ofLineId": line.id}],
        })  # fmt: skip
        shop.books.numbered(voucher["number"])
        shop.books.opens(voucher["creditId"], bill.customer, value)
        shop.books.bound.add(voucher["creditId"])  # it is for a bill
        lot = Lot(voucher["lines"][0]["lotId"], "gold", piece.fineness, piece.net_mg, pieces=1)
        shop.books.lot(lot)
        self.room.scrap.append(lot)
        self.old_gold.append(voucher["creditId"])
        return True

    def exchange(self) -> bool:
        """The old gold of another day, or of today, pays for something new."""
        if not self.old_gold:
            self.bring_old_gold()
        return self.selling.with_old_gold(self.old_gold.pop())

    # ---------------------------------------------------------------- a locked rate

    def lock(self) -> bool:
        """Ten grams at today's board, against an advance of half of it."""
        rate = self.shop.rates[GOLD]
        customer, credit_id = self.advance(rate * 5 // 100 * 100)
        body = {
            "customerId": customer, "creditId": credit_id, "mg": 10_000, "paisePerG": rate,
            "purity": {"metal": GOLD[0], "fineness": GOLD[1]},
            "expiresOn": (self.shop.books.today + dt.timedelta(days=20)).isoformat(),
        }  # fmt: skip
        self.locks.append((self.shop.post("/rate-locks", body)["id"], customer, credit_id, rate))
        self.shop.books.bound.add(credit_id)
        return True

    def take_locked(self) -> bool:
        """A ring at the rate of that day, whatever the board says today."""
        pieces = [one for one in self.shop.books.pieces.values() if one.purity == GOLD and one.net_mg <= 10_000]
        if not self.locks or not pieces:
            return False
        lock_id, customer, credit_id, rate = self.locks.pop(0)
        piece = self.shop.dice.choice(pieces)
        line = Line({"itemId": piece.id, "rateLockId": lock_id}, piece.value(rate), piece)
        self.selling.issue([line], customer=customer, credits=[credit_id])
        left = self.shop.get(f"/rate-locks/{lock_id}")["leftMg"]
        assert left == 10_000 - piece.net_mg
        return True

    # ---------------------------------------------------------------- an order, a repair

    def order(self) -> bool:
        """A ring of about 9 g, at the rate of the day on which it was ordered, with an advance."""
        customer, payments = self.selling._one(), [{"mode": "upi", "paise": 4_000_00}]
        wanted = {"description": "Ring", "category": "ring", "metal": GOLD[0], "fineness": GOLD[1], "weightMg": 9_000}
        order = self.shop.post("/orders", {
            "customerId": customer, "lines": [wanted], "rateBasis": "today", "advance": payments,
            "dueOn": (self.shop.books.today + dt.timedelta(days=9)).isoformat(),
        })  # fmt: skip
        credit_id = self._advance_of(order, customer, payments)
        self.orders.append((order, credit_id, self.shop.rates[GOLD]))
        return True

    def deliver(self) -> bool:
        pieces = [one for one in self.shop.books.pieces.values() if one.purity == GOLD and one.net_mg <= 9_900]
        if not self.orders or not pieces:
            return False
        order, credit_id, rate = self.orders.pop(0)
        piece = self.shop.dice.choice(pieces)
        line = Line({"itemId": piece.id, "ofOrder": True}, piece.value(rate), piece)
        self.selling.issue([line], customer=order["customerId"], credits=[credit_id], orderId=order["id"])
        assert self.shop.get(f"/orders/{order['id']}")["stage"] == "delivered"
        return True

    def take_repair(self) -> bool:
        """A chain of the customer's own; ₹600 are estimated, and agreed to."""
        customer = self.selling._one()
        repair = self.shop.post("/repairs", {
            "customerId": customer, "description": "Chain", "condition": "torn", "work": "solder it",
            "metal": "gold", "fineness": 9160, "grossMg": 8_250, "estimatePaise": 600_00,
            "dueOn": (self.shop.books.today + dt.timedelta(days=3)).isoformat(),
        })  # fmt: skip
        path = f"/repairs/{repair['id']}"
        self.repairs.append(
            self.shop.post(f"{path}/answer", {"agreed": True, "by": "phone"}, version=repair["version"])
        )
        return True

    def mend(self) -> bool:
        """Mended with 40 mg out of a lot, charged with 18 % GST, and given back 40 mg heavier."""
        lots = [lot for lot in self.shop.books.lots if lot.net_mg > 1_000 and lot not in self.room.scrap]
        if not self.repairs or not lots:
            return False
        repair, lot = self.repairs.pop(0), self.shop.dice.choice(lots)
        path = f"/repairs/{repair['id']}"
        repair = self.shop.post(f"/orders/{repair['id']}/stage", {"stage": "in_work"}, version=repair["version"])
        use = {"description": "solder", "lotId": lot.id, "netMg": 40}
        repair = self.shop.post(f"{path}/uses", use, version=repair["version"])
        self.shop.books.draw(lot, 40)
        repair = self.shop.post(f"/orders/{repair['id']}/stage", {"stage": "ready"}, version=repair["version"])
        line = Line({"repairId": repair["id"]}, 600_00, bp=GST_ON_REPAIRS)
        self.selling.issue([line], customer=repair["customerId"])
        version = self.shop.get(f"/orders/{repair['id']}")["version"]
        self.shop.post(f"{path}/handing-back", {"grossOutMg": 8_290}, version=version)
        return True

    def _advance_of(self, order: dict[str, Any], customer: str, payments: list[dict[str, Any]]) -> str:
        (advance,) = order["advances"]
        self.shop.books.numbered(self.shop.get(f"/receipts/{advance['receiptId']}")["number"])
        self.shop.books.opens(advance["creditId"], customer, self.shop.books.voucher("advance", payments))
        return str(advance["creditId"])

    # ---------------------------------------------------------------- schemes

    def save_since(self, begun_on: dt.date) -> None:
        """Before the month: a scheme of eleven and one, whose instalments came on their days, by the services."""
        counter, books, self.saver = self.shop.counter, self.shop.books, self.shop.customer(name="Savita Rao")
        keyring = counter.runtime.keyring
        draft = partial(schemes.EnrolDraft, customer_id=UUID(self.saver), instalment_paise=INSTALMENT)

        def join(db: ShopSession) -> schemes.Scheme:
            return schemes.enrol(db, draft=draft(plan_id=_plan(db)), keyring=keyring, at=noon(begun_on))

        scheme = counter.write(join)
        books.numbered(scheme.number)
        for number in range(MONTHS):
            books.today = months_later(begun_on, number)
            paid = counter.write(partial(
                schemes.collect, scheme_id=scheme.id, payments=(schemes.PaymentDraft("upi", INSTALMENT),),
                keyring=keyring, at=noon(books.today),
            ))  # fmt: skip
            books.numbered(paid.receipt_number)
            books.voucher("scheme", [{"mode": "upi", "paise": INSTALMENT}])
            self.shop.close(books.today)
            books.close()
        self.full = str(scheme.id)

    def join(self) -> bool:
        """A new plan, a new saver, the first instalment in cash."""
        if self.schemes:
            return False
        plan = self.shop.post("/scheme-plans", {
            "code": self.shop.code("G"), "name": "Swarna 11+1", "instalment": "fixed", "leastPaise": 500_00,
            "stepPaise": 500_00, "months": MONTHS, "bonus": "percent", "bonusBp": 800, "graceDays": 5, "mostLate": 3,
        })  # fmt: skip
        scheme = self.shop.post("/schemes", {
            "planId": plan["id"], "customerId": self.selling._one(), "instalmentPaise": INSTALMENT,
        })  # fmt: skip
        self.shop.books.numbered(scheme["number"])
        self.schemes.append(scheme["id"])
        return self.save()

    def save(self) -> bool:
        if not self.schemes:
            return False
        payments = [{"mode": "cash", "paise": INSTALMENT}]
        paid = self.shop.post(f"/schemes/{self.schemes[0]}/instalments", {"payments": payments})
        self.shop.books.numbered(paid["receiptNumber"])
        self.shop.books.voucher("scheme", payments)
        return True

    def mature(self) -> bool:
        """Eleven times ₹2,000 become a credit; a bill takes it with its bonus, an instalment, off before tax."""
        dear = [one for one in self.shop.books.pieces.values() if one.value(self.shop.rates[one.purity]) > 25_000_00]
        if not self.full or not dear:
            return False
        scheme_id, piece = self.full, self.shop.dice.choice(dear)
        scheme = self.shop.post(f"/schemes/{scheme_id}/maturity", {})
        self.full = ""
        self.shop.books.opens(scheme["creditId"], self.saver, MONTHS * INSTALMENT)
        self.shop.books.bound.add(scheme["creditId"])
        self.selling.issue(
            [self.selling.ring(piece)], customer=self.saver, credits=[scheme["creditId"]], schemeIds=[scheme_id],
            off=INSTALMENT,
        )  # fmt: skip
        return True


def _plan(db: ShopSession) -> UUID:
    """Offered for years, as no service could make it today."""
    row = SchemePlan(
        id=new_id(), code="OLD-11", name="Swarna 11+1", valid_from=dt.date(2020, 1, 1), valid_to=None, version=1,
        created_at=utc_now(), instalment="fixed", least_paise=500_00, step_paise=500_00, months=MONTHS,
        bonus="instalment", bonus_bp=0, grace_days=5, most_late=3, metal=None, fineness=None,
    )  # fmt: skip
    db.add(row)
    db.flush()
    return row.id


def months_later(day: dt.date, months: int) -> dt.date:
    """The same day of a later month; the 28th at most, so that every month has it."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return day.replace(year=year, month=month + 1)
