"""The passbook as it is printed: what the saver may take home."""

import datetime as dt
from uuid import UUID

from app.customers import service as customers
from app.kit.clock import utc_now
from app.kit.money import BASIS_POINTS, rupees
from app.kit.sealing import Keyring
from app.kit.texts import N_, _
from app.printing.documents import Buyer, Seller
from app.printing.looks import Label
from app.printing.passbook import PassbookDocument, PassbookLine
from app.schemes import repository
from app.schemes.errors import SchemeUnknown
from app.schemes.plans import Promise
from app.schemes.service.reading import Month, Passbook, get_passbook
from app.tax.states import state_of
from app.tenants.service.places import list_places
from app.tenants.service.seller import Seller as ShopSeller
from app.tenants.service.seller import choose, seller_of
from shard_router import ShopSession

_STATES = {
    "open": Label("Running"), "matured": Label("Matured"), "closed": Label("Ended early"),
    "stopped": Label("Ended by its last day"),
}  # fmt: skip
_TERMS = (
    Label("What is saved is used for jewellery on a bill, with the bonus off its price before tax."),
    Label("A scheme ends on its last day, whatever was paid; one that is not full has no bonus."),
)
STATES = {
    "open": N_("Running"), "matured": N_("Matured"), "closed": N_("Ended early"),
    "stopped": N_("Ended by its last day"),
}  # fmt: skip


def get_paper(db: ShopSession, scheme_id: UUID, *, keyring: Keyring, at: dt.datetime | None = None) -> PassbookDocument:
    """The passbook as it stands; raises SchemeUnknown, CustomerUnknown of who was erased."""
    row = repository.find_scheme(db, scheme_id)
    if row is None:
        raise SchemeUnknown()
    book = get_passbook(db, scheme_id, keyring=keyring)
    place = choose(list_places(db), asked=row.till_id, sits_at=None)
    buyer = customers.get_buyer(db, row.customer_id)
    return _paper(book, seller_of(place), buyer, (at or utc_now()).replace(microsecond=0))


def said(promise: Promise) -> str:
    """A bonus in the reader's words."""
    if promise.making_bp == BASIS_POINTS:
        return str(_("no making charge"))
    if promise.making_bp:
        return str(_("%(percent)s %% of the making charge", percent=_percent(promise.making_bp)))
    return rupees(promise.paise) if promise.paise else ""


def _printed(promise: Promise) -> str:
    """A bonus in the paper's words."""
    if promise.making_bp == BASIS_POINTS:
        return Label("No making charge")
    if promise.making_bp:
        return Label(f"Off the making charge · {_percent(promise.making_bp)} %")
    return rupees(promise.paise) if promise.paise else ""


def _percent(bp: int) -> str:
    return f"{bp // 100}.{bp % 100:02d}".rstrip("0").rstrip(".")


def _paper(book: Passbook, shop: ShopSeller, buyer: customers.Buyer, at: dt.datetime) -> PassbookDocument:
    scheme, plan, nominee = book.scheme, book.plan, book.nominee
    return PassbookDocument(
        number=scheme.number, printed_at=at, seller=_seller(shop, scheme.begun_on),
        saver=_saver(buyer, scheme.begun_on),
        plan=plan.name, instalment_paise=scheme.instalment_paise, months=plan.months, begun_on=scheme.begun_on,
        matures_on=scheme.matures_on, stops_on=scheme.stops_on, state=_STATES[scheme.state],
        bonus=_printed(book.promise), nominee=f"{nominee.name} ({nominee.relation})" if nominee else "",
        purity=plan.purity_label, lines=tuple(map(_line, book.months)), paid_paise=scheme.paid_paise,
        grams_mg=scheme.grams_mg, terms=_TERMS,
    )  # fmt: skip


def _line(month: Month) -> PassbookLine:
    paid = month.paid
    if paid is None:
        return PassbookLine(month.no, month.due_on, None, 0, 0, "", late=False)
    return PassbookLine(
        month.no, month.due_on, paid.paid_on, paid.paise, paid.grams_mg, paid.receipt_number, late=paid.late
    )


def _seller(shop: ShopSeller, on: dt.date) -> Seller:
    return Seller(
        name=shop.shop_name, address=(shop.outlet_name, shop.address, f"{shop.city} {shop.pin}"),
        state_code=shop.state_code, state_name=state_of(shop.state_code, on).name, gstin=shop.gstin or "",
        local_name=shop.shop_name_local or "", phone=shop.phone or "", logo=shop.logo or "",
    )  # fmt: skip


def _saver(buyer: customers.Buyer, on: dt.date) -> Buyer:
    town = " ".join(part for part in (buyer.city, buyer.pin) if part)
    return Buyer(
        name=buyer.name, address=tuple(part for part in (buyer.address, town) if part),
        state_code=buyer.state_code or "",
        state_name=state_of(buyer.state_code, on).name if buyer.state_code else "", phone=buyer.phone or "",
    )  # fmt: skip
