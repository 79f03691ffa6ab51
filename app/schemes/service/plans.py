"""Plans: a new one is a new version, dated; nobody's scheme changes by it."""

import dataclasses
import datetime as dt
from dataclasses import dataclass
from uuid import UUID

from app.kit import audit
from app.kit.clock import today_ist, utc_now
from app.kit.errors import PreconditionFailed
from app.kit.ids import new_id
from app.kit.texts import _
from app.rates import service as rates
from app.schemes import repository
from app.schemes.errors import PlanDaysOverlap, PlanFactsWrong, PlanUnknown
from app.schemes.models import SchemePlan
from app.schemes.plans import PlanTerms, check_terms
from app.schemes.service.views import Plan, plan_view
from app.schemes.term import term_on
from shard_router import ShopSession


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanDraft:
    """A version of a plan to be offered; `valid_from` None: from today."""

    code: str
    name: str
    terms: PlanTerms
    valid_from: dt.date | None = None


def add_plan(db: ShopSession, *, draft: PlanDraft) -> Plan:
    """Offer a plan, or a new version of the one of this code, which ends the day before.

    Raises PlanTooLong, PlanFactsWrong, PlanDaysOverlap, UnknownPurity and what is out of bounds."""
    today = today_ist()
    begins = draft.valid_from or today
    if begins < today:
        raise PlanFactsWrong(_("A plan begins today or later."), fields={"validFrom": "in the past"})
    terms = draft.terms
    check_terms(terms, term_on(begins))
    if terms.metal is not None and terms.fineness is not None:
        rates.check_purity(terms.metal, terms.fineness, begins)
    versions = repository.lock_versions(db, draft.code)
    if versions and versions[-1].valid_from >= begins:
        message = _(
            "A version of %(code)s begins on %(day)s.", code=draft.code, day=f"{versions[-1].valid_from:%d-%m-%Y}"
        )
        raise PlanDaysOverlap(message, fields={"validFrom": "not after the last version"})
    if versions:
        _end(versions[-1], begins - dt.timedelta(days=1))
    row = SchemePlan(
        id=new_id(), code=draft.code, name=draft.name, valid_from=begins, valid_to=None, version=1,
        created_at=utc_now(), **_columns(terms),
    )  # fmt: skip
    db.add(row)
    db.flush()
    audit.record(db, "scheme_plan.added", row.id, {
        "code": row.code, "validFrom": begins.isoformat(), "terms": _columns(terms),
    })  # fmt: skip
    return plan_view(row)


def end_plan(db: ShopSession, *, plan_id: UUID, expected_version: int, last_on: dt.date | None = None) -> Plan:
    """Offer a plan until a day (None: today) and no longer; who has joined goes on. Raises PlanUnknown,
    PreconditionFailed, PlanFactsWrong for a day that is over or before the plan's first."""
    row = repository.find_plan(db, plan_id, lock=True)
    if row is None:
        raise PlanUnknown()
    if row.version != expected_version:
        raise PreconditionFailed(_("This plan was changed since you opened it."), action=_("Look at it again."))
    last = last_on or today_ist()
    if last < min(today_ist(), row.valid_to or last) or last < row.valid_from - dt.timedelta(days=1):
        raise PlanFactsWrong(_("A plan ends today or later."), fields={"lastOn": "in the past"})
    _end(row, last)
    db.flush()
    audit.record(db, "scheme_plan.ended", row.id, {"code": row.code, "lastOn": last.isoformat()})
    return plan_view(row)


def get_plan(db: ShopSession, plan_id: UUID) -> Plan:
    """Raises PlanUnknown."""
    row = repository.find_plan(db, plan_id)
    if row is None:
        raise PlanUnknown()
    return plan_view(row)


def list_plans(db: ShopSession, *, on: dt.date | None = None) -> list[Plan]:
    """Every version there is, or those that may be joined on a day."""
    return [plan_view(row) for row in repository.list_plans(db, on=on)]


def _end(row: SchemePlan, last_on: dt.date) -> None:
    if row.valid_to is None or row.valid_to > last_on:
        row.valid_to = last_on
        row.version += 1


def _columns(terms: PlanTerms) -> dict[str, object]:
    columns = dataclasses.asdict(terms)
    return {**columns, "instalment": terms.instalment.value, "bonus": terms.bonus.value}
