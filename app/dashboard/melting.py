"""Owns the pages of old gold in stock: its lots and what they hold in fine metal, pots and what came out of them, and
the shop's terms of buying."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from flask import Response, request, url_for

from app.dashboard import forms
from app.dashboard.frame import pages, show
from app.dashboard.stock import METALS, named
from app.inventory import service as inventory
from app.inventory.service import Consignment, Lot, LotDraft
from app.kit.clock import today_ist
from app.kit.http import allow, shop_read, shop_write
from app.kit.ids import parse_id
from app.kit.money import parse_rupees
from app.kit.pages import Refusal, form_key, go_to, try_form, whole_number
from app.kit.texts import _
from app.kit.weights import fine_mg, parse_grams
from app.oldgold import service as oldgold
from shard_router import ShopSession

MOST = 200


@dataclass(frozen=True, slots=True)
class Pile:
    """All lots of one purity; fine weight is rounded here only, to be shown."""

    label: str
    lots: int
    gross_mg: int
    fine_mg: int
    cost_paise: int


@pages.get("/old-gold/lots")
@allow("oldgold.view")
def old_gold_lots() -> str:
    return _lots(None)


@pages.post("/old-gold/melts")
@allow("stock.melt")
def start_old_gold_melt() -> Response | tuple[str, int]:
    """The chosen lots go into one pot; what is for resale leaves the margin scheme by it."""

    def work(db: ShopSession) -> Consignment:
        chosen = [parse_id(text) for text in request.form.getlist("lot_id")[: MOST + 1]]
        if not chosen:
            raise forms.TypedWrongly(_("Choose the lots that go into the pot."))
        return inventory.start_melt(db, lot_ids=chosen, note=forms.line_or_none("note", most=120))

    tried = try_form(lambda: shop_write(work, rebuild=_pot))
    if tried.refusal is None or tried.refusal.code == "already_sent":
        return go_to(url_for("shop_pages.old_gold_lots", saved="melting"))
    return _lots(tried.refusal), tried.refusal.status


@pages.post("/old-gold/melts/<id:melt_id>")
@allow("stock.melt")
def finish_old_gold_melt(melt_id: UUID) -> Response | tuple[str, int]:
    """The bar that came out, by its weight and assay; what is missing of the fine metal is loss."""

    def work(db: ShopSession) -> Consignment:
        pot = _pot(db, melt_id)
        bar = LotDraft(
            code=forms.line("code", most=24, least=1), name=forms.line("name", most=120, least=1), kind="bullion",
            metal=pot.lines[0].metal, fineness=forms.figure("fineness", parse_rupees),
            net_mg=forms.figure("bar", parse_grams),
        )  # fmt: skip
        return inventory.finish_melt(db, consignment_id=melt_id, expected_version=whole_number("version"), result=bar)

    tried = try_form(lambda: shop_write(work, rebuild=_pot))
    if tried.refusal is None or tried.refusal.code == "already_sent":
        return go_to(url_for("shop_pages.melt", melt_id=melt_id, saved="poured"))
    names = {"netMg": "bar", "fineness": "fineness", "code": "code"}
    return _lots(forms.beside(tried.refusal, names), of=melt_id), tried.refusal.status


@pages.get("/old-gold/terms")
@allow("oldgold.view")
def buying_terms() -> str:
    """What the shop keeps of the board's rate when it buys; setting it takes another right."""
    return _terms(None)


@pages.post("/old-gold/terms")
@allow("rates.rules")
def set_buying_terms() -> Response | tuple[str, int]:
    def work(db: ShopSession) -> oldgold.BuyingTerms:
        return oldgold.set_terms(
            db, metal=forms.one_of("metal", dict(METALS)), margin_bp=forms.figure("margin", parse_rupees, empty=0),
            melting_loss_bp=forms.figure("loss", parse_rupees, empty=0),
            valid_from=forms.day("valid_from") if request.form.get("valid_from") else None,
        )  # fmt: skip

    tried = try_form(lambda: shop_write(work))
    if tried.refusal is None or tried.refusal.code == "already_sent":
        return go_to(url_for("shop_pages.buying_terms", saved="yes"))
    names = {"marginBp": "margin", "meltingLossBp": "loss", "validFrom": "valid_from"}
    return _terms(forms.beside(tried.refusal, names)), tried.refusal.status


def _pot(db: ShopSession, melt_id: UUID) -> Consignment:
    return inventory.get_consignment(db, melt_id, kind="melt")


def _lots(refusal: Refusal | None, *, of: UUID | None = None) -> str:
    def look(db: ShopSession) -> tuple[list[Lot], list[Consignment], dict[UUID, oldgold.LotOrigin]]:
        lots = inventory.list_lots(db, kind="old_gold", state="open", limit=MOST).items
        pots = inventory.list_consignments(db, kind="melt", state="away", limit=20).items
        return lots, pots, oldgold.origins_of(db, [lot.id for lot in lots])

    lots, pots, origins = shop_read(look)
    return show(
        "old_gold_lots.html", "old_gold", lots=lots, pots=pots, origins=origins, piles=_piles(lots), refusal=refusal,
        of=of, typed=forms.typed(), key=form_key(), saved=request.args.get("saved", ""), fine=fine_mg,
        pots_fine={pot.id: sum(line.net_mg * line.fineness for line in pot.lines) for pot in pots},
        chosen=set(request.form.getlist("lot_id")),
    )  # fmt: skip


def _terms(refusal: Refusal | None) -> str:
    terms = shop_read(oldgold.list_terms)
    return show(
        "buying_terms.html", "old_gold", terms=terms, refusal=refusal, typed=forms.typed(), key=form_key(),
        metals=named(METALS), metal_names=dict(named(METALS)), saved=request.args.get("saved") == "yes",
        today=today_ist(), shares=oldgold.list_shares(today_ist()),
    )  # fmt: skip


def _piles(lots: Iterable[Lot]) -> list[Pile]:
    """By purity, the finest first; sums are of unrounded products."""
    groups: dict[tuple[str, int], list[Lot]] = {}
    for lot in lots:
        groups.setdefault((lot.metal, lot.fineness), []).append(lot)
    return [
        Pile(
            group[0].purity_label, len(group), sum(lot.left_gross_mg for lot in group),
            fine_mg(sum(lot.left_fine for lot in group)), sum(lot.left_cost_paise for lot in group),
        )
        for _key, group in sorted(groups.items(), key=lambda one: (one[0][0], -one[0][1]))
    ]  # fmt: skip
