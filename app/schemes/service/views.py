"""Owns how plans, schemes and instalments look from outside this room."""

import dataclasses
import datetime as dt
from dataclasses import dataclass
from uuid import UUID

from app.kit.weights import purity_label
from app.schemes.models import Scheme as SchemeRow
from app.schemes.models import SchemeInstalment, SchemePlan
from app.schemes.plans import BonusKind, InstalmentKind, PlanTerms, Promise


@dataclass(frozen=True, slots=True)
class Plan:
    """One version of a plan; `valid_to` None: until a newer one begins."""

    id: UUID
    code: str
    name: str
    valid_from: dt.date
    valid_to: dt.date | None
    instalment: str
    least_paise: int
    step_paise: int
    months: int
    bonus: str
    bonus_bp: int
    grace_days: int
    most_late: int | None
    metal: str | None
    fineness: int | None
    version: int
    created_at: dt.datetime

    @property
    def terms(self) -> PlanTerms:
        return PlanTerms(
            InstalmentKind(self.instalment), self.least_paise, self.step_paise, self.months, BonusKind(self.bonus),
            self.bonus_bp, self.grace_days, self.most_late, self.metal, self.fineness,
        )  # fmt: skip

    @property
    def purity(self) -> dict[str, object] | None:
        return None if self.metal is None else {"metal": self.metal, "fineness": self.fineness}

    @property
    def purity_label(self) -> str:
        return purity_label(self.metal, self.fineness) if self.metal and self.fineness else ""

    def offered_on(self, day: dt.date) -> bool:
        return self.valid_from <= day and (self.valid_to is None or day <= self.valid_to)


@dataclass(frozen=True, slots=True)
class Scheme:
    """A saver's scheme. `credit_id` is there once it has ended with money in it."""

    id: UUID
    number: str
    plan_id: UUID
    customer_id: UUID
    instalment_paise: int
    begun_on: dt.date
    matures_on: dt.date
    warns_on: dt.date
    stops_on: dt.date
    state: str
    paid_paise: int
    paid_count: int
    late_count: int
    grams_mg: int
    next_due_on: dt.date | None
    ended_on: dt.date | None
    end_reason: str | None
    credit_id: UUID | None
    bonus_paise: int
    bonus_making_bp: int
    bonus_document_id: UUID | None
    version: int
    created_at: dt.datetime
    updated_at: dt.datetime

    @property
    def promise(self) -> Promise:
        return Promise(self.bonus_paise, self.bonus_making_bp)

    def ripe_on(self, day: dt.date) -> bool:
        """Whether it may mature: all is paid in and its months are over."""
        return self.state == "open" and self.next_due_on is None and self.matures_on <= day


@dataclass(frozen=True, slots=True)
class Instalment:
    """One month's payment, as the passbook shows it."""

    no: int
    receipt_id: UUID
    receipt_number: str
    due_on: dt.date
    paid_on: dt.date
    late: bool
    paise: int
    rate_paise_per_g: int | None
    grams_mg: int


def plan_view(row: SchemePlan) -> Plan:
    return Plan(*(getattr(row, name) for name in _PLAN))


def scheme_view(row: SchemeRow) -> Scheme:
    return Scheme(*(getattr(row, name) for name in _SCHEME))


def instalment_view(row: SchemeInstalment) -> Instalment:
    return Instalment(*(getattr(row, name) for name in _INSTALMENT))


_PLAN = tuple(field.name for field in dataclasses.fields(Plan))
_SCHEME = tuple(field.name for field in dataclasses.fields(Scheme))
_INSTALMENT = tuple(field.name for field in dataclasses.fields(Instalment))
