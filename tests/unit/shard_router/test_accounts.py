"""Grants follow from what tables say of themselves."""

import pytest
from sqlalchemy import Column, Integer, MetaData, Table

from shard_router.accounts import Grant, grants_for
from shard_router.tables import directory, shop_fence


def table(plane: str = "", **info: object) -> Table:
    metadata = MetaData(info={"plane": plane} if plane else {})
    return Table(
        "t",
        metadata,
        Column("shop_id", Integer, primary_key=True),
        Column("a", Integer),
        Column("b", Integer),
        info=info,
    )


def app(grants: list[Grant]) -> list[tuple[str, tuple[str, ...]]]:
    return [(grant.privilege, grant.columns) for grant in grants if grant.account == "app"]


@pytest.mark.parametrize(("info", "expected"), [
    ({}, [("SELECT", ())]),
    ({"writes": ""}, [("SELECT", ())]),
    ({"writes": "insert"}, [("SELECT", ()), ("INSERT", ())]),
    ({"writes": "insert-update"}, [("SELECT", ()), ("INSERT", ()), ("UPDATE", ("a", "b"))]),
    ({"writes": "insert-update", "mutable": ("a",)}, [("SELECT", ()), ("INSERT", ()), ("UPDATE", ("a",))]),
    ({"writes": "insert-update-delete"}, [("SELECT", ()), ("INSERT", ()), ("UPDATE", ("a", "b")), ("DELETE", ())]),
])  # fmt: skip
def test_the_application(info: dict[str, object], expected: list[object]) -> None:
    assert app(grants_for([table(**info)])) == expected


@pytest.mark.parametrize("fact", ["mutable", "hidden"])
def test_facts_must_name_columns_that_are_there(fact: str) -> None:
    with pytest.raises(ValueError, match="zz"):
        grants_for([table(writes="insert-update", **{fact: ("zz",)})])


def test_who_reads_across_shops_is_shown_no_hidden_column() -> None:
    grants = grants_for([table("shard", hidden=("a",))])
    assert [one.columns for one in grants if one.account == "fleet_ro"] == [("shop_id", "b")]
    assert [one.columns for one in grants if one.account == "mover"] == [()] * 4


def test_an_unknown_kind_of_writing_is_an_error() -> None:
    with pytest.raises(KeyError):
        grants_for([table(writes="everything")])


def others(grants: list[Grant]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for grant in grants:
        if grant.account != "app":
            found.setdefault(grant.account, set()).add(grant.privilege)
    return found


def test_the_other_accounts_on_a_shard() -> None:
    for one in (table("shard", writes="insert"), shop_fence):
        assert others(grants_for([one])) == {
            "fleet_ro": {"SELECT"}, "mover": {"SELECT", "INSERT", "UPDATE", "DELETE"}, "purger": {"SELECT", "DELETE"},
        }  # fmt: skip


def test_nobody_else_reads_the_control_plane() -> None:
    assert others(grants_for([table("control", writes="insert-update-delete")])) == {}
    assert others(grants_for([table("control", retention="short")])) == {"purger": {"SELECT", "DELETE"}}
    assert others(grants_for([directory])) == {"mover": {"SELECT", "UPDATE"}}


def test_a_server_without_for_share_costs_one_column_of_one_table() -> None:
    """The time of the fence: neither its epoch nor its state, and nothing of the others."""
    tables = [shop_fence, table("shard", writes="insert-update")]
    more = set(grants_for(tables, for_share=False)) - set(grants_for(tables))
    assert more == {Grant("app", "UPDATE", "shop_fence", ("updated_at",))}


def test_as_a_statement() -> None:
    grant = Grant("app", "UPDATE", "t", ("a", "b"))
    assert grant.sql("boolagold", "app") == "GRANT UPDATE (`a`, `b`) ON `boolagold`.`t` TO 'app'@'%'"
