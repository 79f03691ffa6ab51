"""Taking orders, customers' pieces to be mended, and advances on them.

Locks: customer, order, drawer and series of the receipt, series of the order, audit head.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from app.credits import service as credits
from app.credits.service import Payment
from app.customers import service as customers
from app.kit import audit
from app.kit.clock import financial_year, ist, utc_now
from app.kit.ids import new_id
from app.kit.sealing import Keyring
from app.kit.texts import _
from app.metal.service import Account, Entry, post
from app.numbering import service as numbering
from app.numbering.gaps import Numbered
from app.numbering.service import DocumentKind
from app.orders.errors import OrderFactsWrong, OrderPictureUnknown
from app.orders.facts import settled_order, settled_repair
from app.orders.models import Order as OrderRow
from app.orders.models import OrderAdvance, OrderKind, OrderLine, OrderStep, Repair
from app.orders.repository import DELIVERY
from app.orders.service.keeping import check_advance, check_days
from app.orders.service.moving import locked_order, step, touch
from app.orders.service.reading import get_order
from app.orders.stages import ESTIMATED, TAKEN
from app.orders.views import Order, OrderDraft, RepairDraft
from app.ratelocks import service as ratelocks
from app.ratelocks.errors import RateLockUnknown
from app.rates import service as rates
from app.tenants.service.places import Place, list_places
from app.vision import service as vision
from shard_router import ShopSession

_NUMBERED = {OrderKind.ORDER: DocumentKind.ORDER, OrderKind.REPAIR: DocumentKind.REPAIR}
ADVANCE = "advance"
NUMBERED = (Numbered(OrderRow, tuple(_NUMBERED.values()), kind=OrderRow.kind),)


def _lock_of(db: ShopSession, lock_id: UUID, customer_id: UUID) -> ratelocks.RateLock:
    """A rate that was promised to this customer and still holds; raises RateLockUnknown, another's included."""
    lock = ratelocks.get_lock(db, lock_id, field="rateLockId")
    if lock.customer_id != customer_id:
        raise RateLockUnknown(fields={"rateLockId": "unknown"})
    if lock.state != ratelocks.LockState.OPEN.value:
        message = _("This rate is no longer promised.")
        raise OrderFactsWrong(message, fields={"rateLockId": lock.state})
    return lock


def take_order(
    db: ShopSession, *, draft: OrderDraft, advance: Sequence[Payment] = (), keyring: Keyring
) -> Order:  # fmt: skip
    """Take an order, with an advance where one is paid. Today's rate is fixed on its lines, unless that of the delivery
    was agreed. Raises CustomerUnknown, OrderFactsWrong, OrderPictureUnknown, RateLockUnknown,
    RateKeptTooLong, OrderAdvanceTooSmall and what `credits.receive` raises."""
    at = utc_now()
    facts = settled_order(draft, ist(at).date())
    customer_id = customers.hold(db, facts.customer_id, exclusive=bool(advance))  # as `receive` holds them
    lock = _lock_of(db, facts.rate_lock_id, customer_id) if facts.rate_lock_id else None
    _check_pictures(db, {f"lines.{at}.pictureId": line.picture_id for at, line in enumerate(facts.lines)})
    board = {} if facts.rate_basis == DELIVERY else dict(rates.read_board(db))
    if lock is not None:
        board[lock.metal, lock.fineness] = lock.paise_per_g
    if kept := _kept(facts, board, lock):
        check_days(db, due_on=facts.due_on, taken_on=ist(at).date())
        check_advance(db, kept, advance_paise=sum(one.paise for one in advance), taken_on=ist(at).date())
    row = _written(
        db, OrderKind.ORDER, customer_id, at, due_on=facts.due_on, note=facts.note, rate_basis=facts.rate_basis,
        rate_lock_id=facts.rate_lock_id,
    )  # fmt: skip
    for pos, line in enumerate(facts.lines, start=1):
        rate = board.get((line.metal, line.fineness))
        if rate is None and facts.rate_basis != DELIVERY:
            message = _("The board has no rate of this purity that could be fixed.")
            raise OrderFactsWrong(message, fields={f"lines.{pos - 1}.fineness": "no rate"})
        db.add(OrderLine(
            order_id=row.id, pos=pos, description=line.description, category=line.category, metal=line.metal,
            fineness=line.fineness, pieces=line.pieces, weight_mg=line.all_mg, rate_paise_per_g=rate,
            estimate_paise=line.estimate_paise, picture_id=line.picture_id,
        ))  # fmt: skip
    db.flush()
    if advance:
        _receive(db, row, advance, keyring)
    audit.record(db, "order.taken", row.id, {
        "number": row.number, "rateBasis": row.rate_basis, "dueOn": row.due_on.isoformat(),
        "lines": [[line.metal, line.fineness, line.all_mg, line.pieces] for line in facts.lines],
    })  # fmt: skip
    return get_order(db, row.id)


def _check_pictures(db: ShopSession, named: Mapping[str, UUID | None]) -> None:
    """By the path at which each is named; raises OrderPictureUnknown."""
    wanted = {path: picture_id for path, picture_id in named.items() if picture_id is not None}
    known = vision.known_pictures(db, wanted.values())
    for path, picture_id in wanted.items():
        if picture_id not in known:
            raise OrderPictureUnknown(fields={path: "unknown"})


def _kept(
    facts: OrderDraft, board: Mapping[tuple[str, int], int], lock: ratelocks.RateLock | None
) -> list[tuple[int, int]]:  # fmt: skip
    """Mg and rate of what the order itself promises; what a lock does has its own advance and its own last day."""
    by_lock = None if lock is None else (lock.metal, lock.fineness)
    known = ((line.all_mg, (line.metal, line.fineness)) for line in facts.lines)
    return [(mg, board[purity]) for mg, purity in known if purity in board and purity != by_lock]


def take_repair(
    db: ShopSession, *, draft: RepairDraft, advance: Sequence[Payment] = (), keyring: Keyring
) -> Order:  # fmt: skip
    """Take a customer's own piece into the shop's keeping: the book of metal has it as theirs. Raises what take_order
    raises."""
    at = utc_now()
    facts = settled_repair(draft, ist(at).date())
    customer_id = customers.hold(db, facts.customer_id, exclusive=bool(advance))
    _check_pictures(db, {"pictureId": facts.picture_id})
    stage = TAKEN if facts.estimate_paise is None else ESTIMATED
    row = _written(db, OrderKind.REPAIR, customer_id, at, due_on=facts.due_on, note=facts.note, stage=stage)
    db.add(Repair(
        order_id=row.id, description=facts.description, condition=facts.condition, work=facts.work, metal=facts.metal,
        fineness=facts.fineness, pieces=facts.pieces, gross_mg=facts.gross_mg, picture_id=facts.picture_id,
        estimate_paise=facts.estimate_paise,
    ))  # fmt: skip
    db.flush()
    post(db, movement_id=row.id, kind="repair_in", at=at, entries=[Entry(
        from_account=Account.CUSTOMER, from_ref=customer_id, to_account=Account.REPAIR, to_ref=row.id,
        metal=facts.metal, fineness=facts.fineness, pieces=facts.pieces, net_mg=facts.gross_mg,
    )])  # fmt: skip
    if advance:
        _receive(db, row, advance, keyring)
    audit.record(db, "repair.taken", row.id, {
        "number": row.number, "grossMg": facts.gross_mg, "metal": facts.metal, "fineness": facts.fineness,
        "estimatePaise": facts.estimate_paise, "dueOn": row.due_on.isoformat(),
    })  # fmt: skip
    return get_order(db, row.id)


def take_advance(
    db: ShopSession, *, order_id: UUID, expected_version: int, payments: Sequence[Payment], keyring: Keyring
) -> Order:
    """Another advance on an open order; raises OrderUnknown, OrderClosed, OrderChanged and what `receive` raises."""
    row = locked_order(db, order_id, expected_version, exclusive=True)
    paise = _receive(db, row, payments, keyring)
    touch(row)
    db.flush()
    audit.record(db, "order.advance", row.id, {"number": row.number, "paise": paise})
    return get_order(db, row.id)


def _written(
    db: ShopSession, kind: OrderKind, customer_id: UUID, at: dt.datetime, *, due_on: dt.date, note: str | None,
    stage: str = TAKEN, rate_basis: str = DELIVERY, rate_lock_id: UUID | None = None,
) -> OrderRow:  # fmt: skip
    """The order's row with its number, and its first step."""
    place, on = _place_here(db), ist(at).date()
    year, document = financial_year(on), _NUMBERED[kind]
    no = numbering.draw(
        db, registration_id=place.registration_id, year=year, kind=document, till_id=place.till_id
    )  # fmt: skip
    row = OrderRow(
        id=new_id(), kind=kind.value, registration_id=place.registration_id, till_id=place.till_id,
        fy_start=year.start_year, no=no,
        number=numbering.written(no, year=year, kind=document, till_code=place.till_code), customer_id=customer_id,
        rate_basis=rate_basis, rate_lock_id=rate_lock_id, note=note, taken_on=on, taken_at=at,
        actor_id=db.actor.person_id, stage=stage, is_open=1, due_on=due_on, version=1, updated_at=at,
    )  # fmt: skip
    db.add(row)
    db.flush()
    db.add(OrderStep(**_first(row, at, db.actor.person_id)))
    if stage != TAKEN:
        step(db, row, stage, None, at=at)
    return row


def _first(row: OrderRow, at: dt.datetime, actor_id: UUID | None) -> dict[str, Any]:
    return {"order_id": row.id, "seq": 1, "stage": TAKEN, "at": at, "note": None, "actor_id": actor_id}


def _receive(db: ShopSession, row: OrderRow, payments: Sequence[Payment], keyring: Keyring) -> int:
    """An advance: a receipt about this order, whose credit the bill uses up."""
    voucher = credits.receive(
        db, customer_id=row.customer_id, purpose=ADVANCE, payments=payments, keyring=keyring, till_id=row.till_id,
        about_id=row.id,
    )  # fmt: skip
    credit = credits.find_opened_by(db, voucher.id, ADVANCE)
    assert credit is not None  # an advance opens one
    db.add(OrderAdvance(
        credit_id=credit.id, order_id=row.id, receipt_id=voucher.id, paise=voucher.total_paise, at=voucher.issued_at
    ))  # fmt: skip
    db.flush()
    return voucher.total_paise


def _place_here(db: ShopSession) -> Place:
    """The till that the actor sits at, else the oldest."""
    places = list_places(db)
    return next((place for place in places if place.till_id == db.actor.till_id), places[0])
