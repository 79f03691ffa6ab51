"""Puts the packaged tables back after a test that corrected them."""

import pytest

from app.tax.tables import current_tables, use_tables


@pytest.fixture
def restored_tables():
    before = current_tables()
    yield before
    use_tables(before)
