"""A worker in a process of its own that can be frozen: it begins to write, is told to go on, and says what it came to.

python -m tests.integration.shard_router.moves.sleeper SETTINGS SHOP BUYER BEGUN: with BEGUN `yes` it has read its
shop's fence, and holds it, when it says `ready`; with `no` it only knows where the shop lives.
"""

import json
import sys
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from shard_router import RouterError
from tests.integration.shard_router.moves.child import build_router
from tests.integration.shard_router.moves.stock import Series
from tests.integration.shard_router.moves.trade import TILL, sell


def say(word: str) -> None:
    sys.stdout.write(f"{word}\n")
    sys.stdout.flush()


def main(file: str, shop: str, buyer: str, begun: str) -> None:
    router = build_router(json.loads(Path(file).read_text()))
    shop_id = int(shop)
    router.directory.lookup(shop_id)
    with router.shop(shop_id, TILL) as db:
        if begun == "yes":
            db.scalars(select(Series)).all()
        say("ready")
        sys.stdin.readline()
        try:
            db.scalars(select(Series)).one().last_no += 1
            db.commit()
            say("committed")
        except (RouterError, SQLAlchemyError) as refused:
            say(type(refused).__name__)
    bill_id, no = sell(router, shop_id, bytes.fromhex(buyer))
    say(f"{bill_id.hex()} {no}")
    router.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
