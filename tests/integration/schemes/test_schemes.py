"""A saver's year: joined, paid month by month, matured with a bonus, or ended without one."""

import datetime as dt
from uuid import UUID, uuid4

import pytest

from app.credits import service as credits
from app.credits.errors import CashOfDayReached, CashPayOutTooLarge
from app.kit.clock import today_ist
from app.schemes import service
from app.schemes.errors import (
    BonusAbsent,
    BonusUsed,
    InstalmentsNotLast,
    SchemeEnded,
    SchemeNotRipe,
    SchemePastItsTerm,
)
from app.schemes.service import EnrolDraft, PaymentDraft
from app.schemes.term import due_on, months_later
from tests.integration.schemes.conftest import INSTALMENT, noon
from tests.support.counter import made

BEGUN, RIPE = dt.date(2025, 3, 31), dt.date(2026, 2, 28)


def test_a_scheme_is_joined_paid_and_read_over_http(counter, offered):
    plan, customer = offered(), counter.customer()
    nominee = {"name": "Ravi Deshpande", "relation": "son"}
    scheme = made(counter.post("/schemes", {
        "planId": plan["id"], "customerId": customer["id"], "instalmentPaise": 2_000_00, "nominee": nominee,
    }))  # fmt: skip
    assert scheme["number"].startswith("SB")
    assert scheme["nextDueOn"] == today_ist().isoformat()
    taken = made(counter.post(f"/schemes/{scheme['id']}/instalments", {
        "payments": [{"mode": "cash", "paise": 1_000_00}, {"mode": "upi", "paise": 5_000_00, "reference": "UPI-7"}],
    }))  # fmt: skip
    assert [one["no"] for one in taken["instalments"]] == [1, 2, 3]
    book = counter.get(f"/schemes/{scheme['id']}").json
    assert book["scheme"]["paidPaise"] == 6_000_00
    # ₹2,000 at ₹12,800 a gram: 156 mg, three times
    assert book["scheme"]["gramsMg"] == 468
    assert book["nominee"]["name"] == "Ravi Deshpande"
    assert book["promise"] == {"paise": 2_000_00, "makingBp": 0}
    assert [month["paid"] is not None for month in book["months"]] == [True] * 3 + [False] * 8
    receipt = counter.get(f"/receipts/{taken['receiptId']}").json
    assert (receipt["purpose"], receipt["totalPaise"]) == ("scheme", 6_000_00)
    listed = counter.get("/schemes", customerId=customer["id"]).json["items"]
    assert [one["scheme"]["id"] for one in listed] == [scheme["id"]]


def test_the_cash_of_a_scheme_stays_below_what_the_law_takes_of_one_transaction(counter, savings):
    """Nine instalments of ₹20,000 in cash: the tenth makes ₹2,00,000 and comes by UPI, as the eleventh does."""
    draft = EnrolDraft(plan_id=savings.plan_id, customer_id=UUID(savings.customer["id"]), instalment_paise=20_000_00)
    keyring, begun = counter.runtime.keyring, dt.date(2025, 3, 3)

    def pay(scheme, count, mode, month):
        payments, at = (PaymentDraft(mode, count * 20_000_00),), noon(due_on(begun, month))
        return counter.write(
            lambda db: service.collect(db, scheme_id=scheme.id, payments=payments, keyring=keyring, at=at)
        )

    scheme = counter.write(lambda db: service.enrol(db, draft=draft, keyring=keyring, at=noon(begun)))
    pay(scheme, 5, "cash", 1)
    pay(scheme, 4, "cash", 2)
    with pytest.raises(CashOfDayReached) as refused:
        pay(scheme, 1, "cash", 3)
    assert "₹1,80,000.00" in refused.value.message
    pay(scheme, 2, "upi", 3)
    assert savings.see(scheme).paid_paise == 220_000_00


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"months": 12}, "months"), ({"bonus": "percent"}, "bonusBp"), ({"leastPaise": 0}, "leastPaise"),
        ({"validFrom": "2020-01-01"}, "validFrom"), ({"purity": {"metal": "gold", "fineness": 9161}}, "purity"),
    ],
)  # fmt: skip
def test_a_plan_that_cannot_be_is_refused_at_its_field(counter, changes, field):
    body = {
        "code": "S", "name": "S", "instalment": "fixed", "leastPaise": 1_00, "months": 11, "bonus": "none", **changes,
    }  # fmt: skip
    answer = counter.post("/scheme-plans", body)
    assert answer.status_code == 422
    assert field in answer.json["fields"]


def test_a_new_version_leaves_savers_where_they_are(counter, offered):
    """The old version ends the day before the new one begins; a second one of that day is refused."""
    plan, customer = offered(), counter.customer()
    body = {"planId": plan["id"], "customerId": customer["id"], "instalmentPaise": 2_000_00}
    begun = made(counter.post("/schemes", body))
    tomorrow = today_ist() + dt.timedelta(days=1)
    newer = offered(code=plan["code"], validFrom=tomorrow.isoformat(), leastPaise=1_000_00)
    answer = counter.post("/schemes", {**body, "planId": newer["id"]})
    assert (answer.status_code, answer.json["code"]) == (409, "plan_not_offered")
    assert counter.get(f"/scheme-plans/{plan['id']}").json["validTo"] == today_ist().isoformat()
    assert counter.get(f"/schemes/{begun['id']}").json["plan"]["id"] == plan["id"]
    again = counter.post("/scheme-plans", {
        "code": plan["code"], "name": "S", "instalment": "fixed", "leastPaise": 1_00, "months": 11, "bonus": "none",
        "validFrom": tomorrow.isoformat(),
    })  # fmt: skip
    assert (again.status_code, again.json["code"]) == (409, "plan_days_overlap")


def test_a_full_scheme_matures_into_a_credit_and_a_bonus(savings):
    """Begun on 31 March 2025, full, ripe on 28 February 2026: a month too short clamps its day."""
    scheme = savings.full(BEGUN)
    assert (scheme.paid_paise, scheme.paid_count, scheme.late_count) == (22_000_00, 11, 0)
    assert scheme.matures_on == dt.date(2026, 2, 28)
    with pytest.raises(SchemeNotRipe):
        savings.counter.write(lambda db: service.mature(db, scheme_id=scheme.id, at=noon(dt.date(2026, 2, 27))))
    ended = savings.counter.write(lambda db: service.mature(db, scheme_id=scheme.id, at=noon(dt.date(2026, 2, 28))))
    assert (ended.state, ended.bonus_paise) == ("matured", INSTALMENT)
    credit = savings.counter.read(lambda db: credits.get_credit(db, ended.credit_id))
    assert (credit.kind, credit.paise, credit.left_paise, credit.source_id) == (
        "scheme",
        22_000_00,
        22_000_00,
        scheme.id,
    )
    with pytest.raises(SchemeEnded):
        savings.counter.write(lambda db: service.mature(db, scheme_id=scheme.id))


def test_late_instalments_beyond_what_the_plan_bears_lose_the_bonus(savings):
    """Four of eleven come six days after their day; five are grace, three may be late."""
    scheme = savings.begin(BEGUN)
    savings.pay(scheme, 7, on=BEGUN)
    for number in range(8, 12):
        savings.pay(scheme, 1, on=due_on(BEGUN, number) + dt.timedelta(days=6))
    ended = savings.counter.write(lambda db: service.mature(db, scheme_id=scheme.id, at=noon(dt.date(2026, 3, 1))))
    assert (ended.late_count, ended.bonus_paise) == (4, 0)
    with pytest.raises(BonusAbsent):
        savings.claim(scheme, scheme.id)


def test_nothing_is_taken_on_the_last_day(savings):
    """Day 365 of 31-03-2025 is 31-03-2026."""
    scheme = savings.begin(BEGUN)
    savings.pay(scheme, 1, on=dt.date(2026, 3, 30))
    with pytest.raises(SchemePastItsTerm):
        savings.pay(scheme, 1, on=dt.date(2026, 3, 31))
    assert savings.see(scheme).paid_count == 1


def test_a_cheque_that_bounced_is_taken_back_and_its_month_paid_anew(savings):
    scheme = savings.begin(BEGUN)
    first = savings.pay(scheme, 1, on=BEGUN)
    second = savings.pay(scheme, 2, on=due_on(BEGUN, 2), mode="cheque")
    keyring = savings.counter.runtime.keyring

    def back(receipt_id):
        return savings.counter.write(lambda db: service.take_back(
            db, scheme_id=scheme.id, receipt_id=receipt_id, reason="not honoured", keyring=keyring
        ))  # fmt: skip

    with pytest.raises(InstalmentsNotLast):
        back(first.receipt_id)
    left = back(second.receipt_id)
    assert (left.paid_count, left.paid_paise, left.next_due_on) == (1, INSTALMENT, due_on(BEGUN, 2))
    with pytest.raises(InstalmentsNotLast):
        back(second.receipt_id)
    again = savings.pay(scheme, 1, on=due_on(BEGUN, 2))
    assert [one.no for one in again.instalments] == [2]
    assert savings.counter.read(service.drifted) == ()


def test_cash_of_an_earlier_day_goes_back_to_a_saver_only_below_what_the_law_lets_be_repaid(savings):
    """Ten instalments are ₹20,000, from which on nothing that was left with the shop is repaid in cash (s.269T); nine
    are below it, and then no tenth goes on the same day."""
    yesterday, keyring = today_ist() - dt.timedelta(days=1), savings.counter.runtime.keyring

    def back(scheme, paid):
        return savings.counter.write(lambda db: service.take_back(
            db, scheme_id=scheme.id, receipt_id=paid.receipt_id, reason="changed her mind", keyring=keyring
        ))  # fmt: skip

    one, other = savings.begin(yesterday), savings.begin(yesterday)
    paid = savings.pay(one, 10, on=yesterday, mode="cash")
    with pytest.raises(CashPayOutTooLarge):
        back(one, paid)
    assert savings.see(one).paid_count == 10
    nine, tenth = savings.pay(other, 9, on=yesterday, mode="cash"), savings.pay(other, 1, on=yesterday, mode="cash")
    assert back(other, tenth).paid_count == 9
    with pytest.raises(CashPayOutTooLarge):
        back(other, nine)
    today = savings.pay(other, 1, on=today_ist(), mode="cash")
    assert back(other, today).paid_count == 9  # a slip of today is corrected, not repaid


def test_a_refund_of_an_unfinished_scheme_has_no_bonus(savings):
    """₹8,000 of four instalments, back by bank; in cash ₹20,000 or more would be refused."""
    scheme, keyring = savings.begin(BEGUN), savings.counter.runtime.keyring
    savings.pay(scheme, 10, on=BEGUN)

    def refund(mode, paise):
        return savings.counter.write(lambda db: service.refund(
            db, scheme_id=scheme.id, payments=(service.PaymentDraft(mode, paise),), reason="moves away", keyring=keyring
        ))  # fmt: skip

    with pytest.raises(CashPayOutTooLarge):
        refund("cash", 20_000_00)
    assert savings.see(scheme).state == "open", "a refusal left it half ended"
    ended = refund("bank", 20_000_00)
    assert (ended.state, ended.bonus_paise) == ("closed", 0)
    credit = savings.counter.read(lambda db: credits.get_credit(db, ended.credit_id))
    assert (credit.left_paise, credit.state) == (0, "paid_out")


def test_the_bonus_is_claimed_once_and_freed_by_a_cancelling(savings):
    scheme = savings.matured(BEGUN, RIPE)
    bill, other = uuid4(), uuid4()
    waiting = savings.counter.read(lambda db: service.bonuses_of(db, scheme.customer_id))
    assert [one.scheme_id for one in waiting] == [scheme.id]
    bonus = savings.claim(scheme, bill)
    assert (bonus.paise, bonus.document_id) == (INSTALMENT, bill)
    with pytest.raises(BonusUsed):
        savings.claim(scheme, other)
    assert savings.counter.read(lambda db: service.bonuses_of(db, scheme.customer_id)) == []
    assert savings.counter.write(lambda db: service.free_bonus(db, document_id=bill)) == 1
    savings.claim(scheme, other)


def test_what_the_shop_owes_its_savers_is_what_they_paid(savings):
    """One full and matured (₹22,000), one of four months (₹8,000), one closed after one (₹2,000)."""

    def owed():
        found = savings.counter.get("/schemes/liability").json
        names = ("openPaise", "creditsPaise", "bonusPaise", "totalPaise")
        return {name: found[name] for name in names}, found["months"]

    (before, _months), first = owed(), savings.matured(BEGUN, RIPE)
    running, closed = savings.begin(), savings.begin()
    savings.pay(running, 4, on=today_ist())
    savings.pay(closed, 1, on=today_ist())
    savings.counter.write(lambda db: service.close_early(db, scheme_id=closed.id, reason="changed her mind"))
    after, months = owed()
    more = {"openPaise": 8_000_00, "creditsPaise": 24_000_00, "bonusPaise": 2_000_00, "totalPaise": 32_000_00}
    assert {name: after[name] - before[name] for name in after} == more
    assert sum(one["paise"] for one in months) == after["openPaise"]
    assert months_later(today_ist(), 11).replace(day=1).isoformat() in {one["first"] for one in months}
    notices = savings.counter.read(lambda db: service.notices(db, today_ist(), limit=200))  # the shop has many by now
    left = {one.scheme.id: one.left_paise for one in notices}
    assert (left[first.id], left[closed.id]) == (22_000_00, 2_000_00)


def test_cash_of_instalments_is_in_the_drawer(savings):
    """The cash of a receipt is one entry of the cash book."""
    scheme = savings.begin()
    before = savings.counter.row_counts()["cash_entries"]
    savings.pay(scheme, 1, on=today_ist(), mode="cash")
    assert savings.counter.row_counts()["cash_entries"] == before + 1


def test_another_shops_scheme_is_not_there(savings, flask_app, asha_and_others):
    scheme = savings.begin()
    client, ravi = flask_app.test_client(), asha_and_others.ravi
    for path in (f"/schemes/{scheme.id}", f"/scheme-plans/{savings.plan_id}"):
        answer = client.get(f"/api/v1/shops/{ravi.shop_id}{path}", headers=ravi.headers())
        assert answer.status_code == 404
