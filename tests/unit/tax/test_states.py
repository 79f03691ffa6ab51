"""States and places of supply on a day."""

import datetime as dt

import pytest

from app.tax.errors import UnknownState
from app.tax.states import Handover, list_states, state_of, supply_of

DAY = dt.date(2026, 11, 20)

# The portal's list: code and the trade's abbreviation.
LIST_OF_TODAY = """
01 JK 02 HP 03 PB 04 CH 05 UK 06 HR 07 DL 08 RJ 09 UP 10 BR 11 SK 12 AR 13 NL 14 MN 15 MZ 16 TR 17 ML 18 AS 19 WB
20 JH 21 OD 22 CG 23 MP 24 GJ 26 DNHDD 27 MH 29 KA 30 GA 31 LD 32 KL 33 TN 34 PY 35 AN 36 TS 37 AP 38 LA 96 FC 97 OT
"""


def test_the_list_of_today():
    words = LIST_OF_TODAY.split()
    assert [(state.code, state.abbreviation) for state in list_states(DAY)] == list(
        zip(words[::2], words[1::2], strict=True)
    )


def test_states_change_with_time():
    assert state_of("26", dt.date(2020, 7, 31)).name == "Dadra and Nagar Haveli"
    assert state_of("26", dt.date(2020, 8, 1)).name == "Dadra and Nagar Haveli and Daman and Diu"
    with pytest.raises(UnknownState):
        state_of("38", dt.date(2019, 12, 31))
    assert state_of("38", dt.date(2020, 1, 1)).name == "Ladakh"


@pytest.mark.parametrize("code", ["28", "00", "99", "", "2", "२७", "27 "])
def test_unknown_codes_are_refused(code):
    with pytest.raises(UnknownState):
        state_of(code, DAY)


def test_over_the_counter_the_place_is_the_shops_state_wherever_the_buyer_lives():
    supply = supply_of(shop_state="27", on=DAY, destination="29")
    assert (supply.place.code, supply.inter_state) == ("27", False)


@pytest.mark.parametrize(("to", "inter_state"), [("27", False), ("29", True), ("97", True), ("96", True)])
def test_shipped_goods_are_taxed_where_they_go(to, inter_state):
    supply = supply_of(shop_state="27", on=DAY, handover=Handover.SHIPPED, destination=to)
    assert (supply.place.code, supply.inter_state) == (to, inter_state)


def test_other_territory_is_a_state_like_others_for_a_shop_there():
    assert not supply_of(shop_state="97", on=DAY).inter_state


def test_a_special_economic_zone_is_always_inter_state():
    assert supply_of(shop_state="27", on=DAY, handover=Handover.SHIPPED, destination="27", to_sez=True).inter_state


def test_no_shop_stands_in_a_foreign_country():
    with pytest.raises(UnknownState):
        supply_of(shop_state="96", on=DAY)


def test_shipping_needs_a_destination():
    with pytest.raises(UnknownState) as caught:
        supply_of(shop_state="27", on=DAY, handover=Handover.SHIPPED)
    assert caught.value.fields == {"shipTo": "missing"}


@pytest.mark.parametrize(
    ("code", "head"), [("27", "SGST"), ("07", "SGST"), ("34", "SGST"), ("04", "UTGST"), ("26", "UTGST")]
)
def test_union_territories_without_a_legislature_have_utgst(code, head):
    assert supply_of(shop_state=code, on=DAY).state_head == head
