"""Signing in: one answer to every failure, few guesses per person and address, and nothing forgotten with Redis."""

import datetime as dt
import secrets
import threading

import orjson
import pyotp
import pytest
import time_machine
from sqlalchemy import select

from app.kit.clock import utc_now
from app.kit.models import PlatformAuditEntry
from app.kit.transactions import write_control
from app.tenants import service as tenants
from app.tenants.errors import (
    MalformedEmail,
    NewPasswordNeeded,
    OldPasswordWrong,
    PasswordTooWeak,
    SignInBusy,
    SignInPaused,
    SignInRefused,
)  # fmt: skip
from app.tenants.models import Person, SignInGate
from app.tenants.service.gates import gate_of
from tests.support.tenancy import PASSWORD, fresh_email

WRONG = "not the right one"


@pytest.fixture
def address():
    """Of its own network, so that one test's failures are not another's."""
    return f"2001:db8:{secrets.randbelow(65535):x}:{secrets.randbelow(65535):x}::1"


@pytest.fixture
def sign_in(tenancy, address):
    def attempt(email, password=PASSWORD, **more):
        return tenancy.identity.sign_ins.sign_in(**{"email": email, "password": password, "address": address, **more})

    return attempt


def fail(sign_in, email, times, **more):
    for _ in range(times):
        with pytest.raises(SignInRefused):
            sign_in(email, WRONG, **more)


def entries(tenancy, action, person):
    with tenancy.router.control() as control:
        rows = control.scalars(select(PlatformAuditEntry).where(PlatformAuditEntry.action == action))
        return [row for row in rows if orjson.loads(row.body)["facts"].get("person") == str(person.id)]


def test_the_right_password_opens(tenancy, sign_in):
    asha = tenancy.person()
    signed_in = sign_in(asha.email.upper())
    claims = tenancy.identity.sign_ins.tokens.verify(signed_in.token.text)
    assert (claims.person_id, claims.audience, claims.session_version) == (asha.id, "shop", 1)
    assert dt.timedelta(hours=23, minutes=59) < claims.expires_at - utc_now() <= dt.timedelta(hours=24)
    assert len(entries(tenancy, "sign_in.done", asha)) == 1


def test_every_failure_says_the_same(tenancy, sign_in):
    asha = tenancy.person()
    gone = tenancy.person()
    disable(tenancy, gone)
    said = set()
    for email, password in ((asha.email, WRONG), (fresh_email(), PASSWORD), (gone.email, PASSWORD)):
        with pytest.raises(SignInRefused) as refusal:
            sign_in(email, password)
        said.add((refusal.value.code, str(refusal.value.message), refusal.value.action, str(refusal.value.fields)))
    assert len(said) == 1


def test_a_strangers_password_is_checked_as_long_as_a_persons(tenancy, sign_in, monkeypatch):
    """Both go through exactly one bcrypt check of the same number of rounds: that is where the time goes."""
    import bcrypt

    seen = []
    real = bcrypt.checkpw
    monkeypatch.setattr(bcrypt, "checkpw", lambda plain, stored: seen.append(stored[:7]) or real(plain, stored))
    fail(sign_in, tenancy.person().email, 1)
    fail(sign_in, fresh_email(), 1)
    assert seen == [b"$2b$04$", b"$2b$04$"]


def test_five_failures_pause_the_person_and_the_pauses_grow(tenancy, sign_in):
    asha = tenancy.person()
    fail(sign_in, asha.email, 5, address="198.51.100.1")
    with pytest.raises(SignInPaused) as pause:
        sign_in(asha.email, PASSWORD, address="198.51.100.2")
    assert 890 < int(pause.value.headers["Retry-After"]) <= 900

    with time_machine.travel(utc_now() + dt.timedelta(minutes=15, seconds=2)):
        fail(sign_in, asha.email, 5, address="198.51.100.3")
        with pytest.raises(SignInPaused) as pause:
            sign_in(asha.email, PASSWORD, address="198.51.100.4")
        assert 1790 < int(pause.value.headers["Retry-After"]) <= 1800


def test_strangers_are_paused_like_people(tenancy, sign_in):
    nobody = fresh_email()
    fail(sign_in, nobody, 5)
    with pytest.raises(SignInPaused):
        sign_in(nobody)


def test_a_success_clears_the_person(tenancy, sign_in):
    asha = tenancy.person()
    for _ in range(3):
        fail(sign_in, asha.email, 4)
        assert sign_in(asha.email).token is not None
    with tenancy.router.control() as control:
        assert control.get(SignInGate, gate_of("person", asha.email)) is None


def test_the_fifth_try_may_still_be_the_right_one(tenancy, sign_in):
    asha = tenancy.person()
    fail(sign_in, asha.email, 4)
    assert sign_in(asha.email).token is not None
    assert sign_in(asha.email).token is not None


def test_twenty_failures_pause_a_network_and_not_its_neighbour(tenancy, sign_in, address):
    for _ in range(20):
        fail(sign_in, fresh_email(), 1)
    asha = tenancy.person()
    with pytest.raises(SignInPaused):
        sign_in(asha.email)
    same_network = address.replace("::1", "::2")
    with pytest.raises(SignInPaused):
        sign_in(asha.email, address=same_network)
    assert sign_in(asha.email, address="203.0.113.77").token is not None


def test_a_good_sign_in_does_not_clear_the_network(tenancy, sign_in):
    """Else whoever knows one password could guess others' for ever."""
    asha = tenancy.person()
    for _ in range(19):
        fail(sign_in, fresh_email(), 1)
    sign_in(asha.email)
    fail(sign_in, fresh_email(), 1)
    with pytest.raises(SignInPaused):
        sign_in(asha.email)


def test_guesses_sent_at_once_are_no_more_than_guesses_one_by_one(tenancy, sign_in):
    asha = tenancy.person()
    outcomes, lock = [], threading.Lock()

    def guess():
        try:
            sign_in(asha.email, WRONG)
        except (SignInRefused, SignInPaused, SignInBusy) as refusal:
            with lock:
                outcomes.append(type(refusal))

    threads = [threading.Thread(target=guess) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert outcomes.count(SignInRefused) <= 5
    assert len(outcomes) == 12


def test_a_pause_is_in_the_platforms_audit_once(tenancy, sign_in):
    asha = tenancy.person()
    fail(sign_in, asha.email, 5)
    with pytest.raises(SignInPaused):
        sign_in(asha.email)
    assert len(entries(tenancy, "sign_in.paused", asha)) == 1


def test_gates_of_yesterday_are_forgotten(tenancy, sign_in):
    asha = tenancy.person()
    fail(sign_in, asha.email, 4)
    with time_machine.travel(utc_now() + dt.timedelta(hours=24, minutes=1)):
        write_control(tenancy.router, tenants.purge_sign_ins)
        with tenancy.router.control() as control:
            assert control.get(SignInGate, gate_of("person", asha.email)) is None


@pytest.mark.parametrize(
    ("email", "password", "refusal"),
    [("no address", PASSWORD, MalformedEmail), ("ásha@example.test", PASSWORD, MalformedEmail)],
)
def test_what_can_be_nobody_is_refused_for_its_shape(sign_in, email, password, refusal):
    with pytest.raises(refusal):
        sign_in(email, password)


def test_seventy_three_bytes_are_refused_for_their_shape(tenancy, sign_in):
    """72 is bcrypt's limit; 24 Devanagari letters are 72 bytes, 25 are 75."""
    asha = tenancy.person()
    for long in ("x" * 73, "अ" * 25):
        with pytest.raises(PasswordTooWeak) as refusal:
            sign_in(asha.email, long)
        assert refusal.value.status == 422
    fail(sign_in, asha.email, 1)


def test_a_one_time_password_opens_once_and_only_for_a_new_one(tenancy, sign_in):
    opened = tenancy.ask_to_open()
    given, email = opened.one_time_password, opened.owner.email
    with pytest.raises(NewPasswordNeeded):
        sign_in(email, given)
    with pytest.raises(PasswordTooWeak):
        sign_in(email, given, new_password="short")
    with pytest.raises(NewPasswordNeeded):
        sign_in(email, given, new_password=given)
    assert sign_in(email, given, new_password="my own long words").token is not None
    fail(lambda *a, **k: sign_in(email, given), email, 1)
    assert sign_in(email, "my own long words").token is not None


def test_a_one_time_password_ends_after_a_week(tenancy, sign_in):
    opened = tenancy.ask_to_open()
    with time_machine.travel(utc_now() + dt.timedelta(days=7, minutes=1)), pytest.raises(SignInRefused):
        sign_in(opened.owner.email, opened.one_time_password, new_password="my own long words")


def test_a_new_password_signs_out_everywhere_else(tenancy, sign_in, address):
    asha = tenancy.person()
    before = sign_in(asha.email)
    change = {"person_id": asha.id, "new": "another monsoon song", "address": address}
    with pytest.raises(OldPasswordWrong):
        tenancy.identity.sign_ins.change_password(old=WRONG, **change)
    with pytest.raises(PasswordTooWeak):
        tenancy.identity.sign_ins.change_password(old=PASSWORD, **{**change, "new": asha.email})
    after = tenancy.identity.sign_ins.change_password(old=PASSWORD, **change)
    assert after.person.session_version == before.person.session_version + 1
    claims = tenancy.identity.sign_ins.tokens.verify(after.token.text)
    assert claims.session_version == after.person.session_version
    fail(lambda *a, **k: sign_in(asha.email, PASSWORD), asha.email, 1)
    assert sign_in(asha.email, "another monsoon song").token is not None


def test_guessing_the_old_password_is_throttled_too(tenancy, address):
    asha = tenancy.person()
    change = {"person_id": asha.id, "new": "another monsoon song", "address": address}
    for _ in range(5):
        with pytest.raises(OldPasswordWrong):
            tenancy.identity.sign_ins.change_password(old=WRONG, **change)
    with pytest.raises(SignInPaused):
        tenancy.identity.sign_ins.change_password(old=PASSWORD, **change)


@pytest.mark.parametrize("meanwhile", ["another password", "disabled"])
def test_what_changes_while_the_password_is_checked_still_counts(tenancy, sign_in, monkeypatch, meanwhile):
    asha = tenancy.person()
    passwords = tenancy.identity.sign_ins.passwords
    real = type(passwords).fits

    def slow(self, plain, stored):
        if meanwhile == "disabled":
            disable(tenancy, asha)
        else:
            replace_password(tenancy, asha)
        return real(self, plain, stored)

    monkeypatch.setattr(type(passwords), "fits", slow)
    with pytest.raises(SignInRefused):
        sign_in(asha.email)


def test_a_hash_of_fewer_rounds_is_made_anew_at_sign_in(tenancy, sign_in, address):
    asha = tenancy.person()
    stronger = tenants.build_identity(
        router=tenancy.router, cache_store=tenancy.store, keyring=tenancy.keyring, prefix=tenancy.prefix,
        policy=tenants.SignInPolicy(bcrypt_rounds=5),
    )  # fmt: skip
    stronger.sign_ins.sign_in(email=asha.email, password=PASSWORD, address=address)
    assert stored_hash(tenancy, asha).startswith("$2b$05$")
    assert sign_in(asha.email).token is not None


# ---------------------------------------------------------------- the console's second factor


@pytest.fixture
def om(tenancy):
    return tenancy.person(name="Om", is_vendor_admin=True)


def test_the_console_wants_a_second_factor_set_up_first(tenancy, sign_in, om):
    first = sign_in(om.email, audience="console")
    assert first.token is None
    assert first.enrolment.uri.startswith("otpauth://totp/")
    again = sign_in(om.email, audience="console")
    assert again.enrolment.secret == first.enrolment.secret

    code = pyotp.TOTP(first.enrolment.secret).now()
    signed_in = sign_in(om.email, audience="console", code=code)
    assert tenancy.identity.sign_ins.tokens.verify(signed_in.token.text).audience == "console"


def test_a_code_is_good_once_and_needed_each_time(tenancy, sign_in, om):
    secret = sign_in(om.email, audience="console").enrolment.secret
    code = pyotp.TOTP(secret).now()
    assert sign_in(om.email, audience="console", code=code).token is not None
    for wrong in (code, "", "000000", "12345", "१२३४५६"):
        with pytest.raises(SignInRefused):
            sign_in(om.email, audience="console", code=wrong, address="192.0.2.9")
        clear(tenancy, om)
    with time_machine.travel(utc_now() + dt.timedelta(seconds=61)):
        assert sign_in(om.email, audience="console", code=pyotp.TOTP(secret).now()).token is not None


def test_a_wrong_code_counts_as_a_failure(tenancy, sign_in, om):
    secret = sign_in(om.email, audience="console").enrolment.secret
    sign_in(om.email, audience="console", code=pyotp.TOTP(secret).now())
    for _ in range(5):
        with pytest.raises(SignInRefused):
            sign_in(om.email, audience="console", code="000000")
    with pytest.raises(SignInPaused):
        sign_in(om.email, audience="console", code="000000")


def test_coming_in_where_no_code_is_asked_buys_no_new_guesses_at_one(tenancy, sign_in, om):
    """Who has an admin's password and not the device may still sign in at the shops' door, as often as they like."""
    secret = sign_in(om.email, audience="console").enrolment.secret
    sign_in(om.email, audience="console", code=pyotp.TOTP(secret).now())
    for number in range(5):
        with pytest.raises(SignInRefused):
            sign_in(om.email, audience="console", code="000000", address=f"192.0.2.{100 + number}")
        if number < 4:
            assert sign_in(om.email, address=f"192.0.2.{200 + number}").token is not None
    with pytest.raises(SignInPaused):
        sign_in(om.email, audience="console", code="000000", address="192.0.2.111")


def test_an_admins_good_sign_in_at_the_shops_door_is_no_failure(tenancy, sign_in, om):
    for number in range(7):
        assert sign_in(om.email, address=f"192.0.2.{130 + number}").token is not None
    fail(sign_in, om.email, 4)
    assert sign_in(om.email).token is not None


def test_a_shops_person_is_nobody_at_the_console(tenancy, sign_in):
    asha = tenancy.person()
    with pytest.raises(SignInRefused):
        sign_in(asha.email, audience="console")


def test_a_lost_device_is_replaced_by_a_command(tenancy, sign_in, om):
    secret = sign_in(om.email, audience="console").enrolment.secret
    sign_in(om.email, audience="console", code=pyotp.TOTP(secret).now())
    write_control(tenancy.router, lambda c: tenants.reset_second_factor(c, email=om.email))
    fresh = sign_in(om.email, audience="console")
    assert fresh.enrolment.secret != secret


def test_the_secret_is_sealed_in_the_database(tenancy, sign_in, om):
    secret = sign_in(om.email, audience="console").enrolment.secret
    with tenancy.router.control() as control:
        stored = control.get(Person, om.id).second_factor
    assert secret.encode() not in stored


# ---------------------------------------------------------------- the super-admin


def test_the_super_admin_is_made_once_and_never_weak(tenancy):
    email = fresh_email()
    passwords = tenancy.identity.sign_ins.passwords
    for weak in ("short", "elevenchars", email, "aaaaaaaaaaaaaa", "123456789012"):
        with pytest.raises(PasswordTooWeak):
            tenants.accept_admin_password(passwords, weak, email=email)
    strong = tenants.accept_admin_password(passwords, "a vault with two locks", email=email)
    made = [
        write_control(tenancy.router, lambda c: tenants.create_admin(c, email=email, name="Om", password=strong)).made
        for _ in range(2)
    ]
    assert made == [True, False]


def disable(tenancy, person):
    def work(control):
        control.get(Person, person.id).disabled_at = utc_now()

    write_control(tenancy.router, work)


def replace_password(tenancy, person):
    def work(control):
        control.get(Person, person.id).password_hash = tenancy.password("another monsoon song").hash

    write_control(tenancy.router, work)


def clear(tenancy, person):
    def work(control):
        row = control.get(SignInGate, gate_of("person", person.email))
        if row is not None:
            control.delete(row)

    write_control(tenancy.router, work)


def stored_hash(tenancy, person):
    with tenancy.router.control() as control:
        return control.get(Person, person.id).password_hash
