"""The stock: pieces and lots, where they lie, from whom they came, and what is away; each gram in the metal book."""

from app.inventory.buying import BoughtLine
from app.inventory.hallmarking import Exemption, Hallmark, list_exemptions, mandate_for
from app.inventory.lotting import KINDS, STONE, Lot, LotDraft, Weights, scales_differ_mg
from app.inventory.metals import MAX_OTHERS, OtherMetal
from app.inventory.models import ConsignmentKind, ItemStatus, LotState
from app.inventory.pieces import CATEGORIES, Item, ItemDraft, Stone, settled
from app.inventory.repository import away as stock_away
from app.inventory.repository import buying as stock_bought
from app.inventory.repository import lots as stock_lots
from app.inventory.repository import pieces as stock_pieces
from app.inventory.service.arriving import Arrival, receive_transfer
from app.inventory.service.away import (
    Consignment,
    bring_back,
    get_consignment,
    list_consignments,
    send_memo,
    send_transfer,
    start_melt,
)
from app.inventory.service.booking import SALE, WITHDRAWALS, Spot, open_book, post_return, sale_entries
from app.inventory.service.bulk import Arriving, register_items, taken_codes
from app.inventory.service.by_weight import (
    HOLD_LOTS,
    Asked,
    Portion,
    bind_portions,
    codes_of,
    cost_of_part,
    find_lot_by_code,
    get_lots,
    lock_lots,
    lots_of,
    portion_entries,
    portion_of,
    post_lot_return,
    return_to_lots,
)
from app.inventory.service.counting import Counted, find_by_codes, pieces_to_count, standing, tally
from app.inventory.service.entering import Origin, edit_item, register_item, set_picture, withdraw_item
from app.inventory.service.lots import (
    DRAWN,
    draw_from_lot,
    find_things,
    get_lot,
    list_lots,
    merge_lots,
    receive_lot,
    split_lot,
    tag_from_lot,
    weigh_lot,
)
from app.inventory.service.melting import Poured, finish_melt, poured_of
from app.inventory.service.papers import consignment_slip
from app.inventory.service.places import (
    StockPlace,
    add_tray,
    change_tray,
    list_stock_places,
    move_stock,
    outlet_of,
)
from app.inventory.service.purchases import (
    Purchase,
    PurchaseDraft,
    book_purchase,
    get_purchase,
    list_purchases,
    return_purchase,
)
from app.inventory.service.reading import (
    Holding,
    costs_by_tag,
    count_in_stock,
    find_by_code,
    get_item,
    get_items,
    items_of,
    list_items,
    stock_by_purity,
)
from app.inventory.service.selling import check_sellable, lock_items, mandate_name, refuse_missing, return_items
from app.inventory.service.suppliers import (
    PAYMENT_MODES,
    Owing,
    Supplier,
    SupplierDraft,
    edit_supplier,
    get_supplier,
    list_suppliers,
    pay_supplier,
    register_supplier,
    supplier_ledger,
    supplier_names,
    total_owed,
)
from app.inventory.service.verifying import verify_metal
from shard_router.moves import Sum

__all__ = [
    "CATEGORIES", "DRAWN", "HOLD_LOTS", "ITEMS", "KINDS", "MAX_OTHERS", "PAYMENT_MODES", "SALE", "SELL", "STONE",
    "WITHDRAWALS", "Arrival", "Arriving", "Asked", "BoughtLine", "Consignment", "ConsignmentKind", "Counted",
    "Exemption", "Hallmark", "Holding", "Item", "ItemDraft", "ItemStatus", "Lot", "LotDraft", "LotState", "Origin",
    "OtherMetal", "Owing", "Portion", "Poured", "Purchase", "PurchaseDraft", "Spot", "StockPlace", "Stone", "Supplier",
    "SupplierDraft", "Weights", "add_tray", "bind_portions", "book_purchase", "bring_back", "change_tray",
    "check_sellable", "codes_of", "consignment_slip", "cost_of_part", "costs_by_tag", "count_in_stock", "draw_from_lot",
    "edit_item", "edit_supplier", "find_by_code", "find_by_codes", "find_lot_by_code", "find_things", "finish_melt",
    "get_consignment", "get_item", "get_items", "get_lot", "get_lots", "get_purchase", "get_supplier", "items_of",
    "list_consignments", "list_exemptions", "list_items", "list_lots", "list_purchases", "list_stock_places",
    "list_suppliers", "lock_items", "lock_lots", "lots_of", "mandate_for", "mandate_name", "merge_lots", "move_stock",
    "open_book", "outlet_of", "pay_supplier", "pieces_to_count", "portion_entries", "portion_of", "post_lot_return",
    "post_return", "poured_of", "receive_lot", "receive_transfer", "refuse_missing", "register_item", "register_items",
    "register_supplier", "return_items", "return_purchase", "return_to_lots", "sale_entries", "scales_differ_mg",
    "send_memo", "send_transfer", "set_picture", "settled", "shop_sums", "split_lot", "standing", "start_melt",
    "stock_by_purity", "supplier_ledger", "supplier_names", "tag_from_lot", "taken_codes", "tally", "total_owed",
    "verify_metal", "weigh_lot", "withdraw_item",
]  # fmt: skip

SELL, ITEMS = stock_pieces.SELL, stock_pieces.ITEMS


def shop_sums() -> tuple[Sum, ...]:
    """Of pieces, lots, purchases and what is away."""
    return tuple(one for part in (stock_pieces, stock_lots, stock_bought, stock_away) for one in part.shop_sums())
