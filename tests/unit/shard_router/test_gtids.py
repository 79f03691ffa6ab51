"""GTID sets by themselves; what MySQL says of them is asked in tests/integration/shard_router/tail."""

import struct
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shard_router.gtid_sets import BadGtidSet, GtidSet, TaggedGtid

ONE, OTHER = UUID(int=1), UUID(int=2)
UNHURRIED = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])  # a busy machine is no failure
members = st.sets(st.tuples(st.sampled_from([ONE, OTHER]), st.integers(1, 40)), max_size=60)


def of(numbers: set[tuple[UUID, int]]) -> GtidSet:
    found = GtidSet()
    for source, number in sorted(numbers, key=lambda one: (one[1] * 7) % 41):  # in no order
        found.add(source, number)
    return found


@UNHURRIED
@given(members, members)
def test_it_is_a_set_of_numbers(have: set[tuple[UUID, int]], need: set[tuple[UUID, int]]) -> None:
    assert of(have).covers(of(need)) == (need <= have)
    assert {(source, n) for source in (ONE, OTHER) for n in range(1, 41) if of(have).has(source, n)} == have
    assert str(of(have)) == str(of(have | have))
    assert str(of(have) - of(need)) == str(of(have - need))
    assert len(of(have)) == len(have)


@UNHURRIED
@given(members)
def test_text_and_bytes_come_back_the_same(numbers: set[tuple[UUID, int]]) -> None:
    found = of(numbers)
    assert str(GtidSet(str(found))) == str(found)
    assert str(GtidSet.decode(found.encode())) == str(found)


def test_neighbours_become_one_interval() -> None:
    found = GtidSet(f"{ONE}:1-3:7,{OTHER}:5")
    found.add(ONE, 4)
    found.add(ONE, 6)
    assert str(found) == f"{ONE}:1-4:6-7,{OTHER}:5"
    found.add(ONE, 5)
    assert str(found) == f"{ONE}:1-7,{OTHER}:5"


def test_the_bytes_are_those_of_the_protocol() -> None:
    """Number of sources; each with its number of intervals, whose ends lie one behind."""
    expected = struct.pack("<Q", 1) + ONE.bytes + struct.pack("<5Q", 2, 1, 4, 7, 8)
    assert GtidSet(f"{ONE}:1-3:7").encode() == expected


@pytest.mark.parametrize("text", [f"{ONE}:a:1-3", f"{ONE}:1-2:my_tag:4", f"{OTHER}:1,{ONE}:_:1"])
def test_a_tag_is_known_and_has_no_bytes(text: str) -> None:
    assert GtidSet(str(GtidSet(text))).covers(GtidSet(text))
    with pytest.raises(TaggedGtid):
        GtidSet(text).encode()


def test_the_numbers_of_a_tag_run_by_themselves() -> None:
    tagged = GtidSet(f"{ONE}:1-5:tag:1-2")
    assert not tagged.covers(GtidSet(f"{ONE}:tag:3"))
    assert not GtidSet(f"{ONE}:1-5").covers(tagged)
    assert str(tagged - GtidSet(f"{ONE}:1-5")) == f"{ONE}:tag:1-2"
    assert len(tagged) == 7


def test_a_tag_in_bytes_is_refused() -> None:
    """The format stands in the highest byte, and again in the lowest."""
    with pytest.raises(TaggedGtid):
        GtidSet.decode(struct.pack("<Q", 1 << 56 | 1 << 8 | 1) + bytes(40))


@pytest.mark.parametrize(
    "text",
    ["x", f"{ONE}", f"{ONE}:", f"{ONE}:0", f"{ONE}:3-2", f"{ONE}:1-", f"{ONE}:-1", f"{ONE}:1 2:x-", "1:1", f"{ONE}:१",
     f"{ONE}:1-9223372036854775807", f"{str(ONE)[:-1]}:1", f"{ONE};1", f"{ONE}::1", f"{ONE}:tag"],
)  # fmt: skip
def test_what_is_no_set_is_refused(text: str) -> None:
    with pytest.raises(BadGtidSet):
        GtidSet(text)


@pytest.mark.parametrize("cut", [1, 8, 20, 31, 33, 40])
def test_bytes_that_are_cut_off_are_refused(cut: int) -> None:
    whole = GtidSet(f"{ONE}:1-3").encode()
    with pytest.raises(BadGtidSet):
        GtidSet.decode(whole[:cut] if cut < 40 else whole + b"\0")
