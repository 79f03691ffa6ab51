"""Printing: what a voucher says on paper, and where its PDF lies once it was made."""

import datetime as dt
from dataclasses import dataclass
from uuid import UUID

from app.credits import repository
from app.credits.errors import ReceiptUnknown
from app.credits.models import Purpose, ReceiptPdf
from app.credits.service.issuing import PDF_JOB
from app.credits.service.reading import get_receipt
from app.credits.service.vouchers import Payer, Voucher
from app.kit import audit, outbox
from app.kit.clock import utc_now
from app.kit.money import rupees
from app.kit.outbox import JobView
from app.kit.sealing import Keyring
from app.printing.documents import Buyer, Payment, Seller
from app.printing.looks import Label
from app.printing.press import RENDER_VERSION as PRINTED_AS
from app.printing.receipt import VoucherDocument, VoucherForm
from app.tax.states import state_of
from app.tenants.service.seller import Seller as ShopSeller
from shard_router import ShopSession

_MODES = {
    "cash": Label("Cash"), "upi": Label("UPI"), "card": Label("Card"), "bank": Label("Bank transfer"),
    "cheque": Label("Cheque"),
}  # fmt: skip
_TOWARDS = {
    Purpose.ADVANCE.value: Label("Advance for goods; no GST until the bill"),
    Purpose.ON_ACCOUNT.value: Label("Payment of earlier bills"),
    Purpose.SCHEME.value: Label("Instalment of a saving scheme"),
    Purpose.PAY_OUT.value: Label("Balance paid back"),
}


@dataclass(frozen=True, slots=True)
class StoredPdf:
    """A printed voucher in the object store; `filename` is what a browser saves it as."""

    object_key: str
    sha256: bytes
    size_bytes: int
    made_at: dt.datetime
    filename: str


def get_paper(db: ShopSession, receipt_id: UUID, *, keyring: Keyring) -> VoucherDocument:
    """The voucher as it is printed; raises ReceiptUnknown."""
    voucher = get_receipt(db, receipt_id, keyring=keyring)
    about = repository.find_number(db, voucher.reverses_id) if voucher.reverses_id else None
    return _paper(voucher, about or "")


def find_pdf(db: ShopSession, receipt_id: UUID) -> StoredPdf | None:
    """Where the voucher's PDF lies, None until it was made; raises ReceiptUnknown."""
    number = repository.find_number(db, receipt_id)
    if number is None:
        raise ReceiptUnknown()
    row = repository.find_pdf(db, receipt_id, PRINTED_AS)
    if row is None:
        return None
    filename = f"{number.replace('/', '-')}.pdf"
    return StoredPdf(row.object_key, row.sha256, row.size_bytes, row.made_at, filename)


def find_pdf_or_job(db: ShopSession, receipt_id: UUID) -> tuple[StoredPdf | None, JobView | None]:
    """The PDF, or the job that makes it, or neither where the making failed; raises ReceiptUnknown. The job first: it
    ends in the transaction that notes the PDF."""
    job = outbox.find_under_way(db, _job_key(receipt_id))
    stored = find_pdf(db, receipt_id)
    return stored, None if stored else job


def ask_for_pdf(db: ShopSession, receipt_id: UUID) -> JobView | None:
    """The job that makes the PDF: the one that is under way, or a new one; None where the PDF is there already."""
    if find_pdf(db, receipt_id) is not None:
        return None
    job_id = outbox.enqueue(db, PDF_JOB, key=_job_key(receipt_id), params={"receipt_id": str(receipt_id)})
    db.flush()
    return outbox.get_job(db, job_id)


def object_key(shop_id: int, receipt_id: UUID) -> str:
    """One place per voucher and form in the private bucket, so a job may run twice."""
    return f"{shop_id}/{receipt_id.hex}-v{PRINTED_AS}.pdf"


def record_pdf(db: ShopSession, *, receipt_id: UUID, key: str, sha256: bytes, size_bytes: int) -> None:
    """Note where the PDF lies, once; raises ReceiptUnknown."""
    if find_pdf(db, receipt_id) is not None:
        return
    db.add(ReceiptPdf(
        receipt_id=receipt_id, render_version=PRINTED_AS, object_key=key, sha256=sha256, size_bytes=size_bytes,
        made_at=utc_now(),
    ))  # fmt: skip
    db.flush()
    audit.record(db, "receipt.printed", receipt_id, {"sha256": sha256, "form": PRINTED_AS})


def _job_key(receipt_id: UUID) -> str:
    return f"pdf-{receipt_id.hex}"


def _paper(voucher: Voucher, about: str) -> VoucherDocument:
    seller = voucher.seller
    return VoucherDocument(
        form=VoucherForm(voucher.kind),
        number=voucher.number,
        issued_at=voucher.issued_at.replace(microsecond=0),
        seller=_seller(seller, voucher.issued_on),
        payer=_payer(voucher.payer, voucher.issued_on),
        towards=_TOWARDS[voucher.purpose],
        payments=tuple(
            Payment(_MODES.get(one.mode, one.mode), one.paise, one.reference or "") for one in voucher.payments
        ),
        total_paise=voucher.total_paise,
        note=voucher.note or "",
        about=about,
        qr_text=(
            f"{seller.gstin or seller.legal_name}\n{voucher.number}\n{voucher.issued_on:%d-%m-%Y}\n"
            f"{rupees(voucher.total_paise)}\n{voucher.content_hash.hex()}"
        ),
        qr_caption=Label("Number, date, total and fingerprint"),
    )


def _seller(seller: ShopSeller, on: dt.date) -> Seller:
    return Seller(
        name=seller.shop_name,
        address=(seller.outlet_name, seller.address, f"{seller.city} {seller.pin}"),
        state_code=seller.state_code,
        state_name=state_of(seller.state_code, on).name,
        gstin=seller.gstin or "",
        local_name=seller.shop_name_local or "",
        tagline="" if seller.legal_name == seller.shop_name else seller.legal_name,
        phone=seller.phone or "",
        logo=seller.logo or "",
    )


def _payer(payer: Payer | None, on: dt.date) -> Buyer | None:
    if payer is None:
        return None
    town = " ".join(part for part in (payer.city, payer.pin) if part)
    return Buyer(
        name=payer.name,
        address=tuple(part for part in (payer.address, town) if part),
        state_code=payer.state_code or "",
        state_name=state_of(payer.state_code, on).name if payer.state_code else "",
        gstin=payer.gstin or "",
        pan=payer.pan or "",
        phone=payer.phone or "",
    )
