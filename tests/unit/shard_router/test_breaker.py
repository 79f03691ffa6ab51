"""The breakers of a host: what one process learns, all of them know at once."""

import multiprocessing
import os
import time
from pathlib import Path

import pytest

from shard_router.breaker import SIZE, Breakers
from tests.support.waiting import until

DEAD, WELL = ("10.0.0.1", 3306), ("10.0.0.2", 3306)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "snapshot.breakers"


def breakers(file: Path, *, rest: float = 60.0, window: float = 60.0, probe: float = 60.0) -> Breakers:
    return Breakers(file, failures=3, window=window, rest=rest, probe=probe)


def fail(one: Breakers, times: int = 3) -> None:
    for _ in range(times):
        one.failed(DEAD)


def test_it_opens_after_the_third_failure_in_a_row_and_for_that_server_alone(file: Path) -> None:
    one = breakers(file)
    fail(one, 2)
    assert not one.refuses(DEAD)
    one.failed(DEAD)
    assert one.refuses(DEAD) and not one.refuses(WELL)


def test_an_answer_between_them_makes_it_no_row(file: Path) -> None:
    one = breakers(file)
    fail(one, 2)
    one.answered(DEAD)
    fail(one, 2)
    assert not one.refuses(DEAD)


def test_failures_far_apart_are_no_row(file: Path) -> None:
    one = breakers(file, window=0.0)
    fail(one, 5)
    assert not one.refuses(DEAD)


def test_an_answer_closes_it(file: Path) -> None:
    one = breakers(file)
    fail(one)
    one.answered(DEAD)
    assert not one.refuses(DEAD)
    fail(one, 2)
    assert not one.refuses(DEAD), "it begins to count anew"


def test_after_its_rest_one_caller_probes_and_the_others_are_refused(file: Path) -> None:
    one, other = breakers(file, rest=0.05), breakers(file, rest=0.05)
    fail(one)
    until(lambda: not one.refuses(DEAD), within=5)
    assert other.refuses(DEAD) and one.refuses(DEAD)
    other.answered(DEAD)
    assert not one.refuses(DEAD)


def test_a_probe_that_fails_opens_it_again(file: Path) -> None:
    one = breakers(file, rest=0.05)
    fail(one)
    until(lambda: not one.refuses(DEAD), within=5)
    slow = breakers(file, rest=60.0)
    slow.failed(DEAD)
    assert slow.refuses(DEAD)


def test_a_probe_that_never_tells_is_given_up(file: Path) -> None:
    one = breakers(file, rest=0.02, probe=0.1)
    fail(one)
    until(lambda: not one.refuses(DEAD), within=5)
    assert one.refuses(DEAD)
    until(lambda: not one.refuses(DEAD), within=5)


def test_other_processes_know_it_too(file: Path) -> None:
    one = breakers(file)
    child = multiprocessing.get_context("fork").Process(target=lambda: fail(breakers(file)))
    child.start()
    child.join(10)
    assert child.exitcode == 0 and one.refuses(DEAD)


def test_many_processes_lose_no_count(file: Path) -> None:
    """Forked from one that has the file open already, as web workers are."""
    one = Breakers(file, failures=400, window=60, rest=60, probe=60)
    pids = []
    for _ in range(4):
        pid = os.fork()
        if pid == 0:
            one.after_fork()
            fail(one, 100)
            os._exit(0)
        pids.append(pid)
    assert [os.waitpid(pid, 0)[1] for pid in pids] == [0] * 4
    assert one.refuses(DEAD)


def test_a_damaged_file_is_made_anew(file: Path) -> None:
    file.write_bytes(b"nonsense" * 1000)
    one = breakers(file)
    assert not one.refuses(DEAD) and file.stat().st_size == SIZE
    fail(one)
    assert breakers(file).refuses(DEAD)


def test_without_a_file_each_process_counts_alone(tmp_path: Path) -> None:
    one = breakers(tmp_path / "missing" / "file")
    fail(one)
    assert one.refuses(DEAD)


def test_what_another_boot_of_the_machine_wrote_holds_nobody_up(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one = breakers(file, rest=1.0)
    real = time.monotonic
    monkeypatch.setattr(time, "monotonic", lambda: real() + 1e6)
    fail(one)
    monkeypatch.setattr(time, "monotonic", real)
    assert not one.refuses(DEAD), "this one probes"
