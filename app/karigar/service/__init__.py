"""The karigars: who they are, their jobs, what is issued to them and received, their labour, and their account."""

from app.karigar.models import DueKind, JobState, Why
from app.karigar.repository import shop_sums
from app.karigar.service.challans import challans_of, get_challan
from app.karigar.service.excess import EXCESS
from app.karigar.service.issuing import issue
from app.karigar.service.jobs import cancel_job, get_job, list_jobs, open_job, put_off, stones_on
from app.karigar.service.karigars import (
    allowed_on,
    edit_karigar,
    get_karigar,
    list_karigars,
    list_wastages,
    register_karigar,
    set_wastage,
    stones_with,
)
from app.karigar.service.labour_bills import get_bill, get_payment, list_bills, note_bill, pay, unbilled
from app.karigar.service.ledger import Disagreement, disagreements, statement
from app.karigar.service.numbers import NUMBERED
from app.karigar.service.printing import challan_slip
from app.karigar.service.receiving import receive
from app.karigar.views import (
    Bill,
    BillDraft,
    BilledJob,
    Challan,
    Due,
    FineBalance,
    Finished,
    IssueDraft,
    Job,
    JobDraft,
    JobStones,
    Karigar,
    KarigarDraft,
    MetalBack,
    MetalOut,
    PaymentDraft,
    ReceiptDraft,
    Statement,
    Stones,
    Wastage,
)
from app.karigar.works import list_works

__all__ = [
    "EXCESS", "NUMBERED", "Bill", "BillDraft", "BilledJob", "Challan", "Disagreement", "Due", "DueKind", "FineBalance",
    "Finished", "IssueDraft", "Job", "JobDraft", "JobState", "JobStones", "Karigar", "KarigarDraft", "MetalBack",
    "MetalOut", "PaymentDraft", "ReceiptDraft", "Statement", "Stones", "Wastage", "Why", "allowed_on", "cancel_job",
    "challan_slip", "challans_of", "disagreements", "edit_karigar", "get_bill", "get_challan", "get_job", "get_karigar",
    "get_payment", "issue", "list_bills", "list_jobs", "list_karigars", "list_wastages", "list_works", "note_bill",
    "open_job", "pay", "put_off", "receive", "register_karigar", "set_wastage", "shop_sums", "statement", "stones_on",
    "stones_with", "unbilled",
]  # fmt: skip
