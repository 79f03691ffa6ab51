"""Owns the console's pages: sign-in with the second factor, the shops, opening one, one with its plan and people."""

from __future__ import annotations

from typing import Any, cast
from uuid import UUID

import marshmallow as ma
import segno
from flask import Blueprint, Response, render_template, request, url_for

from app.amc import service as amc
from app.console import service
from app.console.schemas import NewShopIn
from app.kit.clock import today_ist
from app.kit.http import (
    ShopUnknown,
    control_read,
    control_write,
    public,
    rate_limit,
    runtime,
    scope,
    vendor_admin,
)  # fmt: skip
from app.kit.locale import LANGUAGES
from app.kit.pages import Refusal, form_key, go_to, safe_next, text_field, try_form
from app.kit.schemas import InvalidInput, flat
from app.kit.texts import N_, _
from app.tax.states import list_states
from app.tenants import service as tenants
from app.tenants.service import Enrolment, NewShop, OpenedShop, SignedIn, TenantIdentity
from shard_router import ControlSession, DirectoryUnavailable, UnknownShop

pages = Blueprint("console", __name__, url_prefix="/console")

STANDINGS = {
    "trial": (N_("trial"), "secondary"), "active": (N_("active"), "good"), "grace": (N_("grace"), "warn"),
    "read_only": (N_("read-only"), "bad"), "suspended": (N_("suspended"), "bad"),
}  # fmt: skip
FIELDS = (
    "name", "legal_name", "name_local", "state_code", "gstin", "address", "city", "pin", "phone", "owner_name",
    "owner_email", "owner_phone", "shard",
)  # fmt: skip
LANGUAGE_NAMES = {"en": "English", "hi": "हिन्दी", "gu": "ગુજરાતી", "mr": "मराठी", "ta": "தமிழ்"}
_NEW_SHOP = NewShopIn()


# ---------------------------------------------------------------- sign-in


@pages.route("/sign-in", methods=["GET", "POST"])
@rate_limit("30/minute")
@public
def sign_in() -> str | Response | tuple[str, int]:
    """The first time without a code: then the page shows how to set the second factor up."""
    if request.method == "GET":
        return _sign_in_page()
    tried = try_form(_signed_in, signs_in=True)
    if tried.result is None:
        return _sign_in_page(tried.refusal), tried.refusal.status if tried.refusal else 401
    if tried.result.token is None:
        return _sign_in_page(enrolment=tried.result.enrolment)
    answer = go_to(safe_next(url_for("console.shops")))
    tenants.set_sign_in_cookie(
        answer, tried.result.token.text, audience="console", expires_at=tried.result.token.expires_at, secure=_secure()
    )
    return answer


@pages.post("/sign-out")
@vendor_admin
def sign_out() -> Response:
    claims = _identity().claims(request)
    if claims is not None:
        _identity().sign_ins.sign_out(claims)
    answer = go_to(url_for("console.sign_in"))
    tenants.clear_sign_in_cookie(answer, audience="console", secure=_secure())
    return answer


# ---------------------------------------------------------------- shops


@pages.get("")
@vendor_admin
def front() -> Response:
    return go_to(url_for("console.shops"))


@pages.get("/shops")
@vendor_admin
def shops() -> str:
    """The newest first, with the figures of all contracts."""
    text = request.args.get("q", "").strip()[:60]
    router = runtime().router

    def work(control: ControlSession) -> tuple[Any, Any]:
        page = service.list_shops(
            control, router, text=text or None, sort="-openedAt", after=request.args.get("after"), limit=50
        )
        return page, amc.read_figures(control)

    page, figures = control_read(work)
    more = url_for("console.shops", q=text or None, after=page.next_cursor) if page.next_cursor else ""
    return _show("shops.html", page=page, figures=figures, q=text, next_url=more, paged="after" in request.args)


@pages.route("/shops/new", methods=["GET", "POST"])
@vendor_admin
def new_shop() -> str | tuple[str, int]:
    """The one-time password stands in the reply to the form and nowhere else: not stored, not in an address."""
    if request.method == "GET":
        return _new_page(None)
    tried = try_form(_open)
    if tried.result is None:
        return _new_page(tried.refusal), tried.refusal.status if tried.refusal else 422
    tenants.announce(runtime().router, tried.result)
    return _show("opened.html", opened=tried.result, sign_in_url=runtime().public_url + url_for("account.sign_in"))


@pages.get("/shops/<string:number>")
@vendor_admin
def shop(number: str) -> str:
    shop_id = _shop_id(number)
    router = runtime().router

    def work(control: ControlSession) -> tuple[Any, Any, Any]:
        detail = service.get_shop(control, router, shop_id)
        contracts = amc.list_contracts(control, [shop_id])
        return detail, contracts[0] if contracts else None, tenants.list_people(control, shop_id)

    detail, contract, people = control_read(work)
    states = {state.code: state.name for state in list_states(today_ist())}
    return _show(
        "shop.html", shop=detail.shop, events=detail.events, contract=contract, people=people,
        epoch=_epoch(shop_id), state_name=states.get(detail.shop.state_code, ""),
        names={member.person_id: member.name for member in people},
    )  # fmt: skip


# ---------------------------------------------------------------- what they stand on


def _signed_in() -> SignedIn:
    return _identity().sign_ins.sign_in(
        email=text_field("email"), password=request.form.get("password", ""),
        code=text_field("code").replace(" ", "")[:10], address=request.remote_addr or "unknown", audience="console",
    )  # fmt: skip


def _sign_in_page(refusal: Refusal | None = None, *, enrolment: Enrolment | None = None) -> str:
    code = segno.make(enrolment.uri, error="m").svg_data_uri(scale=5, border=1) if enrolment else ""
    return render_template(
        "console/sign_in.html", refusal=refusal, enrolment=enrolment, picture=code, email=text_field("email"),
        next=request.values.get("next", ""), demo=runtime().demo,
    )  # fmt: skip


def _open() -> OpenedShop:
    new = _typed_shop()
    one_time, router, actor_id = _identity().sign_ins.passwords.one_time(), runtime().router, _actor()
    return control_write(lambda control: amc.open_shop(control, router, new=new, one_time=one_time, actor_id=actor_id))


def _typed_shop() -> NewShop:
    """By the same rules as the API; raises InvalidInput with the form's own field names."""
    given = {name: text_field(name) for name in (*FIELDS, "locale") if text_field(name)}
    given.setdefault("legal_name", given.get("name", ""))
    keys = {name: field.data_key or name for name, field in _NEW_SHOP.fields.items()}
    body: dict[str, Any] = {keys[name]: value for name, value in given.items()}
    body["composition"] = request.form.get("composition") == "yes"
    try:
        return NewShop(**_NEW_SHOP.load(body))
    except ma.ValidationError as error:
        raise InvalidInput(action=_("Correct the fields that are marked."), fields=dict(flat(error.messages))) from None


def _new_page(refusal: Refusal | None) -> str:
    if refusal is not None:
        snake = {field.data_key: name for name, field in _NEW_SHOP.fields.items()}
        refusal = refusal._replace(fields={snake.get(key) or key: wrong for key, wrong in refusal.fields.items()})
        if "email" in refusal.fields:
            refusal.fields["owner_email"] = refusal.fields.pop("email")
    states = [(state.code, f"{state.code} · {state.name}") for state in list_states(today_ist()) if state.registers]
    shards = sorted(runtime().router.topology.shards)
    return _show(
        "shop_new.html", refusal=refusal, typed=dict(request.form.items()), key=form_key(), states=states,
        shards=[("", _("By placement")), *((name, name) for name in shards)],
        languages=[(key, LANGUAGE_NAMES[key]) for key in LANGUAGES],
    )  # fmt: skip


def _show(template: str, **context: Any) -> str:
    return render_template(
        f"console/{template}", person=scope().principal,
        standings={key: (_(name), colour) for key, (name, colour) in STANDINGS.items()}, **context,
    )  # fmt: skip


def _epoch(shop_id: int) -> int | None:
    try:
        return runtime().router.directory.lookup(shop_id).epoch
    except (UnknownShop, DirectoryUnavailable):
        return None


def _shop_id(number: str) -> int:
    """A text that is no number names no shop."""
    if not (number.isascii() and number.isdigit() and len(number) < 19):
        raise ShopUnknown()
    return int(number)


def _actor() -> UUID:
    return scope().principal.person_id


def _identity() -> TenantIdentity:
    return cast(TenantIdentity, runtime().identity)


def _secure() -> bool:
    return runtime().public_url.startswith("https:")
