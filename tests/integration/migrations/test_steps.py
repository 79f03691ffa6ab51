"""Each thing that a migration may do: done once, harmless twice, and refused where MySQL cannot do it online."""

import pytest
import sqlalchemy as sa

from migrations.kinds import BIG, INT, code, index, may, must, name
from migrations.runner import Runner
from migrations.steps import Steps
from tests.support.histories import simple


@pytest.fixture
def steps(own, histories):
    Runner(own.fleet_config(), root=histories(s0001=simple("one")).root).up()
    with own.fleet.connect(own.fleet.shards[0], "migrate") as connection:
        yield Steps(connection)


def test_a_column_comes_and_goes(steps):
    for _ in range(2):
        steps.add_column("one", may("note", code(10)))
        steps.add_column("one", must("colour", name(10), server_default="gr'ün%"))
    assert steps.columns("one") == {"shop_id", "no", "note", "colour"}
    for _ in range(2):
        steps.drop_column("one", "note")
    assert steps.columns("one") == {"shop_id", "no", "colour"}
    steps.seed("one", [{"shop_id": 1, "no": 1}])
    assert steps.connection.scalar(sa.text("SELECT colour FROM one")) == "gr'ün%"


def test_an_index_comes_and_goes(steps):
    for _ in range(2):
        steps.add_index("one", "ix_one_no", ["no"])
        steps.add_index("one", "uq_one_no_shop_id", ["no", "shop_id"], unique=True)
    assert {"ix_one_no", "uq_one_no_shop_id"} <= steps.indexes("one")
    for _ in range(2):
        steps.drop_index("one", "ix_one_no")
    assert "ix_one_no" not in steps.indexes("one")


def test_a_foreign_key_comes_once_and_holds(steps):
    steps.create_table("two", must("shop_id", BIG), must("no", INT), sa.PrimaryKeyConstraint("shop_id", "no"))
    tie = sa.ForeignKeyConstraint(["shop_id", "no"], ["two.shop_id", "two.no"], name="fk_one_no")
    for _ in range(2):
        steps.add_tie("one", tie)
    steps.seed("two", [{"shop_id": 1, "no": 7}])
    steps.seed("one", [{"shop_id": 1, "no": 7}])
    with pytest.raises(sa.exc.IntegrityError, match="fk_one_no"):
        steps.seed("one", [{"shop_id": 1, "no": 8}])


def test_a_table_comes_and_goes(steps):
    for _ in range(2):
        steps.create_table(
            "two", must("shop_id", BIG), may("no", INT), sa.PrimaryKeyConstraint("shop_id"), index("ix_two_no", "no")
        )
    assert steps.indexes("two") == {"ix_two_no"}
    for _ in range(2):
        steps.drop_table("two")
    assert not steps.has_table("two")


def test_what_cannot_be_done_online_is_refused(steps):
    with pytest.raises(sa.exc.OperationalError, match="ALGORITHM=INSTANT is not supported"):
        steps.alter("one", "MODIFY COLUMN `no` BIGINT NOT NULL", "INSTANT")
    with pytest.raises(sa.exc.OperationalError, match="ALGORITHM=INPLACE is not supported"):
        steps.alter("one", "MODIFY COLUMN `no` BIGINT NOT NULL", "INPLACE", "NONE")


def test_rows_are_put_in_once(steps):
    for _ in range(2):
        steps.seed("one", [{"shop_id": 1, "no": 1}, {"shop_id": 1, "no": 2}])
    steps.seed("one", [])
    assert steps.connection.scalar(sa.text("SELECT COUNT(*) FROM one")) == 2
