"""Orders over HTTP: taken with an advance, brought through their stages, delivered once, cancelled with the advance."""

import datetime as dt
import io
from uuid import UUID

from pypdf import PdfReader

from app.credits import service as credits
from app.kit.audit_checking import first_broken
from app.kit.clock import today_ist
from app.kit.ids import new_id
from app.orders import service as orders
from tests.integration.orders.conftest import later
from tests.support.counter import all_at_once, made

UPI = [{"mode": "upi", "paise": 10_000_00, "reference": "UPI-1"}]


def open_paise(desk):
    """What the shop owes the customer."""
    owed = desk.counter.read(lambda db: credits.open_credits(db, UUID(desk.customer["id"])))
    return sum(one.left_paise for one in owed)


def test_an_order_goes_through_its_stages_and_each_step_is_kept(desk):
    order = desk.order()
    assert order["number"].startswith("OD") and order["number"].endswith("/00001")
    for stage in ("with_karigar", "ready"):
        order = desk.done(order, "stage", stage=stage)
    assert [one["stage"] for one in order["steps"]] == ["taken", "with_karigar", "ready"]
    assert {one["actorId"] for one in order["steps"]} == {str(desk.counter.who.person_id)}
    wrong = desk.act(order, "stage", stage="delivered")  # a bill delivers it, nobody else
    assert (wrong.status_code, wrong.json["code"]) == (409, "stage_not_next")
    assert desk.counter.read(first_broken) is None


def test_an_order_is_printed_on_the_paper_that_is_asked_for(desk):
    order = desk.order()
    answer = desk.counter.get(f"/orders/{order['id']}/print", paper="roll", language="hi")
    assert (answer.status_code, answer.content_type) == (200, "application/pdf")
    page = PdfReader(io.BytesIO(answer.data)).pages[0]
    assert round(float(page.mediabox.width)) == 227  # 80 mm
    assert order["number"] in page.extract_text()


def test_two_who_move_an_order_meet(desk):
    order = desk.order()
    answers = all_at_once(4, lambda _: desk.act(order, "stage", stage="ready"))
    assert sorted(answer.status_code for answer in answers) == [200, 412, 412, 412]
    assert {one.json["code"] for one in answers if one.status_code == 412} == {"order_changed"}


def test_todays_rate_is_kept_where_it_was_agreed(desk):
    assert desk.order(rateBasis="today")["lines"][0]["ratePaisePerG"] == 12_800_00
    assert desk.order()["lines"][0]["ratePaisePerG"] is None
    line = {"description": "Bar", "category": "bar", "metal": "gold", "fineness": 9990, "weightMg": 10_000}
    none = desk.counter.post("/orders", {
        "customerId": desk.customer["id"], "lines": [line], "dueOn": later(1), "rateBasis": "today",
    })  # fmt: skip
    assert (none.status_code, none.json["fields"]) == (422, {"lines.0.fineness": "no rate"})


def test_an_advance_is_a_credit_that_the_bill_finds(desk):
    order = desk.order(advance=UPI)
    order = desk.done(order, "advances", payments=[{"mode": "cash", "paise": 5_000_00}])
    assert (order["advancePaise"], open_paise(desk)) == (15_000_00, 15_000_00)
    assert [one["leftPaise"] for one in order["advances"]] == [10_000_00, 5_000_00]


def test_a_cancelled_orders_advance_goes_back_or_stays(desk):
    order = desk.order(advance=UPI)
    gone = desk.done(order, "cancellation", reason="wedding put off", mode="upi")
    assert (gone["stage"], gone["isOpen"], gone["advances"][0]["leftPaise"], open_paise(desk)) == (
        "cancelled", False, 0, 0,
    )  # fmt: skip
    kept = desk.order(advance=UPI)
    desk.done(kept, "cancellation", reason="another design")
    assert open_paise(desk) == 10_000_00


def test_a_refused_order_leaves_nothing_behind(desk):
    before = desk.counter.row_counts()
    broken = desk.counter.post("/orders", {
        "customerId": desk.customer["id"], "dueOn": later(1), "advance": [{"mode": "upi", "paise": 1}],
        "lines": [{"description": "x", "category": "ring", "metal": "gold", "fineness": 1234, "weightMg": 1}],
    })  # fmt: skip
    assert broken.status_code == 422
    late = desk.counter.post("/orders", {
        "customerId": desk.customer["id"], "dueOn": later(-1),
        "lines": [{"description": "x", "category": "ring", "metal": "gold", "fineness": 9160, "weightMg": 1}],
    })  # fmt: skip
    assert (late.status_code, late.json["code"]) == (422, "order_facts_wrong")
    assert desk.counter.row_counts() == before


def test_the_board_is_by_day_and_the_late_ones_are_told(desk):
    first, second = desk.order(dueOn=later(5)), desk.order(dueOn=later(2))
    listed = made(desk.counter.get("/orders", isOpen="true"))["items"]
    assert [one["id"] for one in listed] == [second["id"], first["id"]]
    desk.counter.write(lambda db: _due(db, second["id"], today_ist() - dt.timedelta(days=1)))
    assert [one["id"] for one in made(desk.counter.get("/orders", overdue="true"))["items"]] == [second["id"]]
    assert desk.counter.read(orders.count_overdue) == 1


def _due(db, order_id, day):
    from app.orders import repository

    row = repository.find_order(db, UUID(order_id), lock=True)
    row.due_on = day
    db.flush()


def test_a_lock_or_a_picture_that_there_is_not_is_named_at_its_field(desk):
    nowhere = str(new_id())
    line = desk.draft()["lines"][0]
    for path, changes, field in (
        ("/orders", {"rateBasis": "locked", "rateLockId": nowhere}, "rateLockId"),
        ("/orders", {"lines": [line, {**line, "pictureId": nowhere}]}, "lines.1.pictureId"),
    ):
        answer = desk.counter.post(path, {**desk.draft(), **changes})
        assert (answer.status_code, answer.json["fields"]) == (404, {field: "unknown"}), answer.json
