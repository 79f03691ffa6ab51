"""Owns states and places of supply: which state a code names on a day, and where a sale is held to take place."""

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum

from app.kit.texts import _
from app.tax.errors import UnknownState
from app.tax.tables import State, current_tables, holds_on

FOREIGN = "96"
"""Outside India: a place of supply only, always inter-state."""

OTHER_TERRITORY = "97"
"""Waters and lands of India that belong to no state; an ordinary place of supply, with registrations of its own."""


class Handover(StrEnum):
    """How the buyer gets the goods; it decides the place of supply."""

    COUNTER = "counter"
    SHIPPED = "shipped"


@dataclass(frozen=True, slots=True)
class Supply:
    """Where a sale takes place and what taxes therefore lie on it."""

    place: State
    inter_state: bool
    taxed: bool = True  # False: composition dealer or exempt sale, on a bill of supply

    @property
    def state_head(self) -> str:
        """Name of the state's half: SGST, or UTGST in a union territory without a legislature."""
        return "UTGST" if self.place.territory_tax else "SGST"


def find_state(code: str, on: dt.date) -> State | None:
    return next((state for state in current_tables().states if state.code == code and holds_on(state, on)), None)


def state_of(code: str, on: dt.date, *, field: str = "stateCode") -> State:
    """The state that a code names on a day; `field` is where it was read. Raises UnknownState."""
    state = find_state(code, on)
    if state is None:
        raise UnknownState(
            _("No state has the GST code “%(code)s” on %(on)s.", code=code[:8], on=f"{on:%d-%m-%Y}"),
            fields={field: "unknown"},
        )
    return state


def list_states(on: dt.date) -> tuple[State, ...]:
    """All that can be a place of supply on a day, by code."""
    return tuple(sorted((s for s in current_tables().states if holds_on(s, on)), key=lambda state: state.code))


def supply_of(
    *,
    shop_state: str,
    on: dt.date,
    handover: Handover = Handover.COUNTER,
    destination: str | None = None,
    to_sez: bool = False,
    taxed: bool = True,
) -> Supply:
    """Place of supply (IGST Act s.10): over the counter the shop's own state, shipped the destination's.

    Another state or another country is inter-state; so is a special economic zone, wherever it lies (s.7(5)(b)).
    """
    shop = state_of(shop_state, on)
    if not shop.registers:
        raise UnknownState(
            _("A shop cannot be registered in %(name)s.", name=shop.name), fields={"shopState": "cannot register"}
        )
    if handover is Handover.COUNTER:
        place = shop
    elif destination is None:
        raise UnknownState(_("Goods that are shipped need the state they go to."), fields={"shipTo": "missing"})
    else:
        place = state_of(destination, on, field="shipTo")
    return Supply(place=place, inter_state=place.code != shop.code or to_sez, taxed=taxed)
