"""Owns the form of buying old gold: how it carries pieces, seller and settlement, and how what was typed is read."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from uuid import UUID

from app.customers.service import Customer
from app.dashboard import forms
from app.kit.ids import parse_id
from app.kit.money import parse_rupees
from app.kit.pages import Refusal
from app.kit.texts import N_, _
from app.kit.weights import grams, parse_grams
from app.oldgold.service import LineDraft, PayoutDraft, PayoutMode, PurchaseDraft, SoldPiece, TestKind, Valued

MOST_LINES = 10
TESTS = (("xrf", N_("Karatmeter (XRF)")), ("touchstone", N_("Touchstone")), ("fire_assay", N_("Fire assay")))
PAID_BY = (("cash", N_("Cash")), ("upi", N_("UPI")), ("bank", N_("Bank")), ("cheque", N_("Cheque")))
LINE_FIELDS = (
    "description", "metal", "gross", "dirt", "fineness", "test", "note", "loss", "rate", "picture", "resale",
    "of_line",
)  # fmt: skip
_NUMBER = re.compile(r"[0-9]{1,13}")
_NUMBERED = re.compile(r"lines\.(\d+)\.(\w+)")
_NAMES = {
    "grossMg": "gross", "dirtMg": "dirt", "fineness": "fineness", "meltingLossBp": "loss",
    "fineRatePaisePerG": "rate", "metal": "metal", "pictureId": "photo", "netMg": "gross", "description": "description",
    "ofLineId": "of_line",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Sheet:
    """What the page shows: what was typed, whose it is, what it would come to, and what hinders it."""

    values: Mapping[str, str]
    count: int
    seller: Customer | None = None
    valued: Valued | None = None
    refusal: Refusal | None = None
    wanted: Mapping[str, object] | None = None  # what to ask the owner for
    photos: Mapping[int, str] = field(default_factory=dict)  # addresses of small pictures, where they are ready

    @property
    def value_paise(self) -> int:
        return self.valued.value_paise if self.valued else 0

    @property
    def rows(self) -> range:
        return range(self.count)

    @property
    def blocked(self) -> bool:
        return bool(self.valued and any(finding.blocks for finding in self.valued.findings))


def count_of(values: Mapping[str, str]) -> int:
    text = values.get("count", "1")
    return min(max(int(text), 1), MOST_LINES) if text.isascii() and text.isdigit() and len(text) < 4 else 1


def without(values: Mapping[str, str], gone: int) -> dict[str, str]:
    """The form with one piece taken off and those behind it moved up; the only piece is emptied."""
    count, kept = count_of(values), {name: text for name, text in values.items() if not _of_a_line(name)}
    places = [place for place in range(count) if place != gone]
    for place, old in enumerate(places):
        for name in LINE_FIELDS:
            if (text := values.get(f"{name}-{old}")) is not None:
                kept[f"{name}-{place}"] = text
    return {**kept, "count": str(max(len(places), 1))}


def read_lines(values: Mapping[str, str]) -> tuple[LineDraft, ...]:
    """The pieces; raises what is wrong with a typed figure, at its field."""
    return tuple(_line(values, place) for place in range(count_of(values)))


def read_draft(values: Mapping[str, str], *, lines: tuple[LineDraft, ...], value_paise: int) -> PurchaseDraft:
    """The whole purchase; what is not paid out stays as a credit. Raises what is wrong, at its field."""
    paid = _payouts(values)
    left = value_paise - sum(payout.paise for payout in paid)
    if left > 0:
        paid = (*paid, PayoutDraft(mode=PayoutMode.CREDIT, paise=left))
    expected = values.get("expected_value_paise", "")
    return PurchaseDraft(
        customer_id=_customer(values), identity_kind=values.get("identity_kind", ""),
        identity_number=values.get("identity_number", ""), lines=lines, payouts=paid, till_id=_id(values, "till_id"),
        pan_declared=bool(values.get("pan_declared")), approval_id=_id(values, "approval_id"),
        expected_value_paise=int(expected) if _NUMBER.fullmatch(expected) else None,
    )  # fmt: skip


def beside(refusal: Refusal | None) -> Refusal | None:
    """The refusal with its fields called as the form calls them."""
    if refusal is None:
        return None
    names = {path: _field_of(path) for path in refusal.fields}
    return forms.beside(refusal, names)


def pays_out(values: Mapping[str, str]) -> bool:
    """Whether any of the value is to leave the shop; raises what is wrong with a typed amount, at its field."""
    return bool(_payouts(values))


def filled_from(sold: SoldPiece) -> dict[str, str]:
    """The form of buying back what a bill's line sold: its weights and purity as they were sold, to be weighed anew."""
    return {
        "count": "1", "customer_id": str(sold.customer_id) if sold.customer_id else "",
        "description-0": f"{sold.name}, {sold.number}"[:120], "metal-0": sold.metal, "gross-0": grams(sold.gross_mg),
        "dirt-0": grams(sold.stone_mg) if sold.stone_mg else "", "fineness-0": _percent(sold.fineness),
        "test-0": "xrf", "of_line-0": str(sold.line_id),
    }  # fmt: skip


def _percent(fineness: int) -> str:
    return f"{fineness // 100}.{fineness % 100:02d}"


def _line(values: Mapping[str, str], place: int) -> LineDraft:
    def of(name: str) -> str:
        return values.get(f"{name}-{place}", "").strip()

    def figure(name: str, parse: Callable[[str], int], empty: int | None = None) -> int:
        return _figure(values, f"{name}-{place}", parse, empty)

    loss, rate, picture = of("loss"), of("rate"), of("picture")
    metal = of("metal") or "gold"
    return LineDraft(
        description=_text(values, f"description-{place}", most=120, least=1), metal=metal,
        gross_mg=figure("gross", parse_grams), dirt_mg=figure("dirt", parse_grams, 0),
        fineness=figure("fineness", parse_rupees), test=TestKind(of("test")) if of("test") in _TESTS else TestKind.XRF,
        test_note=_text(values, f"note-{place}", most=120) or None,
        melting_loss_bp=figure("loss", parse_rupees) if loss else None,
        fine_rate_paise_per_g=figure("rate", parse_rupees) if rate else None,
        picture_id=parse_id(picture) if picture else None, resale=bool(of("resale")),
        of_line_id=parse_id(of("of_line")) if of("of_line") else None,
    )  # fmt: skip


def _payouts(values: Mapping[str, str]) -> tuple[PayoutDraft, ...]:
    found = []
    for mode, _name in PAID_BY:
        paise = _figure(values, f"pay-{mode}", parse_rupees, 0)
        if paise:
            reference = _text(values, f"ref-{mode}", most=60) or None
            found.append(PayoutDraft(mode=PayoutMode(mode), paise=paise, reference=reference))
    return tuple(found)


def _customer(values: Mapping[str, str]) -> UUID:
    found = _id(values, "customer_id")
    if found is None:
        forms.refuse("phone", _("Find the seller first: old gold is bought from a person who is known."))
    assert found is not None
    return found


def _id(values: Mapping[str, str], name: str) -> UUID | None:
    return parse_id(values[name]) if values.get(name) else None


def _figure(values: Mapping[str, str], name: str, parse: Callable[[str], int], empty: int | None = None) -> int:
    text = values.get(name, "").strip()
    if not text and empty is not None:
        return empty
    return forms.at_field(name, lambda: parse(text if text else forms.refuse(name, _("Please fill this in."))))


def _text(values: Mapping[str, str], name: str, *, most: int, least: int = 0) -> str:
    return forms.one_line(name, values.get(name, ""), most=most, least=least)


def _of_a_line(name: str) -> bool:
    head, _dash, place = name.rpartition("-")
    return head in LINE_FIELDS and place.isdigit()


def _field_of(path: str) -> str:
    if found := _NUMBERED.fullmatch(path):
        return f"{_NAMES.get(found[2], found[2])}-{found[1]}"
    return {
        "identity.number": "identity_number", "identity.kind": "identity_kind", "customerId": "phone",
        "payouts": "pay-cash", "panDeclared": "pan_declared",
    }.get(path, path)  # fmt: skip


_TESTS = dict(TESTS)
