"""Lists and single bills: filters, order, pages, and as many statements for fifty rows as for one."""

import pytest
from sqlalchemy import event

from app.invoices import service as bills
from shard_router import Mode
from tests.support.counter import made


@pytest.fixture
def seven(counter):
    """Seven bills to two customers, one of them reversed."""
    asha, lata = counter.customer(name="Asha K"), counter.customer(name="Lata D")
    issued = [
        made(counter.bill([counter.piece(grossMg=3_000 + n)], customerId=(asha if n % 2 else lata)["id"]))
        for n in range(7)
    ]
    note = made(counter.post(f"/invoices/{issued[3]['id']}/credit-notes", {"reason": "came back"}))
    return counter, issued, note, asha, lata


def ids(answer):
    return [one["id"] for one in made(answer)["items"]]


def test_the_newest_come_first(seven):
    counter, issued, note, _, _ = seven
    assert ids(counter.get("/invoices")) == [note["id"], *(bill["id"] for bill in reversed(issued))]


def test_a_summary_says_who_and_how_much_was_paid(seven):
    counter, issued, note, asha, _ = seven
    found = {one["id"]: one for one in made(counter.get("/invoices"))["items"]}
    assert found[issued[3]["id"]]["customerName"] == "Asha K"
    assert found[issued[3]["id"]]["paidPaise"] == issued[3]["totalPaise"]
    assert found[note["id"]]["reversesId"] == issued[3]["id"]
    assert found[note["id"]]["paidPaise"] == 0
    assert asha


@pytest.mark.parametrize("sort", ["issuedOn", "-issuedOn", "totalPaise", "-totalPaise", "number"])
def test_pages_hold_every_bill_once_in_order(seven, sort):
    counter, issued, _, _, _ = seven
    whole = ids(counter.get("/invoices", kind="invoice", sort=sort))
    assert sorted(whole) == sorted(bill["id"] for bill in issued)
    paged, after = [], None
    while True:
        query = {"kind": "invoice", "sort": sort, "limit": 3, **({"after": after} if after else {})}
        page = made(counter.get("/invoices", **query))
        paged += [one["id"] for one in page["items"]]
        after = page["next"]
        if after is None:
            break
    assert paged == whole


def test_filters_keep_what_they_say(seven):
    counter, issued, note, asha, _ = seven
    assert ids(counter.get("/invoices", kind="credit_note")) == [note["id"]]
    assert ids(counter.get("/invoices", kind="invoice", customerId=asha["id"], sort="issuedOn")) == [
        bill["id"] for bill in issued if bill["customerId"] == asha["id"]
    ]
    assert ids(counter.get("/invoices", number=issued[2]["number"])) == [issued[2]["id"]]
    today = issued[0]["issuedOn"]
    assert len(ids(counter.get("/invoices", issuedFrom=today, issuedTo=today))) == 8
    assert ids(counter.get("/invoices", issuedFrom="2030-01-01")) == []
    assert ids(counter.get("/invoices", issuedTo="2020-01-01")) == []
    assert ids(counter.get("/invoices", number="%")) == []


@pytest.mark.parametrize(
    "query",
    [
        {"sort": "colour"}, {"limit": "0"}, {"limit": "201"}, {"limit": "x"}, {"after": "abc"}, {"kind": "girvi"},
        {"issuedFrom": "yesterday"}, {"issuedFrom": "2026-13-01"}, {"customerId": "7"}, {"colour": "gold"},
        {"issuedFrom": "2026-02-02", "issuedTo": "2026-02-01"},
    ],
)  # fmt: skip
def test_a_question_that_makes_no_sense_is_4xx(counter, query):
    assert counter.get("/invoices", **query).status_code in (400, 422)


def test_a_list_takes_as_many_statements_for_seven_as_for_one(seven):
    counter, _, _, _, _ = seven
    router, who = counter.runtime.router, counter.who

    def statements(limit):
        seen = []
        with router.shop(who.shop_id, who.actor, mode=Mode.WRITE) as db:
            engine = db.get_bind()
            listen = lambda *args: seen.append(args[2])  # noqa: E731
            event.listen(engine, "before_cursor_execute", listen)
            try:
                assert len(bills.list_invoices(db, limit=limit).items) == limit
            finally:
                event.remove(engine, "before_cursor_execute", listen)
        return len(seen)

    assert statements(7) == statements(1) == 3


def test_a_bill_is_read_on_a_replica_right_after_it_was_issued(counter):
    counts = counter.runtime.router.counts
    issued = made(counter.bill([counter.piece()], customerId=counter.customer()["id"]))
    before = counts["read_replica"] + counts["read_replica_waited"] + counts["read_primary_behind"]
    assert made(counter.get(f"/invoices/{issued['id']}")) == issued
    after = counts["read_replica"] + counts["read_replica_waited"] + counts["read_primary_behind"]
    assert after == before + 1  # the shop's newest commit is known, so no read fell back for want of knowing
