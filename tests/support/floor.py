"""Owns a shop floor for tests of the stock: a shop with two outlets and a tray, and its services called directly."""

import itertools
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import select

from app.inventory import service as inventory
from app.inventory.service import Item, ItemDraft, Lot, LotDraft, Stone
from app.kit.ids import new_id
from app.metal import service as metal
from app.metal.service import Account
from app.tenants.models import Outlet, Registration
from shard_router import Mode, Router, ShopSession
from tests.support.shops import OpenedShop

T = TypeVar("T")
GSTIN_MH, GSTIN_KA = "27AAACR5055K1Z7", "29AAACI4798L1ZU"  # the published ones of domain.md
STATE = "27"


@dataclass
class Floor:
    """Every call is a transaction of its own, committed."""

    router: Router
    shop: OpenedShop
    _numbers: Any = field(default_factory=lambda: itertools.count(1))
    annex: UUID = field(default_factory=new_id)  # the second outlet
    tray: UUID = field(default_factory=new_id)

    def __post_init__(self) -> None:
        def make(db: ShopSession) -> UUID:
            db.scalars(select(Registration)).one().gstin = GSTIN_MH  # it takes the tax on what it buys back
            db.add(Outlet(
                id=self.annex, registration_id=self.shop.registration_id, name="Annex", address="2 Zaveri Bazaar",
                city="Mumbai", pin="400002", state_code=STATE,
            ))  # fmt: skip
            db.flush()
            return inventory.add_tray(db, outlet_id=self.home, code="T1", name="Front tray").id

        self.tray = self.write(make)

    @property
    def home(self) -> UUID:
        return self.shop.outlet_id

    def write(self, work: Callable[[ShopSession], T]) -> T:
        with self.router.shop(self.shop.shop_id, self.shop.actor, mode=Mode.WRITE) as db:
            value = work(db)
            db.commit()
            return value

    def read(self, work: Callable[[ShopSession], T]) -> T:
        with self.router.shop(self.shop.shop_id, self.shop.actor, mode=Mode.WRITE) as db:
            return work(db)

    def code(self) -> str:
        return f"C{next(self._numbers)}"

    def draft(self, **facts: Any) -> ItemDraft:
        """A plain silver ring of 10.000 g: no HUID is asked for; `net_mg` is its weight."""
        net = facts.pop("net", 10_000)
        stones = facts.get("stones", ())
        stone_mg = sum(stone.weight_mct // 5 for stone in stones)
        given = {
            "tag": self.code(), "name": "Ring", "category": "ring", "metal": "silver", "fineness": 9250,
            "gross_mg": net + stone_mg, "making_kind": "fixed", "making_paise": 100_00, **facts,
        }  # fmt: skip
        return ItemDraft(**given)

    def piece(self, *, place_id: UUID | None = None, **facts: Any) -> Item:
        return self.write(lambda db: inventory.register_item(db, draft=self.draft(**facts), place_id=place_id))

    def lot_draft(self, **facts: Any) -> LotDraft:
        """Silver bullion of 100.000 g that cost ₹ 100."""
        given = {
            "code": self.code(), "name": "Bars", "kind": "bullion", "metal": "silver", "fineness": 9990,
            "net_mg": 100_000, "cost_paise": 100_00, "hsn": "7103" if facts.get("kind") == "stones" else None, **facts,
        }  # fmt: skip
        return LotDraft(**given)

    def lot(self, **facts: Any) -> Lot:
        return self.write(lambda db: inventory.receive_lot(db, draft=self.lot_draft(**facts)))

    def item(self, item_id: UUID) -> Item:
        return self.read(lambda db: inventory.get_item(db, item_id))

    def lot_now(self, lot_id: UUID) -> Lot:
        return self.read(lambda db: inventory.get_lot(db, lot_id))

    def held(self, account: Account, **more: Any) -> dict[tuple[UUID | None, int], tuple[int, int]]:
        """By ref and fineness: pieces and net mg."""
        found = self.read(lambda db: metal.balances(db, account=account, **more))
        return {(one.ref, one.fineness): (one.held.pieces, one.held.net_mg) for one in found}

    def drifts(self) -> list[Any]:
        return [*self.read(inventory.verify_metal), *self.read(metal.broken_rows)]


def diamonds(mct: int = 500) -> tuple[Stone, ...]:
    return (Stone("diamond", 2, mct, "per_carat", 40_000_00),)
