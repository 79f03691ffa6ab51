"""What goes along with stock that is away: the note of a transfer, the memo of pieces on approval."""

from collections.abc import Mapping
from uuid import UUID

from app.customers import service as customers
from app.inventory.service.away import Consignment, Line, get_consignment
from app.inventory.service.places import list_stock_places
from app.inventory.service.reading import get_items
from app.kit.clock import ist
from app.kit.weights import carats, grams, purity_label
from app.metal.service import MIXED
from app.printing.looks import Label
from app.printing.slips import SlipDocument
from app.tenants.service.paper import on_paper
from app.tenants.service.places import list_places
from app.tenants.service.seller import seller_of
from shard_router import ShopSession

MEMO_TERMS = (
    Label("The pieces remain the shop's: they are given to be looked at, and no sale."),
    Label("What is kept is billed at the rate of that day; please bring this memo along."),
)
TRANSFER_TERMS = (Label("Goods of the shop on their way between its own premises; no sale."),)
_COLUMNS = (Label("Piece"), Label("Purity"), Label("Pieces"), Label("Gross g"), Label("Net g"), Label("Stones"))


def consignment_slip(db: ShopSession, consignment_id: UUID, *, kind: str) -> SlipDocument:
    """As it was sent; what it cost is for no driver and no customer to read. Raises ConsignmentUnknown.

    It has no series of numbers: what names it is its day and the end of its id, as its page's address has it."""
    sent = get_consignment(db, consignment_id, kind=kind)
    memo = kind == "memo"
    names = {one.id: one for one in list_stock_places(db)}
    home = names[sent.from_place_id].outlet_id if sent.from_place_id in names else None
    places = list_places(db)
    shop = seller_of(next((one for one in places if one.outlet_id == home), places[0]))
    sent_on, stones = ist(sent.sent_at).date(), any(line.stone_mct for line in sent.lines)
    items = get_items(db, [line.item_id for line in sent.lines if line.item_id])
    called = {item.id: f"{item.tag} · {item.name}" for item in items.values()}
    return SlipDocument(
        title=Label("APPROVAL MEMO") if memo else Label("TRANSFER NOTE"),
        number=sent.id.hex[-8:].upper(),
        issued_at=sent.sent_at.replace(microsecond=0),
        seller=on_paper(shop, sent_on),
        party_label=Label("Given to") if memo else Label("Sent to"),
        party=_customer(db, sent) if memo else (names[sent.to_place_id].name if sent.to_place_id in names else "",),
        facts=((Label("Bring back by"), f"{sent.due_on:%d-%m-%Y}"),) if sent.due_on else (),
        columns=_COLUMNS[: None if stones else -1],
        rows=tuple(_row(line, called)[: None if stones else -1] for line in sent.lines),
        foot=_sums(sent)[: None if stones else -1],
        notes=(sent.note or "",),
        terms=MEMO_TERMS if memo else TRANSFER_TERMS,
        signs=(Label("Customer's signature") if memo else Label("Received by"), Label(f"For {shop.shop_name}")),
    )


def _customer(db: ShopSession, sent: Consignment) -> tuple[str, ...]:
    if sent.customer_id is None:
        return ("",)
    buyer = customers.get_buyer(db, sent.customer_id)
    town = " ".join(part for part in (buyer.city, buyer.pin) if part)
    return tuple(part for part in (buyer.name, buyer.address, town, buyer.phone) if part)


def _row(line: Line, called: Mapping[UUID, str]) -> tuple[str, ...]:
    """A piece by its tag and its name: who signs for it reads what it is."""
    what = called.get(line.item_id, line.description) if line.item_id else line.description
    purity = "" if line.fineness == MIXED else purity_label(line.metal, line.fineness)
    stones = f"{carats(line.stone_mct)} ct" if line.stone_mct else ""
    pieces = str(line.pieces) if line.pieces else ""
    return (what, purity, pieces, grams(line.gross_mg), grams(line.net_mg) if line.net_mg else "", stones)


def _sums(sent: Consignment) -> tuple[str, ...]:
    pieces, net = sum(line.pieces for line in sent.lines), sum(line.net_mg for line in sent.lines)
    return (Label("Total"), "", str(pieces) if pieces else "", grams(sent.gross_mg), grams(net) if net else "", "")
