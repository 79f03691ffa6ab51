"""A business day over HTTP: bills, cash by hand, the closing that keeps its figures, and profit at today's rate."""

import datetime as dt
import io

import pytest
from pypdf import PdfReader

from app.kit.clock import today_ist
from tests.integration.karigar.conftest import Bench, ring
from tests.integration.oldgold.conftest import Buying
from tests.support.counter import Counter, made
from tests.support.pages import Sender

TODAY = today_ist().isoformat()


@pytest.fixture
def counter(flask_app, runtime, cast) -> Counter:
    found = Counter(flask_app, runtime, cast.asha)
    found.set_board()
    return found


def drawer(counter):
    return counter.get("/cash/drawers").json["drawers"][0]


def turn(counter, verb, version, pieces, note=None):
    body = {"pieces": [{"paise": face * 100, "count": many} for face, many in pieces.items()], "note": note}
    path = f"/cash/drawers/{drawer(counter)['tillId']}/{verb}"
    return counter.post(path, body, **{"If-Match": f'"{version}"'})


def test_a_day_from_its_opening_to_its_closing(counter):
    """Case 1 of the price table: taxable 50,334.72, 755.02 of each tax, bill 51,845. One ring sold and one given back.
    The drawer: 4 × 500 at the opening, 150 out for tea."""
    customer = counter.customer()
    opened = made(turn(counter, "open", 0, {500: 4}))
    first = made(counter.bill([counter.piece()], customerId=customer["id"]))
    made(counter.bill([counter.piece()], customerId=customer["id"]))
    made(counter.post(f"/invoices/{first['id']}/credit-notes", {"reason": "came back"}))
    tea = {"tillId": opened["tillId"], "kind": "expense", "paise": 150_00, "note": "tea for customers"}
    made(counter.post("/cash/entries", tea))
    assert drawer(counter)["heldPaise"] == 1_850_00

    still_open = counter.post("/days", {"on": TODAY})
    assert (still_open.status_code, still_open.json["code"]) == (409, "shift_open")
    short = turn(counter, "close", opened["version"], {500: 3, 100: 3})
    assert (short.status_code, short.json["fields"]) == (422, {"note": "say why"})
    made(turn(counter, "close", opened["version"], {500: 3, 100: 3}, note="a fifty too little"))

    closing = made(counter.post("/days", {"on": TODAY}))
    figures = closing["figures"]
    assert figures["sales"] == {
        "counts": {"invoice": 2, "credit_note": 1}, "taxablePaise": 50_334_72, "cgstPaise": 755_02, "sgstPaise": 755_02,
        "igstPaise": 0, "roundOffPaise": 24, "totalPaise": 51_845_00, "givenBackPaise": 51_845_00,
    }  # fmt: skip
    till = next(one for one in figures["cash"] if one["code"])
    assert till["byKind"] == {"float": 2_000_00, "expense": -150_00, "shortage": -50_00}
    assert (till["openingPaise"], till["closingPaise"]) == (0, 1_800_00)
    assert [(one["metal"], one["fineness"], one["lines"], one["netMg"]) for one in figures["sold"]] == [
        ("gold", 9160, 1, 3390)
    ]
    kept = counter.get("/days/figures", on=TODAY).json
    assert kept["figures"] == figures
    assert kept["closing"]["chainHash"] == closing["chainHash"] and closing["chainSeq"] > 1
    again = counter.post("/days", {"on": TODAY})
    assert (again.status_code, again.json["code"]) == (409, "day_closed")


def test_a_day_says_what_old_gold_came_and_what_metal_karigars_had_and_brought(counter):
    buying, lata = Buying(counter, counter.customer()), counter.customer()
    made(counter.post("/old-gold/terms", {"metal": "gold", "marginBp": 0, "meltingLossBp": 150}))
    made(buying.buy())
    ram = {"name": "Ram Soni", "code": "RAM", "phone": "98200 55555", "stateCode": "27"}
    bench = Bench(counter, made(counter.post("/karigars", ram)))
    made(bench.receive(bench.issued(10_000), pieces=[ring(9_900)], closes=True))
    made(counter.bill([counter.piece()], customerId=lata["id"]))
    closing = made(counter.post("/days", {"on": TODAY}))
    # 15.100 g net × 0.912 × 0.985 = 13.564632 g, at ₹13,973.80: 1,89,554.60; the wastage of 0.100 g came back to nobody
    assert closing["figures"]["oldGold"] == [
        {"metal": "gold", "vouchers": 1, "grossMg": 15_420, "fineMg": 13_565, "valuePaise": 189_554_60}
    ]
    assert closing["figures"]["karigars"] == [
        {"metal": "gold", "outMg": 10_000, "outFine": 91_600_000, "backMg": 9_900, "backFine": 90_684_000}
    ]
    slip = counter.get(f"/days/{closing['id']}/slip").data
    page = Sender(counter.app, counter.who).look(f"/s/{counter.who.shop.slug}/day").text
    printed = "".join(one.extract_text() for one in PdfReader(io.BytesIO(slip)).pages)
    for figure in ("15.420", "13.565", "1,89,554.60", "10.000", "9.160", "9.900", "9.068"):
        assert figure in printed and figure in page, figure
    assert "Old gold bought" in page and "came back" in page


def test_the_day_book_is_read_page_by_page_in_the_order_of_the_day(counter):
    made(turn(counter, "open", 0, {500: 4}))
    customer = counter.customer()
    for _ in range(3):
        made(counter.bill([counter.piece()], customerId=customer["id"], paid=1_00))
    rows, more = [], {}
    while True:
        page = counter.get("/days/book", on=TODAY, limit=2, **more).json
        rows += page["items"]
        if not page["more"]:
            break
        more = {"afterAt": rows[-1]["at"], "afterId": rows[-1]["id"]}
    assert [row["kind"] for row in rows] == ["float", "invoice", "invoice", "invoice"]
    assert len({row["id"] for row in rows}) == 4


def test_a_bill_after_the_closing_is_in_the_next_days_figures_and_not_in_this_ones(counter):
    """The clock still says today; the drawer is in tomorrow."""
    customer = counter.customer()
    made(counter.bill([counter.piece()], customerId=customer["id"]))
    closing = made(counter.post("/days", {"on": TODAY}))
    made(counter.bill([counter.piece()], customerId=customer["id"]))
    tomorrow = (today_ist() + dt.timedelta(days=1)).isoformat()
    assert closing["figures"]["sales"]["counts"] == {"invoice": 1}
    for on in (TODAY, tomorrow):
        assert counter.get("/days/figures", on=on).json["figures"]["sales"]["counts"] == {"invoice": 1}
    assert [row["kind"] for row in counter.get("/days/book", on=TODAY).json["items"]] == ["invoice"]


def test_profit_at_todays_rate(counter):
    """Sold at 12,800 a gram for 50,334.72 before tax; today the gram is 12,000: 3.390 g cost 40,680.00 again."""
    made(counter.bill([counter.piece()], customerId=counter.customer()["id"]))
    counter.set_board(gold_9160=12_000_00)
    (line,) = counter.get("/days/profit", **{"from": TODAY, "to": TODAY}).json["items"]
    assert (line["soldPaise"], line["replacementPaise"]) == (50_334_72, 40_680_00)
    assert (line["profitPaise"], line["costPaise"]) == (9_654_72, None)


def test_a_clerk_counts_but_closes_no_day_and_reads_no_profit(counter, cast, flask_app, runtime):
    clerk = Counter(flask_app, runtime, cast.bina)
    made(turn(clerk, "open", 0, {100: 1}))
    assert clerk.post("/days", {"on": TODAY}).status_code == 403
    assert clerk.get("/days/profit", **{"from": TODAY, "to": TODAY}).status_code == 403


def test_who_counts_blind_is_not_told_what_to_expect(counter, cast, flask_app, runtime):
    opened = made(turn(counter, "open", 0, {500: 4}))
    path = f"/cash/drawers/{opened['tillId']}"
    blind = made(counter.patch(path, {"blind": True}, version=opened["version"]))
    assert blind["heldPaise"] == 2_000_00  # whoever may close the day sees it
    clerk = Counter(flask_app, runtime, cast.bina)
    assert drawer(clerk)["heldPaise"] is None
    refused = turn(clerk, "close", blind["version"], {500: 3})
    assert refused.json["code"] == "count_unexplained" and "500" not in refused.json["detail"]
