"""Owns what is asked of a piece that the shop sold itself and buys back: what was sold, when, and whether it is still
the customer's to sell.

Bills stand above this room, so the factory hands the question in, once, before anything is served.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NoReturn, Protocol
from uuid import UUID

from app.inventory import service as inventory
from app.kit.texts import _
from app.kit.weights import grams, purity_label
from app.oldgold import repository
from app.oldgold.errors import BoughtBackBefore, NotWhatWasSold, SoldLineUnknown
from app.oldgold.service.drafts import LineDraft
from shard_router import ShopSession


@dataclass(frozen=True, slots=True, kw_only=True)
class SoldPiece:
    """A line of a bill with metal, as it was sold; `came_back`: a credit note took it back whole, or gave some of its
    metal's price back."""

    line_id: UUID
    number: str
    sold_on: dt.date
    customer_id: UUID | None
    name: str
    metal: str
    fineness: int
    gross_mg: int
    stone_mg: int
    net_mg: int
    came_back: bool


class SoldPieces(Protocol):
    """Those of the lines of bills that there are and that have metal; `hold`: with what they sold locked until the
    commit, so that no credit note takes it back meanwhile."""

    def __call__(self, db: ShopSession, line_ids: Sequence[UUID], *, hold: bool) -> Mapping[UUID, SoldPiece]: ...


@dataclass(frozen=True, slots=True)
class BackAgain:
    """By which voucher a line was bought back."""

    voucher_id: UUID
    number: str


_question: list[SoldPieces] = []


def ask_what_was_sold(question: SoldPieces) -> None:
    """Called by the factory (and the workers) once at start."""
    _question[:] = [question]


def sold_pieces(
    db: ShopSession, lines: Sequence[LineDraft], on: dt.date, *, hold: bool = False
) -> dict[UUID, SoldPiece]:  # fmt: skip
    """What the lines name as sold by the shop, each still to be bought back.

    Raises SoldLineUnknown, NotWhatWasSold, BoughtBackBefore, at lines.<n>.<field>."""
    wanted = {line.of_line_id: place for place, line in enumerate(lines) if line.of_line_id is not None}
    if not wanted:
        return {}
    if len(wanted) < sum(line.of_line_id is not None for line in lines):
        raise BoughtBackBefore(_("One line of a bill stands here twice."), fields={"lines": "one twice"})
    found = _question[0](db, sorted(wanted), hold=hold)
    before = bought_back(db, sorted(wanted))
    for line_id, place in wanted.items():
        path = f"lines.{place}"
        if line_id not in found:
            raise SoldLineUnknown(fields={f"{path}.ofLineId": "unknown"})
        sold = found[line_id]
        if line_id in before or sold.came_back:
            by = before[line_id].number if line_id in before else _("a credit note")
            message = _("%(name)s of %(number)s came back by %(by)s.", name=sold.name, number=sold.number, by=by)
            raise BoughtBackBefore(message, fields={f"{path}.ofLineId": "came back before"})
        _check_same(lines[place], sold, on, path)
    return dict(found)


def bought_back(db: ShopSession, line_ids: Sequence[UUID]) -> dict[UUID, BackAgain]:
    """Those of the lines of bills whose pieces were bought back, in one statement."""
    if not line_ids:
        return {}
    return {line_id: BackAgain(*voucher) for line_id, *voucher in repository.bought_back(db, line_ids)}


def exchange_stands_on(db: ShopSession, credit_id: UUID) -> str:
    """What the credits' room asks before it pays a credit out: a better price was given because it stays for a bill."""
    if not repository.is_exchange(db, credit_id):
        return ""
    return _("A piece was bought back at the price of an exchange: this credit is for a bill.")


def _check_same(line: LineDraft, sold: SoldPiece, on: dt.date, path: str) -> None:
    """Lighter it may have become, and worn; of another metal, heavier or finer it is another piece."""
    if line.metal != sold.metal:
        _refuse(f"{path}.metal", _("%(name)s was of another metal.", name=sold.name))
    if line.fineness > sold.fineness:
        message = _(
            "%(name)s was sold as %(purity)s: it cannot be finer now.",
            name=sold.name, purity=purity_label(sold.metal, sold.fineness),
        )  # fmt: skip
        _refuse(f"{path}.fineness", message)
    if line.gross_mg - line.dirt_mg > sold.net_mg + inventory.scales_differ_mg(on):
        message = _("%(name)s had %(net)s g net when it was sold.", name=sold.name, net=grams(sold.net_mg))
        _refuse(f"{path}.grossMg", message)


def _refuse(field: str, message: str) -> NoReturn:
    raise NotWhatWasSold(message, fields={field: message})
