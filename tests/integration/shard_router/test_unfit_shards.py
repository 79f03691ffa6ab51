"""A process serves no shop of a shard that is not fit for it, and every other shop as before."""

import threading

import pytest
from sqlalchemy import select

from shard_router import Mode, ShardUnavailable
from tests.integration.shard_router.conftest import ACTOR, ASHA, ZOYA
from tests.integration.shard_router.toys import Piece


def test_only_the_unfit_shard_is_refused_and_comes_back_once_it_is_mended(toy, router, until):
    own, verdict, looked = toy.router(), {"shard-b": "its schema is old"}, threading.Semaphore(0)

    def judge():
        with own.fleet(reason="is it fit") as fleet:  # a judge may ask the shards themselves, the refused one too
            assert set(fleet.each(lambda session, shard: shard).parts) == {"shard-a", "shard-b"}
        looked.release()
        return dict(verdict)

    own.refuse_unfit(judge, every=0.05)
    for _ in range(2):  # when it is asked again, its first answer is in force
        assert looked.acquire(timeout=5)
    with pytest.raises(ShardUnavailable, match="its schema is old"), own.shop(ZOYA, ACTOR, mode=Mode.READ) as db:
        db.scalars(select(Piece)).all()
    with own.shop(ASHA, ACTOR, mode=Mode.READ) as db:
        assert db.scalars(select(Piece)).all()
    verdict.clear()
    until(lambda: _is_served(own, ZOYA), what="the mended shard's return")


def _is_served(router, shop_id):
    try:
        with router.shop(shop_id, ACTOR, mode=Mode.READ) as db:
            return bool(db.scalars(select(Piece)).all())
    except ShardUnavailable:
        return False
