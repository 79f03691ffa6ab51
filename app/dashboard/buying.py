"""Owns the pages of suppliers and their bills: entered line by line, looked at, sent back, paid."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response, request, url_for

from app.dashboard import codes, forms
from app.dashboard.frame import MODES, pages, show
from app.dashboard.lots import KINDS, OF_METAL, fineness_of, typed_lot
from app.dashboard.stock import categories_offered, named
from app.inventory import service as inventory
from app.inventory.service import BoughtLine, ItemDraft, Purchase, PurchaseDraft, Supplier, SupplierDraft
from app.kit.clock import today_ist
from app.kit.http import allow, shop_read
from app.kit.money import parse_rupees
from app.kit.pages import Refusal, form_key, go_to, optional, text_field, whole_number
from app.kit.texts import N_, _
from app.kit.weights import parse_grams
from app.tax.states import list_states
from shard_router import ShopSession

SUPPLIER = {"gstin": 20, "pan": 14, "phone": 40, "address": 300, "city": 80, "state_code": 2}
WHAT = (("piece", N_("A piece")), *((kind, name) for kind, name in KINDS))
ROWS, MORE_ROWS, MOST_ROWS = 4, 6, 60
FACTS = {
    "taxablePaise": "value", "piece": "code", "tag": "code", "code": "code", "name": "name", "grossMg": "net",
    "netMg": "net", "stoneMg": "stone", "stoneMct": "carat", "huid": "huid", "hsn": "hsn", "fineness": "fineness",
    "metal": "metal", "kind": "what", "category": "category", "use": "use",
}  # fmt: skip
"""What the service calls a fact of a line → the field of its row."""


@pages.get("/stock/suppliers", endpoint="suppliers")
@allow("stock.buy")
def suppliers_list() -> str:
    text = request.args.get("q", "").strip()[:60]
    page = shop_read(lambda db: inventory.list_suppliers(db, text=text or None, after=request.args.get("after")))
    more = url_for("shop_pages.suppliers", q=text, after=page.next_cursor) if page.next_cursor else ""
    owed = shop_read(inventory.total_owed)
    return show("suppliers.html", "stock", page=page, q=text, next_url=more, paged="after" in request.args, owed=owed)


@pages.route("/stock/suppliers/new", methods=["GET", "POST"])
@allow("stock.buy")
def new_supplier() -> str | Response | tuple[str, int]:
    if request.method == "GET":
        return _supplier_page(None)
    tried = codes.written(
        lambda db: inventory.register_supplier(db, draft=SupplierDraft(**_typed_supplier())),
        rebuild=inventory.get_supplier,
    )
    if tried.result is not None:
        return go_to(url_for("shop_pages.supplier", supplier_id=tried.result.id, saved="new"))
    return _supplier_page(None, tried.refusal), tried.refusal.status if tried.refusal else 422


@pages.get("/stock/suppliers/<id:supplier_id>")
@allow("stock.buy")
def supplier(supplier_id: UUID) -> str:
    return _supplier_page(supplier_id)


@pages.post("/stock/suppliers/<id:supplier_id>")
@allow("stock.buy")
def edit_supplier(supplier_id: UUID) -> Response | tuple[str, int]:
    def work(db: ShopSession) -> Supplier:
        before = inventory.get_supplier(db, supplier_id)
        changes = {name: value for name, value in _typed_supplier().items() if value != getattr(before, name)}
        return inventory.edit_supplier(
            db, supplier_id=supplier_id, expected_version=whole_number("version"), changes=changes
        )

    tried = codes.written(work, rebuild=inventory.get_supplier)
    if tried.result is not None:
        return go_to(url_for("shop_pages.supplier", supplier_id=supplier_id, saved="yes"))
    return _supplier_page(supplier_id, tried.refusal), tried.refusal.status if tried.refusal else 422


@pages.post("/stock/suppliers/<id:supplier_id>/pay")
@allow("stock.buy")
def pay_supplier(supplier_id: UUID) -> Response | tuple[str, int]:
    def work(db: ShopSession) -> Supplier:
        inventory.pay_supplier(
            db, supplier_id=supplier_id, paise=forms.figure("amount", parse_rupees),
            mode=forms.one_of("mode", dict(MODES)), reference=forms.line_or_none("reference", most=60),
        )  # fmt: skip
        return inventory.get_supplier(db, supplier_id)

    tried = codes.written(work, rebuild=inventory.get_supplier)
    if tried.result is not None:
        return go_to(url_for("shop_pages.supplier", supplier_id=supplier_id, saved="paid"))
    return _supplier_page(supplier_id, tried.refusal), tried.refusal.status if tried.refusal else 422


@pages.get("/stock/purchases", endpoint="purchases")
@allow("stock.buy")
def purchases_list() -> str:
    page = shop_read(lambda db: inventory.list_purchases(db, after=request.args.get("after")))
    names = shop_read(lambda db: inventory.supplier_names(db, [one.supplier_id for one in page.items]))
    more = url_for("shop_pages.purchases", after=page.next_cursor) if page.next_cursor else ""
    return show("purchases.html", "stock", page=page, names=names, next_url=more, paged="after" in request.args)


@pages.route("/stock/purchases/new", methods=["GET", "POST"])
@allow("stock.buy")
def new_purchase() -> str | Response | tuple[str, int]:
    """Rows that say nothing are no lines; “more rows” shows the form again with what was typed."""
    if request.method == "GET" or "more" in request.form:
        return _purchase_form(None)
    tried = codes.written(
        lambda db: inventory.book_purchase(db, draft=_typed_purchase()), rebuild=inventory.get_purchase
    )
    if tried.result is not None:
        return go_to(url_for("shop_pages.purchase", purchase_id=tried.result.id, saved="new"))
    return _purchase_form(_at_rows(tried.refusal)), tried.refusal.status if tried.refusal else 422


@pages.get("/stock/purchases/<id:purchase_id>")
@allow("stock.buy")
def purchase(purchase_id: UUID) -> str:
    return _purchase_page(purchase_id)


@pages.post("/stock/purchases/<id:purchase_id>/return")
@allow("stock.buy")
def return_purchase(purchase_id: UUID) -> Response | tuple[str, int]:
    def work(db: ShopSession) -> Purchase:
        bill = inventory.get_purchase(db, purchase_id)
        ticked = [line.id for line in bill.lines if request.form.get(f"line-{line.pos}") == "yes"]
        return inventory.return_purchase(
            db, purchase_id=purchase_id, line_ids=ticked, reason=forms.line("reason", least=3, most=200)
        )

    tried = codes.written(work, rebuild=inventory.get_purchase)
    if tried.result is not None:
        return go_to(url_for("shop_pages.purchase", purchase_id=tried.result.id, saved="return"))
    return _purchase_page(purchase_id, tried.refusal), tried.refusal.status if tried.refusal else 422


# ---------------------------------------------------------------- what is typed


def _typed_supplier() -> dict[str, Any]:
    read = {name: forms.line_or_none(name, most=most) for name, most in SUPPLIER.items()}
    return {"name": forms.line("name", least=1, most=140), **read}


def _typed_purchase() -> PurchaseDraft:
    total = forms.figure("total", parse_rupees) if text_field("total") else None
    return PurchaseDraft(
        supplier_id=codes.id_of("supplier_id"), bill_no=forms.line("bill_no", least=1, most=24),
        bill_on=forms.day("bill_on"), place_id=codes.id_or_none("place_id"), total_paise=total,
        tds_paise=forms.figure("tds", parse_rupees, empty=0), reverse_charge=request.form.get("reverse") == "yes",
        lines=tuple(_typed_line(row) for row in _filled_rows()),
    )  # fmt: skip


def _typed_line(row: int) -> BoughtLine:
    at = f"{row}-"
    what = forms.one_of(f"{at}what", dict(WHAT))
    value = forms.figure(f"{at}value", parse_rupees)
    if what != "piece":
        lot = typed_lot(at, kind=what)
        return BoughtLine(
            taxable_paise=value, lot=lot, hsn=forms.line_or_none(f"{at}hsn", most=8), use=optional(f"{at}use") or ""
        )
    stone = forms.figure(f"{at}stone", parse_grams, empty=0)
    piece = ItemDraft(
        tag=forms.line(f"{at}code", least=1, most=24), name=forms.line(f"{at}name", least=1, most=120),
        category=forms.line(f"{at}category", least=1, most=24), metal=forms.one_of(f"{at}metal", dict(OF_METAL)),
        fineness=forms.figure(f"{at}fineness", fineness_of), stone_mg=stone,
        gross_mg=forms.figure(f"{at}net", parse_grams) + stone, huid=forms.line_or_none(f"{at}huid", most=6),
        hsn=forms.line_or_none(f"{at}hsn", most=8) or "7113",
    )  # fmt: skip
    return BoughtLine(taxable_paise=value, piece=piece)


def _filled_rows() -> list[int]:
    """A row that has a code or a value is a line."""
    return [row for row in range(_row_count()) if text_field(f"{row}-code") or text_field(f"{row}-value")]


def _row_count() -> int:
    asked = min(max(whole_number("rows"), ROWS), MOST_ROWS) if request.method == "POST" else ROWS
    return min(asked + MORE_ROWS, MOST_ROWS) if "more" in request.form else asked


def _at_rows(refusal: Refusal | None) -> Refusal | None:
    """The service counts lines; the form's rows may have gaps."""
    if refusal is None:
        return None
    rows = dict(enumerate(_filled_rows()))
    found = {}
    for path, why in refusal.fields.items():
        parts = path.split(".")
        if parts[0] == "lines" and len(parts) > 1 and parts[1].isdigit():
            fact = FACTS.get(parts[-1], "value")
            found[f"{rows.get(int(parts[1]), 0)}-{fact}"] = refusal.message if len(why) < len(refusal.message) else why
        else:
            found[path] = why
    return refusal._replace(fields=found)


# ---------------------------------------------------------------- what is shown


def _supplier_page(supplier_id: UUID | None, refusal: Refusal | None = None) -> str:
    one = ledger = None
    if supplier_id is not None:
        known = supplier_id
        one = shop_read(lambda db: inventory.get_supplier(db, known))
        ledger = shop_read(lambda db: inventory.supplier_ledger(
            db, supplier_id=known, after=request.args.get("after"), limit=20
        ))  # fmt: skip
    more = url_for("shop_pages.supplier", supplier_id=supplier_id, after=ledger.next_cursor) if (
        ledger and ledger.next_cursor
    ) else ""  # fmt: skip
    values = {name: request.form.get(name, getattr(one, name, None) if one else "") for name in ("name", *SUPPLIER)}
    states = [("", "—"), *((state.code, f"{state.code} · {state.name}") for state in list_states(today_ist()))]
    return show(
        "supplier.html", "stock", one=one, values=values, refusal=refusal, states=states, ledger=ledger, next_url=more,
        key=form_key(), saved=request.args.get("saved", ""), modes=[(mode, _(name)) for mode, name in MODES],
        typed=forms.typed() if request.method == "POST" else {},
        kinds={"bill": _("Bill"), "return": _("Return"), "payment": _("Payment")},
    )  # fmt: skip


def _purchase_form(refusal: Refusal | None) -> str:
    known = codes.places()
    page = shop_read(lambda db: inventory.list_suppliers(db, limit=200))
    typed = forms.typed() if request.method == "POST" else {"supplier_id": request.args.get("supplier", "")}
    return show(
        "purchase_new.html", "stock", refusal=refusal, values=typed, key=form_key(), row_count=_row_count(),
        suppliers=[(str(one.id), one.name) for one in page.items], what=named(WHAT), metals=named(OF_METAL),
        place_choices=codes.place_choices(known, anywhere=_("Where I sit")), categories=categories_offered(),
        most_rows=MOST_ROWS,
    )  # fmt: skip


def _purchase_page(purchase_id: UUID, refusal: Refusal | None = None) -> str:
    one = shop_read(lambda db: inventory.get_purchase(db, purchase_id))
    name = shop_read(lambda db: inventory.supplier_names(db, [one.supplier_id])).get(one.supplier_id, "")
    return show(
        "purchase.html", "stock", one=one, supplier=name, refusal=refusal, key=form_key(),
        lies_in=codes.place_name(codes.places(), one.place_id), saved=request.args.get("saved", ""),
        values=forms.typed() if request.method == "POST" else {},
    )  # fmt: skip
