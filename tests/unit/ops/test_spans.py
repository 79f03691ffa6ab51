"""A length of time is a number and a unit."""

import pytest

from ops.spans import seconds_of
from ops.trouble import Trouble


@pytest.mark.parametrize(("text", "seconds"), [("30s", 30), ("2m", 120), ("500ms", 0.5), ("1.5s", 1.5), ("1h", 3600)])
def test_lengths_of_time(text, seconds):
    assert seconds_of(text) == seconds


@pytest.mark.parametrize("text", ["30", "", "s", "-1s", "1 s", "1d", "1s2s"])
def test_what_is_none_is_refused(text):
    with pytest.raises(Trouble, match="no length of time"):
        seconds_of(text)
