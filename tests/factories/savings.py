"""Owns saving plans and schemes for tests, made by the services that production uses."""

import itertools
import secrets
from typing import Any
from uuid import UUID

from app.kit.sealing import Keyring
from app.schemes import service
from app.schemes.plans import BonusKind, InstalmentKind, PlanTerms
from app.schemes.service import EnrolDraft, PaymentDraft, Plan, PlanDraft, Scheme
from shard_router import ShopSession

INSTALMENT = 2_000_00
_codes = itertools.count(1)


def a_plan(db: ShopSession, **changes: Any) -> Plan:
    """Eleven and one, offered from today."""
    facts: dict[str, Any] = {
        "instalment": InstalmentKind.FIXED, "least_paise": 500_00, "step_paise": 500_00, "months": 11,
        "bonus": BonusKind.INSTALMENT, "bonus_bp": 0, "grace_days": 5, "most_late": 3, "metal": None, "fineness": None,
    }  # fmt: skip
    code = f"F{next(_codes)}-{secrets.token_hex(2).upper()}"
    return service.add_plan(db, draft=PlanDraft(code=code, name="Swarna 11+1", terms=PlanTerms(**{**facts, **changes})))


def a_scheme(db: ShopSession, keyring: Keyring, *, customer_id: UUID, paid: int = 0) -> Scheme:
    """Begun today under a plan of its own, with so many instalments paid."""
    draft = EnrolDraft(plan_id=a_plan(db).id, customer_id=customer_id, instalment_paise=INSTALMENT)
    scheme = service.enrol(db, draft=draft, keyring=keyring)
    if not paid:
        return scheme
    payments = (PaymentDraft("upi", INSTALMENT * paid),)
    return service.collect(db, scheme_id=scheme.id, payments=payments, keyring=keyring).scheme
