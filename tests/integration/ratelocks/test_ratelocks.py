"""A rate promised for so many grams: against an advance, taken gram by gram and never twice, given back, run out."""

import datetime as dt
from collections import Counter as Tally
from functools import partial
from uuid import UUID

import pytest

from app.credits import service as credits
from app.credits.service import CreditKind
from app.kit.clock import today_ist, utc_now
from app.kit.errors import AppError
from app.kit.idempotency import bind_claim, claim_of
from app.kit.ids import new_id
from app.ratelocks import service
from app.ratelocks.errors import (
    RateLockClosed,
    RateLockExpired,
    RateLockNotTheirs,
    RateLockOtherPurity,
    RateLockShort,
    RateLockUnknown,
)
from app.ratelocks.models import RateLock as Row
from app.ratelocks.service import LockUse
from tests.support.counter import a_key, all_at_once, made

GOLD = {"metal": "gold", "fineness": 9160}  # 12,800.00 a gram on the board


def advance(counter, customer, paise=1_00_000_00):
    """An advance that the customer left, as a receipt opens it."""
    return counter.write(lambda db: credits.open_credit(
        db, kind=CreditKind.ADVANCE, customer_id=UUID(customer["id"]), source_id=new_id(), paise=paise
    ))  # fmt: skip


def lock(counter, customer, **changes):
    body = {
        "customerId": customer["id"], "purity": GOLD, "mg": 10_000,
        "expiresOn": (today_ist() + dt.timedelta(days=30)).isoformat(), **changes,
    }  # fmt: skip
    if "creditId" not in body:
        body["creditId"] = str(advance(counter, customer).id)
    return counter.post("/rate-locks", body)


def use(lock_id, mg, **changes):
    return LockUse(**{"lock_id": UUID(lock_id), "metal": "gold", "fineness": 9160, "mg": mg, **changes})


def take(counter, lock_id, customer, mg, *, on=None, **changes):
    """The lock that a bill of one piece took of, as its packets do it."""
    return packets(counter, [use(lock_id, mg, **changes)], customer, document=new_id(), on=on)[0]


def packets(counter, uses, customer, *, document, on=None):
    """The packets of a hot write, as a bill of several pieces sends them: the locks that it held."""
    claim = claim_of(a_key(), kind="test", path="/test", body=b"")
    with counter.runtime.router.shop(counter.who.shop_id, counter.who.actor, hot=True) as db:
        holding = service.bind_hold([one.lock_id for one in uses])
        _, found = db.run_packet([bind_claim(claim, subject_id=document), *holding])
        held = service.held_of(found.rows)
        service.check_uses(uses, held, customer_id=UUID(customer["id"]), on=on or today_ist())
        results = db.run_packet(service.bind_uses(db, uses, document_id=document, at=utc_now()), commit=True)
        assert [one.rowcount for one in results] == [1, 1]
    return held


def left(counter, lock_id):
    found = made(counter.get(f"/rate-locks/{lock_id}"))
    return found["leftMg"], found["state"]


def test_a_rate_is_locked_at_the_boards_and_stays_when_the_board_rises(counter):
    customer = counter.customer()
    promised = made(lock(counter, customer))
    assert (promised["paisePerG"], promised["leftMg"], promised["state"]) == (12_800_00, 10_000, "open")
    counter.set_board(gold_9160=13_500_00)
    assert take(counter, promised["id"], customer, 4_000).paise_per_g == 12_800_00
    assert left(counter, promised["id"]) == (6_000, "open")
    assert take(counter, promised["id"], customer, 6_000)
    assert left(counter, promised["id"]) == (0, "used")
    assert counter.read(service.drifted) == []


def test_a_tenth_of_what_the_grams_cost_is_the_least_advance(counter):
    """10 g × ₹12,800 = ₹1,28,000: a tenth is ₹12,800.00."""
    customer = counter.customer()
    short, enough = advance(counter, customer, 12_799_99), advance(counter, customer, 12_800_00)
    refused = lock(counter, customer, creditId=str(short.id))
    assert (refused.status_code, refused.json["code"]) == (422, "advance_too_small")
    assert "₹12,800.00" in refused.json["detail"]
    assert made(lock(counter, customer, creditId=str(enough.id)))["creditId"] == str(enough.id)


def test_one_advance_holds_one_lock(counter):
    customer = counter.customer()
    credit = str(advance(counter, customer).id)
    answers = all_at_once(3, lambda _: lock(counter, customer, creditId=credit))
    assert Tally(answer.status_code for answer in answers) == {201: 1, 422: 2}
    assert {answer.json["code"] for answer in answers if answer.status_code == 422} == {"advance_not_fit"}


def test_no_credit_but_an_advance_holds_a_lock(counter):
    """What a credit note left is money for a bill: nobody paid it for this."""
    customer = counter.customer()
    left_over = counter.write(lambda db: credits.open_credit(
        db, kind=CreditKind.STORE_CREDIT, customer_id=UUID(customer["id"]), source_id=new_id(), paise=1_00_000_00
    ))  # fmt: skip
    refused = lock(counter, customer, creditId=str(left_over.id))
    assert (refused.json["code"], refused.json["fields"]) == ("advance_not_fit", {"creditId": "not fit"})


def test_the_advance_is_this_customers_and_open(counter, stranger):
    customer, other = counter.customer(), counter.customer()
    theirs = advance(counter, other)
    assert lock(counter, customer, creditId=str(theirs.id)).json["code"] == "advance_not_fit"
    nothing = lock(counter, customer, creditId=str(new_id()))
    assert (nothing.status_code, nothing.json["fields"]) == (404, {"creditId": "unknown"})
    assert lock(counter, {"id": str(new_id())}, creditId=str(theirs.id)).status_code == 404
    stranger.set_board()
    foreign = lock(stranger, stranger.customer(), creditId=str(theirs.id))
    assert foreign.status_code == 404


@pytest.mark.parametrize("days", [-1, 91])
def test_a_lock_has_its_longest_time(counter, days):
    on = (today_ist() + dt.timedelta(days=days)).isoformat()
    assert lock(counter, counter.customer(), expiresOn=on).json["code"] == "lock_too_long"


def test_grams_are_taken_once_however_many_bills_want_them(counter):
    """Ten grams, eight bills of three: three of them fit."""
    customer = counter.customer()
    lock_id = made(lock(counter, customer))["id"]

    def one(_):
        try:
            return take(counter, lock_id, customer, 3_000).paise_per_g
        except RateLockShort:
            return "short"

    assert Tally(all_at_once(8, one)) == {12_800_00: 3, "short": 5}
    assert left(counter, lock_id) == (1_000, "open")
    assert counter.read(service.drifted) == []


def bill(counter, lock_id, customer, *weights):
    document = new_id()
    try:
        packets(counter, [use(lock_id, mg) for mg in weights], customer, document=document)
    except RateLockShort:
        return "short"
    return document


def test_bills_in_packets_take_grams_once_too(counter):
    """Two pieces of 2 g each a bill: two bills of five fit into ten grams, and a third has only two left."""
    customer = counter.customer()
    lock_id = made(lock(counter, customer))["id"]
    outcomes = all_at_once(5, lambda _: bill(counter, lock_id, customer, 2_000, 2_000))
    assert sum(one == "short" for one in outcomes) == 3
    assert left(counter, lock_id) == (2_000, "open")
    assert counter.read(service.drifted) == []


def test_a_cancelled_bill_gives_its_grams_back_once(counter):
    customer = counter.customer()
    lock_id = made(lock(counter, customer))["id"]
    document = bill(counter, lock_id, customer, 4_000, 6_000)
    assert left(counter, lock_id) == (0, "used")
    given = [counter.write(partial(service.give_back, document_id=document)) for _ in range(2)]
    assert given == [10_000, 0]
    assert left(counter, lock_id) == (10_000, "open")
    assert counter.read(service.drifted) == []


def refusal(counter, lock_id, customer, mg=1_000, **changes):
    with pytest.raises(AppError) as refused:
        take(counter, lock_id, customer, mg, **changes)
    return type(refused.value)


def test_what_does_not_fit_the_promise_is_refused_and_takes_nothing(counter):
    customer, other = counter.customer(), counter.customer()
    lock_id = made(lock(counter, customer))["id"]
    after = today_ist() + dt.timedelta(days=31)
    assert refusal(counter, str(new_id()), customer) is RateLockUnknown
    assert refusal(counter, lock_id, other) is RateLockNotTheirs
    assert refusal(counter, lock_id, customer, fineness=7500) is RateLockOtherPurity
    assert refusal(counter, lock_id, customer, on=after) is RateLockExpired
    assert refusal(counter, lock_id, customer, 10_001) is RateLockShort
    assert left(counter, lock_id) == (10_000, "open")


def test_a_lock_runs_out_behind_its_last_day(counter):
    """As one that was made a month ago, until yesterday."""
    customer, yesterday = counter.customer(), today_ist() - dt.timedelta(days=1)
    old = Row(
        id=new_id(), customer_id=UUID(customer["id"]), credit_id=advance(counter, customer).id, metal="gold",
        fineness=9160, paise_per_g=12_000_00, mg=10_000, left_mg=10_000, state="open", expires_on=yesterday,
        made_at=utc_now() - dt.timedelta(days=30), version=1,
    )  # fmt: skip
    lock_id = str(old.id)
    counter.write(lambda db: db.add(old))
    assert left(counter, lock_id) == (10_000, "expired")
    assert [one["id"] for one in made(counter.get("/rate-locks", state="expired"))["items"]] == [lock_id]
    assert made(counter.get("/rate-locks", state="open"))["items"] == []
    assert refusal(counter, lock_id, customer) is RateLockExpired


def test_a_lock_that_is_given_up_is_used_no_more(counter):
    customer = counter.customer()
    lock_id = made(lock(counter, customer))["id"]
    path = f"/rate-locks/{lock_id}/closing"
    assert counter.post(path, {}, **{"If-Match": '"9"'}).status_code == 412
    assert made(counter.post(path, {}, **{"If-Match": '"1"'}))["state"] == "closed"
    assert refusal(counter, lock_id, customer) is RateLockClosed
    assert counter.post(path, {}, **{"If-Match": '"2"'}).json["code"] == "rate_lock_closed"


def test_a_clerk_locks_the_boards_rate_and_asks_for_a_lower_one(counter, clerk):
    """₹100 a gram less for 10 g costs ₹1,000."""
    customer = counter.customer()
    made(lock(clerk, customer))
    credit = str(advance(counter, customer).id)
    refused = lock(clerk, customer, creditId=credit, paisePerG=12_700_00)
    assert (refused.status_code, refused.json["code"]) == (403, "approval_needed")
    wanted = refused.json["approval"]
    last = today_ist() + dt.timedelta(days=30)
    assert (wanted["subjectId"], wanted["facts"]["expiresOn"]) == (customer["id"], last.isoformat())
    assert wanted["facts"]["costPaise"] == 1_000_00
    asked = made(clerk.post("/approvals", wanted))
    made(counter.post(f"/approvals/{asked['id']}/decision", {"grant": True}, **{"If-Match": '"1"'}))
    lower, other = {"paisePerG": 12_700_00, "approvalId": asked["id"]}, counter.customer()
    theirs = lock(clerk, other, creditId=str(advance(counter, other).id), **lower)
    longer = lock(clerk, customer, creditId=credit, expiresOn=(last + dt.timedelta(days=1)).isoformat(), **lower)
    assert (theirs.status_code, longer.status_code) == (403, 403)
    promised = made(lock(clerk, customer, creditId=credit, **lower))
    assert promised["paisePerG"] == 12_700_00
    assert made(clerk.get(f"/approvals/{asked['id']}"))["documentId"] == promised["id"]
    assert counter.books().sound
