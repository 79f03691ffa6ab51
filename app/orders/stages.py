"""Owns the stages that orders and repairs go through: dated data, corrected without a release."""

import datetime as dt
from dataclasses import dataclass
from pathlib import Path

from app.kit.dated import read_table, remembered
from app.kit.texts import _
from app.orders.errors import OrderFactsWrong, StageNotNext

DATA = Path(__file__).parent / "data" / "order_stages.json"
TAKEN, WITH_KARIGAR, READY, DELIVERED, CANCELLED = "taken", "with_karigar", "ready", "delivered", "cancelled"
ESTIMATED, AGREED, DECLINED, IN_WORK, HANDED_BACK = "estimated", "agreed", "declined", "in_work", "handed_back"


@dataclass(frozen=True, slots=True)
class Stage:
    """A stage of one kind of order; `next` are those that a person may bring it to."""

    kind: str
    stage: str
    name: str
    next: tuple[str, ...]
    closes: bool
    by: str  # hand | room
    valid_from: dt.date
    valid_to: dt.date | None


@remembered
def _stages() -> tuple[Stage, ...]:
    return tuple(
        Stage(
            row["kind"], row["stage"], row["name"], tuple(row["next"]), row["closes"], row["by"],
            dt.date.fromisoformat(row["valid_from"]),
            dt.date.fromisoformat(row["valid_to"]) if row["valid_to"] else None,
        )
        for row in read_table(DATA)["records"]
    )  # fmt: skip


def list_stages(kind: str, on: dt.date) -> tuple[Stage, ...]:
    """The stages of a kind on a day, in the order of the board."""
    return tuple(
        one
        for one in _stages()
        if one.kind == kind and one.valid_from <= on and (one.valid_to is None or on <= one.valid_to)
    )


def stage_of(kind: str, stage: str, on: dt.date) -> Stage:
    """Raises OrderFactsWrong for a stage that there is not."""
    found = next((one for one in list_stages(kind, on) if one.stage == stage), None)
    if found is None:
        raise OrderFactsWrong(_("There is no such stage."), fields={"stage": "unknown"})
    return found


def check_step(kind: str, stage: str, to: str, on: dt.date) -> Stage:
    """Where a person brings an order to; raises StageNotNext naming where it can go."""
    wanted, here = stage_of(kind, to, on), stage_of(kind, stage, on)
    if wanted.by != "hand" or to not in here.next:
        names = ", ".join(one.name for one in list_stages(kind, on) if one.stage in here.next)
        message = _("From “%(here)s” it goes on to: %(names)s.", here=here.name, names=names or "—")
        raise StageNotNext(message, fields={"stage": "not next"})
    return wanted
