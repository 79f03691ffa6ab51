"""The stages of the packaged table: every one leads on, and only a bill, a handing back or a cancellation ends it."""

import datetime as dt

import pytest

from app.orders.errors import OrderFactsWrong, StageNotNext
from app.orders.stages import CANCELLED, DELIVERED, HANDED_BACK, check_step, list_stages

DAY = dt.date(2026, 11, 30)


@pytest.mark.parametrize("kind", ["order", "repair"])
def test_what_follows_a_stage_is_a_stage(kind):
    known = {one.stage for one in list_stages(kind, DAY)}
    assert all(set(one.next) <= known for one in list_stages(kind, DAY))


def test_only_rooms_end_an_order():
    ends = {one.stage: one.by for kind in ("order", "repair") for one in list_stages(kind, DAY) if one.closes}
    assert ends == {DELIVERED: "room", CANCELLED: "room", HANDED_BACK: "room"}


def test_a_step_follows_the_table():
    assert check_step("order", "taken", "with_karigar", DAY).name == "With karigar"
    with pytest.raises(StageNotNext):
        check_step("order", "taken", "delivered", DAY)
    with pytest.raises(StageNotNext):
        check_step("repair", "taken", "in_work", DAY)
    with pytest.raises(OrderFactsWrong):
        check_step("order", "taken", "melted", DAY)


def test_before_the_table_begins_there_is_no_stage():
    assert list_stages("order", dt.date(2026, 3, 31)) == ()
