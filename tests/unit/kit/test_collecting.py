"""A full collection stops every thread of a process: what was loaded for good is not in it, what comes later is."""

import gc
import weakref
from collections.abc import Iterator

import pytest

from app.kit.collecting import leave_out_what_is_loaded


class Knot:
    """Garbage that only a collection finds: it holds itself."""

    def __init__(self) -> None:
        self.me = self


@pytest.fixture(autouse=True)
def _thawed() -> Iterator[None]:
    yield
    gc.unfreeze()


def test_what_is_loaded_is_not_walked_again() -> None:
    leave_out_what_is_loaded()
    assert gc.get_freeze_count() > 10_000
    assert len(gc.get_objects(generation=2)) < gc.get_freeze_count() / 10


def test_what_comes_later_is_collected() -> None:
    leave_out_what_is_loaded()
    knot = Knot()
    gone = weakref.ref(knot)
    del knot
    gc.collect()
    assert gone() is None


def test_what_was_garbage_already_is_not_kept() -> None:
    knot = Knot()
    gone = weakref.ref(knot)
    del knot
    leave_out_what_is_loaded()
    assert gone() is None
