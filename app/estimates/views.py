"""Owns estimates and sheets as others see them."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from app.invoices.service import BillDraft
from app.tenants.service.seller import Seller


@dataclass(frozen=True, slots=True)
class EstimateSummary:
    """As lists show it. `state`: open, billed, or lapsed once its last day is over; the name is that of today."""

    id: UUID
    number: str
    customer_id: UUID | None
    customer_name: str | None
    till_id: UUID
    made_at: dt.datetime
    made_on: dt.date
    made_by: UUID | None
    expires_on: dt.date
    rates_expire_on: dt.date | None
    total_paise: int
    invoice_id: UUID | None
    state: str
    version: int


@dataclass(frozen=True, slots=True)
class Estimate:
    """An estimate whole. `shown`: what it came to, by the names in JSON; `kept`: piece → metal, fineness and the paise
    per gram that it keeps until `rates_expire_on`."""

    summary: EstimateSummary
    draft: BillDraft
    shown: Mapping[str, Any]
    kept: Mapping[UUID, tuple[str, int, int]]
    seller: Seller

    @property
    def id(self) -> UUID:
        return self.summary.id

    @property
    def version(self) -> int:
        return self.summary.version

    def rates_on(self, on: dt.date) -> dict[UUID, tuple[tuple[str, int], int]]:
        """By piece, the purity and the rate that hold on a day."""
        last = self.summary.rates_expire_on
        return rates_of(self.kept) if last is not None and on <= last else {}


@dataclass(frozen=True, slots=True)
class HeldSummary:
    """A sheet that waits, without what stands on it."""

    id: UUID
    label: str
    lines: int
    till_id: UUID | None
    held_at: dt.datetime
    held_by: UUID | None


@dataclass(frozen=True, slots=True)
class Held:
    """A sheet with what stands on it."""

    id: UUID
    label: str
    lines: int
    till_id: UUID | None
    held_at: dt.datetime
    held_by: UUID | None
    draft: BillDraft


def rates_of(kept: Mapping[UUID, tuple[str, int, int]]) -> dict[UUID, tuple[tuple[str, int], int]]:
    return {item: ((metal, fineness), rate) for item, (metal, fineness, rate) in kept.items()}
