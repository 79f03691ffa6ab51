"""Owns what the console does to a shop's plan and to people: first said in full, then done when asked a second time.

The first sending is carried out and rolled back, so what the second page says will happen is what would have happened.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar
from uuid import UUID

import marshmallow as ma
from flask import Response, request, url_for

from app.amc import service as amc
from app.amc.service import ContractView
from app.console.frame import STANDINGS, oneself, pages, shop_id_of, show
from app.console.schemas import ActivationIn, ExtensionIn, ReasonIn
from app.console.shops import shop_page
from app.kit.http import control_read, control_write, vendor_admin
from app.kit.locale import date, parse_day
from app.kit.money import rupees
from app.kit.pages import Refusal, Tried, form_key, go_to, text_field, try_form
from app.kit.schemas import InvalidInput, flat
from app.kit.texts import _
from app.tenants import service as tenants
from app.tenants.service import PersonStanding
from shard_router import ControlSession

T = TypeVar("T")
SURE = "sure"
DAYS = {"endsOn": "ends_on", "startsOn": "starts_on"}


@dataclass(frozen=True, slots=True)
class Asked:
    """What the second page says: the act, what it will do, and where it is sent to or given up."""

    title: str
    consequences: tuple[str, ...]
    button: str
    back: str


@pages.post("/shops/<string:number>/extension")
@vendor_admin
def extend(number: str) -> str | Response | tuple[str, int]:
    """A later last day of trial or year."""
    return _on_shop(number, "extend", _("Extend"), lambda control, shop_id, actor_id: amc.extend_contract(
        control, shop_id=shop_id, actor_id=actor_id, **_typed(ExtensionIn(), day="ends_on")
    ))  # fmt: skip


@pages.post("/shops/<string:number>/activation")
@vendor_admin
def activate(number: str) -> str | Response | tuple[str, int]:
    """A paid year from a day on."""
    button = _("Begin the paid year")
    return _on_shop(number, "activate", button, lambda control, shop_id, actor_id: amc.activate_contract(
        control, shop_id=shop_id, actor_id=actor_id, **_typed(ActivationIn(), day="starts_on")
    ))  # fmt: skip


@pages.get("/people/<id:person_id>")
@vendor_admin
def person(person_id: UUID) -> str:
    return _person_page(person_id, None)


@pages.post("/people/<id:person_id>/disabling")
@vendor_admin
def disable(person_id: UUID) -> str | Response | tuple[str, int]:
    """Signed out everywhere, let in nowhere."""
    return _on_person(person_id, lambda control, actor_id: tenants.disable_person(
        control, person_id=person_id, actor_id=actor_id, **_typed(ReasonIn())
    ), disabling=True)  # fmt: skip


@pages.post("/people/<id:person_id>/enabling")
@vendor_admin
def enable(person_id: UUID) -> str | Response | tuple[str, int]:
    return _on_person(person_id, lambda control, actor_id: tenants.enable_person(
        control, person_id=person_id, actor_id=actor_id, **_typed(ReasonIn())
    ), disabling=False)  # fmt: skip


# ---------------------------------------------------------------- twice


def _tried(work: Callable[[ControlSession], T]) -> Tried[T]:
    """Asked once: tried out and rolled back. Asked again: done."""
    tried = try_form(lambda: control_write(work) if request.form.get(SURE) == "yes" else control_read(work))
    if tried.refusal is None:
        return tried
    fields = {DAYS.get(name, name): wrong for name, wrong in tried.refusal.fields.items()}
    return Tried(None, tried.refusal._replace(fields=fields))


def _second_page(asked: Asked) -> str:
    carried = [(name, value) for name, value in request.form.items() if name not in (SURE, "csrf_token")]
    return show("sure.html", asked=asked, carried=carried, sure=SURE, place="shops")


def _on_shop(
    number: str, act: str, button: str, work: Callable[[ControlSession, int, UUID], ContractView]
) -> str | Response | tuple[str, int]:
    shop_id, actor_id = shop_id_of(number), oneself()
    tried = _tried(lambda control: work(control, shop_id, actor_id))
    return _answer_shop(shop_id, act, tried, button)


def _answer_shop(shop_id: int, act: str, tried: Tried[ContractView], button: str) -> str | Response | tuple[str, int]:
    if tried.refusal is not None and tried.refusal.code != "already_sent":
        return shop_page(shop_id, refused=(act, tried.refusal)), tried.refusal.status
    if tried.result is None or request.form.get(SURE) == "yes":
        return go_to(url_for("console.shop", number=shop_id, done=act))
    before = control_read(lambda control: amc.get_contract(control, shop_id))
    back = url_for("console.shop", number=shop_id)
    name = control_read(lambda control: tenants.get_shop(control, shop_id)).name
    title = _("Extend the plan of %(name)s?", name=name)
    if act == "activate":
        title = _("Begin a paid year of %(name)s?", name=name)
    says = _contract_says(before, tried.result, year=act == "activate")
    return _second_page(Asked(str(title), tuple(says), str(button), back))


def _contract_says(before: ContractView, after: ContractView, *, year: bool) -> list[str]:
    """What differs; of a paid year also which one it is."""
    last = date(after.ends_on)
    if before.version == after.version:
        return [str(_("Nothing: this paid year is in force already, and its last day stays %(last)s.", last=last))]
    stood, stands = (_(STANDINGS[one.entitlement.state.value][0]) for one in (before, after))
    said = [
        _("The last day moves from %(before)s to %(after)s.", before=date(before.ends_on), after=last),
        _("The shop stands as “%(before)s” now, and as “%(after)s” then.", before=stood, after=stands),
    ]
    if year:
        said.insert(0, _("The paid year that counts begins on %(first)s.", first=date(after.starts_on)))
    if after.state is amc.ContractState.ACTIVE and before.state is not after.state:
        said.append(_("It counts as paid from then on: %(price)s a year.", price=rupees(after.annual_price_paise)))
    said.append(_("Its shard learns of it within a minute. The reason and your name stand in its history for ever."))
    return [str(one) for one in said]


def _on_person(
    person_id: UUID, work: Callable[[ControlSession, UUID], PersonStanding], *, disabling: bool
) -> str | Response | tuple[str, int]:
    actor_id = oneself()
    return _answer_person(person_id, _tried(lambda control: work(control, actor_id)), disabling=disabling)


def _answer_person(
    person_id: UUID, tried: Tried[PersonStanding], *, disabling: bool
) -> str | Response | tuple[str, int]:
    if tried.refusal is not None and tried.refusal.code != "already_sent":
        return _person_page(person_id, tried.refusal), tried.refusal.status
    if tried.result is None or request.form.get(SURE) == "yes":
        return go_to(url_for("console.person", person_id=person_id, done="disabled" if disabling else "enabled"))
    found, back = tried.result, url_for("console.person", person_id=person_id)
    if disabling:
        return _second_page(Asked(
            _("Disable %(name)s?", name=found.person.name), tuple(_disabling_says(found)), _("Disable"), back
        ))  # fmt: skip
    says = (_("%(name)s may sign in again, with the password that they had.", name=found.person.name),)
    return _second_page(Asked(_("Enable %(name)s?", name=found.person.name), says, _("Enable"), back))


def _disabling_says(found: PersonStanding) -> list[str]:
    shops = ", ".join(one.shop_name for one in found.memberships)
    said = [
        _("Every sign-in of %(email)s ends, on every device, within a minute.", email=found.person.email),
        _("Nobody can sign in with this e-mail until the person is enabled again."),
        _("It holds in these shops: %(shops)s.", shops=shops) if shops else _("They belong to no shop."),
        _("What they did stays, and so do their roles."),
    ]
    return [str(one) for one in said]


def _person_page(person_id: UUID, refusal: Refusal | None) -> str:
    found = control_read(lambda control: tenants.get_standing(control, person_id))
    said = {"disabled": _("Disabled: every sign-in has ended."), "enabled": _("Enabled: they may sign in again.")}
    return show(
        "person.html", found=found, refusal=refusal, key=form_key(), done=said.get(request.args.get("done", "")),
        reason=text_field("reason"), oneself=person_id == oneself(), place="shops",
    )  # fmt: skip


# ---------------------------------------------------------------- what was typed


def _typed(schema: ma.Schema, *, day: str | None = None) -> dict[str, Any]:
    """By the same rules as the API; a date as India writes it. Raises InvalidInput with the form's field names."""
    body: dict[str, Any] = {"reason": text_field("reason")}
    if day is not None:
        found = parse_day(text_field(day))
        if found is None:
            raise InvalidInput(fields={day: _("A date like 01-04-2026 is expected.")})
        body[schema.fields[day].data_key or day] = found.isoformat()
    try:
        loaded: dict[str, Any] = schema.load(body)
    except ma.ValidationError as error:
        raise InvalidInput(action=_("Correct the fields that are marked."), fields=dict(flat(error.messages))) from None
    return loaded
