"""Only the recorded primary is ever opened; a server that knows more than it is kept apart."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ops.cluster.layout import DEVELOPMENT_LAYOUT, FIRST_PRIMARIES
from ops.cluster.roles import Duty, Seen, load, orders, save
from ops.trouble import Trouble


def test_the_recorded_primary_opens_and_the_other_follows():
    decided = orders("a-1", [Seen("a-1"), Seen("a-2")])
    assert {name: order.duty for name, order in decided.items()} == {"a-1": Duty.OPEN, "a-2": Duty.FOLLOW}


def test_after_a_promotion_the_old_primary_follows():
    decided = orders("a-2", [Seen("a-1"), Seen("a-2")])
    assert decided["a-1"].duty is Duty.FOLLOW
    assert decided["a-2"].duty is Duty.OPEN


def test_an_old_primary_with_writes_of_its_own_stays_shut_and_says_why():
    decided = orders("a-2", [Seen("a-1", extra="3e11fa47:7"), Seen("a-2")])
    assert decided["a-1"].duty is Duty.FENCED
    assert "3e11fa47:7" in decided["a-1"].why


def test_without_the_primary_nobody_opens_in_its_place():
    decided = orders("a-1", [Seen("a-1", missing=True), Seen("a-2")])
    assert decided == {"a-2": decided["a-2"]}
    assert decided["a-2"].duty is Duty.FENCED


@given(
    primary=st.sampled_from(["a-1", "a-2", "a-3"]),
    seen=st.lists(
        st.builds(Seen, st.sampled_from(["a-1", "a-2", "a-3"]), st.sampled_from(["", "u:1"]), st.booleans()),
        unique_by=lambda one: one.name,
    ),
)
def test_never_two_open_and_never_another_than_the_recorded(primary, seen):
    opened = [name for name, order in orders(primary, seen).items() if order.duty is Duty.OPEN]
    assert opened in ([], [primary])


def test_the_record_outlives_a_restart_and_keeps_the_one_before(tmp_path):
    path = tmp_path / "roles.json"
    assert load(path) == FIRST_PRIMARIES
    save(path, {**FIRST_PRIMARIES, "shard-a": "a-2"})
    save(path, {**FIRST_PRIMARIES, "shard-b": "b-2"})
    assert load(path)["shard-b"] == "b-2"
    assert load(path.with_name("roles.json.before"))["shard-a"] == "a-2"


def test_a_record_from_before_a_shard_was_added_stands_and_its_own_is_the_first(tmp_path):
    path = tmp_path / "roles.json"
    save(path, {"control": "ctl-1", "shard-a": "a-2", "shard-b": "b-1"})
    assert load(path) == {**FIRST_PRIMARIES, "shard-a": "a-2"}
    save(path, {**FIRST_PRIMARIES, "shard-c": "c-2"})
    assert load(path)["shard-c"] == "c-2"


@pytest.mark.parametrize(
    "text",
    [
        "{",
        "[]",
        "{}",
        json.dumps({"primaries": {}}),
        json.dumps({"primaries": {**FIRST_PRIMARIES, "shard-a": "b-1"}}),
        json.dumps({"primaries": {**FIRST_PRIMARIES, "shard-c": "a-1"}}),
        json.dumps({"primaries": {**FIRST_PRIMARIES, "control": None}}),
    ],
)
def test_a_damaged_record_opens_nobody(tmp_path, text):
    path = tmp_path / "roles.json"
    path.write_text(text)
    with pytest.raises(Trouble, match="damaged"):
        load(path)


def test_every_group_has_a_first_primary_of_its_own():
    for group in DEVELOPMENT_LAYOUT.groups:
        assert FIRST_PRIMARIES[group] in {server.name for server in DEVELOPMENT_LAYOUT.members(group)}
