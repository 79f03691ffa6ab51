"""Owns how pieces, board and law become a priced bill, and what the limits at the counter say to it."""

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from uuid import UUID

from msgspec import Struct

from app.customers.service import Buyer
from app.inventory import service as inventory
from app.inventory.service import Item, Lot, OtherMetal, Portion
from app.invoices.across_states import check_may_cross
from app.invoices.errors import BuyerIsSeller, WareNeedsGstin
from app.invoices.pricing import (
    NO_WASTAGE,
    BillLine,
    LineKind,
    Making,
    MakingKind,
    MetalPart,
    PieceFacts,
    PricedAsTold,
    PricedBill,
    RateFrom,
    Stone,
    StoneKind,
    Wastage,
    WastageKind,
    price_bill,
)
from app.invoices.service.drafts import LONGEST_NAME, BillDraft, LineDraft
from app.invoices.service.promises import NO_PROMISES, Promises
from app.invoices.service.seller import Seller
from app.invoices.service.wares import Ware, ware_of
from app.kit.errors import AppError
from app.kit.texts import _
from app.kit.weights import FINEST_KARAT, RateBasis, grams, karat_of, rate_of_purity
from app.numbering.service import DocumentKind
from app.rates import service as rates
from app.rates.errors import RateMissing
from app.rates.service import Board
from app.tax.rates import tax_rate
from app.tax.states import Handover, Supply, supply_of

NO_TAG = ""
NO_LOTS: Mapping[UUID, Lot] = {}
NO_MAKING = Making(MakingKind.FIXED, 0)
REPAIR = "repair"


class Sold(Struct, frozen=True):
    """What one line sells, as its document will name it. Without a piece or a lot of metal there is none: empty, 0."""

    kind: LineKind
    item: Item | None
    description: str
    tag: str
    huid: str | None
    hsn: str
    metal: str
    fineness: int
    gross_mg: int
    stone_mg: int
    net_mg: int
    pieces: int
    portion: Portion | None = None  # of a lot


@dataclass(frozen=True, slots=True)
class Reckoned:
    """A bill as it would be issued now."""

    kind: DocumentKind
    priced: PricedBill
    sold: tuple[Sold, ...]  # in the order of the lines
    bonus_paise: int = 0  # what was promised when a scheme began, before tax

    @property
    def items(self) -> tuple[Item, ...]:
        """The pieces among what is sold."""
        return tuple(sold.item for sold in self.sold if sold.item is not None)

    @property
    def portions(self) -> tuple[Portion, ...]:
        """What is sold out of lots."""
        return tuple(sold.portion for sold in self.sold if sold.portion is not None)


@dataclass(frozen=True, slots=True)
class Shop:
    """What a bill is reckoned with besides its draft: who sells, by which board and basis, to whom, on which day, and
    what was promised to them."""

    seller: Seller
    board: Board
    basis: RateBasis
    buyer: Buyer | None
    on: dt.date
    promises: Promises = NO_PROMISES

    @property
    def to_registered(self) -> bool:
        """Whether the buyer has a GSTIN."""
        return self.buyer is not None and self.buyer.registered


def reckon(
    draft: BillDraft, shop: Shop, items: Mapping[UUID, Item], lots: Mapping[UUID, Lot] = NO_LOTS
) -> Reckoned:  # fmt: skip
    """Price the draft; raises BuyerIsSeller, RateMissing, UnknownHsn, UnknownState, WareUnknown, WareNeedsGstin, what
    lots refuse (inventory.portion_of) and what pricing raises."""
    _refuse_own(shop)
    supply = _supply(draft, shop)
    sold: list[Sold] = []
    lines: list[BillLine] = []
    locked = shop.promises.locked_mg(draft, items)
    for place, asked in enumerate(draft.lines):
        line = _charged(asked, shop.promises) if asked.repair_id is not None else asked
        item = items[line.item_id] if line.item_id is not None else None
        if item is not None:
            sold.append(_piece_sold(item))
            lines.append(_piece(place, line, item, shop, supply, own_mg=locked.get(place, item.own_mg)))
            continue
        if line.lot_id is not None:
            portion = _portion(place, line, lots, shop)
            sold.append(_lot_sold(line, portion))
            lines.append(_lot(place, line, portion, shop, supply))
            continue
        ware = ware_of(line.sells or "", shop.on, field=f"lines.{place}.sells")
        if ware.for_registered and not shop.to_registered:
            raise WareNeedsGstin(fields={f"lines.{place}.sells": "buyer without a GSTIN"})
        sold.append(_ware_sold(line, ware))
        lines.append(_ware(line, ware, supply, shop.on))
    kind = DocumentKind.INVOICE if supply.taxed else DocumentKind.BILL_OF_SUPPLY
    bonus = 0
    if shop.promises.bonuses:
        bonus = shop.promises.bonus_paise(sum(line.making_paise for line in price_bill(lines, supply).lines))
    return Reckoned(kind, price_bill(lines, supply, draft.terms(bonus)), tuple(sold), bonus)


def check_hallmarks(sold: tuple[Sold, ...], on: dt.date) -> None:
    """Raises HuidMissing for the first piece that must not be sold without a HUID."""
    for place, one in enumerate(sold):
        if one.item is not None:
            inventory.check_sellable(one.item, on, field=f"lines.{place}.itemId")


def refuse_missing(draft: BillDraft, items: Mapping[UUID, Item], *, taken_by: UUID | None = None) -> None:
    """Raises ItemUnknown or ItemAlreadySold, with the lines of the bill as their fields."""
    places = [place for place, line in enumerate(draft.lines) if line.item_id is not None]
    try:
        inventory.refuse_missing(items, draft.item_ids, taken_by=taken_by)
    except AppError as missing:
        named = (missing.fields or {}).items()
        missing.fields = {f"lines.{places[int(path.split('.')[1])]}.itemId": wrong for path, wrong in named}
        raise


def basis_of(text: str) -> RateBasis:
    return RateBasis(text)


def _refuse_own(shop: Shop) -> None:
    """Another registration of the firm, in another state, is another person to the tax."""
    if shop.buyer is not None and shop.buyer.gstin is not None and shop.buyer.gstin == shop.seller.gstin:
        raise BuyerIsSeller(fields={"customerId": "the shop itself"})


def _supply(draft: BillDraft, shop: Shop) -> Supply:
    handover = Handover.COUNTER if draft.ship_to is None else Handover.SHIPPED
    supply = supply_of(
        shop_state=shop.seller.state_code, on=shop.on, handover=handover, destination=draft.ship_to,
        taxed=shop.seller.charges_tax,
    )  # fmt: skip
    if supply.inter_state:
        check_may_cross(shop.seller, shop.on)
    return supply


# ---------------------------------------------------------------- a piece


def _piece_sold(item: Item) -> Sold:
    return Sold(
        LineKind.PIECE, item, item.name, item.tag, item.huid, item.hsn, item.metal, item.fineness, item.gross_mg,
        item.stone_mg, item.net_mg, 1,
    )  # fmt: skip


def _piece(place: int, draft: LineDraft, item: Item, shop: Shop, supply: Supply, *, own_mg: int) -> BillLine:
    """`own_mg`: how much of the main metal is priced at the line's rate; a locked one may be short of it."""
    rate, came, board = _rate(place, draft, item, shop)
    return BillLine(
        facts=PieceFacts(
            gross_mg=item.gross_mg,
            stone_mg=item.stone_mg,
            net_mg=item.net_mg,
            fineness=item.fineness,
            making=_making(item),
            wastage=draft.wastage or Wastage(WastageKind(item.wastage_kind), item.wastage_bp),
            stones=tuple(_stones(item)),
            hallmark_paise=item.hallmark_paise,
            making_discount=draft.making_discount,
            discount=draft.discount,
            others=(*_rest(place, item, item.own_mg - own_mg, shop), *_others(place, draft, item, shop)),
            metal=item.metal,
        ),
        rate_paise_per_g=rate,
        hsn=item.hsn,
        tax_bp=tax_rate(item.hsn, shop.on).rate_bp if supply.taxed else 0,
        rate_from=came,
        board_paise_per_g=board,
    )


def _rest(place: int, item: Item, mg: int, shop: Shop) -> Iterator[MetalPart]:
    """What a locked rate has no grams for, at the board's."""
    if mg:
        rate, came = _board_rate_of(place, item, OtherMetal(item.metal, item.fineness, mg), shop)
        yield MetalPart(item.metal, item.fineness, mg, rate, came)


def _rate(place: int, draft: LineDraft, item: Item, shop: Shop) -> tuple[int, RateFrom | None, int | None]:
    """The line's rate; what it was reckoned from where the board has only that of 24 karat; the board's where the line
    has its own, and not one that was promised."""
    promised = shop.promises.rate_of(draft, item, f"lines.{place}")
    if promised is not None:
        return promised, None, None
    return _own_rate(place, draft, item.metal, item.fineness, shop)


def _others(place: int, draft: LineDraft, item: Item, shop: Shop) -> Iterator[MetalPart]:
    """Each further metal at the board's rate of its own purity: a line's own rate, a locked one and an order's are the
    main metal's. An estimate keeps all of a piece's rates."""
    kept = shop.promises.other_rates(draft, item)
    for part in item.others:
        if (part.metal, part.fineness) in kept:
            rate, came = kept[part.metal, part.fineness], None
        else:
            rate, came = _board_rate_of(place, item, part, shop)
        yield MetalPart(part.metal, part.fineness, part.net_mg, rate, came)


def _board_rate_of(place: int, item: Item, part: OtherMetal, shop: Shop) -> tuple[int, RateFrom | None]:
    try:
        return board_rate(shop.board, part.metal, part.fineness, shop.basis)
    except RateMissing as missing:
        message = _(
            "The board has no rate for %(purity)s, of which %(tag)s has %(weight)s g.",
            purity=part.purity_label, tag=item.tag, weight=grams(part.net_mg),
        )  # fmt: skip
        raise RateMissing(message, fields={f"lines.{place}.itemId": "no rate"}) from missing


def _own_rate(
    place: int, draft: LineDraft, metal: str, fineness: int, shop: Shop
) -> tuple[int, RateFrom | None, int | None]:
    board, came = board_rate(shop.board, metal, fineness, shop.basis)
    if draft.rate_paise_per_g is None or draft.rate_paise_per_g == board:
        return board, came, None
    field = f"lines.{place}.ratePaisePerG"
    purity = rates.check_purity(metal, fineness, shop.on, field=field)
    rates.check_rate(purity, draft.rate_paise_per_g, shop.on, field=field)
    return draft.rate_paise_per_g, None, board


def board_rate(board: Board, metal: str, fineness: int, basis: RateBasis) -> tuple[int, RateFrom | None]:
    """Paise per gram by the board; where it has none for a purity of gold, from its rate of 24 karat by the shop's
    rule. Raises RateMissing."""
    if (metal, fineness) not in board and metal == "gold":
        pure = [mark for name, mark in board if name == metal and karat_of(mark) == FINEST_KARAT]
        if pure:
            rate_24k = board[metal, max(pure)]
            return rate_of_purity(rate_24k, fineness, basis), RateFrom(rate_24k, basis)
    return rates.rate_of(board, metal, fineness), None


def _making(item: Item) -> Making:
    kind = MakingKind(item.making_kind)
    return Making(kind, item.making_bp if kind is MakingKind.PERCENT else item.making_paise)


def _stones(item: Item) -> Iterator[Stone]:
    for stone in item.stones:
        yield Stone(StoneKind(stone.basis), stone.rate_paise, stone.weight_mct, stone.pieces, stone.kind)


# ---------------------------------------------------------------- out of a lot


def _portion(place: int, draft: LineDraft, lots: Mapping[UUID, Lot], shop: Shop) -> Portion:
    assert draft.lot_id is not None
    asked = inventory.Asked(net_mg=draft.net_mg, stone_mct=draft.stone_mct, pieces=draft.pieces, hsn=draft.hsn)
    return inventory.portion_of(
        lots, draft.lot_id, asked, on=shop.on, path=f"lines.{place}", to_registered=shop.to_registered
    )


def _lot_sold(draft: LineDraft, portion: Portion) -> Sold:
    """Loose stones are no metal: their carats stand in the price."""
    lot, taken = portion.lot, portion.taken
    metal, fineness = (lot.metal, lot.fineness) if taken.net_mg else ("", 0)
    return Sold(
        LineKind.LOT, None, lot.name, lot.code, None, portion.hsn, metal, fineness, taken.gross_mg, taken.stone_mg,
        taken.net_mg, draft.pieces, portion,
    )  # fmt: skip


def _lot(place: int, draft: LineDraft, portion: Portion, shop: Shop, supply: Supply) -> BillLine:
    lot, taken = portion.lot, portion.taken
    rate, came, board = _own_rate(place, draft, lot.metal, lot.fineness, shop) if taken.net_mg else (0, None, None)
    return BillLine(
        facts=PieceFacts(
            gross_mg=taken.gross_mg, stone_mg=taken.stone_mg, net_mg=taken.net_mg,
            fineness=lot.fineness if taken.net_mg else 0, making=draft.making or NO_MAKING,
            wastage=draft.wastage or NO_WASTAGE, stones=_loose(draft, portion), pieces=draft.pieces,
            making_discount=draft.making_discount, discount=draft.discount, metal=lot.metal if taken.net_mg else "",
        ),
        rate_paise_per_g=rate, hsn=portion.hsn,
        tax_bp=tax_rate(portion.hsn, shop.on, use=portion.use).rate_bp if supply.taxed else 0,
        rate_from=came, board_paise_per_g=board,
    )  # fmt: skip


def _loose(draft: LineDraft, portion: Portion) -> tuple[Stone, ...]:
    if draft.stone_rate_paise is None:
        return ()
    mct = portion.taken.stone_mct
    return (Stone(StoneKind.PER_CARAT, draft.stone_rate_paise, mct, draft.pieces, portion.lot.name),)


# ---------------------------------------------------------------- goods and services at a price of their own


def _charged(line: LineDraft, promises: Promises) -> LineDraft:
    """A repair's line as the service that it is."""
    assert line.repair_id is not None
    charge = promises.charges[line.repair_id]
    described = line.description or f"{charge.number} {charge.description}"
    return LineDraft(
        sells=REPAIR, description=described, price_paise=charge.paise, discount=line.discount, repair_id=line.repair_id
    )


def _ware_sold(line: LineDraft, ware: Ware) -> Sold:
    name = " ".join((line.description or ware.name).split())[:LONGEST_NAME]
    return Sold(ware.kind, None, name, NO_TAG, None, ware.hsn, "", 0, 0, 0, 0, line.pieces)


def _ware(line: LineDraft, ware: Ware, supply: Supply, on: dt.date) -> BillLine:
    facts = PricedAsTold(ware.kind, line.price_paise or 0, line.pieces, line.tax_included, line.discount)
    return BillLine(facts, 0, ware.hsn, tax_rate(ware.hsn, on, use=ware.use).rate_bp if supply.taxed else 0)
