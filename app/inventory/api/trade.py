"""The API of suppliers and their bills, and of what is away: transfers, memos, melts."""

from typing import Any
from uuid import UUID

from flask import Response

from app.inventory import service
from app.inventory.schemas.trade import (
    ArrivalsIn,
    BackIn,
    ConsignmentArgs,
    ConsignmentOut,
    ConsignmentPage,
    MeltIn,
    MemoIn,
    OwingOut,
    OwingPage,
    PouredIn,
    PurchaseArgs,
    PurchaseIn,
    PurchaseOut,
    PurchasePage,
    PurchaseReturnIn,
    SupplierArgs,
    SupplierEdit,
    SupplierIn,
    SupplierOut,
    SupplierPage,
    SupplierPaymentIn,
    TransferIn,
    arrivals_of,
    poured_of,
    purchase_of,
)
from app.inventory.service import Consignment, Owing, Purchase, Supplier, SupplierDraft
from app.kit.http import allow, api_blueprint, expected_version, shop_read, shop_write, versioned
from app.kit.paging import Page, PageArgs
from app.printing.asking import PrintArgs, asked
from app.printing.at_once import printed
from app.printing.looks import SMALL
from app.printing.press import Press

suppliers = api_blueprint("suppliers", "/suppliers", description="Whom the shop buys from, and what they are owed.")
purchases = api_blueprint("purchases", "/purchases", description="Suppliers' bills, and returns against them.")
transfers = api_blueprint("transfers", "/transfers", description="Stock on its way between outlets.")
memos = api_blueprint("memos", "/memos", description="Pieces out on approval.")
melts = api_blueprint("melts", "/melts", description="Pieces and lots melted into one lot.")


# ---------------------------------------------------------------- suppliers


@suppliers.get("")
@allow("stock.buy")
@suppliers.arguments(SupplierArgs, location="query")
@suppliers.response(200, SupplierPage)
def list_suppliers(args: dict[str, Any], shop_id: int) -> Page[Supplier]:
    """A page of suppliers with what is owed to each."""
    return shop_read(lambda db: service.list_suppliers(db, **args))


@suppliers.post("")
@allow("stock.buy")
@suppliers.arguments(SupplierIn)
@suppliers.response(201, SupplierOut)
def register_supplier(body: dict[str, Any], shop_id: int) -> Supplier:
    """Enter a supplier."""
    draft = SupplierDraft(**body)
    return shop_write(
        lambda db: service.register_supplier(db, draft=draft),
        rebuild=service.get_supplier,  # so that no PAN is stored with a key
    )


@suppliers.get("/<id:supplier_id>")
@allow("stock.buy")
@suppliers.response(200, SupplierOut)
def get_supplier(shop_id: int, supplier_id: UUID) -> Supplier:
    """One supplier."""
    return shop_read(lambda db: service.get_supplier(db, supplier_id))


@suppliers.patch("/<id:supplier_id>")
@allow("stock.buy")
@suppliers.arguments(SupplierEdit)
@suppliers.response(200, SupplierOut)
def edit_supplier(body: dict[str, Any], shop_id: int, supplier_id: UUID) -> Supplier:
    """Correct a supplier; needs If-Match."""
    version = expected_version()
    return shop_write(
        lambda db: service.edit_supplier(db, supplier_id=supplier_id, expected_version=version, changes=body)
    )


@suppliers.get("/<id:supplier_id>/ledger")
@allow("stock.buy")
@suppliers.arguments(PageArgs, location="query")
@suppliers.response(200, OwingPage)
def supplier_ledger(args: dict[str, Any], shop_id: int, supplier_id: UUID) -> Page[Owing]:
    """Bills, returns and payments, the newest first."""
    return shop_read(lambda db: service.supplier_ledger(db, supplier_id=supplier_id, **args))


@suppliers.post("/<id:supplier_id>/payments")
@allow("stock.buy")
@suppliers.arguments(SupplierPaymentIn)
@suppliers.response(201, OwingOut)
def pay_supplier(body: dict[str, Any], shop_id: int, supplier_id: UUID) -> Owing:
    """Write down money that went to a supplier."""
    return shop_write(lambda db: service.pay_supplier(db, supplier_id=supplier_id, **body))


# ---------------------------------------------------------------- purchases


@purchases.get("")
@allow("stock.buy")
@purchases.arguments(PurchaseArgs, location="query")
@purchases.response(200, PurchasePage)
def list_purchases(args: dict[str, Any], shop_id: int) -> Page[Purchase]:
    """A page of bills and returns, without lines."""
    return shop_read(lambda db: service.list_purchases(db, **args))


@purchases.post("")
@allow("stock.buy")
@purchases.arguments(PurchaseIn)
@purchases.response(201, PurchaseOut)
def book_purchase(body: dict[str, Any], shop_id: int) -> Purchase:
    """Enter a supplier's bill: its pieces and lots come into stock."""
    draft = purchase_of(body)
    return shop_write(lambda db: service.book_purchase(db, draft=draft))


@purchases.get("/<id:purchase_id>")
@allow("stock.buy")
@purchases.response(200, PurchaseOut)
def get_purchase(shop_id: int, purchase_id: UUID) -> Purchase:
    """One bill or return, with its lines."""
    return shop_read(lambda db: service.get_purchase(db, purchase_id))


@purchases.post("/<id:purchase_id>/returns")
@allow("stock.buy")
@purchases.arguments(PurchaseReturnIn)
@purchases.response(201, PurchaseOut)
def return_purchase(body: dict[str, Any], shop_id: int, purchase_id: UUID) -> Purchase:
    """Send lines of a bill back to its supplier."""
    return shop_write(lambda db: service.return_purchase(db, purchase_id=purchase_id, **body))


# ---------------------------------------------------------------- transfers


@transfers.get("")
@allow("stock.view")
@transfers.arguments(ConsignmentArgs, location="query")
@transfers.response(200, ConsignmentPage)
def list_transfers(args: dict[str, Any], shop_id: int) -> Page[Consignment]:
    """A page of transfers."""
    return shop_read(lambda db: service.list_consignments(db, kind="transfer", **args))


@transfers.post("")
@allow("stock.transfer")
@transfers.arguments(TransferIn)
@transfers.response(201, ConsignmentOut)
def send_transfer(body: dict[str, Any], shop_id: int) -> Consignment:
    """Send pieces and lots to another outlet."""
    return shop_write(lambda db: service.send_transfer(db, **body))


@transfers.get("/<id:transfer_id>")
@allow("stock.view")
@transfers.response(200, ConsignmentOut)
def get_transfer(shop_id: int, transfer_id: UUID) -> Consignment:
    """One transfer."""
    return shop_read(lambda db: service.get_consignment(db, transfer_id, kind="transfer"))


@transfers.get("/<id:transfer_id>/print")
@allow("stock.view")
@transfers.arguments(PrintArgs, location="query")
@transfers.response(200, content_type="application/pdf")
def print_transfer(args: dict[str, str | None], shop_id: int, transfer_id: UUID) -> Response:
    """The note that goes with it, made now; usually on A5."""
    return _printed(transfer_id, "transfer", args)


@transfers.post("/<id:transfer_id>/receipt")
@allow("stock.transfer")
@versioned
@transfers.arguments(ArrivalsIn)
@transfers.response(200, ConsignmentOut)
def receive_transfer(body: dict[str, Any], shop_id: int, transfer_id: UUID) -> Consignment:
    """Take what arrived into stock, weighed; needs If-Match."""
    version, said = expected_version(), arrivals_of(body)
    return shop_write(
        lambda db: service.receive_transfer(db, consignment_id=transfer_id, expected_version=version, **said)
    )


@transfers.post("/<id:transfer_id>/recall")
@allow("stock.transfer")
@versioned
@transfers.arguments(BackIn)
@transfers.response(200, ConsignmentOut)
def recall_transfer(body: dict[str, Any], shop_id: int, transfer_id: UUID) -> Consignment:
    """Call a transfer off: what is away lies again where it lay; needs If-Match."""
    return _brought_back(transfer_id, body)


# ---------------------------------------------------------------- memos


@memos.get("")
@allow("stock.view")
@memos.arguments(ConsignmentArgs, location="query")
@memos.response(200, ConsignmentPage)
def list_memos(args: dict[str, Any], shop_id: int) -> Page[Consignment]:
    """A page of memos."""
    return shop_read(lambda db: service.list_consignments(db, kind="memo", **args))


@memos.post("")
@allow("stock.memo")
@memos.arguments(MemoIn)
@memos.response(201, ConsignmentOut)
def send_memo(body: dict[str, Any], shop_id: int) -> Consignment:
    """Give pieces out on approval."""
    return shop_write(lambda db: service.send_memo(db, **body))


@memos.get("/<id:memo_id>")
@allow("stock.view")
@memos.response(200, ConsignmentOut)
def get_memo(shop_id: int, memo_id: UUID) -> Consignment:
    """One memo."""
    return shop_read(lambda db: service.get_consignment(db, memo_id, kind="memo"))


@memos.get("/<id:memo_id>/print")
@allow("stock.view")
@memos.arguments(PrintArgs, location="query")
@memos.response(200, content_type="application/pdf")
def print_memo(args: dict[str, str | None], shop_id: int, memo_id: UUID) -> Response:
    """The memo that the customer signs, made now; usually on A5."""
    return _printed(memo_id, "memo", args)


@memos.post("/<id:memo_id>/return")
@allow("stock.memo")
@versioned
@memos.arguments(BackIn)
@memos.response(200, ConsignmentOut)
def return_memo(body: dict[str, Any], shop_id: int, memo_id: UUID) -> Consignment:
    """Take pieces back; what is kept is billed then. Needs If-Match."""
    return _brought_back(memo_id, body)


# ---------------------------------------------------------------- melts


@melts.get("")
@allow("stock.view")
@melts.arguments(ConsignmentArgs, location="query")
@melts.response(200, ConsignmentPage)
def list_melts(args: dict[str, Any], shop_id: int) -> Page[Consignment]:
    """A page of melts."""
    return shop_read(lambda db: service.list_consignments(db, kind="melt", **args))


@melts.post("")
@allow("stock.melt")
@melts.arguments(MeltIn)
@melts.response(201, ConsignmentOut)
def start_melt(body: dict[str, Any], shop_id: int) -> Consignment:
    """Put pieces and lots into the pot."""
    return shop_write(lambda db: service.start_melt(db, **body))


@melts.get("/<id:melt_id>")
@allow("stock.view")
@melts.response(200, ConsignmentOut)
def get_melt(shop_id: int, melt_id: UUID) -> Consignment:
    """One melt."""
    return shop_read(lambda db: service.get_consignment(db, melt_id, kind="melt"))


@melts.post("/<id:melt_id>/pour")
@allow("stock.melt")
@versioned
@melts.arguments(PouredIn)
@melts.response(200, ConsignmentOut)
def finish_melt(body: dict[str, Any], shop_id: int, melt_id: UUID) -> Consignment:
    """Say what came out of the pot; needs If-Match."""
    version, poured = expected_version(), poured_of(body)
    return shop_write(lambda db: service.finish_melt(db, consignment_id=melt_id, expected_version=version, **poured))


def _printed(consignment_id: UUID, kind: str, args: dict[str, str | None]) -> Response:
    return printed(
        lambda db: service.consignment_slip(db, consignment_id, kind=kind), asked(args, SMALL), Press.render_slip
    )


def _brought_back(consignment_id: UUID, body: dict[str, Any]) -> Consignment:
    version = expected_version()
    return shop_write(
        lambda db: service.bring_back(
            db, consignment_id=consignment_id, expected_version=version, line_ids=body["line_ids"]
        )
    )
