"""The console's API: the super-admin's sign-in, shops, their people, contracts and moves, shards, sweeps, figures."""

import dataclasses
from typing import Any, cast
from uuid import UUID

from flask import request

from app.amc import service as amc
from app.amc.service import ContractView, Figures
from app.console import homes, relocating, service
from app.console.homes import ShardsView
from app.console.relocating import Asker, MoveView
from app.console.schemas import (
    ActivationIn,
    AdminOut,
    ConsoleSignInIn,
    ConsoleTokenOut,
    ContractOut,
    ExtensionIn,
    FailedJobArgs,
    FailedJobsOut,
    FiguresOut,
    GoOnIn,
    MoveArgs,
    MoveIn,
    MoveOut,
    MovePage,
    NewShopIn,
    OpenedOut,
    PersonStandingOut,
    ReasonIn,
    ShardsOut,
    ShopArgs,
    ShopDetailOut,
    ShopPersonPage,
    ShopRowPage,
    SweepIn,
    SweepOut,
)  # fmt: skip
from app.console.service import AskedSweep, ShopDetail, ShopRow
from app.kit.failed_jobs import FailedJobs, list_failed_jobs
from app.kit.http import (
    ShopUnknown,
    claim_facts,
    console_blueprint,
    control_read,
    control_write,
    public,
    rate_limit,
    runtime,
    scope,
    vendor_admin,
)  # fmt: skip
from app.kit.paging import Page
from app.tenants import service as tenants
from app.tenants.errors import SignedOut
from app.tenants.service import MemberView, NewShop, OpenedShop, PersonStanding, PersonView, SignedIn, TenantIdentity
from shard_router import ControlSession

auth = console_blueprint("auth", "/auth", description="The console's sign-in, with its second factor.")
shops = console_blueprint("shops", "/shops", description="The shops, their plans and where they live.")
people = console_blueprint("people", "/people", description="People, whichever shops they belong to.")
platform = console_blueprint("platform", "/platform", description="Sweeps and figures.")
fleet = console_blueprint("fleet", "", description="Shards, and moves of shops between them.")


# ---------------------------------------------------------------- sign-in


@auth.post("/sign-in")
@rate_limit("30/minute")
@public
@auth.arguments(ConsoleSignInIn)
@auth.response(200, ConsoleTokenOut)
def sign_in(body: dict[str, Any]) -> SignedIn:
    """E-mail, password and code; the first time without a code, to set the second factor up."""
    return _identity().sign_ins.sign_in(**body, address=request.remote_addr or "unknown", audience="console")


@auth.post("/sign-out")
@vendor_admin
@auth.response(204)
def sign_out() -> None:
    """This token stops counting."""
    if (claims := _identity().claims(request)) is None:
        raise SignedOut()
    _identity().sign_ins.sign_out(claims)


@auth.post("/sign-out-everywhere")
@vendor_admin
@auth.response(204)
def sign_out_everywhere() -> None:
    """Every token of this person stops counting, everywhere within a minute."""
    actor_id = _actor()
    control_write(lambda control: tenants.sign_out_everywhere(control, person_id=actor_id, actor_id=actor_id))


@auth.get("/me")
@vendor_admin
@auth.response(200, AdminOut)
def get_me() -> PersonView:
    """Who is signed in."""
    return control_read(lambda control: tenants.get_person(control, _actor()))


# ---------------------------------------------------------------- shops


@shops.get("")
@vendor_admin
@shops.arguments(ShopArgs, location="query")
@shops.response(200, ShopRowPage)
def list_shops(args: dict[str, Any]) -> Page[ShopRow]:
    """The shops with plan, standing and shard."""
    return control_read(lambda control: service.list_shops(control, runtime().router, **args))


@shops.post("")
@vendor_admin
@shops.arguments(NewShopIn)
@shops.response(201, OpenedOut)
def open_shop(body: dict[str, Any]) -> OpenedShop:
    """Opens a shop: it is placed on a shard, its trial begins, and a job prepares its rows."""
    one_time, actor_id, router = _identity().sign_ins.passwords.one_time(), _actor(), runtime().router
    shown: list[str | None] = []

    def work(control: ControlSession) -> OpenedShop:
        opened = amc.open_shop(control, router, new=NewShop(**body), one_time=one_time, actor_id=actor_id)
        shown.append(opened.one_time_password)
        return dataclasses.replace(opened, one_time_password=None)  # what is kept for a replay holds no password

    opened = control_write(work)
    tenants.announce(router, opened)
    return dataclasses.replace(opened, one_time_password=shown[-1])


@shops.get("/<string:number>")
@vendor_admin
@shops.response(200, ShopDetailOut)
def get_shop(number: str) -> ShopDetail:
    """One shop, with what happened to its contract."""
    shop_id = _shop_id(number)
    return control_read(lambda control: service.get_shop(control, runtime().router, shop_id))


@shops.get("/<string:number>/people")
@vendor_admin
@shops.response(200, ShopPersonPage)
def list_people(number: str) -> Page[MemberView]:
    """Who works in the shop."""
    shop_id = _shop_id(number)

    def work(control: ControlSession) -> list[MemberView]:
        tenants.get_shop(control, shop_id)
        return list(tenants.list_people(control, shop_id))

    return Page(control_read(work), None)


@shops.post("/<string:number>/extension")
@vendor_admin
@shops.arguments(ExtensionIn)
@shops.response(200, ContractOut)
def extend_contract(body: dict[str, Any], number: str) -> ContractView:
    """A later last day of trial or year, with the reason."""
    shop_id, actor_id = _shop_id(number), _actor()
    return control_write(lambda control: amc.extend_contract(control, shop_id=shop_id, actor_id=actor_id, **body))


@shops.post("/<string:number>/activation")
@vendor_admin
@shops.arguments(ActivationIn)
@shops.response(200, ContractOut)
def activate_contract(body: dict[str, Any], number: str) -> ContractView:
    """A paid year from a day on; the shop trades again within a minute."""
    shop_id, actor_id = _shop_id(number), _actor()
    return control_write(lambda control: amc.activate_contract(control, shop_id=shop_id, actor_id=actor_id, **body))


@shops.post("/<string:number>/moves")
@vendor_admin
@shops.arguments(MoveIn)
@shops.response(202, MoveOut)
def ask_move(body: dict[str, Any], number: str) -> MoveView:
    """Asks for a move to another shard; a job carries it out. What speaks against it is named at once, in `reasons`."""
    shop_id, asker, router = _shop_id(number), _asker(), runtime().router
    return control_write(lambda control: relocating.ask_move(control, router, asker, shop_id=shop_id, **body))


# ---------------------------------------------------------------- shards and moves


@fleet.get("/shards")
@vendor_admin
@fleet.response(200, ShardsOut)
def list_shards() -> ShardsView:
    """Every shard with its servers, load and durability, as this process saw them last; none is asked for it."""
    return homes.list_shards(runtime().router)


@fleet.get("/moves")
@vendor_admin
@fleet.arguments(MoveArgs, location="query")
@fleet.response(200, MovePage)
def list_moves(args: dict[str, Any]) -> Page[MoveView]:
    """Moves and how far they are, the newest first."""
    return control_read(lambda control: relocating.page_of_moves(control, **args))


@fleet.get("/moves/<id:move_id>")
@vendor_admin
@fleet.response(200, MoveOut)
def get_move(move_id: UUID) -> MoveView:
    """How far one move is."""
    return control_read(lambda control: relocating.get_move(control, move_id))


@fleet.post("/moves/<id:move_id>/abort")
@vendor_admin
@fleet.arguments(ReasonIn)
@fleet.response(200, MoveOut)
def abort_move(body: dict[str, Any], move_id: UUID) -> MoveView:
    """Undoes a move before its switch: the shop trades on where it did."""
    actor_id, router = _actor(), runtime().router
    return control_write(lambda control: relocating.abort(control, router, move_id=move_id, actor_id=actor_id, **body))


@fleet.post("/moves/<id:move_id>/rollback")
@vendor_admin
@fleet.arguments(GoOnIn)
@fleet.response(202, MoveOut)
def roll_back_move(body: dict[str, Any], move_id: UUID) -> MoveView:
    """Asks for the way back, which is a move of its own and is answered: the shop keeps all that it wrote since."""
    asker, router = _asker(), runtime().router
    return control_write(lambda control: relocating.ask_back(control, router, asker, move_id=move_id, **body))


@fleet.post("/moves/<id:move_id>/resume")
@vendor_admin
@fleet.arguments(GoOnIn)
@fleet.response(202, MoveOut)
def resume_move(body: dict[str, Any], move_id: UUID) -> MoveView:
    """Asks a job to go on with a move that stands still."""
    asker = _asker()
    return control_write(lambda control: relocating.ask_on(control, asker, move_id=move_id, **body))


# ---------------------------------------------------------------- people


@people.get("/<id:person_id>")
@vendor_admin
@people.response(200, PersonStandingOut)
def get_person(person_id: UUID) -> PersonStanding:
    """A person with the shops they belong to."""
    return control_read(lambda control: tenants.get_standing(control, person_id))


@people.post("/<id:person_id>/disabling")
@vendor_admin
@people.arguments(ReasonIn)
@people.response(200, PersonStandingOut)
def disable_person(body: dict[str, Any], person_id: UUID) -> PersonStanding:
    """Signed out everywhere within a minute, and let in nowhere until enabled again."""
    actor_id = _actor()
    return control_write(
        lambda control: tenants.disable_person(control, person_id=person_id, actor_id=actor_id, **body)
    )


@people.post("/<id:person_id>/enabling")
@vendor_admin
@people.arguments(ReasonIn)
@people.response(200, PersonStandingOut)
def enable_person(body: dict[str, Any], person_id: UUID) -> PersonStanding:
    """May sign in again."""
    actor_id = _actor()
    return control_write(lambda control: tenants.enable_person(control, person_id=person_id, actor_id=actor_id, **body))


# ---------------------------------------------------------------- the platform


@platform.post("/sweeps")
@vendor_admin
@platform.arguments(SweepIn)
@platform.response(202, SweepOut)
def sweep(body: dict[str, Any]) -> AskedSweep:
    """Ends trials and years whose last day is over, now and not only at night."""
    return control_write(lambda control: service.ask_to_sweep(control, on=body["on"]))


@platform.get("/failed-jobs")
@vendor_admin
@platform.arguments(FailedJobArgs, location="query")
@platform.response(200, FailedJobsOut)
def list_failed(args: dict[str, Any]) -> FailedJobs:
    """Jobs that were given up, in whichever shop, the newest first; shards that do not answer are named."""
    return list_failed_jobs(runtime().router, **args)


@platform.get("/figures")
@vendor_admin
@platform.response(200, FiguresOut)
def read_figures() -> Figures:
    """MRR, ARR, and how many contracts stand where."""
    return control_read(amc.read_figures)


def _shop_id(number: str) -> int:
    """A text that is no number names no shop."""
    if not (number.isascii() and number.isdigit() and len(number) < 19):
        raise ShopUnknown()
    return int(number)


def _asker() -> Asker:
    """Of a request that brought its Idempotency-Key, which every route that answers 202 needs."""
    claim = claim_facts()
    assert claim is not None
    return Asker(_actor(), scope().principal.name, claim)


def _actor() -> UUID:
    return scope().principal.person_id


def _identity() -> TenantIdentity:
    return cast(TenantIdentity, runtime().identity)
