"""A karigar's account in a period, in fine metal and in rupees; and whether challans and metal book agree."""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from app.karigar import repository
from app.karigar.errors import JobFactsWrong
from app.karigar.models import Why
from app.karigar.service.karigars import get_karigar, stones_with
from app.karigar.service.labour_bills import due_of
from app.karigar.service.posting import held_by_book
from app.karigar.views import FineBalance, MetalMove, MoneyMove, Statement
from app.kit.texts import _
from shard_router import ShopSession

LONGEST = dt.timedelta(days=366)


@dataclass(frozen=True, slots=True)
class Disagreement:
    """What the challans say lies with a karigar, and what the metal book says, in fine units."""

    karigar_id: UUID
    metal: str
    challans: int
    book: int


def statement(db: ShopSession, *, karigar_id: UUID, first: dt.date, last: dt.date) -> Statement:
    """A period's account with its balances before and after. Raises KarigarUnknown, JobFactsWrong for a period that is
    upside down or longer than a year."""
    if not first <= last <= first + LONGEST:
        message = _("A statement is of a period of at most a year, from its first day to its last.")
        raise JobFactsWrong(message, fields={"to": "no period"})
    karigar = get_karigar(db, karigar_id)
    held = {metal: int(fine) for _id, metal, fine in repository.balances(db, [karigar_id], before=first)}
    opening = _balances(held)
    moves = tuple(_metal_moves(held, repository.moved_between(db, karigar_id, first, last)))
    owed = opening_paise = sum(int(paise) for _id, paise in repository.dues(db, [karigar_id], before=first))
    money = []
    for row in repository.dues_between(db, karigar_id, first, last):
        owed += row.paise
        money.append(MoneyMove(due_of(row), owed))
    return Statement(
        karigar, first, last, opening, _balances(held), moves, opening_paise, owed, tuple(money),
        stones_with(db, karigar_id),
    )  # fmt: skip


def disagreements(db: ShopSession) -> list[Disagreement]:
    """Karigars of whom challans and metal book do not say the same; none, in sound books."""
    challans = {(row[0], row[1]): int(row[2]) for row in repository.balances_by_metal(db)}
    book: defaultdict[tuple[UUID | None, str], int] = defaultdict(int)
    for one in held_by_book(db):
        book[one.ref, one.metal] += one.held.fine
    keys = sorted(challans.keys() | book.keys(), key=str)
    return [
        Disagreement(karigar_id, metal, challans.get((karigar_id, metal), 0), book.get((karigar_id, metal), 0))
        for karigar_id, metal in keys
        if karigar_id is not None and challans.get((karigar_id, metal), 0) != book.get((karigar_id, metal), 0)
    ]


def _metal_moves(held: dict[str, int], rows: Iterable[Any]) -> Iterable[MetalMove]:
    """Goes through the period's lines of metal; `held` is what it ends with."""
    for line, kind, number, _at, job_number in rows:
        if line.metal is None:
            continue
        fine = line.fine if line.why == Why.ISSUED.value else -line.fine
        held[line.metal] = held.get(line.metal, 0) + fine
        yield MetalMove(
            line.moved_on, line.challan_id, kind, number, job_number, line.why, line.metal, line.fineness, line.net_mg,
            fine, held[line.metal],
        )  # fmt: skip


def _balances(held: dict[str, int]) -> tuple[FineBalance, ...]:
    return tuple(FineBalance(metal, fine) for metal, fine in sorted(held.items()) if fine)
