"""What of a failure the row keeps, and how long it waits before the next try."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.kit.errors import Conflict, NotFound
from app.kit.jobkinds import GiveUp, UnknownJob, kind_of, shop_job
from app.kit.jobruns import BACK_OFF, back_off, error_text


class PieceGone(NotFound):
    """The piece of this test is gone."""


def test_what_only_the_log_may_know_stays_out_of_the_row() -> None:
    assert error_text(ValueError("Lata Deshpande, 98200 12345")) == "ValueError"


def test_what_is_meant_for_people_is_kept() -> None:
    assert error_text(GiveUp("The picture is broken.")) == "The picture is broken."
    assert error_text(PieceGone("It was sold.")) == "piece_gone: It was sold."
    assert len(error_text(Conflict("x" * 2000))) == 500


@given(st.integers(min_value=1, max_value=1000))
def test_the_wait_grows_and_is_bounded(attempts: int) -> None:
    base = BACK_OFF[min(attempts, len(BACK_OFF)) - 1]
    assert base * 0.8 <= back_off(attempts).total_seconds() <= base * 1.2


def test_a_job_is_registered_under_its_dotted_name_and_stays_a_function() -> None:
    @shop_job(queue="bills", attempts=3, time_limit=9)
    def sample(job: object) -> None:
        """Nothing."""

    kind = kind_of(f"{__name__}.{sample.__qualname__}")
    assert (kind.run, kind.queue, kind.attempts, kind.time_limit, kind.control) == (sample, "bills", 3, 9, False)


def test_a_queue_that_nobody_serves_is_refused_at_import() -> None:
    with pytest.raises(ValueError, match="no such queue"):
        shop_job(queue="later")


def test_an_unknown_name_is_said_to_be_unknown() -> None:
    with pytest.raises(UnknownJob):
        kind_of("app.nowhere.jobs.x")
