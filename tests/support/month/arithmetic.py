"""Owns what things cost by the law and the trade, reckoned anew in whole paise: nothing here comes from `app`."""

from dataclasses import dataclass

GST = 300  # basis points: jewellery, bullion, wares of 7117
GST_ON_REPAIRS, GST_ON_JOB_WORK = 1_800, 500
NOTES = (500_00, 200_00, 100_00, 50_00, 20_00, 10_00, 5_00, 2_00, 1_00)


def half_up(numerator: int, denominator: int) -> int:
    """A quotient to the nearest whole, a half upwards; of nothing below zero."""
    return (2 * numerator + denominator) // (2 * denominator)


def to_rupee(paise: int) -> int:
    return half_up(paise, 100) * 100


def share(paise: int, bp: int) -> int:
    return half_up(paise * bp, 10_000)


def weighed(mg: int, paise_per_g: int) -> int:
    return half_up(mg * paise_per_g, 1_000)


@dataclass(frozen=True)
class Sums:
    """A value before tax and the tax on it by head."""

    taxable: int = 0
    cgst: int = 0
    sgst: int = 0
    igst: int = 0

    @property
    def parts(self) -> int:
        return self.taxable + self.cgst + self.sgst + self.igst

    def __add__(self, other: "Sums") -> "Sums":
        return Sums(
            self.taxable + other.taxable, self.cgst + other.cgst, self.sgst + other.sgst, self.igst + other.igst
        )

    def __sub__(self, other: "Sums") -> "Sums":
        return Sums(
            self.taxable - other.taxable, self.cgst - other.cgst, self.sgst - other.sgst, self.igst - other.igst
        )


def taxed(taxable: int, bp: int = GST, *, inter: bool = False) -> Sums:
    """CGST and SGST each half of the rate and rounded on its own; between states IGST, the whole of it."""
    if inter:
        return Sums(taxable, igst=half_up(taxable * bp, 10_000))
    half = half_up(taxable * bp, 20_000)
    return Sums(taxable, half, half)


def without_tax(price: int, bp: int = GST) -> int:
    """What of a price that includes tax is the value."""
    return half_up(price * 10_000, 10_000 + bp)


def in_notes(paise: int) -> list[dict[str, int]]:
    """Cash counted out, the largest notes first; whole rupees."""
    pieces = []
    for note in NOTES:
        count, paise = divmod(paise, note)
        if count:
            pieces.append({"paise": note, "count": count})
    assert paise == 0, "cash is whole rupees"
    return pieces


@dataclass
class Piece:
    """A tagged piece as it was entered, and what a bill makes of it."""

    id: str
    tag: str
    metal: str
    fineness: int
    gross_mg: int
    stone_mct: int = 0
    stone_rate: int = 0  # paise a carat
    making_kind: str = "percent"
    making: int = 1_600
    wastage_kind: str = "none"
    wastage_bp: int = 0
    hallmark: int = 0
    reweighed: bool = False
    worked: bool = False  # by a karigar, whose labour may make it cost more than it brings

    @property
    def net_mg(self) -> int:
        return self.gross_mg - self.stone_mct // 5  # 1 ct is 0.200 g; stones here weigh whole milligrams

    @property
    def purity(self) -> tuple[str, int]:
        return self.metal, self.fineness

    def value(self, rate: int, *, off_making_bp: int = 0) -> int:
        """Before the bill's own terms and tax, at so many paise a gram."""
        metal = weighed(self.net_mg, rate)
        lost = {
            "none": 0, "percent_of_value": share(metal, self.wastage_bp),
            "percent_of_net": weighed(half_up(self.net_mg * self.wastage_bp, 10_000), rate),
        }[self.wastage_kind]  # fmt: skip
        making = {
            "percent": share(metal, self.making), "per_gram_net": weighed(self.net_mg, self.making),
            "per_gram_gross": weighed(self.gross_mg, self.making), "fixed": self.making,
        }[self.making_kind]  # fmt: skip
        stones = half_up(self.stone_mct * self.stone_rate, 1_000)
        return metal + lost + making - share(making, off_making_bp) + stones + self.hallmark


def old_gold(gross_mg: int, dirt_mg: int, fineness: int, loss_bp: int, fine_rate: int) -> int:
    """(gross − dirt) × purity × (1 − loss) is fine, to the milligram; so much is paid for it."""
    fine = half_up((gross_mg - dirt_mg) * fineness * (10_000 - loss_bp), 10_000 * 10_000)
    return weighed(fine, fine_rate)


def kept_back(labour: int, before: int, taxed_before: int, *, bp: int) -> tuple[int, int]:
    """TDS on a bill for work, to the rupee, and the value that bears it (Income-tax Act 2025, s.393): above ₹30,000 of
    one bill; once the year is above ₹1,00,000, on all of it that bore none."""
    alone = labour if labour > 30_000_00 else 0
    base = before - taxed_before + labour if before + labour > 1_00_000_00 else alone
    return to_rupee(share(base, bp)), base
