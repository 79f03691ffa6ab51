"""Owns who may call what: declared on the view, checked before anything of the request is read."""

from __future__ import annotations

import enum
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar
from uuid import UUID

from flask import Flask, Response, current_app, g, request

from app.kit import idempotency, limits, locale, logs, security, tokens
from app.kit.bodies import bound, check_body, drain, takes_body
from app.kit.errors import AppError, Forbidden, NotFound, PaymentRequired, Unauthorized
from app.kit.ports import Membership, Principal
from app.kit.runtime import Runtime, runtime
from app.kit.schemas import check_no_content
from app.kit.texts import N_, _
from shard_router import Actor, CausalToken

F = TypeVar("F", bound=Callable[..., Any])
BIGGEST_SHOP = 2**63 - 1
_TILL = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
LOOKING = frozenset(("GET", "HEAD", "OPTIONS"))


class ShopUnknown(NotFound):
    """There is no such shop, or none that this person belongs to."""

    default_message = N_("There is no such shop among yours.")


class RightMissing(Forbidden):
    """The person's role in this shop does not include the right that this needs."""

    default_action = N_("Ask the shop's owner for it.")


class LooksOnly(Forbidden):
    """Somebody signed in for another person may look and not change anything, until the owner approves."""

    default_message = N_("In this session you may look, but not change anything.")


class ConsoleOnly(NotFound):
    """The vendor's pages and API are not there for a shop's sign-in."""

    default_message = N_("There is nothing at this address.")


class PlanDoesNotTrade(PaymentRequired):
    """The shop's plan has ended: it may look and export, but not issue."""

    default_message = N_("The shop's plan has ended, so nothing new can be issued.")
    default_action = N_("Renew the plan; everything that is there can be seen and exported.")


class Who(enum.StrEnum):
    PUBLIC = "public"
    SIGNED_IN = "signed in"
    MEMBER = "member with a right"
    VENDOR = "vendor's admin"


@dataclass(frozen=True, slots=True)
class Access:
    """What a view declares of who may call it."""

    who: Who
    right: str = ""
    entitled: bool = False  # only while the shop's plan lets it trade


@dataclass(slots=True)
class Scope:
    """For whom, and in which shop, this request runs."""

    principal: Principal
    actor: Actor
    shop_id: int | None = None
    membership: Membership | None = None
    token: CausalToken | None = None  # newest commit of this shop that this person has seen
    refusal: AppError | None = None  # the plan has ended; raised unless it is the replay of an earlier request


def allow(right: str, *, entitled: bool = False) -> Callable[[F], F]:
    """Only a member of the shop in the address whose role has this right; with `entitled`, only while it may trade."""
    return _declare(Access(Who.MEMBER, right, entitled))


def signed_in(view: F) -> F:
    """Anybody with a valid sign-in; where a shop stands in the address, its members."""
    return _declare(Access(Who.SIGNED_IN))(view)


def vendor_admin(view: F) -> F:
    """Only the vendor's people, by the console's own sign-in."""
    return _declare(Access(Who.VENDOR))(view)


def public(view: F) -> F:
    """Anybody at all."""
    return _declare(Access(Who.PUBLIC))(view)


def _declare(access: Access) -> Callable[[F], F]:
    def declare(view: F) -> F:
        view.access = access  # type: ignore[attr-defined]  # functools.wraps carries it through decorators above
        return view

    return declare


def access_of(view: Callable[..., Any]) -> Access | None:
    return getattr(view, "access", None)


def scope() -> Scope:
    """Of this request; only behind a route that is not public."""
    found: Scope | None = g.get("scope")
    if found is None:
        raise RuntimeError("a public route has no scope")
    return found


def shop_scope() -> tuple[Scope, int]:
    """Scope and shop of this request; only behind a route with a shop in its address."""
    found = scope()
    if found.shop_id is None:
        raise RuntimeError("this route has no shop in its address")
    return found, found.shop_id


def is_api() -> bool:
    return request.path.startswith("/api/")


def install(app: Flask) -> None:
    app.before_request(_admit)


def check_declared(app: Flask) -> None:
    """Called at the end of create_app: a view that does not say who may call it stops the start."""
    silent = sorted(name for name, view in app.view_functions.items() if access_of(view) is None)
    if silent:
        raise RuntimeError(f"these routes do not declare who may call them: {', '.join(silent)}")


def _admit() -> Response | None:
    if request.endpoint is None:
        limits.spend(client=_address())
        drain(request)
        return None
    view = current_app.view_functions[request.endpoint]
    access = access_of(view)
    if access is None:
        raise RuntimeError(f"{request.endpoint} does not declare who may call it")
    bound(request, view)
    try:
        _check(access, view)
    except AppError:
        drain(request)
        raise
    return None


def _check(access: Access, view: Callable[..., Any]) -> None:
    rt = runtime()
    if access.who is Who.PUBLIC:
        if not limits.is_unlimited(view):
            limits.spend(client=_address(), own=limits.limit_of(view))
    else:
        g.scope = _scope(rt, access, view)
    check_body(request, view, api=is_api())
    if not is_api():
        security.check_csrf(view)
    elif request.content_length and request.method not in LOOKING and not takes_body(view):
        check_no_content(request)
    idempotency.check_header(view, api=is_api(), public=access.who is Who.PUBLIC)


def _scope(rt: Runtime, access: Access, view: Callable[..., Any]) -> Scope:
    principal = rt.identity.authenticate(request)
    if principal is not None and is_api() and principal.via != "header":
        principal = None  # the API takes no cookie, so no page elsewhere can make a browser call it
    if principal is None:
        limits.spend(client=_address())
        raise Unauthorized(_("Please sign in."), headers={"WWW-Authenticate": "Bearer"} if is_api() else None)
    locale.prefer(principal.locale)
    logs.bind(person_id=str(principal.person_id))
    try:
        shop_id = _shop_in_address(rt)
        logs.bind(shop_id=shop_id)
        member = _membership(rt, access, principal, shop_id)
    except AppError:
        limits.spend(client=principal.person_id.hex)  # whoever tries shop after shop is counted, and no shop is
        raise
    limits.spend(client=principal.person_id.hex, shop=shop_id, own=limits.limit_of(view))
    if principal.read_only and request.method not in LOOKING:
        raise LooksOnly()
    found = Scope(principal, _actor(principal, member), shop_id, member)
    if shop_id is not None:
        found.token = tokens.incoming(shop_id)
        if access.entitled:
            found.refusal = _plan_refusal(rt, shop_id)
            if found.refusal is not None and not idempotency.is_keyed():
                raise found.refusal
    return found


def _membership(rt: Runtime, access: Access, principal: Principal, shop_id: int | None) -> Membership | None:
    if access.who is Who.VENDOR:
        if principal.audience != "console":
            raise ConsoleOnly()
        return None
    if shop_id is None:
        return None
    member = rt.identity.rights(principal, shop_id) if principal.audience == "shop" else None
    if member is None:
        raise ShopUnknown()
    if access.who is Who.MEMBER and access.right not in member.rights:
        raise RightMissing(_("Your role in this shop does not include “%(right)s”.", right=access.right))
    return member


def _actor(principal: Principal, member: Membership | None) -> Actor:
    return Actor(
        person_id=principal.person_id,
        name=principal.name,
        acting_for=principal.acting_for,
        till_id=_till(),
        request_id=logs.request_id(),
        address=request.remote_addr or "",
        rights=member.rights if member else frozenset(),
    )


def _plan_refusal(rt: Runtime, shop_id: int) -> AppError | None:
    return None if rt.entitlement.may_trade(shop_id).state.may_trade else PlanDoesNotTrade()


def _shop_in_address(rt: Runtime) -> int | None:
    """API addresses carry the number, pages the slug."""
    slug = g.get("shop_slug")
    shop_id = rt.identity.shop_of_slug(slug) if slug is not None else (request.view_args or {}).get("shop_id")
    if slug is not None and shop_id is None:
        raise ShopUnknown()
    if shop_id is not None and not 0 < shop_id <= BIGGEST_SHOP:
        raise ShopUnknown()
    return shop_id


def _till() -> UUID | None:
    text = request.headers.get("X-Till-Id") or request.cookies.get("till") or ""
    return UUID(text) if _TILL.fullmatch(text) else None


def _address() -> str:
    return request.remote_addr or "unknown"
