"""When the timetable's entries are due, by the clock in India, and that every one can be carried out."""

import datetime as dt
import importlib

import pytest

from app.factory import JOB_MODULES
from app.kit.jobkinds import kind_of, kinds
from app.kit.queueing import QUEUES
from app.kit.relay import SHARE
from app.kit.schedule import Entry
from app.schedule import SCHEDULE
from workers.worker import LINES


def utc(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text).replace(tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("at", "now", "due"),
    [
        ("00:10", "2026-04-01 18:39", "2026-04-01 00:10"),  # 00:09 IST of the 2nd
        ("00:10", "2026-04-01 18:40", "2026-04-02 00:10"),  # 00:10 IST of the 2nd
        ("00:10", "2026-04-02 18:30", "2026-04-02 00:10"),
        ("01:20", "2026-12-31 19:50", "2027-01-01 01:20"),  # 01:20 IST of New Year
        ("*:05", "2026-04-01 10:34", "2026-04-01 15:05"),  # 16:04 IST
        ("*:05", "2026-04-01 10:35", "2026-04-01 16:05"),
        ("*:05", "2026-03-31 18:31", "2026-03-31 23:05"),  # 00:01 IST
    ],
)
def test_the_newest_moment_that_is_not_in_the_future(at: str, now: str, due: str) -> None:
    found = Entry("x", at, "y").due_at(utc(now))
    assert found.strftime("%Y-%m-%d %H:%M") == due
    assert found.utcoffset() == dt.timedelta(hours=5, minutes=30)


def test_every_entry_names_a_job_of_the_control_plane() -> None:
    for module in JOB_MODULES:
        importlib.import_module(module)
    for entry in SCHEDULE:
        assert kind_of(entry.job).control, entry
    assert (
        len({entry.name for entry in SCHEDULE}) == len({(entry.job, entry.at) for entry in SCHEDULE}) == len(SCHEDULE)
    )


def test_nothing_is_scheduled_into_the_maintenance_window() -> None:
    assert not [entry for entry in SCHEDULE if "02:00" <= entry.at < "04:00"]


def test_every_queue_is_consumed_and_has_a_share() -> None:
    assert sorted(name for line in LINES for name in line.split(",")) == sorted(QUEUES)
    assert set(SHARE) == set(QUEUES)


def test_every_job_goes_to_a_queue_that_there_is() -> None:
    for module in JOB_MODULES:
        importlib.import_module(module)
    assert {kind.queue for kind in kinds()} <= set(QUEUES)
    assert all(kind.attempts >= 1 and kind.time_limit >= 1 for kind in kinds())
