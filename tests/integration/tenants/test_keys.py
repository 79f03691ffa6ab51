"""Signing keys change every 90 days and nobody is signed out by it; tokens verify with control and Redis dead."""

import datetime as dt
import json

import jwt
import pytest
import time_machine
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import delete, select

from app.kit.cache import NoStore
from app.kit.clock import utc_now
from app.kit.sealing import Unsealable
from app.kit.transactions import write_control
from app.tenants import service as tenants
from app.tenants.models import SigningKey
from app.tenants.service.keys import SigningKeys
from app.tenants.service.reaching import ControlLine
from shard_router import Router
from tests.support.tenancy import Tenancy, redis_store


@pytest.fixture(scope="module")
def own_router(apart, tmp_path_factory):
    """These tests empty the table of keys, which everybody else's sign-ins stand on."""
    built = Router(apart.router_config(tmp_path_factory.mktemp("keys") / "snapshot.json"))
    yield built
    built.close()


@pytest.fixture
def fresh(apart, own_router):
    """A process where no key was ever made."""
    prefix = apart.redis_prefix
    tenancy = Tenancy(own_router, redis_store(apart.redis_url, prefix), prefix)

    def empty(control):
        control.execute(delete(SigningKey))

    write_control(own_router, empty)
    return tenancy


def keys(tenancy):
    with tenancy.router.control() as control:
        return list(control.scalars(select(SigningKey).order_by(SigningKey.signs_from)))


def rotate(tenancy, **given):
    return write_control(tenancy.router, lambda c: tenants.rotate_keys(c, tenancy.keyring, **given))


def kid_of(text):
    return jwt.get_unverified_header(text)["kid"]


def tokens_of(tenancy):
    return tenancy.identity.sign_ins.tokens


def test_the_first_token_makes_the_first_key(fresh):
    token = fresh.token(fresh.person())
    (key,) = keys(fresh)
    assert kid_of(token) == key.kid
    assert key.signs_until - key.signs_from == dt.timedelta(days=90)
    assert key.verifies_until - key.signs_until == dt.timedelta(days=7)
    assert jwt.get_unverified_header(token)["alg"] == "EdDSA"


def test_a_token_says_who_and_never_what_they_may(fresh):
    token = fresh.token(fresh.person())
    claims = jwt.decode(token, options={"verify_signature": False})
    assert claims["aud"] == "shop"
    assert claims["sv"] == 1
    assert not {"rights", "role", "roles", "shops", "email"} & set(claims)


def test_keys_change_after_ninety_days_and_nobody_is_signed_out(fresh):
    person = fresh.person()
    begun = utc_now()
    first = kid_of(fresh.token(person))
    assert rotate(fresh, now=begun + dt.timedelta(days=86)) == []
    (made,) = rotate(fresh, now=begun + dt.timedelta(days=88))
    assert rotate(fresh, now=begun + dt.timedelta(days=88)) == []  # twice is once

    with time_machine.travel(begun + dt.timedelta(days=89, hours=23)):
        eve = fresh.another().token(person)
        assert kid_of(eve) == first
    with time_machine.travel(begun + dt.timedelta(days=90, hours=1)):
        process = fresh.another()
        assert kid_of(process.token(person)) == made
        assert tokens_of(process).verify(eve).person_id == person.id


def test_the_old_key_verifies_for_seven_days_more(fresh):
    first = kid_of(fresh.token(fresh.person()))
    (key,) = keys(fresh)
    seen = {}
    for hours in (-1, 1):
        with time_machine.travel(key.verifies_until + dt.timedelta(hours=hours)):
            line = ControlLine(fresh.router)
            seen[hours] = SigningKeys(fresh.router, line, fresh.keyring).verifier(first) is not None
    assert seen == {-1: True, 1: False}


def test_a_key_ends_also_for_a_process_that_read_it_before(fresh):
    signing = SigningKeys(fresh.router, ControlLine(fresh.router), fresh.keyring, elapsed=lambda: 100.0)
    kid = signing.signer().kid
    (key,) = keys(fresh)
    with time_machine.travel(key.verifies_until - dt.timedelta(seconds=1), tick=False):
        assert signing.verifier(kid) is not None
    with time_machine.travel(key.verifies_until, tick=False):
        assert signing.verifier(kid) is None


def test_a_key_that_may_be_known_to_others_is_replaced_at_once(fresh):
    person = fresh.person()
    before = fresh.token(person)
    (made,) = rotate(fresh, at_once=True)
    process = fresh.another()
    assert kid_of(process.token(person)) == made != kid_of(before)
    assert tokens_of(process).verify(before) is not None
    (old, new) = keys(fresh)
    assert old.verifies_until - old.signs_until == dt.timedelta(days=7)
    assert new.kid == made


def test_a_running_process_takes_up_a_key_it_never_heard_of(fresh):
    """Another process signed with a key made a second ago: this one looks once more and finds it."""
    person = fresh.person()
    fresh.token(person)
    rotate(fresh, at_once=True)
    elsewhere = fresh.another().token(person)
    assert tokens_of(fresh).verify(elsewhere).person_id == person.id


def test_a_key_is_taken_up_within_a_minute(fresh):
    now = [0.0]
    signing = SigningKeys(fresh.router, ControlLine(fresh.router), fresh.keyring, elapsed=lambda: now[0])
    first = signing.signer().kid
    (made,) = rotate(fresh, at_once=True)
    now[0] = 60.0
    assert signing.signer().kid == made != first


def test_unknown_kids_do_not_send_every_request_to_the_control_plane(fresh, monkeypatch):
    line = ControlLine(fresh.router)
    signing = SigningKeys(fresh.router, line, fresh.keyring, elapsed=lambda: 100.0)
    asked = []
    real = line.read
    monkeypatch.setattr(line, "read", lambda work: asked.append(1) or real(work))
    for number in range(50):
        assert signing.verifier(f"made-up-{number}") is None
    assert len(asked) == 2  # once to begin with, once for the first stranger


def test_the_private_half_is_sealed(fresh):
    fresh.token(fresh.person())
    (key,) = keys(fresh)
    plain = fresh.keyring.unwrap(key.private_sealed, b"signing-key:" + key.kid.encode())
    assert Ed25519PrivateKey.from_private_bytes(plain)
    assert plain not in key.private_sealed
    with pytest.raises(Unsealable):
        fresh.keyring.unwrap(key.private_sealed, b"signing-key:another")


@pytest.mark.parametrize(
    "kind", ["other key", "none", "no kid", "cut", "changed", "refresh", "other audience", "expired"]
)
def test_what_is_not_ours_does_not_verify(fresh, kind):
    person = fresh.person()
    good = fresh.token(person)
    kid = kid_of(good)
    claims = jwt.decode(good, options={"verify_signature": False})
    signer = fresh.identity.sign_ins.tokens._keys.signer().private
    forged = {
        "other key": lambda: jwt.encode(claims, Ed25519PrivateKey.generate(), "EdDSA", headers={"kid": kid}),
        "none": lambda: jwt.encode(claims, None, "none", headers={"kid": kid}),
        "no kid": lambda: jwt.encode(claims, signer, "EdDSA"),
        "cut": lambda: good[:-4],
        "changed": lambda: jwt.encode({**claims, "sv": 9}, b"x" * 32, "HS256", headers={"kid": kid}),
        "refresh": lambda: jwt.encode({**claims, "type": "refresh"}, signer, "EdDSA", headers={"kid": kid}),
        "other audience": lambda: jwt.encode({**claims, "aud": "bank"}, signer, "EdDSA", headers={"kid": kid}),
        "expired": lambda: jwt.encode({**claims, "exp": 1_700_000_000}, signer, "EdDSA", headers={"kid": kid}),
    }[kind]()
    assert tokens_of(fresh).verify(forged) is None
    assert tokens_of(fresh).verify(good) is not None


@pytest.mark.fault(21)
@pytest.mark.parametrize(("minutes", "taken"), [(9, True), (11, False), (-9, True)])
def test_hosts_clocks_may_be_ten_minutes_apart(fresh, minutes, taken):
    """A host whose clock runs ahead signs what, by the others' clocks, is of the future."""
    person = fresh.person()
    fresh.token(person)  # there is a key
    with time_machine.travel(utc_now() + dt.timedelta(minutes=minutes)):
        ahead = fresh.another().token(person)
    assert (tokens_of(fresh).verify(ahead) is not None) is taken


def test_a_key_made_by_a_clock_that_runs_ahead_signs_everywhere_at_once(fresh):
    person = fresh.person()
    with time_machine.travel(utc_now() + dt.timedelta(minutes=5)):
        made = kid_of(fresh.another().token(person))
    assert kid_of(fresh.token(person)) == made


def test_no_token_outlives_its_end_by_the_leeway_of_clocks(fresh):
    token = fresh.token(fresh.person())
    with time_machine.travel(utc_now() + dt.timedelta(hours=24, seconds=1)):
        assert tokens_of(fresh.another()).verify(token) is None


def test_a_verified_token_is_not_remembered_beyond_its_end(fresh):
    person = fresh.person()
    token = fresh.token(person)
    assert tokens_of(fresh).verify(token) is not None
    with time_machine.travel(utc_now() + dt.timedelta(hours=24, minutes=1)):
        assert tokens_of(fresh).verify(token) is None


def test_tokens_verify_with_control_and_redis_dead(apart, fresh, tmp_path):
    """A process that starts when both are gone has only the snapshot that an earlier one left on disk."""
    token = fresh.token(fresh.person())
    earlier = Router(apart.router_config(tmp_path / "snapshot.json", background=False))
    Tenancy(earlier, NoStore(), fresh.prefix).identity  # noqa: B018 (registers what the snapshot keeps)
    earlier.refresh_snapshot()
    earlier.close()

    dead = dead_control(apart, tmp_path)
    try:
        process = Tenancy(dead, NoStore(), fresh.prefix)
        assert tokens_of(process).verify(token) is not None
        kept = json.loads((tmp_path / "snapshot.json").read_text())["sections"]["signing_keys"]
        assert {"kid", "public", "signs_from", "signs_until", "verifies_until"} == set(kept[0])
    finally:
        dead.close()


def dead_control(cluster, folder):
    """A router whose control plane and Redis answer on no port."""
    raw = json.loads(cluster.file.read_text())
    for server in raw["control"]["servers"].values():
        server["port"] = 1
    path = folder / "topology.json"
    path.write_text(json.dumps(raw))
    return Router(
        cluster.router_config(
            folder / "snapshot.json", topology=path, redis_url="redis://127.0.0.1:1/0", background=False
        )
    )
