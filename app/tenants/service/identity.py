"""Owns who a request is from and what they may do in a shop, with the control plane there or gone.

Order of asking: this process (25 s) → Redis (25 s more) → control plane → the shop's own shard. So a right taken away,
or a sign-out everywhere, holds at once here and within 60 s everywhere. What breaks the promise: with control plane and
Redis both gone, a shard that has not been told yet (its push waits in the control plane's outbox) still says the old.
"""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

import orjson
from flask import Request
from sqlalchemy.orm import Session

from app.kit.clock import today_ist, utc_now
from app.kit.ports import Audience, CacheStore, Carrier, Membership, Principal
from app.tenants.errors import ShopBeingPrepared, SignedOut
from app.tenants.repository import keys as sessions
from app.tenants.repository import people as repository
from app.tenants.repository import shops
from app.tenants.service.changes import REMEMBERERS
from app.tenants.service.cookies import CONSOLE_COOKIE, SHOP_COOKIE, is_console
from app.tenants.service.projections import find_member
from app.tenants.service.reaching import ControlGone, ControlLine
from app.tenants.service.remembered import Remembered
from app.tenants.service.sign_in import SignIns
from app.tenants.service.tokens import Claims
from shard_router import Actor, ControlSession, Mode, ReplicaLost, Router, ShopMoved, UnknownShop

SLUGS = "slugs"
BEARER = "bearer "
RETRY = {"Retry-After": "3"}


@dataclass(frozen=True, slots=True)
class PersonState:
    """What decides whether a person's tokens count."""

    session_version: int
    disabled: bool
    name: str
    locale: str
    ended: frozenset[UUID]


@dataclass(frozen=True, slots=True)
class Standing:
    """What a person is in a shop, with the session version that this was true for."""

    role: str
    rights: frozenset[str]
    session_version: int
    ready: bool


class TenantIdentity:
    """The kit's `Identity`, over people, memberships and their projections."""

    def __init__(
        self, *, router: Router, line: ControlLine, cache_store: CacheStore, sign_ins: SignIns, prefix: str
    ) -> None:
        self.sign_ins = sign_ins
        self._router = router
        self._line = line
        self._people = Remembered(cache_store, f"{prefix}person:", write=_write_person, read=_read_person)
        self._standings = Remembered(cache_store, f"{prefix}standing:", write=_write_standing, read=_read_standing)
        self._slugs: dict[str, int] = {}
        router.directory.register(SLUGS, slug_map)
        REMEMBERERS.add(self)

    def authenticate(self, request: Request) -> Principal | None:
        claims = self.claims(request)
        if claims is None:
            return None
        state = self._person_state(claims.person_id)
        if state is not None and not _counts(state, claims.session_version, claims.token_id):
            return None
        return Principal(
            person_id=claims.person_id, name=state.name if state else claims.name, audience=claims.audience,
            session_version=claims.session_version, acting_for=claims.acting_for, read_only=claims.read_only,
            via=_carrier(request), locale=state.locale if state else "", token_id=claims.token_id,
        )  # fmt: skip

    def claims(self, request: Request) -> Claims | None:
        """The verified token of this request, for the face it asks: the API reads the header, pages their cookie."""
        text = _token_of(request)
        claims = self.sign_ins.tokens.verify(text) if text else None
        return claims if claims is not None and claims.audience == audience_of(request) else None

    def rights(self, principal: Principal, shop_id: int) -> Membership | None:
        """Raises SignedOut where the shard knows of a newer session, ShopBeingPrepared while the shop has no rows."""
        key = f"{shop_id}:{principal.person_id.hex}"
        standing = self._standings.get(key, lambda: self._standing(principal, shop_id))
        if standing is None:
            return None
        if standing.session_version > principal.session_version:
            raise SignedOut()
        if not standing.ready:
            self._standings.forget(key)
            raise ShopBeingPrepared(headers=RETRY)
        return Membership(standing.role, standing.rights)

    def still_counts(self, principal: Principal, shop_id: int) -> bool:
        """Whether the sign-in and its place in the shop still stand, by Redis or the control plane.

        What breaks the promise: with Redis gone too, what this process remembers; with control gone, the shard.
        """
        state = self._person_state(principal.person_id, past_here=True)
        if state is not None and not _counts(state, principal.session_version, principal.token_id):
            return False
        key = f"{shop_id}:{principal.person_id.hex}"
        standing = self._standings.get(key, lambda: self._standing(principal, shop_id), past_here=True)
        return standing is not None and standing.session_version <= principal.session_version

    def shop_of_slug(self, slug: str) -> int | None:
        """A shop keeps its slug, so what was once found is kept."""
        if (known := self._slugs.get(slug)) is not None:
            return known
        try:
            found = self._line.read(lambda control: shops.find_by_slug(control, slug))
        except ControlGone:
            found = (self._router.directory.section(SLUGS) or {}).get(slug)
        if found is not None:
            self._slugs[slug] = found
        return found

    def forget_person(self, person_id: UUID) -> None:
        """Called after a commit that changed the person: it holds at once in this process."""
        self._people.forget(person_id.hex)
        self._standings.forget_all_here()

    def forget_standing(self, person_id: UUID, shop_id: int) -> None:
        """Called after a commit that changed a membership."""
        self._standings.forget(f"{shop_id}:{person_id.hex}")

    def forget_all_here(self) -> None:
        """As if this process had just started; tests and the rotation of keys use it."""
        self._people.forget_all_here()
        self._standings.forget_all_here()
        self._line.forget()
        self.sign_ins.tokens.forget()

    def _person_state(self, person_id: UUID, *, past_here: bool = False) -> PersonState | None:
        """None while the control plane is gone and nobody remembers: the shard's projection then decides (`rights`)."""
        try:
            state = self._people.get(
                person_id.hex,
                lambda: self._line.read(lambda control: load_state(control, person_id)),
                past_here=past_here,
            )
        except ControlGone:
            return None
        return state or PersonState(0, True, "", "", frozenset())

    def _standing(self, principal: Principal, shop_id: int) -> Standing | None:
        try:
            return self._line.read(lambda control: load_standing(control, principal.person_id, shop_id))
        except ControlGone:
            pass
        return self._standing_on_shard(principal, shop_id)

    def _standing_on_shard(self, principal: Principal, shop_id: int) -> Standing | None:
        actor = Actor(person_id=principal.person_id, name=principal.name)
        try:
            view = self._read_member(actor, shop_id)
        except UnknownShop:
            return None
        if view is None or not view.active:
            return None
        return Standing(view.role, view.rights, view.session_version, ready=True)

    def _read_member(self, actor: Actor, shop_id: int) -> Any:
        assert actor.person_id is not None
        try:
            with self._router.shop(shop_id, actor, mode=Mode.READ) as db:
                return find_member(db, actor.person_id)
        except (ShopMoved, ReplicaLost):
            with self._router.shop(shop_id, actor, mode=Mode.READ) as db:
                return find_member(db, actor.person_id)


def audience_of(request: Request) -> Audience:
    """The console has its own pages, API and tokens; everything else is the shops'."""
    return "console" if is_console(request.path) else "shop"


def load_state(control: ControlSession, person_id: UUID) -> PersonState | None:
    person = repository.find_person(control, person_id)
    if person is None:
        return None
    ended = sessions.list_ended_sessions(control, person_id, utc_now())
    return PersonState(
        person.session_version, person.disabled_at is not None, person.name, person.locale, frozenset(ended)
    )


def load_standing(control: ControlSession, person_id: UUID, shop_id: int) -> Standing | None:
    found = repository.find_standing(control, person_id, shop_id, today_ist())
    if found is None or found.disabled:
        return None
    return Standing(found.role, frozenset(found.rights), found.session_version, found.ready)


def slug_map(control: Session) -> dict[str, int]:
    """The router's snapshot keeps it on disk, so that pages find their shop with the control plane gone."""
    return shops.list_slugs(control)


def _counts(state: PersonState, session_version: int, token_id: UUID | None) -> bool:
    if state.disabled or token_id in state.ended:
        return False
    return session_version == state.session_version


def _token_of(request: Request) -> str | None:
    if request.path.startswith("/api/"):
        header = request.headers.get("Authorization", "")
        return header[len(BEARER) :].strip() if header[: len(BEARER)].lower() == BEARER else None
    return request.cookies.get(CONSOLE_COOKIE if is_console(request.path) else SHOP_COOKIE)


def _carrier(request: Request) -> Carrier:
    return "header" if request.path.startswith("/api/") else "cookie"


def _write_person(state: PersonState) -> bytes:
    return orjson.dumps([
        state.session_version, state.disabled, state.name, state.locale, [str(one) for one in state.ended],
    ])  # fmt: skip


def _read_person(raw: bytes) -> PersonState:
    version, disabled, name, locale, ended = orjson.loads(raw)
    return PersonState(version, disabled, name, locale, frozenset(UUID(one) for one in ended))


def _write_standing(standing: Standing) -> bytes:
    return orjson.dumps([standing.role, sorted(standing.rights), standing.session_version, standing.ready])


def _read_standing(raw: bytes) -> Standing:
    role, rights, version, ready = orjson.loads(raw)
    return Standing(role, frozenset(rights), version, ready)
