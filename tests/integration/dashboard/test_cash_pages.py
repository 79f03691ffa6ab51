"""The pages of cash, days and audit: counted, closed and read as a browser does; mistakes beside their fields."""

import re
import secrets
from uuid import UUID

import pytest

from app.credits import service as credits
from app.kit.clock import today_ist
from app.kit.ids import new_id
from tests.support.counter import Counter, made
from tests.support.jobs import work_off

TODAY = f"{today_ist():%d-%m-%Y}"
SURE = today_ist().isoformat()


@pytest.fixture
def counter(flask_app, runtime, cast) -> Counter:
    found = Counter(flask_app, runtime, cast.asha)
    found.set_board()
    return found


@pytest.fixture
def browser(flask_app, cast):
    """Asha's, signed in, with the token that her pages' forms carry."""
    client = flask_app.test_client()
    client.set_cookie("boola_session", cast.asha.token)
    base = f"/s/{cast.asha.shop.slug}"
    csrf = re.search(r'name="csrf_token" value="([^"]+)"', client.get(f"{base}/cash").text)[1]

    def send(path, **fields):
        form = {"csrf_token": csrf, "idempotency_key": secrets.token_hex(16), **fields}
        return client.post(f"{base}{path}", data=form, headers={"Referer": "http://localhost/"})

    def look(path):
        answer = client.get(f"{base}{path}")
        assert answer.status_code == 200, answer.text[:500]
        return answer.text

    return send, look


def test_a_day_at_the_till_by_its_pages(counter, browser, cast):
    """Opened with 4 × 500; 150 for tea; counted with a fifty too little; closed; the book and its slip."""
    send, look = browser
    till = cast.asha.shop.till_id
    assert send(f"/cash/{till}/open", version="0", n50000="4").status_code == 303
    made(counter.bill([counter.piece()], customerId=counter.customer()["id"]))
    typed = send(f"/cash/{till}/move", kind="expense", paise="tea", note="tea for customers")
    assert typed.status_code == 422 and 'value="tea"' in typed.text and "is no amount in rupees" in typed.text
    assert send(f"/cash/{till}/move", kind="expense", paise="150", note="tea for customers").status_code == 303
    assert "₹1,850.00" in look("/cash")
    early = send("/day/close", on=TODAY, sure=SURE)
    assert early.status_code == 409 and "is still open" in early.text
    short = send(f"/cash/{till}/close", version="1", n50000="3", n10000="3")
    assert short.status_code == 422 and "₹50.00 are missing" in short.text
    assert re.search(r'name="n10000"[^>]*value="3"', short.text)  # what was typed is still there
    assert (
        send(f"/cash/{till}/close", version="1", n50000="3", n10000="3", note="a fifty too little").status_code == 303
    )
    closed = send("/day/close", on=TODAY, sure=SURE, note="a quiet day")
    assert closed.status_code == 303
    page = look(f"/day?on={TODAY}&closed=yes")
    for told in ("51,845.00", "tea for customers", "a quiet day", "Shortage"):
        assert told in page
    assert page.count("/slip?paper=") == 8  # three papers in three languages, but the usual one
    slip = send("/day/print", on=TODAY, kind="day_slip_80", format="pdf")
    assert slip.status_code == 303
    work_off(counter.runtime, counter.who.shop_id)
    (export,) = counter.get("/exports").json["items"]
    assert (export["kind"], export["state"]) == ("day_slip_80", "ready")


def test_a_day_is_closed_by_who_ticked_it_beside_its_figures(browser):
    """One key closed the oldest open day. Another day typed over it was not looked at: its figures come first."""
    send, look = browser
    for ticked in ({}, {"sure": "2020-01-01"}):
        unseen = send("/day/close", on=TODAY, note="a quiet day", **ticked)
        assert unseen.status_code == 422 and "state-good" not in unseen.text
        assert re.findall(r'class="wrong" id="h-sure">([^<]+)', unseen.text) == [
            f"Look at the figures of {TODAY}, and tick it."
        ]
        assert f'name="sure" id="f-sure" value="{SURE}"' in unseen.text and 'value="a quiet day"' in unseen.text
    assert f"Close {TODAY} for ever" in look(f"/day/close?on={TODAY}")
    assert send("/day/close", on=TODAY, sure=SURE).status_code == 303


def test_a_drawer_that_was_never_counted_is_still_to_be_counted(counter, browser):
    """Its cash stops the closing: the page said that all were counted, and then refused."""
    send, look = browser
    ring = counter.piece()
    assert "Still to be counted" not in look("/day/close")
    made(counter.bill([ring], payments=[{"mode": "cash", "paise": 51_845_00}], customerId=counter.customer()["id"]))
    assert re.search(r"Still to be counted.*?Till T1", look(f"/day/close?on={TODAY}"), re.DOTALL)
    assert "took or gave cash after it was last counted" in send("/day/close", on=TODAY, sure=SURE).text


def test_a_drawer_that_was_handed_over_is_called_back_by_its_page(counter, browser, cast):
    """Only who may handle cash is offered as a taker; nobody takes it, so its giver calls it back."""
    send, look = browser
    till = cast.asha.shop.till_id
    assert cast.bina.person_id and cast.meera.person_id  # they are of the shop before the page is looked at
    assert send(f"/cash/{till}/open", version="0", n50000="4").status_code == 303
    page = look("/cash")
    assert f'value="{cast.bina.person_id}"' in page and f'value="{cast.meera.person_id}"' not in page
    given = send(f"/cash/{till}/close", version="1", n50000="4", to_whom=str(cast.bina.person_id))
    assert given.status_code == 303
    back = re.search(r'action="([^"]*/cash/handovers/[^"]+/recall)"', look("/cash"))[1].partition("/cash")[2]
    silent = send(f"/cash{back}", version="1", note="")
    assert silent.status_code == 422 and "Why it is called back" in silent.text
    assert send(f"/cash{back}", version="1", note="she has left").status_code == 303
    assert "Count and open shift 2" in look("/cash")


def test_the_books_come_as_tables_too(counter, browser, runtime):
    made(counter.bill([counter.piece()], customerId=counter.customer()["id"]))
    day = today_ist().isoformat()
    counter.post("/cash/entries", {"tillId": None, "kind": "owner", "paise": 500_00, "note": "for change"})
    for kind in ("day_book", "cash_book"):
        made_ = counter.post("/exports", {"kind": kind, "from": day, "to": day, "format": "csv"})
        assert made_.status_code == 202, made_.json
        work_off(runtime, counter.who.shop_id)
        found = counter.get(f"/exports/{made_.json['id']}").json
        assert found["state"] == "ready"
        assert found["rows"] == {"day_book": 2, "cash_book": 1}[kind]
    wrong = counter.post("/exports", {"kind": "day_slip", "from": day, "to": day, "format": "csv"})
    assert (wrong.status_code, wrong.json["code"]) == (422, "format_unfit")
    unclosed = counter.post("/exports", {"kind": "day_slip", "from": day, "to": day, "format": "pdf"})
    assert (unclosed.status_code, unclosed.json["code"]) == (404, "closing_unknown")


def test_the_log_is_read_and_its_chain_walked_from_its_page(counter, browser):
    send, look = browser
    piece = counter.piece(name="A ring")
    counter.patch(f"/items/{piece['id']}", {"grossMg": 3400}, version=1)
    seq = counter.get("/audit", action="item.edited").json["items"][0]["seq"]
    entry = look(f"/audit?entry={seq}")
    for told in ("item.edited", "gross_mg", "3390", "3400", "Asha"):
        assert told in entry
    asked = send("/audit/verify")
    assert asked.status_code == 303
    work_off(counter.runtime, counter.who.shop_id)
    assert "entries hold, from the first to the last" in look(asked.location.partition(counter.who.shop.slug)[2])
    assert "Nothing found" in look("/audit?to=01-01-2020")


def test_a_day_on_which_something_without_metal_was_sold(counter, browser):
    """Its money is in the day's figures; metal sold and profit know metal only."""
    _, look = browser
    ring = counter.piece()
    made(counter.bill(
        [ring], lines=[{"itemId": ring["id"]}, {"sells": "repair", "description": "Soldered", "pricePaise": 500_00}],
        customerId=counter.customer()["id"],
    ))  # fmt: skip
    figures = counter.get("/days/figures", on=today_ist().isoformat()).json["figures"]
    assert figures["sales"]["taxablePaise"] == 50_334_72 + 500_00
    assert [(one["metal"], one["netMg"]) for one in figures["sold"]] == [("gold", 3_390)]
    for page in ("/day", "/day/close"):
        look(page)


def test_a_days_figures_add_up_on_its_page(counter, browser):
    """Case 1 of the table, of which a credit pays 10,000: 50,334.72 + 2 × 755.02 are 51,844.76, and 24 paise more."""
    _, look = browser
    customer, ring = counter.customer(), counter.piece()
    credit = counter.write(lambda db: credits.open_credit(
        db, kind="advance", customer_id=UUID(customer["id"]), source_id=new_id(), paise=10_000_00
    ))  # fmt: skip
    paid = [{"mode": "credit", "paise": 10_000_00, "creditId": str(credit.id)}, {"mode": "upi", "paise": 41_845_00}]
    made(counter.bill([ring], customerId=customer["id"], payments=paid))
    page = look("/day")
    told = dict(re.findall(r"<dt>([^<]+)</dt><dd class=\"figure\">([^<]+)</dd>", page))
    assert (told["Before tax"], told["CGST + SGST"], told["Round-off"]) == ("₹50,334.72", "₹1,510.04", "₹0.24")
    assert (told["Credits used"], told["UPI"]) == ("₹10,000.00", "₹41,845.00")
