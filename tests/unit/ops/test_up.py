"""What a step of `./dev up` shows: a command's own words while it works, and its log only when it failed."""

import os

import pytest

from ops.trouble import Trouble
from ops.up import carry_out

WORKS = "import sys; print('Asha Jewellers: 3 of 90 bills'); print('2026-11-20 [info] job done', file=sys.stderr)"


def test_a_commands_words_are_shown_and_its_log_is_not(capsys):
    said = []
    carry_out(["-c", WORKS], dict(os.environ), said.append)
    assert said == [" Asha Jewellers: 3 of 90 bills"]
    assert "job done" not in capsys.readouterr().out


def test_a_failure_shows_the_log_that_explains_it(capsys):
    with pytest.raises(Trouble, match="failed"):
        carry_out(["-c", f"{WORKS}; sys.exit(3)"], dict(os.environ), lambda text: None)
    shown = capsys.readouterr().out
    assert "3 of 90 bills" in shown
    assert "job done" in shown


def test_a_command_that_the_disk_stopped_says_so():
    with pytest.raises(Trouble, match="because the disk is full: free about 3 GB"):
        carry_out(["-c", "raise OSError(28, 'No space left on device')"], dict(os.environ), lambda text: None)
