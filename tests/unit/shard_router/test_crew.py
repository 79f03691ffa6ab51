"""The threads that ask shards: one shard that hangs holds its share and nobody else's."""

import threading
from concurrent.futures import CancelledError

import pytest

from shard_router.crew import Crew

LONG = 10.0


@pytest.fixture
def hung():
    """What every question to a hanging shard waits for."""
    event = threading.Event()
    yield event
    event.set()


def test_a_hanging_shard_leaves_the_others_their_threads(hung):
    crew = Crew(3, 2)
    begun = threading.Semaphore(0)

    def hang():
        begun.release()
        return hung.wait(LONG)

    stuck = [crew.submit("a", hang) for _ in range(50)]
    assert begun.acquire(timeout=LONG) and begun.acquire(timeout=LONG)
    assert [crew.submit("b", lambda n=n: n).result(LONG) for n in range(20)] == list(range(20))
    assert not begun.acquire(blocking=False)  # a third one never began
    assert all(one.cancel() for one in stuck[2:])
    crew.close()


def test_a_question_taken_back_is_never_put_and_the_next_one_is(hung):
    crew = Crew(4, 1)
    put = []
    first = crew.submit("a", lambda: hung.wait(LONG))
    second, third = crew.submit("a", lambda: put.append(2)), crew.submit("a", lambda: put.append(3))
    assert second.cancel()
    hung.set()
    assert first.result(LONG) is True
    third.result(LONG)
    assert put == [3]
    crew.close()


def test_questions_that_were_given_up_are_not_kept(hung):
    """A relay asks each second, and the shard hangs all day."""
    crew = Crew(2, 1)
    crew.submit("a", lambda: hung.wait(LONG))
    for _ in range(1000):
        crew.submit("a", lambda: None).cancel()
    assert len(crew._waiting["a"]) <= 1
    crew.close()


def test_what_a_question_raises_is_its_askers():
    crew = Crew(1, 1)
    with pytest.raises(LookupError, match="no such row"):
        crew.submit("a", lambda: (_ for _ in ()).throw(LookupError("no such row"))).result(LONG)
    assert crew.submit("a", lambda: 7).result(LONG) == 7  # the place is free again
    crew.close()


def test_closing_ends_what_waits(hung):
    crew = Crew(1, 1)
    crew.submit("a", lambda: hung.wait(LONG))
    waiting = crew.submit("a", lambda: None)
    crew.close()
    with pytest.raises(CancelledError):
        waiting.result(LONG)
    with pytest.raises(CancelledError):
        crew.submit("b", lambda: None).result(LONG)
