"""Beginning a scheme: a saver, the plan of the day, the instalment agreed, and who is named to have it after them."""

import datetime as dt
from dataclasses import dataclass
from uuid import UUID

import orjson

from app.customers import service as customers
from app.kit import audit, sealing_keys
from app.kit.clock import financial_year, ist, utc_now
from app.kit.ids import new_id
from app.kit.sealing import Keyring
from app.numbering import service as numbering
from app.numbering.gaps import Written
from app.numbering.service import DocumentKind
from app.schemes import repository
from app.schemes.errors import PlanNotOffered, PlanUnknown
from app.schemes.models import Scheme as SchemeRow
from app.schemes.models import SchemeState
from app.schemes.plans import check_agreed
from app.schemes.service.views import Scheme, plan_view, scheme_view
from app.schemes.term import days_of, due_on
from app.tenants.service.places import list_places
from app.tenants.service.seller import choose
from shard_router import ShopSession

NUMBERED = (Written(DocumentKind.PASSBOOK, repository.passbook_numbers, list_places),)


@dataclass(frozen=True, slots=True, kw_only=True)
class Nominee:
    """Who gets what was saved if the saver dies."""

    name: str
    relation: str
    phone: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EnrolDraft:
    """A scheme to be begun."""

    plan_id: UUID
    customer_id: UUID
    instalment_paise: int
    nominee: Nominee | None = None
    till_id: UUID | None = None


def enrol(db: ShopSession, *, draft: EnrolDraft, keyring: Keyring, at: dt.datetime | None = None) -> Scheme:
    """Begin a scheme today; its first instalment is due at once, and all its days are counted from today.

    Raises CustomerUnknown, PlanUnknown, PlanNotOffered, InstalmentAmountWrong, TillUnknown."""
    now = at or utc_now()
    on = ist(now).date()
    customer_id = customers.hold(db, draft.customer_id, exclusive=True)
    found = repository.find_plan(db, draft.plan_id)
    if found is None:
        raise PlanUnknown(fields={"planId": "unknown"})
    plan = plan_view(found)
    if not plan.offered_on(on):
        raise PlanNotOffered(fields={"planId": "not offered"})
    check_agreed(plan.terms, draft.instalment_paise)
    place = choose(list_places(db), asked=draft.till_id, sits_at=db.actor.till_id)
    scheme_id, days, year = new_id(), days_of(on, plan.months), financial_year(on)
    sealed = _sealed(db, draft.nominee, customer_id, scheme_id, keyring)
    no = numbering.draw(
        db, registration_id=place.registration_id, year=year, kind=DocumentKind.PASSBOOK, till_id=place.till_id
    )
    row = SchemeRow(
        id=scheme_id, number=numbering.written(no, year=year, kind=DocumentKind.PASSBOOK, till_code=place.till_code),
        plan_id=plan.id, customer_id=customer_id, till_id=place.till_id, nominee_sealed=sealed,
        instalment_paise=draft.instalment_paise, begun_on=on, matures_on=days.matures_on, warns_on=days.warns_on,
        stops_on=days.stops_on, state=SchemeState.OPEN.value, paid_paise=0, paid_count=0, late_count=0, grams_mg=0,
        next_due_on=due_on(on, 1), warned=False, bonus_paise=0, bonus_making_bp=0, version=1, created_at=now,
        updated_at=now,
    )  # fmt: skip
    db.add(row)
    db.flush()
    audit.record(db, "scheme.begun", row.id, {
        "number": row.number, "plan": plan.id, "customer": customer_id, "instalmentPaise": row.instalment_paise,
        "begunOn": on.isoformat(), "nominated": draft.nominee is not None,
    })  # fmt: skip
    return scheme_view(row)


def nominee_of(row: SchemeRow, wrapped: bytes | None, keyring: Keyring) -> Nominee | None:
    """The nominee, while the saver's key is there."""
    if row.nominee_sealed is None or wrapped is None:
        return None
    name, relation, phone = orjson.loads(keyring.open(wrapped).unseal(row.nominee_sealed, _context(row.id)))
    return Nominee(name=name, relation=relation, phone=phone)


def _sealed(
    db: ShopSession, nominee: Nominee | None, customer_id: UUID, scheme_id: UUID, keyring: Keyring
) -> bytes | None:
    if nominee is None:
        return None
    key = keyring.open(sealing_keys.wrapped_keys(db, [customer_id])[customer_id])
    return key.seal(orjson.dumps([nominee.name, nominee.relation, nominee.phone]), _context(scheme_id))


def _context(scheme_id: UUID) -> bytes:
    return b"nominee of " + scheme_id.bytes
