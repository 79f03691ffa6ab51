"""Owns what the approver sees beside a question and who asked does not: what the goods cost, and how far below it they
would go."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple
from uuid import UUID

from app.approvals.service import Approval
from app.inventory import service as inventory
from app.inventory.service import Item, Lot
from shard_router import ShopSession


class Cost(NamedTuple):
    """What the goods of a question cost, and how much less is asked for them, before tax; 0 where it is not less.
    `whole`: nobody forgot to write down what a piece of them cost."""

    paise: int
    below_paise: int
    whole: bool


def costs_of(
    db: ShopSession, those: Iterable[Approval], pieces: Mapping[UUID, Item], lots: Mapping[UUID, Lot]
) -> dict[UUID, Cost]:
    """By question; without those of which nobody knows what the goods cost. One statement, however many there are."""
    asked = list(those)
    by_tag = inventory.costs_by_tag(db, sorted({tag for one in asked for tag in _tags(one)}))
    found: dict[UUID, Cost] = {}
    for one in asked:
        cost = _cost(one, pieces, lots, by_tag)
        price = _price(one)
        if cost:
            known = all(tag in by_tag for tag in _tags(one))
            found[one.id] = Cost(cost, 0 if price is None else max(cost - price, 0), known)
    return found


def _cost(one: Approval, pieces: Mapping[UUID, Item], lots: Mapping[UUID, Lot], by_tag: Mapping[str, int]) -> int:
    piece, lot = (pieces.get(one.subject_id), lots.get(one.subject_id)) if one.subject_id else (None, None)
    if piece is not None:
        return piece.cost_paise or 0
    if lot is not None:
        net_mg, stone_mct = _figure(one, "netMg") or 0, _figure(one, "stoneMct") or 0
        return inventory.cost_of_part(lot, net_mg=net_mg, stone_mct=stone_mct)
    return sum(by_tag.get(tag, 0) for tag in _tags(one))


def _price(one: Approval) -> int | None:
    """What is asked for them before tax, where the question says so."""
    taxable, value, off = (_figure(one, name) for name in ("taxablePaise", "valuePaise", "discountPaise"))
    return taxable if taxable is not None or value is None else value - (off or 0)


def _tags(one: Approval) -> list[str]:
    tags = one.facts.get("tags")
    return [tag for tag in tags if isinstance(tag, str)] if isinstance(tags, list) else []


def _figure(one: Approval, name: str) -> int | None:
    found = one.facts.get(name)
    return found if type(found) is int and abs(found) <= 10**15 else None
