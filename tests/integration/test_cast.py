"""The cast is what tests believe it to be: where each shop lives, who belongs to it, what its shard knows."""

import pytest

from app.kit.audit_checking import first_broken
from app.tenants import service as tenants
from shard_router import Mode
from tests.factories.people import a_customer
from tests.factories.rates import BOARD, a_board
from tests.factories.stock import an_item


def test_everybody_lives_where_the_house_says(runtime, standing_cast):
    homes = {
        name: runtime.router.directory.lookup(getattr(standing_cast, name).shop_id).shard
        for name in ("asha", "ravi", "zoya")
    }
    assert homes == {"asha": "shard-a", "ravi": "shard-a", "zoya": "shard-b"}
    assert standing_cast.bina.shop_id == standing_cast.asha.shop_id
    assert [shop.shop_id for shop in standing_cast.meera.shops] == [
        standing_cast.asha.shop_id,
        standing_cast.zoya.shop_id,
    ]


@pytest.mark.parametrize("name", ["asha", "bina", "ravi", "zoya", "meera"])
def test_the_shard_knows_what_each_may_do(runtime, standing_cast, name):
    somebody = getattr(standing_cast, name)
    for shop in somebody.shops:
        with runtime.router.shop(shop.shop_id, somebody.actor, mode=Mode.READ) as db:
            kept = tenants.find_member(db, somebody.person_id)
        assert kept is not None and kept.active
        assert (kept.role, kept.rights) == (somebody.role, somebody.rights)


def test_a_fresh_shop_can_trade(runtime, router, shop):
    with router.shop(shop.shop_id, shop.actor) as db:
        item = an_item(db)
        a_board(db)
        customer = a_customer(db, runtime.keyring)
        db.commit()
    with router.shop(shop.shop_id, shop.actor, mode=Mode.READ, token=db.token) as db:
        assert first_broken(db) is None
    assert (item.net_mg, customer.state_code, len(BOARD)) == (3_390, "27", 3)
