"""Running over many databases: how many at once, and what a failure stops."""

import threading

from migrations.spread import some_at_once


def test_all_are_done_and_counted():
    assert some_at_once(["a", "b", "c"], len, at_once=2) == (3, {})


def test_nothing_to_do():
    assert some_at_once([], len, at_once=4) == (0, {})


def test_no_more_at_once_than_allowed():
    now, most, guard = 0, 0, threading.Lock()
    together = threading.Barrier(3)

    def work(target: int) -> int:
        nonlocal now, most
        with guard:
            now += 1
            most = max(most, now)
        together.wait(timeout=10)  # passes only if three are really under way together
        with guard:
            now -= 1
        return target

    assert some_at_once(range(9), work, at_once=3) == (36, {})
    assert most == 3


def test_after_a_failure_no_other_is_begun():
    begun = []

    def work(target: str) -> int:
        begun.append(target)
        if target == "b":
            raise ValueError("b is broken")
        return 1

    done, failures = some_at_once(["a", "b", "c", "d"], work, at_once=1)
    assert begun == ["a", "b"]
    assert done == 1
    assert [(target, str(why)) for target, why in failures.items()] == [("b", "b is broken")]


def test_those_under_way_may_finish():
    failed = threading.Event()

    def work(target: str) -> int:
        if target == "broken":
            failed.set()
            raise ValueError(target)
        assert failed.wait(timeout=10)
        return 1

    done, failures = some_at_once(["slow", "broken", "never"], work, at_once=2)
    assert done == 1
    assert list(failures) == ["broken"]
