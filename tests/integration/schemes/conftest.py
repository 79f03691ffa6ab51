"""A counter of Asha's shop with a plan of eleven and one; savers differ from test to test, the shop does not."""

import dataclasses
import datetime as dt
import itertools
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any
from uuid import UUID

import pytest

from app.kit.clock import IST, utc_now
from app.kit.ids import new_id
from app.schemes import service
from app.schemes.models import SchemePlan
from app.schemes.plans import BonusKind, InstalmentKind, PlanTerms
from app.schemes.service import EnrolDraft, PaymentDraft, Scheme
from app.schemes.term import due_on
from shard_router import ShopSession
from tests.support.cast import make_cast
from tests.support.counter import Counter, made

INSTALMENT = 2_000_00
TERMS = PlanTerms(InstalmentKind.FIXED, 500_00, 500_00, 11, BonusKind.INSTALMENT, 0, 5, 3, "gold", 9160)
_codes = itertools.count(1)


@dataclass
class Savings:
    """Schemes of one saver, some of which began a while ago."""

    counter: Counter
    plan_id: UUID
    customer: dict[str, Any]

    def begin(self, on: dt.date | None = None) -> Scheme:
        """A scheme of the plan; one that began on a day has its first days behind it."""
        return self.counter.write(partial(self._begun, on=on))

    def pay(self, scheme: Scheme, months: int, *, on: dt.date, mode: str = "upi") -> service.Collected:
        """So many instalments at once on a day."""
        return self.counter.write(lambda db: self._paid(db, scheme, months, on=on, mode=mode))

    def full(self, begun_on: dt.date) -> Scheme:
        """A scheme whose eleven instalments came on their days."""

        def year(db: ShopSession) -> Scheme:
            scheme = self._begun(db, on=begun_on)
            for number in range(1, 12):
                self._paid(db, scheme, 1, on=due_on(begun_on, number))
            return service.get_scheme(db, scheme.id)

        return self.counter.write(year)

    def claim(self, scheme: Scheme, document_id: UUID) -> service.Bonus:
        """The bonus, as a bill's first packet claims it."""

        def work(db: ShopSession) -> service.Bonus:
            claims = service.bind_claims(
                [scheme.id], customer_id=scheme.customer_id, document_id=document_id, now=utc_now()
            )
            return service.read_claims([scheme.id], db.run_packet(claims))[0]

        return self.counter.write(work, hot=True)

    def matured(self, begun_on: dt.date, on: dt.date) -> Scheme:
        scheme = self.full(begun_on)
        return self.counter.write(lambda db: service.mature(db, scheme_id=scheme.id, at=noon(on)))

    def see(self, scheme: Scheme) -> Scheme:
        return self.counter.read(lambda db: service.get_scheme(db, scheme.id))

    def _begun(self, db: ShopSession, *, on: dt.date | None) -> Scheme:
        draft = EnrolDraft(plan_id=self.plan_id, customer_id=UUID(self.customer["id"]), instalment_paise=INSTALMENT)
        at = None if on is None else noon(on)
        return service.enrol(db, draft=draft, keyring=self.counter.runtime.keyring, at=at)

    def _paid(
        self, db: ShopSession, scheme: Scheme, months: int, *, on: dt.date, mode: str = "upi"
    ) -> service.Collected:
        payments = (PaymentDraft(mode, INSTALMENT * months),)
        keyring = self.counter.runtime.keyring
        return service.collect(db, scheme_id=scheme.id, payments=payments, keyring=keyring, at=noon(on))


def noon(day: dt.date) -> dt.datetime:
    return dt.datetime.combine(day, dt.time(12), IST)


def a_plan(db: ShopSession, terms: PlanTerms = TERMS) -> UUID:
    """Offered for years, as no service could have made it today."""
    columns = {**dataclasses.asdict(terms), "instalment": terms.instalment.value, "bonus": terms.bonus.value}
    row = SchemePlan(
        id=new_id(), code=f"P{next(_codes)}", name="Swarna 11+1", valid_from=dt.date(2020, 1, 1), valid_to=None,
        version=1, created_at=utc_now(), **columns,
    )  # fmt: skip
    db.add(row)
    db.flush()
    return row.id


@pytest.fixture(scope="package")
def asha_and_others(runtime):
    return make_cast(runtime)


@pytest.fixture(scope="package")
def counter(flask_app, runtime, asha_and_others) -> Counter:
    found = Counter(flask_app, runtime, asha_and_others.asha)
    found.set_board()
    return found


@pytest.fixture(scope="package")
def plan_id(counter) -> UUID:
    return counter.write(a_plan)


@pytest.fixture
def savings(counter, plan_id) -> Savings:
    return Savings(counter, plan_id, counter.customer())


@pytest.fixture
def offered(counter) -> Callable[..., dict[str, Any]]:
    """A plan offered over HTTP."""

    def offer(**changes: Any) -> dict[str, Any]:
        body = {
            "code": f"S{next(_codes)}", "name": "Swarna 11+1", "instalment": "fixed", "leastPaise": 500_00,
            "stepPaise": 500_00, "months": 11, "bonus": "instalment", "graceDays": 5, "mostLate": 3,
            "purity": {"metal": "gold", "fineness": 9160},
        }  # fmt: skip
        return made(counter.post("/scheme-plans", {**body, **changes}))

    return offer
