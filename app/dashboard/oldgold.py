"""Owns the pages of old gold: what was bought, the sheet on which it is bought, a voucher and its print."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import IO
from uuid import UUID

import orjson
from flask import Response, request, url_for
from werkzeug.datastructures import FileStorage
from werkzeug.exceptions import RequestEntityTooLarge

from app.credits import service as credits
from app.customers import service as customers
from app.customers.service import Customer, CustomerDraft
from app.dashboard import forms
from app.dashboard.frame import may, pages, part, shop_facts, show
from app.dashboard.looks import look_asked, looks
from app.dashboard.oldgold_sheet import (
    MOST_LINES,
    PAID_BY,
    TESTS,
    Sheet,
    beside,
    count_of,
    filled_from,
    pays_out,
    read_draft,
    read_lines,
    without,
)
from app.dashboard.pictures import ENVELOPE, FORMS
from app.dashboard.stock import METALS, named
from app.invoices import service as invoices
from app.kit.clock import today_ist
from app.kit.http import allow, runtime, shop_read, shop_scope, shop_write, takes_upload
from app.kit.ids import new_id, parse_id
from app.kit.pages import form_key, go_to, try_form
from app.kit.ports import Bucket
from app.kit.texts import N_, _
from app.oldgold import service as oldgold
from app.oldgold.errors import SoldLineUnknown
from app.oldgold.service import Voucher
from app.printing.at_once import printed
from app.printing.looks import USUAL
from app.printing.press import Press
from app.schemes.term import months_later
from app.tax.states import list_states
from app.tenants.service.places import list_places
from app.vision import guard
from app.vision import service as vision
from app.vision.errors import PictureTooLarge
from shard_router import ShopSession

MONTHS_DRAWN = 12
OVER_RIGHT = "bill.lower_rate"
MODES = {"credit": N_("Kept as a credit"), **dict(PAID_BY)}
_UPLOADS = takes_upload(max_bytes=guard.MAX_BYTES + ENVELOPE, content_types=FORMS)


@pages.get("/old-gold")
@allow("oldgold.view")
def old_gold() -> str:
    """What was bought, the newest first, and what the months brought."""
    text, today = request.args.get("q", "").strip()[:60], today_ist()
    since = months_later(today.replace(day=1), 1 - MONTHS_DRAWN)

    def look(db: ShopSession) -> tuple[object, list[oldgold.MonthBought]]:
        seller = customers.find_by_phone(db, text) if text else None
        page = oldgold.list_vouchers(
            db, customer_id=seller.id if seller else None, number=text if text and not seller else None,
            after=request.args.get("after"), limit=50,
        )  # fmt: skip
        return page, oldgold.bought_by_month(db, since=since)

    page, months = shop_read(look)
    more = getattr(page, "next_cursor", None)
    return show(
        "old_gold.html", "old_gold", page=page, q=text, paged="after" in request.args, bars_of=_bars(months, since),
        next_url=url_for("shop_pages.old_gold", q=text, after=more) if more else "",
    )  # fmt: skip


@pages.get("/old-gold/new")
@allow("oldgold.buy")
def new_old_gold() -> str:
    """A customer's page leads here with the customer, a bill's with the line that is bought back."""
    if line_id := forms.id_or_none(request.args.get("line", "")):
        return _page(_sheet(_of_line(line_id)))
    return _page(_sheet({"count": "1", "customer_id": request.args.get("customer", "")[:36]}))


def _of_line(line_id: UUID) -> dict[str, str]:
    """Raises SoldLineUnknown."""
    found = shop_read(lambda db: invoices.sold_pieces(db, [line_id]))
    if line_id not in found:
        raise SoldLineUnknown()
    return filled_from(found[line_id])


@pages.post("/old-gold/sheet")
@allow("oldgold.buy")
@_UPLOADS
def old_gold_sheet() -> str | tuple[str, int]:
    """One step on the sheet: a seller found, a piece added or taken off, a photograph kept, the value. Nothing is
    bought."""
    step, _colon, what = request.form.get("step", "").partition(":")
    tried = try_form(lambda: _stepped(step, what))
    sheet = _sheet(tried.result or _values())
    if tried.refusal is not None:
        sheet = replace(sheet, refusal=beside(tried.refusal))
    elif step in ("find", "forget", "register", "line", "remove"):  # nothing is wrong yet with what is not typed yet
        sheet = replace(sheet, refusal=None)
    status = sheet.refusal.status if sheet.refusal else 200
    if "HX-Request" in request.headers:
        return part("_old_gold_sheet.html", **_context(sheet)), status
    return _page(sheet), status


@pages.post("/old-gold")
@allow("oldgold.buy", entitled=True)
@_UPLOADS
def buy_old_gold() -> Response | tuple[str, int]:
    """Buy what the sheet shows, at the value that it shows."""
    keyring, values = runtime().keyring, _values()

    def work(db: ShopSession) -> Voucher:
        lines = read_lines(values)
        valued = oldgold.value_lines(db, lines, today_ist(), pays_out=pays_out(values))
        value = sum(line.priced.value_paise for line in valued)
        draft = read_draft(values, lines=lines, value_paise=value)
        return oldgold.issue_voucher(db, draft=draft, keyring=keyring)

    tried = try_form(lambda: shop_write(
        work, rebuild=lambda db, made: oldgold.get_voucher(db, made, keyring=keyring)
    ))  # fmt: skip
    if tried.result is not None:
        return go_to(url_for("shop_pages.old_gold_voucher", voucher_id=tried.result.id, issued="yes"))
    sheet = replace(_sheet(values), refusal=beside(tried.refusal))
    return _page(sheet), tried.refusal.status if tried.refusal else 422


@pages.get("/old-gold/<id:voucher_id>")
@allow("oldgold.view")
def old_gold_voucher(voucher_id: UUID) -> str:
    keyring, store = runtime().keyring, runtime().store

    def look(db: ShopSession) -> tuple[Voucher, dict[UUID, vision.Picture], credits.Credit | None]:
        voucher = oldgold.get_voucher(db, voucher_id, keyring=keyring)
        wanted = [line.picture_id for line in voucher.lines if line.picture_id]
        credit = credits.get_credit(db, voucher.credit_id) if voucher.credit_id else None
        return voucher, vision.find_pictures(db, wanted, store=store), credit

    voucher, pictures, credit = shop_read(look)
    papers = {paper.kind: paper.name for paper in oldgold.list_papers(voucher.issued_on)}
    return show(
        "old_gold_voucher.html", "old_gold", voucher=voucher, credit=credit, papers=papers,
        issued=request.args.get("issued") == "yes", tests={kind: _(name) for kind, name in TESTS},
        modes={mode: _(name) for mode, name in MODES.items()}, looks=looks(but=USUAL),
        photos={one: picture.sizes[0].url for one, picture in pictures.items() if picture.sizes},
    )  # fmt: skip


@pages.get("/old-gold/<id:voucher_id>/print")
@allow("oldgold.view")
def print_old_gold(voucher_id: UUID) -> Response:
    """The voucher as a PDF, made now: it is the same bytes each time."""
    keyring = runtime().keyring
    return printed(lambda db: oldgold.get_paper(db, voucher_id, keyring=keyring), look_asked(), Press.render_purchase)


# ---------------------------------------------------------------- a step


def _stepped(step: str, what: str) -> dict[str, str]:
    """The form after the button that was pressed. What must be written is written once: files, or a new customer."""
    values = _values()
    if step == "register":
        return {**values, "customer_id": str(_register().id)}
    values.update(_kept_photos(count_of(values)))
    match step:
        case "find":
            found = shop_read(lambda db: customers.find_by_phone(db, values.get("phone", "")))
            values["customer_id"] = str(found.id) if found else ""
        case "forget":
            values["customer_id"] = values["phone"] = ""
        case "line":
            values["count"] = str(min(count_of(values) + 1, MOST_LINES))
        case "remove" if what.isascii() and what.isdigit():
            values = without(values, int(what[:3]))
    return values


def _values() -> dict[str, str]:
    try:
        return dict(request.form.items())
    except RequestEntityTooLarge:
        raise PictureTooLarge() from None


def _register() -> Customer:
    """The one who has this number already is taken as they are."""
    draft = CustomerDraft(
        name=forms.line("new_name", least=1, most=140), phone=forms.line_or_none("phone", most=40),
        address=forms.line_or_none("new_address", most=300), city=forms.line_or_none("new_city", most=80),
        pin=forms.line_or_none("new_pin", most=8), state_code=forms.line_or_none("new_state", most=2),
        pan=forms.line_or_none("new_pan", most=14),
    )  # fmt: skip
    keyring = runtime().keyring

    def work(db: ShopSession) -> Customer:
        known = customers.find_by_phone(db, draft.phone) if draft.phone else None
        return known or customers.register_customer(db, draft=draft, keyring=keyring)

    return shop_write(work, rebuild=customers.get_customer)


def _kept_photos(count: int) -> dict[str, str]:
    """The files that came with the form, each as the picture of its piece; all of them or none."""
    try:
        files = {place: request.files.get(f"photo-{place}") for place in range(count)}
    except RequestEntityTooLarge:
        raise PictureTooLarge() from None
    given = {place: _looked_at(place, file) for place, file in files.items() if file is not None and file.filename}
    if not given:
        return {}
    store, (_found, shop_id) = runtime().store, shop_scope()
    keys = {place: vision.incoming_key(shop_id) for place in given}
    for place, photo in given.items():
        store.put(Bucket.INCOMING, keys[place], photo.file, content_type="application/octet-stream")
    try:
        return shop_write(lambda db: {
            f"picture-{place}": str(vision.register_picture(
                db, incoming=keys[place], sha256=photo.sha256, width=photo.seen.width, height=photo.seen.height,
                item_id=None, store=store,
            ).id)
            for place, photo in given.items()
        })  # fmt: skip
    except BaseException:
        for key in keys.values():
            store.delete(Bucket.INCOMING, key)  # nothing refers to it
        raise


@dataclass(frozen=True, slots=True)
class Photo:
    """A file that passed the guard."""

    file: IO[bytes]
    seen: guard.Seen
    sha256: bytes


def _looked_at(place: int, file: FileStorage) -> Photo:
    return forms.at_field(
        f"photo-{place}", lambda: Photo(file.stream, guard.inspect(file.stream), _digest(file.stream))
    )


def _digest(file: IO[bytes]) -> bytes:
    """Raises PictureTooLarge; leaves the file at its beginning."""
    if file.seek(0, 2) > guard.MAX_BYTES:
        raise PictureTooLarge()
    file.seek(0)
    digest = hashlib.file_digest(file, "sha256").digest()  # type: ignore[arg-type]  # any readable file will do
    file.seek(0)
    return digest


# ---------------------------------------------------------------- what is shown


def _sheet(values: Mapping[str, str]) -> Sheet:
    """The form with its value as of now; what hinders valuing is said where nothing else is."""
    found = try_form(lambda: _seller(values))
    kept = dict(values) if found.result else {**values, "customer_id": ""}
    blank = Sheet(kept, count_of(values), found.result, photos=_photos(values))
    if not any(values.get(f"gross-{place}") for place in blank.rows):
        return replace(blank, refusal=found.refusal)
    valued = try_form(lambda: shop_read(lambda db: _valued(db, kept, found.result)))
    over = valued.result is not None and valued.result.over_paise and not may(OVER_RIGHT)
    return replace(
        blank, valued=valued.result, refusal=beside(found.refusal or valued.refusal),
        wanted=_wanted(valued.result, found.result) if over and valued.result and found.result else None,
    )  # fmt: skip


def _valued(db: ShopSession, values: Mapping[str, str], seller: Customer | None) -> oldgold.Valued:
    lines = read_lines(values)
    alone = oldgold.Valued(oldgold.value_lines(db, lines, today_ist(), pays_out=pays_out(values)), ())
    if seller is None:
        return alone
    return oldgold.value(db, draft=read_draft(values, lines=lines, value_paise=alone.value_paise))


def _wanted(valued: oldgold.Valued, seller: Customer) -> dict[str, object]:
    """What the refusal `approval_needed` would name, as the page of approvals takes it."""
    facts = orjson.dumps(oldgold.over_facts(valued)).decode()
    return {"kind": oldgold.OVER, "right": OVER_RIGHT, "subject_id": str(seller.id), "facts": facts, "reason": ""}


def _seller(values: Mapping[str, str]) -> Customer | None:
    text = values.get("customer_id", "")
    return shop_read(lambda db: customers.get_customer(db, parse_id(text))) if text else None


def _photos(values: Mapping[str, str]) -> dict[int, str]:
    """Small pictures of the pieces, of those whose job is done."""
    wanted = {place: values[f"picture-{place}"] for place in range(count_of(values)) if values.get(f"picture-{place}")}
    if not wanted:
        return {}
    store, ids = runtime().store, {place: parse_id(text) for place, text in wanted.items()}
    found = shop_read(lambda db: vision.find_pictures(db, ids.values(), store=store))
    return {
        place: found[one].sizes[0].url for place, one in ids.items() if one in found and found[one].sizes
    }  # fmt: skip


def _page(sheet: Sheet) -> str:
    return show("old_gold_new.html", "old_gold", **_context(sheet))


def _context(sheet: Sheet) -> dict[str, object]:
    states = [(state.code, f"{state.code} · {state.name}") for state in list_states(today_ist())]
    papers = oldgold.list_papers(today_ist())
    return {
        "sheet": sheet, "key": new_id().hex if request.path.endswith("/sheet") else form_key(), "most": MOST_LINES,
        "tests": [(kind, _(name)) for kind, name in TESTS], "metals": named(METALS),
        "papers": [("", "—"), *((paper.kind, paper.name) for paper in papers)],
        "paid_by": [(mode, _(name)) for mode, name in PAID_BY], "states": [("", "—"), *states],
        "home_state": shop_facts()["state_code"], "tills": _tills(),
    }  # fmt: skip


def _tills() -> list[tuple[str, str]]:
    own = shop_scope()[0].actor.till_id
    places = sorted(shop_read(list_places), key=lambda place: place.till_id != own)
    return [(str(place.till_id), f"{place.till_code} · {place.outlet_name}") for place in places]


def _bars(months: list[oldgold.MonthBought], since: dt.date) -> list[tuple[dt.date, int, int, int]]:
    """Of each month: its first day, fine gold in mg, paise of all metals, and the bar's length of a hundred."""
    days = [months_later(since, place) for place in range(MONTHS_DRAWN)]
    paise = {day: sum(one.paise for one in months if one.first == day) for day in days}
    gold = {day: sum(one.fine_mg for one in months if one.first == day and one.metal == "gold") for day in days}
    most = max(paise.values(), default=0)
    return [(day, gold[day], paise[day], paise[day] * 100 // most if most else 0) for day in days]
