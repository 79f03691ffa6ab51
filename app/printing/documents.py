"""Owns what a printed bill says: plain facts in paise, milligrams and text, as Rule 46 and BIS ask for them."""

import datetime as dt
from dataclasses import dataclass, field
from enum import StrEnum


class Form(StrEnum):
    """What the document is; decides its title and whether it has tax columns."""

    TAX_INVOICE = "tax_invoice"
    BILL_OF_SUPPLY = "bill_of_supply"
    CREDIT_NOTE = "credit_note"
    DEBIT_NOTE = "debit_note"
    ESTIMATE = "estimate"
    ESTIMATE_UNTAXED = "estimate_untaxed"  # of a seller who issues bills of supply


WITHOUT_TAX = (Form.BILL_OF_SUPPLY, Form.ESTIMATE_UNTAXED)
ESTIMATES = (Form.ESTIMATE, Form.ESTIMATE_UNTAXED)


class Copy(StrEnum):
    """Rule 48: goods have three copies, each marked."""

    ORIGINAL = "ORIGINAL FOR RECIPIENT"
    DUPLICATE = "DUPLICATE FOR TRANSPORTER"
    TRIPLICATE = "TRIPLICATE FOR SUPPLIER"
    NONE = "NO TAX INVOICE"  # of what is none, no copies are told apart


@dataclass(frozen=True, slots=True)
class Seller:
    name: str
    address: tuple[str, ...]
    state_code: str
    state_name: str
    gstin: str = ""
    local_name: str = ""  # in the shop's own script
    tagline: str = ""
    phone: str = ""
    email: str = ""
    bis_registration: str = ""
    logo: str = ""  # SHA-256 of its PNG, in hex
    logo_png: bytes = field(default=b"", repr=False)  # for sheets: a roll has none


@dataclass(frozen=True, slots=True)
class Buyer:
    name: str
    address: tuple[str, ...] = ()
    state_code: str = ""
    state_name: str = ""
    gstin: str = ""
    pan: str = ""
    phone: str = ""


@dataclass(frozen=True, slots=True)
class StoneItem:
    """Stones of one sort; weighed when `mct` is given, counted otherwise."""

    description: str
    rate_paise: int
    value_paise: int
    mct: int = 0
    pieces: int = 0


@dataclass(frozen=True, slots=True)
class MetalItem:
    """A further metal of an article: its share of the net weight, at its own rate."""

    metal: str
    fineness: int
    net_mg: int
    rate_paise_per_g: int


@dataclass(frozen=True, slots=True)
class Article:
    """One line; `metal` and `fineness` are of its main metal, empty for what is no metal (a repair, loose stones). BIS
    asks for purity and net weight of each metal: where there are `others`, all are named. A part of the main one that
    has another rate (a locked rate was short of it) is one of them."""

    description: str
    hsn: str
    gross_mg: int
    stone_mg: int
    net_mg: int
    rate_paise_per_g: int
    metal_paise: int
    making_paise: int
    taxable_paise: int
    tax_bp: int
    metal: str = ""
    fineness: int = 0
    others: tuple[MetalItem, ...] = ()
    tag: str = ""
    huids: tuple[str, ...] = ()
    pieces: int = 1
    unit: str = "PCS"
    wastage_mg: int = 0
    wastage_paise: int = 0
    making_note: str = ""  # 12 %, ₹800/g
    making_discount_paise: int = 0
    stones: tuple[StoneItem, ...] = ()
    stones_paise: int = 0
    hallmark_paise: int = 0
    discount_paise: int = 0


@dataclass(frozen=True, slots=True)
class HsnRow:
    hsn: str
    tax_bp: int
    pieces: int
    net_mg: int
    taxable_paise: int
    cgst_paise: int
    sgst_paise: int
    igst_paise: int


@dataclass(frozen=True, slots=True)
class OldGoldItem:
    """The customer's gold taken in payment."""

    description: str
    gross_mg: int
    dirt_mg: int
    fineness: int
    melting_loss_bp: int
    fine_mg: int
    rate_paise_per_g: int
    value_paise: int
    voucher: str = ""


@dataclass(frozen=True, slots=True)
class Payment:
    """Money taken with a bill or given back with a credit note."""

    mode: str
    paise: int
    reference: str = ""


@dataclass(frozen=True, slots=True)
class Against:
    """The bill that a note changes, and why."""

    number: str
    issued_on: dt.date
    reason: str = ""


@dataclass(frozen=True, slots=True)
class BillDocument:
    """Everything on the paper. Sums come from the books: printing adds up only what is left to pay."""

    form: Form
    number: str
    issued_at: dt.datetime  # aware; printed in IST, and the PDF's own date, so that one bill is always the same bytes
    seller: Seller
    buyer: Buyer | None
    place_code: str
    place_name: str
    inter_state: bool
    articles: tuple[Article, ...]
    hsn_rows: tuple[HsnRow, ...]
    taxable_paise: int
    cgst_paise: int
    sgst_paise: int
    igst_paise: int
    round_off_paise: int
    total_paise: int
    reverse_charge: bool = False
    composition: bool = False  # a composition dealer's bill of supply says so (Rule 5(1)(f))
    state_head: str = "SGST"  # UTGST in a union territory without a legislature
    payments: tuple[Payment, ...] = ()
    old_gold: tuple[OldGoldItem, ...] = ()
    against: Against | None = None
    copy: Copy = Copy.ORIGINAL
    qr_text: str = ""
    qr_caption: str = ""
    irn: str = ""
    terms: tuple[str, ...] = ()
    served_by: str = ""
    more_facts: tuple[tuple[str, str], ...] = ()  # beside number and date
    notes: tuple[str, ...] = ()
