"""Owns the page of a karigar's job: metal and stones issued, work received, wastage settled, challans printed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from flask import Response, request, url_for

from app.dashboard import forms
from app.dashboard.frame import pages, show
from app.dashboard.karigars import WHYS, purities, purity
from app.dashboard.looks import LANGUAGES, look_asked
from app.dashboard.stock import category_name
from app.inventory import service as inventory
from app.inventory.service import CATEGORIES, ItemDraft, Stone
from app.karigar import service as karigars
from app.karigar.service import Challan
from app.kit.clock import today_ist
from app.kit.http import allow, shop_read, shop_write
from app.kit.ids import parse_id
from app.kit.money import parse_rupees, ratio, round_half_up
from app.kit.pages import Refusal, form_key, go_to, optional, text_field, try_form, whole_number
from app.kit.texts import N_, _
from app.kit.weights import FINE, carats, grams, parse_carats, parse_grams
from app.printing.at_once import printed
from app.printing.looks import SMALL
from app.printing.press import Press
from app.rates import service as rates
from shard_router import ShopSession

METAL_ROWS, STONE_ROWS, PIECE_ROWS = 3, 3, 4
NO_LOT = "none"
EXCESSES = (
    ("", N_("Nothing: there is none")), ("carry", N_("Carry it on the account")), ("charge", N_("Charge it in ₹")),
    ("accept", N_("Accept it")),
)  # fmt: skip
WHAT_BECAME = (("returned", N_("Returned")), ("broken", N_("Broken or lost")))
FIELDS = {
    **{f"metal.{at}.{path}": f"metal-{at}-{name}" for at in range(METAL_ROWS)
       for path, name in (("netMg", "net"), ("fineness", "purity"), ("metal", "purity"), ("valuePaise", "value"),
                          ("lotId", "lot"))},
    **{f"stones.{at}.{path}": f"stone-{at}-{name}" for at in range(STONE_ROWS)
       for path, name in (("kind", "kind"), ("stones", "count"), ("weightMct", "carat"), ("lotId", "lot"))},
    "tag": "piece-0-tag", "huid": "piece-0-huid", "grossMg": "piece-0-gross", "stones": "stone-0-kind",
    "fineRatePaise": "fine_rate", "excess": "excess",
}  # fmt: skip


@pages.get("/karigar-jobs/<id:karigar_job_id>")
@allow("karigar.view")
def karigar_job(karigar_job_id: UUID) -> str:
    return _page(karigar_job_id)


@pages.post("/karigar-jobs/<id:karigar_job_id>/issues")
@allow("karigar.work")
def issue_to_karigar(karigar_job_id: UUID) -> Response | tuple[str, int]:
    tried = try_form(lambda: shop_write(
        lambda db: karigars.issue(db, job_id=karigar_job_id, draft=_issue(db)), rebuild=karigars.get_challan
    ))  # fmt: skip
    return _answer(karigar_job_id, tried.result, tried.refusal)


@pages.post("/karigar-jobs/<id:karigar_job_id>/receipts")
@allow("karigar.work")
def receive_from_karigar(karigar_job_id: UUID) -> Response | tuple[str, int]:
    tried = try_form(lambda: shop_write(
        lambda db: karigars.receive(
            db, job_id=karigar_job_id, expected_version=whole_number("version"), draft=_receipt()
        ),
        rebuild=karigars.get_challan,
    ))  # fmt: skip
    return _answer(karigar_job_id, tried.result, tried.refusal)


@pages.post("/karigar-jobs/<id:karigar_job_id>/due")
@allow("karigar.work")
def put_off_job(karigar_job_id: UUID) -> Response | tuple[str, int]:
    tried = try_form(lambda: shop_write(lambda db: karigars.put_off(
        db, job_id=karigar_job_id, expected_version=whole_number("version"), due_on=forms.day("due_on")
    )))  # fmt: skip
    return _answer(karigar_job_id, tried.result, tried.refusal)


@pages.post("/karigar-jobs/<id:karigar_job_id>/cancellation")
@allow("karigar.work")
def cancel_job(karigar_job_id: UUID) -> Response | tuple[str, int]:
    tried = try_form(lambda: shop_write(lambda db: karigars.cancel_job(
        db, job_id=karigar_job_id, expected_version=whole_number("version"),
        reason=forms.line("reason", least=3, most=200),
    )))  # fmt: skip
    return _answer(karigar_job_id, tried.result, tried.refusal)


@pages.get("/karigar-challans/<id:challan_id>/print")
@allow("stock.buy")  # the paper names the value, which a clerk may not know
def print_challan(challan_id: UUID) -> Response:
    """The challan's slip."""
    return printed(lambda db: karigars.challan_slip(db, challan_id), look_asked(SMALL), Press.render_slip)


def _answer(job_id: UUID, done: object, refusal: Refusal | None) -> Response | tuple[str, int]:
    if done is not None:
        said = done.kind if isinstance(done, Challan) else "yes"
        return go_to(url_for("shop_pages.karigar_job", karigar_job_id=job_id, saved=said))
    return _page(job_id, forms.beside(refusal, FIELDS)), refusal.status if refusal else 422


def _page(job_id: UUID, refusal: Refusal | None = None) -> str:
    def read(db: ShopSession) -> tuple[Any, ...]:
        job = karigars.get_job(db, job_id)
        lots = inventory.list_lots(db, state="open", sort="code", limit=200).items if job.state == "open" else []
        return job, karigars.challans_of(db, job.id), karigars.stones_on(db, job.id), lots, rates.read_board(db)

    job, challans, stones, lots, board = shop_read(read)
    fine = _fine_rate(board, job.metal)
    items = [line.item_id for challan in challans for line in challan.lines if line.item_id]
    pieces = shop_read(lambda db: inventory.get_items(db, items)) if items else {}
    return show(
        "karigar_job.html", "karigars", job=job, challans=challans, stones=stones, refusal=refusal, key=form_key(),
        typed=forms.typed(), today=today_ist(), purities=[one for one in purities() if one[0].startswith(job.metal)],
        metal_lots=_metal_lots(job, lots),
        stone_lots=[("", _("No lot")), *((str(lot.id), lot_name(lot)) for lot in lots if lot.metal == inventory.STONE)],
        whys={key: str(_(text)) for key, text in WHYS.items()}, excesses=[(key, _(text)) for key, text in EXCESSES],
        became=[(key, _(text)) for key, text in WHAT_BECAME], fine_rate=fine, pieces=pieces,
        categories=[(name, category_name(name)) for name in CATEGORIES], saved=request.args.get("saved", ""),
        rows={"metal": range(METAL_ROWS), "stones": range(STONE_ROWS), "pieces": range(PIECE_ROWS)},
        own_purity=f"{job.metal}-{job.fineness}", languages=LANGUAGES[1:],
    )  # fmt: skip


def _fine_rate(board: Mapping[tuple[str, int], int], metal: str) -> int | None:
    """Paise for a gram of fine metal, of the board's finest purity of 995 or better."""
    finest = max((fineness for name, fineness in board if name == metal and fineness >= 9950), default=0)
    return round_half_up(ratio(board[metal, finest] * FINE, finest)) if finest else None


def _metal_lots(job: karigars.Job, lots: Sequence[inventory.Lot]) -> list[tuple[str, str]]:
    """Where there are lots of the metal, nothing is chosen before somebody did."""
    known = [(str(lot.id), lot_name(lot)) for lot in lots if lot.metal == job.metal]
    return [*([("", _("Choose"))] if known else []), *known, (NO_LOT, _("In no lot of the book"))]


def lot_name(lot: inventory.Lot) -> str:
    """A lot to choose: what it is of, and how much is left."""
    left = f"{carats(lot.left_stone_mct)} ct" if lot.metal == inventory.STONE else f"{grams(lot.left_net_mg)} g"
    return f"{lot.code} · {lot.purity_label} · {left}"


def _issue(db: ShopSession) -> karigars.IssueDraft:
    metal = []
    for at in range(METAL_ROWS):
        if text_field(f"metal-{at}-net"):
            lot_id = _lot(f"metal-{at}-lot")
            lot = inventory.get_lots(db, [lot_id]).get(lot_id) if lot_id else None
            name, fineness = (lot.metal, lot.fineness) if lot else purity(f"metal-{at}-purity")
            metal.append(karigars.MetalOut(
                metal=name, fineness=fineness, net_mg=forms.figure(f"metal-{at}-net", parse_grams),
                lot_id=lot_id, value_paise=forms.figure(f"metal-{at}-value", parse_rupees, empty=0),
            ))  # fmt: skip
    return karigars.IssueDraft(metal=tuple(metal), stones=_stones(), note=forms.line_or_none("note", most=200))


def _lot(name: str) -> UUID | None:
    """The lot that was chosen; None where it was said that the metal lies in none. To say neither is a slip."""
    if text_field(name) == NO_LOT:
        return None
    return _id(name) or parse_id(forms.refuse(name, _("Choose the lot that it comes out of, or that it is in none.")))


def _receipt() -> karigars.ReceiptDraft:
    metal = []
    for at in range(METAL_ROWS):
        if text_field(f"metal-{at}-net"):
            name, fineness = purity(f"metal-{at}-purity")
            metal.append(karigars.MetalBack(
                metal=name, fineness=fineness, net_mg=forms.figure(f"metal-{at}-net", parse_grams)
            ))  # fmt: skip
    pieces = [_piece(at) for at in range(PIECE_ROWS) if text_field(f"piece-{at}-tag")]
    return karigars.ReceiptDraft(
        finished=tuple(pieces), metal=tuple(metal), stones=_stones(), closes=request.form.get("closes") == "yes",
        excess=forms.one_of("excess", dict(EXCESSES)) or None, approval_id=_id("approval_id"),
        fine_rate_paise=forms.figure("fine_rate", parse_rupees, empty=0),
        reference=forms.line_or_none("reference", most=60), note=forms.line_or_none("note", most=200),
    )  # fmt: skip


def _piece(at: int) -> karigars.Finished:
    metal, fineness = purity(f"piece-{at}-purity")
    stones: tuple[Stone, ...] = ()
    if kind := forms.line_or_none(f"piece-{at}-stone", most=40):
        count, mct = _whole(f"piece-{at}-stones"), forms.figure(f"piece-{at}-carat", parse_carats)
        rate = forms.figure(f"piece-{at}-stone_rate", parse_rupees, empty=0)
        stones = (Stone(kind, count, mct, "per_piece", rate),)
    draft = ItemDraft(
        tag=forms.line(f"piece-{at}-tag", least=1, most=24), name=forms.line(f"piece-{at}-name", least=1, most=120),
        category=forms.one_of(f"piece-{at}-category", CATEGORIES), metal=metal, fineness=fineness,
        gross_mg=forms.figure(f"piece-{at}-gross", parse_grams), huid=forms.line_or_none(f"piece-{at}-huid", most=6),
        making_kind="percent", making_bp=forms.figure(f"piece-{at}-making", parse_rupees, empty=0), stones=stones,
    )  # fmt: skip
    labour = forms.figure(f"piece-{at}-labour", parse_rupees) if text_field(f"piece-{at}-labour") else None
    return karigars.Finished(draft, labour)


def _stones() -> tuple[karigars.Stones, ...]:
    found = []
    for at in range(STONE_ROWS):
        if kind := forms.line_or_none(f"stone-{at}-kind", most=40):
            found.append(karigars.Stones(
                kind, _whole(f"stone-{at}-count"), forms.figure(f"stone-{at}-carat", parse_carats),
                why=request.form.get(f"stone-{at}-why") or "returned", lot_id=_id(f"stone-{at}-lot"),
            ))  # fmt: skip
    return tuple(found)


def _whole(name: str) -> int:
    text = text_field(name)
    if not (text.isascii() and text.isdigit() and len(text) < 7):
        forms.refuse(name, _("A whole number is expected."))
    return int(text)


def _id(name: str) -> UUID | None:
    text = optional(name)
    return None if text is None else parse_id(text)
