"""Owns what a piece is outside its tables: the draft that is entered, the facts that are handed out, their rules."""

import dataclasses
import datetime as dt
import re
from dataclasses import dataclass
from uuid import UUID

from msgspec import Struct

from app.inventory import hallmarking
from app.inventory.errors import ExemptionDoesNotHold, ItemFactsWrong, WeightsContradict
from app.inventory.goods import check_hsn
from app.inventory.hallmarking import Hallmark
from app.inventory.metals import OtherMetal, check_others, is_less, weight_of
from app.kit.clock import today_ist
from app.kit.money import BASIS_POINTS, MAX_PAISE, whole
from app.kit.readable import UNREADABLE, is_readable
from app.kit.texts import _
from app.kit.weights import MAX_MCT, MAX_MG, grams, purity_label, stone_mg
from app.rates import service as rates
from app.tax.errors import UnknownHsn
from app.tax.rates import tax_rate

MAX_STONES = 40
MAX_STONE_PIECES = 100_000
MAX_MAKING_BP = 10 * BASIS_POINTS
MAX_WASTAGE_BP = BASIS_POINTS

CATEGORIES = (
    "ring", "chain", "bangle", "bracelet", "necklace", "mangalsutra", "earrings", "pendant", "nose_pin", "anklet",
    "toe_ring", "kada", "coin", "bar", "utensil", "idol", "other",
)  # fmt: skip
"""What screens offer; a shop may use a word of its own."""

WASTAGE_KINDS = ("none", "percent_of_net", "percent_of_value")
MAKING_KINDS = ("per_gram_net", "per_gram_gross", "percent", "fixed")
STONE_BASES = ("per_carat", "per_piece")

_TAG = re.compile(r"[A-Z0-9](?:[A-Z0-9/_.-]{0,22}[A-Z0-9])?")
_CATEGORY = re.compile(r"[a-z][a-z0-9_]{0,23}")


@dataclass(frozen=True, slots=True)
class Stone:
    """Stones of one kind set in a piece."""

    kind: str
    pieces: int
    weight_mct: int
    basis: str
    rate_paise: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemDraft:
    """A piece as it is entered. `stone_mg` None is reckoned from the stones; `net_mg`, of all its metals, is checked
    where it is given."""

    tag: str
    name: str
    category: str
    metal: str
    fineness: int
    gross_mg: int
    hsn: str = "7113"
    huid: str | None = None
    huid_exempt: str | None = None
    stone_mg: int | None = None
    net_mg: int | None = None
    wastage_kind: str = "none"
    wastage_bp: int = 0
    making_kind: str = "fixed"
    making_paise: int = 0
    making_bp: int = 0
    hallmark_paise: int = 0
    stones: tuple[Stone, ...] = ()
    others: tuple[OtherMetal, ...] = ()
    cost_paise: int | None = None

    @property
    def own_mg(self) -> int:
        """Of a settled draft: what is of the main metal."""
        assert self.net_mg is not None
        return self.net_mg - weight_of(self.others)

    def hallmark(self, on: dt.date) -> Hallmark:
        return _hallmark(self, on)


class Item(Struct, frozen=True):
    """A piece as others see it; what stands here is what a bill is priced from."""

    id: UUID
    tag: str
    name: str
    category: str
    metal: str
    fineness: int
    hsn: str
    huid: str | None
    huid_exempt: str | None
    gross_mg: int
    stone_mg: int
    net_mg: int
    wastage_kind: str
    wastage_bp: int
    making_kind: str
    making_paise: int
    making_bp: int
    hallmark_paise: int
    status: str
    invoice_id: UUID | None
    picture_id: UUID | None
    version: int
    created_at: dt.datetime
    updated_at: dt.datetime
    stones: tuple[Stone, ...] = ()
    cost_paise: int | None = None
    place_id: UUID | None = None
    supplier_id: UUID | None = None
    lot_id: UUID | None = None
    others: tuple[OtherMetal, ...] = ()

    @property
    def own_mg(self) -> int:
        """Net weight of the main metal alone."""
        return self.net_mg - weight_of(self.others)

    @property
    def metals(self) -> tuple[OtherMetal, ...]:
        """All its metals, the main one first; their weights add up to `net_mg`."""
        return (OtherMetal(self.metal, self.fineness, self.own_mg), *self.others)

    @property
    def purity(self) -> dict[str, object]:
        return {"metal": self.metal, "fineness": self.fineness}

    @property
    def making(self) -> dict[str, object]:
        return {"kind": self.making_kind, "paise": self.making_paise, "bp": self.making_bp}

    @property
    def wastage(self) -> dict[str, object]:
        return {"kind": self.wastage_kind, "bp": self.wastage_bp}

    @property
    def purity_label(self) -> str:
        return purity_label(self.metal, self.fineness)

    @property
    def purities_label(self) -> str:
        """Of all its metals: 22K 916 + Platinum 950."""
        return " + ".join(part.purity_label for part in self.metals)

    @property
    def hallmark_status(self) -> str:
        """How the piece stands with the hallmarking order today."""
        return self.hallmark(today_ist()).value

    @property
    def stone_mct(self) -> int:
        """All its stones, in thousandths of a carat."""
        return sum(stone.weight_mct for stone in self.stones)

    def hallmark(self, on: dt.date) -> Hallmark:
        return _hallmark(self, on)


def _hallmark(piece: "ItemDraft | Item", on: dt.date) -> Hallmark:
    return hallmarking.status_of(
        metal=piece.metal, category=piece.category, fineness=piece.fineness, gross_mg=piece.gross_mg, hsn=piece.hsn,
        huid=piece.huid, reason=piece.huid_exempt, on=on,
    )  # fmt: skip


def settled(draft: ItemDraft, on: dt.date) -> ItemDraft:
    """The draft with its codes in capitals, its weights reckoned and its exemption found; raises what is wrong."""
    rates.check_purity(draft.metal, draft.fineness, on)
    category = _category(draft.category)
    tax_rate(draft.hsn, on)
    check_hsn(draft.hsn, category=category, metal=draft.metal, on=on)
    _check_charges(draft)
    stone, net = _weights(draft)
    check_others(draft.others, metal=draft.metal, fineness=draft.fineness, net_mg=net, on=on)
    huid = hallmarking.check_huid(draft.huid) if draft.huid else None
    if huid and draft.huid_exempt:
        raise ExemptionDoesNotHold(_("A piece with a HUID needs no exemption."), fields={"huidExempt": "has a HUID"})
    reason = draft.huid_exempt or None
    return dataclasses.replace(
        draft,
        tag=_tag(draft.tag),
        name=_name(draft.name),
        category=category,
        huid=huid,
        huid_exempt=None if huid else hallmarking.exemption_of(
            reason, metal=draft.metal, category=category, fineness=draft.fineness, gross_mg=draft.gross_mg,
            hsn=draft.hsn, on=on,
        ),
        stone_mg=stone,
        net_mg=net,
    )  # fmt: skip


def cheaper(before: ItemDraft, after: ItemDraft, on: dt.date) -> list[str]:
    """The facts in which a settled draft is below another; another metal or way of reckoning counts as below."""
    lowered: list[str] = []
    if after.metal != before.metal:
        lowered.append("metal")
    elif after.fineness < before.fineness:
        lowered.append("fineness")
    lowered += _lighter(before, after)
    if _tax_bp(after.hsn, on) < _tax_bp(before.hsn, on):
        lowered.append("hsn")
    if (before.making_paise or before.making_bp) and before.making_kind != after.making_kind:
        lowered.append("making.kind")
    elif after.making_paise < before.making_paise:
        lowered.append("making.paise")
    elif after.making_bp < before.making_bp:
        lowered.append("making.bp")
    if before.wastage_bp and before.wastage_kind != after.wastage_kind:
        lowered.append("wastage.kind")
    elif after.wastage_bp < before.wastage_bp:
        lowered.append("wastage.bp")
    if after.hallmark_paise < before.hallmark_paise:
        lowered.append("hallmarkPaise")
    if _stones_price(after.stones) < _stones_price(before.stones):
        lowered.append("stones")
    return lowered


def _lighter(before: ItemDraft, after: ItemDraft) -> list[str]:
    """The weight that fell, if any. Gold that becomes silver of the same weight is gold that is less."""
    assert before.net_mg is not None and after.net_mg is not None  # a settled draft has it
    if after.net_mg < before.net_mg:
        return ["netMg"]
    if after.gross_mg < before.gross_mg and before.making_kind == "per_gram_gross":
        return ["grossMg"]
    return ["otherMetals"] if after.own_mg < before.own_mg or is_less(before.others, after.others) else []


def _tax_bp(hsn: str, on: dt.date) -> int:
    """0 for a code that no longer has a rate: what can't be billed can't become cheaper."""
    try:
        return tax_rate(hsn, on).rate_bp
    except UnknownHsn:
        return 0


def _stones_price(stones: tuple[Stone, ...]) -> int:
    """In thousandths of a paisa, unrounded."""
    per_carat = sum(stone.rate_paise * stone.weight_mct for stone in stones if stone.basis == "per_carat")
    return per_carat + sum(1000 * stone.rate_paise * stone.pieces for stone in stones if stone.basis == "per_piece")


def _weights(draft: ItemDraft) -> tuple[int, int]:
    """Stone and net weight; stones of one kind weigh at most a milligram less on the scale than by carats."""
    gross = whole(draft.gross_mg, "Gross weight in mg", least=1, most=MAX_MG, field="grossMg")
    reckoned = sum(_stone_weight(place, stone) for place, stone in enumerate(_stones(draft)))
    stone = reckoned if draft.stone_mg is None else draft.stone_mg
    whole(stone, "Stone weight in mg", most=MAX_MG, field="stoneMg")
    if stone + len(draft.stones) < reckoned:
        message = _(
            "The stones listed weigh %(listed)s g, more than the stone weight of %(stone)s g.",
            listed=grams(reckoned), stone=grams(stone),
        )  # fmt: skip
        raise WeightsContradict(message, fields={"stoneMg": "less than the stones listed"})
    net = gross - stone
    if net <= 0:
        message = _(
            "Stones of %(stone)s g leave no metal of a piece of %(gross)s g.", stone=grams(stone), gross=grams(gross)
        )
        raise WeightsContradict(message, fields={"stoneMg": "not below gross"})
    if draft.net_mg is not None and draft.net_mg != net:
        whole(draft.net_mg, "Net weight in mg", most=MAX_MG, field="netMg")
        message = _(
            "Net weight %(net)s g is not gross %(gross)s g less stones %(stones)s g.",
            net=grams(draft.net_mg), gross=grams(gross), stones=grams(stone),
        )  # fmt: skip
        raise WeightsContradict(message, fields={"netMg": "not gross less stones"})
    return stone, net


def _stones(draft: ItemDraft) -> tuple[Stone, ...]:
    if len(draft.stones) > MAX_STONES:
        raise ItemFactsWrong(
            _("A piece lists at most %(max_stones)s kinds of stones.", max_stones=MAX_STONES),
            fields={"stones": "too many"},
        )
    return draft.stones


def _stone_weight(place: int, stone: Stone) -> int:
    at = f"stones.{place}"
    if stone.basis not in STONE_BASES:
        raise ItemFactsWrong(_("Stones are priced per carat or per piece."), fields={f"{at}.basis": "unknown"})
    if not stone.kind.strip() or len(stone.kind) > 40:
        raise ItemFactsWrong(_("A kind of stone has from 1 to 40 letters."), fields={f"{at}.kind": "too short or long"})
    whole(stone.pieces, "The number of stones", least=1, most=MAX_STONE_PIECES, field=f"{at}.pieces")
    whole(stone.rate_paise, "The rate of a stone in paise", most=MAX_PAISE, field=f"{at}.ratePaise")
    least = 1 if stone.basis == "per_carat" else 0
    whole(stone.weight_mct, "Stones in thousandths of a carat", least=least, most=MAX_MCT, field=f"{at}.weightMct")
    return stone_mg(stone.weight_mct)


def _check_charges(draft: ItemDraft) -> None:
    if draft.making_kind not in MAKING_KINDS:
        raise ItemFactsWrong(
            _("Making is per gram net or gross, percent, or fixed."), fields={"making.kind": "unknown"}
        )
    if draft.wastage_kind not in WASTAGE_KINDS:
        raise ItemFactsWrong(_("Wastage is none, percent of net or of value."), fields={"wastage.kind": "unknown"})
    percent = draft.making_kind == "percent"
    whole(draft.making_paise, "Making in paise", most=0 if percent else MAX_PAISE, field="making.paise")
    whole(draft.making_bp, "Making in basis points", most=MAX_MAKING_BP if percent else 0, field="making.bp")
    most = 0 if draft.wastage_kind == "none" else MAX_WASTAGE_BP
    whole(draft.wastage_bp, "Wastage in basis points", most=most, field="wastage.bp")
    whole(draft.hallmark_paise, "The hallmarking charge in paise", most=MAX_PAISE, field="hallmarkPaise")
    if draft.cost_paise is not None:
        whole(draft.cost_paise, "The cost in paise", most=MAX_PAISE, field="costPaise")


def _tag(text: str) -> str:
    bare = text.strip().upper() if text.isascii() else ""
    if not _TAG.fullmatch(bare):
        message = _("A tag has at most 24 letters, digits and inner - / _ or dots.")
        raise ItemFactsWrong(message, fields={"tag": "not a tag"})
    return bare


def _name(text: str) -> str:
    bare = " ".join(text.split())
    if not 1 <= len(bare) <= 120:
        raise ItemFactsWrong(_("A piece's name has from 1 to 120 letters."), fields={"name": "too short or long"})
    if not is_readable(bare):
        raise ItemFactsWrong(_(UNREADABLE), fields={"name": "not readable"})
    return bare


def _category(text: str) -> str:
    bare = text.strip().lower().replace(" ", "_")
    if not _CATEGORY.fullmatch(bare):
        message = _("A category is a word of at most 24 letters: ring, chain, nose_pin.")
        raise ItemFactsWrong(message, fields={"category": "not a category"})
    return bare
