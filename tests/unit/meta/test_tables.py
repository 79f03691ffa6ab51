"""Holds every table to the house's laws, and docs/data.md to the tables."""

import re

import pytest
import sqlalchemy as sa

from app.kit.db import ControlBase, Id, ShardBase, Utc
from migrations.fleet import Plane
from migrations.tables import all_models, tables_of
from shard_router import ShopOwned
from tests.support.data_page import by_the_models, page, unique_keys

all_models()
SHARD = tables_of(Plane.SHARD)
EVERY = [*tables_of(Plane.CONTROL), *SHARD]
NAMES = "utf8mb4_0900_ai_ci"
CODES = "ascii_bin"


def by_name(table: sa.Table) -> str:
    return table.name


def test_the_page_lists_every_table_and_no_other():
    assert sorted(page()) == sorted(by_the_models())


@pytest.mark.parametrize("name", sorted(by_the_models()))
def test_the_page_says_what_the_models_say(name):
    said, meant = page().get(name), by_the_models()[name]
    assert said is not None, f"docs/data.md lacks this table; add:\n\n{meant}"
    assert (said.purpose, said.facts) == (meant.purpose, meant.facts), f"docs/data.md should say:\n\n{meant}"
    assert len(said.why.split()) >= 5, "say in a sentence why the table is as it is"


@pytest.mark.parametrize("table", SHARD, ids=by_name)
def test_the_shop_leads_every_key_of_a_shard(table):
    assert table.primary_key.columns.keys()[0] == "shop_id"
    for columns in unique_keys(table):
        assert columns[0] == "shop_id"
    for tie in table.foreign_key_constraints:
        assert tie.column_keys[0] == "shop_id"
        assert tie.elements[0].column.name == "shop_id"
        assert tie.ondelete is None and tie.onupdate is None, "cascades are not in the binlog: a move would miss them"


def test_every_model_of_a_shard_is_a_shops():
    assert [mapper for mapper in ShardBase.registry.mappers if not issubclass(mapper.class_, ShopOwned)] == []


@pytest.mark.parametrize("table", SHARD, ids=by_name)
def test_a_shard_makes_no_ids_of_its_own(table):
    assert table.autoincrement_column is None, "ids come from the application, so that a shop can move"


@pytest.mark.parametrize("table", EVERY, ids=by_name)
def test_every_table_has_its_facts(table):
    assert table.info["retention"] in {"books", "shop", "short", "platform"}
    assert table.info["writes"] in {"", "insert", "insert-update", "insert-update-delete"}
    assert set(table.info.get("mutable", ())) <= set(table.columns.keys()), "a mutable column that is not there"
    if table.info.get("mutable"):
        assert "update" in table.info["writes"]
        assert not set(table.info["mutable"]) & set(table.primary_key.columns.keys()), "a key never changes"


@pytest.mark.parametrize("table", EVERY, ids=by_name)
def test_amounts_weights_and_rates_are_whole_numbers(table):
    for column in table.columns:
        assert not isinstance(column.type, sa.Numeric | sa.Float), column.name
        if re.search(r"_(paise|mg|mct|bp)$", column.name):
            assert isinstance(column.type, sa.Integer), column.name


@pytest.mark.parametrize("table", EVERY, ids=by_name)
def test_moments_are_aware_and_precise(table):
    for column in table.columns:
        if table.metadata in (ControlBase.metadata, ShardBase.metadata):
            assert not isinstance(column.type, sa.DateTime), f"{column.name}: use Utc"
        if column.name.endswith("_at"):
            kind = column.type.impl if isinstance(column.type, Utc) else column.type
            assert getattr(kind, "fsp", None) == 6, column.name
        if column.name.endswith("_on"):
            assert isinstance(column.type, sa.Date), column.name


@pytest.mark.parametrize("table", EVERY, ids=by_name)
def test_text_is_a_name_or_a_code(table):
    assert table.kwargs["mysql_charset"] == "utf8mb4"
    assert table.kwargs["mysql_collate"] == NAMES
    assert table.kwargs["mysql_engine"] == "InnoDB"
    for column in table.columns:
        if isinstance(column.type, sa.String) and not isinstance(column.type, sa.Enum):
            assert column.type.collation in (NAMES, CODES, None), column.name
            assert column.type.length, f"{column.name}: text without an end"


@pytest.mark.parametrize("table", EVERY, ids=by_name)
def test_an_id_is_sixteen_bytes(table):
    for column in table.columns:
        if column.name == "id" or column.name.endswith("_id"):
            assert isinstance(column.type, Id | sa.BigInteger | sa.BINARY | sa.SmallInteger), column.name
            if column.name == "shop_id":
                assert isinstance(column.type, sa.BigInteger)


def relationships():
    mappers = [mapper for base in (ControlBase, ShardBase) for mapper in base.registry.mappers]
    return [one for mapper in mappers for one in mapper.relationships]


@pytest.mark.parametrize("one", relationships(), ids=str)
def test_a_relationship_only_looks_and_never_loads_unasked(one):
    assert one.viewonly, "set to None it would blank the shop_id of a composite key"
    assert one.lazy == "raise", "a lazy load is an N+1 that hides"
