"""Owns the answer to "may this shop trade now": dates on its own shard, behind its cache, weighed by today in India.

Neither the control plane nor the sweep is asked, so a shop trades on with control dead, and a payment counts once its
push has reached the shard, which forgets the shop's cache (at the latest when the cached dates end, 30 s).
"""

from typing import Any

from app.amc.service.terms import standing
from app.kit.cache import ShopCache
from app.kit.clock import today_ist
from app.kit.ports import EntitlementState, EntitlementView
from app.tenants import service as tenants
from shard_router import Actor, Mode, ReplicaLost, Router, ShopMoved

NAME = "entitlement"
BELIEVED_S = 30.0
SYSTEM = Actor(person_id=None, name="system")


class ShopEntitlements:
    """The kit's `EntitlementCheck`."""

    def __init__(self, *, router: Router, cache: ShopCache) -> None:
        self._router = router
        self._cache = cache

    def may_trade(self, shop_id: int) -> EntitlementView:
        """A shop without dates is not ready or is damaged: it looks and exports, and issues nothing."""
        written = self._cache.get(shop_id, NAME, lambda: self._written(shop_id), ttl=BELIEVED_S)
        if written is None:
            return EntitlementView(EntitlementState.READ_ONLY)
        return standing(tenants.read_dates(written), today_ist())

    def _written(self, shop_id: int) -> dict[str, Any] | None:
        try:
            return self._read(shop_id)
        except (ShopMoved, ReplicaLost):  # an old map, or a replica that died: the router goes elsewhere now
            return self._read(shop_id)

    def _read(self, shop_id: int) -> dict[str, Any] | None:
        with self._router.shop(shop_id, SYSTEM, mode=Mode.READ) as db:
            dates = tenants.find_entitlement(db)
        return tenants.written_dates(dates) if dates is not None else None
