"""Owns the page of saving plans: every version, a new one, and the end of one."""

from __future__ import annotations

import re
from uuid import UUID

from flask import Response, request, url_for

from app.dashboard import forms
from app.dashboard.frame import pages, show
from app.kit.clock import today_ist
from app.kit.http import allow, shop_read, shop_write
from app.kit.money import parse_rupees
from app.kit.pages import Refusal, form_key, go_to, text_field, try_form, whole_number
from app.kit.texts import N_, _
from app.rates import service as rates
from app.schemes import service as schemes
from app.schemes.plans import BonusKind, InstalmentKind, PlanTerms
from app.schemes.service import PlanDraft

INSTALMENTS = (("fixed", N_("The agreed amount each month")), ("from", N_("The agreed amount or more")))
BONUSES = (
    ("instalment", N_("One instalment")), ("percent", N_("% of what was paid in")),
    ("making", N_("% off the making charge")), ("none", N_("None")),
)  # fmt: skip
PERCENT = ("percent", "making")
NAMES = {
    "leastPaise": "least", "stepPaise": "step", "bonusBp": "bonus_percent", "graceDays": "grace", "mostLate": "late",
    "validFrom": "valid_from", "purity": "purity", "months": "months",
}  # fmt: skip
_CODE = re.compile(r"[A-Z0-9-]{1,12}")
_COUNT = re.compile(r"[0-9]{1,3}")


@pages.get("/schemes/plans")
@allow("scheme.view")
def scheme_plans() -> str:
    return _page(None)


@pages.post("/schemes/plans")
@allow("scheme.edit")
def add_scheme_plan() -> Response | tuple[str, int]:
    """A new plan, or a new version of one; savers stay under the version that they joined."""
    tried = try_form(lambda: shop_write(lambda db: schemes.add_plan(db, draft=_draft()), rebuild=schemes.get_plan))
    if tried.refusal is None or tried.refusal.code == "already_sent":
        return go_to(url_for("shop_pages.scheme_plans", saved="new"))
    return _page(forms.beside(tried.refusal, NAMES)), tried.refusal.status


@pages.post("/schemes/plans/<id:plan_id>/end")
@allow("scheme.edit")
def end_scheme_plan(plan_id: UUID) -> Response | tuple[str, int]:
    tried = try_form(lambda: shop_write(
        lambda db: schemes.end_plan(db, plan_id=plan_id, expected_version=whole_number("version")),
        rebuild=schemes.get_plan,
    ))  # fmt: skip
    if tried.refusal is None or tried.refusal.code == "already_sent":
        return go_to(url_for("shop_pages.scheme_plans", saved="ended"))
    return _page(tried.refusal), tried.refusal.status


def _draft() -> PlanDraft:
    bonus = forms.one_of("bonus", dict(BONUSES))
    metal, _dash, fineness = text_field("purity").partition("-")
    late = text_field("late")
    terms = PlanTerms(
        instalment=InstalmentKind(forms.one_of("instalment", dict(INSTALMENTS))),
        least_paise=forms.figure("least", parse_rupees), step_paise=forms.figure("step", parse_rupees, empty=1),
        months=forms.figure("months", _count), bonus=BonusKind(bonus),
        bonus_bp=forms.figure("bonus_percent", parse_rupees) if bonus in PERCENT else 0,
        grace_days=forms.figure("grace", _count, empty=0),
        most_late=forms.figure("late", _count) if late else None,
        metal=metal or None, fineness=int(fineness) if fineness.isascii() and fineness.isdigit() else None,
    )  # fmt: skip
    code = forms.line("code", least=1, most=12).upper()
    if not _CODE.fullmatch(code):
        forms.refuse("code", _("Letters, digits and hyphens only."))
    begins = forms.day("valid_from") if text_field("valid_from") else None
    return PlanDraft(code=code, name=forms.line("name", least=1, most=80), terms=terms, valid_from=begins)


def _count(text: str) -> int:
    if not _COUNT.fullmatch(text):
        raise forms.TypedWrongly(_("A whole number is expected."))
    return int(text)


def _page(refusal: Refusal | None) -> str:
    today = today_ist()
    purities = [("", _("No grams")), *((f"{p.metal}-{p.fineness}", p.label) for p in rates.list_purities(today))]
    return show(
        "scheme_plans.html", "schemes", plans=shop_read(schemes.list_plans), refusal=refusal, today=today,
        typed=forms.typed(), key=form_key(), saved=request.args.get("saved", ""), purities=purities,
        instalments=[(kind, _(name)) for kind, name in INSTALMENTS],
        bonuses=[(kind, _(name)) for kind, name in BONUSES], bonus_names={kind: _(name) for kind, name in BONUSES},
    )  # fmt: skip
