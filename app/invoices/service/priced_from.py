"""Owns what a line keeps of its price beside the columns: what it was reckoned from, so that it can be explained.

Canonical JSON in a column of the line that the document's hash covers. What is nothing is left out.
"""

import dataclasses
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol
from uuid import UUID

import orjson

from app.invoices import by_day
from app.invoices.pricing import (
    BillLine,
    Discount,
    LineKind,
    Making,
    MakingKind,
    MetalPart,
    PieceFacts,
    PricedAsTold,
    PricedLine,
    RateFrom,
    Step,
    Stone,
    StoneKind,
    Wastage,
    WastageKind,
    explain,
)
from app.invoices.service.documents import Line
from app.kit import audit
from app.kit.weights import RateBasis, purity_label
from shard_router import ShopSession

METALS = by_day.METALS.encode()


@dataclass(frozen=True, slots=True)
class SoldPart:
    """A further metal of what a line sold: its share of the net weight, its rate, and its part of the metal's value."""

    metal: str
    fineness: int
    net_mg: int
    rate_paise_per_g: int
    paise: int

    @property
    def purity_label(self) -> str:
        return purity_label(self.metal, self.fineness)


class Priced(Protocol):
    """A line, as it is read or as its row is."""

    @property
    def metal(self) -> str: ...
    @property
    def fineness(self) -> int: ...
    @property
    def priced_from(self) -> bytes | None: ...


def other_metals(line: Priced) -> tuple[SoldPart, ...]:
    """Of another purity than the line's own; nothing of what is of one metal. Of a note's line: of what came back
    whole."""
    own = line.metal, line.fineness
    return tuple(part for part in _parts_kept(line.priced_from) if (part.metal, part.fineness) != own)


def metal_parts(line: Priced) -> tuple[SoldPart, ...]:
    """All that has a rate beside the line's: other metals, and what of its own a locked rate was short of."""
    return _parts_kept(line.priced_from)


def others_of(db: ShopSession, line_ids: Iterable[UUID | None]) -> dict[UUID, tuple[SoldPart, ...]]:
    """Of those of a report's lines that are of several metals, in one statement; none where there are none."""
    wanted = [line_id for line_id in line_ids if line_id is not None]
    if not wanted:
        return {}
    return {line_id: _parts_kept(kept) for line_id, kept in by_day.priced_from_of(db, wanted).items()}


def came_back(line: Priced) -> bytes | None:
    """What a note's line keeps of the bill's line that it takes back whole: its other metals, and what of its own had
    another rate, for paper and grams."""
    parts = metal_parts(line)
    return audit.canonical({"metals": [dataclasses.astuple(part) for part in parts]}) if parts else None


def _parts_kept(priced_from: bytes | None) -> tuple[SoldPart, ...]:
    if priced_from is None or METALS not in priced_from:
        return ()
    return tuple(SoldPart(*part) for part in orjson.loads(priced_from)["metals"])


def written(priced: PricedLine) -> bytes:
    """The column of a line as it was priced."""
    return audit.canonical({name: value for name, value in _facts(priced) if value})


def explained(line: Line) -> tuple[Step, ...]:
    """How an issued line came to its price; nothing of a note's, and of what was issued before prices were kept so."""
    return (
        () if line.priced_from is None or line.of_line_id else explain(priced_of(line, orjson.loads(line.priced_from)))
    )


def priced_of(line: Line, facts: Mapping[str, Any]) -> PricedLine:
    """The line as pricing made it, from its columns and what `written` kept."""
    stones = facts.get("stones", ())
    others = facts.get("metals", ())
    return PricedLine(
        line=BillLine(
            _piece(line, facts) if "making" in facts else _told(line, facts), line.rate_paise_per_g, line.hsn,
            line.tax_bp, _rate_from(facts), facts.get("boardPaisePerG"),
        ),
        metal_paise=line.metal_paise, wastage_mg=facts.get("wastageMg", 0), wastage_paise=line.wastage_paise,
        making_paise=line.making_paise, making_discount_paise=line.making_discount_paise,
        stone_values_paise=tuple(stone[-1] for stone in stones), stones_paise=line.stones_paise,
        hallmark_paise=line.hallmark_paise, discount_paise=facts.get("discountPaise", 0),
        taxable_paise=line.taxable_paise, cgst_paise=line.cgst_paise, sgst_paise=line.sgst_paise,
        igst_paise=line.igst_paise, other_metals_paise=tuple(part[-1] for part in others),
        price_paise=line.price_paise - facts.get("agreedPaise", 0), agreed_paise=facts.get("agreedPaise", 0),
        bill_discount_paise=facts.get("billDiscountPaise", 0), bonus_paise=facts.get("bonusPaise", 0),
    )  # fmt: skip


def _facts(priced: PricedLine) -> Iterator[tuple[str, Any]]:
    facts, line = priced.line.facts, priced.line
    if isinstance(facts, PieceFacts):
        yield from _facts_of_piece(priced, facts)
    else:
        yield "eachPaise", facts.price_paise
        yield "taxIncluded", facts.tax_included
    yield "discount", [facts.discount.bp, facts.discount.paise] if priced.discount_paise else None
    yield "discountPaise", priced.discount_paise
    yield "billDiscountPaise", priced.bill_discount_paise
    yield "bonusPaise", priced.bonus_paise
    yield "agreedPaise", priced.agreed_paise
    yield "boardPaisePerG", line.board_paise_per_g
    yield "rateFrom", _from(line.rate_from)


def _facts_of_piece(priced: PricedLine, facts: PieceFacts) -> Iterator[tuple[str, Any]]:
    off = facts.making_discount
    yield "making", [facts.making.kind.value, facts.making.amount]
    yield "makingDiscount", [off.bp, off.paise] if priced.making_discount_paise else None
    yield "wastage", [facts.wastage.kind.value, facts.wastage.bp] if facts.wastage.bp else None
    yield "wastageMg", priced.wastage_mg
    yield "hallmarkEachPaise", facts.hallmark_paise
    yield (
        "stones",
        [
            [stone.name, stone.kind.value, stone.rate_paise, stone.mct, stone.pieces, paise]
            for stone, paise in zip(facts.stones, priced.stone_values_paise, strict=True)
        ],
    )
    yield (
        "metals",
        [
            [part.metal, part.fineness, part.net_mg, part.rate_paise_per_g, paise]
            for part, paise in zip(facts.others, priced.other_metals_paise, strict=True)
        ],
    )
    came = [_from(part.rate_from) for part in facts.others]
    yield "metalRatesFrom", came if any(came) else None


def _piece(line: Line, facts: Mapping[str, Any]) -> PieceFacts:
    kind, amount = facts["making"]
    wastage = facts.get("wastage", (WastageKind.NONE.value, 0))
    return PieceFacts(
        line.gross_mg, line.stone_mg, line.net_mg, line.fineness, Making(MakingKind(kind), amount),
        Wastage(WastageKind(wastage[0]), wastage[1]),
        tuple(_stone(*stone) for stone in facts.get("stones", ())),
        facts.get("hallmarkEachPaise", 0), line.pieces, Discount(*facts.get("makingDiscount", (0, 0))),
        Discount(*facts.get("discount", (0, 0))),
        tuple(_parts(facts)), line.metal,
    )  # fmt: skip


def _parts(facts: Mapping[str, Any]) -> Iterator[MetalPart]:
    metals = facts.get("metals", ())
    for part, came in zip(metals, facts.get("metalRatesFrom") or [None] * len(metals), strict=True):
        metal, fineness, net_mg, rate, _paise = part
        yield MetalPart(metal, fineness, net_mg, rate, _came(came))


def _stone(name: str, kind: str, rate: int, mct: int, pieces: int, _paise: int) -> Stone:
    return Stone(StoneKind(kind), rate, mct, pieces, name)


def _told(line: Line, facts: Mapping[str, Any]) -> PricedAsTold:
    return PricedAsTold(
        LineKind(line.line_kind), facts.get("eachPaise", 0), line.pieces, facts.get("taxIncluded", False),
        Discount(*facts.get("discount", (0, 0))),
    )  # fmt: skip


def _rate_from(facts: Mapping[str, Any]) -> RateFrom | None:
    return _came(facts.get("rateFrom"))


def _from(rate_from: RateFrom | None) -> list[Any] | None:
    return [rate_from.rate_24k_paise, rate_from.basis.value] if rate_from else None


def _came(written_down: Sequence[Any] | None) -> RateFrom | None:
    return RateFrom(written_down[0], RateBasis(written_down[1])) if written_down else None
