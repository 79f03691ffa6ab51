"""Owns the pages of imports: a list sent with its template at hand, what is wrong with it, its entering followed."""

from __future__ import annotations

import csv
import io
from uuid import UUID

from flask import Response, request, url_for
from werkzeug.exceptions import RequestEntityTooLarge

from app.dashboard import forms
from app.dashboard.frame import may, pages, show
from app.dashboard.progress import Follow, follow, followed
from app.dashboard.stocktakes import place_choices
from app.imports import service as imports
from app.imports.bounds import ENVELOPE_BYTES
from app.imports.errors import ImportFileMissing, ImportFileTooLarge, ImportUnknown
from app.imports.receiving import Arrived, problems_of, receive
from app.imports.service import CUSTOMERS, KINDS, STOCK, Import
from app.inventory import service as inventory
from app.kit.http import allow, runtime, shop_read, shop_scope, shop_write, takes_upload
from app.kit.ids import parse_id
from app.kit.pages import Refusal, form_key, go_to, optional, try_form, whole_number
from app.kit.ports import Bucket
from app.kit.texts import N_, _
from app.reports.writing import guarded
from shard_router import ShopSession

FORMS = ("multipart/form-data", "application/x-www-form-urlencoded")
"""A form that was sent without a file may come as either."""

NAMES = {STOCK: N_("Stock"), CUSTOMERS: N_("Customers")}
STATES = {
    "checking": (N_("being looked through"), "secondary"), "checked": (N_("waits for you"), "warn"),
    "running": (N_("being entered"), "secondary"), "done": (N_("entered"), "good"), "failed": (N_("failed"), "bad"),
}  # fmt: skip
EXAMPLES = {
    STOCK: {
        "tag": "R-1001", "name": "Ring", "category": "Ring", "metal": "Gold", "purity": "22K", "gross_mg": "3.390",
        "huid": "AB12CD", "hsn": "711319", "making_percent": "16",
    },
    CUSTOMERS: {"name": "Lata Deshpande", "phone": "98200 12345", "city": "Pune", "state_code": "Maharashtra"},
}  # fmt: skip
SHOWN = 200


@pages.get("/imports", endpoint="imports")
@allow("stock.import")
def imports_page() -> str:
    return _list(None)


@pages.post("/imports")
@allow("stock.import")
@takes_upload(max_bytes=ENVELOPE_BYTES, content_types=FORMS)
def add_import() -> Response | tuple[str, int]:
    """Read while it arrives, so that a file that is none is refused on the form; its rows are looked at by a job."""
    tried = try_form(_taken_in)
    if tried.result is not None:
        return go_to(url_for("shop_pages.import_page", import_id=tried.result.id, job=tried.result.job_id))
    if tried.refusal is not None and tried.refusal.code == "already_sent":
        return go_to(url_for("shop_pages.imports"))
    return _list(tried.refusal), tried.refusal.status if tried.refusal else 422


@pages.get("/imports/template.csv")
@allow("stock.import")
def import_template() -> Response:
    """The columns of a `kind` of list, and a row to look at; Excel opens it with every script in place."""
    kind = CUSTOMERS if request.args.get("kind") == CUSTOMERS else STOCK
    text = io.StringIO(newline="")
    headings = imports.template_headings(kind)
    names = imports.template_fields(kind)
    csv.writer(text).writerows([headings, [EXAMPLES[kind].get(name, "") for name in names]])
    headers = {"Content-Disposition": f'attachment; filename="{kind}-template.csv"'}
    return Response("\ufeff" + text.getvalue(), content_type="text/csv; charset=utf-8", headers=headers)


@pages.get("/imports/<id:import_id>", endpoint="import_page")
@allow("stock.import")
def import_page(import_id: UUID) -> str:
    return _one(import_id, None)


@pages.post("/imports/<id:import_id>/start")
@allow("stock.import")
def start_import(import_id: UUID) -> Response | tuple[str, int]:
    """The good rows, or all or none."""
    version, whole = whole_number("version"), request.form.get("rows") == "all"
    tried = try_form(lambda: shop_write(
        lambda db: imports.start_import(db, import_id=import_id, expected_version=version, only_if_all_good=whole)
    ))  # fmt: skip
    if tried.result is not None:
        return go_to(url_for("shop_pages.import_page", import_id=import_id, job=tried.result.job_id))
    if tried.refusal is not None and tried.refusal.code == "import_unknown":
        raise ImportUnknown()
    return _one(import_id, tried.refusal), tried.refusal.status if tried.refusal else 422


@pages.get("/imports/<id:import_id>/problems.csv")
@allow("stock.import")
def import_problems(import_id: UUID) -> Response:
    """Every bad row, to be worked through beside the list."""
    found = shop_read(lambda db: imports.get_import(db, import_id))
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(["Row", "Column", "Value", "What is wrong"])
    for one in problems_of(runtime().store, found):
        writer.writerow([str(one.row), *(guarded(cell) for cell in (one.column, one.value, one.rule))])
    headers = {"Content-Disposition": f'attachment; filename="import-{import_id.hex[:12]}-problems.csv"'}
    return Response("\ufeff" + text.getvalue(), content_type="text/csv; charset=utf-8", headers=headers)


# ---------------------------------------------------------------- parts


def _taken_in() -> Import:
    try:
        file = request.files.get("file")
        kind = forms.one_of("kind", KINDS)
    except RequestEntityTooLarge:
        raise ImportFileTooLarge() from None
    if file is None or not file.filename:
        raise ImportFileMissing(fields={"file": str(_(ImportFileMissing.default_message))})
    place = optional("place_id")
    place_id = parse_id(place) if place else None
    _found, shop_id = shop_scope()
    store, name = runtime().store, file.filename[-120:]
    arrived: Arrived = receive(store, shop_id, kind, file.stream)

    def work(db: ShopSession) -> Import:
        return imports.register_import(
            db, kind=kind, file_name=name, incoming=arrived.key, sha256=arrived.sha256, columns=arrived.columns,
            total=arrived.total, place_id=place_id,
        )  # fmt: skip

    try:
        return shop_write(work)
    except BaseException:
        store.delete(Bucket.INCOMING, arrived.key)  # nothing refers to it
        raise


def _list(refusal: Refusal | None) -> str:
    page, places = shop_read(lambda db: (
        imports.list_imports(db, after=request.args.get("after"), limit=20), inventory.list_stock_places(db),
    ))  # fmt: skip
    more = url_for("shop_pages.imports", after=page.next_cursor) if page.next_cursor else ""
    return show(
        "imports.html", "stock", page=page, refusal=refusal, key=form_key(), values=forms.typed(), next_url=more,
        kinds=[(kind, _(text)) for kind, text in NAMES.items()], kind_names={k: _(text) for k, text in NAMES.items()},
        states=_states(), places=[("", _("Where the importer sits")), *place_choices(places)[1:]],
        paged="after" in request.args,
    )  # fmt: skip


def _one(import_id: UUID, refusal: Refusal | None) -> str:
    one = shop_read(lambda db: imports.get_import(db, import_id))
    problems = problems_of(runtime().store, one, limit=SHOWN) if one.bad else []
    waits: Follow | None = followed() if may("bill.view") else None
    if waits is None and one.job_id is not None:
        waits = follow(one.job_id)
    return show(
        "import.html", "stock", one=one, problems=problems, refusal=refusal, follow=waits, states=_states(),
        kind_name=_(NAMES[one.kind]), more=len(problems) >= SHOWN, busy=one.state in ("checking", "running"),
    )  # fmt: skip


def _states() -> dict[str, tuple[str, str]]:
    return {name: (_(text), colour) for name, (text, colour) in STATES.items()}
