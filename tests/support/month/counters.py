"""Owns what happens between people: a second till whose drawer is handed over, and a clerk who has to ask."""

from dataclasses import dataclass

from tests.support.counter import Counter
from tests.support.month.arithmetic import Piece, in_notes, weighed
from tests.support.month.own_books import SECOND, TILL
from tests.support.month.selling import Line, Selling
from tests.support.month.shop import GOLD, Shop, signed_in

CHANGE, SHORT, LESS = 2_000_00, 50_00, 50_00
DEAR = 15_000_00  # more than any bought piece cost, so that a clerk asks for no other reason than the story's


@dataclass
class Counters:
    shop: Shop
    selling: Selling
    clerk: Counter

    def second_till(self) -> bool:
        """Opened with change out of the first till, sold at, handed to the clerk with fifty rupees short, sold at
        again and closed; the money stays in this drawer, apart from the first one's."""
        shop, books, pieces = self.shop, self.shop.books, self._dear(2)
        if len(pieces) < 2:
            return False
        while books.cash[TILL] < CHANGE:
            self.selling.wares(in_cash=True)
        with shop.at(shop.second, SECOND):
            shop.count("open", books.cash[SECOND])
            shop.post("/cash/transfers", {"fromTillId": shop.till_id, "toTillId": shop.second, "paise": CHANGE})
            books.cash_moves(-CHANGE, TILL)
            books.cash_moves(CHANGE, SECOND)
            self.selling.issue([self.selling.ring(pieces[0])], customer=self.selling._one())
            self._hand_over()
        with shop.at(shop.second, SECOND, by=signed_in(self.clerk)):
            self.selling.issue([self.selling.ring(pieces[1])], customer=self.selling._one())
            shop.count("close", books.cash[SECOND])
        return True

    def _hand_over(self) -> None:
        """What the giver counts is what the clerk counts: the shortage is the giver's."""
        shop, books = self.shop, self.shop.books
        books.cash_moves(-SHORT)
        pieces = in_notes(books.cash[SECOND])
        given = shop.post(f"/cash/drawers/{shop.second}/hand-over", {
            "pieces": pieces, "toWhom": str(self.clerk.who.person_id), "note": "fifty are missing",
        }, version=shop.drawer()["version"])  # fmt: skip
        assert given["givenPaise"] == books.cash[SECOND]
        with shop.at(shop.second, SECOND, by=signed_in(self.clerk)):
            taken = shop.post(f"/cash/handovers/{given['id']}/take", {"pieces": pieces}, version=given["version"])
        assert (taken["countedPaise"], taken["differencePaise"]) == (books.cash[SECOND], 0)

    def asked_for(self) -> bool:
        """The clerk takes ₹50 a gram off the board's rate: refused, asked for, allowed by the owner, and billed."""
        shop, pieces = self.shop, self._dear(1)
        if not pieces:
            return False
        (piece,), clerk, customer = pieces, signed_in(self.clerk), self.selling._one()
        rate = shop.rates[piece.purity] - LESS
        line = Line({"itemId": piece.id, "ratePaisePerG": rate}, piece.value(rate), piece)
        refused = clerk.post("/invoices", {"lines": [line.body], "customerId": customer})
        assert (refused.status_code, refused.json["code"]) == (403, "approval_needed"), refused.json
        wanted = refused.json["approval"]
        assert (wanted["right"], wanted["facts"]["costPaise"]) == ("bill.lower_rate", weighed(piece.net_mg, LESS))
        with shop.at(shop.till_id, TILL, by=clerk):
            asked = shop.post("/approvals", wanted)
        shop.post(f"/approvals/{asked['id']}/decision", {"grant": True}, version=asked["version"])
        with shop.at(shop.till_id, TILL, by=clerk):
            self.selling.issue([line], customer=customer, approvalIds=[asked["id"]])
        assert shop.get(f"/approvals/{asked['id']}")["state"] == "spent"
        return True

    def _dear(self, count: int) -> list[Piece]:
        shop = self.shop
        known = [
            piece for piece in shop.books.pieces.values()
            if piece.purity == GOLD and not piece.worked and piece.value(shop.rates[GOLD] - LESS) > DEAR
        ]  # fmt: skip
        return shop.dice.sample(known, min(count, len(known)))
