"""Reading counts: a page of them, one with its figures of now, what was scanned last, what is still to be scanned."""

from collections.abc import Iterable, Mapping, Sequence
from uuid import UUID

from app.inventory import service as inventory
from app.inventory.service import Counted, ItemStatus
from app.kit import paging
from app.stocktake import repository
from app.stocktake.errors import StocktakeUnknown
from app.stocktake.models import FindingKind, StocktakeFinding, StocktakePiece, StocktakeScan, StocktakeState, Verdict
from app.stocktake.models import Stocktake as StocktakeRow
from app.stocktake.service.views import (
    Figures,
    Finding,
    Scan,
    Stocktake,
    Unscanned,
    kept_figures,
    stocktake_of,
)
from shard_router import ShopSession

_ORDERS = paging.Orders(tie=StocktakeRow.id, default="-openedAt", openedAt=StocktakeRow.opened_at)
_BY_TAG = paging.Orders(tie=StocktakePiece.item_id, default="tag", tag=StocktakePiece.tag)
_BY_KIND = paging.Orders(tie=StocktakeFinding.id, default="-kind", kind=StocktakeFinding.kind)


def list_stocktakes(
    db: ShopSession, *, sort: str | None = None, after: str | None = None, limit: int = paging.DEFAULT_LIMIT
) -> paging.Page[Stocktake]:
    """The newest first; closed ones with the figures of their closing."""
    page = paging.page(db, repository.STOCKTAKES, orders=_ORDERS, sort=sort, after=after, limit=limit)
    return page.map(lambda row: stocktake_of(row, figures=kept_figures(row)))


def get_stocktake(db: ShopSession, stocktake_id: UUID) -> Stocktake:
    """With its figures: of now while it is open, else of its closing. Raises StocktakeUnknown."""
    row = repository.find_stocktake(db, stocktake_id)
    if row is None:
        raise StocktakeUnknown()
    return seen(db, row)


def seen(db: ShopSession, row: StocktakeRow) -> Stocktake:
    """A row with its figures, and how many of its findings wait."""
    if row.state == StocktakeState.CLOSED.value:
        undecided = repository.count_undecided(db, row.id)
        return stocktake_of(row, figures=kept_figures(row), undecided=undecided)
    known = stocktake_of(row)
    return stocktake_of(row, figures=figures_now(db, known) if known.is_open else None)


def figures_now(db: ShopSession, stocktake: Stocktake) -> Figures:
    """In two statements, whatever the number of pieces."""
    found: dict[str, int] = {}
    weighed = drift = 0
    for verdict, pieces, bare, weighed_here, drifting in repository.scan_figures(db, stocktake.id, stocktake.drift_mg):
        found[verdict] = pieces + bare
        weighed += weighed_here
        drift += drifting
    missing = sum(
        pieces
        for status, place_id, pieces in inventory.tally(db, repository.unscanned_ids(stocktake.id))
        if is_there(stocktake, status, place_id)
    )
    verdicts = {verdict.value: found.get(verdict.value, 0) for verdict in Verdict}
    left = stocktake.expected - verdicts["counted"] - missing
    return Figures(expected=stocktake.expected, missing=missing, left=left, weighed=weighed, drift=drift, **verdicts)


def is_there(stocktake: Stocktake, status: str, place_id: UUID | None) -> bool:
    """Whether the books have a piece where the count looks for it."""
    return status == ItemStatus.IN_STOCK.value and stocktake.holds(place_id)


def list_unscanned(
    db: ShopSession,
    stocktake_id: UUID,
    *,
    sort: str | None = None,
    after: str | None = None,
    limit: int = paging.DEFAULT_LIMIT,
) -> paging.Page[Unscanned]:
    """A page of what was expected and not scanned, by tag; raises StocktakeUnknown."""
    row = repository.find_stocktake(db, stocktake_id)
    if row is None:
        raise StocktakeUnknown()
    known = stocktake_of(row)
    page = paging.page(db, repository.unscanned(row.id), orders=_BY_TAG, sort=sort, after=after, limit=limit)
    now = inventory.standing(db, [one.item_id for one in page.items])
    return page.map(lambda piece: _unscanned(known, piece, now[piece.item_id]))


def list_latest(db: ShopSession, stocktake: Stocktake, *, limit: int) -> list[Scan]:
    """What was scanned last, by whomever, in two statements."""
    rows = repository.latest_scans(db, stocktake.id, limit)
    return scans_of(stocktake, rows, inventory.standing(db, _items(rows)))


def list_findings(
    db: ShopSession,
    stocktake_id: UUID,
    *,
    kind: str | None = None,
    undecided: bool = False,
    sort: str | None = None,
    after: str | None = None,
    limit: int = paging.DEFAULT_LIMIT,
) -> paging.Page[Finding]:
    """A page of what was found, with what was decided; raises StocktakeUnknown. None while the count is open."""
    if repository.find_stocktake(db, stocktake_id) is None:
        raise StocktakeUnknown()
    statement = repository.findings(stocktake_id, kind=kind, undecided=undecided)
    page = paging.page(db, statement, orders=_BY_KIND, sort=sort, after=after, limit=limit)
    names = inventory.standing(db, [row.item_id for row in page.items if row.item_id])
    return page.map(
        lambda row: Finding(
            row.id, FindingKind(row.kind), row.code, row.item_id, row.status, row.book_mg, row.found_mg,
            row.decision, row.reason, row.decided_at, row.decided_by, names[row.item_id].name if row.item_id else "",
        )
    )  # fmt: skip


def scans_of(
    stocktake: Stocktake, rows: Sequence[StocktakeScan], pieces: Mapping[UUID, Counted], *, again: Iterable[str] = ()
) -> list[Scan]:
    """Rows as others see them, with their pieces' tags and names."""
    before = set(again)
    found = []
    for row in rows:
        piece = pieces.get(row.item_id) if row.item_id else None
        off = abs(row.gross_mg - row.book_mg) if row.gross_mg is not None and row.book_mg is not None else 0
        known = row.status == ItemStatus.IN_STOCK.value  # what is sold or withdrawn is weighed by nobody
        found.append(Scan(
            row.code, Verdict(row.verdict), row.item_id, row.status, row.place_id, row.book_mg, row.gross_mg,
            again=row.code in before, tag=piece.tag if piece else "", name=piece.name if piece else "",
            drifts=known and off > stocktake.drift_mg,
        ))  # fmt: skip
    return found


def _items(rows: Iterable[StocktakeScan]) -> list[UUID]:
    return [row.item_id for row in rows if row.item_id is not None]


def _unscanned(stocktake: Stocktake, piece: StocktakePiece, now: Counted) -> Unscanned:
    return Unscanned(
        piece.item_id, piece.tag, piece.gross_mg, piece.place_id, now.name, now.status,
        left=not is_there(stocktake, now.status, now.place_id),
    )  # fmt: skip
