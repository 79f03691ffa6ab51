"""Asked with exact facts, answered once by somebody who may, used once, and never for anything else."""

import datetime as dt
from collections import Counter as Tally
from functools import partial
from uuid import UUID

import pytest
from sqlalchemy import update

from app.approvals import service
from app.approvals.models import Approval as Row
from app.approvals.service import ApprovalNeeded, Want
from app.kit.clock import utc_now
from app.kit.idempotency import bind_claim, claim_of
from app.kit.ids import new_id
from tests.support.counter import a_key, all_at_once, made

FACTS = {"costPaise": 1_017_00, "fromPaisePerG": 12_800_00, "toPaisePerG": 12_500_00, "piece": {"tag": "R-1"}}
PIECE = new_id()
WANT = Want("bill.rate", "bill.lower_rate", PIECE, FACTS)


def asked(clerk, **changes):
    body = {
        "kind": "bill.rate",
        "right": "bill.lower_rate",
        "subjectId": str(PIECE),
        "facts": FACTS,
        "reason": "Diwali",
    }
    return clerk.post("/approvals", {**body, **changes})


def answer(who, one, *, grant=True, version=None, **more):
    headers = {"If-Match": f'"{version or one["version"]}"'}
    return who.post(f"/approvals/{one['id']}/decision", {"grant": grant, **more}, **headers)


def granted(clerk, owner, **changes):
    one = made(asked(clerk, **changes))
    made(answer(owner, one))
    return UUID(one["id"])


def require(db, approval_id=None, facts=FACTS, document_id=None):
    return service.require(
        db, right="bill.lower_rate", kind="bill.rate", subject_id=PIECE, facts=facts, approval_id=approval_id,
        document_id=document_id,
    )  # fmt: skip


def age(counter, approval_id, minutes):
    """As if it had been asked, or granted, that much earlier."""
    earlier = utc_now() - dt.timedelta(minutes=minutes)
    counter.write(lambda db: db.execute(update(Row).where(Row.id == UUID(str(approval_id))).values(expires_at=earlier)))


def test_who_lacks_the_right_is_told_what_to_ask_for(clerk):
    with pytest.raises(ApprovalNeeded) as refused:
        clerk.write(require)
    assert refused.value.members["approval"] == {
        "kind": "bill.rate", "right": "bill.lower_rate", "subjectId": str(PIECE), "facts": FACTS,
    }  # fmt: skip


def test_who_has_the_right_needs_no_approval(owner):
    assert owner.write(require) is None
    assert made(owner.get("/approvals"))["items"] == []


def test_what_was_allowed_is_done_once_and_says_by_which_document(clerk, owner):
    approval_id, bill = granted(clerk, owner), new_id()
    assert clerk.write(partial(require, approval_id=approval_id, document_id=bill)) == approval_id
    with pytest.raises(ApprovalNeeded, match="used already"):
        clerk.write(partial(require, approval_id=approval_id, document_id=new_id()))
    told = made(clerk.get(f"/approvals/{approval_id}"))
    assert (told["state"], told["documentId"]) == ("spent", str(bill))


@pytest.mark.parametrize(
    "facts", [{**FACTS, "toPaisePerG": 12_499_00}, {**FACTS, "costPaise": 1}, {"costPaise": 1_017_00}]
)
def test_other_facts_are_not_covered(clerk, owner, facts):
    approval_id = granted(clerk, owner)
    with pytest.raises(ApprovalNeeded, match="other facts"):
        clerk.write(partial(require, approval_id=approval_id, facts=facts))
    assert made(clerk.get(f"/approvals/{approval_id}"))["state"] == "granted"


def test_the_same_facts_for_another_right_or_piece_are_not_covered(clerk, owner):
    elsewhere = granted(clerk, owner, subjectId=str(new_id()))
    other_right = granted(clerk, owner, right="bill.below_cost")
    for approval_id in (elsewhere, other_right):
        with pytest.raises(ApprovalNeeded, match="other facts"):
            clerk.write(partial(require, approval_id=approval_id))


def test_two_documents_that_spend_one_approval_end_with_one(clerk, owner):
    approval_id = granted(clerk, owner)

    def spend(_):
        try:
            return clerk.write(partial(require, approval_id=approval_id, document_id=new_id()))
        except ApprovalNeeded:
            return None

    assert Tally(all_at_once(8, spend)) == {approval_id: 1, None: 7}


def bill(counter, approval_id):
    """The packets of a hot write, as a bill sends them; gives whether it was let through."""
    actor, document = counter.who.actor, new_id()
    claim = claim_of(a_key(), kind="test", path="/test", body=b"")

    def work(db):
        claimed = bind_claim(claim, subject_id=document)
        _, rows = db.run_packet([claimed, *service.bind_hold([approval_id])])
        used = service.cover(actor, [WANT], service.held_of(rows.rows), now=utc_now())
        (spent,) = db.run_packet(service.bind_spend(used, document_id=document, now=utc_now()), commit=True)
        return spent.rowcount

    with counter.runtime.router.shop(counter.who.shop_id, actor, hot=True) as db:
        try:
            return work(db)
        except ApprovalNeeded as refused:
            return refused.message


def test_two_bills_that_spend_one_approval_end_with_one(clerk, owner):
    approval_id = granted(clerk, owner)
    outcomes = Tally(all_at_once(6, lambda _: bill(clerk, approval_id)))
    assert outcomes == {1: 1, "The approval was used already, and it counts once.": 5}


def test_two_owners_who_answer_at_once_end_with_one_answer(clerk, owner, manager):
    for _ in range(3):
        one = made(asked(clerk, subjectId=str(new_id())))
        answers = all_at_once(2, lambda n, one=one: answer((owner, manager)[n], one, grant=n == 0))
        assert Tally(a.status_code for a in answers) == {200: 1, 409: 1}
        assert [a.json["code"] for a in answers if a.status_code == 409] == ["approval_decided"]
        winner = next(n for n, a in enumerate(answers) if a.status_code == 200)
        told = made(clerk.get(f"/approvals/{one['id']}"))
        assert told["state"] == ("granted", "refused")[winner]
        assert told["decidedBy"] == str((owner, manager)[winner].who.person_id)


def test_nobody_answers_what_they_asked_for_themselves(owner, clerk, manager, runtime, cast):
    """A manager who lost a right of the role asks the owner; their own approval.decide is of no use here."""
    import dataclasses

    actor = dataclasses.replace(manager.who.actor, rights=manager.who.actor.rights - {"bill.lower_rate"})
    with runtime.router.shop(cast.asha.shop_id, actor) as db:
        one = service.ask(db, kind=WANT.kind, right=WANT.right, subject_id=PIECE, facts=FACTS)
        db.commit()
    refused = answer(manager, {"id": str(one.id), "version": one.version})
    assert (refused.status_code, refused.json["code"]) == (403, "own_approval")
    assert answer(owner, {"id": str(one.id), "version": one.version}).status_code == 200


def test_only_who_has_the_right_allows_it_and_whoever_decides_may_refuse(clerk, manager, runtime, cast):
    import dataclasses

    from app.kit.access import RightMissing

    actor = dataclasses.replace(manager.who.actor, rights=frozenset({"approval.decide"}))
    one = made(asked(clerk))
    with runtime.router.shop(cast.asha.shop_id, actor) as db:
        with pytest.raises(RightMissing, match=r"bill\.lower_rate"):
            service.decide(db, approval_id=UUID(one["id"]), expected_version=1, grant=True)
        db.rollback()
        refused = service.decide(db, approval_id=UUID(one["id"]), expected_version=1, grant=False, note="too low")
        db.commit()
    assert (refused.state, refused.note) == ("refused", "too low")
    with pytest.raises(ApprovalNeeded, match="refused"):
        clerk.write(partial(require, approval_id=refused.id))


def test_a_clerk_answers_nothing_and_sees_only_what_is_their_own(clerk, owner, manager, stranger):
    one = made(asked(clerk))
    assert answer(clerk, one).status_code == 403
    assert [a["id"] for a in made(owner.get("/approvals", state="asked"))["items"]] == [one["id"]]
    assert made(stranger.get("/approvals"))["items"] == []
    assert stranger.get(f"/approvals/{one['id']}").status_code == 404
    assert answer(stranger, one).json["code"] == "approval_unknown"


def test_a_question_nobody_answers_lapses(clerk, owner):
    one = made(asked(clerk))
    age(owner, one["id"], 1)
    assert made(clerk.get(f"/approvals/{one['id']}"))["state"] == "lapsed"
    assert made(owner.get("/approvals", state="asked"))["items"] == []
    assert len(made(owner.get("/approvals", state="lapsed"))["items"]) == 1
    late = answer(owner, one)
    assert (late.status_code, late.json["code"]) == (409, "approval_lapsed")
    again = made(asked(clerk))
    assert again["id"] != one["id"] and again["state"] == "asked"


def test_what_was_allowed_and_not_used_in_time_is_not_allowed_any_more(clerk, owner):
    approval_id = granted(clerk, owner)
    age(owner, approval_id, 1)
    with pytest.raises(ApprovalNeeded, match="not used in time"):
        clerk.write(partial(require, approval_id=approval_id))
    assert "not used in time" in bill(clerk, approval_id)


def test_a_question_asked_twice_is_one_and_can_be_taken_back(clerk, owner):
    one, again = made(asked(clerk)), made(asked(clerk))
    assert one["id"] == again["id"]
    path = f"/approvals/{one['id']}/withdrawal"
    assert owner.post(path, {}, **{"If-Match": '"1"'}).status_code == 404
    assert made(clerk.post(path, {}, **{"If-Match": '"1"'}))["state"] == "withdrawn"
    assert answer(owner, one).json["code"] == "approval_decided"


def test_an_answer_to_what_changed_meanwhile_is_refused(clerk, owner):
    one = made(asked(clerk))
    assert answer(owner, one, version=7).status_code == 412


REFUSED = {
    "a fraction": {"facts": {"costPaise": 1.5}},
    "no facts": {"facts": {}},
    "a list of 51": {"facts": {"lines": [1] * 51}},
    "facts five deep": {"facts": {"a": {"b": {"c": {"d": {"e": 1}}}}}},
    "a key that is a sentence": {"facts": {"cost in paise": 1}},
    "text of a page": {"facts": {"note": "x" * 201}},
    "a number beyond 64 bits": {"facts": {"costPaise": 2**63}},
    "a right that is never lent": {"right": "people.manage"},
    "a kind that is no code": {"kind": "Lower the rate!"},
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_put_before_anybody_is_refused_and_nothing_is_written(clerk, case):
    before = clerk.row_counts()
    refused = asked(clerk, **REFUSED[case])
    assert refused.status_code in (400, 422), refused.json
    assert clerk.row_counts() == before


def test_who_may_do_it_alone_asks_nobody(owner):
    refused = asked(owner)
    assert (refused.status_code, refused.json["code"]) == (409, "right_held")


def test_each_step_is_in_the_audit_log(clerk, owner):
    approval_id = granted(clerk, owner)
    assert owner.books().sound
    from app.kit.models import AuditEntry

    def entries(db):
        from sqlalchemy import select

        return list(db.scalars(select(AuditEntry.action).where(AuditEntry.subject_id == approval_id)))

    assert owner.read(entries) == ["approval.asked", "approval.granted"]
