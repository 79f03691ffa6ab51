"""Owns what a series must be: 1, 2, 3 … up to the last number given, those counted that a restore took back."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from typing import Any, NamedTuple
from uuid import UUID

from app.kit import audit_reading
from app.kit.restoring import RESTORED
from app.numbering.numbers import DocumentKind
from app.numbering.service import Series, last_numbers
from shard_router import ShopSession


class Span(NamedTuple):
    """Numbers from `first` to `last`."""

    first: int
    last: int


CountBetween = Callable[..., int]
"""How many documents of a series have numbers from `first` to `last`; keyword arguments as the series' columns."""


def find_gaps(
    db: ShopSession, *, kinds: Collection[DocumentKind], used: Iterable[Any], count_between: CountBetween
) -> list[str]:
    """The series of these kinds that have a gap, in words. `used` are rows of registration, year, kind, till, count,
    first and last number of what there is."""
    mine = {kind.value for kind in kinds}
    last = {series: given for series, given in last_numbers(db).items() if series[2] in mine}
    there = {(row.registration_id, row.fy_start, row.kind, row.till_id): row for row in used}
    lost = lost_spans(db)
    gaps = []
    for series in sorted(there.keys() | {series for series, given in last.items() if given}, key=str):
        given, row, spans = last.get(series), there.get(series), lost.get(series, [])
        count, ends = (row.count, [row.first, row.last]) if row else (0, [])
        ends += [end for span in spans for end in (span.first, span.last)]
        whole = count + sum(span.last - span.first + 1 for span in spans) == given
        if not (whole and min(ends) == 1 and max(ends) == given and not _taken(series, spans, count_between, db)):
            _, year, kind, till = series
            span = f"{count} from {row.first} to {row.last}" if row else "none"
            gaps.append(f"{kind} {year} till {till}: {span}, last given {given}")
    return gaps


def _taken(series: Series, spans: Iterable[Span], count_between: CountBetween, db: ShopSession) -> bool:
    """Whether a document has a number that is said to be lost."""
    registration_id, fy_start, kind, till_id = series
    return any(
        count_between(
            db, registration_id=registration_id, fy_start=fy_start, kind=kind, till_id=till_id, first=span.first,
            last=span.last,
        )
        for span in spans
    )  # fmt: skip


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
