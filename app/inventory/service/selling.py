"""Selling pieces and taking them back: each sold once, none that the hallmarking order keeps in the shop."""

import datetime as dt
from collections.abc import Mapping, Sequence
from uuid import UUID

from sqlalchemy.exc import IntegrityError

from app.inventory.errors import HuidMissing, ItemAlreadySold, ItemUnknown
from app.inventory.hallmarking import Hallmark, mandate_for
from app.inventory.models import ItemStatus
from app.inventory.pieces import Item
from app.inventory.repository import pieces as repository
from app.inventory.service.entering import taken_by_another
from app.kit.clock import today_ist, utc_now
from app.kit.texts import N_, _
from shard_router import ShopSession

AWAY = {
    ItemStatus.MEMO: N_("out on approval: take it back first"),
    ItemStatus.TRANSIT: N_("on its way to another outlet"),
}  # fmt: skip


def refuse_missing(items: Mapping[UUID, Item], item_ids: Sequence[UUID], *, taken_by: UUID | None = None) -> None:
    """Raises ItemUnknown or ItemAlreadySold, naming tags, for a piece that is not there to be sold.

    taken_by  the bill that has just taken the pieces: one that it did not get is gone. None: nothing was taken.
    """
    missing = {f"lines.{place}.itemId": "unknown" for place, wanted in enumerate(item_ids) if wanted not in items}
    if missing:
        raise ItemUnknown(fields=missing)
    pieces = [items[wanted] for wanted in item_ids]
    gone = {
        f"lines.{place}.itemId": piece
        for place, piece in enumerate(pieces)
        if (piece.status != ItemStatus.IN_STOCK.value if taken_by is None else piece.invoice_id != taken_by)
    }
    if gone:
        tags = ", ".join(_where(piece) for piece in gone.values())
        message = _("No longer in stock: %(tags)s.", tags=tags)
        raise ItemAlreadySold(message, fields={path: piece.status for path, piece in gone.items()})


def _where(piece: Item) -> str:
    """Its tag, and where it is while it is still the shop's."""
    away = AWAY.get(ItemStatus(piece.status))
    return f"{piece.tag} ({_(away)})" if away else piece.tag


def check_sellable(item: Item, on: dt.date, *, field: str) -> None:
    """Raises HuidMissing, with the rule's name, for a piece that may not be sold as it is."""
    if item.hallmark(on) is Hallmark.PENDING:
        message = _(
            "%(tag)s (%(purity)s) has no HUID and must not be sold without one: %(rule)s.",
            tag=item.tag, purity=item.purity_label, rule=mandate_name(item.metal, on),
        )  # fmt: skip
        raise HuidMissing(message, fields={field: "no HUID"})


def mandate_name(metal: str, on: dt.date | None = None) -> str:
    """The order that asks for a HUID on this metal."""
    mandate = mandate_for(metal, on or today_ist())
    return mandate.name if mandate else ""


def lock_items(db: ShopSession, item_ids: Sequence[UUID]) -> None:
    """Holds pieces until the commit, in the order of their keys."""
    repository.lock_items(db, item_ids)


def return_items(db: ShopSession, *, item_ids: Sequence[UUID], invoice_id: UUID) -> int:
    """Bring pieces that a bill holds back into stock; how many it held. Raises TagTaken, HuidTaken."""
    try:
        return repository.return_to_stock(db, item_ids, invoice_id, utc_now())
    except IntegrityError as taken:
        raise taken_by_another(taken, tag=_("of a returned piece"), huid=_("of a returned piece")) from taken
