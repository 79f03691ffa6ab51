"""Owns what a supplier's bill comes to: each line's tax by its HSN, the bill's totals, what is owed for it."""

import dataclasses
import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from app.inventory.errors import LotFactsWrong, PurchaseEmpty, PurchaseTotalWrong
from app.inventory.lotting import LotDraft, kind_of
from app.inventory.pieces import ItemDraft
from app.kit.money import BASIS_POINTS, MAX_PAISE, PAISE_PER_RUPEE, percent_of, ratio, round_half_up, rupees, whole
from app.kit.texts import _
from app.tax.rates import tax_rate

MOST_LINES = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class BoughtLine:
    """A piece or a lot on the bill, at its value without tax.

    hsn, use  of a lot: left out, its own or its kind's; `use` says which of several rates (7102: rough or polished),
              left out, the one that it is sold under
    """

    taxable_paise: int
    piece: ItemDraft | None = None
    lot: LotDraft | None = None
    hsn: str | None = None
    use: str = ""

    def code(self, on: dt.date) -> str:
        if self.piece is not None:
            return self.piece.hsn
        assert self.lot is not None  # a line has one of the two
        return self.hsn or self.lot.hsn or kind_of(self.lot.kind, on).hsn.get(self.lot.metal, "")

    def rate_use(self, on: dt.date) -> str:
        """Left out: the one under which such a lot is sold."""
        if self.use or self.lot is None:
            return self.use
        return kind_of(self.lot.kind, on).also.get(self.received(on).hsn or "", "")

    def received(self, on: dt.date) -> LotDraft:
        """The lot of the line: what it says of its HSN, or what the bill does, in as many digits as its kind's; raises
        LotFactsWrong where the two are not of one code."""
        assert self.lot is not None  # the caller asks of a lot
        kind = kind_of(self.lot.kind, on)
        if self.hsn is None or not kind.also:
            return self.lot
        known = next((code for code in kind.codes(self.lot.metal) if self.hsn.startswith(code)), self.hsn)
        if self.lot.hsn not in (None, known):
            message = _("The bill's line says HSN %(line)s, its lot %(lot)s.", line=self.hsn, lot=self.lot.hsn)
            raise LotFactsWrong(message, fields={"hsn": message})
        return dataclasses.replace(self.lot, hsn=known)


@dataclass(frozen=True, slots=True)
class Taxed:
    """A line's tax, each head rounded on its own from the taxable value."""

    hsn: str
    tax_bp: int
    cgst_paise: int
    sgst_paise: int
    igst_paise: int

    @property
    def tax_paise(self) -> int:
        return self.cgst_paise + self.sgst_paise + self.igst_paise


@dataclass(frozen=True, slots=True)
class Totals:
    """The bill's, in paise. `owed_paise`: what the supplier may ask for."""

    taxable_paise: int
    cgst_paise: int
    sgst_paise: int
    igst_paise: int
    round_off_paise: int
    total_paise: int
    owed_paise: int


def tax_line(line: BoughtLine, *, on: dt.date, inter_state: bool, registered: bool) -> Taxed:
    """Who is not registered asks for no tax."""
    code = line.code(on)
    bp = tax_rate(code, on, use=line.rate_use(on)).rate_bp if registered else 0
    if inter_state:
        return Taxed(code, bp, 0, 0, percent_of(line.taxable_paise, bp))
    half = round_half_up(ratio(line.taxable_paise * bp, 2 * BASIS_POINTS))  # 0.25 % is 0.125 % a head
    return Taxed(code, bp, half, half, 0)


def check_lines(lines: Sequence[BoughtLine]) -> None:
    """Raises PurchaseEmpty, NumberOutOfRange."""
    if not 1 <= len(lines) <= MOST_LINES:
        raise PurchaseEmpty(_("A bill has from 1 to %(most)s lines.", most=MOST_LINES), fields={"lines": "none"})
    for place, line in enumerate(lines):
        whole(line.taxable_paise, "A line's value in paise", most=MAX_PAISE, field=f"lines.{place}.taxablePaise")
        if (line.piece is None) == (line.lot is None):
            message = _("A line is of one piece or of one lot.")
            raise PurchaseEmpty(message, fields={f"lines.{place}": "a piece or a lot"})


def total_up(
    lines: Sequence[tuple[int, Taxed]], *, said_paise: int | None, tds_paise: int, reverse_charge: bool
) -> Totals:
    """Taxable values with their taxes added up; raises PurchaseTotalWrong where the bill says other than by rounding.

    said_paise      the bill's own total; left out: what the lines come to, not rounded
    reverse_charge  the taxes are ours to pay to the government, so the supplier does not ask for them
    """
    taxable = sum(value for value, _taxed in lines)
    cgst, sgst, igst = (
        sum(getattr(taxed, head) for _value, taxed in lines) for head in ("cgst_paise", "sgst_paise", "igst_paise")
    )
    tax = 0 if reverse_charge else cgst + sgst + igst
    total = taxable + tax if said_paise is None else said_paise
    round_off = total - taxable - tax
    if abs(round_off) >= PAISE_PER_RUPEE:
        message = _(
            "The lines with their tax come to %(sum)s, the bill says %(said)s.", sum=rupees(taxable + tax),
            said=rupees(total),
        )  # fmt: skip
        raise PurchaseTotalWrong(message, fields={"totalPaise": "not what the lines come to"})
    whole(tds_paise, "TDS in paise", most=total, field="tdsPaise")
    return Totals(taxable, cgst, sgst, igst, round_off, total, total - tds_paise)
