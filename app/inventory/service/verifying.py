"""Whether the metal book agrees with what is there: pieces and lots in stock, what is away by transfer, memo, melt."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from app.inventory.models import ConsignmentKind
from app.inventory.repository import away, lots, pieces
from app.inventory.service.away import ACCOUNTS
from app.metal import service as metal
from app.metal.service import MEASURES, Account, Drift, Key, Quantities
from shard_router import ShopSession


def verify_metal(db: ShopSession) -> list[Drift]:
    """Where book and things differ, by place, purity and measure; nothing: not a milligram drifts.

    A read session is enough; of a shop that trades meanwhile, look again.
    """
    stock: defaultdict[Key, Quantities] = defaultdict(Quantities)
    for row in (*pieces.held_pieces(db), *lots.held_lots(db)):
        stock[Key(row[0], row[1], row[2])] += _quantities(row[3:])
    _divide(stock, pieces.held_others(db))
    gone: dict[Account, defaultdict[Key, Quantities]] = {
        account: defaultdict(Quantities) for account in ACCOUNTS.values()
    }
    for row in away.held_lines(db):
        gone[ACCOUNTS[ConsignmentKind(row[0])]][Key(row[1], row[2], row[3])] = _quantities(row[4:])
    for row in away.held_others(db):
        _divide(gone[ACCOUNTS[ConsignmentKind(row[0])]], [row[1:]])
    return metal.drifts(db, {Account.STOCK: stock, **gone})


def _divide(held: defaultdict[Key, Quantities], others: Iterable[Sequence[Any]]) -> None:
    """What is of another metal than its piece stands under its own purity. `others`: ref, main purity, other purity,
    mg."""
    for ref, metal_name, fineness, other, other_fineness, mg in others:
        held[Key(ref, metal_name, fineness)] -= _metal(int(mg), fineness)
        held[Key(ref, other, other_fineness)] += _metal(int(mg), other_fineness)


def _metal(mg: int, fineness: int) -> Quantities:
    return Quantities(gross_mg=mg, net_mg=mg, fine=mg * fineness)


def _quantities(figures: Sequence[object]) -> Quantities:
    return Quantities(**{name: int(str(figure)) for name, figure in zip(MEASURES, figures, strict=True)})
