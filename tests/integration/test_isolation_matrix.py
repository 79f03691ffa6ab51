"""Every address of Asha's shop, called by everybody who must not, by every method: generated from the app's own map.

A new route is in it by being there. What must come back follows from what the route declares of who may call it."""

import base64
import datetime as dt
import re
import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from flask import Flask
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from app.kit.access import Access, Who, access_of
from app.kit.ids import new_id
from app.kit.runtime import Runtime
from tests.factories.people import a_customer
from tests.factories.rates import a_board
from tests.factories.stock import an_item
from tests.support.cast import Cast, Somebody, issue
from tests.support.world import World, furnish, rows_of

LOOKING = ("GET",)
QUIET = {"HEAD", "OPTIONS"}
SHOP_COOKIE, CONSOLE_COOKIE = "boola_session", "boola_console"
SIGN_IN_PAGES = ("/sign-in", "/console/sign-in")

# Bodies with which a write gets as far as looking for its thing. A new write on a thing needs a line here.
BODIES: dict[str, dict[str, object]] = {
    "approvals.decide": {"grant": True},
    "cash.change_drawer": {"blind": True},
    "cash.close_shift": {"pieces": []},
    "cash.hand_over": {"pieces": [], "toWhom": "018f0000-0000-7000-8000-000000000000"},
    "cash.open_shift": {"pieces": []},
    "cash.recall_handover": {"note": "not mine"},
    "cash.refuse_handover": {"note": "not mine"},
    "cash.take_over": {"pieces": []},
    "customers.edit_customer": {"name": "Somebody else"},
    "lots.draw_from_lot": {"kind": "lost", "reason": "fell down", "netMg": 1},
    "lots.merge_lots": {"lotIds": ["01890a5d-ac96-774b-bcce-b302099a8057"]},
    "lots.split_lot": {"code": "PART", "netMg": 1},
    "lots.tag_from_lot": {
        "tag": "X-1",
        "name": "Ring",
        "category": "ring",
        "purity": {"metal": "gold", "fineness": 9950},
        "grossMg": 1,
    },
    "lots.weigh_lot": {"reason": "weighed again", "netMg": 1},
    "melts.finish_melt": {
        "result": {"code": "POUR", "name": "Bar", "kind": "bullion", "metal": "gold", "fineness": 9950, "netMg": 1},
    },
    "places.change_tray": {"name": "Safe", "active": True},
    "purchases.return_purchase": {"lineIds": ["01890a5d-ac96-774b-bcce-b302099a8057"], "reason": "wrong size"},
    "suppliers.edit_supplier": {"name": "Somebody else"},
    "suppliers.pay_supplier": {"paise": 1, "mode": "bank"},
    "credits.pay_out": {"payments": [{"mode": "upi", "paise": 1}], "reason": "asked for"},
    "customer_merges.merge_customer": {
        "into": "01a22b6b-e3dc-7010-90d7-e91e4f23b2b6", "intoVersion": 1, "confirm": "Somebody else",
    },
    "customers.add_paper": {"kind": "pan", "number": "ABCPD1234F", "consent": "2026-1"},
    "customers.join_family": {"withId": "01a22b6b-e3dc-7010-90d7-e91e4f23b2b6", "relation": "son"},
    "customers.keep_scan": {"uploadKey": "1/a-scan"},
    "customers.set_days": {"days": []},
    "invoices.issue_credit_note": {"reason": "brought back"},
    "invoices.issue_debit_note": {"reason": "too little", "amounts": [{"taxablePaise": 100}]},
    "invoices.cancel_bill": {"reason": "wrong piece", "handedOver": False},
    "items.edit_item": {"name": "Another ring"},
    "items.withdraw_item": {"reason": "melted down"},
    "schemes.collect_instalment": {"payments": [{"mode": "upi", "paise": 1}]},
    "schemes.close_scheme": {"reason": "moves away"},
    "schemes.refund_scheme": {"reason": "moves away", "payments": [{"mode": "upi", "paise": 1}]},
    "schemes.take_back_instalments": {"reason": "bounced", "receiptId": "01890000-0000-7000-8000-000000000000"},
    "karigar_jobs.cancel_job": {"reason": "not wanted"},
    "karigar_jobs.put_off": {"dueOn": "2030-01-01"},
    "karigars.note_bill": {
        "number": "1",
        "billedOn": "2026-11-01",
        "jobs": [{"jobId": "01900000-0000-7000-8000-000000000000", "labourPaise": 1}],
    },
    "karigars.open_job": {
        "work": "plain",
        "description": "Ring",
        "metal": "gold",
        "fineness": 9160,
        "dueOn": (dt.datetime.now(dt.UTC) + dt.timedelta(days=30)).date().isoformat(),
    },
    "karigars.pay": {"mode": "upi", "paise": 1},
    "karigars.set_wastage": {"work": "plain", "validFrom": "2026-11-01", "allowedBp": 100},
    "orders.cancel": {"reason": "not wanted"},
    "orders.move_on": {"stage": "ready"},
    "orders.put_off": {"dueOn": "2030-01-01"},
    "orders.take_advance": {"payments": [{"mode": "upi", "paise": 1}]},
    "people.change_role": {"role": "manager"},
    "repairs.give_estimate": {"paise": 1},
    "repairs.hand_back": {"grossOutMg": 1},
    "repairs.note_answer": {"agreed": True, "by": "phone"},
    "repairs.set_charge": {"paise": 1},
    "repairs.use": {"description": "a clasp"},
    "imports.start_import": {"onlyIfAllGood": False},
    "stocktakes.decide_findings": {
        "findingIds": ["01890a5d-ac96-774b-bcce-b302099a8057"], "decision": "found", "reason": "it lay behind",
    },
    "stocktakes.scan": {"scans": [{"code": "R-1"}]},
    "profile.change_outlet": {"city": "Pune"},
    "profile.change_registration": {"legalName": "Somebody else"},
    "profile.rename_till": {"name": "Another counter"},
    "receipts.take_back": {"reason": "a slip"},
}  # fmt: skip


FORM = {
    "version": "1", "reason": "brought back", "name": "Somebody else", "mode": "upi", "amount": "1", "bar": "1",
    "fineness": "99", "code": "BAR-1", "receipt_id": "01890000-0000-7000-8000-000000000000",
}  # fmt: skip  # what pages' forms on a thing need


@dataclass(frozen=True)
class Route:
    """One address with one method."""

    rule: Rule
    method: str
    access: Access

    @property
    def page(self) -> bool:
        return not self.rule.rule.startswith("/api/")

    @property
    def console(self) -> bool:
        return self.rule.rule.startswith(("/console", "/api/v1/console"))

    @property
    def audience(self) -> str:
        return "console" if self.console else "shop"

    @property
    def of_a_shop(self) -> bool:
        """Whether only the shop's own people belong here; the console's addresses name shops too."""
        return not self.console and bool({"shop_id", "shop_slug"} & self.rule.arguments)

    @property
    def things(self) -> set[str]:
        """The parameters that name a thing within a shop."""
        return self.rule.arguments - {"shop_id", "shop_slug"} if self.of_a_shop else set()

    def __str__(self) -> str:
        return f"{self.method} {self.rule.rule}"


@dataclass(frozen=True)
class Caller:
    """Who calls, with which token, and as what the route must see them."""

    name: str
    token: str | None
    member_of_asha: Somebody | None = None
    audience: str = ""  # empty: nobody is signed in by this token
    extra: dict[str, str] = field(default_factory=dict)


def routes(app: Flask) -> Iterator[Route]:
    for rule in app.url_map.iter_rules():
        access = access_of(app.view_functions[rule.endpoint])
        assert access is not None, f"{rule.endpoint} does not say who may call it"
        for method in sorted((rule.methods or set()) - QUIET):
            yield Route(rule, method, access)


@pytest.fixture(scope="module")
def world(runtime: Runtime, standing_cast: Cast) -> World:
    return furnish(runtime, standing_cast)


@pytest.fixture(scope="module")
def callers(runtime: Runtime, standing_cast: Cast) -> dict[str, Caller]:
    cast = standing_cast
    asha = cast.asha
    good = asha.token
    return {
        one.name: one
        for one in (
            Caller("nobody", None),
            Caller("an expired token", expired(runtime, good)),
            Caller("a forged token", forged(good)),
            Caller("a token of nobody's key", with_foreign_key(good)),
            Caller("an unsigned token", unsigned(good)),
            Caller("a session signed out", issue(runtime, asha.person_id, "Asha", session_version=0)),
            Caller("a person who does not exist", issue(runtime, new_id(), "X")),
            Caller("Om of the console", cast.om.token, audience="console"),
            Caller("Ravi of the same shard", cast.ravi.token, audience="shop"),
            Caller("Zoya of the other shard", cast.zoya.token, audience="shop"),
            Caller("Bina the clerk", cast.bina.token, member_of_asha=cast.bina, audience="shop"),
            Caller("Meera the accountant", cast.meera.token, member_of_asha=cast.meera, audience="shop"),
        )
    }


def expired(runtime: Runtime, token: str) -> str:
    """The same token, ended an hour ago, under the true key."""
    tokens = runtime.identity.sign_ins.tokens
    signer = tokens._keys.signer()
    claims = jwt.decode(token, options={"verify_signature": False})
    ended = int((dt.datetime.now(dt.UTC) - dt.timedelta(hours=1)).timestamp())
    claims |= {"exp": ended, "iat": ended - 86_400, "nbf": ended - 86_400, "jti": str(new_id())}
    return jwt.encode(claims, signer.private, algorithm="EdDSA", headers={"kid": signer.kid})


def forged(token: str) -> str:
    """One letter of the claims changed; the signature stays."""
    head, claims, signature = token.split(".")
    raw = bytearray(base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))
    place = raw.index(b'"sub"') + 8
    raw[place] = ord("0") if raw[place] != ord("0") else ord("1")
    return ".".join((head, base64.urlsafe_b64encode(bytes(raw)).decode().rstrip("="), signature))


def with_foreign_key(token: str) -> str:
    """Signed by a key of one's own, under the true key's name."""
    head = jwt.get_unverified_header(token)
    claims = jwt.decode(token, options={"verify_signature": False})
    return jwt.encode(claims, Ed25519PrivateKey.generate(), algorithm="EdDSA", headers={"kid": head["kid"]})


def unsigned(token: str) -> str:
    """The classic: an algorithm called none."""
    claims = jwt.decode(token, options={"verify_signature": False})
    return jwt.encode(claims, None, algorithm="none", headers={"kid": jwt.get_unverified_header(token)["kid"]})


CALLERS = [
    "nobody", "an expired token", "a forged token", "a token of nobody's key", "an unsigned token",
    "a session signed out", "a person who does not exist", "Om of the console", "Ravi of the same shard",
    "Zoya of the other shard", "Bina the clerk", "Meera the accountant",
]  # fmt: skip


def address(app: Flask, route: Route, shop: Somebody, world: World) -> str:
    """The route's address in somebody's shop, with Asha's things in it."""
    places = {"shop_id": shop.shop_id, "shop_slug": shop.shop.slug}
    unknown = route.rule.arguments - places.keys() - world.things.keys()
    if unknown and route.access.who is not Who.PUBLIC:
        pytest.fail(f"{route}: give tests/support/world.py a thing of Asha's for {', '.join(sorted(unknown))}")
    values = {name: {**world.things, **places}.get(name, "x") for name in route.rule.arguments}
    return app.url_map.bind("shop.test").build(route.rule.endpoint, values, method=route.method)


def call(app: Flask, route: Route, path: str, token: str | None) -> TestResponse:
    """As a browser (pages: cookies) or a program (API: header) sends it; a write says which version it changes."""
    client = app.test_client()
    headers = {}
    if token is not None and route.page:
        client.set_cookie(CONSOLE_COOKIE if path.startswith("/console") else SHOP_COOKIE, token)
    elif token is not None:
        headers["Authorization"] = f"Bearer {token}"
    if route.method not in LOOKING:
        headers |= {"If-Match": '"1"', "Idempotency-Key": secrets.token_hex(16)}
    if route.page or route.method in LOOKING:
        return client.open(path, method=route.method, headers=headers)
    return client.open(path, method=route.method, headers=headers, json=BODIES.get(route.rule.endpoint, {}))


def send_form(app: Flask, route: Route, path: str, caller: Somebody) -> TestResponse:
    """As a browser sends a form of a page of one's own shop: with the session's token against forged forms."""
    client = app.test_client()
    client.set_cookie(SHOP_COOKIE, caller.token)
    home = client.get(f"/s/{caller.shop.slug}/")
    found = re.search(r'name="csrf_token" value="([^"]+)"', home.text)
    assert found, f"the home page has no form: {home.status_code}"
    form = {"csrf_token": found[1], "idempotency_key": secrets.token_hex(16), **FORM}
    return client.open(path, method=route.method, data=form, headers={"Referer": "http://localhost/"})


def is_refused_sign_in(route: Route, response: TestResponse) -> bool:
    if response.status_code == 401:
        return True
    to_sign_in = response.status_code in (302, 303) and response.location.startswith(SIGN_IN_PAGES)
    return route.page and route.method in LOOKING and to_sign_in


def wrong(route: Route, caller: Caller, response: TestResponse) -> str:
    """What is wrong with the answer; empty where it is what the route's declaration promises."""
    status = response.status_code
    if status >= 500:
        return f"{status}: {response.text[:200]}"
    if route.access.who is Who.PUBLIC:
        return ""
    if caller.audience != route.audience:
        return "" if is_refused_sign_in(route, response) else f"{status}, not 401"
    if not route.of_a_shop:
        return "" if status not in (401, 403) else f"{status}, though it is one's own"
    if caller.member_of_asha is None:
        return "" if status == 404 else f"{status}, not 404"
    if route.access.who is Who.MEMBER and route.access.right not in caller.member_of_asha.rights:
        return "" if status == 403 else f"{status}, not 403: lacks {route.access.right}"
    return "" if status not in (401, 403) else f"{status}, though the role has {route.access.right or 'a sign-in'}"


def may_be_tried(route: Route, caller: Caller) -> bool:
    """Writes that would be let through are other tests' matter: here nothing must change."""
    if route.method in LOOKING:
        return True
    if route.access.who is Who.PUBLIC or caller.audience != route.audience:
        return route.access.who is not Who.PUBLIC
    if not route.of_a_shop:
        return False
    member = caller.member_of_asha
    return member is None or (route.access.who is Who.MEMBER and route.access.right not in member.rights)


@pytest.mark.fault(20)
@pytest.mark.parametrize("name", CALLERS)
def test_whoever_must_not_gets_nothing(flask_app, cluster, standing_cast, world, callers, name):
    asha, caller = standing_cast.asha, callers[name]
    before = rows_of(cluster, "shard-a", asha.shop_id)
    found = []
    for route in routes(flask_app):
        if may_be_tried(route, caller):
            response = call(flask_app, route, address(flask_app, route, asha, world), caller.token)
            if problem := wrong(route, caller, response):
                found.append(f"{route}: {problem}")
    assert not found, f"{name}:\n" + "\n".join(found)
    assert rows_of(cluster, "shard-a", asha.shop_id) == before, f"{name} changed something in Asha's shop"


@pytest.mark.fault(20)
@pytest.mark.parametrize("name", ["ravi", "zoya"])
def test_ones_own_shop_does_not_open_anothers_things(flask_app, cluster, standing_cast, world, name):
    """The dangerous one: signed in rightly, in one's own shop, with the id of another shop's thing."""
    asha, caller = standing_cast.asha, getattr(standing_cast, name)
    before = rows_of(cluster, "shard-a", asha.shop_id)
    found, tried = [], 0
    for route in routes(flask_app):
        if not route.things:
            continue
        path = address(flask_app, route, caller, world)
        if route.page and route.method not in LOOKING:
            response = send_form(flask_app, route, path, caller)
        else:
            response = call(flask_app, route, path, caller.token)
        tried += 1
        if response.status_code != 404:
            found.append(f"{route} ({route.rule.endpoint}): {response.status_code}, not 404: {response.text[:200]}")
    assert not found, "\n".join(found)
    assert tried > 0
    assert rows_of(cluster, "shard-a", asha.shop_id) == before, f"{name} changed something in Asha's shop"


NAMING: list[tuple[str, str, Callable[[dict[str, str]], dict[str, object]]]] = [
    ("a bill for Asha's piece", "invoices.issue_invoice", lambda its: {"lines": [{"itemId": its["item_id"]}]}),
    ("a quote for Asha's piece", "invoices.quote", lambda its: {"lines": [{"itemId": its["item_id"]}]}),
    (
        "a bill to Asha's customer",
        "invoices.issue_invoice",
        lambda its: {"lines": [{"itemId": its["own item"]}], "customerId": its["customer_id"]},
    ),
    (
        "an advance of Asha's customer",
        "receipts.receive",
        lambda its: {
            "customerId": its["customer_id"],
            "purpose": "advance",
            "payments": [{"mode": "upi", "paise": 100}],
        },
    ),
    (
        "a bill at a rate that Asha locked",
        "invoices.issue_invoice",
        lambda its: {
            "lines": [{"itemId": its["own item"], "rateLockId": its["lock_id"]}],
            "customerId": its["own customer"],
        },
    ),
    (
        "a bill that gives the bonus of Asha's scheme",
        "invoices.issue_invoice",
        lambda its: {
            "lines": [{"itemId": its["own item"]}],
            "customerId": its["own customer"],
            "schemeIds": [its["scheme_id"]],
        },
    ),
    (
        "a bill that delivers Asha's order",
        "invoices.issue_invoice",
        lambda its: {
            "lines": [{"itemId": its["own item"]}],
            "customerId": its["own customer"],
            "orderId": its["order_id"],
        },
    ),
    (
        "a bill that charges Asha's repair",
        "invoices.issue_invoice",
        lambda its: {"lines": [{"repairId": its["order_id"]}], "customerId": its["own customer"]},
    ),
    (
        "a bill that sells out of Asha's lot",
        "invoices.issue_invoice",
        lambda its: {"lines": [{"lotId": its["lot_id"], "netMg": 1000}]},
    ),
    (
        "a bill at Asha's till",
        "invoices.issue_invoice",
        lambda its: {"lines": [{"itemId": its["own item"]}], "tillId": its["till_id"]},
    ),
]


@pytest.mark.fault(20)
@pytest.mark.parametrize("name", ["ravi", "zoya"])
@pytest.mark.parametrize(("endpoint", "body"), [one[1:] for one in NAMING], ids=[one[0] for one in NAMING])
def test_a_body_does_not_open_anothers_things(flask_app, runtime, cluster, standing_cast, world, name, endpoint, body):
    """The same through what is sent: in one's own shop, naming another shop's thing."""
    asha, caller = standing_cast.asha, getattr(standing_cast, name)
    with runtime.router.shop(caller.shop_id, caller.actor) as db:
        a_board(db)
        own, customer = an_item(db), a_customer(db, runtime.keyring)
        db.commit()
    before = rows_of(cluster, "shard-a", asha.shop_id)
    named = {key: str(thing) for key, thing in world.things.items()}
    named |= {"own item": str(own.id), "own customer": str(customer.id)}
    path = flask_app.url_map.bind("shop.test").build(endpoint, {"shop_id": caller.shop_id}, method="POST")
    response = flask_app.test_client().post(path, headers=caller.writing(), json=body(named))
    assert response.status_code == 404, response.text
    assert rows_of(cluster, "shard-a", asha.shop_id) == before


def test_asha_herself_is_let_in(flask_app, standing_cast, world):
    """The matrix would also be green if nobody got in anywhere."""
    asha = standing_cast.asha
    found, seen = [], 0
    for route in routes(flask_app):
        if route.method in LOOKING and route.of_a_shop:
            response = call(flask_app, route, address(flask_app, route, asha, world), asha.token)
            seen += 1
            if response.status_code >= 400:
                found.append(f"{route}: {response.status_code}: {response.text[:200]}")
    assert not found, "\n".join(found)
    assert seen > 0


def test_an_api_takes_no_cookie(flask_app, standing_cast, world):
    """A page elsewhere can make a browser send cookies, never a header."""
    asha = standing_cast.asha
    client = flask_app.test_client()
    client.set_cookie(SHOP_COOKIE, asha.token)
    client.set_cookie(CONSOLE_COOKIE, standing_cast.om.token)
    for route in routes(flask_app):
        if not route.page and route.access.who is not Who.PUBLIC:
            path = address(flask_app, route, asha, world)
            assert client.open(path, method=route.method).status_code == 401, str(route)


def test_no_shop_is_no_different_from_anothers_shop(flask_app, standing_cast, world):
    """Numbers that are free, absurd or another's answer alike, so nobody learns which shops there are."""
    ravi = standing_cast.ravi
    client = flask_app.test_client()
    for route in routes(flask_app):
        if route.method not in LOOKING or route.page or not route.of_a_shop:
            continue
        places = {"shop_id": standing_cast.asha.shop_id, **world.things}
        replies = set()
        for shop_id in (
            standing_cast.asha.shop_id,
            standing_cast.zoya.shop_id,
            4_000_000_000,
            2**63 - 1,
            2**63,
            10**30,
            0,
        ):
            path = flask_app.url_map.bind("shop.test").build(route.rule.endpoint, {**places, "shop_id": shop_id})
            response = client.get(path, headers=ravi.headers())
            replies.add((response.status_code, response.get_json()["code"], response.get_json()["detail"]))
        assert len(replies) == 1 and next(iter(replies))[0] == 404, f"{route}: {replies}"
