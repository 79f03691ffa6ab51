"""Sheets that are put aside: taken up as they were, once, by whoever comes first; thrown away after a day."""

import datetime as dt
from collections import Counter as Tally
from uuid import UUID

from sqlalchemy import select

from app.estimates import service
from app.estimates.models import HeldSheet
from app.kit.audit_reading import entries
from app.kit.clock import utc_now
from app.kit.ids import new_id
from app.kit.models import IdempotencyKey
from tests.support.counter import a_key, all_at_once, made
from tests.support.jobs import run_control

WORD = "Lata 98200"


def hold(who, *pieces, **more):
    draft = {"lines": [{"itemId": piece["id"], "discount": {"paise": 500_00}} for piece in pieces], **more}
    return made(who.post("/held-sheets", {"label": WORD, "draft": draft}))


def recall(who, sheet, **options):
    return who.post(f"/held-sheets/{sheet['id']}/recall", {}, **options)


def test_a_sheet_comes_back_at_another_till_as_it_was_and_can_be_billed(counter, clerk):
    piece, customer = counter.piece(), counter.customer()
    # 50,334.72 − 500 = 49,834.72; with 3 % 51,329.76, so ₹51,330
    till = str(counter.who.shop.till_id)
    sheet = hold(
        clerk, piece, customerId=customer["id"], payments=[{"mode": "upi", "paise": 51_330_00}], tillId=till
    )  # fmt: skip
    assert [one["label"] for one in made(counter.get("/held-sheets"))["items"]] == [WORD]
    assert counter.status(piece["id"]) == "in_stock"  # nothing is reserved
    taken = made(recall(counter, sheet))
    assert made(counter.get("/held-sheets"))["items"] == []
    assert taken["draft"]["tillId"] is None  # else the other till's drawer would be wrong
    billed = made(counter.post("/invoices", taken["draft"]))
    assert (billed["totalPaise"], billed["customerId"]) == (51_330_00, customer["id"])


def test_of_many_tills_one_takes_it_up_and_the_others_are_told(counter):
    sheet = hold(counter, counter.piece())
    answers = all_at_once(8, lambda _n: recall(counter, sheet))
    assert Tally(one.status_code for one in answers) == {200: 1, 409: 7}
    assert {one.json["code"] for one in answers if one.status_code == 409} == {"sheet_recalled"}


def test_a_till_whose_reply_was_lost_has_its_sheet_again(counter):
    sheet, key = hold(counter, counter.piece()), a_key()
    first = recall(counter, sheet, key=key)
    again = recall(counter, sheet, key=key)
    assert (again.status_code, again.data) == (200, first.data)
    assert recall(counter, sheet).json["code"] == "sheet_recalled"


def test_the_word_stands_nowhere_but_in_its_row(counter):
    """It may be somebody's name or phone: it goes with the sheet."""
    sheet = hold(counter, counter.piece())
    made(recall(counter, sheet, key=a_key()))
    told = counter.read(lambda db: [str(one) for one in entries(db, ("sheet.held", "sheet.recalled"))])
    assert len(told) == 2 and not any(WORD in one for one in told)
    kept = counter.read(lambda db: list(db.scalars(select(IdempotencyKey.reply))))
    assert not any(WORD.encode() in one for one in kept if one)


def test_after_a_day_it_is_gone_and_then_deleted(counter, runtime):
    fresh = hold(counter, counter.piece())

    def age(db):
        row = db.get(HeldSheet, (counter.who.shop_id, UUID(fresh["id"])))
        old = HeldSheet(
            id=new_id(), label=WORD, lines=1, draft=row.draft, held_at=utc_now() - dt.timedelta(hours=25)
        )  # fmt: skip
        db.add(old)
        db.flush()
        return {"id": str(old.id)}

    old = counter.write(age)
    assert [one["id"] for one in made(counter.get("/held-sheets"))["items"]] == [fresh["id"]]
    gone = recall(counter, old)
    assert (gone.status_code, gone.json["code"]) == (404, "sheet_unknown")
    run_control(runtime, "app.kit.housekeeping.purge", on="2026-11-30")
    left = counter.read(lambda db: list(db.scalars(select(HeldSheet.id))))
    assert left == [UUID(fresh["id"])]
    assert service.estimate_terms(dt.date(2026, 11, 30)).held_hours == 24
