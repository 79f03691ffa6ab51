"""What the old-gold room asks when a piece that this shop sold is brought back: what a bill's line sold, and when."""

from collections.abc import Sequence
from uuid import UUID

from app.inventory import service as inventory
from app.invoices import repository
from app.invoices.models import InvoiceLine
from app.invoices.service.balances import metal_gone_back
from app.invoices.service.priced_from import other_metals
from app.oldgold.service import SoldPiece
from shard_router import ShopSession


def sold_pieces(db: ShopSession, line_ids: Sequence[UUID], *, hold: bool = False) -> dict[UUID, SoldPiece]:
    """Those of the lines that are of bills and have metal. Of a piece of several metals the main one is bought back
    here; what else there is of it is, like its stones, none of that.

    hold  their pieces and lots are locked until the commit, as a credit note locks them: the second of the two sees
          what the first one did
    """
    rows = repository.sold_lines(db, line_ids)
    if hold:
        _hold(db, [row[0] for row in rows])
    gone, taken = repository.reversed_of(db, line_ids), repository.taken_of(db, line_ids)
    return {
        line.id: SoldPiece(
            line_id=line.id, number=number, sold_on=sold_on, customer_id=customer_id,
            name=f"{line.tag} {line.description}".strip(), metal=line.metal, fineness=line.fineness,
            gross_mg=line.gross_mg, stone_mg=line.stone_mg + beside, net_mg=line.net_mg - beside,
            came_back=line.id in gone or metal_gone_back(line, line.taxable_paise - taken.get(line.id, 0)),
        )
        for line, number, sold_on, customer_id in rows
        for beside in [sum(part.net_mg for part in other_metals(line))]
    }  # fmt: skip


def _hold(db: ShopSession, lines: Sequence[InvoiceLine]) -> None:
    inventory.lock_items(db, [line.item_id for line in lines if line.item_id])
    inventory.lock_lots(db, [line.lot_id for line in lines if line.lot_id])
