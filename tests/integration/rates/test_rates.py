"""The board over HTTP: set, read from the cache, remembered, refused where it cannot be."""

import pytest

from app.rates.errors import RateMissing
from tests.support.counter import RATES, Counter, a_key, all_at_once, made

GOLD = {"metal": "gold", "fineness": 9160}


def setting(paise, purity=GOLD):
    return {"rates": [{"purity": purity, "paisePerG": paise}]}


def board(counter):
    return {
        (rate["purity"]["metal"], rate["purity"]["fineness"]): rate["paisePerG"]
        for rate in made(counter.get("/rates"))["rates"]
    }


def test_a_board_starts_empty_and_shows_what_is_set(counter):
    assert board(counter) == {}
    counter.set_board()
    assert board(counter) == RATES


def test_the_finest_gold_stands_first(counter):
    counter.set_board()
    order = [(rate["purity"]["metal"], rate["purity"]["fineness"]) for rate in made(counter.get("/rates"))["rates"]]
    assert order == [("gold", 9160), ("gold", 7500), ("gold", 5850), ("silver", 9250)]


def test_a_new_rate_is_on_the_board_at_once_and_the_old_one_in_the_history(counter):
    for paise in (12_800_00, 12_850_00, 12_790_00):
        made(counter.post("/rates", setting(paise)))
        assert board(counter)[("gold", 9160)] == paise
    items = made(counter.get("/rates/history"))["items"]
    assert [one["paisePerG"] for one in items] == [12_790_00, 12_850_00, 12_800_00]
    assert {one["setBy"] for one in items} == {str(counter.who.person_id)}


def test_a_history_is_filtered_and_paged(counter):
    counter.set_board()
    made(counter.post("/rates", setting(12_900_00)))
    found = made(counter.get("/rates/history", metal="gold", fineness=9160, limit=1))
    assert [one["paisePerG"] for one in found["items"]] == [12_900_00]
    rest = made(counter.get("/rates/history", metal="gold", fineness=9160, limit=1, after=found["next"]))
    assert [one["paisePerG"] for one in rest["items"]] == [12_800_00]
    assert rest["next"] is None


REFUSED = {
    "a digit too many": (setting(128_000_00), "rate_absurd"),
    "a digit too few": (setting(1_280_00), "rate_absurd"),
    "nothing": (setting(0), "invalid_input"),
    "less than nothing": (setting(-1), "invalid_input"),
    "a fraction": (setting(12_800_00.5), "invalid_input"),
    "text": (setting("1280000"), "invalid_input"),
    "beyond 64 bits": (setting(10**19), None),
    "gold of a fineness that is no grade": (setting(12_800_00, {"metal": "gold", "fineness": 9167}), "unknown_purity"),
    "lead": (setting(100_00, {"metal": "lead", "fineness": 9990}), "unknown_purity"),
    "no purity": ({"rates": [{"paisePerG": 100}]}, "invalid_input"),
    "no rates": ({"rates": []}, "invalid_input"),
    "one purity twice": ({"rates": setting(12_800_00)["rates"] * 2}, "rate_twice"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_rate_that_cannot_be_is_refused_and_nothing_is_written(counter, case):
    body, code = REFUSED[case]
    before = counter.row_counts()
    answer = counter.post("/rates", body)
    assert answer.status_code in (400, 422)
    assert code is None or answer.json["code"] == code
    assert counter.row_counts() == before


def test_of_several_rates_all_are_set_or_none(counter):
    good, absurd = setting(12_800_00)["rates"], setting(1, {"metal": "silver", "fineness": 9250})["rates"]
    answer = counter.post("/rates", {"rates": [*good, *absurd]})
    assert (answer.status_code, answer.json["fields"]) == (422, {"rates.1.paisePerG": "absurd"})
    assert board(counter) == {}


def test_a_clerk_sees_the_board_and_does_not_set_it(counter, cast):
    counter.set_board()
    clerk = Counter(counter.app, counter.runtime, cast.bina)
    assert board(clerk) == RATES
    answer = clerk.post("/rates", setting(12_900_00))
    assert (answer.status_code, answer.json["code"]) == (403, "right_missing")


def test_each_shop_has_a_board_of_its_own(counter, ravis_counter):
    counter.set_board()
    made(ravis_counter.post("/rates", setting(13_000_00)))
    assert board(ravis_counter) == {("gold", 9160): 13_000_00}
    assert board(counter) == RATES


def test_a_setting_sent_twice_is_one_change(counter):
    key = a_key()
    first, again = (counter.post("/rates", setting(12_800_00), key=key) for _ in range(2))
    assert first.data == again.data
    assert len(made(counter.get("/rates/history"))["items"]) == 1


def test_two_who_set_a_rate_for_the_first_time_end_with_one_of_both(counter):
    answers = all_at_once(4, lambda n: counter.post("/rates", setting(12_800_00 + n)))
    assert {answer.status_code for answer in answers} <= {201, 409}
    assert board(counter)[("gold", 9160)] in range(12_800_00, 12_800_04)
    done = sum(answer.status_code == 201 for answer in answers)
    assert len(made(counter.get("/rates/history"))["items"]) == done >= 1
    assert counter.books().sound


def test_without_a_rate_nothing_is_priced():
    from app.rates import service

    with pytest.raises(RateMissing, match="22K 916"):
        service.rate_of({("gold", 7500): 1}, "gold", 9160)
