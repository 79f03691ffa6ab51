"""Bills and vouchers printed again on other papers and in other languages, without touching the PDFs that are kept."""

import datetime as dt
import io

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


def test_a_closed_day_is_printed_and_an_open_one_is_not(counter):
    today = dt.date.fromisoformat(counter.get("/days").json["toClose"])
    early = counter.get("/days/slip", on=f"{today}")
    assert (early.status_code, early.json["code"]) == (404, "closing_unknown")
    made(counter.post("/days", {"on": f"{today}"}))
    answer = counter.get("/days/slip", on=f"{today}", paper="roll", language="hi")
    assert f"{today:%d-%m-%Y}" in PdfReader(io.BytesIO(answer.data)).pages[0].extract_text()
