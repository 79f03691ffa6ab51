"""Owns entering and correcting a piece by its form: every field the API has, and what the weights come to meanwhile."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from flask import Response, request, url_for

from app.dashboard import codes, forms, meanwhile
from app.dashboard.frame import may, pages, part, show
from app.dashboard.stock import MAKING, WASTAGE, amount, choices, named
from app.inventory import service as inventory
from app.inventory.hallmarking import Hallmark, mandate_for
from app.inventory.pieces import MAX_STONES, settled
from app.inventory.service import Item, ItemDraft, ItemStatus, OtherMetal, Stone
from app.kit.clock import today_ist
from app.kit.http import allow, shop_read, shop_write
from app.kit.money import parse_rupees, ratio, round_half_up
from app.kit.pages import Refusal, form_key, go_to, text_field, try_form, whole_number
from app.kit.texts import N_, _
from app.kit.weights import MG_PER_GRAM, carats, fine_mg, fine_product, grams, parse_carats, parse_grams, stone_mg
from app.rates import service as rates
from app.tax.tables import current_tables, holds_on

BASES = (("per_carat", N_("a carat")), ("per_piece", N_("each")))
FIELDS = {
    "grossMg": "gross", "stoneMg": "stone", "making.kind": "making_kind", "making.paise": "making",
    "making.bp": "making", "hallmarkPaise": "hallmark", "fineness": "purity", "metal": "purity",
    "huidExempt": "huid_exempt", "netMg": "gross", "wastage.kind": "wastage_kind", "wastage.bp": "wastage",
    "stones": "stone-0-kind", "otherMetals": "metal-0-purity", "costPaise": "cost",
}  # fmt: skip
"""What the service calls a fact → the form's field."""

STONE_FACTS = {"kind": "kind", "pieces": "pieces", "weightMct": "carat", "basis": "basis", "ratePaise": "rate"}
METAL_FACTS = {"metal": "purity", "fineness": "purity", "netMg": "net"}
BLANK_ROWS, BLANK_METALS = 2, 1
HUID_LETTERS = 6
BUYS = "stock.buy"
_ROW = re.compile(r"(stone|metal)-(\d{1,2})-(?:kind|purity)")
_UNNAMED = ItemDraft(tag="X", name="x", category="other", metal="", fineness=0, gross_mg=0)


@dataclass(frozen=True, slots=True)
class Part:
    """One metal of the piece."""

    label: str
    net_mg: int
    fine_mg: int


@dataclass(frozen=True, slots=True)
class Reckoned:
    """What the typed weights come to; `parts` are its metals, the main one first."""

    net_mg: int
    stone_mg: int
    parts: tuple[Part, ...]
    metal_paise: int | None  # None: the board has no rate of one of them
    hallmark: Hallmark
    rule: str


@pages.route("/stock/new", methods=["GET", "POST"])
@allow("stock.edit")
def new_piece() -> str | Response | tuple[str, int]:
    if request.method == "GET":
        return _page(None, None)
    tried = try_form(lambda: shop_write(
        lambda db: inventory.register_item(db, draft=_draft(), place_id=codes.id_or_none("place_id")),
        rebuild=inventory.get_item,
    ))  # fmt: skip
    if tried.result is not None:
        return go_to(url_for("shop_pages.piece", item_id=tried.result.id, saved="new"))
    return _page(None, _beside(tried.refusal)), tried.refusal.status if tried.refusal else 422


@pages.route("/stock/<id:item_id>/edit", methods=["GET", "POST"])
@allow("stock.edit")
def edit_piece(item_id: UUID) -> str | Response | tuple[str, int]:
    """A piece that has left the stock is looked at, not corrected."""
    if request.method == "GET":
        item = shop_read(lambda db: inventory.get_item(db, item_id))
        in_stock = item.status == ItemStatus.IN_STOCK.value
        return _page(item, None) if in_stock else go_to(url_for("shop_pages.piece", item_id=item_id))
    tried = try_form(lambda: shop_write(
        lambda db: inventory.edit_item(
            db, item_id=item_id, expected_version=whole_number("version"), changes=_changes(_draft())
        ),
        rebuild=inventory.get_item,
    ))  # fmt: skip
    if tried.result is not None:
        return go_to(url_for("shop_pages.piece", item_id=item_id, saved="yes"))
    item = shop_read(lambda db: inventory.get_item(db, item_id))
    refusal = meanwhile.explained(
        _beside(tried.refusal), actions=("item.edited", "item.pictured", "item.withdrawn"), subject_id=item_id,
        now=_values_of(item), typed=forms.typed(),
    )  # fmt: skip
    return _page(item, refusal), refusal.status if refusal else 422


@pages.post("/stock/reckoned")
@allow("stock.edit")
def reckon_piece() -> str:
    """While the form is filled in: what its weights come to, by the same rules that will take it; nothing is kept."""
    return part("_piece_reckoned.html", **_reckoned())


def _page(item: Item | None, refusal: Refusal | None) -> str:
    values = forms.typed() if request.method == "POST" else _values_of(item) if item else dict(_EMPTY)
    today = today_ist()
    return show(
        "piece_form.html", "stock", item=item, refusal=refusal, values=values, rows=_rows(values), key=form_key(),
        metal_rows=_metal_rows(values), most_metals=inventory.MAX_OTHERS,
        wastage_kinds=named(WASTAGE), bases=named(BASES), hsns=_hsns(), mandate=mandate_for("gold", today),
        most_stones=MAX_STONES, place_choices=codes.place_choices(codes.places(), anywhere=_("Where I sit")),
        **_reckoned(item), **_choices(item),
    )  # fmt: skip


def _choices(item: Item | None) -> dict[str, Any]:
    found: dict[str, Any] = choices(item)
    known = dict(found["purities"])
    own = {_purity_value(part.metal, part.fineness): part.purity_label for part in item.others} if item else {}
    return {**found, "other_purities": [("", _("None")), *{**known, **own}.items()]}


# ---------------------------------------------------------------- what was typed


_EMPTY = {"category": "ring", "purity": "gold-9160", "hsn": "7113", "making_kind": "percent", "wastage_kind": "none"}


def _draft() -> ItemDraft:
    """The whole form, each field's fault at its field."""
    return dataclasses.replace(
        _weighed(), tag=forms.line("tag", least=1, most=24).upper(), name=forms.line("name", least=1, most=120),
        category=forms.line("category", least=1, most=24),
        cost_paise=forms.figure("cost", parse_rupees) if text_field("cost") and may(BUYS) else None, **_charges(),
    )  # fmt: skip


def _weighed() -> ItemDraft:
    """What weights, purity and hallmark say; enough to reckon with while the rest is still empty."""
    metal, fineness = _purity(text_field("purity"))
    return dataclasses.replace(
        _UNNAMED, metal=metal, category=text_field("category") or _UNNAMED.category, fineness=fineness,
        hsn=forms.line_or_none("hsn", most=8) or "7113", gross_mg=forms.figure("gross", parse_grams),
        stone_mg=forms.figure("stone", parse_grams) if text_field("stone") else None,
        huid=forms.line_or_none("huid", most=6), huid_exempt=forms.line_or_none("huid_exempt", most=24),
        stones=_stones(), others=tuple(_other(row) for row in _filled_metals(forms.typed())),
    )  # fmt: skip


def _purity(text: str) -> tuple[str, int]:
    """gold-9160 as the form's choices say it."""
    metal, _dot, fineness = text.partition("-")
    return metal, int(fineness) if fineness.isascii() and fineness.isdigit() and len(fineness) < 6 else 0


def _purity_value(metal: str, fineness: int) -> str:
    return f"{metal}-{fineness}"


def _other(row: int) -> OtherMetal:
    at = f"metal-{row}"
    if not text_field(f"{at}-purity"):
        forms.refuse(f"{at}-purity", _("Say of which purity this weight is."))
    return OtherMetal(*_purity(text_field(f"{at}-purity")), forms.figure(f"{at}-net", parse_grams))


def _charges() -> dict[str, Any]:
    kind = forms.one_of("making_kind", dict(MAKING))
    making = forms.figure("making", parse_rupees, empty=0)
    wastage_kind = forms.one_of("wastage_kind", dict(WASTAGE))
    wastage = forms.figure("wastage", parse_rupees, empty=0)
    if wastage and wastage_kind == "none":
        forms.refuse("wastage_kind", _("Say what the wastage is a percentage of."))
    return {
        "making_kind": kind, "making_bp": making if kind == "percent" else 0,
        "making_paise": making if kind != "percent" else 0, "wastage_kind": wastage_kind, "wastage_bp": wastage,
        "hallmark_paise": forms.figure("hallmark", parse_rupees, empty=0),
    }  # fmt: skip


def _stones() -> tuple[Stone, ...]:
    """The rows that say something."""
    return tuple(_stone(row) for row in _filled_rows(forms.typed()))


def _stone(row: int) -> Stone:
    at = f"stone-{row}"
    return Stone(
        kind=forms.line(f"{at}-kind", least=1, most=40), pieces=forms.figure(f"{at}-pieces", _count, empty=1),
        weight_mct=forms.figure(f"{at}-carat", parse_carats, empty=0),
        basis=forms.one_of(f"{at}-basis", dict(BASES)), rate_paise=forms.figure(f"{at}-rate", parse_rupees, empty=0),
    )  # fmt: skip


def _count(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 7):
        raise forms.TypedWrongly(_("A whole number is expected."))
    return int(text)


def _filled_rows(values: dict[str, str]) -> list[int]:
    """Of the stones; the basis is always chosen, so it says nothing."""
    return _filled(values, "stone", [fact for fact in STONE_FACTS.values() if fact != "basis"])


def _filled_metals(values: dict[str, str]) -> list[int]:
    return _filled(values, "metal", METAL_FACTS.values())


def _filled(values: dict[str, str], kind: str, facts: Iterable[str]) -> list[int]:
    """The rows of a kind in which one of these facts is typed."""
    found = {int(row[2]) for name in values if (row := _ROW.fullmatch(name)) and row[1] == kind}
    said = set(facts)
    return sorted(
        row for row in found
        if row < 2 * MAX_STONES and any(values.get(f"{kind}-{row}-{fact}", "").strip() for fact in said)
    )  # fmt: skip


def _changes(draft: ItemDraft) -> dict[str, object]:
    """What it cost is not on the form of who does not buy, and stays."""
    facts = _facts(draft)
    return facts if may(BUYS) else {name: value for name, value in facts.items() if name != "cost_paise"}


def _facts(draft: ItemDraft) -> dict[str, object]:
    return {field.name: getattr(draft, field.name) for field in dataclasses.fields(draft)}


def _beside(refusal: Refusal | None) -> Refusal | None:
    """The service counts stones and metals as they were given; the form's rows may have gaps."""
    stones, metals = enumerate(_filled_rows(forms.typed())), enumerate(_filled_metals(forms.typed()))
    paths = {f"stones.{n}.{fact}": f"stone-{row}-{name}" for n, row in stones for fact, name in STONE_FACTS.items()}
    paths |= {f"otherMetals.{n}.{fact}": f"metal-{r}-{name}" for n, r in metals for fact, name in METAL_FACTS.items()}
    return forms.beside(refusal, {**FIELDS, **paths})


# ---------------------------------------------------------------- what is shown


def _values_of(item: Item) -> dict[str, str]:
    """A piece as its form shows it. A stone weight that follows from the stones listed is left for them to say."""
    listed = sum(stone_mg(stone.weight_mct) for stone in item.stones)
    made = item.making_bp if item.making_kind == "percent" else item.making_paise
    automatic = {one.reason for one in inventory.list_exemptions(today_ist()) if one.automatic}
    values = {
        "tag": item.tag, "name": item.name, "category": item.category, "hsn": item.hsn,
        "purity": _purity_value(item.metal, item.fineness), "gross": grams(item.gross_mg),
        "stone": "" if item.stone_mg == listed else grams(item.stone_mg), "huid": item.huid or "",
        "making_kind": item.making_kind, "making": amount(made),
        "huid_exempt": item.huid_exempt if item.huid_exempt and item.huid_exempt not in automatic else "",
        "wastage_kind": item.wastage_kind, "wastage": amount(item.wastage_bp),
        "hallmark": amount(item.hallmark_paise), "cost": amount(item.cost_paise or 0),
    }  # fmt: skip
    for row, other in enumerate(item.others):
        values[f"metal-{row}-purity"] = _purity_value(other.metal, other.fineness)
        values[f"metal-{row}-net"] = grams(other.net_mg)
    for row, stone in enumerate(item.stones):
        at = f"stone-{row}"
        values |= {
            f"{at}-kind": stone.kind, f"{at}-pieces": str(stone.pieces), f"{at}-basis": stone.basis,
            f"{at}-carat": carats(stone.weight_mct) if stone.weight_mct else "", f"{at}-rate": amount(stone.rate_paise),
        }  # fmt: skip
    return values


def _rows(values: dict[str, str]) -> list[int]:
    """The rows that say something, and some empty ones after them."""
    filled = _filled_rows(values)
    return _with_blank(filled, min(BLANK_ROWS, MAX_STONES - len(filled)))


def _metal_rows(values: dict[str, str]) -> list[int]:
    filled = _filled_metals(values)
    return _with_blank(filled, min(BLANK_METALS, inventory.MAX_OTHERS - len(filled)))


def _with_blank(filled: list[int], blank: int) -> list[int]:
    first = filled[-1] + 1 if filled else 0
    return [*filled, *range(first, first + blank)]


def _reckoned(item: Item | None = None) -> dict[str, object]:
    """Of what is typed, else of the piece as it is; `wrong` where it can't be reckoned yet."""
    today = today_ist()
    if request.method == "GET":
        return {"reckoned": _worked_out(_item_draft(item)) if item else None, "wrong": None}
    if not text_field("gross"):
        return {"reckoned": None, "wrong": None}
    tried = try_form(lambda: _worked_out(settled(_half_typed(_weighed()), today)))
    return {"reckoned": tried.result, "wrong": _beside(tried.refusal)}


def _half_typed(draft: ItemDraft) -> ItemDraft:
    """A HUID of which three letters are typed is not wrong yet."""
    return draft if draft.huid is None or len(draft.huid) == HUID_LETTERS else dataclasses.replace(draft, huid=None)


def _item_draft(item: Item) -> ItemDraft:
    return ItemDraft(**{field.name: getattr(item, field.name) for field in dataclasses.fields(ItemDraft)})


def _worked_out(draft: ItemDraft) -> Reckoned:
    assert draft.net_mg is not None and draft.stone_mg is not None  # a settled draft has both
    today = today_ist()
    board = shop_read(rates.read_board)
    metals = (OtherMetal(draft.metal, draft.fineness, draft.own_mg), *draft.others)
    worth = [_metal(part.net_mg, board.get((part.metal, part.fineness))) for part in metals]
    mandate = mandate_for(draft.metal, today)
    exempt = {one.reason: one.name for one in inventory.list_exemptions(today)}
    stands = draft.hallmark(today)
    return Reckoned(
        net_mg=draft.net_mg, stone_mg=draft.stone_mg, parts=tuple(_part(part) for part in metals),
        metal_paise=None if None in worth else sum(one or 0 for one in worth), hallmark=stands,
        rule=exempt.get(draft.huid_exempt or "", "") if stands is Hallmark.EXEMPT else mandate.name if mandate else "",
    )  # fmt: skip


def _part(part: OtherMetal) -> Part:
    return Part(part.purity_label, part.net_mg, fine_mg(fine_product(part.net_mg, part.fineness)))


def _metal(net_mg: int, rate: int | None) -> int | None:
    return None if rate is None else round_half_up(ratio(net_mg * rate, MG_PER_GRAM))


def _hsns() -> list[tuple[str, str]]:
    """Codes of goods that the table of taxes knows, with what they are of."""
    today = today_ist()
    goods = [rate for rate in current_tables().rates if rate.hsn.startswith("71") and not rate.use]
    return [(rate.hsn, rate.description.partition(";")[0]) for rate in goods if holds_on(rate, today)]
