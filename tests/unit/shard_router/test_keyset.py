"""Places and cursors of a list across shards: what a cursor says comes back, and what is none is refused."""

import base64
import datetime as dt
import json
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import BigInteger, Column, Date, Integer, MetaData, String, Table
from sqlalchemy.dialects import mysql

from app.kit.db import Id, Utc
from shard_router import CursorRefused, Order
from shard_router.keyset import Cursor

ROWS = Table(
    "rows", MetaData(),
    Column("shop_id", BigInteger, primary_key=True), Column("id", Id, primary_key=True),
    Column("at", Utc, nullable=False), Column("on", Date, nullable=False), Column("no", Integer, nullable=False),
    Column("name", String(20), nullable=False), Column("gone_on", Date),
)  # fmt: skip
ORDER = Order(ROWS.c.at, ROWS.c.on, ROWS.c.no, shop=ROWS.c.shop_id, tie=ROWS.c.id, down=True)
PLACES = st.tuples(
    st.datetimes(dt.datetime(1000, 1, 1), dt.datetime(9999, 12, 31), timezones=st.just(dt.UTC)),  # noqa: DTZ001 (Hypothesis wants them bare)
    st.dates(dt.date(1000, 1, 1)), st.integers(-(2**31), 2**31 - 1), st.integers(1, 2**63 - 1), st.uuids(),
)  # fmt: skip
SHARDS = st.lists(st.from_regex(r"[a-z0-9-]{1,40}", fullmatch=True), max_size=8, unique=True).map(tuple)


@given(PLACES, SHARDS)
def test_a_cursor_says_again_what_it_was_told(place, missed):
    assert ORDER.open(ORDER.close(Cursor(place, missed))) == Cursor(place, tuple(sorted(missed)))


@given(st.text(max_size=60))
def test_any_other_text_is_refused(text):
    with pytest.raises(CursorRefused):
        ORDER.open(text)


def written(body: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(body).encode()).rstrip(b"=").decode()


GOOD = ["2026-04-01T00:00:00", "2026-04-01", 5, 1, UUID(int=1).hex]


@pytest.mark.parametrize(
    "values",
    [
        [], GOOD[:4], [*GOOD, 1], ["yesterday", *GOOD[1:]], ["2026-04-01T00:00:00+05:30", *GOOD[1:]],
        [5, *GOOD[1:]], [*GOOD[:2], "5", *GOOD[3:]], [*GOOD[:2], True, *GOOD[3:]], [*GOOD[:3], 2**63, GOOD[4]],
        [*GOOD[:4], "no hex"], [*GOOD[:4], "00" * 17], [*GOOD[:4], None],
    ],
)  # fmt: skip
def test_a_cursor_with_values_of_another_kind_is_refused(values):
    assert ORDER.open(written([ORDER.name, GOOD, []])).place[2:4] == (5, 1)
    with pytest.raises(CursorRefused):
        ORDER.open(written([ORDER.name, values, []]))


def test_a_cursor_of_another_order_is_refused():
    other = Order(ROWS.c.at, ROWS.c.on, ROWS.c.no, shop=ROWS.c.shop_id, tie=ROWS.c.id)
    with pytest.raises(CursorRefused):
        other.open(written([ORDER.name, GOOD, []]))


@pytest.mark.parametrize("column", [ROWS.c.name, ROWS.c.gone_on])
def test_what_python_and_mysql_would_order_apart_is_refused_at_the_start(column):
    with pytest.raises(ValueError, match=r"cannot be merged|may be NULL"):
        Order(column, shop=ROWS.c.shop_id, tie=ROWS.c.id)


def test_the_first_column_bounds_what_is_read():
    """Else MySQL reads from the list's beginning at each page."""
    statement = ORDER.page_of(ROWS.select(), ORDER.open(written([ORDER.name, GOOD, []])).place, 10)
    text = str(statement.compile(dialect=mysql.dialect()))
    assert "`rows`.at <= %s AND (`rows`.at < %s OR" in text.replace("\n", "")
