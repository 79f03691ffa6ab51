"""Bad input anywhere gets a clear 4xx with a stable code, nothing half-written, never a 500: generated from the API.

Every route of the API is in it by being there; the values come from tests/support/bad_input.py, and the good requests
that are spoilt from tests/support/good_asks.py.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property

import orjson
import pytest
from werkzeug.test import TestResponse

from tests.support.bad_input import (
    HUGE,
    ODD_VALUES,
    UNREADABLE,
    Description,
    Rows,
    Slot,
    changed,
    reaches,
    slots,
    spoilt,
    unclear,
    with_raw,
    wrong,
)
from tests.support.good_asks import GOOD, Ask, Stage, is_elsewhere

PAUSING = frozenset({"platform_audit_log", "platform_audit_head"})
"""A pause after failed sign-ins is on record: the only thing that a refusal writes, beside the counts themselves."""


@dataclass
class Spoiler:
    """Sends spoilt forms of one route's good request; collects what was not refused as it should be."""

    stage: Stage
    description: Description
    rows: Rows
    endpoint: str
    problems: list[str] = field(default_factory=list)
    before: dict[str, tuple[int, str]] | None = None

    def __post_init__(self) -> None:
        self.method = self.description.operations[self.operation][0]
        self.renew()
        self.look()

    @property
    def operation(self) -> str:
        return self.endpoint.replace(".", "_")

    @cached_property
    def slots(self) -> list[Slot]:
        found = slots(self.description.body_of(self.operation))
        return [slot for slot in found if not is_elsewhere(self.endpoint, slot.path)]

    @property
    def raw_place(self) -> Slot:
        """The last that is no member of a list: there, nothing at all would be a shorter list."""
        return [slot for slot in self.slots if not isinstance(slot.path[-1], int)][-1]

    def renew(self) -> None:
        """Another good request; what was there before has changed by it."""
        self.ask = GOOD[self.endpoint](self.stage)
        self.before = None

    def look(self) -> None:
        """At what must not change from now on."""
        self.before = self.rows.now()

    def send(self, spoil: Callable[[Ask], bytes]) -> TestResponse:
        """Where the sender is paused after many refusals, another one tries."""
        for _again in range(2):
            reply = self.stage.send(
                self.endpoint, self.ask, self.method, data=spoil(self.ask), content_type="application/json"
            )
            if reply.status_code != 429:
                return reply
            seen = self.before is not None
            if seen:
                self.unchanged("until it was paused", but=PAUSING)
            self.renew()
            if seen:
                self.look()
        return reply

    def send_with(self, value: object, *places: Slot) -> TestResponse:
        """The good request with the value at each of the places."""
        return self.send(lambda ask: orjson.dumps(spoilt(ask.body, *(slot.path for slot in places), value=value)))

    def send_raw(self, raw: bytes, place: Slot) -> TestResponse:
        return self.send(lambda ask: with_raw(ask.body, place.path, raw))

    def unchanged(self, what: str, *, but: frozenset[str] = frozenset()) -> None:
        """Nothing was written since the last look."""
        assert self.before is not None
        tables = set(changed(self.before, self.rows.now())) - but
        self.blame(what, f"wrote to {sorted(tables)}" if tables else "")

    def blame(self, what: str, problem: str) -> None:
        if problem:
            self.problems.append(f"{self.endpoint}, {what}: {problem}")


@pytest.fixture
def spoiler(stage, description, rows, endpoint) -> Spoiler:
    return Spoiler(stage, description, rows, endpoint)


def shown(value: object) -> str:
    return ascii(value)[:60]


# ---------------------------------------------------------------- bodies


def test_every_route_with_a_body_has_a_good_request(description):
    """Else nothing would be spoilt."""
    with_body = {name for name in description.operations if description.body_of(name) is not None}
    assert {endpoint.replace(".", "_") for endpoint in GOOD} == with_body


@pytest.mark.parametrize("endpoint", GOOD)
def test_the_good_request_is_taken_and_names_every_field(spoiler, description):
    """The tests below would also be green if everything were refused."""
    reply = spoiler.send(lambda ask: orjson.dumps(ask.body))
    assert 200 <= reply.status_code < 300, reply.text
    assert wrong(description, spoiler.operation, reply) == ""
    missing = [str(slot) for slot in spoiler.slots if not reaches(spoiler.ask.body, slot.path)]
    assert not missing


@pytest.mark.fault(20)
@pytest.mark.parametrize("endpoint", GOOD)
def test_what_a_field_does_not_take_is_refused_and_named(spoiler):
    """Each odd value in all fields at once that do not take it: one reply has to name them all."""
    for value in ODD_VALUES[list(GOOD).index(spoiler.endpoint) % 3 :: 3]:  # three neighbours have them all
        for together in batches(spoiler.slots, value):
            reply = spoiler.send_with(value, *together)
            what = f"{shown(value)} in {', '.join(map(str, together))}"
            spoiler.blame(what, unclear(reply) or unnamed(reply, together))
    for raw, code in UNREADABLE:
        reply = spoiler.send_raw(raw, spoiler.raw_place)
        spoiler.blame(f"raw {raw[:30]!r}", unclear(reply) or ("" if reply.json["code"] == code else reply.json["code"]))
    spoiler.unchanged("odd values", but=PAUSING)
    assert not spoiler.problems, "\n".join(spoiler.problems)


def batches(places: list[Slot], value: object) -> Iterator[list[Slot]]:
    """The places that do not take the value: plain ones together, each list and object by itself, huge ones once."""
    wrong_here = [slot for slot in places if not slot.takes(value)]
    holders = {slot.path[:-1] for slot in places}
    plain = [slot for slot in wrong_here if slot.path not in holders]
    yield from ([slot] for slot in wrong_here if slot.path in holders)
    if plain:
        yield plain[-1:] if value in HUGE else plain


def unnamed(reply: TestResponse, together: list[Slot]) -> str:
    if reply.json["code"] != "invalid_input":
        return f"{reply.json['code']}, not invalid_input"
    missing = [str(slot) for slot in together if not any(name.startswith(str(slot)) for name in reply.json["fields"])]
    return f"does not name {missing}, only {reply.json['fields']}" if missing else ""


IN_EVERY_RUN = [one for place, one in enumerate(GOOD) if place % 15 == 0 or one.startswith(("invoices.", "credits."))]
"""The others are `long`: what reads a field is one code for all, what a room makes of it is not."""


@pytest.mark.fault(20)
@pytest.mark.parametrize(
    "endpoint", [one if one in IN_EVERY_RUN else pytest.param(one, marks=pytest.mark.long) for one in GOOD]
)
def test_what_a_field_takes_in_form_is_kept_or_refused(spoiler):
    """Each odd value that the description lets through, in one field at a time: rules may refuse it, nothing breaks."""
    refused, taken = [], 0
    for slot in spoiler.slots:
        for value in slot.telling:
            reply = spoiler.send_with(value, slot)
            spoiler.blame(f"{shown(value)} in {slot}", wrong(spoiler.description, spoiler.operation, reply))
            if reply.status_code >= 400:
                refused.append((slot, value))
            else:
                taken += 1
                spoiler.renew()
    if taken:  # what was refused between two successes is sent once more, with nothing taken in between
        spoiler.look()
        for slot, value in refused:
            reply = spoiler.send_with(value, slot)
            spoiler.blame(f"{shown(value)} in {slot} once more", "" if reply.status_code >= 400 else "taken")
    spoiler.unchanged("values against a rule", but=PAUSING)
    assert not spoiler.problems, "\n".join(spoiler.problems)
