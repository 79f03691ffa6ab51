"""Nothing is ever seen half-written, and secrets are made once and kept from others."""

import stat
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from ops import files
from ops.trouble import Trouble


def test_a_file_is_replaced_whole_and_leaves_no_scratch(tmp_path):
    path = tmp_path / "deep" / "a.json"
    files.write(path, "old")
    files.write(path, "new", mode=0o600)
    assert path.read_text() == "new"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [entry.name for entry in path.parent.iterdir()] == ["a.json"]


def test_a_secret_is_made_once_and_readable_by_its_owner_only(tmp_path):
    path = tmp_path / "secrets" / "key"
    first = files.secret(path)
    assert files.secret(path) == first
    assert len(first) >= 32
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_many_who_ask_at_once_get_one_secret(tmp_path):
    """Five servers are set up at once: each its own password would lock four of them for ever."""
    together = threading.Barrier(8)

    def ask(_nth):
        together.wait(timeout=10)
        return files.secret(tmp_path / "key")

    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(ask, range(8)))) == 1


def test_a_folder_is_published_only_when_it_is_complete(tmp_path):
    target = tmp_path / "tool"
    with pytest.raises(RuntimeError), files.published(target) as scratch:
        (scratch / "half").touch()
        raise RuntimeError
    assert not target.exists()
    with files.published(target) as scratch:
        (scratch / "whole").touch()
    assert [entry.name for entry in target.iterdir()] == ["whole"]
    assert [entry.name for entry in tmp_path.iterdir()] == ["tool"]


def test_publishing_again_replaces_the_old_folder(tmp_path):
    target = tmp_path / "tool"
    for name in ("one", "two"):
        with files.published(target) as scratch:
            (scratch / name).touch()
    assert [entry.name for entry in target.iterdir()] == ["two"]


def test_what_a_killed_run_left_is_cleared_by_the_next(tmp_path):
    left = tmp_path / ".tool.making-abc"
    left.mkdir()
    (left / "half").touch()
    with files.published(tmp_path / "tool"):
        pass
    assert not left.exists()


def test_a_lock_that_is_held_is_told_not_waited_for(tmp_path):
    busy = Trouble("It is busy", "wait")
    with files.locked(tmp_path / "lock"), pytest.raises(Trouble), files.locked(tmp_path / "lock", busy=busy):
        pytest.fail("two held it")
    with files.locked(tmp_path / "lock", busy=busy):
        pass
