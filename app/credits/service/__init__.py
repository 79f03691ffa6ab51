"""Credits and receipts: what the shop owes a customer, and the money that it took outside a bill."""

from app.credits.models import CreditKind, CreditState, Purpose
from app.credits.repository import CASH_OF_DAY, VOUCHERS, on_account, owed_to, shop_sums
from app.credits.service.bills import Bills, stand_under
from app.credits.service.checking import VouchersReport, number_gaps, verify_vouchers
from app.credits.service.credits import (
    Credit,
    CreditUse,
    Taken,
    Use,
    bind_takes,
    bind_uses,
    credits_of,
    drifted,
    find_opened_by,
    get_credit,
    left_of,
    list_credits,
    open_credit,
    open_credits,
    owed_by_kind,
    read_taken,
    release,
    use_credits,
    uses_of,
)
from app.credits.service.daybook import DayVoucher, DayVouchers, day_vouchers, first_day_between, list_day
from app.credits.service.holding import ask_before_giving_back
from app.credits.service.issuing import PDF_JOB
from app.credits.service.limits import cash_of_day, check_cash_paid_out
from app.credits.service.merging import follow_merges, merge_customers
from app.credits.service.payments import Mode, Payment, cash_in, check_payments
from app.credits.service.printing import (
    StoredPdf,
    ask_for_pdf,
    find_pdf,
    find_pdf_or_job,
    get_paper,
    object_key,
    record_pdf,
)
from app.credits.service.reading import VoucherSummary, find_reversal, get_receipt, list_receipts, receipts_of
from app.credits.service.receiving import owed, pay_out, receive, take_back
from app.credits.service.vouchers import Payer, Voucher, VoucherPayment

__all__ = [
    "CASH_OF_DAY",
    "PDF_JOB",
    "VOUCHERS",
    "Bills",
    "Credit",
    "CreditKind",
    "CreditState",
    "CreditUse",
    "DayVoucher",
    "DayVouchers",
    "Mode",
    "Payer",
    "Payment",
    "Purpose",
    "StoredPdf",
    "Taken",
    "Use",
    "Voucher",
    "VoucherPayment",
    "VoucherSummary",
    "VouchersReport",
    "ask_before_giving_back",
    "ask_for_pdf",
    "bind_takes",
    "bind_uses",
    "cash_in",
    "cash_of_day",
    "check_cash_paid_out",
    "check_payments",
    "credits_of",
    "day_vouchers",
    "drifted",
    "find_opened_by",
    "find_pdf",
    "find_pdf_or_job",
    "find_reversal",
    "first_day_between",
    "follow_merges",
    "get_credit",
    "get_paper",
    "get_receipt",
    "left_of",
    "list_credits",
    "list_day",
    "list_receipts",
    "merge_customers",
    "number_gaps",
    "object_key",
    "on_account",
    "open_credit",
    "open_credits",
    "owed",
    "owed_by_kind",
    "owed_to",
    "pay_out",
    "read_taken",
    "receipts_of",
    "receive",
    "record_pdf",
    "release",
    "shop_sums",
    "stand_under",
    "take_back",
    "use_credits",
    "uses_of",
    "verify_vouchers",
]
