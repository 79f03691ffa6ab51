"""Owns what a series must be: 1, 2, 3 … up to the last number given, those counted that a restore took back.

Each room says where the documents of its series are, and the factory hands them in: `look_at`.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol
from uuid import UUID

from sqlalchemy import func, literal, select

from app.kit import audit_reading
from app.kit.restoring import RESTORED
from app.numbering.numbers import DocumentKind, parse_number, prefix_for
from app.numbering.service import Series, last_numbers
from shard_router import ShopSession

CENTURY = 2000


class Span(NamedTuple):
    """Numbers from `first` to `last`."""

    first: int
    last: int

    @property
    def size(self) -> int:
        return self.last - self.first + 1


@dataclass(frozen=True, slots=True)
class Used:
    """What there is of one series: how many documents, and their first and last number."""

    count: int
    first: int
    last: int


class Book(Protocol):
    """Where the documents of some kinds are."""

    @property
    def kinds(self) -> tuple[DocumentKind, ...]: ...

    def used(self, db: ShopSession) -> Mapping[Series, Used]: ...

    def count(self, db: ShopSession, series: Series, span: Span) -> int:
        """How many documents of the series have these numbers."""


@dataclass(frozen=True, slots=True)
class Numbered:
    """A table with `registration_id`, `fy_start`, `till_id` and `no`. A row without a number is no document of ours.

    kind  the column that says of which kind a row is; None: all are of the one kind
    """

    table: Any
    kinds: tuple[DocumentKind, ...]
    kind: Any = None

    def used(self, db: ShopSession) -> Mapping[Series, Used]:
        at, no = self.table, self.table.no
        named = literal(self.kinds[0].value) if self.kind is None else self.kind
        keys = (at.registration_id, at.fy_start, at.till_id, *(() if self.kind is None else (self.kind,)))
        rows = db.execute(
            select(at.registration_id, at.fy_start, named, at.till_id, func.count(), func.min(no), func.max(no))
            .where(no.is_not(None))
            .group_by(*keys)
        )
        return {(row[0], row[1], row[2], row[3]): Used(*row[4:]) for row in rows}

    def count(self, db: ShopSession, series: Series, span: Span) -> int:
        at, (registration_id, fy_start, kind, till_id) = self.table, series
        wanted = [
            at.registration_id == registration_id, at.fy_start == fy_start, at.till_id == till_id, at.no.between(*span)
        ]  # fmt: skip
        if self.kind is not None:
            wanted.append(self.kind == kind)
        return db.scalars(select(func.count()).select_from(at).where(*wanted)).one()


class Till(Protocol):
    """A till, and under which registration it issues."""

    @property
    def registration_id(self) -> UUID: ...
    @property
    def till_id(self) -> UUID: ...
    @property
    def till_code(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Written:
    """Documents whose rows have their number as it was written and nothing else: a till's code never changes, so that
    says the series. What bears another kind's number is none of these."""

    kind: DocumentKind
    numbers: Callable[[ShopSession], Sequence[str]]
    tills: Callable[[ShopSession], Iterable[Till]]

    @property
    def kinds(self) -> tuple[DocumentKind, ...]:
        return (self.kind,)

    def used(self, db: ShopSession) -> Mapping[Series, Used]:
        return {series: Used(len(nos), min(nos), max(nos)) for series, nos in self._read(db).items()}

    def count(self, db: ShopSession, series: Series, span: Span) -> int:
        return sum(span.first <= no <= span.last for no in self._read(db).get(series, ()))

    def _read(self, db: ShopSession) -> Mapping[Series, list[int]]:
        tills = {prefix_for(self.kind, till.till_code): till for till in self.tills(db)}
        found: dict[Series, list[int]] = defaultdict(list)
        for text in self.numbers(db):
            number = parse_number(text)
            if till := tills.get(number.prefix):
                year = CENTURY + int(number.year_label[:2])
                found[till.registration_id, year, self.kind.value, till.till_id].append(number.no)
        return found


_books: list[Book] = []


def look_at(*books: Book) -> None:
    """Called by the factory: where the documents of each kind are (a test holds that none is left out)."""
    _books[:] = books


def number_gaps(db: ShopSession) -> list[str]:
    """Every series of the shop that has a gap, in words. A few statements, however many documents there are."""
    return find_gaps(db, *_books)


def find_gaps(db: ShopSession, *books: Book) -> list[str]:
    """The series of these books that have a gap, in words."""
    of = {kind.value: book for book in books for kind in book.kinds}
    given = {series: last for series, last in last_numbers(db).items() if last and series[2] in of}
    there = {series: used for book in books for series, used in book.used(db).items()}
    lost, gaps = lost_spans(db), []
    for series in sorted(there.keys() | given.keys(), key=str):
        used, last, spans = there.get(series), given.get(series), lost.get(series, [])
        twice = any(of[series[2]].count(db, series, span) for span in spans)
        if twice or not _adds_up(used, last, spans):
            gaps.append(_gap(series, used, last))
    return gaps


def _adds_up(used: Used | None, last: int | None, lost: Sequence[Span]) -> bool:
    """What is there and what is lost are together all numbers up to the last one given."""
    count, spans = (0, []) if used is None else (used.count, [Span(used.first, used.last)])
    spans += lost
    whole = count + sum(span.size for span in lost) == last
    return whole and (min(span.first for span in spans), max(span.last for span in spans)) == (1, last)


def _gap(series: Series, used: Used | None, given: int | None) -> str:
    _, year, kind, till = series
    span = f"{used.count} from {used.first} to {used.last}" if used else "none"
    return f"{kind} {year} till {till}: {span}, last given {given}"


def lost_spans(db: ShopSession) -> Mapping[Series, list[Span]]:
    """What the chain says of numbers that restores took back."""
    found: dict[Series, list[Span]] = defaultdict(list)
    for entry in audit_reading.entries(db, (RESTORED,)):
        for one in entry.facts["lostNumbers"]:
            series = UUID(one["registration"]), one["year"], one["kind"], UUID(one["till"])
            found[series].append(Span(one["first"], one["last"]))
    return found


def told(lost: Mapping[Series, list[Span]]) -> Iterator[str]:
    """Lost numbers in words."""
    for (_, year, kind, till), spans in lost.items():
        for span in spans:
            yield f"{kind} {year} till {till}: {span.first} to {span.last}"
