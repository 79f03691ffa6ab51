"""Streams that no healthy server sends: each packet is made here by hand, after MySQL's description of the format."""

from __future__ import annotations

import struct
import zlib
from uuid import UUID

import pytest

from shard_router.gtid_sets import GtidSet
from shard_router.moves.events import Event, Statement, TailBroken
from shard_router.moves.keys import KeyColumn, KeyShape, Kind
from shard_router.moves.stream import Stream, Transaction

SOURCE = UUID(int=7)
SHAPE = KeyShape("pieces", 3, (KeyColumn("shop_id", Kind.BIGINT, 8), KeyColumn("id", Kind.INT, 4)))
INCIDENT, IGNORABLE, ANONYMOUS, XA_PREPARE, COMPRESSED, TAGGED = 26, 28, 34, 38, 40, 42

# post-header sizes by type, as a 9.7 server states them
SIZES = bytes.fromhex("000d0008000000000400040000006300041a08000000000000020000000a0a0a2a2a001234000a280000")


def packet(kind: int, body: bytes = b"", *, crc: bool = True) -> bytes:
    size = 19 + len(body) + (4 if crc else 0)
    event = struct.pack("<IBIIIH", 1_790_000_000, kind, 1, size, 0, 0) + body
    return b"\0" + event + (struct.pack("<I", zlib.crc32(event)) if crc else b"")


def first(*, sizes: bytes = SIZES, algorithm: int = 1, version: int = 4) -> bytes:
    body = struct.pack("<H50sIB", version, b"9.7.4", 0, 19) + sizes + bytes([algorithm])
    return packet(Event.FORMAT, body)


def begin(number: int, *events: bytes, more: int = 0) -> list[bytes]:
    """A transaction of these events that says how long it is, `more` bytes wrongly so."""
    rest = sum(len(one) - 1 for one in events) + more
    head = struct.pack("<B16sqBqq", 0, SOURCE.bytes, number, 2, 0, 1) + bytes(7)
    whole = 19 + len(head) + 3 + 4 + 4 + rest
    return [packet(Event.GTID, head + b"\xfc" + struct.pack("<H", whole) + bytes(4)), *events]


def query(text: bytes, database: bytes = b"shop", variables: bytes = b"") -> bytes:
    head = struct.pack("<IIBHH", 1, 0, len(database), 0, len(variables))
    return packet(Event.QUERY, head + variables + database + b"\0" + text)


def announced(table: bytes = b"pieces", types: bytes = b"\x08\x03\x03", number: int = 9) -> bytes:
    name = bytes([4]) + b"shop\0" + bytes([len(table)]) + table + b"\0"
    body = struct.pack("<IHH", number, 0, 1) + name + bytes([len(types)]) + types + b"\0" + b"\x04"
    return packet(Event.TABLE_MAP, body)


def rows(
    *ids: int, shop: int = 1, number: int = 9, columns: int = 3, kind: int = Event.WRITE_ROWS, cut: int = 0
) -> bytes:
    images = b"".join(b"\0" + struct.pack("<qii", shop, one, 5) for one in ids)
    shown = bytes([(1 << columns) - 1]) * (2 if kind == Event.UPDATE_ROWS else 1)
    body = struct.pack("<IHHH", number, 0, 1, 2) + bytes([columns]) + shown + images
    return packet(kind, body[: len(body) - cut])


BEGIN, END = query(b"BEGIN"), packet(Event.XID, bytes(8))


def read(*packets: bytes) -> list[Transaction]:
    stream = Stream("shop", 1, {"pieces": SHAPE})
    found = [stream.read(one) for one in (first(), *packets)]
    return [one for one in found if isinstance(one, Transaction)]


def reason(*packets: bytes) -> str:
    with pytest.raises(TailBroken) as why:
        read(*packets)
    return str(why.value)


def test_a_whole_transaction_names_its_keys() -> None:
    """The builder makes what a server makes: else every refusal below would be refused for its sake."""
    whole = read(*begin(5, BEGIN, announced(), rows(3, 4), rows(9, shop=2), END))
    assert [(one.gtid, one.keys) for one in whole] == [(f"{SOURCE}:5", {"pieces": {(3,), (4,)}})]


def test_heartbeats_and_a_change_of_files_stand_between_transactions() -> None:
    one, other = begin(5, BEGIN, announced(), rows(3), END), begin(6, BEGIN, announced(), rows(4), END)
    between = [packet(Event.HEARTBEAT, b"f"), packet(Event.ROTATE, bytes(8)), packet(Event.STOP), first()]
    assert [one.number for one in read(*one, *between, *other)] == [5, 6]


@pytest.mark.parametrize(
    ("kind", "said"),
    [(INCIDENT, "an incident"), (ANONYMOUS, "without a GTID"), (XA_PREPARE, "XA"), (COMPRESSED, "compressed"),
     (TAGGED, "has a tag"), (IGNORABLE, "type 28"), (0, "type 0"), (23, "type 23"), (43, "type 43"), (255, "type 255")],
)  # fmt: skip
def test_an_event_that_is_not_known_to_be_harmless(kind: int, said: str) -> None:
    assert said in reason(packet(kind, bytes(60)))
    assert said in reason(*begin(5, BEGIN, packet(kind, bytes(60)), END))


# -- damage ---------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("place", range(1, 55, 6))
def test_a_bit_that_flipped(place: int) -> None:
    good = announced()
    bad = bytearray(good)
    bad[place] ^= 1
    said = reason(*begin(5, BEGIN, bytes(bad), END))
    assert "damaged" in said or "cut off" in said


@pytest.mark.parametrize("left", [1, 5, 19, 20, 40, -1])
def test_an_event_that_is_cut_off(left: int) -> None:
    assert reason(*begin(5, BEGIN, rows(3)[:left], END)) == "an event that is cut off"


def test_the_end_of_the_stream() -> None:
    assert reason(b"\xfe\0\0\2\0") == "the server ended the stream"


def test_rows_that_do_not_fill_their_event() -> None:
    for cut in (1, 4, 12):
        assert "do not end where" in reason(*begin(5, BEGIN, announced(), rows(3, 4, cut=cut), END))


def test_a_row_whose_key_is_null() -> None:
    """What is taken for the bits of NULL is something else then."""
    good = rows(3)
    head = 1 + 19 + 8 + 2 + 1 + 1
    bad = packet(Event.WRITE_ROWS, good[20:head] + b"\2" + good[head + 1 : -4])
    assert "whose key is NULL" in reason(*begin(5, BEGIN, announced(), bad, END))


def test_names_in_another_case_are_the_same_names() -> None:
    """A server may keep all names in small letters, while the settings say otherwise."""
    stream = Stream("Shop", 1, {"Pieces": SHAPE})
    found = [stream.read(one) for one in begin(5, BEGIN, announced(), rows(3), END)]
    assert isinstance(found[-1], Transaction)
    assert found[-1].keys == {"pieces": {(3,)}}


def test_half_an_update() -> None:
    update = rows(3, 4, 5, kind=Event.UPDATE_ROWS)
    assert "do not end where" in reason(*begin(5, BEGIN, announced(), update, END))


# -- the order of things --------------------------------------------------------------------------------------------
@pytest.mark.parametrize("more", [-1, 1, 31, 400])
def test_a_transaction_that_is_not_as_long_as_it_said(more: int) -> None:
    assert "not as long as it said" in reason(*begin(5, BEGIN, announced(), rows(3), END, more=more))


def test_an_event_that_is_missing_in_a_transaction() -> None:
    whole = begin(5, BEGIN, announced(), rows(3), rows(4), END)
    del whole[4]
    assert "not as long as it said" in reason(*whole)


def test_a_transaction_that_ends_with_rows() -> None:
    assert "not as long as it said" in reason(*begin(5, BEGIN, announced(), rows(3)))


@pytest.mark.parametrize("next_one", [packet(Event.ROTATE, bytes(8)), first(), packet(Event.STOP), *begin(6, END)[:1]])
def test_a_transaction_without_an_end(next_one: bytes) -> None:
    """A server that crashed may leave one at the end of a file."""
    assert (
        reason(*begin(5, BEGIN, announced(), rows(3), END)[:-1], next_one) == f"the transaction {SOURCE}:5 has no end"
    )


@pytest.mark.parametrize("event", [BEGIN, END, announced(), rows(3)])
def test_an_event_outside_of_any_transaction(event: bytes) -> None:
    assert "outside of any transaction" in reason(event)


def test_rows_of_a_table_that_was_not_announced() -> None:
    said = "rows of a table that was not announced"
    assert reason(*begin(5, BEGIN, announced(), rows(3, number=10), END)) == said
    assert reason(*begin(5, BEGIN, announced(), rows(3), END), *begin(6, BEGIN, rows(3), END)) == said


def test_columns_that_change_under_way() -> None:
    """Behind a DDL that was not seen, whatever it was."""
    changed = announced(types=b"\x08\x03\x09", number=10)
    said = reason(*begin(5, BEGIN, announced(), rows(3), END), *begin(6, BEGIN, changed, END))
    assert said == "the columns of pieces changed under way"


def test_a_table_that_was_opened_anew_has_another_number() -> None:
    one, other = (begin(n, BEGIN, announced(number=n), rows(n, number=n), END) for n in (5, 6))
    assert [whole.keys for whole in read(*one, *other)] == [{"pieces": {(5,)}}, {"pieces": {(6,)}}]


def test_rows_of_another_width_than_announced() -> None:
    assert "other columns" in reason(*begin(5, BEGIN, announced(), rows(3, columns=4), END))


@pytest.mark.parametrize("types", [b"\x08\x03", b"\x08\x03\x03\x03", b"\x03\x03\x03", b"\x08\x08\x03"])
def test_a_table_that_is_not_as_its_key_was_looked_up(types: bytes) -> None:
    assert "not those that it had" in reason(*begin(5, BEGIN, announced(types=types), END))


def test_a_type_of_column_that_is_not_known() -> None:
    assert "a column of type 20" in reason(*begin(5, BEGIN, announced(types=b"\x08\x03\x14"), END))


# -- files ----------------------------------------------------------------------------------------------------------
def test_a_file_without_checksums_is_read_without() -> None:
    """The server says so at its beginning, and that first event has the room for one still."""
    stream = Stream("shop", 1, {"pieces": SHAPE})
    stream.read(first(algorithm=0)[:-4] + b"junk")
    assert stream.read(packet(Event.PREVIOUS_GTIDS, GtidSet(f"{SOURCE}:1-4").encode(), crc=False)) is not None
    stream.read(packet(Event.ROTATE, bytes(8), crc=False))
    stream.read(first())
    with pytest.raises(TailBroken):
        stream.read(packet(Event.PREVIOUS_GTIDS, GtidSet(f"{SOURCE}:1-4").encode(), crc=False))


def test_what_a_file_says_was_before_it_is_given_on() -> None:
    stream = Stream("shop", 1, {"pieces": SHAPE})
    found = stream.read(packet(Event.PREVIOUS_GTIDS, GtidSet(f"{SOURCE}:1-4").encode()))
    assert str(found) == f"{SOURCE}:1-4"


@pytest.mark.parametrize("kind", [Event.QUERY, Event.TABLE_MAP, Event.WRITE_ROWS, Event.UPDATE_ROWS, Event.GTID])
def test_a_server_whose_events_have_another_layout(kind: int) -> None:
    sizes = bytearray(SIZES)
    sizes[kind - 1] += 2
    assert "another layout: 9.7.4" in reason(first(sizes=bytes(sizes)))


def test_a_binlog_of_another_version() -> None:
    assert "version 3" in reason(first(version=3))


# -- statements -----------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("statement", "touches"),
    [
        (Statement(b"TRUNCATE t", b"shop", None), True),
        (Statement(b"TRUNCATE t", b"SHOP", ()), True),
        (Statement(b"TRUNCATE shop.t", b"", None), True),
        (Statement(b"TRUNCATE `Shop`.t", b"other", None), True),
        (Statement(b"TRUNCATE shops.t", b"other", None), False),
        (Statement(b"TRUNCATE my_shop.t", b"other", None), False),
        (Statement(b"TRUNCATE t", b"other", None), False),
        (Statement(b"DROP TABLE t", b"other", (b"other", b"Shop")), True),
        (Statement(b"DROP TABLE t /* shop */", b"other", (b"other",)), False),
    ],
)
def test_which_databases_a_statement_may_touch(statement: Statement, touches: bool) -> None:
    assert statement.may_touch(b"shop") is touches


FLAGS, MODE, CATALOG, ZONE, INVOKER = b"\0" + bytes(4), b"\1" + bytes(8), b"\6\3std", b"\5\6+00:00", b"\x0b\3own\1%"


@pytest.mark.parametrize(
    ("variables", "passes"),
    [
        (b"", True),
        (FLAGS + MODE + CATALOG + ZONE + INVOKER + b"\x0c\1other\0", True),
        (FLAGS + MODE + CATALOG + ZONE + INVOKER + b"\x0c\2other\0shop\0", False),
        (FLAGS + MODE + CATALOG + ZONE + INVOKER + b"\x0c\2other\0shop\0" + b"\x11" + bytes(8), False),
        (b"\x0c\1other\0" + b"\x63", True),  # what stands behind the names is of no interest
        (FLAGS + b"\x63what", False),  # but they may stand behind this
    ],
)
def test_the_databases_that_the_server_says_it_works_on(variables: bytes, passes: bool) -> None:
    change = begin(5, query(b"ALTER TABLE t ADD c INT", b"other", variables))
    if passes:
        assert [one.number for one in read(*change)] == [5]
    else:
        assert reason(*change)


def test_too_many_databases_to_be_named_leave_the_text() -> None:
    many = b"\x0c\xfe"
    assert read(*begin(5, query(b"DROP TABLE a.t, b.t", b"other", many)))
    assert "DROP TABLE" in reason(*begin(5, query(b"DROP TABLE a.t, shop.t", b"other", many)))
