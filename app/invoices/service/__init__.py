"""Bills and notes: quoted, issued for ever, read back, reversed, printed, and checked against the audit chain."""

from app.invoices.repository import shop_sums
from app.invoices.service.across import BillCount, count_bills
from app.invoices.service.balances import Amount
from app.invoices.service.books import NUMBERED, BooksReport, verify_books
from app.invoices.service.cancelling import CANCELLED, cancel_bill
from app.invoices.service.daybook import (
    DayDocument,
    DayTotals,
    SoldMetal,
    day_totals,
    first_day_between,
    list_day,
    sold_metal,
)
from app.invoices.service.documents import Document, Line, Party, Payment
from app.invoices.service.drafts import BillDraft, LineDraft, PaymentDraft, PaymentMode
from app.invoices.service.exporting import ExportPlace, ExportRow, list_export_rows
from app.invoices.service.issue import PDF_JOB, issue_invoice
from app.invoices.service.kept import Kept, keep_rates_by
from app.invoices.service.lost import LostDocument, lost_documents
from app.invoices.service.needs import SELLS_BELOW
from app.invoices.service.notes import (
    NoteDraft,
    issue_credit_note,
    issue_debit_note,
    lines_left,
    refund_due,
    refund_of,
    reversed_lines,
)
from app.invoices.service.owing import LedgerDocument, TheBills, dues, ledger_documents
from app.invoices.service.priced_from import SoldPart, explained, other_metals
from app.invoices.service.printing import (
    StoredPdf,
    ask_for_pdf,
    find_pdf,
    find_pdf_or_job,
    get_paper,
    object_key,
    record_pdf,
)
from app.invoices.service.quotes import Quote, quote, quote_facts
from app.invoices.service.reading import InvoiceSummary, NoteSummary, get_invoice, list_invoices, list_notes
from app.invoices.service.reckoning import Sold
from app.invoices.service.replies import write_document
from app.invoices.service.selling_back import sold_pieces
from app.invoices.service.takings import DayTakings, paid_by_mode, takings_by_day
from app.invoices.service.tries import keep_try, tells_cost
from app.invoices.service.wares import Ware, list_wares

__all__ = [
    "CANCELLED",
    "NUMBERED",
    "PDF_JOB",
    "SELLS_BELOW",
    "Amount",
    "BillCount",
    "BillDraft",
    "BooksReport",
    "DayDocument",
    "DayTakings",
    "DayTotals",
    "Document",
    "ExportPlace",
    "ExportRow",
    "InvoiceSummary",
    "Kept",
    "LedgerDocument",
    "Line",
    "LineDraft",
    "LostDocument",
    "NoteDraft",
    "NoteSummary",
    "Party",
    "Payment",
    "PaymentDraft",
    "PaymentMode",
    "Quote",
    "Sold",
    "SoldMetal",
    "SoldPart",
    "StoredPdf",
    "TheBills",
    "Ware",
    "ask_for_pdf",
    "cancel_bill",
    "count_bills",
    "day_totals",
    "dues",
    "explained",
    "find_pdf",
    "find_pdf_or_job",
    "first_day_between",
    "get_invoice",
    "get_paper",
    "issue_credit_note",
    "issue_debit_note",
    "issue_invoice",
    "keep_rates_by",
    "keep_try",
    "ledger_documents",
    "lines_left",
    "list_day",
    "list_export_rows",
    "list_invoices",
    "list_notes",
    "list_wares",
    "lost_documents",
    "object_key",
    "other_metals",
    "paid_by_mode",
    "quote",
    "quote_facts",
    "record_pdf",
    "refund_due",
    "refund_of",
    "reversed_lines",
    "shop_sums",
    "sold_metal",
    "sold_pieces",
    "takings_by_day",
    "tells_cost",
    "verify_books",
    "write_document",
]
