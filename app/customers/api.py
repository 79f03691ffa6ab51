"""The customers' API: enter, correct, list, find by phone."""

from typing import Any
from uuid import UUID

from flask import Response

from app.customers import service
from app.customers.errors import CustomerUnknown, DateUnknown, FamilyUnknown, ScanMissing, ScanUnfit
from app.customers.schemas import (
    CustomerArgs,
    CustomerEdit,
    CustomerIn,
    CustomerOut,
    CustomerPage,
    FamilyIn,
    FamilyOut,
    NumberOut,
    PaperIn,
    PaperOut,
    PapersOut,
    ScanIn,
    SpecialDaysIn,
    SpecialDaysOut,
    UpcomingArgs,
    UpcomingOut,
)
from app.customers.service import DATES, Customer, CustomerDraft, FamilyView, Kyc, Paper
from app.kit.clock import today_ist
from app.kit.http import (
    allow,
    api_blueprint,
    expected_version,
    runtime,
    shop_read,
    shop_write,
    versioned,
)
from app.kit.objects import NoSuchObject, checked_key
from app.kit.paging import Page
from app.kit.ports import Bucket
from app.kit.texts import _
from shard_router import ShopSession

blueprint = api_blueprint("customers", "/customers", description="The shop's customers.")

SCAN_BYTES = 5 * 1024 * 1024
ENDINGS = {"image/jpeg": "jpg", "image/png": "png", "application/pdf": "pdf"}


@blueprint.get("")
@allow("customer.view")
@blueprint.arguments(CustomerArgs, location="query")
@blueprint.response(200, CustomerPage)
def list_customers(args: dict[str, Any], shop_id: int) -> Page[Customer]:
    """A page of customers."""
    return shop_read(lambda db: service.list_customers(db, **args))


@blueprint.post("")
@allow("customer.edit")
@blueprint.arguments(CustomerIn)
@blueprint.response(201, CustomerOut)
def register_customer(body: dict[str, Any], shop_id: int) -> Customer:
    """Enter a customer."""
    draft, keyring = CustomerDraft(**body), runtime().keyring
    return shop_write(
        lambda db: service.register_customer(db, draft=draft, keyring=keyring),
        rebuild=service.get_customer,  # so that no PAN is stored with a key
    )


@blueprint.get("/<id:customer_id>")
@allow("customer.view")
@blueprint.response(200, CustomerOut)
def get_customer(shop_id: int, customer_id: UUID) -> Customer:
    """One customer."""
    return shop_read(lambda db: service.get_customer(db, customer_id))


@blueprint.get("/by-phone/<string:phone>")
@allow("customer.view")
@blueprint.response(200, CustomerOut)
def find_by_phone(shop_id: int, phone: str) -> Customer:
    """The customer of a phone number as it is typed."""
    found = shop_read(lambda db: service.find_by_phone(db, phone))
    if found is None:
        raise CustomerUnknown()
    return found


@blueprint.patch("/<id:customer_id>")
@allow("customer.edit")
@blueprint.arguments(CustomerEdit)
@blueprint.response(200, CustomerOut)
def edit_customer(body: dict[str, Any], shop_id: int, customer_id: UUID) -> Customer:
    """Correct a customer; needs If-Match. Bills already issued keep what they say."""
    version, keyring = expected_version(), runtime().keyring
    return shop_write(
        lambda db: service.edit_customer(
            db, customer_id=customer_id, expected_version=version, changes=body, keyring=keyring
        )
    )


# ---------------------------------------------------------------- days of the year


@blueprint.get("/upcoming-days")
@allow("customer.view")
@blueprint.arguments(UpcomingArgs, location="query")
@blueprint.response(200, UpcomingOut)
def list_upcoming(args: dict[str, Any], shop_id: int) -> dict[str, Any]:
    """Birthdays and anniversaries from today on, the next first."""
    return {"items": shop_read(lambda db: service.upcoming(db, on=today_ist(), days=args["days"]))}


@blueprint.get("/<id:customer_id>/days")
@allow("customer.view")
@blueprint.response(200, SpecialDaysOut)
def get_days(shop_id: int, customer_id: UUID) -> dict[str, Any]:
    """A customer's birthday and anniversary."""

    def read(db: ShopSession) -> dict[str, Any]:
        service.get_customer(db, customer_id)
        return {"items": service.dates_of(db, customer_id)}

    return shop_read(read)


@blueprint.put("/<id:customer_id>/days")
@allow("customer.edit")
@blueprint.arguments(SpecialDaysIn)
@blueprint.response(200, SpecialDaysOut)
def set_days(body: dict[str, Any], shop_id: int, customer_id: UUID) -> dict[str, Any]:
    """Set a customer's days; needs If-Match of the customer."""
    version, days = expected_version(), body["days"]
    if len({day.kind for day in days}) != len(days):
        raise DateUnknown(_("A kind of day is named twice."), fields={"days": "named twice"})
    wanted = {**dict.fromkeys(DATES), **{day.kind: day for day in days}}
    return {"items": shop_write(
        lambda db: service.set_dates(db, customer_id=customer_id, expected_version=version, days=wanted)
    )}  # fmt: skip


# ---------------------------------------------------------------- family


@blueprint.get("/<id:customer_id>/family")
@allow("customer.view")
@blueprint.response(200, FamilyOut)
def get_family(shop_id: int, customer_id: UUID) -> FamilyView:
    """The family of a customer; 404 where they belong to none."""
    return shop_read(lambda db: _family_of(db, customer_id))


@blueprint.post("/<id:customer_id>/family")
@allow("customer.edit")
@blueprint.arguments(FamilyIn)
@blueprint.response(201, FamilyOut)
def join_family(body: dict[str, Any], shop_id: int, customer_id: UUID) -> FamilyView:
    """Put the customer into another one's family."""
    return shop_write(
        lambda db: service.join_family(db, customer_id=customer_id, **body),
        rebuild=lambda db, _family_id: _family_of(db, customer_id),  # so that no names are stored with a key
    )


@blueprint.delete("/<id:customer_id>/family")
@allow("customer.edit")
@blueprint.response(204)
def leave_family(shop_id: int, customer_id: UUID) -> None:
    """Take the customer out of their family."""
    shop_write(lambda db: service.leave_family(db, customer_id=customer_id))


def _family_of(db: ShopSession, customer_id: UUID) -> FamilyView:
    found = service.family_of(db, customer_id)
    if found is None:
        raise FamilyUnknown()
    return found


# ---------------------------------------------------------------- papers


@blueprint.get("/<id:customer_id>/kyc")
@allow("customer.kyc")
@blueprint.response(200, PapersOut)
def list_papers(shop_id: int, customer_id: UUID) -> Kyc:
    """A customer's papers, with the last four signs of their numbers; `given` where one of them was verified."""

    def read(db: ShopSession) -> Kyc:
        service.get_customer(db, customer_id)
        return service.kyc_of(db, customer_id)

    return shop_read(read)


@blueprint.post("/<id:customer_id>/kyc")
@allow("customer.kyc")
@blueprint.arguments(PaperIn)
@blueprint.response(201, PaperOut)
def add_paper(body: dict[str, Any], shop_id: int, customer_id: UUID) -> Paper:
    """Keep a paper's number, sealed, with the customer's consent."""
    keyring = runtime().keyring
    return shop_write(lambda db: service.add_paper(db, customer_id=customer_id, keyring=keyring, **body))


@blueprint.post("/papers/<id:paper_id>/verify")
@versioned
@allow("customer.kyc")
@blueprint.response(200, PaperOut)
def verify_paper(shop_id: int, paper_id: UUID) -> Paper:
    """Say that one saw the paper; needs If-Match of the paper."""
    version = expected_version()
    return shop_write(lambda db: service.verify_paper(db, paper_id=paper_id, expected_version=version))


@blueprint.post("/papers/<id:paper_id>/withdraw")
@versioned
@allow("customer.kyc")
@blueprint.response(200, PaperOut)
def withdraw_paper(shop_id: int, paper_id: UUID) -> Paper:
    """Blank a paper: number and scan are gone for ever; needs If-Match of the paper."""
    version = expected_version()
    paper, scan = shop_write(lambda db: service.withdraw_paper(db, paper_id=paper_id, expected_version=version))
    if scan is not None:
        runtime().store.delete(Bucket.INVOICES, scan)
    return paper


@blueprint.post("/papers/<id:paper_id>/reveal")
@allow("customer.kyc")
@blueprint.response(200, NumberOut)
def reveal_number(shop_id: int, paper_id: UUID) -> dict[str, str]:
    """The whole number; that it was looked at is noted in the audit log."""
    keyring = runtime().keyring

    def look(db: ShopSession, _subject: UUID | None = None) -> str:
        return service.reveal_number(db, paper_id=paper_id, keyring=keyring)

    return {"number": shop_write(look, rebuild=look)}  # rebuilt, so that no number is stored with a key


@blueprint.put("/papers/<id:paper_id>/scan")
@allow("customer.kyc")
@blueprint.arguments(ScanIn)
@blueprint.response(200, PaperOut)
def keep_scan(body: dict[str, Any], shop_id: int, paper_id: UUID) -> Paper:
    """Keep a scan of a paper that was sent by an upload link; needs If-Match of the paper."""
    version, parts = expected_version(), runtime()
    shop_read(lambda db: service.get_paper(db, paper_id))
    plain = _uploaded(shop_id, body["upload_key"])

    def work(db: ShopSession) -> Paper:
        paper, key, sealed = service.keep_scan(
            db, paper_id=paper_id, expected_version=version, plain=plain, keyring=parts.keyring
        )
        parts.store.put(Bucket.INVOICES, key, sealed, content_type="application/octet-stream")
        return paper

    return shop_write(work)


def _uploaded(shop_id: int, key: str) -> bytes:
    """What lies there of this shop, at most one byte more than is taken; another shop's upload is not there."""
    try:
        if not key.startswith(f"{shop_id}/"):
            raise ScanUnfit(fields={"uploadKey": "unknown"})
        with runtime().store.open(Bucket.INCOMING, checked_key(key)) as stored:
            return stored.read(SCAN_BYTES + 1)
    except (NoSuchObject, ValueError):
        raise ScanUnfit(fields={"uploadKey": "unknown"}) from None


@blueprint.get("/papers/<id:paper_id>/scan")
@allow("customer.kyc")
@blueprint.response(200, content_type="application/octet-stream")
def get_scan(shop_id: int, paper_id: UUID) -> Response:
    """The scan as it was sent, to be saved."""
    return scan_reply(paper_id)


def scan_reply(paper_id: UUID) -> Response:
    """A paper's scan, unsealed, as a download."""
    parts = runtime()
    key, kind, opens, context = shop_read(lambda db: service.scan_of(db, paper_id=paper_id, keyring=parts.keyring))
    try:
        with parts.store.open(Bucket.INVOICES, key) as stored:
            plain = opens.unseal(stored.read(), context)
    except NoSuchObject:
        raise ScanMissing() from None
    name = f"paper.{ENDINGS[kind]}"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return Response(plain, content_type=kind, headers=headers)
