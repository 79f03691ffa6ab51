"""Owns what a restore of a shop means to the application: what of the rows is not taken back, and what is lost."""

from collections.abc import Sequence
from typing import Any

from app.customers import service as customers
from app.invoices import service as invoices
from app.invoices.service import LostDocument
from app.kit import restoring as kit
from app.numbering import service as numbering
from app.numbering.service import LostNumbers
from app.tenants import service as tenants
from shard_router import Router, gtid_sets
from shard_router.moves import MoveStatus, Origin, Restoring, compare, executed


def settle(restoring: Restoring) -> None:
    """All domains' say, and the entry in the shop's own log that accounts for the numbers."""
    tenants.settle_restore(restoring)
    customers.settle_restore(restoring)
    kit.settle(restoring)
    lost = numbering.settle_restore(restoring)
    kit.note(restoring, {"lostNumbers": [_facts(one) for one in lost]})


def _facts(one: LostNumbers) -> dict[str, Any]:
    return {
        "registration": one.registration_id, "year": one.fy_start, "kind": one.kind, "till": one.till_id,
        "first": one.first, "last": one.last,
    }  # fmt: skip


def lost_with(router: Router, shop_id: int, shard: str, origin: Origin) -> Sequence[LostDocument]:
    """The documents that the shop has on that shard and would not have, or has not, by the restore; none can be told
    where the shard is dead."""
    with compare(router, shop_id, shard, origin) as (closed, restored):
        return [] if closed is None else invoices.lost_documents(closed, restored)


def lost_by_going_back(router: Router, done: MoveStatus) -> Sequence[LostDocument]:
    """What a restored shop has written since, and will not have where its rows of before are."""
    old = router.shard(done.source).primary
    return lost_with(router, done.shop_id, done.target, Origin(old.host, old.port))


def may_be_missing(router: Router, shard: str, origin: Origin) -> int | None:
    """How many transactions of a dead shard were acknowledged and are not at the origin; None where Redis, which
    keeps the newest one of each shop, cannot tell."""
    told = router.acknowledged(shard)
    return None if told is None else gtid_sets.size(gtid_sets.missing(executed(router, origin), told))
