"""Owns what a line keeps of its price beside the columns: what it was reckoned from, so that it can be explained.

Canonical JSON in a column of the line that the document's hash covers. What is nothing is left out.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import orjson

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
from app.kit.weights import RateBasis


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
    yield "rateFrom", [line.rate_from.rate_24k_paise, line.rate_from.basis.value] if line.rate_from else None


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


def _piece(line: Line, facts: Mapping[str, Any]) -> PieceFacts:
    kind, amount = facts["making"]
    wastage = facts.get("wastage", (WastageKind.NONE.value, 0))
    return PieceFacts(
        line.gross_mg, line.stone_mg, line.net_mg, line.fineness, Making(MakingKind(kind), amount),
        Wastage(WastageKind(wastage[0]), wastage[1]),
        tuple(_stone(*stone) for stone in facts.get("stones", ())),
        facts.get("hallmarkEachPaise", 0), line.pieces, Discount(*facts.get("makingDiscount", (0, 0))),
        Discount(*facts.get("discount", (0, 0))),
        tuple(MetalPart(*part[:-1]) for part in facts.get("metals", ())), line.metal,
    )  # fmt: skip


def _stone(name: str, kind: str, rate: int, mct: int, pieces: int, _paise: int) -> Stone:
    return Stone(StoneKind(kind), rate, mct, pieces, name)


def _told(line: Line, facts: Mapping[str, Any]) -> PricedAsTold:
    return PricedAsTold(
        LineKind(line.line_kind), facts.get("eachPaise", 0), line.pieces, facts.get("taxIncluded", False),
        Discount(*facts.get("discount", (0, 0))),
    )  # fmt: skip


def _rate_from(facts: Mapping[str, Any]) -> RateFrom | None:
    came = facts.get("rateFrom")
    return RateFrom(came[0], RateBasis(came[1])) if came else None
