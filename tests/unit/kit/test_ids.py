"""Ids: unique, in the order of their making, of the form that RFC 9562 gives version 7."""

import time
from concurrent.futures import ThreadPoolExecutor
from uuid import RFC_4122, UUID

import pytest

from app.kit import ids
from app.kit.ids import UnknownId, new_id, parse_id


def test_ids_have_version_and_variant_7():
    for made in (new_id() for _ in range(100)):
        assert (made.version, made.variant) == (7, RFC_4122)


def test_ids_of_one_thread_rise():
    made = [new_id() for _ in range(20_000)]
    assert made == sorted(made)
    assert [one.bytes for one in made] == sorted(one.bytes for one in made)


def test_ids_of_many_threads_are_unique():
    with ThreadPoolExecutor(8) as pool:
        made = [one for part in pool.map(lambda _: [new_id() for _ in range(5_000)], range(8)) for one in part]
    assert len(set(made)) == 40_000


def test_an_id_tells_its_millisecond(monkeypatch):
    monkeypatch.setattr(ids, "_latest", 0)  # tests that travel in time leave later moments behind
    before = time.time_ns() // 1_000_000
    made = new_id()
    after = time.time_ns() // 1_000_000
    assert before - 1 <= made.int >> 80 <= after + 1


@pytest.mark.parametrize("text", ["", "7", "not-an-id", None, 7, "0" * 37])
def test_what_is_no_id_names_nothing(text):
    with pytest.raises(UnknownId):
        parse_id(text)


def test_an_id_is_read_back():
    made = new_id()
    assert parse_id(str(made)) == made
    assert isinstance(parse_id(str(made)), UUID)
