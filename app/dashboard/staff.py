"""Owns the pages of the shop's own people: who works here as what, one added, given another role, or taken off."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar
from uuid import UUID

from flask import Response, request, url_for

from app.dashboard import forms
from app.dashboard.frame import pages, show
from app.kit.http import allow, control_read, control_write, runtime, scope, shop_scope
from app.kit.pages import Refusal, Tried, form_key, go_to, try_form, whole_number
from app.kit.texts import N_, _
from app.tenants import service as tenants
from app.tenants.errors import NotWhileActing
from app.tenants.service import Role, StaffView
from shard_router import ControlSession

T = TypeVar("T")

ROLES = {
    Role.OWNER: (N_("Owner"), N_("everything, people and settings among it")),
    Role.MANAGER: (N_("Manager"), N_("everything but people and settings")),
    Role.CLERK: (N_("Clerk"), N_("bills, stock and customers; no discounts, notes, rates or reports")),
    Role.ACCOUNTANT: (
        N_("Accountant"),
        N_("looks at all, issues notes, takes files; enters no piece and no bill"),
    ),
}
"""Name, and in short what the role may do; which rights it has exactly, the dated table of rights says."""

DONE = {
    "role": N_("The role is changed: it holds at once."),
    "signed-out": N_("Everybody who was signed in as this person is signed out."),
    "withdrawn": N_("The invitation is taken back: its code counts no more."),
    "removed": N_("The person no longer belongs to the shop. What they did stays in the books."),
}


@pages.get("/staff", endpoint="staff")
@allow("people.view")
def staff_page() -> str:
    return _list(None)


@pages.post("/staff")
@allow("people.manage")
def add_person() -> str | tuple[str, int]:
    """The code stands in the reply to the form and nowhere else: not stored, not in an address."""
    actor_id = _oneself()
    _found, shop_id = shop_scope()
    tried = try_form(lambda: control_write(lambda control: tenants.invite(
        control, shop_id=shop_id, actor_id=actor_id, **_typed()
    )))  # fmt: skip
    if tried.result is None:
        return _list(forms.beside(tried.refusal, {})), tried.refusal.status if tried.refusal else 422
    return show(
        "staff_given.html", "staff", invited=tried.result, roles=_roles(),
        join_url=runtime().public_url + url_for("account.join"),
    )  # fmt: skip


@pages.get("/staff/<id:person_id>")
@allow("people.view")
def staff_person(person_id: UUID) -> str:
    return _person(person_id, None)


@pages.post("/staff/<id:person_id>/role")
@allow("people.manage")
def change_role(person_id: UUID) -> Response | tuple[str, int]:
    actor_id = _oneself()
    tried = _on_member(lambda control, shop_id: tenants.change_role(
        control, shop_id=shop_id, person_id=person_id, role=Role(forms.one_of("role", [*Role])),
        expected_version=whole_number("version"), actor_id=actor_id,
    ))  # fmt: skip
    return _answer(person_id, tried, url_for("shop_pages.staff_person", person_id=person_id, done="role"))


@pages.post("/staff/<id:person_id>/remove")
@allow("people.manage")
def remove_person(person_id: UUID) -> Response | tuple[str, int]:
    """Who takes off themselves has nothing more to look at here."""
    actor_id = _oneself()
    tried = _on_member(lambda control, shop_id: tenants.remove_member(
        control, shop_id=shop_id, person_id=person_id, actor_id=actor_id
    ))  # fmt: skip
    if person_id == actor_id:
        return _answer(person_id, tried, url_for("account.shops", stay="yes"))
    return _answer(person_id, tried, url_for("shop_pages.staff", done="removed"))


@pages.post("/staff/<id:person_id>/sign-out")
@allow("people.manage")
def sign_out_person(person_id: UUID) -> Response | tuple[str, int]:
    actor_id = _oneself()
    tried = _on_member(lambda control, shop_id: tenants.sign_out_member(
        control, shop_id=shop_id, person_id=person_id, actor_id=actor_id
    ))  # fmt: skip
    return _answer(person_id, tried, url_for("shop_pages.staff_person", person_id=person_id, done="signed-out"))


@pages.post("/staff/invitations/<id:invitation_id>/withdraw")
@allow("people.manage")
def withdraw_invitation(invitation_id: UUID) -> Response:
    actor_id = _oneself()
    _found, shop_id = shop_scope()
    control_write(lambda control: tenants.withdraw_invitation(
        control, shop_id=shop_id, invitation_id=invitation_id, actor_id=actor_id
    ))  # fmt: skip
    return go_to(url_for("shop_pages.staff", done="withdrawn"))


def _on_member(work: Callable[[ControlSession, int], T]) -> Tried[T]:
    _found, shop_id = shop_scope()
    return try_form(lambda: control_write(lambda control: work(control, shop_id)))


def _answer(person_id: UUID, tried: Tried[T], done: str) -> Response | tuple[str, int]:
    """To the address `done`, or the person's page again with why not."""
    if tried.refusal is not None:
        return _person(person_id, tried.refusal), tried.refusal.status
    return go_to(done)


def _typed() -> dict[str, Any]:
    return {
        "email": forms.line("email", least=3, most=254), "name": forms.line("name", least=1, most=120),
        "phone": forms.line_or_none("phone", most=30), "role": Role(forms.one_of("role", [*Role])),
    }  # fmt: skip


def _list(refusal: Refusal | None) -> str:
    _found, shop_id = shop_scope()
    people, invited = control_read(
        lambda control: (tenants.list_staff(control, shop_id), tenants.list_invitations(control, shop_id))
    )
    return show(
        "staff.html", "staff", people=people, invited=invited, refusal=refusal, typed=forms.typed(), key=form_key(),
        roles=_roles(), done=_done(),
    )  # fmt: skip


def _person(person_id: UUID, refusal: Refusal | None) -> str:
    _found, shop_id = shop_scope()
    person = control_read(lambda control: tenants.get_staff(control, shop_id, person_id))
    return show(
        "staff_person.html", "staff", one=person, refusal=refusal, roles=_roles(), done=_done(), key=form_key(),
        role=_role_typed(person), oneself=person_id == scope().principal.person_id,
    )  # fmt: skip


def _role_typed(person: StaffView) -> str:
    return request.form.get("role", person.member.role.value)


def _roles() -> dict[str, tuple[str, str]]:
    return {role.value: (_(name), _(what)) for role, (name, what) in ROLES.items()}


def _done() -> str:
    said = DONE.get(request.args.get("done", ""))
    return str(_(said)) if said else ""


def _oneself() -> UUID:
    """As the API's: people are managed by the person themselves, never by somebody signed in as them."""
    principal = scope().principal
    if principal.acting_for is not None:
        raise NotWhileActing()
    return principal.person_id
