"""A bill printed again on other papers and in other languages, without touching the PDF that is kept."""

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
