"""Owns what orders and repairs are outside their tables."""

import datetime as dt
from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Wanted:
    """A piece, or several alike, as it is ordered; `weight_mg` is of each of them, `estimate_paise` of all together;
    `rate_paise_per_g` is filled in where the rate is fixed on the day."""

    description: str
    category: str
    metal: str
    fineness: int
    weight_mg: int
    pieces: int = 1
    estimate_paise: int = 0
    picture_id: UUID | None = None
    rate_paise_per_g: int | None = None

    @property
    def all_mg(self) -> int:
        return self.pieces * self.weight_mg


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderDraft:
    """An order as it is taken. rate_basis: today | locked | delivery."""

    customer_id: UUID
    lines: tuple[Wanted, ...]
    due_on: dt.date
    rate_basis: str = "delivery"
    rate_lock_id: UUID | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RepairDraft:
    """A customer's own piece as it is taken in."""

    customer_id: UUID
    description: str
    condition: str
    work: str
    metal: str
    fineness: int
    gross_mg: int
    due_on: dt.date
    pieces: int = 1
    picture_id: UUID | None = None
    estimate_paise: int | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """Who brought it to a stage, and when."""

    stage: str
    at: dt.datetime
    note: str | None
    actor_id: UUID | None


@dataclass(frozen=True, slots=True)
class Advance:
    """An advance on an order; `left_paise` is what no bill has used up and nobody was given back."""

    credit_id: UUID
    receipt_id: UUID
    paise: int
    left_paise: int
    at: dt.datetime


@dataclass(frozen=True, slots=True)
class Used:
    """Metal or a part of ours that went into a repair."""

    description: str
    metal: str | None
    fineness: int
    net_mg: int
    cost_paise: int
    at: dt.datetime


@dataclass(frozen=True, slots=True)
class Mending:
    """What is said of the piece of a repair."""

    description: str
    condition: str
    work: str
    metal: str
    fineness: int
    pieces: int
    gross_mg: int
    picture_id: UUID | None
    estimate_paise: int | None
    answered_at: dt.datetime | None
    answered_by: str | None
    gross_out_mg: int | None
    charge_paise: int | None
    used: tuple[Used, ...] = ()

    @property
    def due_paise(self) -> int:
        """What a mended piece costs without tax: its charge, else what the customer agreed to."""
        return self.charge_paise if self.charge_paise is not None else self.estimate_paise or 0

    @property
    def expected_out_mg(self) -> int:
        """What it must weigh when it goes back, if nothing was taken off it."""
        return self.gross_mg + sum(one.net_mg for one in self.used)


@dataclass(frozen=True, slots=True)
class Order:
    """An order or a repair. Of a list: without steps, and without what was used."""

    id: UUID
    kind: str
    number: str
    customer_id: UUID
    customer_name: str
    rate_basis: str
    rate_lock_id: UUID | None
    note: str | None
    taken_on: dt.date
    taken_at: dt.datetime
    stage: str
    is_open: bool
    due_on: dt.date
    invoice_id: UUID | None
    closed_at: dt.datetime | None
    version: int
    till_id: UUID
    lines: tuple[Wanted, ...] = ()
    repair: Mending | None = None
    steps: tuple[Step, ...] = ()
    advances: tuple[Advance, ...] = ()

    def overdue(self, today: dt.date) -> bool:
        return self.is_open and self.due_on < today

    @property
    def advance_paise(self) -> int:
        return sum(one.paise for one in self.advances)

    @property
    def estimate_paise(self) -> int:
        if self.repair is not None:
            return self.repair.estimate_paise or 0
        return sum(one.estimate_paise for one in self.lines)

    @property
    def title(self) -> str:
        """What it is about, in short."""
        if self.repair is not None:
            return self.repair.description
        first = self.lines[0].description if self.lines else ""
        return first if len(self.lines) < 2 else f"{first} +{len(self.lines) - 1}"
