"""Who a request is from and what they may do: at once here, within a minute elsewhere, with the control plane gone."""

import json

import pytest
from flask import Request
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from werkzeug.test import EnvironBuilder

from app.kit.cache import NoStore
from app.kit.clock import utc_now
from app.kit.transactions import write_control
from app.tenants import service as tenants
from app.tenants.errors import SignedOut, SignInClosed
from app.tenants.models import Person, Role
from app.tenants.service.cookies import CONSOLE_COOKIE, SHOP_COOKIE
from app.tenants.service.remembered import BELIEVED_S, Remembered
from shard_router import DirectoryUnavailable, Router
from tests.support.tenancy import PASSWORD, Tenancy


def request_of(path="/api/v1/auth/me", *, bearer=None, cookies=None):
    headers = {"Authorization": f"Bearer {bearer}"} if bearer else {}
    if cookies:
        headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in cookies.items())
    return Request(EnvironBuilder(path=path, headers=headers).get_environ())


def whose(tenancy, token, path="/api/v1/auth/me"):
    return tenancy.identity.authenticate(request_of(path, bearer=token))


# ---------------------------------------------------------------- which token counts where


def test_the_api_reads_the_header_and_pages_their_cookie(tenancy, asha):
    token = tenancy.token(asha)
    identity = tenancy.identity
    assert whose(tenancy, token).via == "header"
    assert identity.authenticate(request_of("/home", cookies={SHOP_COOKIE: token})).via == "cookie"
    assert identity.authenticate(request_of("/home", bearer=token)) is None
    assert identity.authenticate(request_of(cookies={SHOP_COOKIE: token})) is None
    assert identity.authenticate(request_of("/console/shops", cookies={SHOP_COOKIE: token})) is None


def test_a_token_of_one_face_is_nothing_at_the_other(tenancy):
    om = tenancy.person(name="Om", is_vendor_admin=True)
    shop, console = tenancy.token(om), tenancy.token(om, audience="console")
    assert whose(tenancy, console, "/api/v1/console/shops").audience == "console"
    assert whose(tenancy, shop, "/api/v1/console/shops") is None
    assert whose(tenancy, console, "/api/v1/shops/1/items") is None
    assert whose(tenancy, console, "/api/v1/consoles") is None
    page = request_of("/console/shops", cookies={CONSOLE_COOKIE: console})
    assert tenancy.identity.authenticate(page).audience == "console"


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer ", "Basic abc", "Bearer a.b.c", "bearer " + "x" * 5000])
def test_what_is_no_token_is_nobody(tenancy, header):
    builder = EnvironBuilder(path="/api/v1/auth/me", headers={"Authorization": header})
    assert tenancy.identity.authenticate(Request(builder.get_environ())) is None


# ---------------------------------------------------------------- sign-out


def test_signing_out_everywhere_holds_at_once_here_and_elsewhere_when_memory_ends(tenancy, asha):
    token = tenancy.token(asha)
    elsewhere = tenancy.another(store=NoStore())
    now = [0.0]
    elsewhere.identity._people._elapsed = lambda: now[0]
    assert whose(tenancy, token) and whose(elsewhere, token)

    write_control(tenancy.router, lambda c: tenants.sign_out_everywhere(c, person_id=asha.id, actor_id=asha.id))
    assert whose(tenancy, token) is None
    assert whose(elsewhere, token) is not None  # it still remembers
    now[0] = 60.0
    assert whose(elsewhere, token) is None


def test_what_redis_remembers_is_forgotten_with_it(tenancy, asha):
    token = tenancy.token(asha)
    assert whose(tenancy, token)
    write_control(tenancy.router, lambda c: tenants.sign_out_everywhere(c, person_id=asha.id, actor_id=asha.id))
    assert whose(tenancy.another(), token) is None


def test_two_memories_in_a_row_stay_under_a_minute():
    assert 2 * BELIEVED_S < 60


def test_signing_out_ends_one_token_and_no_other(tenancy, asha):
    first, second = tenancy.token(asha), tenancy.token(asha)
    assert whose(tenancy, first)
    tenancy.identity.sign_ins.sign_out(tenancy.identity.sign_ins.tokens.verify(first))
    assert whose(tenancy, first) is None
    assert whose(tenancy, second) is not None
    assert whose(tenancy.another(), first) is None


def test_a_disabled_person_is_nobody(tenancy, asha):
    token = tenancy.token(asha)
    assert whose(tenancy, token)

    def disable(control):
        control.get(Person, asha.id).disabled_at = utc_now()

    write_control(tenancy.router, disable)
    tenancy.identity.forget_person(asha.id)
    assert whose(tenancy, token) is None


def test_a_token_of_an_older_session_is_nobodys(tenancy, asha):
    assert whose(tenancy, tenancy.token(asha, version=2)) is None


# ---------------------------------------------------------------- rights


@pytest.fixture
def shop(tenancy, asha):
    return tenancy.open(owner_email=asha.email).shop


def principal(tenancy, person):
    return whose(tenancy, tenancy.token(person))


RIGHTS = {  # the contract's list, of 1 April 2026
    "clerk": {
        "rates.view", "stock.view", "stock.edit", "customer.view", "customer.edit", "bill.view", "bill.issue",
        "picture.edit", "settings.view",
        "approval.ask", "bill.raise_rate", "estimate.issue", "credit.view", "receipt.issue", "oldgold.view",
        "oldgold.buy", "scheme.view", "scheme.enroll", "scheme.collect", "order.view", "order.take", "order.work",
        "karigar.view", "stock.count", "cash.view", "cash.handle", "ledger.view",
    },
    "accountant": {
        "rates.view", "stock.view", "customer.view", "bill.view", "note.issue", "export.run", "report.view",
        "settings.view",
        "credit.view", "oldgold.view", "scheme.view", "order.view", "karigar.view", "cash.view", "ledger.view",
        "stock.buy", "day.close", "audit.view",
    },
}  # fmt: skip


@pytest.mark.parametrize("role", ["clerk", "accountant"])
def test_a_role_carries_its_rights(tenancy, shop, role):
    bina = tenancy.person(name="Bina")
    add(tenancy, shop, bina, Role(role))
    assert tenancy.identity.rights(principal(tenancy, bina), shop.shop_id).rights == RIGHTS[role]


def test_a_stranger_is_nothing_in_the_shop_and_neither_is_an_unknown_shop(tenancy, shop):
    ravi = principal(tenancy, tenancy.person(name="Ravi"))
    assert tenancy.identity.rights(ravi, shop.shop_id) is None
    assert tenancy.identity.rights(ravi, 987_654_321) is None


def test_leaving_holds_at_once_here_and_elsewhere_when_memory_ends(tenancy, shop, asha):
    bina = tenancy.person(name="Bina")
    add(tenancy, shop, bina, Role.CLERK)
    elsewhere = tenancy.another(store=NoStore())
    now = [0.0]
    elsewhere.identity._standings._elapsed = lambda: now[0]
    who = principal(tenancy, bina)
    assert tenancy.identity.rights(who, shop.shop_id) and elsewhere.identity.rights(who, shop.shop_id)

    write_control(
        tenancy.router,
        lambda c: tenants.remove_member(c, shop_id=shop.shop_id, person_id=bina.id, actor_id=asha.id),
    )
    assert tenancy.identity.rights(who, shop.shop_id) is None
    assert elsewhere.identity.rights(who, shop.shop_id) is not None  # it still remembers
    now[0] = 60.0
    assert elsewhere.identity.rights(who, shop.shop_id) is None


def test_a_shop_is_found_by_its_slug(tenancy, shop):
    assert tenancy.identity.shop_of_slug(shop.slug) == shop.shop_id
    assert tenancy.identity.shop_of_slug("no-such-shop") is None


# ---------------------------------------------------------------- the control plane gone


@pytest.fixture
def cut_off(cluster, tenancy, shop, tmp_path):
    """A process that starts when control and Redis are dead: only snapshot and shards are left."""
    earlier = Router(cluster.router_config(tmp_path / "snapshot.json", background=False))
    Tenancy(earlier, NoStore(), tenancy.prefix).identity  # noqa: B018 (registers what the snapshot keeps)
    earlier.refresh_snapshot()
    earlier.close()
    raw = json.loads(cluster.file.read_text())
    for server in raw["control"]["servers"].values():
        server["port"] = 1
    topology = tmp_path / "topology.json"
    topology.write_text(json.dumps(raw))
    config = cluster.router_config(
        tmp_path / "snapshot.json", topology=topology, redis_url="redis://127.0.0.1:1/0", background=False
    )
    dead = Router(config)
    yield Tenancy(dead, NoStore(), tenancy.prefix)
    dead.close()


def test_with_control_and_redis_dead_a_member_still_has_their_rights(tenancy, cut_off, shop, asha):
    token = tenancy.token(asha)
    who = whose(cut_off, token)
    assert (who.person_id, who.name) == (asha.id, asha.name)
    membership = cut_off.identity.rights(who, shop.shop_id)
    assert membership == tenancy.identity.rights(who, shop.shop_id)
    assert cut_off.identity.shop_of_slug(shop.slug) == shop.shop_id


def test_with_control_dead_a_stranger_is_still_nothing(tenancy, cut_off, shop):
    ravi = tenancy.person(name="Ravi")
    assert cut_off.identity.rights(whose(cut_off, tenancy.token(ravi)), shop.shop_id) is None
    with pytest.raises(DirectoryUnavailable):  # a 503: "no such shop" would be a guess
        cut_off.identity.rights(whose(cut_off, tenancy.token(ravi)), 987_654_321)


def test_with_control_dead_a_pushed_sign_out_is_known_to_the_shard(tenancy, cut_off, shop, asha):
    token = tenancy.token(asha)
    write_control(tenancy.router, lambda c: tenants.sign_out_everywhere(c, person_id=asha.id, actor_id=asha.id))
    tenancy.run_jobs(shop.shop_id)
    with pytest.raises(SignedOut):
        cut_off.identity.rights(whose(cut_off, token), shop.shop_id)


def test_with_control_dead_a_pushed_leaving_is_known_to_the_shard(tenancy, cut_off, shop, asha):
    bina = tenancy.person(name="Bina")
    add(tenancy, shop, bina, Role.CLERK)
    tenancy.run_jobs(shop.shop_id)
    who = whose(cut_off, tenancy.token(bina))
    assert cut_off.identity.rights(who, shop.shop_id).role == "clerk"
    write_control(
        tenancy.router,
        lambda c: tenants.remove_member(c, shop_id=shop.shop_id, person_id=bina.id, actor_id=asha.id),
    )
    tenancy.run_jobs(shop.shop_id)
    cut_off.identity._standings.forget_all_here()
    assert cut_off.identity.rights(who, shop.shop_id) is None


def test_a_dead_control_plane_is_not_asked_by_every_request(tenancy, cut_off, asha, shop, monkeypatch):
    asked = []
    real = cut_off.router.control
    monkeypatch.setattr(cut_off.router, "control", lambda: asked.append(1) or real())
    token = tenancy.token(asha)
    for _ in range(20):
        cut_off.identity.rights(whose(cut_off, token), shop.shop_id)
    assert len(asked) == 1


def test_with_control_dead_nobody_new_signs_in_and_is_told_so(cut_off, asha):
    with pytest.raises(SignInClosed) as refusal:
        cut_off.identity.sign_ins.sign_in(email=asha.email, password=PASSWORD, address="192.0.2.50")
    assert refusal.value.status == 503
    assert refusal.value.headers["Retry-After"]


# ---------------------------------------------------------------- memory


def test_redis_gone_only_costs_the_question(tenancy):
    asked = []
    memory = Remembered(NoStore(), "x:", write=str.encode, read=bytes.decode)
    for _ in range(3):
        assert memory.get("a", lambda: asked.append(1) or "value") == "value"
    assert len(asked) == 1


def test_what_is_not_there_is_asked_again_after_five_seconds():
    now, asked = [0.0], []
    memory = Remembered(NoStore(), "x:", write=str.encode, read=bytes.decode, elapsed=lambda: now[0])
    for moment in (0.0, 4.9, 5.1):
        now[0] = moment
        memory.get("a", lambda: asked.append(1))
    assert len(asked) == 2


def add(tenancy, shop, person, role):
    write_control(tenancy.router, lambda c: tenants.add_member(c, shop_id=shop.shop_id, person_id=person.id, role=role))


def test_a_mistake_of_ours_is_not_taken_for_a_control_plane_that_is_gone(tenancy, asha):
    """It would show only as rights that are a minute old, and as pages that ask the shards."""
    line = tenancy.identity._line
    with pytest.raises(DBAPIError):
        line.read(lambda control: control.execute(text("SELECT no_such_column FROM shops")))
    assert line.read(lambda control: control.get(Person, asha.id)) is not None


def test_an_address_in_another_script_does_not_part_us_from_the_control_plane(tenancy, asha):
    """It once did, for everybody in the process: rights then came from shards that had not heard of a removal."""
    assert tenancy.identity.shop_of_slug("आशा") is None
    assert tenancy.identity._line.read(lambda control: control.get(Person, asha.id)) is not None
