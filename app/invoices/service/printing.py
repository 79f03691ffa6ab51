"""Printing: what a document says on paper, and where its PDF lies once it was made."""

import datetime as dt
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from uuid import UUID

import orjson

from app.invoices import repository
from app.invoices.errors import InvoiceUnknown
from app.invoices.models import InvoicePdf
from app.invoices.pricing import LineKind
from app.invoices.service.documents import Document, Line, Party, Payment
from app.invoices.service.issue import PDF_JOB
from app.invoices.service.priced_from import metal_parts
from app.invoices.service.reading import get_invoice
from app.invoices.service.seller import Seller
from app.kit import audit, outbox
from app.kit.clock import utc_now
from app.kit.money import rupees
from app.kit.outbox import JobView
from app.kit.sealing import Keyring
from app.numbering.service import DocumentKind
from app.printing import documents as paper
from app.printing.looks import Label
from app.printing.press import RENDER_VERSION as PRINTED_AS
from app.tax.states import state_of
from shard_router import ShopSession

_FORMS = {
    DocumentKind.INVOICE.value: paper.Form.TAX_INVOICE,
    DocumentKind.BILL_OF_SUPPLY.value: paper.Form.BILL_OF_SUPPLY,
    DocumentKind.CREDIT_NOTE.value: paper.Form.CREDIT_NOTE,
    DocumentKind.DEBIT_NOTE.value: paper.Form.DEBIT_NOTE,
}
_MODES = {
    "cash": Label("Cash"), "upi": Label("UPI"), "card": Label("Card"), "bank": Label("Bank transfer"),
    "cheque": Label("Cheque"),
}  # fmt: skip
_CREDITS = {
    "advance": Label("Advance"), "old_gold": Label("Old gold"), "scheme": Label("Scheme"),
    "store_credit": Label("Store credit"),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class StoredPdf:
    """A printed document in the object store; `filename` is what a browser saves it as."""

    object_key: str
    sha256: bytes
    size_bytes: int
    made_at: dt.datetime
    filename: str


def get_paper(db: ShopSession, invoice_id: UUID, *, keyring: Keyring) -> paper.BillDocument:
    """The document as it is printed; raises InvoiceUnknown."""
    document = get_invoice(db, invoice_id, keyring=keyring)
    against = None
    if document.reverses_id is not None:
        bill = repository.find_invoice(db, document.reverses_id)
        assert bill is not None  # a foreign key says so
        against = paper.Against(bill.number, bill.issued_on, document.reason or "")
    return _paper(document, against)


def find_pdf(db: ShopSession, invoice_id: UUID) -> StoredPdf | None:
    """Where the document's PDF lies, None until it was made; raises InvoiceUnknown."""
    number = repository.find_number(db, invoice_id)
    if number is None:
        raise InvoiceUnknown()
    row = repository.find_pdf(db, invoice_id, PRINTED_AS)
    if row is None:
        return None
    filename = f"{number.replace('/', '-')}.pdf"
    return StoredPdf(row.object_key, row.sha256, row.size_bytes, row.made_at, filename)


def find_pdf_or_job(db: ShopSession, invoice_id: UUID) -> tuple[StoredPdf | None, JobView | None]:
    """The PDF, or the job that makes it, or neither where the making failed; raises InvoiceUnknown.

    The job first: it ends in the transaction that notes the PDF, so whichever is looked at later is there.
    """
    job = outbox.find_under_way(db, _job_key(invoice_id))
    stored = find_pdf(db, invoice_id)
    return stored, None if stored else job


def ask_for_pdf(db: ShopSession, invoice_id: UUID) -> JobView | None:
    """The job that makes the PDF: the one that is under way, or a new one; None where the PDF is there already."""
    if find_pdf(db, invoice_id) is not None:
        return None
    job_id = outbox.enqueue(db, PDF_JOB, key=_job_key(invoice_id), params={"invoice_id": str(invoice_id)})
    db.flush()
    return outbox.get_job(db, job_id)


def _job_key(invoice_id: UUID) -> str:
    return f"pdf-{invoice_id.hex}"


def object_key(shop_id: int, document_id: UUID) -> str:
    """Where a document's PDF lies in the private bucket: one place per document and form, so a job may run twice."""
    return f"{shop_id}/{document_id.hex}-v{PRINTED_AS}.pdf"


def record_pdf(db: ShopSession, *, invoice_id: UUID, key: str, sha256: bytes, size_bytes: int) -> None:
    """Note where the PDF lies, once; raises InvoiceUnknown."""
    if repository.find_number(db, invoice_id) is None:
        raise InvoiceUnknown()
    if repository.find_pdf(db, invoice_id, PRINTED_AS) is not None:
        return
    db.add(InvoicePdf(
        invoice_id=invoice_id, render_version=PRINTED_AS, object_key=key, sha256=sha256, size_bytes=size_bytes,
        made_at=utc_now(),
    ))  # fmt: skip
    db.flush()
    audit.record(db, "invoice.printed", invoice_id, {"sha256": sha256, "form": PRINTED_AS})


def _paper(document: Document, against: paper.Against | None) -> paper.BillDocument:
    place = state_of(document.place_of_supply, document.issued_on)
    return paper.BillDocument(
        form=_FORMS[document.kind],
        number=document.number,
        issued_at=document.issued_at.replace(microsecond=0),
        composition=document.seller.composition,
        seller=_seller(document.seller, document.issued_on),
        buyer=_buyer(document.buyer, document.issued_on),
        place_code=place.code,
        place_name=place.name,
        inter_state=document.inter_state,
        articles=tuple(_article(line) for line in document.lines),
        hsn_rows=tuple(_hsn_rows(document.lines)),
        taxable_paise=document.taxable_paise,
        cgst_paise=document.cgst_paise,
        sgst_paise=document.sgst_paise,
        igst_paise=document.igst_paise,
        round_off_paise=document.round_off_paise,
        total_paise=document.total_paise,
        reverse_charge=document.reverse_charge,
        state_head="UTGST" if place.territory_tax else "SGST",
        payments=tuple(_payment(payment) for payment in document.payments),
        against=against,
        qr_text=(
            f"{document.seller.gstin or document.seller.legal_name}\n{document.number}\n{document.issued_on:%d-%m-%Y}\n"
            f"{rupees(document.total_paise)}\n{document.content_hash.hex()}"
        ),
        qr_caption=Label("Number, date, total and fingerprint"),
    )


def _payment(payment: Payment) -> paper.Payment:
    """A credit by its kind; of cash what was tendered and given back."""
    if payment.credit_id is not None:
        kind = payment.reference or ""
        return paper.Payment(_CREDITS.get(kind, kind), payment.paise)
    said = payment.reference or ""
    if payment.tendered_paise is not None and payment.change_paise:
        said = f"{rupees(payment.tendered_paise)} given, {rupees(payment.change_paise)} back"
    return paper.Payment(_MODES.get(payment.mode, payment.mode), payment.paise, said)


def _seller(seller: Seller, on: dt.date) -> paper.Seller:
    return paper.Seller(
        name=seller.shop_name,
        address=(seller.outlet_name, seller.address, f"{seller.city} {seller.pin}"),
        state_code=seller.state_code,
        state_name=state_of(seller.state_code, on).name,
        gstin=seller.gstin or "",
        local_name=seller.shop_name_local or "",
        tagline="" if seller.legal_name == seller.shop_name else seller.legal_name,
        phone=seller.phone or "",
        bis_registration=seller.bis_registration or "",
        logo=seller.logo or "",
    )


def _buyer(party: Party | None, on: dt.date) -> paper.Buyer | None:
    if party is None:
        return None
    town = " ".join(part for part in (party.city, party.pin) if part)
    return paper.Buyer(
        name=party.name,
        address=tuple(part for part in (party.address, town) if part),
        state_code=party.state_code or "",
        state_name=state_of(party.state_code, on).name if party.state_code else "",
        gstin=party.gstin or "",
        pan=party.pan or "",
        phone=party.phone or "",
    )


def _article(line: Line) -> paper.Article:
    """A price of its own stands where it belongs, goods with metal and work with making, so that the paper adds up."""
    goods = line.price_paise if line.line_kind == LineKind.FIXED else 0
    return paper.Article(
        description=line.description, hsn=line.hsn, gross_mg=line.gross_mg, stone_mg=line.stone_mg, net_mg=line.net_mg,
        rate_paise_per_g=line.rate_paise_per_g, metal_paise=line.metal_paise + goods,
        making_paise=line.making_paise + line.price_paise - goods,
        taxable_paise=line.taxable_paise, tax_bp=line.tax_bp, metal=line.metal, fineness=line.fineness, tag=line.tag,
        others=tuple(
            paper.MetalItem(part.metal, part.fineness, part.net_mg, part.rate_paise_per_g)
            for part in metal_parts(line)
        ),
        huids=(line.huid,) if line.huid else (), wastage_paise=line.wastage_paise,
        making_discount_paise=line.making_discount_paise, stones_paise=line.stones_paise,
        hallmark_paise=line.hallmark_paise, discount_paise=line.discount_paise, pieces=line.pieces,
        unit="" if line.line_kind == LineKind.SERVICE else "PCS", stones=tuple(_loose(line)),
    )  # fmt: skip


def _loose(line: Line) -> Iterator[paper.StoneItem]:
    """Loose stones that were sold by the carat."""
    if line.stone_mct:
        for _name, _kind, rate, mct, pieces, paise in orjson.loads(line.priced_from or b"{}").get("stones", ()):
            yield paper.StoneItem("", rate, paise, mct, pieces)


def _hsn_rows(lines: Iterable[Line]) -> list[paper.HsnRow]:
    """Lines summed per HSN and rate; they add up to the document per head, to the paisa."""
    groups: dict[tuple[str, int], list[Line]] = {}
    for line in lines:
        groups.setdefault((line.hsn, line.tax_bp), []).append(line)
    return [
        paper.HsnRow(
            hsn, tax_bp, sum(line.pieces for line in group), sum(line.net_mg for line in group),
            sum(line.taxable_paise for line in group),
            sum(line.cgst_paise for line in group), sum(line.sgst_paise for line in group),
            sum(line.igst_paise for line in group),
        )
        for (hsn, tax_bp), group in sorted(groups.items())
    ]  # fmt: skip
