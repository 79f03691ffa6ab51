"""Owns what is left of a bill after its notes, line by line, and what an amount of a line comes to per head. Pure.

Credit notes take from a line, debit notes add to it; nothing is ever taken that is not left, under any head.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Protocol
from uuid import UUID

from app.invoices.errors import AmountUnclear, NoteExceedsLine
from app.invoices.pricing import share_out
from app.kit.money import BASIS_POINTS, PAISE_PER_RUPEE, percent_of, rupees, to_rupee, whole
from app.kit.texts import _
from app.tax.split import split_inclusive, split_tax
from app.tax.states import Supply


class Part(Protocol):
    """A line of a bill or of a note, as far as balances look at it."""

    @property
    def id(self) -> UUID: ...
    @property
    def tag(self) -> str: ...
    @property
    def description(self) -> str: ...
    @property
    def tax_bp(self) -> int: ...
    @property
    def taxable_paise(self) -> int: ...
    @property
    def cgst_paise(self) -> int: ...
    @property
    def sgst_paise(self) -> int: ...
    @property
    def igst_paise(self) -> int: ...


class Metalled(Protocol):
    """A line with what its metal was billed at, both before tax."""

    @property
    def taxable_paise(self) -> int: ...
    @property
    def metal_paise(self) -> int: ...


@dataclass(frozen=True, slots=True)
class Sums:
    """A taxable value and its tax per head."""

    taxable_paise: int = 0
    cgst_paise: int = 0
    sgst_paise: int = 0
    igst_paise: int = 0

    @classmethod
    def of(cls, part: Part) -> "Sums":
        return cls(part.taxable_paise, part.cgst_paise, part.sgst_paise, part.igst_paise)

    @property
    def total_paise(self) -> int:
        return self.taxable_paise + self.cgst_paise + self.sgst_paise + self.igst_paise

    def __add__(self, other: "Sums") -> "Sums":
        return Sums(
            self.taxable_paise + other.taxable_paise, self.cgst_paise + other.cgst_paise,
            self.sgst_paise + other.sgst_paise, self.igst_paise + other.igst_paise,
        )  # fmt: skip

    def __sub__(self, other: "Sums") -> "Sums":
        return self + Sums(-other.taxable_paise, -other.cgst_paise, -other.sgst_paise, -other.igst_paise)


@dataclass(frozen=True, slots=True)
class Amount:
    """So much of a line (`line_id`) or of the whole bill (None): one of the three figures.

    taxable_paise  before tax
    total_paise    tax included, as customers reckon
    bp             of the line's or the bill's taxable value as it was billed
    """

    line_id: UUID | None = None
    taxable_paise: int | None = None
    total_paise: int | None = None
    bp: int | None = None


@dataclass(frozen=True, slots=True)
class LineLeft:
    """A line of a bill, what is left of it, and whether it came back whole."""

    line: Part
    left: Sums
    reversed: bool = False


def settle(amount: Amount, path: str) -> Amount:
    """Raises AmountUnclear where not exactly one figure is given, and what is wrong with it."""
    given = [figure for figure in (amount.taxable_paise, amount.total_paise, amount.bp) if figure is not None]
    if len(given) != 1:
        message = _("An amount is given before tax, with tax, or in percent: one of the three.")
        raise AmountUnclear(message, fields={path: "none, or several"})
    whole(given[0], "An amount", least=1, field=path)
    if amount.bp is not None:
        whole(amount.bp, "A share in basis points", most=BASIS_POINTS, field=f"{path}.bp")
    return amount


def credit_of(one: LineLeft, amount: Amount, supply: Supply, *, path: str) -> Sums:
    """What a credit note takes of a line; raises NoteExceedsLine. The last of a line is all that is left of it, under
    each head, so that notes on it add up to it to the paisa."""
    if amount.total_paise is not None and amount.total_paise == one.left.total_paise:
        return one.left
    wanted = _taxable(one.line, amount, supply)
    if wanted > one.left.taxable_paise or not wanted:
        asked, left = (wanted, one.left.taxable_paise)
        if amount.total_paise is not None:
            asked, left = amount.total_paise, one.left.total_paise
        message = _(
            "%(wanted)s is to be taken off %(name)s, %(left)s is left of it.",
            wanted=rupees(asked), name=one.line.tag or one.line.description, left=rupees(left),
        )  # fmt: skip
        raise NoteExceedsLine(message, fields={path: "more than is left"})
    if wanted == one.left.taxable_paise:
        return one.left
    heads = split_tax(wanted, one.line.tax_bp, supply)
    return Sums(
        wanted, min(heads.cgst_paise, one.left.cgst_paise), min(heads.sgst_paise, one.left.sgst_paise),
        min(heads.igst_paise, one.left.igst_paise),
    )  # fmt: skip


def debit_of(one: LineLeft, amount: Amount, supply: Supply) -> Sums:
    """What a debit note adds to a line."""
    added = _taxable(one.line, amount, supply)
    heads = split_tax(added, one.line.tax_bp, supply)
    return Sums(added, heads.cgst_paise, heads.sgst_paise, heads.igst_paise)


def metal_gone_back(line: Metalled, left_paise: int) -> bool:
    """Whether less is left of a line's taxable value than its metal was billed at: then notes have given some of the
    metal's price back. A price difference within making, stones and the rest has not."""
    return left_paise < min(line.metal_paise, line.taxable_paise)


def over_lines(amount: Amount, lines: Sequence[LineLeft], *, added: bool = False) -> list[tuple[LineLeft, Amount]]:
    """An amount of the whole bill shared out over what is left of its lines, with tax or without as it was given.
    `added`: of a debit note, which may come to more than is left. Raises NoteExceedsLine."""
    open_lines = [one for one in lines if one.left.taxable_paise]
    if amount.bp is not None:
        return [(one, Amount(one.line.id, bp=amount.bp)) for one in open_lines]
    with_tax = amount.total_paise is not None
    paise = (amount.total_paise if with_tax else amount.taxable_paise) or 0
    weights = [one.left.total_paise if with_tax else one.left.taxable_paise for one in open_lines]
    if paise > sum(weights) and not added:
        message = _(
            "%(wanted)s is to be taken off the bill, %(left)s is left of it.",
            wanted=rupees(paise), left=rupees(sum(weights)),
        )  # fmt: skip
        raise NoteExceedsLine(message, fields={"amounts.0": "more than is left"})
    of_line = (
        (one, replace(amount, line_id=one.line.id, **{"total_paise" if with_tax else "taxable_paise": part}))
        for one, part in zip(open_lines, share_out(paise, weights), strict=True)
    )
    return [(one, part) for one, part in of_line if part.total_paise or part.taxable_paise]


def rounded_by(parts_paise: int, left_paise: int, total_paise: int, *, sign: int) -> int:
    """The round-off of a note over so much of a bill, of which `left_paise` and, rounded, `total_paise` are left.

    To the rupee, as a bill is, as long as notes and bill together stay within a rupee: many small notes would give back
    more than the bill. Then so that whole rupees are left of the bill. `sign`: 1 of a debit note, -1 of a credit note.
    """
    total = to_rupee(parts_paise) or parts_paise
    if sign < 0:
        total = min(total, total_paise)
    if abs((total_paise + sign * total) - (left_paise + sign * parts_paise)) >= PAISE_PER_RUPEE:
        total = sign * (to_rupee(left_paise + sign * parts_paise) - total_paise)
    return total - parts_paise if total > 0 else 0


def total_of(parts: Iterable[Sums]) -> Sums:
    return sum(parts, Sums())


def _taxable(line: Part, amount: Amount, supply: Supply) -> int:
    if amount.bp is not None:
        return percent_of(line.taxable_paise, amount.bp)
    if amount.total_paise is not None:
        return split_inclusive(amount.total_paise, line.tax_bp, supply).taxable_paise
    return amount.taxable_paise or 0
