"""The schema that migrations make is the schema that the models mean, on control and on every shard."""

import datetime as dt

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from migrations import versions
from migrations.fleet import Plane
from migrations.tables import metadata_of, tables_of
from tests.support.cluster import Cluster

TARGETS = ["control", "shard-a", "shard-b"]
CONTRACT_RIGHTS = {
    "owner": 56, "manager": 54, "clerk": 27, "accountant": 18,
}  # fmt: skip


def connection_to(cluster: Cluster, name: str):
    target = next(one for one in cluster.fleet.targets if one.name == name)
    return target, cluster.fleet.connect(target, "migrate")


@pytest.mark.parametrize("name", TARGETS)
def test_models_equal_migrations(cluster, name):
    target, opened = connection_to(cluster, name)
    with opened as connection:
        options = {
            "compare_type": True,
            "include_object": lambda thing, called, kind, reflected, other: called != "alembic_version",
        }
        context = MigrationContext.configure(connection, opts=options)
        assert compare_metadata(context, metadata_of(target.plane)) == []


@pytest.mark.parametrize("name", TARGETS)
def test_keys_nulls_and_collations_are_equal_too(cluster, name):
    """What alembic's comparison leaves out."""
    target, opened = connection_to(cluster, name)
    with opened as connection:
        rows = connection.execute(
            sa.text(
                "SELECT table_name, column_name, is_nullable, collation_name, extra"
                " FROM information_schema.columns WHERE table_schema = DATABASE()"
            )
        ).all()
        keys = {
            table: sa.inspect(connection).get_pk_constraint(table)["constrained_columns"]
            for table in sa.inspect(connection).get_table_names()
        }
    found = {
        (table, column): (nullable == "YES", collation, "auto_increment" in extra)
        for table, column, nullable, collation, extra in rows
    }
    for table in tables_of(target.plane):
        assert keys[table.name] == table.primary_key.columns.keys(), table.name
        for column in table.columns:
            nullable, collation, counted = found[table.name, column.name]
            assert nullable == column.nullable, f"{table.name}.{column.name}"
            assert counted == (table.autoincrement_column is column), f"{table.name}.{column.name}"
            if isinstance(column.type, sa.String):
                assert collation == (column.type.collation or "utf8mb4_0900_ai_ci"), f"{table.name}.{column.name}"


# A foreign key that no index of ours serves gets one of MySQL's own, under the key's name: each write pays for it.
MADE_BY_MYSQL = {
    Plane.CONTROL: {"fk_contracts_plan_code_plan_from"},
    Plane.SHARD: {
        "fk_outlets_shop_id_registration_id", "fk_tills_shop_id_outlet_id", "fk_number_series_shop_id_till_id",
        "fk_invoices_shop_id_reverses_id", "fk_pictures_shop_id_item_id",
        "fk_items_shop_id_picture_id",
    },
}  # fmt: skip


@pytest.mark.parametrize("name", TARGETS)
def test_mysql_made_no_index_of_its_own_but_those_we_know(cluster, name):
    target, opened = connection_to(cluster, name)
    with opened as connection:
        inspector = sa.inspect(connection)
        found = {one["name"] for table in tables_of(target.plane) for one in inspector.get_indexes(table.name)}
    ours = {index.name for table in tables_of(target.plane) for index in table.indexes}
    ours |= {
        one.name for table in tables_of(target.plane) for one in table.constraints
        if isinstance(one, sa.UniqueConstraint)
    }  # fmt: skip
    assert found - ours == MADE_BY_MYSQL[target.plane]


@pytest.mark.parametrize("name", TARGETS)
def test_every_database_is_at_the_head(cluster, name):
    target, opened = connection_to(cluster, name)
    with opened as connection:
        assert versions.current(connection) == versions.history(target.plane)[-1].revision


def test_both_shards_are_made_alike(cluster):
    made = []
    for name in ("shard-a", "shard-b"):
        _, opened = connection_to(cluster, name)
        with opened as connection:
            tables = sorted(sa.inspect(connection).get_table_names())
            made.append([connection.execute(sa.text(f"SHOW CREATE TABLE `{table}`")).one()[1] for table in tables])
    assert made[0] == made[1]
    assert len(made[0]) == len(tables_of(Plane.SHARD)) + 1


def test_roles_begin_with_the_rights_that_were_agreed(cluster):
    _, opened = connection_to(cluster, "control")
    with opened as connection:
        rows = connection.execute(sa.text("SELECT role, `right`, valid_from, valid_to FROM role_rights")).all()
    rights = {role: {row.right for row in rows if row.role == role} for role in CONTRACT_RIGHTS}
    assert {role: len(found) for role, found in rights.items()} == CONTRACT_RIGHTS
    assert {(row.valid_from, row.valid_to) for row in rows} == {(dt.date(2026, 4, 1), None)}
    assert rights["owner"] - rights["manager"] == {"people.manage", "settings.edit"}
    assert not rights["clerk"] & {
        "bill.discount",
        "note.issue",
        "export.run",
        "rates.set",
        "people.view",
        "report.view",
    }
    assert not rights["accountant"] & {"bill.issue", "stock.edit", "customer.edit", "rates.set", "picture.edit"}
    assert rights["manager"] > rights["clerk"] and rights["owner"] > rights["accountant"]


def test_there_is_one_plan_to_begin_with(cluster):
    _, opened = connection_to(cluster, "control")
    with opened as connection:
        plan = connection.execute(
            sa.text("SELECT * FROM plans WHERE code = 'annual' ORDER BY valid_from LIMIT 1")
        ).one()
    assert (plan.code, plan.annual_price_paise, plan.valid_from) == ("annual", 1_000_000, dt.date(2026, 4, 1))
    assert (plan.trial_days, plan.grace_days, plan.read_only_days) == (14, 15, 30)


def test_seeds_leave_what_an_operator_corrected(whole):
    from migrations.steps import Steps

    with whole.fleet.connect(whole.fleet.control, "migrate") as connection:
        connection.execute(sa.text("UPDATE plans SET annual_price_paise = 5"))
        connection.commit()
        versions.history("control")[0].module.upgrade(Steps(connection))
        assert connection.scalar(sa.text("SELECT annual_price_paise FROM plans")) == 5
        assert connection.scalar(sa.text("SELECT COUNT(*) FROM role_rights")) == sum(CONTRACT_RIGHTS.values())


def test_a_process_knows_the_shards_that_are_too_old_for_it(cluster, router, monkeypatch):
    assert versions.shards_below_minimum(router) == {}
    assert versions.control_below_minimum(router) is False
    monkeypatch.setitem(versions._MINIMUM, "shard", "9999")
    head = versions.history("shard")[-1].revision
    assert versions.shards_below_minimum(router) == {"shard-a": head, "shard-b": head}
    assert versions.control_below_minimum(router) is False
