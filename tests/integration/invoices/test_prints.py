"""Bills and vouchers printed again on other papers and in other languages, without touching the PDFs that are kept."""

import datetime as dt
import io
from uuid import uuid4

import pytest
from pypdf import PdfReader

from tests.support.counter import made


@pytest.fixture
def bill(counter):
    return made(counter.bill([counter.piece()], customerId=counter.customer()["id"]))


def printed(counter, bill, **look):
    return counter.get(f"/invoices/{bill['id']}/print", **look)


@pytest.mark.parametrize(("paper", "width"), [("a4", 595), ("a5", 595), ("roll", 227)])
def test_a_bill_is_printed_on_each_paper(counter, bill, paper, width):
    answer = printed(counter, bill, paper=paper, language="hi")
    assert (answer.status_code, answer.content_type) == (200, "application/pdf")
    page = PdfReader(io.BytesIO(answer.data)).pages[0]
    assert round(float(page.mediabox.width)) == width
    assert bill["number"] in page.extract_text()


def test_the_usual_look_is_what_nothing_else_asks_for(counter, bill):
    assert printed(counter, bill).data == printed(counter, bill, paper="a4", language="en").data


@pytest.mark.parametrize("look", [{"paper": "a3"}, {"language": "xx"}, {"papers": "a4"}])
def test_a_look_that_there_is_not_is_named(counter, bill, look):
    answer = printed(counter, bill, **look)
    assert (answer.status_code, answer.json["code"]) == (422, "invalid_input")


@pytest.mark.parametrize(("paper", "width"), [(None, 595), ("a4", 595), ("roll", 227)])
def test_a_receipt_is_printed_on_each_paper(counter, paper, width):
    """Left out: A5 across, which is as wide as A4."""
    receipt = made(counter.post("/receipts", {
        "customerId": counter.customer()["id"], "purpose": "advance", "payments": [{"mode": "upi", "paise": 5_000_00}],
    }))  # fmt: skip
    look = {"paper": paper, "language": "gu"} if paper else {"language": "gu"}
    answer = counter.get(f"/receipts/{receipt['id']}/print", **look)
    assert (answer.status_code, answer.content_type) == (200, "application/pdf")
    page = PdfReader(io.BytesIO(answer.data)).pages[0]
    assert round(float(page.mediabox.width)) == width
    assert receipt["number"] in page.extract_text() and "5,000.00" in page.extract_text()


def test_a_memo_says_what_was_given_and_nothing_of_its_cost(counter):
    piece, lata = counter.piece(costPaise=41_234_00), counter.customer()
    memo = made(counter.post("/memos", {"customerId": lata["id"], "itemIds": [piece["id"]], "dueOn": "2099-12-31"}))
    answer = counter.get(f"/memos/{memo['id']}/print")
    page = PdfReader(io.BytesIO(answer.data)).pages[0]
    said = page.extract_text()
    named, number = f"{piece['tag']} · {piece['name']}", memo["id"][-8:].upper()
    for words in ("APPROVAL MEMO", named, "3.390", lata["name"], "31-12-2099", number):
        assert words in said, words
    assert "41,234" not in said and round(float(page.mediabox.width)) == 420  # A5
    wrong = counter.get(f"/transfers/{memo['id']}/print")
    assert (wrong.status_code, wrong.json["code"]) == (404, "consignment_unknown")


def test_a_closed_day_is_printed(counter):
    closing = made(counter.post("/days", {"on": counter.get("/days").json["toClose"]}))
    answer = counter.get(f"/days/{closing['id']}/slip", paper="roll", language="hi")
    day = dt.date.fromisoformat(closing["businessOn"])
    assert f"{day:%d-%m-%Y}" in PdfReader(io.BytesIO(answer.data)).pages[0].extract_text()
    assert counter.get(f"/days/{uuid4()}/slip").json["code"] == "closing_unknown"
