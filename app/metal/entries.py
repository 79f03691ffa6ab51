"""Owns what a movement of metal is outside its table: an entry from one account to another, and sums of them."""

import dataclasses
import datetime as dt
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from uuid import UUID

from app.kit.ids import new_id

_KIND = re.compile(r"[a-z][a-z_]{2,23}")
MIXED = 0
"""The fineness of what is of several purities at once, such as the loss of a melt: only there is `fine` said."""


class Account(StrEnum):
    """Where metal can be. In brackets what the account's `ref` names."""

    STOCK = "stock"  # in the shop (the outlet or tray; none: nobody has said where)
    TRANSIT = "transit"  # on its way between outlets (the transfer)
    SUPPLIER = "supplier"  # bought from, sent back to (the supplier)
    KARIGAR = "karigar"  # with a goldsmith (the karigar)
    MEMO = "memo"  # out on approval (the memo)
    SOLD = "sold"  # (the customer, where one is named)
    CUSTOMER = "customer"  # old gold taken in, a customer's own metal (the customer)
    REPAIR = "repair"  # (the order)
    MELTING = "melting"  # in the pot (the melt)
    LOSS = "loss"  # gone: melting loss, lost, stolen
    OPENING = "opening"  # was there before the book
    ADJUSTMENT = "adjustment"  # a correction of what was written down


@dataclass(frozen=True, slots=True, kw_only=True)
class Quantities:
    """How much: pieces, milligrams, mg × fineness unrounded, thousandths of a carat, paise of cost."""

    pieces: int = 0
    gross_mg: int = 0
    stone_mg: int = 0
    net_mg: int = 0
    fine: int = 0
    stone_mct: int = 0
    cost_paise: int = 0

    def __add__(self, other: "Quantities") -> "Quantities":
        return Quantities(**{name: getattr(self, name) + getattr(other, name) for name in MEASURES})

    def __sub__(self, other: "Quantities") -> "Quantities":
        return Quantities(**{name: getattr(self, name) - getattr(other, name) for name in MEASURES})

    def __bool__(self) -> bool:
        return any(getattr(self, name) for name in MEASURES)


MEASURES = tuple(field.name for field in dataclasses.fields(Quantities))


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """So much of one purity goes from one account to another. Nothing in it is negative: back is another entry.

    gross_mg  left out: net and stones together, which it always is
    fine      said only of a MIXED fineness; else it is net_mg × fineness, unrounded
    Raises ValueError for what no scale can show: a service refuses that before it comes to the book.
    """

    from_account: Account
    to_account: Account
    metal: str
    fineness: int
    from_ref: UUID | None = None
    to_ref: UUID | None = None
    pieces: int = 0
    gross_mg: int = -1
    stone_mg: int = 0
    net_mg: int = 0
    fine: int = -1
    stone_mct: int = 0
    cost_paise: int = 0
    item_id: UUID | None = None
    lot_id: UUID | None = None

    def __post_init__(self) -> None:
        if self.gross_mg < 0:
            object.__setattr__(self, "gross_mg", self.net_mg + self.stone_mg)
        if self.fine < 0:
            object.__setattr__(self, "fine", self.net_mg * self.fineness)
        for wrong in self._wrongs():
            raise ValueError(f"{wrong}: {self}")

    def _wrongs(self) -> Iterator[str]:
        figures = [getattr(self, name) for name in MEASURES]
        if any(type(figure) is not int or figure < 0 for figure in figures):
            yield "a quantity below nothing"
        if not any(figures):
            yield "an entry that moves nothing"
        if self.gross_mg != self.net_mg + self.stone_mg:
            yield "gross is not net and stones"
        if self.fineness != MIXED and self.fine != self.net_mg * self.fineness:
            yield "fine is not net × fineness"
        if (self.from_account, self.from_ref) == (self.to_account, self.to_ref):
            yield "from and to are the same"

    @property
    def moved(self) -> Quantities:
        return Quantities(**{name: getattr(self, name) for name in MEASURES})

    def reversed(self) -> "Entry":
        """The same back."""
        return dataclasses.replace(
            self, from_account=self.to_account, from_ref=self.to_ref, to_account=self.from_account, to_ref=self.from_ref
        )


_COLUMNS = tuple(field.name for field in dataclasses.fields(Entry))


def rows_of(
    shop_id: int,
    *,
    movement_id: UUID,
    kind: str,
    entries: Iterable[Entry],
    at: dt.datetime,
    book_on: dt.date,
    actor_id: UUID | None,
) -> list[dict[str, Any]]:
    """The rows of one movement by column, as the prepared INSERT takes them."""
    if not _KIND.fullmatch(kind):
        raise ValueError(f"{kind!r} is no kind of movement")
    head = {
        "shop_id": shop_id, "movement_id": movement_id, "kind": kind, "at": at, "book_on": book_on,
        "actor_id": actor_id,
    }  # fmt: skip
    return [{**head, "id": new_id(), **{name: getattr(entry, name) for name in _COLUMNS}} for entry in entries]
