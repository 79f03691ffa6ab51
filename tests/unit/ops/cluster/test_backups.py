"""What mysqlbinlog prints is read for what a restore needs: each transaction, whether it is whole, and the moment."""

import datetime as dt
from pathlib import Path

import pytest

from ops.cluster.binlogs import Session, Transaction, parse
from ops.cluster.restored import Moment, _wanted, moment_of
from ops.trouble import Trouble

A, B = "aaaaaaaa-0000-0000-0000-000000000000", "bbbbbbbb-0000-0000-0000-000000000000"
HEAD = f"""\
#261120 20:00:00 server id 11  end_log_pos 126 CRC32 0x5d8f9e1b \tStart: binlog v 4, server v 9.7.0 created 261120
# at 126
#261120 20:00:00 server id 11  end_log_pos 237 CRC32 0x5d8f9e1b \tPrevious-GTIDs
# {A}:1-5,
# {B}:7
# at 237
"""


def event(name: str) -> str:
    return f"#261120 20:00:01 server id 11  end_log_pos 400 CRC32 0x89c0a2ea \t{name}"


def begun(gtid: str, at: int) -> str:
    return (
        event("GTID\tlast_committed=2\tsequence_number=5\trbr_only=yes\n")
        + f"# original_commit_timestamp={at} (2026-11-20 20:00:01 UTC)\n# immediate_commit_timestamp={at + 9}\n"
        + f"SET @@SESSION.GTID_NEXT= '{gtid}'/*!*/;\n# at 380\n"
    )


def rows(gtid: str, at: int) -> str:
    head = begun(gtid, at) + event("Query\tthread_id=20\texec_time=0\terror_code=0\n")
    return head + "SET TIMESTAMP=1795206883/*!*/;\nBEGIN\n/*!*/;\n# at 400\n"


COMMIT = event("Xid = 58\n") + "COMMIT/*!*/;\n# at 500\n"
TABLE = event("Query\tthread_id=20\texec_time=0\terror_code=0\tXid = 70\n") + "CREATE TABLE t (id INT)\n/*!*/;\n"


def test_transactions_are_read_with_what_stands_before_them():
    text = HEAD + rows(f"{A}:6", 1_000) + COMMIT + begun(f"{A}:7", 2_000) + TABLE
    listed = parse(text.splitlines(keepends=True))
    assert listed.before == f"{A}:1-5,{B}:7"
    assert listed.transactions == (Transaction(f"{A}:6", 1_000, whole=True), Transaction(f"{A}:7", 2_000, whole=True))


@pytest.mark.parametrize("text", [rows(f"{A}:6", 1_000), begun(f"{A}:6", 1_000)])
def test_one_that_was_cut_off_is_not_whole(text: str):
    assert parse((HEAD + text).splitlines(keepends=True)).transactions == (Transaction(f"{A}:6", 1_000, whole=False),)


def test_before_an_empty_server_stands_nothing():
    head = HEAD.replace(f"# {A}:1-5,\n# {B}:7\n", "# [empty]\n")
    assert parse((head + rows(f"{A}:1", 1) + COMMIT).splitlines(keepends=True)).before == ""


def test_a_moment_is_a_time_with_its_zone_or_a_transaction():
    assert moment_of(None) == Moment()
    assert moment_of("2026-01-20T20:15:00+05:30") == Moment(at=dt.datetime(2026, 1, 20, 14, 45, tzinfo=dt.UTC))
    assert moment_of(f"{A}:12") == Moment(gtid=f"{A}:12")


@pytest.mark.parametrize("text", ["yesterday", "2026-01-20T20:15:00", "2999-01-01T00:00:00Z", f"{A}:1-5"])
def test_another_one_is_refused(text: str):
    with pytest.raises(Trouble):
        moment_of(text)


def session(uuid: str, had: str = "") -> Session:
    return Session(Path("1"), uuid, had)


LISTED = [Transaction(f"{A}:{no}", no * 1_000_000, whole=True) for no in range(1, 6)]


@pytest.mark.parametrize(
    ("until", "sessions", "upto"),
    [
        (Moment(), [session(A)], 5),
        (Moment(at=dt.datetime.fromtimestamp(3, dt.UTC)), [session(A)], 3),  # a commit of that very moment counts
        (Moment(gtid=f"{A}:2"), [session(A)], 2),
        (Moment(), [session(A), session(A, f"{A}:1-3")], 5),  # the same server goes on: what it has, it has
        (Moment(), [session(A), session(B, f"{A}:1-4")], 4),  # 5 died with its primary
    ],
)
def test_so_much_of_a_session_counts(until: Moment, sessions: list[Session], upto: int):
    assert _wanted(LISTED, until, sessions) == LISTED[:upto]


def test_what_is_not_whole_ends_it():
    assert _wanted([LISTED[0], Transaction(f"{A}:2", 2, whole=False)], Moment(), [session(A)]) == LISTED[:1]
