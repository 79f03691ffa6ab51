"""Puts the packaged tables back after a test that corrected them."""

import pytest

from app.kit import dated


@pytest.fixture
def corrected(tmp_path):
    """The folder of an operator's corrections, in force when it is called."""
    yield lambda: dated.correct_from(tmp_path)
    dated.correct_from(None)
