"""Measures the counter: a shop takes over its list of 5,000 pieces, six tills sell on one of its festival days, the day
is closed, and afterwards nothing drifts.

The shop is served by gunicorn as `./dev up` starts it; tills and browser speak HTTP over kept connections. The import's
jobs and the counting of statements run in this process. Every bill is case 1 of the price table so many times, so what
the day must come to is arithmetic: the tills' own sum is held against the closing, to the paisa.
"""

from __future__ import annotations

import json
import os
import random
import secrets
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson

from app.cash import service as cash
from app.credits import service as credits
from app.factory import build_runtime, create_app
from app.inventory import service as inventory
from app.invoices import service as bills
from app.kit import logs
from app.kit.clock import today_ist
from app.metal import service as metal
from bench._acts import Acts
from bench._clients import Client
from bench._desk import Desk, listening, statements
from bench._ground import Ground, Server
from bench._shop import TradingShop

ROWS, BILLS, TILLS, LONGEST, LOOKS = 5_000, 600, 6, 10, 100
QUICK = {"rows": 800, "bills": 60, "tens": 10, "looks": 30}
TAXABLE, HEAD = 50_334_72, 755_02  # case 1: 3.390 g at ₹12,800, making 16 %; CGST and SGST each
HEADING = "Tag,Item,Category,Metal,Purity,Gross Wt,HUID,Making %\n"
CUSTOMERS = 40
IN_CASH = 2_000_00  # of every third bill


@dataclass
class Till:
    """One till's day: what it was answered, and what it must come to by its own sum."""

    id: str
    took: list[float] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    bills: int = 0
    total: int = 0
    cash: int = 0


def run(*, quick: bool = False) -> dict[str, Any]:
    """Figures of one run on the cluster that BOOLA_CLUSTER names."""
    with tempfile.TemporaryDirectory() as folder:
        ground = Ground(f"bc{os.getpid()}", Path(folder))
        ground.drop()
        ground.create()
        settings = ground.settings()
        logs.configure("WARNING", json=False)  # of this process: only the figures go to standard output
        shop = TradingShop(ground, build_runtime(settings))
        try:
            desk = Desk(create_app(settings, parts=shop.runtime), shop.runtime, shop.shop_id, shop.slug, shop.token)
            return measured(ground, shop, desk, quick=quick)
        finally:
            shop.close()
            ground.drop()


def measured(ground: Ground, shop: TradingShop, desk: Desk, *, quick: bool) -> dict[str, Any]:
    rows, many = (QUICK["rows"], QUICK["bills"]) if quick else (ROWS, BILLS)
    tens, looks = (QUICK["tens"], QUICK["looks"]) if quick else (60, LOOKS)
    figures: dict[str, Any] = {"load_before": round(os.getloadavg()[0], 1)}
    figures[f"import_{rows}_rows_s"] = take_over(desk, rows)
    stock, tags = in_stock(shop)
    pieces = iter(stock)
    say("statements of each kind of action")
    acts = Acts(desk, str(shop.customer), pieces, tags[-200:])
    figures |= acts.counted()
    people = [customer(desk, number) for number in range(CUSTOMERS)]
    tills = [Till(one) for one in open_tills(desk)]
    with shop.serving() as server:
        say(f"{tens} bills of {LONGEST} lines, one after the other")
        figures |= ten_lines(shop, server, pieces, tens)
        before = day_so_far(desk)
        say(f"a day of {many} bills by {TILLS} tills")
        figures |= a_day(shop, server, tills, drafts_of(pieces, people, many))
        say(f"{looks} looks at the home page")
        figures |= home_page(shop, server, looks)
    say("the evening: drawers counted, the day closed, everything checked")
    closed, figures["statements"]["day_close"] = evening(desk, shop, tills, before)
    figures |= closed
    figures["bills_per_hour_600_shop_day_ok"] = bool(
        not figures["refused"] and figures["bills_acknowledged"] == many and figures["books_sound"]
        and figures["drift_mg"] == figures["drift_paise"] == 0
    )  # fmt: skip
    return figures | {"load_after": round(os.getloadavg()[0], 1), "server": ground.status()}


# ---------------------------------------------------------------- what the shop has


def take_over(desk: Desk, rows: int) -> float:
    """A dry run over the list, then its entry: seconds."""
    lines = "".join(f"C-{n},Ring,Ring,Gold,22K,3.390,{_huid(n)},16\n" for n in range(rows))
    say(f"a list of {rows} pieces: looked through")
    began = time.perf_counter()
    found = desk.send_list(HEADING + lines)
    desk.work_off()
    found = desk.get(f"/imports/{found['id']}")
    if found["good"] != rows:
        raise RuntimeError(f"{found['bad']} rows are bad")
    say(f"{rows} pieces: entered")
    desk.post(f"/imports/{found['id']}/start", {"onlyIfAllGood": True}, version=found["version"])
    desk.work_off()
    found = desk.get(f"/imports/{found['id']}")
    if found["entered"] != rows:
        raise RuntimeError(f"only {found['entered']} rows were entered: {found['state']}")
    return round(time.perf_counter() - began, 2)


def _huid(number: int) -> str:
    return f"B{number:05d}"


def in_stock(shop: TradingShop) -> tuple[list[str], list[str]]:
    """Ids of all pieces, and their tags."""
    ids: list[str] = []
    tags: list[str] = []
    after: str | None = None
    with shop.runtime.router.shop(shop.shop_id, shop.actor) as db:
        while True:
            page = inventory.list_items(db, status="in_stock", after=after, limit=200)
            ids += [str(one.id) for one in page.items]
            tags += [one.tag for one in page.items]
            after = page.next_cursor
            if after is None:
                return ids, tags


def customer(desk: Desk, number: int) -> str:
    body = {
        "name": "Lata Deshpande", "phone": f"98200{number:05d}", "address": "4 Laxmi Road", "city": "Mumbai",
        "pin": "400004", "stateCode": "27", "pan": f"ABCP{chr(65 + number // 10_000 % 26)}{number % 10_000:04d}F",
    }  # fmt: skip
    return str(desk.post("/customers", body)["id"])


def open_tills(desk: Desk) -> list[str]:
    """Six, each with a counted drawer with nothing in it."""
    profile = desk.get("/profile")
    outlet = profile["outlets"][0]["id"]
    for number in range(1, TILLS):
        body = {"outletId": outlet, "code": f"B{number}", "name": f"Till {number}"}
        profile = desk.post("/profile/tills", body, version=profile["version"])
    drawers = desk.get("/cash/drawers")["drawers"]
    for one in drawers:
        desk.post(f"/cash/drawers/{one['tillId']}/open", {"pieces": [], "note": "morning"}, version=one["version"])
    return [one["tillId"] for one in drawers]


# ---------------------------------------------------------------- what is measured


def ten_lines(shop: TradingShop, server: Server, pieces: Iterator[str], many: int) -> dict[str, Any]:
    client, took = Client(server.port, shop.headers), []
    for _ in range(many + 5):
        body = bill_of(pieces, LONGEST, str(shop.customer), None)
        began = time.perf_counter()
        send(client, shop.path, body)
        took.append((time.perf_counter() - began) * 1000)
    client.close()
    return {"bill_10_lines_ms_p50": round(statistics.median(took[5:]), 2)}


def drafts_of(pieces: Iterator[str], people: Sequence[str], many: int) -> list[dict[str, Any]]:
    """A day's bills, of one to four lines, to customers by dice."""
    dice = random.Random(600)
    return [bill_of(pieces, dice.randrange(1, 5), dice.choice(people), number) for number in range(many)]


def a_day(shop: TradingShop, server: Server, tills: Sequence[Till], drafts: list[dict[str, Any]]) -> dict[str, Any]:
    """All tills at once, each as fast as it is answered."""
    many, guard = len(drafts), threading.Lock()
    told = iter(range(1, many + 1))

    def sell(till: Till) -> None:
        client = Client(server.port, f"{shop.headers}X-Till-Id: {till.id}\r\n")
        while True:
            with guard:
                if not drafts:
                    break
                body = drafts.pop()
                if (number := next(told)) % (many // 6) == 0:
                    say(f"{number} bills")
            _sold(client, shop.path, body, till)
        client.close()

    threads = [threading.Thread(target=sell, args=(till,)) for till in tills]
    began = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    seconds = time.perf_counter() - began
    took = [one for till in tills for one in till.took]
    acknowledged = sum(till.bills for till in tills)
    return {
        "bills_acknowledged": acknowledged, "refused": [one for till in tills for one in till.refused][:5],
        "day_s": round(seconds, 2), "bills_per_hour": round(acknowledged / seconds * 3600),
        "day_bill_ms_p50": round(statistics.median(took), 2),
        "day_bill_ms_p95": round(statistics.quantiles(took, n=20)[-1], 2),
    }  # fmt: skip


def _sold(client: Client, path: str, body: dict[str, Any], till: Till) -> None:
    began = time.perf_counter()
    try:
        send(client, path, body)
    except RuntimeError as refused:
        till.refused.append(str(refused)[:300])
        return
    till.took.append((time.perf_counter() - began) * 1000)
    till.bills += 1
    till.total += body["expectedTotalPaise"]
    till.cash += sum(one["paise"] for one in body["payments"] if one["mode"] == "cash")


def bill_of(pieces: Iterator[str], lines: int, customer_id: str, number: int | None) -> dict[str, Any]:
    """So many rings of case 1, each with its tax rounded by itself; paid by UPI, of every third a part in cash."""
    total = (lines * (TAXABLE + 2 * HEAD) + 50) // 100 * 100
    in_cash = IN_CASH if number is not None and number % 3 == 0 else 0
    payments = [{"mode": "upi", "paise": total - in_cash}]
    if in_cash:
        payments.append({"mode": "cash", "paise": in_cash})
    return {
        "lines": [{"itemId": next(pieces)} for _ in range(lines)], "customerId": customer_id, "payments": payments,
        "expectedTotalPaise": total,
    }  # fmt: skip


def send(client: Client, path: str, body: dict[str, Any]) -> dict[str, Any]:
    status, reply = client.send("POST", path, orjson.dumps(body), Idempotency_Key=secrets.token_hex(16))
    if status != 201:
        raise RuntimeError(f"{status}: {reply[:400]!r}")
    found: dict[str, Any] = orjson.loads(reply)
    return found


def home_page(shop: TradingShop, server: Server, looks: int) -> dict[str, Any]:
    """As a browser that is signed in asks for it; the first look finds no figures in any cache."""
    client, took = Client(server.port, f"Cookie: boola_session={shop.token}\r\nAccept: text/html\r\n"), []
    for _ in range(looks):
        began = time.perf_counter()
        status, page = client.send("GET", f"/s/{shop.slug}/")
        took.append((time.perf_counter() - began) * 1000)
        if status != 200 or b"<html" not in page:
            raise RuntimeError(f"{status}: {page[:300]!r}")
    client.close()
    return {"home_page_ms_p95": round(statistics.quantiles(took, n=20)[-1], 2), "home_page_first_ms": round(took[0], 2)}


# ---------------------------------------------------------------- the evening


def day_so_far(desk: Desk) -> int:
    """What was sold before the tills began, in paise."""
    return int(desk.get("/days/figures")["figures"]["sales"]["totalPaise"])


def evening(desk: Desk, shop: TradingShop, tills: Sequence[Till], before: int) -> tuple[dict[str, Any], int]:
    """Every drawer counted at what its till took by its own sum; what the book expects otherwise is drift. And how many
    statements it takes to close the day."""
    drift = 0
    cash_of = {till.id: till.cash for till in tills}
    for one in desk.get("/cash/drawers")["drawers"]:
        notes = [{"paise": 500_00, "count": cash_of[one["tillId"]] // 500_00}] if cash_of[one["tillId"]] else []
        body = {"pieces": notes, "note": "evening"}
        counted = desk.post(f"/cash/drawers/{one['tillId']}/close", body, version=one["version"])
        drift += abs(counted["differencePaise"])
    with listening() as said:
        closing = desk.post("/days", {"on": today_ist().isoformat(), "note": "bench"})
    sold = closing["figures"]["sales"]["totalPaise"]
    drift += abs(sold - before - sum(till.total for till in tills))
    with shop.runtime.router.shop(shop.shop_id, shop.actor) as db:
        drifts = inventory.verify_metal(db)
        report, wrong = bills.verify_books(db), len(metal.broken_rows(db)) + len(credits.drifted(db))
        day = {one.till_id: one.closing_paise for one in cash.day_cash(db, today_ist()) if one.till_id}
    drift += sum(abs(day[key] - cash_of[str(key)]) for key in day)
    by_measure = {
        name: sum(abs(one.book - one.found) for one in drifts if one.measure == name) for name in metal.MEASURES
    }
    return {
        "drift_mg": sum(amount for name, amount in by_measure.items() if name.endswith("_mg")),
        "drift_paise": drift + by_measure["cost_paise"], "books_sound": report.sound and not wrong,
        "documents_checked": report.documents,
    }, statements(said)  # fmt: skip


def say(what: str) -> None:
    print(f"  · {what}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    print(json.dumps(run(quick="--quick" in sys.argv), indent=None if "--json" in sys.argv else 1))
