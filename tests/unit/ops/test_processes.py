"""Only processes we started are ever taken for ours."""

import errno
import json
import os
import subprocess
import sys

import pytest

from ops.processes import Processes, identity
from ops.supervisor import FIRST_PAUSE, LONGEST_PAUSE, STEADY_AFTER, Child
from ops.trouble import Trouble

SLEEPER = [sys.executable, "-c", "import time; time.sleep(60)"]


@pytest.fixture
def processes(tmp_path):
    found = Processes(tmp_path / "pids", tmp_path / "log")
    yield found
    found.stop(found.names(), grace=5)


def test_a_process_is_found_again_by_another_run(processes, tmp_path):
    pid = processes.start("sleeper", SLEEPER)
    assert Processes(tmp_path / "pids", tmp_path / "log").alive("sleeper") == pid
    assert processes.stop(["sleeper"], grace=5) == ["sleeper"]
    assert processes.alive("sleeper") is None
    assert processes.stop(["sleeper"]) == []


def test_a_number_that_another_process_got_is_not_ours(processes):
    processes.start("sleeper", SLEEPER)
    other = subprocess.Popen(SLEEPER)
    try:
        record = processes.folder / "other.json"
        record.write_text(json.dumps({"pid": other.pid, "identity": "an-earlier-boot 1234"}))
        assert processes.alive("other") is None
        assert processes.stop(["other"]) == []
        assert other.poll() is None
    finally:
        other.kill()
        other.wait()


def test_a_process_that_cannot_be_recorded_does_not_stay(processes, tmp_path, monkeypatch):
    """A disk that is full at that moment: no later run would find it, so it would never be ended."""
    begun = []

    def full(name, pid):
        begun.append(pid)
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(processes, "record", full)
    with pytest.raises(OSError, match="No space left"):
        processes.start("sleeper", SLEEPER)
    assert identity(begun[0]) is None


def test_a_record_cut_short_counts_as_nothing(processes):
    processes.folder.mkdir(parents=True)
    (processes.folder / "half.json").write_text('{"pid": 1')
    assert processes.alive("half") is None


def test_a_process_that_ends_while_starting_is_told_with_its_last_error(processes):
    program = "import sys; print('[ERROR] the data is damaged'); print('Aborting'); sys.exit(1)"
    processes.start("server", [sys.executable, "-c", program])
    with pytest.raises(Trouble, match="the data is damaged"):
        processes.wait_until_ready("server", lambda: False)


def test_identity_is_steady_for_a_process_and_nothing_for_a_dead_one():
    assert identity(os.getpid()) == identity(os.getpid()) is not None
    done = subprocess.Popen([sys.executable, "-c", ""])
    done.wait()
    assert identity(done.pid) is None


def test_a_child_that_keeps_dying_is_started_ever_later_until_it_lives_steadily():
    child = Child("worker", ("x",))
    pauses = []
    for _ in range(8):
        child.started_at = 100.0
        child.died(100.0)
        pauses.append(child.start_again_at - 100.0)
    assert pauses[0] == FIRST_PAUSE
    assert pauses == sorted(pauses)
    assert pauses[-1] == LONGEST_PAUSE
    child.died(100.0 + STEADY_AFTER + 1)
    assert child.start_again_at == 100.0 + STEADY_AFTER + 1 + FIRST_PAUSE


def test_what_it_tells_of_an_end_is_the_cause_and_not_what_followed(processes: Processes) -> None:
    processes.logs.mkdir(parents=True, exist_ok=True)
    (processes.logs / "a-1.log").write_text(
        "0 [System] starting\n0 [ERROR] No space left on device\n0 [ERROR] Data dictionary failed\n0 [ERROR] Aborting\n"
    )
    (processes.logs / "web.log").write_text("began\nBoom\n")
    assert processes.last_words("a-1") == "0 [ERROR] No space left on device"
    assert processes.last_words("web") == "Boom"
    assert processes.last_words("b-1") == "it left no log"
