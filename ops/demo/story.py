"""Owns the demo's facts: shops, people, kinds of pieces, customers. Everybody here is invented."""

from __future__ import annotations

from dataclasses import dataclass

from app.tenants.service import NewShop, Role


@dataclass(frozen=True)
class Member:
    """Somebody who works in a shop beside its owner."""

    name: str
    email: str
    role: Role


@dataclass(frozen=True)
class DemoShop:
    """A shop of the demo; `seed` makes its stock and its month the same on every machine."""

    new: NewShop
    members: tuple[Member, ...]
    pieces: int
    bills_a_day: int
    seed: int
    tag_prefix: str


@dataclass(frozen=True)
class PieceKind:
    """A kind of piece, with the range of gross weights (mg) and making (basis points of the metal's value)."""

    name: str
    category: str
    metal: str
    fineness: int
    least_mg: int
    most_mg: int
    least_making_bp: int
    most_making_bp: int
    share: int


MEERA = Member("Meera Iyer", "meera@boolagold.example", Role.ACCOUNTANT)

SHOPS = (
    DemoShop(
        NewShop(
            name="Asha Jewellers", legal_name="Asha Shah Jewellers", name_local="आशा ज्वेलर्स", state_code="27",
            gstin="27AAACR5055K1Z7", address="14 Zaveri Bazaar, Sheikh Memon Street", city="Mumbai", pin="400002",
            phone="+912223421100", owner_email="asha@boolagold.example", owner_name="Asha Shah", shard="shard-a",
        ),
        (Member("Bina Patil", "bina@boolagold.example", Role.CLERK), MEERA), 220, 3, 11, "AJ",
    ),
    DemoShop(
        NewShop(
            name="Ravi Gold House", legal_name="Ravi Gold House", state_code="29", address="27 Avenue Road",
            city="Bengaluru", pin="560002", phone="+918022870033", owner_email="ravi@boolagold.example",
            owner_name="Ravi Gowda", shard="shard-a",
        ),
        (), 140, 2, 23, "RG",
    ),
    DemoShop(
        NewShop(
            name="Zoya Nagai Maligai", legal_name="Zoya Nagai Maligai", name_local="ஜோயா நகை மாளிகை",
            state_code="33", gstin="33AAACZ4322M2Z9", address="8 North Usman Road, T. Nagar", city="Chennai",
            pin="600017", phone="+914424341200", owner_email="zoya@boolagold.example", owner_name="Zoya Begum",
            shard="shard-b",
        ),
        (MEERA,), 170, 2, 37, "ZN",
    ),
)  # fmt: skip

KINDS = (
    PieceKind("Plain gold ring", "ring", "gold", 9160, 2_400, 6_800, 900, 1_400, 14),
    PieceKind("Gold chain, rope", "chain", "gold", 9160, 8_000, 24_000, 700, 1_200, 10),
    PieceKind("Bangle, hand-engraved", "bangle", "gold", 9160, 9_500, 18_500, 1_000, 1_800, 12),
    PieceKind("Jhumka earrings", "earrings", "gold", 9160, 4_200, 11_000, 1_200, 2_000, 12),
    PieceKind("Mangalsutra", "mangalsutra", "gold", 9160, 11_000, 32_000, 900, 1_600, 7),
    PieceKind("Temple necklace", "necklace", "gold", 9160, 24_000, 62_000, 1_200, 2_200, 4),
    PieceKind("Stone-set pendant", "pendant", "gold", 7500, 2_100, 5_600, 1_400, 2_200, 9),
    PieceKind("Diamond-cut ring 18K", "ring", "gold", 7500, 2_200, 5_200, 1_400, 2_400, 8),
    PieceKind("Nose pin", "nose_pin", "gold", 7500, 400, 1_200, 1_500, 2_500, 6),
    PieceKind("Silver anklet", "anklet", "silver", 9250, 28_000, 74_000, 600, 1_200, 10),
    PieceKind("Silver toe ring", "toe_ring", "silver", 9250, 3_000, 7_500, 800, 1_600, 8),
)

FIRST = (
    "Lata", "Amit", "Sunita", "Rahul", "Priya", "Kiran", "Deepa", "Vikram", "Anjali", "Suresh", "Nisha", "Prakash",
    "Kavita", "Mohan", "Rekha", "Arjun", "Farida", "Joseph", "Gurpreet", "Ishaan",
)  # fmt: skip
LAST = (
    "Deshpande", "Kulkarni", "Nair", "Gowda", "Reddy", "Khan", "Fernandes", "Joshi", "Pillai", "Rao", "Mehta", "Singh",
)  # fmt: skip
STREETS = ("MG Road", "Laxmi Road", "Station Road", "Temple Street", "Gandhi Chowk", "Church Road")

BASE_RATES = {("gold", 9990): 14_180_00, ("gold", 9160): 13_005_00, ("gold", 7500): 10_648_00, ("silver", 9250): 168_00}
"""Paise per gram on the first day; each day moves them a little."""
