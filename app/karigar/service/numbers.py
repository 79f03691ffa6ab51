"""Checking the numbers of what karigars were paid: 1, 2, 3 … of each till and year, up to the last that was given."""

from collections import defaultdict
from dataclasses import dataclass
from uuid import UUID

from app.karigar import repository
from app.numbering.gaps import find_gaps
from app.numbering.numbers import parse_number, prefix_for
from app.numbering.service import DocumentKind
from app.tenants.service.places import list_places
from shard_router import ShopSession

KIND = DocumentKind.KARIGAR_PAYMENT
CENTURY = 2000


@dataclass(frozen=True, slots=True)
class _Used:
    """One till's payments of one year."""

    registration_id: UUID
    fy_start: int
    kind: str
    till_id: UUID
    numbers: tuple[int, ...]

    @property
    def count(self) -> int:
        return len(self.numbers)

    @property
    def first(self) -> int:
        return min(self.numbers)

    @property
    def last(self) -> int:
        return max(self.numbers)


def number_gaps(db: ShopSession) -> list[str]:
    """The series of payments that have a gap, in words. An entry of a karigar's account has its number as it was
    written; a till's code never changes, so that says the series."""
    used = _used(db)

    def count_between(_db: ShopSession, *, fy_start: int, till_id: UUID, first: int, last: int, **_same: object) -> int:
        mine = (one for one in used if (one.fy_start, one.till_id) == (fy_start, till_id))
        return sum(first <= number <= last for one in mine for number in one.numbers)

    return find_gaps(db, kinds=(KIND,), used=used, count_between=count_between)


def _used(db: ShopSession) -> list[_Used]:
    places = {prefix_for(KIND, place.till_code): place for place in list_places(db)}
    found: defaultdict[tuple[str, str], list[int]] = defaultdict(list)
    for text in repository.payment_numbers(db):
        number = parse_number(text)
        found[number.prefix, number.year_label].append(number.no)
    return [
        _Used(place.registration_id, CENTURY + int(year[:2]), KIND.value, place.till_id, tuple(numbers))
        for (prefix, year), numbers in found.items()
        if (place := places.get(prefix))  # what was paid before they had a series of their own bears the vouchers'
    ]
