"""GTID sets, asked of MySQL's own functions: the same text, the same members, the same subsets."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shard_router.gtid_sets import GtidSet
from tests.support.tailing import Place, run

SOURCES = [UUID(int=n) for n in (1, 2, 2**127 + 5, 2**128 - 1)]
BUSY = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]  # the machine may be
MANY = settings(max_examples=60, deadline=None, suppress_health_check=BUSY)


@st.composite
def interval(draw: Any) -> str:
    """Small numbers, so that intervals meet, touch and overlap; now and then the highest there are."""
    first = draw(st.one_of(st.integers(1, 12), st.integers(2**63 - 9, 2**63 - 2)))
    last = min(first + draw(st.integers(0, 5)), 2**63 - 2)
    return str(first) if first == last and draw(st.booleans()) else f"{first}-{last}"


@st.composite
def a_part(draw: Any) -> str:
    source = str(draw(st.sampled_from(SOURCES)))
    spans = draw(st.lists(interval(), min_size=1, max_size=5))
    return ":".join([source.upper() if draw(st.booleans()) else source, *spans])


def joined(parts: list[str]) -> str:
    return ",\n".join(parts)


sets = st.lists(a_part(), max_size=6).map(joined)


@pytest.fixture(scope="module")
def server(place: Place) -> Iterator[Any]:
    with place.connect() as connection:
        yield lambda asked, *values: run(connection, f"SELECT {asked}", *values)[0][0]


@MANY
@given(text=sets)
def test_a_set_is_written_as_the_server_writes_it(server: Any, text: str) -> None:
    assert str(GtidSet(text)) == server("GTID_SUBTRACT(%s, '')", text).replace("\n", "")


@MANY
@given(one=sets, other=sets)
def test_covers_is_gtid_subset(server: Any, one: str, other: str) -> None:
    assert GtidSet(one).covers(GtidSet(other)) == bool(server("GTID_SUBSET(%s, %s)", other, one))
    assert GtidSet(f"{one},{other}").covers(GtidSet(other))


@MANY
@given(text=sets, source=st.sampled_from(SOURCES), number=st.integers(1, 20))
def test_has_and_add_of_one(server: Any, text: str, source: UUID, number: int) -> None:
    found = GtidSet(text)
    assert found.has(source, number) == bool(server("GTID_SUBSET(%s, %s)", f"{source}:{number}", text))
    found.add(source, number)
    assert found.has(source, number)
    assert str(found) == server("GTID_SUBTRACT(CONCAT(%s, ',', %s), '')", text, f"{source}:{number}").replace("\n", "")


@MANY
@given(one=sets, other=sets)
def test_what_the_server_subtracts_is_not_covered(server: Any, one: str, other: str) -> None:
    rest = server("GTID_SUBTRACT(%s, %s)", one, other)
    assert GtidSet(other).covers(GtidSet(one)) == (rest == "")
    assert str(GtidSet(f"{rest},{other}")) == str(GtidSet(f"{one},{other}"))


def test_the_servers_own_set(place: Place) -> None:
    text = place.executed()
    assert str(GtidSet(text)) == text.replace("\n", "")
