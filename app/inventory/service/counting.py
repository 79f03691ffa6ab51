"""Counting stock: the pieces of a scope, those of many scanned codes, and how they stand now; few statements each."""

import dataclasses
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Select

from app.inventory.models import ItemStatus
from app.inventory.repository import counting as repository
from app.kit.weights import purity_label
from shard_router import ShopSession


@dataclass(frozen=True, slots=True)
class Counted:
    """As much of a piece as a count needs, without stones and charges."""

    id: UUID
    tag: str
    huid: str | None
    name: str
    category: str
    metal: str
    fineness: int
    gross_mg: int
    status: str
    place_id: UUID | None
    version: int

    @property
    def in_stock(self) -> bool:
        return self.status == ItemStatus.IN_STOCK.value

    @property
    def purity_label(self) -> str:
        return purity_label(self.metal, self.fineness)


def pieces_to_count(
    db: ShopSession, *, place_ids: Sequence[UUID] | None, category: str | None, metal: str | None, most: int
) -> list[Counted]:
    """What is in stock, in one statement, at most so many; `place_ids` None: wherever it lies."""
    return [
        _counted(row) for row in repository.in_stock(db, place_ids=place_ids, category=category, metal=metal, most=most)
    ]


def find_by_codes(db: ShopSession, codes: Iterable[str]) -> dict[str, Counted]:
    """The pieces of many scanned tags or HUIDs in capitals, as find_by_code finds one, in three statements at most.

    A code that no piece has or had is not there.
    """
    wanted = {code for code in codes if code.isascii() and 0 < len(code) <= LONGEST_CODE}
    found: dict[str, Counted] = {}
    for row in reversed(repository.live_by_codes(db, wanted) if wanted else ()):  # by HUID first: a tag goes before it
        piece = _counted(row)
        found |= {code: piece for code in (piece.huid, piece.tag) if code in wanted}
    if rest := wanted - found.keys():
        for row in repository.gone_by_codes(db, rest):
            piece = _counted(row)
            found |= {code: piece for code in (piece.huid, piece.tag) if code in rest}
    return found


def tally(db: ShopSession, wanted: Select[Any]) -> list[tuple[str, UUID | None, int]]:
    """How many of the pieces whose ids `wanted` gives stand how and where: status, place, number."""
    return [(row[0], row[1], int(row[2])) for row in repository.tally(db, wanted)]


def standing(db: ShopSession, item_ids: Iterable[UUID]) -> dict[UUID, Counted]:
    """How these pieces stand now, in one statement."""
    wanted = set(item_ids)
    return {row.id: _counted(row) for row in repository.standing(db, wanted)} if wanted else {}


LONGEST_CODE = 24
_FIELDS = tuple(field.name for field in dataclasses.fields(Counted))


def _counted(row: Any) -> Counted:
    return Counted(*(getattr(row, name) for name in _FIELDS))
