"""GTID arithmetic, tokens as text, and what a replica's health makes of it."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shard_router import CausalToken, ServerHealth
from shard_router.causality import Signer
from shard_router.gtid import gtid_in
from shard_router.health import Health
from shard_router.marks import as_text, covers, from_text, last_marks, merged, solid_marks

A, B = "250621b8-e4cd-11f1-8147-02fc00000001", "250621b8-e4cd-11f1-8147-02fc00000002"
marks_of = st.dictionaries(st.sampled_from([A, B]), st.integers(1, 2**60), min_size=1)


@pytest.mark.parametrize(("text", "last", "solid"), [
    (f"{A}:1-5", {A: 5}, {A: 5}),
    (f"{A}:7", {A: 7}, {A: 0}),
    (f"{A}:1", {A: 1}, {A: 1}),
    (f"{A}:1-5:7-9", {A: 9}, {A: 5}),
    (f"{A}:7-9:1-6", {A: 9}, {A: 9}),
    (f"{A}:1-5,\n{B}:1-2", {A: 5, B: 2}, {A: 5, B: 2}),
    (f"{A.upper()}:1-5", {A: 5}, {A: 5}),
    (f"{A}:1-5:tag:1-99", {A: 5}, {A: 5}),
    ("", {}, {}),
])  # fmt: skip
def test_reading_sets(text: str, last: dict[str, int], solid: dict[str, int]) -> None:
    assert (last_marks(text), solid_marks(text)) == (last, solid)


@pytest.mark.parametrize(("have", "need", "enough"), [
    ({A: 5}, {A: 5}, True), ({A: 5}, {A: 6}, False), ({A: 5}, {B: 1}, False), ({A: 5, B: 9}, {A: 1}, True),
    ({}, {}, True),
])  # fmt: skip
def test_covering(have: dict[str, int], need: dict[str, int], enough: bool) -> None:
    assert covers(have, need) is enough


@given(marks_of, marks_of)
def test_a_merge_covers_both_and_nothing_more(one: dict[str, int], other: dict[str, int]) -> None:
    both = merged(one, other)
    assert covers(both, one) and covers(both, other)
    assert merged(other, one) == both and merged(both, one) == both
    assert all(both[uuid] in (one.get(uuid), other.get(uuid)) for uuid in both)


@given(marks_of)
def test_text_and_back(marks: dict[str, int]) -> None:
    assert from_text(as_text(marks)) == marks
    token = CausalToken.of_marks("shard-a", 3, marks)
    assert CausalToken.parse(str(token)) == token


@pytest.mark.parametrize(
    "text", [A, f"{A}:1", f"{A}:2-3", f"{A}:1-x", f"{A}:1-²", "x:1-2", f"{A}:1-2,", f"{A}:1-2; DROP"]
)
def test_what_is_no_tokens_set(text: str) -> None:
    with pytest.raises(ValueError, match="not a token"):
        from_text(text)


def test_a_token_that_claims_nothing_is_a_token_still() -> None:
    token = CausalToken("shard-a", 0, "")
    assert CausalToken.parse(str(token)) == token and token.marks == {}
    assert Signer((b"k" * 32,)).verify(Signer((b"k" * 32,)).sign(token)) == token


@given(marks_of, st.binary(min_size=16, max_size=40), st.binary(min_size=16, max_size=40))
def test_only_the_own_key_verifies(marks: dict[str, int], key: bytes, other: bytes) -> None:
    token = CausalToken.of_marks("shard-a", 1, marks)
    text = Signer((key,)).sign(token)
    assert Signer((other, key)).verify(text) == token
    assert (Signer((other,)).verify(text) is None) is (key != other)


@given(st.text(max_size=200))
def test_no_text_makes_the_verifier_fail(text: str) -> None:
    assert Signer((b"k" * 32,)).verify(text) is None


def test_without_a_key_nothing_is_signed_or_believed() -> None:
    token = CausalToken.of_marks("shard-a", 1, {A: 1})
    with pytest.raises(ValueError, match="token_keys"):
        Signer(()).sign(token)
    assert Signer(()).verify(Signer((b"k" * 32,)).sign(token)) is None


# -- the OK packet ------------------------------------------------------------------------------------------------
GTID = f"{A}:12".encode()
TRACKED = bytes([3, len(GTID) + 2, 0, len(GTID)]) + GTID
SCHEMA = bytes([1, 6, 5]) + b"mysql"


@pytest.mark.parametrize(("status", "message", "expected"), [
    (0x4000, bytes([0, len(TRACKED)]) + TRACKED, GTID.decode()),
    (0x4000, bytes([4]) + b"info" + bytes([len(TRACKED)]) + TRACKED, GTID.decode()),
    (0x4000, bytes([0, len(SCHEMA) + len(TRACKED)]) + SCHEMA + TRACKED, GTID.decode()),
    (0x4000, bytes([0, 252, len(TRACKED), 0]) + TRACKED, GTID.decode()),
    (0x4000, bytes([0, len(SCHEMA)]) + SCHEMA, None),
    (0x4000, b"", None),
    (0x0002, bytes([0, len(TRACKED)]) + TRACKED, None),
])  # fmt: skip
def test_the_gtid_in_an_ok_packet(status: int, message: bytes, expected: str | None) -> None:
    assert gtid_in(status, message) == expected


# -- what makes a replica fit to be read --------------------------------------------------------------------------
PRIMARY = ServerHealth("p", "shard-a", "primary", reachable=True, executed={A: 10}, problem="")
REPLICA = ServerHealth(
    "r",
    "shard-a",
    "replica",
    reachable=True,
    read_only=True,
    replicating=True,
    preserves_order=True,
    executed={A: 10},
    problem="",
)


def judged(replica: ServerHealth, primary: ServerHealth = PRIMARY, *, lag: float = 3.0) -> ServerHealth:
    health = Health(lambda shard, server: None, replica_lag=lag)  # type: ignore[arg-type, return-value]
    health.note_primary("shard-a", primary.executed or {})
    return health.judge("shard-a", replica, primary)


def with_(**facts: object) -> ServerHealth:
    return replace(REPLICA, **facts)  # type: ignore[arg-type]


def test_a_sound_replica_is_in_rotation() -> None:
    found = judged(REPLICA)
    assert found.in_rotation and found.problem == "" and found.lag_ms == 0


def test_a_replica_that_nobody_feeds_since_the_primary_died_goes_on_answering() -> None:
    found = judged(with_(replicating=False), replace(PRIMARY, reachable=False, executed=None))
    assert found.in_rotation and found.problem == ""


@pytest.mark.parametrize(("replica", "word"), [
    (with_(read_only=False), "accepts writes"),
    (with_(preserves_order=False), "commit_order"),
    (with_(replicating=False), "stopped"),
    (with_(executed={A: 10, B: 1}), "never had"),
    (with_(executed={A: 11}), "never had"),
])  # fmt: skip
def test_an_unsound_one_is_not(replica: ServerHealth, word: str) -> None:
    found = judged(replica)
    assert not found.in_rotation and word in found.problem


def test_one_that_may_not_be_asked_about_its_applier_is_judged_by_its_lag() -> None:
    assert judged(with_(replicating=None)).in_rotation


def test_one_that_is_behind_leaves_the_rotation() -> None:
    found = judged(with_(executed={A: 9}), lag=0.0)
    assert not found.in_rotation and "behind" in found.problem and not found.errant
    assert judged(with_(executed={A: 9})).in_rotation, "a moment behind is not out"


def test_with_the_primary_gone_a_replica_that_has_it_all_stays() -> None:
    gone = replace(PRIMARY, reachable=False, executed=None)
    assert judged(REPLICA, gone).in_rotation
