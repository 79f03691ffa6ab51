"""A want has one form, and nothing else has its hash."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.approvals.askable import askable
from app.approvals.errors import ApprovalNeeded, FactsUnfit, RightNotLent
from app.approvals.service import Held, cover
from app.approvals.wants import Want, settled
from app.kit.ids import new_id
from shard_router import Actor

NOW = dt.datetime(2026, 11, 30, 6, 0, tzinfo=dt.UTC)
SOON = NOW + dt.timedelta(minutes=5)
CLERK = Actor(new_id(), rights=frozenset({"bill.issue"}))
OWNER = Actor(new_id(), rights=frozenset({"bill.lower_rate"}))

keys = st.from_regex(r"[a-z][A-Za-z0-9]{0,8}", fullmatch=True)
leaves = st.none() | st.booleans() | st.integers(-(2**63) + 1, 2**63 - 1) | st.text("abc 916₹", max_size=20)
facts = st.dictionaries(keys, leaves | st.lists(leaves, max_size=3), min_size=1, max_size=5)


def want(facts, kind="bill.rate", right="bill.lower_rate", subject=None):
    return Want(kind, right, subject, facts)


def held(one, state="granted", until=SOON):
    return Held(new_id(), settled(one).hash, state, until)


@given(facts)
def test_the_order_of_facts_does_not_matter(facts):
    turned = dict(reversed(facts.items()))
    assert settled(want(facts)).hash == settled(want(turned)).hash


@given(facts, facts)
def test_other_facts_have_another_hash(one, other):
    """Python calls True and 1 equal; the books do not."""
    same = repr(sorted(one.items())) == repr(sorted(other.items()))
    assert (settled(want(one)).hash == settled(want(other)).hash) == same


def test_every_part_of_a_want_counts():
    subject = new_id()
    first = settled(want({"costPaise": 1}, subject=subject))
    others = [
        want({"costPaise": 1}), want({"costPaise": 1}, kind="bill.cost", subject=subject),
        want({"costPaise": 1}, right="bill.below_cost", subject=subject), want({"costPaise": True}, subject=subject),
    ]  # fmt: skip
    assert first.hash not in {settled(one).hash for one in others}


@pytest.mark.parametrize("wrong", [{}, {"a": 0.5}, {"A": 1}, {"a": {"b": {"c": {"d": 1}}}}, {"a": "\u202e"}])
def test_facts_of_another_form_are_refused(wrong):
    with pytest.raises(FactsUnfit):
        settled(want(wrong))


def test_an_approval_covers_one_want_of_a_document():
    lowered = want({"costPaise": 1})
    only = held(lowered)
    assert [one for _, one in cover(CLERK, [lowered], [only], now=NOW)] == [only]
    with pytest.raises(ApprovalNeeded):
        cover(CLERK, [lowered, lowered], [only], now=NOW)


def test_who_has_the_right_uses_no_approval_up():
    assert cover(OWNER, [want({"costPaise": 1})], [held(want({"costPaise": 1}))], now=NOW) == []


@pytest.mark.parametrize("state", ["asked", "refused", "withdrawn", "spent"])
def test_only_what_was_granted_counts(state):
    with pytest.raises(ApprovalNeeded):
        cover(CLERK, [want({"costPaise": 1})], [held(want({"costPaise": 1}), state)], now=NOW)


def test_a_grant_ends_at_its_moment():
    with pytest.raises(ApprovalNeeded):
        cover(CLERK, [want({"costPaise": 1})], [held(want({"costPaise": 1}), until=NOW)], now=NOW)


def test_some_rights_are_never_lent():
    assert askable("bill.lower_rate", NOW.date()).answer == dt.timedelta(minutes=15)
    for right in ("people.manage", "approval.decide", "settings.edit", "audit.view"):
        with pytest.raises(RightNotLent):
            askable(right, NOW.date())
