"""Owns what karigars, jobs, challans and accounts are outside their tables."""

import datetime as dt
from dataclasses import dataclass
from uuid import UUID

from app.inventory.service import ItemDraft
from app.kit.weights import fine_mg
from app.tenants.service.seller import Seller


@dataclass(frozen=True, slots=True, kw_only=True)
class KarigarDraft:
    """A karigar as they are entered."""

    code: str
    name: str
    phone: str | None = None
    pan: str | None = None
    gstin: str | None = None
    composition: bool = False
    address: str | None = None
    state_code: str | None = None
    active: bool = True


@dataclass(frozen=True, slots=True)
class FineBalance:
    """Fine metal with a karigar, in mg × parts per ten thousand; below zero: their own metal is in our work."""

    metal: str
    fine: int

    @property
    def fine_mg(self) -> int:
        return fine_mg(self.fine)


@dataclass(frozen=True, slots=True)
class StoneBalance:
    """Stones of one kind with a karigar."""

    kind: str
    stones: int
    weight_mct: int


@dataclass(frozen=True, slots=True)
class Karigar:
    """A karigar as the shop sees them. `owed_paise` is what the shop owes them, below zero what they owe."""

    id: UUID
    code: str
    name: str
    phone: str | None
    pan: str | None
    gstin: str | None
    composition: bool
    address: str | None
    state_code: str | None
    active: bool
    version: int
    created_at: dt.datetime
    updated_at: dt.datetime
    metal: tuple[FineBalance, ...] = ()
    owed_paise: int = 0
    open_jobs: int = 0
    overdue_jobs: int = 0

    @property
    def charges_gst(self) -> bool:
        return self.gstin is not None and not self.composition


@dataclass(frozen=True, slots=True)
class Wastage:
    """Allowed at a kind of work from a day on."""

    work: str
    valid_from: dt.date
    allowed_bp: int


@dataclass(frozen=True, slots=True, kw_only=True)
class JobDraft:
    """Work to be given. `allowed_bp` None: as agreed with the karigar for this work, else as the trade allows."""

    work: str
    description: str
    metal: str
    fineness: int
    due_on: dt.date
    pieces: int = 1
    labour_basis: str = "per_gram_net"
    labour_paise: int = 0
    allowed_bp: int | None = None
    order_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class JobMetal:
    """What became of a job's metal so far, in fine units; labour in paise."""

    issued: int = 0
    finished: int = 0
    returned: int = 0
    written_off: int = 0  # wastage, allowed or not
    finished_mg: int = 0  # net weight
    finished_pieces: int = 0
    labour_paise: int = 0
    issued_paise: int = 0
    back_paise: int = 0  # value of what came off the job

    @property
    def left(self) -> int:
        return self.issued - self.finished - self.returned - self.written_off


@dataclass(frozen=True, slots=True)
class JobStones:
    """Stones of one kind on a job: counts, and thousandths of a carat."""

    kind: str
    issued: int
    issued_mct: int
    back: int
    back_mct: int
    left_paise: int = 0
    from_lot: bool = False  # the book of metal has them

    @property
    def left(self) -> int:
        return self.issued - self.back

    @property
    def left_mct(self) -> int:
        return self.issued_mct - self.back_mct


@dataclass(frozen=True, slots=True)
class Job:
    """A karigar's job."""

    id: UUID
    karigar_id: UUID
    karigar_name: str
    number: str
    work: str
    description: str
    metal: str
    fineness: int
    pieces: int
    allowed_bp: int
    labour_basis: str
    labour_paise: int
    order_id: UUID | None
    opened_on: dt.date
    due_on: dt.date
    state: str
    closed_at: dt.datetime | None
    version: int
    so_far: JobMetal

    def overdue(self, today: dt.date) -> bool:
        return self.state == "open" and self.due_on < today


@dataclass(frozen=True, slots=True, kw_only=True)
class MetalOut:
    """Metal for a karigar: out of a lot, at what that cost, or without one: metal from before the book, at a value."""

    metal: str
    fineness: int
    net_mg: int
    lot_id: UUID | None = None
    value_paise: int | None = None


@dataclass(frozen=True, slots=True)
class Stones:
    """Stones of one kind, on their way out from a lot where one is named; `why` says what became of those that come
    back, and `lot_code` names the lot that returned ones make."""

    kind: str
    stones: int
    weight_mct: int
    value_paise: int = 0
    why: str = "returned"
    lot_id: UUID | None = None
    lot_code: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class IssueDraft:
    """What goes to the karigar on one challan."""

    metal: tuple[MetalOut, ...] = ()
    stones: tuple[Stones, ...] = ()
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Finished:
    """A finished piece; `labour_paise` None: as agreed on the job."""

    item: ItemDraft
    labour_paise: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MetalBack:
    """Metal that comes back unworked, and makes a lot of its own; `lot_code` None: called after the job."""

    metal: str
    fineness: int
    net_mg: int
    lot_code: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiptDraft:
    """What comes back. `closes`: this is the last of it, so the wastage is settled.

    excess  what is done about metal beyond the allowed wastage: carry | charge | accept; None: there must be none
    fine_rate_paise  of a charge: rate per gram of the fine metal
    """

    finished: tuple[Finished, ...] = ()
    metal: tuple[MetalBack, ...] = ()
    stones: tuple[Stones, ...] = ()
    closes: bool = False
    excess: str | None = None
    fine_rate_paise: int = 0
    approval_id: UUID | None = None
    reference: str | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a challan."""

    pos: int
    why: str
    metal: str | None
    fineness: int
    gross_mg: int
    net_mg: int
    fine: int
    stone_kind: str | None
    stones: int
    weight_mct: int
    lot_id: UUID | None
    item_id: UUID | None
    labour_paise: int
    value_paise: int

    @property
    def fine_mg(self) -> int:
        return fine_mg(self.fine)


@dataclass(frozen=True, slots=True)
class Challan:
    """What went to a karigar, or came back. `number` is ours and stands on issues only."""

    id: UUID
    kind: str
    karigar_id: UUID
    job_id: UUID
    number: str | None
    reference: str | None
    note: str | None
    moved_on: dt.date
    moved_at: dt.datetime
    value_paise: int
    sender: Seller
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class BilledJob:
    job_id: UUID
    labour_paise: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BillDraft:
    """A karigar's bill as it came: its number and day, and the labour of each finished job on it."""

    number: str
    billed_on: dt.date
    jobs: tuple[BilledJob, ...]


@dataclass(frozen=True, slots=True)
class Bill:
    """A noted bill. `payable_paise` is what is left for the karigar after TDS."""

    id: UUID
    karigar_id: UUID
    number: str
    billed_on: dt.date
    hsn: str
    karigar_gstin: str | None
    labour_paise: int
    tax_bp: int
    cgst_paise: int
    sgst_paise: int
    igst_paise: int
    reverse_charge: bool
    tds_base_paise: int
    tds_bp: int
    tds_paise: int
    total_paise: int
    noted_at: dt.datetime
    jobs: tuple[BilledJob, ...] = ()

    @property
    def payable_paise(self) -> int:
        return self.total_paise - self.tds_paise


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentDraft:
    mode: str
    paise: int
    reference: str | None = None


@dataclass(frozen=True, slots=True)
class Due:
    """An entry of a karigar's account in rupees."""

    id: UUID
    karigar_id: UUID
    kind: str
    paise: int
    booked_on: dt.date
    booked_at: dt.datetime
    bill_id: UUID | None
    job_id: UUID | None
    number: str | None
    mode: str | None
    reference: str | None


@dataclass(frozen=True, slots=True)
class MetalMove:
    """A line of a statement in metal: `fine` above zero went to the karigar."""

    on: dt.date
    challan_id: UUID
    kind: str
    number: str | None
    job_number: str
    why: str
    metal: str
    fineness: int
    net_mg: int
    fine: int
    balance: int  # fine units of this metal after it

    @property
    def fine_mg(self) -> int:
        return fine_mg(self.fine)

    @property
    def balance_mg(self) -> int:
        return fine_mg(self.balance)


@dataclass(frozen=True, slots=True)
class MoneyMove:
    """A line of a statement in rupees; `balance_paise` is what the shop owes after it."""

    due: Due
    balance_paise: int


@dataclass(frozen=True, slots=True)
class Statement:
    """A karigar's account in a period, in fine metal and in rupees."""

    karigar: Karigar
    first: dt.date
    last: dt.date
    opening: tuple[FineBalance, ...]
    closing: tuple[FineBalance, ...]
    metal: tuple[MetalMove, ...]
    opening_paise: int
    closing_paise: int
    money: tuple[MoneyMove, ...]
    stones: tuple[StoneBalance, ...]  # that lie with the karigar now
