"""Owns the page of the shop's settings: its names, registration, outlets and tills, one form each, one version for all.

Who saves has seen all of it: a form that was open while somebody else saved another is told so, with who and when.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from flask import Response, request, url_for

from app.dashboard import forms, meanwhile
from app.dashboard.frame import forget_facts, may, pages, show
from app.kit.clock import today_ist
from app.kit.http import allow, runtime, shop_read, shop_scope, shop_write
from app.kit.locale import LANGUAGES
from app.kit.pages import Refusal, form_key, go_to, try_form, whole_number
from app.kit.ports import Bucket
from app.kit.texts import N_, _
from app.printing.logos import logo_key
from app.tax.states import list_states
from app.tenants import service as tenants
from app.tenants.errors import PlaceUnknown
from app.tenants.service import OutletView, ProfileView, RegistrationView, TillView
from shard_router import ShopSession

LANGUAGE_NAMES = {"en": "English", "hi": "हिन्दी", "gu": "ગુજરાતી", "mr": "मराठी", "ta": "தமிழ்"}
BASES = (("fineness", N_("by fineness (916/1000)")), ("karat", N_("by karat (22/24)")))
SAVED = {
    "profile": N_("The shop's profile is saved."), "registration": N_("The registration is saved."),
    "outlet": N_("The outlet is saved."), "till": N_("The till is saved."),
    "logo": N_("The logo is on every bill from the next one on."), "no_logo": N_("Bills have no logo from now on."),
}  # fmt: skip
ACTIONS = (
    "shop.profile_changed", "shop.logo_changed", "registration.changed", "outlet.changed", "outlet.added", "till.added",
    "till.renamed",
)  # fmt: skip
NEW_TILL, NEW_OUTLET = "new-till", "new-outlet"


@pages.get("/settings", endpoint="settings")
@allow("settings.view")
def settings_page() -> str:
    return _page("", None)


@pages.post("/settings")
@allow("settings.edit")
def save_profile() -> Response | tuple[str, int]:
    return _saved("profile", "profile", lambda db: tenants.change_shop_profile(
        db, expected_version=whole_number("version"), changes=_profile_typed()
    ))  # fmt: skip


@pages.post("/settings/registrations/<id:registration_id>")
@allow("settings.edit")
def save_registration(registration_id: UUID) -> Response | tuple[str, int]:
    return _saved("registration", str(registration_id), lambda db: tenants.change_registration(
        db, registration_id=registration_id, expected_version=whole_number("version"), changes=_registration_typed()
    ))  # fmt: skip


@pages.post("/settings/outlets/<id:outlet_id>")
@allow("settings.edit")
def save_outlet(outlet_id: UUID) -> Response | tuple[str, int]:
    return _saved("outlet", str(outlet_id), lambda db: tenants.change_outlet(
        db, outlet_id=outlet_id, expected_version=whole_number("version"), changes=_outlet_typed()
    ))  # fmt: skip


@pages.post("/settings/registrations/<id:registration_id>/outlets")
@allow("settings.edit")
def add_outlet(registration_id: UUID) -> Response | tuple[str, int]:
    return _saved("outlet", f"{NEW_OUTLET}-{registration_id}", lambda db: tenants.add_outlet(
        db, registration_id=registration_id, expected_version=whole_number("version"), facts=_outlet_typed(),
        till_code=forms.line("till_code", least=1, most=4),
    ))  # fmt: skip


@pages.post("/settings/tills/<id:till_id>")
@allow("settings.edit")
def rename_till(till_id: UUID) -> Response | tuple[str, int]:
    return _saved("till", str(till_id), lambda db: tenants.rename_till(
        db, till_id=till_id, expected_version=whole_number("version"), name=forms.line("name", least=1, most=60)
    ))  # fmt: skip


@pages.post("/settings/outlets/<id:outlet_id>/tills")
@allow("settings.edit")
def add_till(outlet_id: UUID) -> Response | tuple[str, int]:
    return _saved("till", f"{NEW_TILL}-{outlet_id}", lambda db: tenants.add_till(
        db, outlet_id=outlet_id, expected_version=whole_number("version"), code=forms.line("code", least=1, most=4),
        name=forms.line("name", least=1, most=60),
    ))  # fmt: skip


def _saved(what: str, form: str, work: Callable[[ShopSession], ProfileView]) -> Response | tuple[str, int]:
    return attempted(what, form, lambda: shop_write(work))


def attempted(what: str, form: str, work: Callable[[], ProfileView]) -> Response | tuple[str, int]:
    """`form` names the one of the page's forms that was sent: a refusal is shown in it."""
    tried = try_form(work)
    if tried.refusal is None or tried.refusal.code == "already_sent":
        forget_facts()
        return go_to(url_for("shop_pages.settings", saved=what))
    return _page(form, forms.beside(tried.refusal, {"tillCode": "till_code"})), tried.refusal.status


# ---------------------------------------------------------------- what was typed


def _profile_typed() -> dict[str, Any]:
    return {
        "name": forms.line("name", least=1, most=120), "legal_name": forms.line("legal_name", least=1, most=120),
        "name_local": forms.line_or_none("name_local", most=120), "phone": forms.line_or_none("phone", most=30),
        "locale": forms.one_of("locale", LANGUAGES), "rate_basis": forms.one_of("rate_basis", dict(BASES)),
    }  # fmt: skip


def _registration_typed() -> dict[str, Any]:
    return {
        "gstin": forms.line_or_none("gstin", most=20), "legal_name": forms.line("legal_name", least=1, most=120),
        "composition": request.form.get("composition") == "yes",
    }  # fmt: skip


def _outlet_typed() -> dict[str, Any]:
    return {
        "name": forms.line("name", least=1, most=120), "address": forms.line("address", least=1, most=300),
        "city": forms.line("city", least=1, most=80), "pin": forms.line("pin", least=6, most=6),
        "bis_registration": forms.line_or_none("bis_registration", most=30),
    }  # fmt: skip


# ---------------------------------------------------------------- what is shown


def _page(sent: str, refusal: Refusal | None) -> str:
    """`sent`: the form that the refusal belongs to, and that keeps what was typed in it."""
    profile = shop_read(tenants.get_profile)
    values = _values(profile)
    typed = forms.typed()
    if sent:
        if sent not in values:
            raise PlaceUnknown()
        refusal = meanwhile.explained(refusal, actions=ACTIONS, now=values[sent], typed=typed)
        values[sent] = {name: typed.get(name, "") for name in values[sent]}
    today = today_ist()
    said = SAVED.get(request.args.get("saved", ""))
    return show(
        "settings.html", "settings", profile=profile, values=values, sent=sent, refusal=refusal, key=form_key(),
        saved=_(said) if said else "", editable=may("settings.edit"), bases=[(key, _(text)) for key, text in BASES],
        languages=[(key, LANGUAGE_NAMES[key]) for key in LANGUAGES], new_till=NEW_TILL, new_outlet=NEW_OUTLET,
        states={state.code: state.name for state in list_states(today)}, logo_url=_logo_url(profile),
    )  # fmt: skip


def _logo_url(profile: ProfileView) -> str:
    _found, shop_id = shop_scope()
    store = runtime().store
    return store.public_url(Bucket.SHOP_LOGOS, logo_key(shop_id, profile.logo)) if profile.logo else ""


def _values(profile: ProfileView) -> dict[str, dict[str, str]]:
    """Form → field → what is there now."""
    rows: tuple[RegistrationView | OutletView | TillView, ...] = (
        *profile.registrations, *profile.outlets, *profile.tills,
    )  # fmt: skip
    fields = ("name", "legal_name", "name_local", "phone", "locale", "rate_basis")
    return {
        "profile": {name: getattr(profile, name) or "" for name in fields},
        "logo": {},
        **{str(row.id): _row_values(row) for row in rows},
        **{f"{NEW_TILL}-{outlet.id}": {"code": "", "name": ""} for outlet in profile.outlets},
        **{f"{NEW_OUTLET}-{one.id}": dict.fromkeys(_NEW_PLACE, "") for one in profile.registrations},
    }


_NEW_PLACE = ("name", "address", "city", "pin", "bis_registration", "till_code")


def _row_values(row: RegistrationView | OutletView | TillView) -> dict[str, str]:
    if isinstance(row, RegistrationView):
        return {
            "gstin": row.gstin or "", "legal_name": row.legal_name, "composition": "yes" if row.composition else "",
        }  # fmt: skip
    if isinstance(row, OutletView):
        return {
            "name": row.name, "address": row.address, "city": row.city, "pin": row.pin,
            "bis_registration": row.bis_registration or "",
        }  # fmt: skip
    return {"name": row.name}
