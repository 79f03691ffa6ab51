"""Old gold: valued by its test and the board of the minute, bought by voucher, in lots, the seller settled with."""

from app.oldgold.buyback import BuyBack, list_shares
from app.oldgold.models import PayoutMode, TestKind
from app.oldgold.repository import cash_of_day, shop_sums
from app.oldgold.rules import Identity, Paper, Terms, list_papers
from app.oldgold.service.books import NUMBERED, VouchersReport, verify_vouchers
from app.oldgold.service.buying import OVER, issue_voucher, over_facts, take_in
from app.oldgold.service.documents import Party, Voucher, VoucherLine, VoucherPayout
from app.oldgold.service.drafts import LineDraft, PayoutDraft, PurchaseDraft
from app.oldgold.service.ours import (
    BackAgain,
    SoldPiece,
    ask_what_was_sold,
    bought_back,
    exchange_stands_on,
    sold_pieces,
)
from app.oldgold.service.printing import get_paper
from app.oldgold.service.reading import (
    DayBought,
    LotOrigin,
    MonthBought,
    VoucherSummary,
    bought_by_month,
    bought_on,
    get_voucher,
    list_vouchers,
    origins_of,
)
from app.oldgold.service.terms import BuyingTerms, list_terms, set_terms, terms_on
from app.oldgold.service.valuing import Valued, ValuedLine, value, value_lines

__all__ = [
    "NUMBERED", "OVER", "BackAgain", "BuyBack", "BuyingTerms", "DayBought", "Identity", "LineDraft", "LotOrigin",
    "MonthBought", "Paper", "Party", "PayoutDraft", "PayoutMode", "PurchaseDraft", "SoldPiece", "Terms", "TestKind",
    "Valued", "ValuedLine", "Voucher", "VoucherLine", "VoucherPayout", "VoucherSummary", "VouchersReport",
    "ask_what_was_sold", "bought_back", "bought_by_month", "bought_on", "cash_of_day", "exchange_stands_on",
    "get_paper", "get_voucher", "issue_voucher", "list_papers", "list_shares", "list_terms", "list_vouchers",
    "origins_of", "over_facts", "set_terms", "shop_sums", "sold_pieces", "take_in", "terms_on", "value", "value_lines",
    "verify_vouchers",
]  # fmt: skip
