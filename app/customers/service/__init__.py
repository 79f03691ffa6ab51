"""The shop's customers: entered once, found by phone, corrected, merged where they were doubled; each with keys that
seal their papers, their days of the year, and the family they belong to."""

from app.customers.facts import CustomerDraft, settled
from app.customers.repository import (
    BUYER_FOR_SHARE,
    BUYER_FOR_UPDATE,
    PAN_FOR_UPDATE,
    entries_of_one,
    entries_of_pan,
    persons,
    shop_sums,
)
from app.customers.service.book import (
    Buyer,
    Customer,
    buyer_of,
    contacts_of,
    edit_customer,
    entries_of,
    find_buyer,
    find_by_phone,
    get_buyer,
    get_customer,
    hold,
    list_customers,
    lock_buyer,
    names_of,
    register_customer,
    register_customers,
    same_pan,
    same_person,
    settle_restore,
    taken_phones,
)
from app.customers.service.dates import DATES, SpecialDay, UpcomingDay, dates_of, set_dates, upcoming
from app.customers.service.families import RELATIONS, FamilyView, Member, family_of, join_family, leave_family
from app.customers.service.kyc import (
    Kyc,
    Paper,
    PaperKind,
    add_paper,
    consent_text,
    get_paper,
    keep_scan,
    kyc_of,
    paper_kinds,
    reveal_number,
    scan_of,
    verify_paper,
    withdraw_paper,
)
from app.customers.service.merging import merge

__all__ = [
    "BUYER_FOR_SHARE", "BUYER_FOR_UPDATE", "DATES", "PAN_FOR_UPDATE", "RELATIONS", "Buyer", "Customer", "CustomerDraft",
    "FamilyView", "Kyc", "Member", "Paper", "PaperKind", "SpecialDay", "UpcomingDay", "add_paper", "buyer_of",
    "consent_text",
    "contacts_of", "dates_of", "edit_customer", "entries_of", "entries_of_one", "entries_of_pan", "family_of",
    "find_buyer", "find_by_phone", "get_buyer", "get_customer", "get_paper", "hold", "join_family", "keep_scan",
    "kyc_of", "leave_family", "list_customers", "lock_buyer", "merge", "names_of", "paper_kinds", "persons",
    "register_customer", "register_customers", "reveal_number", "same_pan", "same_person", "scan_of", "set_dates",
    "settle_restore", "settled", "shop_sums", "taken_phones", "upcoming", "verify_paper", "withdraw_paper",
]  # fmt: skip
