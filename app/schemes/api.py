"""The schemes' API: plans, joining, instalments, the passbook, how schemes end, what is owed by them."""

from typing import Any
from uuid import UUID

from flask import Response

from app.kit.clock import today_ist
from app.kit.http import allow, api_blueprint, expected_version, runtime, shop_read, shop_write, versioned
from app.kit.paging import Page
from app.printing.asking import PrintArgs, asked
from app.printing.at_once import printed
from app.printing.looks import SMALL
from app.printing.press import Press
from app.schemes import service
from app.schemes.schemas import (
    CollectedOut,
    InstalmentBack,
    InstalmentIn,
    LiabilityOut,
    PassbookOut,
    PlanEnd,
    PlanIn,
    PlanOut,
    PlansOut,
    SchemeArgs,
    SchemeClosing,
    SchemeIn,
    SchemeNotices,
    SchemeOut,
    SchemePage,
    SchemeRefund,
)
from app.schemes.service import (
    Collected,
    EnrolDraft,
    Liability,
    Passbook,
    Plan,
    PlanDraft,
    Scheme,
    SchemeSummary,
)

plans = api_blueprint("scheme_plans", "/scheme-plans", description="Dated plans of monthly saving.")
schemes = api_blueprint("schemes", "/schemes", description="Savers' schemes and their passbooks.")


# ---------------------------------------------------------------- plans


@plans.get("")
@allow("scheme.view")
@plans.response(200, PlansOut)
def list_plans(shop_id: int) -> dict[str, list[Plan]]:
    """Every version of every plan."""
    return {"items": shop_read(service.list_plans)}


@plans.post("")
@allow("scheme.edit")
@plans.arguments(PlanIn)
@plans.response(201, PlanOut)
def add_plan(draft: PlanDraft, shop_id: int) -> Plan:
    """Offer a plan, or a new version of one; savers stay under the version that they joined."""
    return shop_write(lambda db: service.add_plan(db, draft=draft))


@plans.get("/<id:plan_id>")
@allow("scheme.view")
@plans.response(200, PlanOut)
def get_plan(shop_id: int, plan_id: UUID) -> Plan:
    """One version of a plan."""
    return shop_read(lambda db: service.get_plan(db, plan_id))


@plans.post("/<id:plan_id>/end")
@versioned
@allow("scheme.edit")
@plans.arguments(PlanEnd)
@plans.response(200, PlanOut)
def end_plan(body: dict[str, Any], shop_id: int, plan_id: UUID) -> Plan:
    """Take no new savers after a day; needs If-Match."""
    version = expected_version()
    return shop_write(lambda db: service.end_plan(db, plan_id=plan_id, expected_version=version, **body))


# ---------------------------------------------------------------- schemes


@schemes.get("")
@allow("scheme.view")
@schemes.arguments(SchemeArgs, location="query")
@schemes.response(200, SchemePage)
def list_schemes(args: dict[str, Any], shop_id: int) -> Page[SchemeSummary]:
    """A page of schemes, the one that began last first."""
    return shop_read(lambda db: service.list_schemes(db, **args))


@schemes.post("")
@allow("scheme.enroll", entitled=True)
@schemes.arguments(SchemeIn)
@schemes.response(201, SchemeOut)
def begin_scheme(draft: EnrolDraft, shop_id: int) -> Scheme:
    """Begin a scheme today; its first instalment is due at once."""
    keyring = runtime().keyring
    return shop_write(lambda db: service.enrol(db, draft=draft, keyring=keyring))


@schemes.get("/liability")
@allow("scheme.view")
@schemes.response(200, LiabilityOut)
def liability(shop_id: int) -> Liability:
    """What the shop owes its savers."""
    return shop_read(service.liability)


@schemes.get("/notices")
@allow("scheme.view")
@schemes.response(200, SchemeNotices)
def notices(shop_id: int) -> dict[str, list[service.Notice]]:
    """Schemes that somebody must see to, the most pressing first."""
    return {"items": shop_read(lambda db: service.notices(db, today_ist()))}


@schemes.get("/<id:scheme_id>")
@allow("scheme.view")
@schemes.response(200, PassbookOut)
def get_passbook(shop_id: int, scheme_id: UUID) -> Passbook:
    """A scheme with its passbook."""
    keyring = runtime().keyring
    return shop_read(lambda db: service.get_passbook(db, scheme_id, keyring=keyring))


@schemes.get("/<id:scheme_id>/pdf")
@allow("scheme.view")
@schemes.arguments(PrintArgs, location="query")
@schemes.response(200, content_type="application/pdf")
def print_passbook(args: dict[str, str | None], shop_id: int, scheme_id: UUID) -> Response:
    """The passbook as a PDF, as it stands now; usually on A5."""
    keyring = runtime().keyring
    return printed(
        lambda db: service.get_paper(db, scheme_id, keyring=keyring), asked(args, SMALL), Press.render_passbook
    )


@schemes.post("/<id:scheme_id>/instalments")
@allow("scheme.collect", entitled=True)
@schemes.arguments(InstalmentIn)
@schemes.response(201, CollectedOut)
def collect_instalment(body: dict[str, Any], shop_id: int, scheme_id: UUID) -> Collected:
    """Take money for a scheme, against a receipt voucher."""
    keyring = runtime().keyring
    return shop_write(lambda db: service.collect(
        db, scheme_id=scheme_id, payments=tuple(body["payments"]), till_id=body["till_id"], keyring=keyring
    ))  # fmt: skip


@schemes.post("/<id:scheme_id>/instalments/taken-back")
@allow("credit.pay_out")
@schemes.arguments(InstalmentBack)
@schemes.response(200, SchemeOut)
def take_back_instalments(body: dict[str, Any], shop_id: int, scheme_id: UUID) -> Scheme:
    """Take back what the scheme's last receipt paid."""
    keyring = runtime().keyring
    return shop_write(lambda db: service.take_back(db, scheme_id=scheme_id, keyring=keyring, **body))


@schemes.post("/<id:scheme_id>/maturity")
@allow("scheme.collect")
@schemes.response(200, SchemeOut)
def mature_scheme(shop_id: int, scheme_id: UUID) -> Scheme:
    """End a full scheme whose months are over; the daily round does it too."""
    return shop_write(lambda db: service.mature(db, scheme_id=scheme_id))


@schemes.post("/<id:scheme_id>/closing")
@allow("scheme.edit")
@schemes.arguments(SchemeClosing)
@schemes.response(200, SchemeOut)
def close_scheme(body: dict[str, Any], shop_id: int, scheme_id: UUID) -> Scheme:
    """End a scheme before it is full: what was paid in stays as a credit, and there is no bonus."""
    return shop_write(lambda db: service.close_early(db, scheme_id=scheme_id, **body))


@schemes.post("/<id:scheme_id>/refund")
@allow("credit.pay_out")
@schemes.arguments(SchemeRefund)
@schemes.response(200, SchemeOut)
def refund_scheme(body: dict[str, Any], shop_id: int, scheme_id: UUID) -> Scheme:
    """Pay back what was saved, without a bonus; a scheme that still runs ends by it."""
    keyring = runtime().keyring
    return shop_write(lambda db: service.refund(
        db, scheme_id=scheme_id, payments=tuple(body["payments"]), reason=body["reason"], till_id=body["till_id"],
        keyring=keyring,
    ))  # fmt: skip
