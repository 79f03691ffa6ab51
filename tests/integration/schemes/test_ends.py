"""A scheme ends once, whoever is at it: two tills, or a daily round that is killed and begun again."""

import datetime as dt
from collections import Counter as Tally
from contextlib import suppress
from uuid import uuid4

import pytest

from app.credits import service as credits
from app.schemes import service
from app.schemes.errors import BonusUsed, SchemeEnded
from app.schemes.jobs import sweep_shop
from tests.integration.schemes.conftest import noon
from tests.support.counter import all_at_once
from tests.support.jobs import run_control

BEGUN, RIPE = dt.date(2025, 3, 31), dt.date(2026, 2, 28)
WARNED, LAST = dt.date(2026, 2, 24), dt.date(2026, 3, 31)  # days 330 and 365


def told(work):
    try:
        work()
    except (SchemeEnded, BonusUsed) as refused:
        return type(refused).__name__
    return "done"


def test_of_eight_tills_one_matures_the_scheme(savings):
    scheme = savings.full(BEGUN)
    outcomes = all_at_once(8, lambda _: told(
        lambda: savings.counter.write(lambda db: service.mature(db, scheme_id=scheme.id, at=noon(RIPE)))
    ))  # fmt: skip
    assert Tally(outcomes) == {"done": 1, "SchemeEnded": 7}
    owed = savings.counter.read(lambda db: credits.open_credits(db, scheme.customer_id))
    assert [credit.paise for credit in owed] == [22_000_00]


def test_of_eight_bills_one_has_the_bonus(savings):
    scheme = savings.matured(BEGUN, RIPE)
    outcomes = all_at_once(8, lambda n: told(lambda: savings.claim(scheme, uuid4())))
    assert Tally(outcomes) == {"done": 1, "BonusUsed": 7}


def test_instalments_paid_at_two_tills_at_once_are_two_months(savings):
    scheme = savings.begin(BEGUN)
    all_at_once(4, lambda _: savings.pay(scheme, 1, on=BEGUN))
    book = savings.counter.read(lambda db: service.get_passbook(db, scheme.id, keyring=savings.counter.runtime.keyring))
    assert [month.paid.no for month in book.months if month.paid] == [1, 2, 3, 4]
    assert savings.counter.read(service.drifted) == ()


def swept(savings, scheme, on):
    return savings.counter.write(lambda db: service.sweep_scheme(db, scheme_id=scheme.id, on=on))


def test_the_round_warns_on_day_330_and_stops_on_day_365(savings):
    """Half paid: on day 329 nothing, on 330 a warning, once; on 364 nothing, on 365 the end, without a bonus."""
    scheme = savings.begin(BEGUN)
    savings.pay(scheme, 5, on=BEGUN)
    assert swept(savings, scheme, WARNED - dt.timedelta(days=1)) is None
    assert swept(savings, scheme, WARNED) == "warned"
    assert swept(savings, scheme, WARNED) is None
    assert swept(savings, scheme, LAST - dt.timedelta(days=1)) is None
    assert swept(savings, scheme, LAST) == "stopped"
    assert swept(savings, scheme, LAST) is None
    ended = savings.see(scheme)
    assert (ended.state, ended.ended_on, ended.bonus_paise) == ("stopped", LAST, 0)
    credit = savings.counter.read(lambda db: credits.get_credit(db, ended.credit_id))
    assert credit.paise == 10_000_00


def test_the_round_matures_what_is_full_and_ripe(savings):
    """Also one that it finds on its last day only."""
    early, late = savings.full(BEGUN), savings.full(BEGUN)
    assert swept(savings, early, RIPE - dt.timedelta(days=1)) == "warned"
    assert swept(savings, early, RIPE) == "matured"
    assert swept(savings, late, LAST) == "matured"
    assert {savings.see(one).bonus_paise for one in (early, late)} == {2_000_00}


def test_a_scheme_of_nothing_ends_without_a_credit(savings):
    scheme = savings.begin(BEGUN)
    assert swept(savings, scheme, LAST) == "stopped"
    assert savings.see(scheme).credit_id is None


@pytest.mark.long  # it asks every shop that any test has opened, twice
def test_a_round_killed_in_the_middle_ends_the_rest_when_it_is_begun_again(savings, runtime, monkeypatch):
    """It dies after the first scheme; the next run finds one ended, ends the others, and touches no shop's twice."""
    schemes = [savings.full(BEGUN) for _ in range(3)]
    left = [2]
    whole = service.sweep_scheme

    def dies(db, **what):
        left[0] -= 1
        if left[0] < 0:
            raise KeyboardInterrupt
        return whole(db, **what)

    class Killed:
        """A run whose worker is killed."""

        def __init__(self):
            self.runtime = runtime

        def shop(self, shop_id, work):
            return savings.counter.write(work)

    with monkeypatch.context() as broken:
        broken.setattr(service, "sweep_scheme", dies)
        with suppress(KeyboardInterrupt):
            sweep_shop(Killed(), savings.counter.who.shop_id, RIPE)
    assert Tally(savings.see(one).state for one in schemes)["open"] >= 1
    for _ in range(2):
        run_control(runtime, "app.schemes.jobs.sweep", on=RIPE.isoformat())
        assert {savings.see(one).state for one in schemes} == {"matured"}
    entries = savings.counter.read(lambda db: [credits.find_opened_by(db, one.id, "scheme").paise for one in schemes])
    assert entries == [22_000_00] * 3
