"""An entry of the metal book without a database: what it can say, what it cannot, and that nothing is lost."""

import dataclasses
import datetime as dt
from collections import defaultdict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.kit.ids import new_id
from app.metal.service import MEASURES, MIXED, Account, Entry, Quantities, rows_of

AT = dt.datetime(2026, 11, 20, 6, 0, tzinfo=dt.UTC)
RING = {
    "from_account": Account.OPENING, "to_account": Account.STOCK, "metal": "gold", "fineness": 9160, "pieces": 1,
    "stone_mg": 100, "net_mg": 3_290,
}  # fmt: skip


def rows(*entries, **more):
    facts = {"movement_id": new_id(), "kind": "opening", "at": AT, "book_on": AT.date(), "actor_id": None, **more}
    return rows_of(7, entries=entries, **facts)


def test_gross_is_net_and_stones_and_fine_is_not_rounded():
    entry = Entry(**RING)
    assert entry.gross_mg == 3_390  # 3.290 + 0.100 g
    assert entry.fine == 30_136_400  # 3,290 mg × 9,160


WRONG = {
    "less than nothing": {"net_mg": -1},
    "a fraction": {"net_mg": 3_290.0},
    "a gross that is not net and stones": {"gross_mg": 3_389},
    "a fine that is not net × fineness": {"fine": 30_136_401},
    "nothing at all": {"pieces": 0, "stone_mg": 0, "net_mg": 0},
    "no way": {"from_account": Account.STOCK},
}


@pytest.mark.parametrize("case", WRONG)
def test_what_no_scale_can_show_is_refused(case):
    with pytest.raises(ValueError):
        Entry(**{**RING, **WRONG[case]})


def test_only_of_several_purities_is_the_fine_weight_said():
    lost = {"from_account": Account.MELTING, "to_account": Account.LOSS, "metal": "gold", "fineness": MIXED}
    assert Entry(**lost, net_mg=40, fine=366_401).fine == 366_401
    assert Entry(**lost, fine=1).gross_mg == 0


def test_a_kind_is_a_word():
    with pytest.raises(ValueError):
        rows(Entry(**RING), kind="Sale!")


def test_a_movement_has_one_id_and_each_of_its_rows_its_own():
    both = rows(Entry(**RING), Entry(**RING).reversed())
    assert len({row["movement_id"] for row in both}) == 1
    assert len({row["id"] for row in both}) == 2
    assert {row["shop_id"] for row in both} == {7}


quantity = st.integers(0, 10**9)
entry = st.builds(
    Entry,
    from_account=st.sampled_from(list(Account)), from_ref=st.sampled_from([new_id() for _ in range(3)]),
    to_account=st.sampled_from(list(Account)), to_ref=st.sampled_from([new_id() for _ in range(3)]),
    metal=st.sampled_from(["gold", "silver"]), fineness=st.sampled_from([9160, 7500, 9990]), pieces=quantity,
    stone_mg=quantity, net_mg=st.integers(1, 10**9), stone_mct=quantity, cost_paise=quantity,
)  # fmt: skip


@given(st.lists(entry, max_size=20))
def test_all_accounts_together_are_always_nothing(entries):
    """Each row takes from one account what it gives to another, whatever the rows are."""
    held = defaultdict(Quantities)
    for one in entries:
        held[one.to_account] += one.moved
        held[one.from_account] -= one.moved
    assert not sum(held.values(), Quantities())
    assert all(getattr(sum((one.moved for one in entries), Quantities()), name) >= 0 for name in MEASURES)


@given(entry)
def test_what_goes_back_leaves_nothing_behind(there):
    back = there.reversed()
    assert (back.from_account, back.from_ref) == (there.to_account, there.to_ref)
    assert not there.moved - back.moved
    assert dataclasses.replace(back.reversed()) == there
