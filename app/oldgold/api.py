"""The API of old gold: value it, buy it, read vouchers back, the shop's terms of buying."""

from typing import Any
from uuid import UUID

from flask import Response

from app.kit.clock import today_ist
from app.kit.http import allow, api_blueprint, runtime, shop_read, shop_write
from app.kit.paging import Page
from app.oldgold import service
from app.oldgold.schemas import (
    BuyingTermsIn,
    BuyingTermsList,
    BuyingTermsOut,
    IdentityPapers,
    OldGoldArgs,
    OldGoldIn,
    OldGoldOut,
    OldGoldPage,
    OldGoldValueOut,
)
from app.oldgold.service import BuyingTerms, Paper, PurchaseDraft, Valued, Voucher, VoucherSummary
from app.printing.asking import PrintArgs, asked
from app.printing.at_once import printed
from app.printing.press import Press

blueprint = api_blueprint("old_gold", "/old-gold", description="Old gold bought from persons, by voucher.")


@blueprint.get("")
@allow("oldgold.view")
@blueprint.arguments(OldGoldArgs, location="query")
@blueprint.response(200, OldGoldPage)
def list_vouchers(args: dict[str, Any], shop_id: int) -> Page[VoucherSummary]:
    """A page of vouchers, the newest first."""
    return shop_read(lambda db: service.list_vouchers(db, **args))


@blueprint.post("/value")
@allow("oldgold.buy")
@blueprint.arguments(OldGoldIn)
@blueprint.response(200, OldGoldValueOut)
def value(draft: PurchaseDraft, shop_id: int) -> Valued:
    """What old gold is worth at this minute, and what the purchase still lacks; nothing is bought."""
    return shop_read(lambda db: service.value(db, draft=draft))


@blueprint.post("")
@allow("oldgold.buy", entitled=True)
@blueprint.arguments(OldGoldIn)
@blueprint.response(201, OldGoldOut)
def buy(draft: PurchaseDraft, shop_id: int) -> Voucher:
    """Buy old gold: voucher, lots and settlement in one transaction. Paying more than the shop's terms say needs the
    right to lower a bill's rate, or an approval."""
    keyring = runtime().keyring
    return shop_write(
        lambda db: service.issue_voucher(db, draft=draft, keyring=keyring),
        rebuild=lambda db, voucher_id: service.get_voucher(db, voucher_id, keyring=keyring),
    )  # rebuilt, so that nobody's PAN or passport is stored with a key


@blueprint.get("/<id:voucher_id>")
@allow("oldgold.view")
@blueprint.response(200, OldGoldOut)
def get_voucher(shop_id: int, voucher_id: UUID) -> Voucher:
    """One voucher."""
    keyring = runtime().keyring
    return shop_read(lambda db: service.get_voucher(db, voucher_id, keyring=keyring))


@blueprint.get("/<id:voucher_id>/pdf")
@allow("oldgold.view")
@blueprint.arguments(PrintArgs, location="query")
@blueprint.response(200, content_type="application/pdf")
def print_voucher(args: dict[str, str | None], shop_id: int, voucher_id: UUID) -> Response:
    """The voucher as a PDF, made now: it is the same bytes each time."""
    keyring = runtime().keyring
    return printed(lambda db: service.get_paper(db, voucher_id, keyring=keyring), asked(args), Press.render_purchase)


@blueprint.get("/terms")
@allow("oldgold.view")
@blueprint.response(200, BuyingTermsList)
def list_terms(shop_id: int) -> dict[str, list[BuyingTerms]]:
    """The shop's terms of buying, the newest of each metal first."""
    return {"items": shop_read(service.list_terms)}


@blueprint.post("/terms")
@allow("rates.rules")
@blueprint.arguments(BuyingTermsIn)
@blueprint.response(201, BuyingTermsOut)
def set_terms(body: dict[str, Any], shop_id: int) -> BuyingTerms:
    """Set terms from a day on."""
    return shop_write(lambda db: service.set_terms(db, **body))


@blueprint.get("/papers")
@allow("oldgold.view")
@blueprint.response(200, IdentityPapers)
def list_papers(shop_id: int) -> dict[str, tuple[Paper, ...]]:
    """The papers by which a seller is known."""
    return {"items": service.list_papers(today_ist())}
