"""The API as it is described, against the API as it is: requests that schemathesis makes up from the description.

The seed is fixed: the same description is asked the same things. Addresses name things that there are, so that most
requests reach their rules; the others are test_addresses' matter.
"""

from collections import Counter
from dataclasses import dataclass
from itertools import product
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from schemathesis import GenerationMode
from schemathesis.core.failures import FailureGroup
from schemathesis.core.parameters import ParameterLocation
from schemathesis.specs.openapi import checks

from tests.support.cast import make_admin
from tests.support.good_asks import GOOD, Ask, Stage, an_address, headers_of

SEED = 20260401
EXAMPLES = 1
PER_ROUND = 40
CHECKS = [
    schemathesis.checks.not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
]
ENDING = ("sign_out", "sign_out_everywhere", "change_password")  # their caller's token counts no more afterwards


@pytest.fixture(scope="session")
def described(flask_app) -> Any:
    """Without its sign-in, which these tests bring along: spoilt sign-ins are test_headers' matter."""
    spec = flask_app.test_client().get("/api/v1/openapi.json").json
    del spec["security"], spec["components"]["securitySchemes"]
    loaded = schemathesis.openapi.from_dict(spec)
    loaded.app = flask_app
    return loaded


def endpoints(app) -> dict[str, str]:
    return {rule.endpoint.replace(".", "_"): rule.endpoint for rule in app.url_map.iter_rules()}


def caller(stage: Stage, endpoint: str) -> Ask:
    """Who asks, about what: as in the good request, where there is one."""
    if endpoint in GOOD:
        return GOOD[endpoint](stage)
    if endpoint.endswith(ENDING):
        om = endpoint.startswith("console")
        return Ask(admin(stage) if om else stage.somebody()[2], {}, None)
    if endpoint == "people.remove_member":
        return Ask(stage.asha.token, {"person_id": stage.somebody()[0]}, None)
    if endpoint == "people.withdraw_invitation":
        return Ask(stage.asha.token, {"invitation_id": stage.invitation("uma@example.test").invitation.id}, None)
    if endpoint == "customers.leave_family":  # another than the one that the other tests look at
        return Ask(stage.asha.token, {"customer_id": stage.relative()}, None)
    if endpoint == "auth.decline_invitation":
        ask = GOOD["auth.accept_invitation"](stage)
        return Ask(ask.token, ask.places, None)
    return Ask((stage.cast.om if endpoint.startswith("console") else stage.asha).token, {}, None)


def admin(stage: Stage) -> str:
    """A second super-admin, who may be signed out."""
    return make_admin(stage.runtime, "Uma", an_address()).token


@pytest.mark.fault(20)
@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE], ids=lambda mode: str(mode.value))
def test_the_description_holds(described, stage, mode):
    """No 5xx, nothing undescribed, every reply as described; what does not fit the description is refused."""
    found, statuses = [], Counter()
    names = endpoints(stage.app)
    for result in described.get_all_operations():
        operation = result.ok()
        varies = bool(operation.body or operation.query)
        if varies or mode is GenerationMode.POSITIVE:
            endpoint = names[operation.definition.raw["operationId"]]
            asking = Asking(stage, operation, endpoint, mode, statuses)
            found += asking.problems(EXAMPLES)
    assert not found, "\n\n".join(found)
    assert statuses.total() > 150
    assert statuses[200] > 45 or mode is GenerationMode.NEGATIVE  # not everything is refused
    assert not statuses[401]


@pytest.mark.fault(20)
@pytest.mark.long
def test_the_description_holds_however_often_it_is_asked(described, stage, count, seed, measured):
    """A hundred thousand requests that schemathesis makes up, spoilt and whole: no 5xx, nothing undescribed."""
    wanted, statuses, found, rounds = count(100_000), Counter(), [], 0
    names = endpoints(stage.app)
    operations = [result.ok() for result in described.get_all_operations()]
    operations = [one for one in operations if one.body or one.query]
    while statuses.total() < wanted and not found:
        for operation, mode in product(operations, (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)):
            endpoint = names[operation.definition.raw["operationId"]]
            asking = Asking(stage, operation, endpoint, mode, statuses, seed + rounds)
            found += asking.problems(PER_ROUND)
        rounds += 1
    server_errors = sum(times for status, times in statuses.items() if status >= 500)
    measured(cases=statuses.total(), server_errors=server_errors, statuses=dict(sorted(statuses.items())))
    assert not found, "\n\n".join(found)
    assert statuses.total() >= wanted
    assert server_errors == 0


@dataclass
class Asking:
    """Asks one operation what schemathesis makes up, as somebody who may."""

    stage: Stage
    operation: Any
    endpoint: str
    mode: GenerationMode
    statuses: Counter[int]
    seed: int = SEED

    def __post_init__(self) -> None:
        self.ask = caller(self.stage, self.endpoint)

    def problems(self, examples: int) -> list[str]:
        cases = self.operation.as_strategy(generation_mode=self.mode)
        try:
            seed(self.seed)(quick(examples)(given(case=cases)(self.hold)))()
        except FailureGroup as group:
            return [f"{self.operation.label}: " + "; ".join(str(one) for one in group.exceptions)]
        return []

    def hold(self, case: Any) -> None:
        for name in case.path_parameters or {}:
            case.path_parameters[name] = str({**self.stage.places, **self.ask.places}[name])
        case.headers.clear()  # headers are test_headers' matter, too
        reply = case.call(headers=headers_of(self.ask, self.operation.method.upper()))
        self.statuses[reply.status_code] += 1
        if reply.status_code < 300 or reply.status_code == 429:
            self.ask = caller(self.stage, self.endpoint)
        case.validate_response(reply, checks=CHECKS)
        if spoilt_in(case) and reply.status_code < 400:
            raise FailureGroup([AssertionError(f"took {case.query} {case.body!r}"[:500])], "taken")


def spoilt_in(case: Any) -> bool:
    """Whether body or arguments do not fit the description."""
    if any(value in ([], {}) for value in (case.query or {}).values()):
        return False  # it has no form in an address: what is sent may well fit
    places = (ParameterLocation.BODY, ParameterLocation.QUERY)
    parts = [case.meta.components[place] for place in places if place in case.meta.components]
    return any(part.mode is GenerationMode.NEGATIVE for part in parts)


def quick(examples: int) -> Any:
    """Made up without a memory of earlier runs, and not made smaller: the first find is told as it is."""
    return settings(
        max_examples=examples, database=None, deadline=None, phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
