"""The cash book's API: drawers opened, counted, handed over; cash moved by hand; entries listed."""

from typing import Any
from uuid import UUID

from app.cash import service
from app.cash.schemas import (
    CashEntryPage,
    CashMoveIn,
    CashTransferIn,
    CountedOut,
    CountIn,
    DrawerEdit,
    DrawerOut,
    DrawersOut,
    EntryArgs,
    HandOverIn,
    HandoverOut,
    HandoversOut,
    MovedOut,
    RefusalIn,
    count_of,
    signed,
)
from app.cash.service import CountedDrawer, DrawerView, EntryKind, HandoverView, Line, Moved
from app.kit.http import allow, api_blueprint, expected_version, shop_read, shop_write, versioned
from app.kit.paging import Page

blueprint = api_blueprint("cash", "/cash", description="The tills' drawers and the cash book.")


@blueprint.get("/drawers")
@allow("cash.view")
@blueprint.response(200, DrawersOut)
def list_drawers(shop_id: int) -> dict[str, Any]:
    """Every till's drawer, and what the safe holds. Version 0 is a drawer that was never counted."""
    drawers, safe = shop_read(lambda db: (service.list_drawers(db), service.safe_paise(db)))
    return {"drawers": drawers, "safe_paise": safe}


@blueprint.patch("/drawers/<id:till_id>")
@allow("day.close")
@blueprint.arguments(DrawerEdit)
@blueprint.response(200, DrawerOut)
def change_drawer(body: dict[str, Any], shop_id: int, till_id: UUID) -> DrawerView:
    """Whether whoever counts this drawer is told what to expect; needs If-Match."""
    version = expected_version()
    return shop_write(lambda db: service.set_blind(db, till_id=till_id, expected_version=version, blind=body["blind"]))


@blueprint.post("/drawers/<id:till_id>/open")
@versioned
@allow("cash.handle")
@blueprint.arguments(CountIn)
@blueprint.response(201, CountedOut)
def open_shift(body: dict[str, Any], shop_id: int, till_id: UUID) -> CountedDrawer:
    """Begin a shift with what the drawer was counted to hold; needs If-Match with the drawer's version."""
    version, count = expected_version(), count_of(body)
    return shop_write(lambda db: service.open_shift(db, till_id=till_id, expected_version=version, count=count))


@blueprint.post("/drawers/<id:till_id>/close")
@versioned
@allow("cash.handle")
@blueprint.arguments(CountIn)
@blueprint.response(201, CountedOut)
def close_shift(body: dict[str, Any], shop_id: int, till_id: UUID) -> CountedDrawer:
    """Count the drawer and end its shift; a difference needs a note and is booked. Needs If-Match."""
    version, count = expected_version(), count_of(body)
    return shop_write(lambda db: service.close_shift(db, till_id=till_id, expected_version=version, count=count))


@blueprint.post("/drawers/<id:till_id>/hand-over")
@versioned
@allow("cash.handle")
@blueprint.arguments(HandOverIn)
@blueprint.response(201, HandoverOut)
def hand_over(body: dict[str, Any], shop_id: int, till_id: UUID) -> HandoverView:
    """Count the drawer, end its shift and give it to somebody, who confirms; needs If-Match."""
    version, count, to_whom = expected_version(), count_of(body), body["to_whom"]
    return shop_write(
        lambda db: service.hand_over(db, till_id=till_id, expected_version=version, count=count, to_whom=to_whom)
    )


@blueprint.get("/handovers")
@allow("cash.view")
@blueprint.response(200, HandoversOut)
def list_handovers(shop_id: int) -> dict[str, Any]:
    """Drawers that were handed over and wait to be taken."""
    return {"items": shop_read(service.list_waiting)}


@blueprint.post("/handovers/<id:handover_id>/take")
@versioned
@allow("cash.handle")
@blueprint.arguments(CountIn)
@blueprint.response(201, CountedOut)
def take_over(body: dict[str, Any], shop_id: int, handover_id: UUID) -> CountedDrawer:
    """Confirm a handover by counting and go on with the next shift; only whom it was given to. Needs If-Match."""
    version, count = expected_version(), count_of(body)
    return shop_write(lambda db: service.take_over(db, handover_id=handover_id, expected_version=version, count=count))


@blueprint.post("/handovers/<id:handover_id>/refuse")
@versioned
@allow("cash.handle")
@blueprint.arguments(RefusalIn)
@blueprint.response(200, HandoverOut)
def refuse_handover(body: dict[str, Any], shop_id: int, handover_id: UUID) -> HandoverView:
    """Say no to a handover, with the reason; needs If-Match."""
    version = expected_version()
    return shop_write(
        lambda db: service.refuse_handover(db, handover_id=handover_id, expected_version=version, note=body["note"])
    )


@blueprint.post("/handovers/<id:handover_id>/recall")
@versioned
@allow("cash.view")
@blueprint.arguments(RefusalIn)
@blueprint.response(200, HandoverOut)
def recall_handover(body: dict[str, Any], shop_id: int, handover_id: UUID) -> HandoverView:
    """Call a drawer back that nobody has taken yet: its giver, or whoever may close days. Needs If-Match."""
    version = expected_version()
    return shop_write(
        lambda db: service.recall_handover(db, handover_id=handover_id, expected_version=version, note=body["note"])
    )


@blueprint.get("/entries")
@allow("cash.view")
@blueprint.arguments(EntryArgs, location="query")
@blueprint.response(200, CashEntryPage)
def list_entries(args: dict[str, Any], shop_id: int) -> Page[Line]:
    """A page of the cash book, the newest first."""
    return shop_read(lambda db: service.list_entries(db, **args))


@blueprint.post("/entries")
@allow("cash.handle")
@blueprint.arguments(CashMoveIn)
@blueprint.response(201, MovedOut)
def move_by_hand(body: dict[str, Any], shop_id: int) -> Moved:
    """Book cash that came or went with a reason and no document."""
    kind = EntryKind(body["kind"])
    paise = signed(kind, body["paise"], out=body["out"])
    return shop_write(
        lambda db: service.move_by_hand(db, till_id=body["till_id"], kind=kind, paise=paise, note=body["note"])
    )


@blueprint.post("/transfers")
@allow("cash.handle")
@blueprint.arguments(CashTransferIn)
@blueprint.response(201, MovedOut)
def transfer(body: dict[str, Any], shop_id: int) -> Moved:
    """Cash from one drawer to another, or to and from the safe."""
    return shop_write(lambda db: service.transfer(db, **body))
