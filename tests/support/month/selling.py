"""Owns what happens at the counter: bills of every kind, and what changes them afterwards."""

from dataclasses import dataclass, field
from typing import Any

from tests.support.month.arithmetic import GST, Piece, Sums, share, taxed, to_rupee, without_tax
from tests.support.month.own_books import Bill, SoldLine
from tests.support.month.shop import GOLD, Shop

WALK_IN = 48_000_00  # below ₹50,000 nobody asks for an address
LIGHT = 3_600  # mg: so much gold is worth less than ₹50,000, from where on a piece that is bought is photographed


@dataclass
class Line:
    """A line to be billed: what is sent, and what it must come to before the bill's own terms."""

    body: dict[str, Any]
    value: int
    piece: Piece | None = None
    bp: int = GST


@dataclass
class Selling:
    shop: Shop
    people: list[str] = field(default_factory=list)
    company: str = ""
    far: str = ""  # lives in another state
    to_buy_back: list[Bill] = field(default_factory=list)

    def meet_people(self) -> None:
        self.people = [self.shop.customer() for _ in range(4)]
        gstin = "29AAACI4798L1ZU"
        self.company = self.shop.customer(name="Iyer Exports", gstin=gstin, stateCode="29", pan=None)
        self.far = self.shop.customer(stateCode=self.shop.other_state)

    # ---------------------------------------------------------------- bills

    def walk_in(self) -> bool:
        """Somebody buys a ring and says no name: all is paid at once."""
        pieces = self.shop.at_hand(1, most_paise=WALK_IN)
        if not pieces:
            return False
        self.issue([self.ring(pieces[0])])
        return True

    def regular(self) -> bool:
        """A known customer: one to three pieces, some of it on account now and then."""
        return self._known(self.shop.dice.randrange(1, 4), on_account=self.shop.dice.random() < 0.4)

    def owed(self) -> bool:
        """A piece half of which is on account."""
        return self._known(1, on_account=True)

    def _known(self, count: int, *, on_account: bool) -> bool:
        pieces = self.shop.at_hand(count)
        if not pieces:
            return False
        self.issue([self.ring(one) for one in pieces], customer=self._one(), on_account=on_account)
        return True

    def business(self) -> bool:
        """B2B over the counter: the place of supply is the shop's state, wherever the buyer is registered."""
        pieces = self.shop.at_hand(2)
        if not pieces:
            return False
        self.issue([self.ring(one) for one in pieces], customer=self.company)
        return True

    def shipped(self) -> bool:
        """Sent to another state: IGST."""
        pieces = self.shop.at_hand(2)
        if not pieces:
            return False
        self.issue([self.ring(one) for one in pieces], customer=self.far, ship_to=self.shop.other_state)
        return True

    def wares(self, *, in_cash: bool = False) -> bool:
        """Imitation at a price with its tax in it, and something before tax."""
        dice = self.shop.dice
        each, pieces = dice.randrange(200_00, 900_00), dice.randrange(1, 5)
        first = {"sells": "imitation", "pricePaise": each, "pieces": pieces, "taxIncluded": True}
        price = dice.randrange(500_00, 5_000_00)
        self.issue([
            Line(first, without_tax(each * pieces)), Line({"sells": "silverware", "pricePaise": price}, price)
        ], in_cash=in_cash)  # fmt: skip
        return True

    def discounted(self) -> bool:
        """A better rate, a part of the making, and of all a twentieth off."""
        pieces = self.shop.at_hand(1)
        if not pieces:
            return False
        (piece,) = pieces
        rate = self.shop.rates[piece.purity] - 1_00
        body = {"itemId": piece.id, "ratePaisePerG": rate, "makingDiscount": {"bp": 1_000}}
        line = Line(body, piece.value(rate, off_making_bp=1_000), piece)
        self.issue([line], customer=self._one(), discount={"bp": 500}, off=share(line.value, 500))
        return True

    def told(self) -> bool:
        """A price agreed for the whole bill, tax and all."""
        pieces = self.shop.at_hand(1)
        if not pieces:
            return False
        line = self.ring(pieces[0])
        price = to_rupee(taxed(line.value).parts) - 500_00
        self.issue([line], customer=self._one(), toldPaise=price, off=line.value - without_tax(price), total=price)
        return True

    def with_old_gold(self, credit_id: str) -> bool:
        """The old gold of a customer pays as far as it goes."""
        customer, left = self.shop.books.credits[credit_id]
        pieces = self.shop.at_hand(2)
        if not pieces or not left:
            return False
        self.issue([self.ring(one) for one in pieces], customer=customer, credits=[credit_id])
        return True

    def small(self) -> bool:
        """A light piece of gold, entered and sold at once; its buyer will bring it back."""
        body, piece = self.shop.new_piece(purity=GOLD, gross_mg=self.shop.dice.randrange(2_100, LIGHT))
        piece.id = self.shop.post("/items", body)["id"]
        self.shop.books.comes(piece)
        bill = self.issue([self.ring(piece)], customer=self._one())
        self.shop.books.bills.remove(bill)  # what is bought back is in no note
        self.to_buy_back.append(bill)
        return True

    def ring(self, piece: Piece, **more: Any) -> Line:
        return Line({"itemId": piece.id, **more}, piece.value(self.shop.rates[piece.purity]), piece)

    def issue(
        self, lines: list[Line], *, customer: str | None = None, ship_to: str | None = None, off: int = 0,
        total: int | None = None, credits: list[str] | None = None, on_account: bool = False, in_cash: bool = False,
        **terms: Any,
    ) -> Bill:  # fmt: skip
        """The bill, with what it must come to; `off` comes off its only line before tax."""
        shop, inter = self.shop, ship_to is not None
        sums = [taxed(line.value - off, line.bp, inter=inter) for line in lines]
        whole = sum(sums, Sums())
        due = to_rupee(whole.parts) if total is None else total
        payments = self._paid(due, customer, credits or [], on_account=on_account, in_cash=in_cash)
        billed = shop.post("/invoices", {
            "lines": [line.body for line in lines], "customerId": customer, "payments": payments, "shipTo": ship_to,
            "expectedTotalPaise": due, **terms,
        })  # fmt: skip
        told = Sums(*(billed[f"{name}Paise"] for name in ("taxable", "cgst", "sgst", "igst")))
        assert (told, billed["totalPaise"], billed["interState"]) == (whole, due, inter)
        assert billed["bookOn"] == shop.books.today.isoformat()
        return self._booked(billed, lines, sums, due, payments, customer, inter=inter)

    def _booked(
        self, billed: dict[str, Any], lines: list[Line], sums: list[Sums], due: int, payments: list[dict[str, Any]],
        customer: str | None, *, inter: bool,
    ) -> Bill:  # fmt: skip
        books = self.shop.books
        books.numbered(billed["number"])
        books.document("invoice", sum(sums, Sums()), total=due, payments=payments, customer=customer)
        for payment in payments:
            if payment["mode"] == "credit":
                books.uses(payment["creditId"], payment["paise"])
        for line in lines:
            if line.piece is not None:
                books.sold(line.piece)
        kept = [
            SoldLine(one["id"], tax, line.bp, line.piece)
            for one, line, tax in zip(billed["lines"], lines, sums, strict=True)
        ]
        bill = Bill(
            billed["id"], customer, inter, kept, due - sum(sums, Sums()).parts, due,
            sum(one["paise"] for one in payments), payments, books.today,
        )  # fmt: skip
        books.bills.append(bill)
        return bill

    def _paid(
        self, due: int, customer: str | None, credits: list[str], *, on_account: bool, in_cash: bool
    ) -> list[dict[str, Any]]:  # fmt: skip
        """Credits first; then cash that is counted in notes, card, UPI; the rest on account where it may be."""
        dice, left, paid = self.shop.dice, due, []
        for credit_id in credits:
            used = min(left, self.shop.books.credits[credit_id][1])
            if used:
                paid.append({"mode": "credit", "paise": used, "creditId": credit_id})
                left -= used
        cash = min(left, left if in_cash else dice.choice((0, 2_000_00, 7_500_00, 15_000_00))) // 100 * 100
        if cash:
            given = -(-cash // 500_00) * 500_00
            paid.append({"mode": "cash", "paise": cash, "tenderedPaise": given})
            left -= cash
        if on_account and customer is not None:
            left = left // 2
        for mode in dice.sample(("upi", "card", "bank"), 2):
            part = left if mode == "upi" else left // 3
            if part:
                paid.append({"mode": mode, "paise": part, "reference": "R-1"})
                left -= part
        if left and not (on_account and customer is not None):
            paid.append({"mode": "cheque", "paise": left, "reference": "C-1"})
        return paid

    def _one(self) -> str:
        return self.shop.dice.choice(self.people)

    # ---------------------------------------------------------------- notes

    def brought_back(self) -> bool:
        """A piece comes back: its line by a credit note, the money by UPI or as a store credit."""
        found = self._noteable(lambda bill: any(one.piece and not one.came_back for one in bill.lines))
        if found is None:
            return False
        line = next(one for one in found.lines if one.piece and not one.came_back)
        sums, last = line.left, all(one is line or one.came_back for one in found.lines)
        total = sums.parts + (found.round_off if last else self._rounding(sums, found))
        self._credit(found, {"lineIds": [line.id]}, sums, total)
        line.left, line.came_back = Sums(), True
        assert line.piece is not None
        self.shop.books.came_back(line.piece)
        return True

    def made_cheaper(self) -> bool:
        """A price difference is credited with its tax; the piece stays sold."""
        found = self._noteable(lambda bill: any(one.left.taxable > 1_000_00 for one in bill.lines))
        if found is None:
            return False
        line = next(one for one in found.lines if one.left.taxable > 1_000_00)
        sums = taxed(333_33, line.bp, inter=found.inter)
        amounts = [{"lineId": line.id, "taxablePaise": sums.taxable}]
        self._credit(found, {"amounts": amounts}, sums, sums.parts + self._rounding(sums, found))
        line.left, line.changed = line.left - sums, True
        return True

    def charged_more(self) -> bool:
        """A debit note: what was charged too little, paid at once."""
        found = self._noteable(lambda bill: any(not one.came_back for one in bill.lines))
        if found is None:
            return False
        line = next(one for one in found.lines if not one.came_back)
        sums = taxed(1_234_56, line.bp, inter=found.inter)
        total = to_rupee(sums.parts)
        if abs(found.round_off + total - sums.parts) >= 1_00:
            total = to_rupee(found.total - found.round_off + sums.parts) - found.total
        payments = [{"mode": "upi", "paise": total, "reference": "U-1"}]
        note = self.shop.post(f"/invoices/{found.id}/debit-notes", {
            "reason": "charged too little", "payments": payments,
            "amounts": [{"lineId": line.id, "taxablePaise": sums.taxable}],
        })  # fmt: skip
        assert note["totalPaise"] == total
        self.shop.books.numbered(note["number"])
        self.shop.books.document("debit_note", sums, total=total, payments=payments, customer=found.customer)
        line.left, line.changed = line.left + sums, True
        self._now(found, total, total - sums.parts, total)
        return True

    def cancelled(self) -> bool:
        """A bill of today whose goods never left: a credit note of all, the money the way it came."""
        pieces, books = self.shop.at_hand(2), self.shop.books
        if not pieces:
            return False
        bill = self.issue([self.ring(one) for one in pieces], customer=self._one())
        note = self.shop.post(f"/invoices/{bill.id}/cancellation", {"reason": "another piece", "handedOver": False})
        sums = sum((line.left for line in bill.lines), Sums())
        assert (note["taxablePaise"], note["totalPaise"]) == (sums.taxable, bill.total)
        books.numbered(note["number"])
        books.document("credit_note", sums, total=bill.total, payments=bill.payments, customer=bill.customer)
        for payment in bill.payments:
            if payment["mode"] == "credit":
                books.uses(payment["creditId"], -payment["paise"])
        for line in bill.lines:
            if line.piece is not None:
                books.came_back(line.piece)
        books.bills.remove(bill)
        return True

    def _noteable(self, fits: Any) -> Bill | None:
        """A bill that was paid in full with money, or credit that may be paid out, by dice; what is owed is another
        story."""
        books = self.shop.books
        known = [
            bill for bill in books.bills
            if bill.customer and bill.paid >= bill.total > 0 and fits(bill)
            and not books.bound.intersection(one.get("creditId") for one in bill.payments)
        ]  # fmt: skip
        return self.shop.dice.choice(known) if known else None

    def _rounding(self, sums: Sums, bill: Bill) -> int:
        """A note is rounded to the rupee as a bill is, and takes no more than is left of the bill; where that comes
        to a rupee and more with what was rounded before, so that whole rupees are left."""
        own = min(to_rupee(sums.parts), bill.total) - sums.parts
        whole = bill.total - to_rupee(bill.total - bill.round_off - sums.parts) - sums.parts
        return own if abs(bill.round_off - own) < 1_00 else whole

    def _credit(self, bill: Bill, what: dict[str, Any], sums: Sums, total: int) -> None:
        books, kept = self.shop.books, self.shop.dice.random() < 0.5
        body = {"storeCreditPaise": total} if kept else {"refunds": [{"mode": "upi", "paise": total}]}
        note = self.shop.post(f"/invoices/{bill.id}/credit-notes", {"reason": "brought back", **what, **body})
        assert (note["taxablePaise"], note["totalPaise"]) == (sums.taxable, total)
        books.numbered(note["number"])
        payments = [{"mode": "credit" if kept else "upi", "paise": total}]
        books.document("credit_note", sums, total=total, payments=payments, customer=bill.customer)
        if kept and bill.customer is not None:
            (credit_id,) = [one["creditId"] for one in note["payments"]]
            books.opens(credit_id, bill.customer, total)
        self._now(bill, -total, -(total - sums.parts), -total)

    @staticmethod
    def _now(bill: Bill, total: int, round_off: int, paid: int) -> None:
        bill.total, bill.round_off, bill.paid, bill.noted = (
            bill.total + total, bill.round_off + round_off, bill.paid + paid, True
        )  # fmt: skip
