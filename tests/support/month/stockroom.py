"""Owns what happens behind the counter: purchases, karigars, old gold, what is away, melting, counting, imports."""

import datetime as dt
import io
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from tests.support.counter import a_key, made
from tests.support.jobs import work_off
from tests.support.month.arithmetic import (
    GST,
    GST_ON_JOB_WORK,
    Piece,
    Sums,
    kept_back,
    old_gold,
    share,
    taxed,
    to_rupee,
    weighed,
)
from tests.support.month.own_books import Lot
from tests.support.month.shop import GOLD, Shop

FINE_GOLD = 9990
HEAD = "Tag,Item,Category,Metal,Purity,Gross Wt,Making %\n"
TDS_OF_A_COMPANY = 200  # basis points, s.393(1)


@dataclass
class Supplier:
    id: str
    registered: bool
    inter: bool


@dataclass
class Job:
    """Metal with a karigar, in mg × fineness."""

    id: str
    issued: int
    pieces: int


@dataclass
class Stockroom:
    shop: Shop
    suppliers: list[Supplier] = field(default_factory=list)
    bought: list[tuple[str, str, list[tuple[str, Piece, Sums]]]] = field(default_factory=list)
    karigar: str = ""
    jobs: list[Job] = field(default_factory=list)
    to_bill: list[tuple[str, int]] = field(default_factory=list)
    labour: Counter[int] = field(default_factory=Counter)  # by financial year
    labour_taxed: Counter[int] = field(default_factory=Counter)
    memos: list[dict[str, Any]] = field(default_factory=list)
    transfers: list[dict[str, Any]] = field(default_factory=list)
    melts: list[tuple[dict[str, Any], int]] = field(default_factory=list)
    scrap: list[Lot] = field(default_factory=list)  # old gold that waits for the pot

    # ---------------------------------------------------------------- purchases

    def meet_suppliers(self, state: str) -> None:
        for gstin, own in (("27AAACH2702H1Z0", "27"), ("29AAACI4798L1ZU", "29"), (None, state)):
            body = {"name": f"Mehta {own}", "gstin": gstin, "stateCode": own}
            found = self.shop.post("/suppliers", body)
            self.suppliers.append(Supplier(found["id"], gstin is not None, own != state))

    def buy(self) -> bool:
        """A supplier's bill: a lot of bullion, and pieces; who is not registered asks for no tax."""
        shop, dice, supplier = self.shop, self.shop.dice, self.shop.dice.choice(self.suppliers)
        mg = dice.randrange(40_000, 160_000)
        lot_paise = weighed(mg, dice.randrange(9_000_00, 11_000_00))  # below the board, so that no ring of it is
        lot = {"code": shop.code("L"), "name": "Bar", "kind": "bullion", "metal": "gold", "fineness": FINE_GOLD,
               "netMg": mg}  # fmt: skip
        lines: list[dict[str, Any]] = [{"taxablePaise": lot_paise, "lot": lot}]
        pieces = []
        for purity in (GOLD, GOLD, *(None for _ in range(dice.randrange(2, 5)))):
            body, piece = shop.new_piece(purity=purity)
            lines.append({"taxablePaise": dice.randrange(5_000_00, 12_000_00), "piece": body})
            pieces.append(piece)
        bp = GST if supplier.registered else 0
        taxes = [taxed(line["taxablePaise"], bp, inter=supplier.inter) for line in lines]
        total, tds = to_rupee(sum(one.parts for one in taxes)), dice.choice((0, 100_00))
        bill = shop.post("/purchases", {
            "supplierId": supplier.id, "billNo": shop.code("B"), "billOn": shop.books.today.isoformat(),
            "totalPaise": total, "tdsPaise": tds, "lines": lines,
        })  # fmt: skip
        whole = sum(taxes, Sums())
        assert (bill["cgstPaise"], bill["igstPaise"], bill["totalPaise"]) == (whole.cgst, whole.igst, total)
        shop.books.suppliers[supplier.id] += total - tds
        shop.books.lot(Lot(bill["lines"][0]["lotId"], "gold", FINE_GOLD, mg))
        kept = []
        for line, piece, tax in zip(bill["lines"][1:], pieces, taxes[1:], strict=True):
            piece.id = line["itemId"]
            shop.books.comes(piece)
            kept.append((line["id"], piece, tax))
        self.bought.append((bill["id"], supplier.id, kept))
        return True

    def send_back(self) -> bool:
        """One piece of a bill goes back to its supplier, at what was charged for it."""
        for at, (bill_id, supplier_id, lines) in enumerate(self.bought):
            for line_id, piece, tax in lines:
                if piece.id in self.shop.books.pieces and not piece.reweighed:
                    self.shop.post(f"/purchases/{bill_id}/returns", {"lineIds": [line_id], "reason": "not as ordered"})
                    self.shop.books.goes(piece)
                    self.shop.books.suppliers[supplier_id] -= tax.parts
                    del self.bought[at]
                    return True
        return False

    def pay_supplier(self) -> bool:
        books, dice = self.shop.books, self.shop.dice
        owed = {one: paise for one, paise in books.suppliers.items() if paise > 10_000_00}
        if not owed:
            return False
        supplier_id = dice.choice(sorted(owed))
        in_cash = books.cash["till"] >= 2_000_00 and dice.random() < 0.4
        paise = 1_500_00 if in_cash else dice.randrange(5_000_00, owed[supplier_id])
        mode = "cash" if in_cash else "bank"
        self.shop.post(f"/suppliers/{supplier_id}/payments", {"paise": paise, "mode": mode})
        books.suppliers[supplier_id] -= paise
        if in_cash:
            books.cash_moves(-paise)
        return True

    # ---------------------------------------------------------------- karigars

    def meet_karigar(self) -> None:
        """A company, registered in Maharashtra: 5 % GST, TDS of 2 %."""
        body = {"code": "RAM", "name": "Ram & Co", "gstin": "27AAACH2702H1Z0", "stateCode": "27", "active": True}
        self.karigar = self.shop.post("/karigars", body)["id"]

    def give_out(self) -> bool:
        """Fine gold out of a lot, for rings of 22 karat."""
        shop, dice = self.shop, self.shop.dice
        lots = [lot for lot in shop.books.lots if lot.fineness == FINE_GOLD and lot.net_mg > 20_000]
        if not lots:
            return False
        lot, mg, count = dice.choice(lots), dice.randrange(12_000, 20_000), dice.randrange(1, 4)
        job = shop.post(f"/karigars/{self.karigar}/jobs", {
            "work": "plain", "description": "Rings", "metal": "gold", "fineness": 9160, "pieces": count,
            "labourBasis": "per_gram_net", "labourPaise": 450_00, "allowedBp": 150,
            "dueOn": (shop.books.today + dt.timedelta(days=7)).isoformat(),
        })  # fmt: skip
        metal = [{"metal": "gold", "fineness": FINE_GOLD, "netMg": mg, "lotId": lot.id}]
        challan = shop.post(f"/karigar-jobs/{job['id']}/issues", {"metal": metal})
        shop.books.numbered(challan["number"])
        shop.books.draw(lot, mg)
        shop.books.with_karigars[self.karigar] += mg * FINE_GOLD
        self.jobs.append(Job(job["id"], mg * FINE_GOLD, count))
        return True

    def take_in(self) -> bool:
        """Finished rings and what is left of the metal come back; what is missing is wastage within 1.5 %."""
        if not self.jobs:
            return False
        shop, job = self.shop, self.jobs.pop(0)
        made_of = [shop.new_piece(purity=GOLD, gross_mg=shop.dice.randrange(2_500, 3_900)) for _ in range(job.pieces)]
        for body, piece in made_of:  # no stones were issued
            body["stones"], piece.stone_mct = [], 0
            del body["hallmarkPaise"]
            piece.hallmark, piece.worked = 0, True
        finished = sum(piece.net_mg * 9160 for _, piece in made_of)
        allowed = share(finished, 150)
        back = max(0, -(-(job.issued - finished - allowed) // FINE_GOLD))  # rounded up: wastage stays within
        assert job.issued - finished - back * FINE_GOLD >= 0
        labour = [weighed(piece.net_mg, 450_00) for _, piece in made_of]
        version = shop.get(f"/karigar-jobs/{job.id}")["version"]
        challan = shop.post(f"/karigar-jobs/{job.id}/receipts", {
            "pieces": [body for body, _ in made_of], "closes": True, "reference": shop.code("R"),
            "metal": [{"metal": "gold", "fineness": FINE_GOLD, "netMg": back}] if back else [],
        }, version=version)  # fmt: skip
        pieces = [line for line in challan["lines"] if line["itemId"]]
        for line, (_, piece), paise in zip(pieces, made_of, labour, strict=True):
            assert (line["netMg"], line["labourPaise"]) == (piece.net_mg, paise)
            piece.id = line["itemId"]
            shop.books.comes(piece)
        for line in challan["lines"]:
            if line["lotId"]:
                shop.books.lot(Lot(line["lotId"], "gold", FINE_GOLD, back))
        shop.books.with_karigars[self.karigar] -= job.issued  # all is accounted for: made, returned, allowed
        self.to_bill.append((job.id, sum(labour)))
        return True

    def bill_labour(self) -> bool:
        """The karigar's bill for what is finished, and what they are paid of it."""
        if not self.to_bill:
            return False
        shop, jobs = self.shop, self.to_bill
        jobs = [(job_id, paise * self.shop.dice.choice((1, 8, 30))) for job_id, paise in jobs]  # setting comes dearer
        self.to_bill = []
        labour = sum(paise for _, paise in jobs)
        inter = shop.state != "27"  # the karigar sits in Maharashtra
        tax = taxed(labour, GST_ON_JOB_WORK, inter=inter)
        today = shop.books.today
        year = today.year if today.month >= 4 else today.year - 1
        tds, base = kept_back(labour, self.labour[year], self.labour_taxed[year], bp=TDS_OF_A_COMPANY)
        self.labour[year] += labour
        self.labour_taxed[year] += base
        bill = shop.post(f"/karigars/{self.karigar}/labour-bills", {
            "number": shop.code("K"), "billedOn": shop.books.today.isoformat(),
            "jobs": [{"jobId": job_id, "labourPaise": paise} for job_id, paise in jobs],
        })  # fmt: skip
        assert (bill["cgstPaise"], bill["igstPaise"], bill["tdsPaise"]) == (tax.cgst, tax.igst, tds)
        shop.books.karigars[self.karigar] += tax.parts - tds
        paid = to_rupee(shop.books.karigars[self.karigar] // 2)
        due = shop.post(f"/karigars/{self.karigar}/payments", {"mode": "bank", "paise": paid, "reference": "NEFT"})
        shop.books.numbered(due["number"])
        shop.books.karigars[self.karigar] -= paid
        return True

    # ---------------------------------------------------------------- old gold and the pot

    def buy_old_gold(self, customer: str) -> str | None:
        """Bought of a customer: some of it paid out, the rest left as a credit, whose id comes back."""
        shop, dice, books = self.shop, self.shop.dice, self.shop.books
        gross, dirt, fineness = dice.randrange(1_500, 3_600), dice.randrange(0, 120), dice.choice((9160, 8750, 7500))
        loss, rate = dice.choice((100, 150)), 12_000_00
        value = old_gold(gross, dirt, fineness, loss, rate)
        in_cash = min(2_000_00, books.cash["till"] // 100 * 100) if dice.random() < 0.5 else 0
        payouts = [{"mode": "credit", "paise": value - in_cash}]
        payouts += [{"mode": "cash", "paise": in_cash}] if in_cash else []
        voucher = shop.post("/old-gold", {
            "customerId": customer, "identity": {"kind": "voter", "number": "ABC1234567"},
            "lines": [{"description": "Old chain", "metal": "gold", "grossMg": gross, "dirtMg": dirt,
                       "fineness": fineness, "test": "xrf", "meltingLossBp": loss, "fineRatePaisePerG": rate}],
            "payouts": payouts, "expectedValuePaise": value,
        })  # fmt: skip
        books.numbered(voucher["number"])
        if in_cash:
            books.cash_moves(-in_cash)
        books.opens(voucher["creditId"], customer, value - in_cash)
        lot = Lot(voucher["lines"][0]["lotId"], "gold", fineness, gross - dirt, pieces=1)
        books.lot(lot)
        self.scrap.append(lot)
        return str(voucher["creditId"])

    def melt(self) -> bool:
        """Old gold into the pot; it is poured another day."""
        if not self.scrap:
            return False
        melt = self.shop.post("/melts", {"lotIds": [lot.id for lot in self.scrap]})
        fine = sum(lot.net_mg * lot.fineness for lot in self.scrap)
        for lot in self.scrap:
            self.shop.books.draw(lot, lot.net_mg)
        self.scrap = []
        self.melts.append((melt, fine))
        return True

    def pour(self) -> bool:
        """Of what was fine in it a hundredth is lost."""
        if not self.melts:
            return False
        melt, fine = self.melts.pop()
        mg = fine * 99 // 100 // 9950
        result = {"code": self.shop.code("P"), "name": "Bar", "kind": "bullion", "metal": "gold", "fineness": 9950,
                  "netMg": mg}  # fmt: skip
        self.shop.post(f"/melts/{melt['id']}/pour", {"result": result}, version=melt["version"])
        (lot,) = self.shop.get("/lots", q=result["code"])["items"]
        self.shop.books.lot(Lot(lot["id"], "gold", 9950, mg))
        return True

    # ---------------------------------------------------------------- away and back

    def send_memo(self, customer: str) -> bool:
        return self._send("/memos", self.memos, {"customerId": customer})

    def memo_back(self) -> bool:
        return self._back(self.memos, "/memos/{id}/return")

    def send_transfer(self) -> bool:
        return self._send("/transfers", self.transfers, {"toOutletId": self.shop.annex})

    def receive_transfer(self) -> bool:
        return self._back(self.transfers, "/transfers/{id}/receipt")

    def _send(self, path: str, kept: list[dict[str, Any]], body: dict[str, Any]) -> bool:
        pieces = self.shop.at_hand(2)
        if not pieces:
            return False
        sent = self.shop.post(path, {**body, "itemIds": [piece.id for piece in pieces]})
        for piece in pieces:
            self.shop.books.goes(piece)
        self.shop.books.away[sent["id"]] = pieces
        kept.append(sent)
        return True

    def _back(self, kept: list[dict[str, Any]], path: str) -> bool:
        if not kept:
            return False
        sent = kept.pop(0)
        self.shop.post(path.format(id=sent["id"]), {}, version=sent["version"])
        for piece in self.shop.books.away.pop(sent["id"]):
            self.shop.books.comes(piece)
        return True

    # ---------------------------------------------------------------- counting, taking over

    def count(self) -> bool:
        """All pieces are scanned but one, which is lost; one weighs 30 mg more than its entry, and is corrected."""
        shop, books = self.shop, self.shop.books
        pieces = shop.at_hand(len(books.pieces))
        if len(pieces) < 3:
            return False
        lost, heavy, *_ = pieces
        opened = shop.post("/stocktakes", {"note": "by scanning"})
        scans = [{"code": piece.tag} for piece in pieces[2:]] + [{"code": heavy.tag, "grossMg": heavy.gross_mg + 30}]
        shop.post(f"/stocktakes/{opened['id']}/scans", {"scans": scans})
        version = shop.get(f"/stocktakes/{opened['id']}")["version"]
        closed = shop.post(f"/stocktakes/{opened['id']}/closing", {}, version=version)
        assert (closed["figures"]["missing"], closed["figures"]["drift"]) == (1, 1)
        findings = {one["code"]: one["id"] for one in shop.get(f"/stocktakes/{opened['id']}/findings")["items"]}
        for piece, decision in ((lost, "lost"), (heavy, "corrected")):
            body = {"findingIds": [findings[piece.tag]], "decision": decision, "reason": "counted twice"}
            shop.post(f"/stocktakes/{opened['id']}/decisions", body)
        books.goes(lost)
        books.goes(heavy)
        heavy.gross_mg, heavy.reweighed = heavy.gross_mg + 30, True
        books.comes(heavy)
        return True

    def take_over(self) -> bool:
        """The shop's own list of silver, out of its old program; no row is bad."""
        shop = self.shop
        pieces = [Piece("", shop.code("S"), "silver", 9250, shop.dice.randrange(5_000, 30_000), making=1_000)
                  for _ in range(8)]  # fmt: skip
        rows = "".join(f"{one.tag},Ring,Ring,Silver,925,{one.gross_mg / 1000:.3f},10\n" for one in pieces)
        file = (io.BytesIO((HEAD + rows).encode()), "stock.csv")
        headers = shop.counter.who.writing(a_key())
        sent = shop.counter.app.test_client().post(
            f"{shop.counter.base}/imports", headers=headers, data={"kind": "stock", "file": file}
        )
        assert sent.status_code == 202, sent.json
        work_off(shop.counter.runtime, shop.counter.who.shop_id)
        looked = shop.get(f"/imports/{sent.json['id']}")
        assert (looked["good"], looked["bad"]) == (8, 0)
        shop.post(f"/imports/{looked['id']}/start", {"onlyIfAllGood": True}, version=looked["version"])
        work_off(shop.counter.runtime, shop.counter.who.shop_id)
        found = {one["tag"]: one["id"] for one in made(shop.counter.get("/items", limit=200))["items"]}
        for piece in pieces:
            piece.id = found[piece.tag]
            shop.books.comes(piece)
        return True
