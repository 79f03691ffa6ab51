"""Holds for the roles that are seeded: who answers a question can see what the answer costs."""

import importlib

import pytest

ROOMS = importlib.import_module("migrations.control.versions.0004_rights_of_the_counter")
FIRST = importlib.import_module("migrations.control.versions.0001_first_bill")


def rights_of(role):
    later = {"owner": ROOMS.MANAGER, "manager": ROOMS.MANAGER, "clerk": ROOMS.CLERK, "accountant": ROOMS.ACCOUNTANT}
    return {*FIRST.RIGHTS[role], *later[role]}


@pytest.mark.parametrize("role", ["owner", "manager", "clerk", "accountant"])
def test_who_allows_a_price_sees_what_the_goods_cost(role):
    rights = rights_of(role)
    if "approval.decide" in rights:
        assert {"bill.below_cost", "stock.buy"} <= rights
    if rights & {"bill.discount", "bill.lower_rate", "bill.wastage"}:
        assert "bill.below_cost" in rights


def test_a_clerk_may_neither_know_costs_nor_lower_a_price():
    assert not rights_of("clerk") & {"stock.buy", "bill.below_cost", "bill.discount", "bill.lower_rate", "bill.wastage"}
