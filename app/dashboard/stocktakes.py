"""Owns the pages of counting stock: counts and a new one, scanning with what is missing beside it, the findings."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from itertools import groupby
from uuid import UUID

from flask import Response, request, url_for

from app.dashboard import forms
from app.dashboard.frame import pages, part, show
from app.dashboard.stock import METALS, category_name, named
from app.inventory import service as inventory
from app.inventory.service import CATEGORIES, StockPlace
from app.kit.errors import AppError
from app.kit.http import allow, shop_read, shop_write
from app.kit.ids import parse_id
from app.kit.pages import Refusal, form_key, go_to, optional, try_form, whole_number
from app.kit.texts import N_, _
from app.kit.weights import grams, parse_grams
from app.reports.writing import guarded
from app.stocktake import service as stocktake
from app.stocktake.service import CHOICES, Decided, Finding, FindingKind, Scan, ScanDraft, Stocktake
from app.tenants import service as tenants
from shard_router import ShopSession

LATEST, WAITING, SHOWN = 12, 30, 100
MOST_LINES = 200
VERDICTS = {
    "counted": (N_("counted"), "good"), "new": (N_("new"), "secondary"), "elsewhere": (N_("of another place"), "warn"),
    "gone": (N_("not in stock"), "bad"), "unknown": (N_("unknown"), "bad"),
}  # fmt: skip
KINDS = {
    FindingKind.MISSING: N_("Missing"), FindingKind.DRIFT: N_("Weighs otherwise"),
    FindingKind.ELSEWHERE: N_("Of another place, category or metal"), FindingKind.GONE: N_("Not in stock, yet there"),
    FindingKind.UNKNOWN: N_("Unknown codes"),
}  # fmt: skip
DECISIONS = {
    Decided.FOUND: N_("Found later"), Decided.LOST: N_("Lost: take it out of stock"),
    Decided.CORRECTED: N_("Enter the new weight"), Decided.KEPT: N_("Keep the entry"), Decided.NOTED: N_("Noted"),
}  # fmt: skip
STATES = {"open": (N_("open"), "warn"), "closed": (N_("closed"), "good"), "abandoned": (N_("given up"), "secondary")}


@pages.get("/stocktakes", endpoint="stocktakes")
@allow("stock.count")
def stocktakes_page() -> str:
    return _list(None)


@pages.post("/stocktakes")
@allow("stock.count")
def open_stocktake() -> Response | tuple[str, int]:
    def work(db: ShopSession) -> Stocktake:
        place = optional("place_id")
        return stocktake.open_stocktake(
            db, place_id=parse_id(place) if place else None, category=optional("category"), metal=optional("metal"),
            note=forms.line_or_none("note", most=200),
        )  # fmt: skip

    tried = try_form(lambda: shop_write(work, rebuild=stocktake.get_stocktake))
    if tried.result is not None:
        return go_to(url_for("shop_pages.stocktake_page", stocktake_id=tried.result.id))
    return _list(tried.refusal), tried.refusal.status if tried.refusal else 422


@pages.get("/stocktakes/<id:stocktake_id>", endpoint="stocktake_page")
@allow("stock.count")
def stocktake_page(stocktake_id: UUID) -> str:
    return _one(stocktake_id, None)


@pages.get("/stocktakes/<id:stocktake_id>/now")
@allow("stock.count")
def stocktake_now(stocktake_id: UUID) -> str:
    """The part that the page keeps asking for while people scan."""
    return part("_stocktake_now.html", **_state(stocktake_id))


@pages.post("/stocktakes/<id:stocktake_id>/scans")
@allow("stock.count")
def scan_codes(stocktake_id: UUID) -> Response | str | tuple[str, int]:
    """Codes that a page has gathered, one a line, each with its grams behind a blank where it was weighed; or one
    code of a form that was sent without the page's script."""
    drafts, wrong = _read_lines()
    tried = try_form(lambda: shop_write(
        lambda db: stocktake.scan(db, stocktake_id=stocktake_id, scans=drafts) if drafts else []
    ))  # fmt: skip
    if tried.refusal is not None and tried.refusal.status == 404:
        return _one(stocktake_id, tried.refusal), 404
    if "lines" not in request.form:
        if tried.refusal is None and not wrong:
            return go_to(url_for("shop_pages.stocktake_page", stocktake_id=stocktake_id))
        return _one(stocktake_id, tried.refusal, wrong=wrong), tried.refusal.status if tried.refusal else 422
    said = part(
        "_stocktake_said.html", scans=tried.result or [], wrong=wrong, refusal=tried.refusal, verdict_names=_verdicts()
    )
    return said, tried.refusal.status if tried.refusal else 200


@pages.post("/stocktakes/<id:stocktake_id>/closing")
@allow("stock.count")
def close_stocktake(stocktake_id: UUID) -> Response | tuple[str, int]:
    """Closed with what it found, or given up."""
    ends = stocktake.abandon_stocktake if request.form.get("end") == "abandon" else stocktake.close_stocktake
    version = whole_number("version")
    tried = try_form(lambda: shop_write(
        lambda db: ends(db, stocktake_id=stocktake_id, expected_version=version), rebuild=stocktake.get_stocktake
    ))  # fmt: skip
    if tried.refusal is None:
        return go_to(url_for("shop_pages.stocktake_page", stocktake_id=stocktake_id))
    return _one(stocktake_id, tried.refusal), tried.refusal.status


@pages.post("/stocktakes/<id:stocktake_id>/decisions")
@allow("stock.adjust")
def decide_findings(stocktake_id: UUID) -> Response | tuple[str, int]:
    def work(db: ShopSession) -> Stocktake:
        stocktake.get_stocktake(db, stocktake_id)
        ids = [parse_id(one) for one in request.form.getlist("finding_id")]
        decision = Decided(forms.one_of("decision", [one.value for one in Decided]))
        reason = forms.line("reason", least=3, most=200)
        return stocktake.decide_findings(
            db, stocktake_id=stocktake_id, finding_ids=ids, decision=decision, reason=reason
        )

    tried = try_form(lambda: shop_write(work, rebuild=stocktake.get_stocktake))
    if tried.refusal is None:
        return go_to(url_for("shop_pages.stocktake_page", stocktake_id=stocktake_id))
    return _one(stocktake_id, tried.refusal), tried.refusal.status


@pages.get("/stocktakes/<id:stocktake_id>/report.csv")
@allow("stock.count")
def stocktake_report(stocktake_id: UUID) -> Response:
    """Every finding with what was decided, for spreadsheets."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(["Finding", "Code", "Piece", "Entered g", "Weighed g", "Decision", "Reason", "Decided at"])
    for one in _all_findings(stocktake_id):
        writer.writerow([guarded(cell) for cell in _report_row(one)])
    headers = {"Content-Disposition": f'attachment; filename="count-{stocktake_id.hex[:12]}.csv"'}
    return Response("\ufeff" + text.getvalue(), content_type="text/csv; charset=utf-8", headers=headers)


# ---------------------------------------------------------------- parts


def _read_lines() -> tuple[list[ScanDraft], list[tuple[str, str]]]:
    """What can be scanned, and what can't with the reason; one wrong line holds up no other."""
    code, weight = request.form.get("code", ""), request.form.get("grams", "")
    lines = request.form.get("lines", f"{code.strip()} {weight.strip()}").splitlines()[:MOST_LINES]
    drafts: list[ScanDraft] = []
    wrong: list[tuple[str, str]] = []
    for text in filter(None, (one.strip() for one in lines)):
        bare, _blank, weight = text.partition(" ")
        try:
            if not bare.isascii() or len(bare) > 24 or " " in weight.strip():
                raise forms.TypedWrongly(_("A tag or HUID has at most 24 letters and digits, without spaces."))
            drafts.append(ScanDraft(bare, parse_grams(weight) or None if weight.strip() else None))
        except AppError as error:
            wrong.append((text[:40], str(error.message)))
    return drafts, wrong


def _list(refusal: Refusal | None) -> str:
    page, places = shop_read(lambda db: (
        stocktake.list_stocktakes(db, after=request.args.get("after"), limit=20), inventory.list_stock_places(db),
    ))  # fmt: skip
    more = url_for("shop_pages.stocktakes", after=page.next_cursor) if page.next_cursor else ""
    return show(
        "stocktakes.html", "stock", page=page, refusal=refusal, key=form_key(), values=forms.typed(),
        place_names=_place_names(places), places=place_choices(places), next_url=more, states=_states(),
        categories=[("", _("All categories")), *((one, category_name(one)) for one in CATEGORIES)],
        metals=[("", _("All metals")), *named(METALS)], paged="after" in request.args, scope=_scope,
    )  # fmt: skip


def _one(stocktake_id: UUID, refusal: Refusal | None, *, wrong: list[tuple[str, str]] | None = None) -> str:
    state = _state(stocktake_id)
    one: Stocktake = state["one"]  # type: ignore[assignment]
    if one.is_open:
        return show("stocktake_scan.html", "stock", refusal=refusal, wrong=wrong or [], values=forms.typed(), **state)
    found = shop_read(lambda db: (
        stocktake.list_findings(db, stocktake_id, undecided=True, limit=SHOWN),
        stocktake.list_findings(db, stocktake_id, limit=2 * SHOWN),
        {member.person_id: member.name for member in tenants.list_kept_members(db)},
    ))  # fmt: skip
    waits, every, people = found
    groups = [(FindingKind(kind), list(rows)) for kind, rows in groupby(waits.items, key=lambda row: row.kind)]
    return show(
        "stocktake_found.html", "stock", refusal=refusal, groups=groups, kinds=_kinds(), people=people,
        done=[row for row in every.items if row.decision], choices=CHOICES, key=form_key(), values=forms.typed(),
        chosen=request.form.getlist("finding_id"), decisions={one.value: _(text) for one, text in DECISIONS.items()},
        more=waits.next_cursor is not None, **state,
    )  # fmt: skip


def _state(stocktake_id: UUID) -> dict[str, object]:
    """A count with what was scanned last and what is still to be scanned."""

    def read(db: ShopSession) -> dict[str, object]:
        one = stocktake.get_stocktake(db, stocktake_id)
        latest: list[Scan] = stocktake.list_latest(db, one, limit=LATEST) if one.is_open else []
        waits = stocktake.list_unscanned(db, stocktake_id, limit=WAITING).items if one.is_open else []
        return {
            "one": one, "latest": latest, "unscanned": [row for row in waits if not row.left],
            "place_names": _place_names(inventory.list_stock_places(db)),
        }  # fmt: skip

    return {**shop_read(read), "verdict_names": _verdicts(), "states": _states(), "scope": _scope}


def _scope(one: Stocktake, places: dict[UUID, str]) -> str:
    """What is counted, in words."""
    parts = [
        places.get(one.place_id, "—") if one.place_id else "",
        category_name(one.category) if one.category else "",
        str(_(one.metal.capitalize())) if one.metal else "",
    ]
    return " · ".join(filter(None, parts)) or str(_("The whole stock"))


def _place_names(places: list[StockPlace]) -> dict[UUID, str]:
    outlets = {place.id: place.name for place in places if not place.is_tray}
    return {
        place.id: f"{outlets.get(place.outlet_id, '')} · {place.name}" if place.is_tray else place.name
        for place in places
    }


def place_choices(places: list[StockPlace]) -> list[tuple[str, str]]:
    """Outlets and trays in use, behind all of them."""
    names = _place_names(places)
    return [("", _("All places")), *((str(place.id), names[place.id]) for place in places if place.active)]


def _verdicts() -> dict[str, tuple[str, str]]:
    return {name: (_(text), colour) for name, (text, colour) in VERDICTS.items()}


def _states() -> dict[str, tuple[str, str]]:
    return {name: (_(text), colour) for name, (text, colour) in STATES.items()}


def _kinds() -> dict[FindingKind, str]:
    return {kind: _(text) for kind, text in KINDS.items()}


def _all_findings(stocktake_id: UUID) -> Iterator[Finding]:
    after: str | None = None
    while True:
        page = shop_read(lambda db, at=after: stocktake.list_findings(db, stocktake_id, after=at, limit=200))  # type: ignore[misc]
        yield from page.items
        after = page.next_cursor
        if after is None:
            return


def _report_row(one: Finding) -> list[str]:
    weights = [grams(mg) if mg is not None else "" for mg in (one.book_mg, one.found_mg)]
    at = one.decided_at.isoformat(timespec="seconds") if one.decided_at else ""
    return [one.kind.value, one.code, one.name, *weights, one.decision or "", one.reason or "", at]
