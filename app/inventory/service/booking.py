"""What pieces do in the metal book: coming, going and being weighed anew are entries.

Pieces that were there before the book are opened in it: all at once by `open_book`, or one by one when they are next
touched. A sale does not look (it is the hot write): what it sold unopened, `open_book` opens on the same day.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple
from uuid import UUID

from app.inventory.models import ItemStatus
from app.inventory.pieces import Item, ItemDraft
from app.inventory.repository import pieces as repository
from app.inventory.service.reading import get_items
from app.metal import service as metal
from app.metal.service import Account, Entry
from app.tenants.service.places import home_outlet
from shard_router import ShopSession

OPENING, SALE, RETURN = "opening", "sale", "sale_return"
CHUNK = 500
WITHDRAWALS = {
    "melted": Account.MELTING, "lost": Account.LOSS, "sent_back": Account.SUPPLIER, "other": Account.ADJUSTMENT,
}  # fmt: skip
"""Why a piece is withdrawn → where its metal goes."""


class Spot(NamedTuple):
    """An account, and which one of its kind."""

    account: Account
    ref: UUID | None = None


BEFORE_THE_BOOK = Spot(Account.OPENING)


def shelf(item: Item) -> Spot:
    """Where a piece in stock lies."""
    return Spot(Account.STOCK, item.place_id)


def entries_of(item: Item, source: Spot, target: Spot, *, lot_id: UUID | None = None) -> list[Entry]:
    """A piece, whole, from one account to another: an entry for each of its metals. The piece itself, its stones and
    its cost go with the main metal, which comes first."""
    main = Entry(
        from_account=source.account, from_ref=source.ref, to_account=target.account, to_ref=target.ref,
        metal=item.metal, fineness=item.fineness, pieces=1, stone_mg=item.stone_mg, net_mg=item.own_mg,
        stone_mct=item.stone_mct, cost_paise=item.cost_paise or 0, item_id=item.id, lot_id=lot_id,
    )  # fmt: skip
    others = (
        Entry(
            from_account=source.account, from_ref=source.ref, to_account=target.account, to_ref=target.ref,
            metal=part.metal, fineness=part.fineness, net_mg=part.net_mg, item_id=item.id, lot_id=lot_id,
        )
        for part in item.others
    )  # fmt: skip
    return [main, *others]


def sale_entries(items: Iterable[Item], *, customer_id: UUID | None) -> list[Entry]:
    """One for each metal of each piece of a bill."""
    return [entry for item in items for entry in entries_of(item, shelf(item), Spot(Account.SOLD, customer_id))]


def post_return(
    db: ShopSession, *, item_ids: Sequence[UUID], movement_id: UUID, customer_id: UUID | None, **when: object
) -> None:
    """Pieces that `return_items` brought back lie again where they lay; `when`: `at` and `book_on` of the note."""
    pieces = get_items(db, item_ids)
    sold = Spot(Account.SOLD, customer_id)
    back = [entry for one in item_ids for entry in entries_of(pieces[one], sold, shelf(pieces[one]))]
    metal.post(db, movement_id=movement_id, kind=RETURN, entries=back, **when)  # type: ignore[arg-type]


def differs(before: ItemDraft, after: ItemDraft) -> bool:
    """Whether a correction changes what the book says of a piece."""
    facts = ("metal", "fineness", "gross_mg", "stone_mg", "cost_paise", "others")
    mct = [sum(stone.weight_mct for stone in one.stones) for one in (before, after)]
    return mct[0] != mct[1] or any(getattr(before, name) != getattr(after, name) for name in facts)


def correction(before: Item, after: Item) -> list[Entry]:
    """The piece out as it was written down, and in as it is."""
    made = Spot(Account.ADJUSTMENT)
    return [*entries_of(before, shelf(before), made), *entries_of(after, made, shelf(after))]


# ---------------------------------------------------------------- pieces from before the book


def open_pieces(db: ShopSession, items: Sequence[Item]) -> int:
    """Enter those that the book does not know as it knows others; how many those were. The caller has them locked."""
    known = metal.item_counts(db, [item.id for item in items])
    unopened = [item for item in items if _is_unopened(item, known.get(item.id))]
    for item in unopened:
        begun = metal.first_line(db, item.id)
        metal.post(
            db, movement_id=item.id, kind=OPENING, entries=entries_of(item, BEFORE_THE_BOOK, shelf(item)),
            at=begun.at if begun else None, book_on=begun.book_on if begun else None,
        )  # fmt: skip
    return len(unopened)


def open_book(db: ShopSession, *, after: UUID | None = None) -> tuple[int, UUID | None]:
    """The next pieces by key, each opened once: how many were, and after which one to go on (None: that was the end).

    Done again it does nothing. A piece that lies nowhere is put into the oldest outlet first.
    """
    rows = repository.lock_next_items(db, after, CHUNK)
    homeless = [row for row in rows if row.place_id is None]
    if homeless and (known := metal.item_counts(db, [row.id for row in homeless])) is not None:
        home = home_outlet(db)
        for row in homeless:
            if row.status == ItemStatus.IN_STOCK.value and row.id not in known:
                row.place_id = home
        db.flush()
    pieces = get_items(db, [row.id for row in rows])
    opened = open_pieces(db, [pieces[row.id] for row in rows])
    return opened, rows[-1].id if len(rows) == CHUNK else None


def _is_unopened(item: Item, count: int | None) -> bool:
    """`count`: how many of it the book has in stock. In stock it is one, else none; without its opening one less."""
    in_stock = item.status == ItemStatus.IN_STOCK.value
    if count is None:
        return in_stock
    return count == (1 if in_stock else 0) - 1
