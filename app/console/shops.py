"""Owns the console's pages of shops: the list with the figures, opening one, one with its plan, home and people."""

from __future__ import annotations

import datetime as dt
from typing import Any

import marshmallow as ma
from flask import Response, request, url_for

from app.amc import service as amc
from app.amc.service import ContractView
from app.console import figures as counted
from app.console import service
from app.console.frame import identity, oneself, pages, shop_id_of, show
from app.console.schemas import NewShopIn
from app.kit.clock import today_ist
from app.kit.http import control_read, control_write, runtime, vendor_admin
from app.kit.locale import LANGUAGES
from app.kit.pages import Refusal, form_key, go_to, text_field, try_form
from app.kit.schemas import InvalidInput, flat
from app.kit.texts import _
from app.tax.states import list_states
from app.tenants import service as tenants
from app.tenants.service import NewShop, OpenedShop
from shard_router import ControlSession, DirectoryUnavailable, UnknownShop

FIELDS = (
    "name", "legal_name", "name_local", "state_code", "gstin", "address", "city", "pin", "phone", "owner_name",
    "owner_email", "owner_phone", "shard",
)  # fmt: skip
LANGUAGE_NAMES = {"en": "English", "hi": "हिन्दी", "gu": "ગુજરાતી", "mr": "मराठी", "ta": "தமிழ்"}
_NEW_SHOP = NewShopIn()
EXTENSION_DAYS = 14


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

    def work(control: ControlSession) -> tuple[Any, ...]:
        page = service.list_shops(
            control, router, text=text or None, sort="-openedAt", after=request.args.get("after"), limit=50
        )
        return page, amc.read_figures(control), counted.list_parts(control, router.topology.shards)

    page, figures, parts = control_read(work)
    more = url_for("console.shops", q=text or None, after=page.next_cursor) if page.next_cursor else ""
    return show(
        "shops.html", page=page, figures=figures, parts=parts, q=text, next_url=more, paged="after" in request.args
    )


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
    return show("opened.html", opened=tried.result, sign_in_url=runtime().public_url + url_for("account.sign_in"))


@pages.get("/shops/<string:number>")
@vendor_admin
def shop(number: str) -> str:
    return shop_page(shop_id_of(number))


def shop_page(shop_id: int, refused: tuple[str, Refusal] | None = None) -> str:
    """`refused`: which of its forms was sent, and what was wrong with it."""
    router = runtime().router

    def work(control: ControlSession) -> tuple[Any, ...]:
        detail = service.get_shop(control, router, shop_id)
        contracts = amc.list_contracts(control, [shop_id])
        actors = {event.actor_id for event in detail.events if event.actor_id}
        return (
            detail, contracts[0] if contracts else None, tenants.list_staff(control, shop_id),
            tenants.names_of(control, actors),
        )  # fmt: skip

    detail, contract, people, names = control_read(work)
    states = {state.code: state.name for state in list_states(today_ist())}
    act, refusal = refused or ("", None)
    return show(
        "shop.html", shop=detail.shop, events=detail.events, contract=contract, people=people, names=names,
        epoch=_epoch(shop_id), state_name=states.get(detail.shop.state_code, ""), act=act, refusal=refusal,
        typed=dict(request.form.items()), key=form_key(), today=today_ist(), usual=_usual(contract),
        done=_said(request.args.get("done", "")),
    )  # fmt: skip


def _usual(contract: ContractView | None) -> dict[str, dt.date]:
    """What is asked for most: two weeks more; a paid year from the day after the last one."""
    today = today_ist()
    if contract is None:
        return {"ends_on": today, "starts_on": today}
    after = contract.ends_on + dt.timedelta(days=1)
    paid = contract.state is amc.ContractState.ACTIVE
    later = max(contract.ends_on, today) + dt.timedelta(days=EXTENSION_DAYS)
    return {"ends_on": later, "starts_on": after if paid else today}


def _said(act: str) -> str:
    said = {
        "extend": _("The plan is extended: the shop's shard learns of it within a minute."),
        "activate": _("The paid year is entered: the shop trades within a minute."),
    }
    return str(said.get(act, ""))


def _open() -> OpenedShop:
    new = _typed_shop()
    one_time, router, actor_id = identity().sign_ins.passwords.one_time(), runtime().router, oneself()
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
    return show(
        "shop_new.html", refusal=refusal, typed=dict(request.form.items()), key=form_key(), states=states,
        shards=[("", _("By placement")), *((name, name) for name in shards)],
        languages=[(key, LANGUAGE_NAMES[key]) for key in LANGUAGES],
    )  # fmt: skip


def _epoch(shop_id: int) -> int | None:
    try:
        return runtime().router.directory.lookup(shop_id).epoch
    except (UnknownShop, DirectoryUnavailable):
        return None
