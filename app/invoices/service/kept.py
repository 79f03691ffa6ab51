"""Owns what a bill asks of the estimates, which stand above it: that it is made of one, and the rates which that keeps.

The factory hands in who answers, once, before anything is served.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol
from uuid import UUID

from app.inventory.service import Item
from app.invoices.errors import RateNotKept
from app.kit.texts import _
from shard_router import Bound, PacketResult, ShopSession

STATEMENTS = 2
"""How many an estimate adds to the first packet."""

Purity = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Kept:
    """The estimate that a bill is made of. `rates`: by piece its purity, and the paise per gram that still hold;
    `others`: by piece those of its further metals."""

    estimate_id: UUID
    number: str
    rates: Mapping[UUID, tuple[Purity, int]] = field(default_factory=dict)
    others: Mapping[UUID, Mapping[Purity, int]] = field(default_factory=dict)

    def rate_of(self, item: Item, *, field: str) -> int:
        """Raises RateNotKept."""
        purity, paise_per_g = self.rates.get(item.id, (None, 0))
        if purity != (item.metal, item.fineness):
            message = _("%(number)s keeps no rate for %(tag)s.", number=self.number, tag=item.tag)
            raise RateNotKept(message, fields={field: "not kept"})
        return paise_per_g

    def other_rates(self, item: Item) -> Mapping[Purity, int]:
        """Of the piece's further metals; one that it got since is not there."""
        return self.others.get(item.id, {})


class Estimates(Protocol):
    """What the room of the estimates answers."""

    def bind(self, estimate_id: UUID, *, document_id: UUID) -> list[Bound]:
        """For the first packet: the estimate becomes this bill, then is read. STATEMENTS of them."""

    def read(
        self, results: Sequence[PacketResult], *, customer_id: UUID | None, document_id: UUID, on: dt.date
    ) -> Kept:
        """What those gave; raises for an estimate that this bill cannot be made of."""

    def look_at(self, db: ShopSession, estimate_id: UUID, *, customer_id: UUID | None, on: dt.date) -> Kept:
        """The same for a quote, with nothing done."""

    def reopen(self, db: ShopSession, *, document_id: UUID) -> None:
        """The bill was cancelled: its estimate may become another."""


_answering: list[Estimates] = []


def keep_rates_by(estimates: Estimates) -> None:
    """Called by the factory (and the workers) once at start."""
    _answering[:] = [estimates]


def bind(estimate_id: UUID | None, *, document_id: UUID) -> list[Bound]:
    return [] if estimate_id is None else _answering[0].bind(estimate_id, document_id=document_id)


def read(results: Sequence[PacketResult], *, customer_id: UUID | None, document_id: UUID, on: dt.date) -> Kept | None:
    """None where `bind` had nothing to ask."""
    if not results:
        return None
    return _answering[0].read(results, customer_id=customer_id, document_id=document_id, on=on)


def look_at(db: ShopSession, estimate_id: UUID | None, *, customer_id: UUID | None, on: dt.date) -> Kept | None:
    return None if estimate_id is None else _answering[0].look_at(db, estimate_id, customer_id=customer_id, on=on)


def reopen(db: ShopSession, *, document_id: UUID) -> None:
    """Behind the customer's lock and the orders, before any piece."""
    for one in _answering:
        one.reopen(db, document_id=document_id)
