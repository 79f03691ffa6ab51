"""Good requests of the stock: pieces, trays, lots, suppliers, what is away, labels."""

import secrets
from collections.abc import Callable
from typing import Any

from app.inventory import service as inventory
from app.kit.clock import today_ist
from tests.factories.people import a_phone
from tests.factories.stock import a_draft, a_huid
from tests.support.good_asks.stage import Ask, Make, Stage, numbers, plain


def _piece() -> dict[str, Any]:
    return {
        "tag": f"B-{next(numbers)}-{secrets.token_hex(2).upper()}", "name": "Ring", "category": "ring",
        "purity": {"metal": "gold", "fineness": 9160}, "grossMg": 3_490, "stoneMg": 100, "netMg": 3_390,
        "hsn": "711319", "huid": a_huid(), "huidExempt": None,
        "making": {"kind": "percent", "paise": 0, "bp": 1600}, "wastage": {"kind": "none", "bp": 0},
        "hallmarkPaise": 4500, "costPaise": 30_000_00,
        "stones": [{"kind": "diamond", "pieces": 2, "weightMct": 500, "basis": "per_piece", "ratePaise": 10_000}],
        "otherMetals": [{"metal": "gold", "fineness": 7500, "netMg": 390}],
    }  # fmt: skip


def _placed_piece(stage: Stage) -> Ask:
    return Ask(stage.asha.token, {}, {**_piece(), "placeId": str(stage.asha.shop.outlet_id)})


def _edited_piece(stage: Stage) -> Ask:
    item = stage.item()
    return Ask(stage.asha.token, {"item_id": item.id}, _piece(), item.version)


def _withdrawn_piece(stage: Stage) -> Ask:
    item = stage.item()
    return Ask(stage.asha.token, {"item_id": item.id}, {"reason": "melted down", "kind": "melted"}, item.version)


def _tray(stage: Stage) -> Ask:
    return Ask(stage.asha.token, {}, {
        "outletId": str(stage.asha.shop.outlet_id), "code": f"T{next(numbers)}", "name": "Front tray",
    })  # fmt: skip


def _edited_tray(stage: Stage) -> Ask:
    tray = stage.write(lambda db: inventory.add_tray(
        db, outlet_id=stage.asha.shop.outlet_id, code=f"T{next(numbers)}", name="Tray"
    ))  # fmt: skip
    return Ask(stage.asha.token, {"tray_id": tray.id}, {"name": "Safe", "active": False}, 1)


def _shift(stage: Stage) -> Ask:
    return Ask(stage.asha.token, {}, {
        "toPlaceId": str(stage.world.things["tray_id"]), "itemIds": [str(stage.item().id)],
        "lotIds": [str(stage.lot().id)],
    })  # fmt: skip


def _lot(**more: Any) -> dict[str, Any]:
    return {
        "code": f"L-{next(numbers)}-{secrets.token_hex(2).upper()}", "name": "Bars", "kind": "findings",
        "metal": "gold", "fineness": 9160, "pieces": 4, "stoneMg": 100, "netMg": 50_000, "stoneMct": 500,
        "hsn": None, **more,
    }  # fmt: skip


def _opening_lot(stage: Stage) -> Ask:
    return Ask(stage.asha.token, {}, _lot(costPaise=5_00_000_00, placeId=str(stage.asha.shop.outlet_id)))


def _of_lot(**more: Any) -> Make:
    part = {"pieces": 1, "stoneMg": 20, "netMg": 10_000, "stoneMct": 100}

    def ask(stage: Stage) -> Ask:
        given = {key: value() if callable(value) else value for key, value in more.items()}
        return Ask(stage.asha.token, {"lot_id": stage.lot().id}, {**part, **given}, 1)

    return ask


def _merged(stage: Stage) -> Ask:
    return Ask(stage.asha.token, {"lot_id": stage.lot().id}, {"lotIds": [str(stage.lot().id)]})


def _tagged(stage: Stage) -> Ask:
    return Ask(stage.asha.token, {"lot_id": stage.lot().id}, {**_new_piece(), "otherMetals": []}, 1)


def _new_piece() -> dict[str, Any]:
    return {key: value for key, value in _piece().items() if key != "costPaise"}


def _supplier() -> dict[str, Any]:
    return {
        "name": "Mehta Bullion", "gstin": None, "pan": "ABCPD1234F", "phone": a_phone(), "address": "4 Laxmi Road",
        "city": "Mumbai", "stateCode": "27",
    }  # fmt: skip


def _edited_supplier(stage: Stage) -> Ask:
    known = stage.supplier()
    return Ask(stage.asha.token, {"supplier_id": known.id}, _supplier(), 1)


def _supplier_payment(stage: Stage) -> Ask:
    body = {"paise": 1_000_00, "mode": "bank", "reference": "NEFT 1"}
    return Ask(stage.asha.token, {"supplier_id": stage.supplier().id}, body)


def _purchase(stage: Stage) -> Ask:
    body = {
        "supplierId": str(stage.supplier().id), "billNo": f"B/{next(numbers)}", "billOn": "2026-11-20",
        "placeId": str(stage.asha.shop.outlet_id), "totalPaise": 3_000_00, "tdsPaise": 0, "reverseCharge": False,
        "lines": [
            {"taxablePaise": 1_000_00, "piece": _new_piece(), "hsn": "711319", "use": ""},
            {"taxablePaise": 2_000_00, "lot": _lot(), "hsn": "711319", "use": ""},
        ],
    }  # fmt: skip
    return Ask(stage.asha.token, {}, body)


def _purchase_return(stage: Stage) -> Ask:
    draft = inventory.PurchaseDraft(
        supplier_id=stage.supplier().id, bill_no=f"B/{next(numbers)}", bill_on=today_ist(),
        lines=(inventory.BoughtLine(taxable_paise=1_000_00, piece=a_draft()),),
    )  # fmt: skip
    bought = stage.write(lambda db: inventory.book_purchase(db, draft=draft))
    body = {"lineIds": [str(bought.lines[0].id)], "reason": "wrong size"}
    return Ask(stage.asha.token, {"purchase_id": bought.id}, body)


def _transfer(stage: Stage) -> Ask:
    body = {
        "toOutletId": str(stage.world.things["annex_id"]), "itemIds": [str(stage.item().id)],
        "lotIds": [str(stage.lot().id)], "note": "for the wedding",
    }  # fmt: skip
    return Ask(stage.asha.token, {}, body)


def _of_transfer(body: Callable[[inventory.Consignment], dict[str, Any]]) -> Make:
    def ask(stage: Stage) -> Ask:
        item = stage.item()
        sent = stage.write(lambda db: inventory.send_transfer(
            db, to_outlet_id=stage.world.things["annex_id"], item_ids=[item.id]
        ))  # fmt: skip
        return Ask(stage.asha.token, {"transfer_id": sent.id}, body(sent), 1)

    return ask


def _memo(stage: Stage) -> Ask:
    body = {
        "customerId": str(stage.world.things["customer_id"]), "itemIds": [str(stage.item().id)],
        "dueOn": today_ist().isoformat(), "note": "for the wedding",
    }  # fmt: skip
    return Ask(stage.asha.token, {}, body)


def _returned_memo(stage: Stage) -> Ask:
    item = stage.item()
    memo = stage.write(lambda db: inventory.send_memo(
        db, customer_id=stage.world.things["customer_id"], item_ids=[item.id]
    ))  # fmt: skip
    return Ask(stage.asha.token, {"memo_id": memo.id}, {"lineIds": [str(memo.lines[0].id)]}, 1)


def _melt(stage: Stage) -> Ask:
    body = {
        "itemIds": [str(stage.item().id)], "lotIds": [str(stage.lot().id)],
        "placeId": str(stage.asha.shop.outlet_id), "note": "old stock",
    }  # fmt: skip
    return Ask(stage.asha.token, {}, body)


def _poured(stage: Stage) -> Ask:
    lot = stage.lot()
    melt = stage.write(lambda db: inventory.start_melt(db, lot_ids=[lot.id]))
    result = _lot(kind="bullion", netMg=40_000, pieces=0, stoneMg=0, stoneMct=0)
    stones = _lot(kind="stones", metal="stone", fineness=0, netMg=0, pieces=1, stoneMct=100, stoneMg=0, hsn="7102")
    return Ask(stage.asha.token, {"melt_id": melt.id}, {"result": result, "stones": stones}, 1)


def _labels(stage: Stage) -> Ask:
    body = {"itemIds": [str(stage.item().id)], "size": "label_50x25", "price": False}
    return Ask(stage.asha.token, {}, body)


GOOD: dict[str, Make] = {
    "labels.ask_labels": _labels,
    "items.register_item": _placed_piece,
    "items.edit_item": _edited_piece,
    "items.withdraw_item": _withdrawn_piece,
    "places.add_tray": _tray,
    "places.change_tray": _edited_tray,
    "places.move_stock": _shift,
    "lots.receive_lot": _opening_lot,
    "lots.draw_from_lot": _of_lot(kind="lost", reason="fell down"),
    "lots.weigh_lot": _of_lot(reason="weighed again"),
    "lots.split_lot": _of_lot(code=lambda: f"L-{next(numbers)}-{secrets.token_hex(2).upper()}"),
    "lots.merge_lots": _merged,
    "lots.tag_from_lot": _tagged,
    "suppliers.register_supplier": plain(_supplier),
    "suppliers.edit_supplier": _edited_supplier,
    "suppliers.pay_supplier": _supplier_payment,
    "purchases.book_purchase": _purchase,
    "purchases.return_purchase": _purchase_return,
    "transfers.send_transfer": _transfer,
    "transfers.receive_transfer": _of_transfer(
        lambda sent: {
            "arrivals": [{"lineId": str(sent.lines[0].id), "grossMg": sent.lines[0].gross_mg, "lost": False}],
            "acceptDifferences": False,
        }
    ),
    "transfers.recall_transfer": _of_transfer(lambda sent: {"lineIds": [str(sent.lines[0].id)]}),
    "memos.send_memo": _memo,
    "memos.return_memo": _returned_memo,
    "melts.start_melt": _melt,
    "melts.finish_melt": _poured,
}
