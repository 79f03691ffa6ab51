"""Suppliers' bills booked with the pieces and lots on them, and returned against: stock, metal book and ledger in one.

Locks: the supplier, then pieces and lots. A bill is entered once, each of its lines goes back once.
"""

import dataclasses
import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy.exc import IntegrityError

from app.inventory.buying import BoughtLine, Taxed, Totals, check_lines, tax_line, total_up
from app.inventory.errors import BillDayWrong, BillEnteredBefore, NotReturnable, PurchaseEmpty, PurchaseUnknown
from app.inventory.lotting import Weights
from app.inventory.models import ItemStatus, MetalLot, PurchaseLine
from app.inventory.models import Purchase as Row
from app.inventory.pieces import Item
from app.inventory.repository import buying as repository
from app.inventory.repository import pieces
from app.inventory.service.booking import Spot, entries_of, shelf
from app.inventory.service.entering import Origin, register_item
from app.inventory.service.locking import live_lots, live_pieces
from app.inventory.service.lots import entry_of_lot, lot_of, put, receive_lot
from app.inventory.service.lots import shelf as lot_shelf
from app.inventory.service.places import outlet_of
from app.inventory.service.suppliers import BILL, RETURN, lock_supplier, owe
from app.kit import audit, paging
from app.kit.clock import financial_year, ist, today_ist, utc_now
from app.kit.errors import AppError
from app.kit.ids import new_id
from app.kit.readable import is_readable
from app.kit.texts import _
from app.metal import service as metal
from app.metal.service import Account, Entry
from app.tax.rates import first_day
from app.tenants.service.places import home_outlet, list_places
from shard_router import ShopSession

T = TypeVar("T")
BOUGHT, SENT_BACK = "purchase", "purchase_return"


@dataclass(frozen=True, slots=True, kw_only=True)
class PurchaseDraft:
    """A supplier's bill as it lies before one. `total_paise`: the bill's own, to be compared with its lines."""

    supplier_id: UUID
    bill_no: str
    bill_on: dt.date
    lines: tuple[BoughtLine, ...]
    place_id: UUID | None = None
    total_paise: int | None = None
    tds_paise: int = 0
    reverse_charge: bool = False


@dataclass(frozen=True, slots=True)
class Line:
    """One piece or lot of a bill; `returned`: it went back."""

    id: UUID
    pos: int
    item_id: UUID | None
    lot_id: UUID | None
    reverses_line_id: UUID | None
    description: str
    hsn: str
    metal: str
    fineness: int
    pieces: int
    stone_mg: int
    net_mg: int
    stone_mct: int
    taxable_paise: int
    tax_bp: int
    cgst_paise: int
    sgst_paise: int
    igst_paise: int
    returned: bool = False

    @property
    def gross_mg(self) -> int:
        return self.net_mg + self.stone_mg


@dataclass(frozen=True, slots=True)
class Purchase:
    """A supplier's bill, or our return against one, with its lines where it was asked for alone."""

    id: UUID
    kind: str
    supplier_id: UUID
    fy_start: int
    bill_no: str
    bill_on: dt.date
    book_on: dt.date
    at: dt.datetime
    place_id: UUID | None
    supplier_gstin: str | None
    inter_state: bool
    reverse_charge: bool
    taxable_paise: int
    cgst_paise: int
    sgst_paise: int
    igst_paise: int
    round_off_paise: int
    total_paise: int
    tds_paise: int
    reverses_id: UUID | None
    reason: str | None
    actor_id: UUID | None
    lines: tuple[Line, ...] = ()


def book_purchase(db: ShopSession, *, draft: PurchaseDraft, book_on: dt.date | None = None) -> Purchase:
    """Enter a supplier's bill: its pieces and lots come into stock at their value without tax; what it asks is owed.

    A composition dealer, and a shop without a GSTIN, takes no tax back: there the cost is with tax.
    Raises SupplierUnknown, BillDayWrong, BillEnteredBefore, PurchaseEmpty, PurchaseTotalWrong, StockPlaceUnknown,
    UnknownHsn, and what entering a piece or lot raises, with the path of its line.
    """
    check_lines(draft.lines)
    _check_day(draft.bill_on)
    supplier = lock_supplier(db, draft.supplier_id)
    place_id = draft.place_id or home_outlet(db)
    outlet = outlet_of(db, place_id) if place_id is not None else None
    here = next((one for one in list_places(db) if one.outlet_id == outlet), None)
    inter_state = here is not None and supplier.state_code is not None and supplier.state_code != here.state_code
    taxing = partial(tax_line, on=draft.bill_on, inter_state=inter_state, registered=supplier.gstin is not None)
    taxed = [_at_line(place, partial(taxing, line)) for place, line in enumerate(draft.lines)]
    totals = total_up(
        [(line.taxable_paise, tax) for line, tax in zip(draft.lines, taxed, strict=True)],
        said_paise=draft.total_paise, tds_paise=draft.tds_paise, reverse_charge=draft.reverse_charge,
    )  # fmt: skip
    row = Row(
        kind=BILL, supplier_id=supplier.id, fy_start=financial_year(draft.bill_on).start_year,
        bill_no=_bill_no(draft.bill_no), bill_on=draft.bill_on, place_id=place_id, supplier_gstin=supplier.gstin,
        inter_state=inter_state, reverse_charge=draft.reverse_charge, tds_paise=draft.tds_paise, reverses_id=None,
        reason=None, **_head(db, totals, book_on),
    )  # fmt: skip
    _add(db, row)
    with_tax = here is not None and (here.composition or here.gstin is None)
    lines = []
    for place, (line, tax) in enumerate(zip(draft.lines, taxed, strict=True)):
        entered = _at_line(place, partial(_enter, db, row, line, tax, with_tax=with_tax))
        entered.pos = place + 1
        lines.append(entered)
    return _finish(db, row, lines, owed_paise=totals.owed_paise)


def return_purchase(
    db: ShopSession, *, purchase_id: UUID, line_ids: Sequence[UUID], reason: str, book_on: dt.date | None = None
) -> Purchase:
    """Send pieces and lots of a bill back to its supplier at what they were bought for; what is owed falls by it. The
    last of a bill takes its round-off along.

    Raises PurchaseUnknown, PurchaseEmpty, and NotReturnable for what went back before or is not whole in stock.
    """
    bill = repository.find_purchase(db, purchase_id)
    if bill is None or bill.kind != BILL:
        raise PurchaseUnknown()
    supplier = lock_supplier(db, bill.supplier_id)
    chosen = _to_return(db, bill, line_ids)
    entries = _give_back(db, chosen, Spot(Account.SUPPLIER, supplier.id))
    heads = ("cgst_paise", "sgst_paise", "igst_paise")
    taxed = [(one.taxable_paise, Taxed(one.hsn, one.tax_bp, *(getattr(one, head) for head in heads))) for one in chosen]
    totals = total_up(
        taxed, said_paise=_rest_of(db, bill, chosen), tds_paise=0, reverse_charge=bill.reverse_charge
    )  # fmt: skip
    on = book_on or today_ist()
    year = financial_year(on).start_year
    row = Row(
        kind=RETURN, supplier_id=supplier.id, fy_start=year, bill_on=on, place_id=bill.place_id, tds_paise=0,
        bill_no=f"DN/{year % 100:02d}/{repository.count_returns(db, supplier.id, year) + 1}",
        supplier_gstin=bill.supplier_gstin, inter_state=bill.inter_state, reverse_charge=bill.reverse_charge,
        reverses_id=bill.id, reason=reason, **_head(db, totals, book_on),
    )  # fmt: skip
    _add(db, row)
    metal.post(db, movement_id=row.id, kind=SENT_BACK, entries=entries, book_on=row.book_on)
    lines = [
        PurchaseLine(
            id=new_id(), purchase_id=row.id, pos=pos, reverses_line_id=one.id,
            **{name: getattr(one, name) for name in _COPIED},
        )
        for pos, one in enumerate(chosen, start=1)
    ]  # fmt: skip
    return _finish(db, row, lines, owed_paise=-totals.owed_paise)


def get_purchase(db: ShopSession, purchase_id: UUID) -> Purchase:
    """With its lines; raises PurchaseUnknown."""
    row = repository.find_purchase(db, purchase_id)
    if row is None:
        raise PurchaseUnknown()
    lines = repository.lines_of(db, row.id)
    return purchase_of(row, lines, repository.returned_lines(db, [line.id for line in lines]))


def list_purchases(
    db: ShopSession, *, supplier_id: UUID | None = None, kind: str | None = None, first: dt.date | None = None,
    last: dt.date | None = None, sort: str | None = None, after: str | None = None, limit: int = paging.DEFAULT_LIMIT,
) -> paging.Page[Purchase]:  # fmt: skip
    """A page without lines."""
    statement = repository.list_purchases(supplier_id=supplier_id, kind=kind, first=first, last=last)
    return paging.page(db, statement, orders=_ORDERS, sort=sort, after=after, limit=limit).map(purchase_of)


def purchase_of(row: Row, lines: Sequence[PurchaseLine] = (), returned: set[UUID] | None = None) -> Purchase:
    gone = returned or set()
    found = [Line(**{name: getattr(line, name) for name in _LINE}, returned=line.id in gone) for line in lines]
    return Purchase(**{name: getattr(row, name) for name in _HEAD}, lines=tuple(found))


_HEAD = tuple(field.name for field in dataclasses.fields(Purchase) if field.name != "lines")
_LINE = tuple(field.name for field in dataclasses.fields(Line) if field.name != "returned")
_COPIED = tuple(name for name in _LINE if name not in ("id", "pos", "reverses_line_id"))
_ORDERS = paging.Orders(tie=Row.id, default="-billOn", billOn=Row.bill_on)


def _head(db: ShopSession, totals: Totals, book_on: dt.date | None) -> dict[str, Any]:
    now = utc_now()
    return {
        "id": new_id(), "at": now, "book_on": book_on or metal.business_day(db, ist(now).date()),
        "actor_id": db.actor.person_id,
        **{name: value for name, value in dataclasses.asdict(totals).items() if name != "owed_paise"},
    }  # fmt: skip


def _add(db: ShopSession, row: Row) -> None:
    db.add(row)
    try:
        db.flush()
    except IntegrityError as taken:
        raise BillEnteredBefore(
            _("Bill %(no)s of this supplier was entered before.", no=row.bill_no), fields={"billNo": "entered before"}
        ) from taken


def _enter(db: ShopSession, row: Row, line: BoughtLine, tax: Taxed, *, with_tax: bool) -> PurchaseLine:
    """The piece or lot of a line, in stock; its place on the bill comes later."""
    cost = line.taxable_paise + (tax.tax_paise if with_tax else 0)
    origin = Origin(
        spot=Spot(Account.SUPPLIER, row.supplier_id), kind=BOUGHT, movement_id=row.id, supplier_id=row.supplier_id,
        book_on=row.book_on,
    )  # fmt: skip
    facts: dict[str, Any]
    if line.piece is not None:
        piece = dataclasses.replace(line.piece, cost_paise=cost)
        item = register_item(db, draft=piece, place_id=row.place_id, origin=origin)
        facts = {"item_id": item.id, "description": item.tag, "metal": item.metal, "fineness": item.fineness,
                 "pieces": 1, "stone_mg": item.stone_mg, "net_mg": item.net_mg,
                 "stone_mct": item.stone_mct}  # fmt: skip
    else:
        assert line.lot is not None  # checked before
        draft = dataclasses.replace(line.received(row.bill_on), cost_paise=cost)
        lot = receive_lot(db, draft=draft, place_id=row.place_id, origin=origin)
        facts = {"lot_id": lot.id, "description": lot.code, "metal": lot.metal, "fineness": lot.fineness,
                 **dataclasses.asdict(lot.left)}  # fmt: skip
    return PurchaseLine(
        id=new_id(), purchase_id=row.id, reverses_line_id=None, hsn=tax.hsn, tax_bp=tax.tax_bp,
        taxable_paise=line.taxable_paise, cgst_paise=tax.cgst_paise, sgst_paise=tax.sgst_paise,
        igst_paise=tax.igst_paise, **facts,
    )  # fmt: skip


def _finish(db: ShopSession, row: Row, lines: Sequence[PurchaseLine], *, owed_paise: int) -> Purchase:
    db.add_all(lines)
    db.flush()
    owe(db, supplier_id=row.supplier_id, kind=row.kind, owed_paise=owed_paise, purchase_id=row.id, book_on=row.book_on)
    audit.record(db, f"purchase.{'booked' if row.kind == BILL else 'returned'}", row.id, {
        "billNo": row.bill_no, "totalPaise": row.total_paise, "lines": [line.description for line in lines],
    })  # fmt: skip
    return purchase_of(row, lines)


def _to_return(db: ShopSession, bill: Row, wanted: Sequence[UUID]) -> list[PurchaseLine]:
    lines = {line.id: line for line in repository.lines_of(db, bill.id)}
    if not wanted or len(set(wanted)) != len(wanted):
        raise PurchaseEmpty(_("Name the lines that go back, each once."), fields={"lineIds": "none, or one twice"})
    gone = repository.returned_lines(db, wanted)
    for place, one in enumerate(wanted):
        if one not in lines:
            raise PurchaseUnknown(_("The bill has no such line."), fields={f"lineIds.{place}": "unknown"})
        if one in gone:
            message = _("%(what)s went back before.", what=lines[one].description)
            raise NotReturnable(message, fields={f"lineIds.{place}": "went back before"})
    return [lines[one] for one in wanted]


def _rest_of(db: ShopSession, bill: Row, chosen: Sequence[PurchaseLine]) -> int | None:
    """What earlier returns have left of the bill's total, its round-off too, where nothing of it stays; else None."""
    ids = {line.id for line in repository.lines_of(db, bill.id)}
    if repository.returned_lines(db, sorted(ids)) | {line.id for line in chosen} != ids:
        return None
    return bill.total_paise - repository.returned_paise(db, bill.id)


def _give_back(db: ShopSession, lines: Sequence[PurchaseLine], target: Spot) -> list[Entry]:
    """Pieces and whole lots leave the stock, locked; raises NotReturnable."""
    try:
        items = live_pieces(db, [line.item_id for line in lines if line.item_id])
        rows = live_lots(db, [line.lot_id for line in lines if line.lot_id])
    except AppError as gone:
        raise NotReturnable(gone.message, fields={"lineIds": "not in stock"}) from gone
    for line in lines:
        thing = _changed(line, {item.id: item for item in items}, {row.id: row for row in rows})
        if thing:
            raise NotReturnable(_("%(what)s is no longer as it was bought.", what=thing), fields={"lineIds": "changed"})
    entries = [entry for item in items for entry in entries_of(item, shelf(item), target)]
    entries += [entry_of_lot(lot_of(row), lot_shelf(lot_of(row)), target) for row in rows]
    pieces.set_status(db, [item.id for item in items], ItemStatus.WITHDRAWN, utc_now())
    for row in rows:
        put(row, Weights(), cost_paise=0)
    return entries


def _changed(line: PurchaseLine, items: dict[UUID, Item], lots: dict[UUID, MetalLot]) -> str | None:
    """The name of what weighs other than when it was bought; None: it is as it was."""
    if line.item_id is not None:
        item = items[line.item_id]
        return None if (item.net_mg, item.stone_mg) == (line.net_mg, line.stone_mg) else item.tag
    assert line.lot_id is not None  # a line has one of the two
    row = lots[line.lot_id]
    same = (row.left_net_mg, row.left_stone_mct, row.left_pieces) == (line.net_mg, line.stone_mct, line.pieces)
    return None if same else row.code


def _at_line(place: int, work: Callable[[], T]) -> T:
    """What is wrong with one line is said at it."""
    try:
        return work()
    except AppError as error:
        found = (error.fields or {"": str(error.message)}).items()
        error.fields = {f"lines.{place}.{path}".rstrip("."): wrong for path, wrong in found}
        raise


def _check_day(bill_on: dt.date) -> None:
    """Tax, purities and what a lot may be are looked up by the bill's own day."""
    if bill_on > today_ist():
        raise BillDayWrong(_("The bill's day lies in the future."), fields={"billOn": "in the future"})
    if bill_on < (first := first_day()):
        message = _("No rates of tax are known of days before %(first)s.", first=f"{first:%d-%m-%Y}")
        raise BillDayWrong(message, fields={"billOn": "too long ago"})


def _bill_no(text: str) -> str:
    """In capitals, without blanks: no number under Rule 46 has one, and as it is typed no bill becomes two."""
    bare = "".join(text.split()).upper()
    if not 1 <= len(bare) <= 24 or not bare.isascii() or not is_readable(bare):
        raise PurchaseEmpty(
            _("A bill's number has from 1 to 24 letters and digits."), fields={"billNo": "not a number"}
        )
    return bare
