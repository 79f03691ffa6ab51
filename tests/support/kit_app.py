"""Owns a small application for the kit's own tests: real router, Redis and MySQL, a toy domain, people from a table."""

import dataclasses
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast
from uuid import UUID

from flask import Flask, Request
from flask.testing import FlaskClient
from marshmallow import fields
from sqlalchemy import func, select

from app.adapters.inline_queue import InlineQueue
from app.kit import access, audit, flaskapp, idempotency, openapi, paging
from app.kit.assets import Assets
from app.kit.blueprints import ApiBlueprint
from app.kit.cache import ShopCache
from app.kit.errors import NotFound, PreconditionFailed
from app.kit.health import health
from app.kit.http import (
    allow,
    api_blueprint,
    console_blueprint,
    control_read,
    control_write,
    expected_version,
    page_blueprint,
    platform_blueprint,
    public,
    rate_limit,
    shop_read,
    shop_write,
    signed_in,
    takes_upload,
    vendor_admin,
)
from app.kit.ids import new_id
from app.kit.limits import Limits, Rate
from app.kit.metrics import Metrics
from app.kit.models import AuditEntry, ControlJob
from app.kit.outbox import enqueue, enqueue_control
from app.kit.paging import Orders, Page, PageArgs, page_of
from app.kit.ports import CacheStore, EntitlementState, EntitlementView, Membership, Principal
from app.kit.runtime import Runtime
from app.kit.schemas import ApiSchema, Day, Flag, IdField, Moment, Paise, Text, Whole
from app.kit.security import Policy
from app.kit.signing import LinkSigner, TextSigner
from app.tenants.models import Till
from shard_router import Router, ShopSession
from tests.support.shops import OpenedShop

KEY = b"a key of the tests, 32 bytes long"
SIDE = "http://side.test"
RIGHTS = frozenset(("toy.make", "toy.view"))


# ---------------------------------------------------------------- people, from a table


@dataclass
class TablePeople:
    """An Identity: `Bearer <person id>`, or the cookie `who`; shops and rights as the test enters them."""

    people: dict[UUID, Principal] = field(default_factory=dict)
    members: dict[tuple[UUID, int], Membership] = field(default_factory=dict)
    slugs: dict[str, int] = field(default_factory=dict)

    def authenticate(self, request: Request) -> Principal | None:
        header = request.headers.get("Authorization", "").removeprefix("Bearer ")
        text, via = (header, "header") if header else (request.cookies.get("who", ""), "cookie")
        try:
            found = self.people.get(UUID(text))
        except ValueError:
            return None
        return dataclasses.replace(found, via=via) if found else None

    def rights(self, principal: Principal, shop_id: int) -> Membership | None:
        return self.members.get((principal.person_id, shop_id))

    def still_counts(self, principal: Principal, shop_id: int) -> bool:
        return (principal.person_id, shop_id) in self.members

    def shop_of_slug(self, slug: str) -> int | None:
        return self.slugs.get(slug)

    def enter(self, name: str, shops: dict[int, frozenset[str]], **more: Any) -> Principal:
        person = Principal(new_id(), name, more.pop("audience", "shop"), 1, **more)
        self.people[person.person_id] = person
        for shop_id, rights in shops.items():
            self.members[person.person_id, shop_id] = Membership("clerk", rights)
        return person


@dataclass
class TablePlans:
    """An EntitlementCheck: everybody trades but the shops named."""

    ended: set[int] = field(default_factory=set)

    def may_trade(self, shop_id: int) -> EntitlementView:
        return EntitlementView(EntitlementState.READ_ONLY if shop_id in self.ended else EntitlementState.ACTIVE)


# ---------------------------------------------------------------- a toy domain: notes in the audit chain, tills


class NoSuchTill(NotFound):
    """The toy shop of the kit's tests has no such till."""


class TillChanged(PreconditionFailed):
    """Somebody changed the toy till meanwhile."""


class LineIn(ApiSchema):
    net_mg = Whole(required=True, least=1)


class NoteIn(ApiSchema):
    text = Text(required=True, least=1, most=20)
    amount_paise = Paise(load_default=0)
    on = Day(load_default=None)
    at = Moment(load_default=None)
    loud = Flag(load_default=False)
    item_id = IdField(load_default=None)


class WholeNoteIn(NoteIn):
    lines = fields.List(fields.Nested(LineIn), load_default=list)


class NoteOut(ApiSchema):
    id = IdField()
    text = Text()


class TillOut(ApiSchema):
    id = IdField()
    code = Text()
    name = Text()
    version = Whole()


class TillIn(ApiSchema):
    name = Text(required=True, most=60)


class TillArgs(PageArgs):
    code = Text(most=4, load_default=None)


@dataclass(frozen=True)
class Note:
    id: UUID
    text: str


TILL_ORDERS = Orders(tie=Till.id, default="code", code=Till.code, name=Till.name, version=Till.version)


def make_note(db: ShopSession, *, text: str) -> Note:
    note = Note(new_id(), text)
    enqueue(db, "tests.toy")
    audit.record(db, "toy.made", note.id, {"text": text})
    return note


def make_note_hot(db: ShopSession, *, claim: idempotency.Claim, text: str) -> Note:
    """Claim, then the chain's head and the entry, as the hot write does it."""
    note = Note(new_id(), text)
    db.run_packet([idempotency.bind_claim(claim, subject_id=note.id)])
    audit.record(db, "toy.made", note.id, {"text": text})
    return note


def find_note(db: ShopSession, note_id: UUID) -> Note:
    entry = db.scalars(select(AuditEntry).where(AuditEntry.subject_id == note_id)).one()
    import orjson

    return Note(note_id, orjson.loads(entry.body)["facts"]["text"])


def count_notes(db: ShopSession) -> int:
    return db.scalars(select(func.count()).select_from(AuditEntry).where(AuditEntry.action == "toy.made")).one()


def get_till(db: ShopSession, till_id: UUID) -> Till:
    found = db.scalars(select(Till).where(Till.id == till_id)).one_or_none()
    if found is None:
        raise NoSuchTill()
    return found


def rename_till(db: ShopSession, till_id: UUID, *, name: str, version: int) -> Till:
    till = get_till(db, till_id)
    if till.version != version:
        raise TillChanged()
    till.name, till.version = name, version + 1
    db.flush()
    return till


def list_tills(db: ShopSession, args: dict[str, Any]) -> Page[Till]:
    statement = paging.only(select(Till), [(Till.code, args["code"])])
    return paging.page(db, statement, orders=TILL_ORDERS, sort=args["sort"], after=args["after"], limit=args["limit"])


# ---------------------------------------------------------------- its routes


def toy_blueprints() -> list[ApiBlueprint]:
    """Made anew for each application."""
    return [note_routes(), till_routes(), own_routes(), job_routes()]


def note_routes() -> ApiBlueprint:
    notes = api_blueprint("notes", "/notes")

    @notes.post("/")
    @allow("toy.make", entitled=True)
    @notes.arguments(WholeNoteIn)
    @notes.response(201, NoteOut)
    def make(body: dict[str, Any], shop_id: int) -> Note:
        return shop_write(lambda db: make_note(db, text=body["text"]))

    @notes.post("/hot")
    @allow("toy.make", entitled=True)
    @notes.arguments(WholeNoteIn)
    @notes.response(201, NoteOut)
    def make_hot(body: dict[str, Any], shop_id: int) -> Note:
        claim = cast(idempotency.Claim, idempotency.claim_facts())
        return shop_write(lambda db: make_note_hot(db, claim=claim, text=body["text"]), hot=True, rebuild=find_note)

    @notes.get("/count")
    @allow("toy.view")
    def count(shop_id: int) -> dict[str, int]:
        return {"count": shop_read(count_notes)}

    @notes.get("/broken")
    @allow("toy.view")
    def broken(shop_id: int) -> None:
        raise ZeroDivisionError("secret detail")

    @notes.post("/file")
    @allow("toy.make")
    @takes_upload(max_bytes=2_000_000, content_types=("image/*",))
    @notes.response(200)
    def send_file(shop_id: int) -> dict[str, int]:
        from flask import request

        return {"bytes": len(request.get_data())}

    return notes


def till_routes() -> ApiBlueprint:
    tills = api_blueprint("tills", "/tills")

    @tills.get("/")
    @allow("toy.view")
    @tills.arguments(TillArgs, location="query")
    @tills.response(200, page_of(TillOut))
    def all_tills(args: dict[str, Any], shop_id: int) -> Page[Till]:
        return shop_read(lambda db: list_tills(db, args))

    @tills.get("/<id:till_id>")
    @allow("toy.view")
    @tills.response(200, TillOut)
    def one_till(shop_id: int, till_id: UUID) -> Till:
        return shop_read(lambda db: get_till(db, till_id))

    @tills.patch("/<id:till_id>")
    @allow("toy.make")
    @tills.arguments(TillIn)
    @tills.response(200, TillOut)
    def change_till(body: dict[str, Any], shop_id: int, till_id: UUID) -> Till:
        return shop_write(lambda db: rename_till(db, till_id, **body, version=expected_version()))

    return tills


def own_routes() -> ApiBlueprint:
    me = platform_blueprint("me", "/me")

    @me.get("/")
    @signed_in
    def who() -> dict[str, str]:
        return {"name": access.scope().principal.name}

    @me.post("/try")
    @public
    @rate_limit("3/minute")
    def try_it() -> dict[str, bool]:
        return {"ok": True}

    return me


def job_routes() -> ApiBlueprint:
    jobs = console_blueprint("jobs", "/jobs")

    @jobs.post("/")
    @vendor_admin
    @jobs.arguments(NoteIn)
    @jobs.response(201, NoteOut)
    def ask(body: dict[str, Any]) -> Note:
        return control_write(
            lambda c: Note(enqueue_control(c, "tests.toy", params={"text": body["text"]}), body["text"])
        )

    @jobs.get("/count")
    @vendor_admin
    def count_jobs() -> dict[str, int]:
        count = select(func.count()).select_from(ControlJob).where(ControlJob.job == "tests.toy")
        return {"count": control_read(lambda c: c.scalars(count).one())}

    return jobs


def toy_pages() -> Any:
    from flask import redirect, render_template_string, request

    pages = page_blueprint("notes", "/notes", module=__name__)

    @pages.get("/new")
    @allow("toy.make")
    def form() -> str:
        return render_template_string("<form>{{ csrf_token() }}</form>{{ url_for('notes_pages.form') }}")

    @pages.post("/")
    @allow("toy.make", entitled=True)
    def send() -> Any:
        note = shop_write(lambda db: make_note(db, text=request.form["text"]), rebuild=find_note)
        return redirect(f"/made/{note.id}")

    return pages


# ---------------------------------------------------------------- the whole


@dataclass
class ToyApp:
    """The application with the parts that a test turns."""

    app: Flask
    parts: Runtime
    people: TablePeople
    plans: TablePlans

    def client(self) -> FlaskClient:
        return self.app.test_client()

    def member(self, shop: OpenedShop, rights: frozenset[str] = RIGHTS, **more: Any) -> dict[str, str]:
        """Headers of somebody who works in this shop."""
        person = self.people.enter("Bina", {shop.shop_id: rights}, **more)
        self.people.slugs[shop.slug] = shop.shop_id
        return {"Authorization": f"Bearer {person.person_id}"}

    @contextmanager
    def signed_in_pages(self, shop: OpenedShop) -> Iterator[FlaskClient]:
        headers = self.member(shop)
        client = self.client()
        client.set_cookie("who", headers["Authorization"].removeprefix("Bearer "), domain="localhost")
        yield client


def toy_app(router: Router, store: CacheStore, folder: Path, **changes: Any) -> ToyApp:
    people, plans, metrics = TablePeople(), TablePlans(), Metrics()
    prefix = changes.pop("prefix", "toy:")
    parts = Runtime(
        router=router,
        cache=ShopCache(store, prefix=prefix, count=lambda outcome: metrics.cache_reads.labels(outcome).inc()),
        cache_store=store, identity=people, entitlement=plans, store=cast(Any, None), queue=InlineQueue(),
        links=LinkSigner(KEY), signer=TextSigner(KEY), keyring=cast(Any, None), metrics=metrics,
        public_url="http://localhost", side_url=SIDE, version="test",
    )  # fmt: skip
    policy = Policy.of(side_url=SIDE, https=changes.pop("https", False), cors_origins=("http://friend.test",))
    rates = Limits(
        store, client=Rate.parse(changes.pop("client", "0/minute")), shop=Rate.parse(changes.pop("shop", "0/minute"))
    )
    app = flaskapp.bare_app("web", parts, secret=KEY, policy=policy, rates=rates, asset_files=Assets(folder), proxies=0)
    api = openapi.begin(app)
    for blueprint in toy_blueprints():
        api.register_blueprint(blueprint)
    app.register_blueprint(health)
    app.register_blueprint(toy_pages())
    openapi.install(app, api)
    access.check_declared(app)
    assert not changes, changes
    return ToyApp(app, parts, people, plans)
