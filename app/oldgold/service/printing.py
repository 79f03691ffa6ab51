"""The voucher as it is printed."""

import datetime as dt
from uuid import UUID

from app.kit.money import rupees
from app.kit.sealing import Keyring
from app.oldgold.rules import list_papers
from app.oldgold.service.documents import Party, Voucher, VoucherLine
from app.oldgold.service.reading import get_voucher
from app.printing.documents import Buyer, Payment, Seller
from app.printing.looks import Label
from app.printing.purchase import PurchaseArticle, PurchaseDocument
from app.tax.states import state_of
from app.tenants.service.seller import Seller as ShopSeller
from shard_router import ShopSession

TESTS = {
    "touchstone": Label("Touchstone"), "xrf": Label("XRF karatmeter"), "fire_assay": Label("Fire assay"),
}  # fmt: skip
MODES = {
    "credit": Label("Kept as a credit"), "cash": Label("Cash"), "upi": Label("UPI"), "bank": Label("Bank transfer"),
    "cheque": Label("Cheque"),
}  # fmt: skip


def get_paper(db: ShopSession, voucher_id: UUID, *, keyring: Keyring) -> PurchaseDocument:
    """Raises OldGoldUnknown."""
    return _paper(get_voucher(db, voucher_id, keyring=keyring))


def _paper(voucher: Voucher) -> PurchaseDocument:
    on = voucher.issued_on
    return PurchaseDocument(
        number=voucher.number, issued_at=voucher.issued_at.replace(microsecond=0), shop=_shop(voucher.shop, on),
        customer=_seller(voucher.party, on), identity=_identity(voucher),
        articles=tuple(map(_article, voucher.lines)),
        payouts=tuple(Payment(MODES[one.mode], one.paise, one.reference or "") for one in voucher.payouts),
        value_paise=voucher.value_paise,
        qr_text=(
            f"{voucher.shop.gstin or voucher.shop.legal_name}\n{voucher.number}\n{on:%d-%m-%Y}\n"
            f"{rupees(voucher.value_paise)}\n{voucher.content_hash.hex()}"
        ),
    )  # fmt: skip


def _identity(voucher: Voucher) -> str:
    name = next((one.name for one in list_papers(voucher.issued_on) if one.kind == voucher.identity_kind), "")
    return f"{name} {voucher.party.identity_number}".strip() if voucher.party else name


def _article(line: VoucherLine) -> PurchaseArticle:
    note = f": {line.test_note}" if line.test_note else ""
    return PurchaseArticle(
        line.description, line.metal, line.gross_mg, line.dirt_mg, line.net_mg, line.fineness,
        Label(f"{TESTS[line.test_kind]}{note}"), line.melting_loss_bp, line.fine_mg, line.fine_rate_paise_per_g,
        line.value_paise,
    )  # fmt: skip


def _shop(shop: ShopSeller, on: dt.date) -> Seller:
    return Seller(
        name=shop.shop_name, address=(shop.outlet_name, shop.address, f"{shop.city} {shop.pin}"),
        state_code=shop.state_code, state_name=state_of(shop.state_code, on).name, gstin=shop.gstin or "",
        local_name=shop.shop_name_local or "", phone=shop.phone or "", logo=shop.logo or "",
    )  # fmt: skip


def _seller(party: Party | None, on: dt.date) -> Buyer | None:
    if party is None:
        return None
    town = " ".join(part for part in (party.city, party.pin) if part)
    return Buyer(
        name=party.name, address=tuple(part for part in (party.address, town) if part),
        state_code=party.state_code or "",
        state_name=state_of(party.state_code, on).name if party.state_code else "", pan=party.pan or "",
        phone=party.phone or "",
    )  # fmt: skip
