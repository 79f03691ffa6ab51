"""Owns one of each kind of action at the counter, and how many statements each takes."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from app.kit.clock import today_ist
from bench._desk import Desk, listening, statements

GOLD = {"metal": "gold", "fineness": 9160}
ADVANCE = [{"mode": "upi", "paise": 1_000_00}]


@dataclass
class Acts:
    """Each is what a request needs, made ready beforehand; what it returns is the request alone."""

    desk: Desk
    customer: str
    pieces: Iterator[str]  # in stock, each once
    tags: list[str]
    _numbers: Any = field(default_factory=lambda: itertools.count(1))

    def counted(self, only: Callable[[str], bool] = lambda _: True) -> dict[str, dict[str, int]]:
        """Statements and round trips of each, of the second time: the first fills caches."""
        found: dict[str, dict[str, int]] = {"statements": {}, "round_trips": {}}
        for name, ready in self.all().items():
            if not only(name):
                continue
            ready()()
            act = ready()
            with listening() as said:
                act()
            found["statements"][name], found["round_trips"][name] = statements(said), len(said)
        return found

    def all(self) -> dict[str, Callable[[], Callable[[], Any]]]:
        return {
            "quote": lambda: self._bill("/invoices/quote", 1), "bill_1_line": lambda: self._bill("/invoices", 1),
            "bill_10_lines": lambda: self._bill("/invoices", 10), "credit_note": self._note, "receipt": self._receipt,
            "old_gold_purchase": self._old_gold, "scheme_instalment": self._instalment, "order": self._order,
            "karigar_issue": self._issue, "supplier_bill_2_lines": self._purchase, "lot_received": self._lot,
            "transfer_by_memo": self._memo, "50_scans": self._scans, "list_of_50_bills": self._list,
            "home_page": lambda: self.desk.home,
        }  # fmt: skip

    def _bill(self, path: str, lines: int) -> Callable[[], Any]:
        body = {"lines": [{"itemId": next(self.pieces)} for _ in range(lines)], "customerId": self.customer}
        return lambda: self.desk.post(path, body)

    def _note(self) -> Callable[[], Any]:
        bill = self._bill("/invoices", 2)()
        body = {"reason": "brought back", "lineIds": [bill["lines"][0]["id"]]}
        return lambda: self.desk.post(f"/invoices/{bill['id']}/credit-notes", body)

    def _receipt(self) -> Callable[[], Any]:
        body = {"customerId": self.customer, "purpose": "advance", "payments": ADVANCE}
        return lambda: self.desk.post("/receipts", body)

    def _old_gold(self) -> Callable[[], Any]:
        line = {"description": "Old chain", **GOLD, "grossMg": 3_000, "test": "xrf"}
        identity = {"kind": "voter", "number": "ABC1234567"}
        body = {"customerId": self.customer, "identity": identity, "lines": [line]}
        return lambda: self.desk.post("/old-gold", body)

    def _instalment(self) -> Callable[[], Any]:
        plan = self.desk.post("/scheme-plans", {
            "code": f"B{next(self._numbers)}", "name": "11+1", "instalment": "fixed", "leastPaise": 500_00,
            "stepPaise": 500_00, "months": 11, "bonus": "instalment",
        })  # fmt: skip
        body = {"planId": plan["id"], "customerId": self.customer, "instalmentPaise": 1_000_00}
        scheme = self.desk.post("/schemes", body)
        return lambda: self.desk.post(f"/schemes/{scheme['id']}/instalments", {"payments": ADVANCE})

    def _order(self) -> Callable[[], Any]:
        line = {"description": "Ring", "category": "ring", **GOLD, "weightMg": 5_000}
        body = {"customerId": self.customer, "lines": [line], "dueOn": _in_days(7), "advance": ADVANCE}
        return lambda: self.desk.post("/orders", body)

    def _issue(self) -> Callable[[], Any]:
        karigar = self.desk.post("/karigars", {"code": f"K{next(self._numbers)}", "name": "Ram Soni"})
        job = self.desk.post(f"/karigars/{karigar['id']}/jobs", {
            "work": "plain", "description": "Ring", **GOLD, "dueOn": _in_days(7),
        })  # fmt: skip
        lot = self._lot()()
        metal = [{"metal": "gold", "fineness": 9990, "netMg": 5_000, "lotId": lot["id"]}]
        return lambda: self.desk.post(f"/karigar-jobs/{job['id']}/issues", {"metal": metal})

    def _purchase(self) -> Callable[[], Any]:
        supplier = self.desk.post("/suppliers", {"name": f"Mehta {next(self._numbers)}"})
        lines = [{"taxablePaise": 5_00_000_00, "lot": self._bar()} for _ in range(2)]
        body = {"supplierId": supplier["id"], "billNo": "B/1", "billOn": today_ist().isoformat(), "lines": lines}
        return lambda: self.desk.post("/purchases", body)

    def _lot(self) -> Callable[[], Any]:
        body = {**self._bar(), "costPaise": 5_00_000_00}
        return lambda: self.desk.post("/lots", body)

    def _memo(self) -> Callable[[], Any]:
        body = {"customerId": self.customer, "itemIds": [next(self.pieces) for _ in range(2)]}
        return lambda: self.desk.post("/memos", body)

    def _scans(self) -> Callable[[], Any]:
        count = self.desk.post("/stocktakes", {"note": f"bench {next(self._numbers)}"})
        scans = [{"code": self.tags.pop()} for _ in range(50)]
        return lambda: self.desk.post(f"/stocktakes/{count['id']}/scans", {"scans": scans})

    def _list(self) -> Callable[[], Any]:
        return lambda: self.desk.get("/invoices", limit=50)

    def _bar(self) -> dict[str, Any]:
        code = f"L-{next(self._numbers)}"
        return {"code": code, "name": "Bar", "kind": "bullion", "metal": "gold", "fineness": 9990, "netMg": 50_000}


def _in_days(days: int) -> str:
    return (today_ist() + dt.timedelta(days=days)).isoformat()
