"""Owns what a lot is outside its table: the draft that is received, the facts that are handed out, their rules."""

import dataclasses
import datetime as dt
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

from app.inventory.errors import LotFactsWrong, LotTooSmall
from app.kit.dated import read_table, remembered
from app.kit.money import MAX_PAISE, ratio, round_half_up, whole
from app.kit.readable import UNREADABLE, is_readable
from app.kit.texts import _
from app.kit.weights import FINE, MAX_MCT, MAX_MG, carats, grams, purity_label, stone_mg
from app.metal.service import MIXED, Quantities
from app.rates import service as rates

DATA = Path(__file__).parent / "data" / "lots.json"
STONE = "stone"
"""The metal of what is none: loose stones, whose fineness is nothing."""

OLD_GOLD = "old_gold"
KINDS = ("bullion", "coins", OLD_GOLD, "findings", "pieces", "stones")
MAX_PIECES = 1_000_000
_PATHS = {"pieces": "pieces", "stone_mg": "stoneMg", "net_mg": "netMg", "stone_mct": "stoneMct"}
_CODE = re.compile(r"[A-Z0-9](?:[A-Z0-9/_.-]{0,22}[A-Z0-9])?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Weights:
    """How much of a lot: pieces, stones in it in mg and thousandths of a carat, and metal in mg."""

    pieces: int = 0
    stone_mg: int = 0
    net_mg: int = 0
    stone_mct: int = 0

    @property
    def gross_mg(self) -> int:
        return self.stone_mg + self.net_mg


@dataclass(frozen=True, slots=True, kw_only=True)
class LotDraft:
    """A lot as it is received. Of loose stones `stone_mct` is weighed and all else follows.

    hsn  which code it is sold under, where its kind has several
    """

    code: str
    name: str
    kind: str
    metal: str
    fineness: int = MIXED
    pieces: int = 0
    stone_mg: int = 0
    net_mg: int = 0
    stone_mct: int = 0
    cost_paise: int = 0
    hsn: str | None = None

    @property
    def weights(self) -> Weights:
        return Weights(pieces=self.pieces, stone_mg=self.stone_mg, net_mg=self.net_mg, stone_mct=self.stone_mct)


@dataclass(frozen=True, slots=True)
class Lot:
    """A lot as others see it, with what is left of it.

    hsn  None: its kind's; of a kind with several, it was received before lots said theirs
    """

    id: UUID
    code: str
    name: str
    kind: str
    metal: str
    fineness: int
    place_id: UUID | None
    supplier_id: UUID | None
    state: str
    left_pieces: int
    left_stone_mg: int
    left_net_mg: int
    left_stone_mct: int
    left_cost_paise: int
    version: int
    created_at: dt.datetime
    updated_at: dt.datetime
    hsn: str | None = None

    @property
    def left_gross_mg(self) -> int:
        return self.left_net_mg + self.left_stone_mg

    @property
    def left_fine(self) -> int:
        """Net weight × fineness, unrounded."""
        return self.left_net_mg * self.fineness

    @property
    def left(self) -> Weights:
        return Weights(
            pieces=self.left_pieces, stone_mg=self.left_stone_mg, net_mg=self.left_net_mg,
            stone_mct=self.left_stone_mct,
        )  # fmt: skip

    @property
    def purity_label(self) -> str:
        return self.metal.capitalize() if self.fineness == MIXED else purity_label(self.metal, self.fineness)


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of lot: of which metals it may be ("*": all that are priced), and the HSN of each.

    also      other codes that such a lot may be of, with which of their rates
    articles  what lies in it are articles, which the hallmarking order looks at one by one
    melts     it is scrap: by weight it goes to whoever melts it, and to nobody who would wear it
    """

    kind: str
    metals: tuple[str, ...]
    hsn: dict[str, str]
    also: dict[str, str]
    articles: bool
    melts: bool
    valid_from: dt.date
    valid_to: dt.date | None

    def codes(self, metal: str) -> tuple[str, ...]:
        """The kind's own code, and behind it the others."""
        return (self.hsn.get(metal, ""), *sorted(self.also))


@dataclass(frozen=True, slots=True)
class Scales:
    """By how much two scales may differ on one thing."""

    mg: int
    valid_from: dt.date
    valid_to: dt.date | None


@remembered
def _kinds() -> tuple[Kind, ...]:
    return tuple(
        Kind(
            row["kind"], tuple(row["metals"]), dict(row["hsn"]), dict(row["also"]), row["articles"],
            row.get("melts", row["kind"] == OLD_GOLD), *_validity(row),  # a table corrected before it said so
        )
        for row in read_table(DATA)["kinds"]
    )  # fmt: skip


@remembered
def _scales() -> tuple[Scales, ...]:
    return tuple(Scales(int(row["mg"]), *_validity(row)) for row in read_table(DATA)["scales_differ_mg"])


def kind_of(kind: str, on: dt.date) -> Kind:
    """What a kind of lot may be of; raises LotFactsWrong."""
    found = next((one for one in _kinds() if one.kind == kind and _holds(one, on)), None)
    if found is None:
        raise LotFactsWrong(_("There is no such kind of lot."), fields={"kind": "unknown"})
    return found


def scales_differ_mg(on: dt.date) -> int:
    """By so much may what arrives weigh other than what was sent."""
    return next((one.mg for one in _scales() if _holds(one, on)), 0)


def settled(draft: LotDraft, on: dt.date, *, hsn_unsaid: bool = False) -> LotDraft:
    """The draft with its code in capitals and its stones weighed; raises LotFactsWrong.

    hsn_unsaid  it came out of a lot that never said which of several codes it is of
    """
    kind = kind_of(draft.kind, on)
    known = {purity.metal for purity in rates.list_purities(on)} if "*" in kind.metals else set(kind.metals)
    if draft.metal not in known:
        _refuse("metal", _("A lot of this kind can't be of that metal."))
    whole(draft.cost_paise, "The cost in paise", most=MAX_PAISE, field="costPaise")
    return dataclasses.replace(
        draft, code=code_of(draft.code), name=_name(draft.name), hsn=_hsn(draft, kind, hsn_unsaid),
        **dataclasses.asdict(_weighed(draft)),
    )  # fmt: skip


def _hsn(draft: LotDraft, kind: Kind, unsaid: bool) -> str | None:
    """The lot's own code where its kind has several; else the kind's table has it, whatever day it is."""
    codes = kind.codes(draft.metal)
    if draft.hsn is None and (unsaid or not kind.also):
        return None
    if draft.hsn not in codes:
        _refuse("hsn", _("Say which HSN it is: %(codes)s.", codes=", ".join(codes)))
    return draft.hsn if kind.also else None


def code_of(text: str) -> str:
    """A lot's or tray's code in capitals."""
    bare = text.strip().upper() if text.isascii() else ""
    if not _CODE.fullmatch(bare):
        _refuse("code", _("A code has at most 24 letters, digits and inner - / _ or dots."))
    return bare


def checked(weights: Weights) -> Weights:
    """Each figure within what a shop can have; raises NumberOutOfRange."""
    whole(weights.pieces, "The number of pieces", most=MAX_PIECES, field="pieces")
    whole(weights.stone_mg, "Stone weight in mg", most=MAX_MG, field="stoneMg")
    whole(weights.net_mg, "Net weight in mg", most=MAX_MG, field="netMg")
    whole(weights.stone_mct, "Stones in thousandths of a carat", most=MAX_MCT, field="stoneMct")
    return weights


def of_stones(stone_mct: int, pieces: int = 0) -> Weights:
    """Loose stones, by their carats."""
    return Weights(pieces=pieces, stone_mg=stone_mg(stone_mct), stone_mct=stone_mct)


def drawn(lot: Lot, part: Weights) -> Weights:
    """A part of a lot as it leaves it. Of loose stones only carats are weighed, and what they weigh in mg is what the
    rest no longer does: so the roundings of many draws never add up, and the last carat takes all that is left."""
    if lot.metal != STONE:
        return part
    if part.stone_mct == lot.left_stone_mct:
        return dataclasses.replace(lot.left, pieces=max(part.pieces, lot.left_pieces))  # more than there are: refused
    if part.stone_mct > lot.left_stone_mct:
        return of_stones(part.stone_mct, part.pieces)  # refused
    rest_mg = min(stone_mg(lot.left_stone_mct - part.stone_mct), lot.left_stone_mg)
    return Weights(pieces=part.pieces, stone_mg=lot.left_stone_mg - rest_mg, stone_mct=part.stone_mct)


def cost_of(part: Weights, whole_lot: Lot) -> int:
    """What a part of a lot cost, in paise: by net weight, of stones by carats, else by pieces; of all of it, all."""
    if part == whole_lot.left:
        return whole_lot.left_cost_paise
    for taken, left in (
        (part.net_mg, whole_lot.left_net_mg), (part.stone_mct, whole_lot.left_stone_mct),
        (part.pieces, whole_lot.left_pieces),
    ):  # fmt: skip
        if left:
            return round_half_up(ratio(whole_lot.left_cost_paise * taken, left))
    return 0


def rest_of(lot: Lot, part: Weights) -> Weights:
    """What a lot has left after a part is taken; raises LotTooSmall, and LotFactsWrong for a part of nothing.

    The last gram of a lot that is kept by weight takes with it what the scale never showed of stones.
    """
    if not any(dataclasses.astuple(checked(part))):
        _refuse("netMg", _("Nothing is taken."))
    rest = {name: getattr(lot.left, name) - getattr(part, name) for name in _PATHS}
    if min(rest.values()) < 0:
        message = _(
            "Of lot %(code)s %(net)s g net, %(carats)s ct and %(pieces)s pieces are left.",
            code=lot.code, net=grams(lot.left_net_mg), carats=carats(lot.left_stone_mct), pieces=lot.left_pieces,
        )  # fmt: skip
        raise LotTooSmall(message, fields={_PATHS[name]: "more than is left" for name in rest if rest[name] < 0})
    return Weights(**rest)


def quantities(weights: Weights, *, fineness: int, cost_paise: int) -> Quantities:
    """As the metal book counts it."""
    return Quantities(
        pieces=weights.pieces, gross_mg=weights.gross_mg, stone_mg=weights.stone_mg, net_mg=weights.net_mg,
        fine=weights.net_mg * fineness, stone_mct=weights.stone_mct, cost_paise=cost_paise,
    )  # fmt: skip


def _weighed(draft: LotDraft) -> Weights:
    weights = checked(draft.weights)
    if draft.metal == STONE:
        if draft.fineness != MIXED or draft.net_mg:
            _refuse("fineness", _("Loose stones have carats, no fineness and no net weight of metal."))
        if not draft.stone_mct:
            _refuse("stoneMct", _("Weigh the stones."))
        return of_stones(draft.stone_mct, draft.pieces)
    whole(draft.fineness, "Fineness per ten thousand", least=1, most=FINE, field="fineness")
    if not draft.net_mg:
        _refuse("netMg", _("Weigh the metal."))
    return weights


def _name(text: str) -> str:
    bare = " ".join(text.split())
    if not 1 <= len(bare) <= 120:
        _refuse("name", _("A lot's name has from 1 to 120 letters."))
    if not is_readable(bare):
        _refuse("name", _(UNREADABLE))
    return bare


def _validity(row: dict[str, Any]) -> tuple[dt.date, dt.date | None]:
    until = row["valid_to"]
    return dt.date.fromisoformat(row["valid_from"]), dt.date.fromisoformat(until) if until else None


def _holds(record: Kind | Scales, day: dt.date) -> bool:
    return record.valid_from <= day and (record.valid_to is None or day <= record.valid_to)


def _refuse(field: str, message: str) -> None:
    raise LotFactsWrong(message, fields={field: message})
