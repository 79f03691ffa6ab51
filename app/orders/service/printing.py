"""The slip that a customer takes home: what was ordered and paid, or what piece of theirs the shop has."""

from uuid import UUID

from app.customers import service as customers
from app.kit.money import grouped, rupees
from app.kit.weights import grams, purity_label
from app.orders.service.reading import get_order
from app.orders.views import Mending, Order, Wanted
from app.printing.looks import Label
from app.printing.slips import SlipDocument
from app.tenants.service.paper import on_paper
from app.tenants.service.places import list_places
from app.tenants.service.seller import seller_of
from shard_router import ShopSession

BASES = {
    "today": Label("Rate fixed on the day of the order"), "locked": Label("Rate locked"),
    "delivery": Label("Rate of the day of delivery"),
}  # fmt: skip
ORDER_TERMS = (
    Label("Weights are about so much; the bill is of the finished pieces as they weigh, with GST."),
    Label("Please bring this slip when you come for the pieces."),
)
REPAIR_TERMS = (
    Label("The piece remains yours and is given back against this slip, weighed before you."),
    Label("The estimate is without GST of 18 % on repairs (SAC 998722)."),
)


def order_slip(db: ShopSession, order_id: UUID) -> SlipDocument:
    """Of an order or a repair; raises OrderUnknown."""
    order = get_order(db, order_id)
    places = list_places(db)
    place = next((one for one in places if one.till_id == order.till_id), places[0])
    buyer = customers.get_buyer(db, order.customer_id)
    town = " ".join(part for part in (buyer.city, buyer.pin) if part)
    seller = seller_of(place)
    mending = order.repair
    return SlipDocument(
        title=Label("ORDER") if mending is None else Label("REPAIR MEMO"),
        number=order.number,
        issued_at=order.taken_at.replace(microsecond=0),
        seller=on_paper(seller, order.taken_on),
        party_label=Label("Ordered by") if mending is None else Label("Received from"),
        party=tuple(part for part in (buyer.name, buyer.address, town, buyer.phone) if part),
        facts=_facts(order),
        columns=_COLUMNS if mending is None else _OF_REPAIRS,
        rows=tuple(_row(line) for line in order.lines) if mending is None else _piece(mending),
        sums=_sums(order),
        notes=(Label(f"Condition: {mending.condition}") if mending else "", order.note or ""),
        terms=ORDER_TERMS if mending is None else REPAIR_TERMS,
        signs=(Label("Customer's signature"), Label(f"For {seller.shop_name}")),
    )


_COLUMNS = (
    Label("Piece"), Label("Purity"), Label("Pieces"), Label("Each about g"), Label("Rate ₹/g"), Label("Estimate ₹"),
)  # fmt: skip
_OF_REPAIRS = (Label("Piece"), Label("Purity"), Label("Pieces"), Label("Gross g"))


def _facts(order: Order) -> tuple[tuple[str, str], ...]:
    due = (Label("Ready by"), f"{order.due_on:%d-%m-%Y}")
    return (due,) if order.repair else (due, (Label("Rate"), BASES.get(order.rate_basis, order.rate_basis)))


def _row(line: Wanted) -> tuple[str, ...]:
    rate = grouped(line.rate_paise_per_g) if line.rate_paise_per_g else "—"
    estimate = grouped(line.estimate_paise) if line.estimate_paise else ""
    purity = purity_label(line.metal, line.fineness)
    return (line.description, purity, str(line.pieces), grams(line.weight_mg), rate, estimate)


def _piece(mending: Mending) -> tuple[tuple[str, ...], ...]:
    purity = purity_label(mending.metal, mending.fineness)
    what = f"{mending.description}: {mending.work}"
    rows = [(what, purity, str(mending.pieces), grams(mending.gross_mg))]
    rows += [
        (Label(f"Used: {one.description}"), purity_label(one.metal, one.fineness) if one.metal else "", "",
         grams(one.net_mg) if one.net_mg else "")
        for one in mending.used
    ]  # fmt: skip
    if mending.gross_out_mg is not None:
        rows.append((Label("Given back"), "", str(mending.pieces), grams(mending.gross_out_mg)))
    return tuple(rows)


def _sums(order: Order) -> tuple[tuple[str, str], ...]:
    found = [(Label("Estimate"), rupees(order.estimate_paise))] if order.estimate_paise else []
    found += [(Label("Advance paid"), rupees(order.advance_paise))] if order.advance_paise else []
    if order.repair is not None and order.repair.charge_paise:
        found.append((Label("Charge without GST"), rupees(order.repair.charge_paise)))
    return tuple(found)
