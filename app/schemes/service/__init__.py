"""Saving schemes: dated plans, savers, instalments, and the one end of each: a credit, and for a full one a bonus."""

from app.schemes.models import SchemeState
from app.schemes.repository import shop_sums
from app.schemes.service.bonuses import (
    Bonus,
    bind_claims,
    bonuses_of,
    free_bonus,
    most_off,
    read_claims,
    stands_on,
    waiting_bonuses,
)
from app.schemes.service.collecting import Collected, PaymentDraft, collect, take_back
from app.schemes.service.ending import close_early, mature, sweep_scheme, to_be_swept
from app.schemes.service.enrolling import NUMBERED, EnrolDraft, Nominee, enrol
from app.schemes.service.plans import PlanDraft, add_plan, end_plan, get_plan, list_plans
from app.schemes.service.printing import get_paper
from app.schemes.service.reading import (
    Liability,
    Month,
    MonthLiability,
    Notice,
    Passbook,
    PlanLiability,
    SchemeSummary,
    drifted,
    get_passbook,
    get_scheme,
    liability,
    list_schemes,
    notices,
    schemes_of,
)
from app.schemes.service.refunding import refund
from app.schemes.service.views import Instalment, Plan, Scheme

__all__ = [
    "NUMBERED", "Bonus", "Collected", "EnrolDraft", "Instalment", "Liability", "Month", "MonthLiability", "Nominee",
    "Notice", "Passbook", "PaymentDraft", "Plan", "PlanDraft", "PlanLiability", "Scheme", "SchemeState",
    "SchemeSummary", "add_plan", "bind_claims", "bonuses_of", "close_early", "collect", "drifted", "end_plan", "enrol",
    "free_bonus", "get_paper", "get_passbook", "get_plan", "get_scheme", "liability", "list_plans", "list_schemes",
    "mature", "most_off", "notices", "read_claims", "refund", "schemes_of", "shop_sums", "stands_on", "sweep_scheme",
    "take_back", "to_be_swept", "waiting_bonuses",
]  # fmt: skip
