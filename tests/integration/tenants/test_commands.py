"""Commands: the super-admin from a prompt or the environment, keys, opening a shop."""

import dataclasses
import secrets

import pyotp
import pytest

from app.kit.runtime import EXTENSION
from app.kit.transactions import write_control
from app.tenants import service as tenants
from app.tenants.cli import FIRST_ADMIN
from tests.support.tenancy import fresh_email

STRONG = "a vault with two locks"


@pytest.fixture
def run(flask_app):
    runner = flask_app.test_cli_runner()

    def command(*words, typed=None):
        return runner.invoke(args=list(words), input=typed)

    return command


@pytest.fixture
def given(flask_app, monkeypatch):
    """What the settings say of the first super-admin."""

    def say(email, password):
        monkeypatch.setitem(flask_app.extensions, FIRST_ADMIN, (email, password))

    return say


def find(runtime, email):
    with runtime.router.control() as control:
        return tenants.find_admin(control, email)


def test_the_super_admin_is_made_from_a_prompt(run, runtime):
    email = fresh_email()
    made = run("admin", "create", typed=f"{email}\n{STRONG}\n{STRONG}\n")
    assert made.exit_code == 0 and "is the super-admin" in made.output
    assert STRONG not in made.output
    assert find(runtime, email).is_vendor_admin
    again = run("admin", "create", "--email", email)
    assert again.exit_code == 0 and "nothing was changed" in again.output


def test_the_super_admin_is_made_from_the_environment_and_twice_is_harmless(run, given, runtime):
    email = fresh_email()
    given(email, STRONG)
    for told in ("sets up the second factor", "nothing was changed"):
        done = run("admin", "create", "--from-environment")
        assert done.exit_code == 0 and told in done.output
    given(email, "another password altogether")
    assert run("admin", "create", "--from-environment").exit_code == 0
    signed_in = runtime.identity.sign_ins.sign_in(email=email, password=STRONG, address="192.0.2.8", audience="console")
    assert signed_in.enrolment is not None


@pytest.mark.parametrize("weak", ["short", "elevenchars", "aaaaaaaaaaaa", "123456789012", "x" * 73])
def test_a_weak_password_makes_nobody(run, given, runtime, weak):
    email = fresh_email()
    given(email, weak)
    done = run("admin", "create", "--from-environment")
    assert done.exit_code == 1 and done.output.startswith("Error: ")
    assert find(runtime, email) is None


def test_nothing_given_is_no_default(run, given, runtime):
    given(None, None)
    done = run("admin", "create", "--from-environment")
    assert done.exit_code == 1 and "BOOLA_ADMIN_EMAIL" in done.output


def test_a_shops_person_does_not_become_the_vendors(run, runtime, cast):
    done = run("admin", "create", "--email", cast.asha.email, typed=f"{STRONG}\n{STRONG}\n")
    assert done.exit_code == 1 and "exists already" in done.output
    assert find(runtime, cast.asha.email) is None


def test_the_demos_code_opens_the_console_and_only_in_the_demo(run, runtime, flask_app, monkeypatch):
    email = fresh_email()
    run("admin", "create", "--email", email, typed=f"{STRONG}\n{STRONG}\n")
    refused = run("admin", "code", email)
    assert refused.exit_code == 1 and "BOOLA_DEMO" in refused.output
    monkeypatch.setitem(flask_app.extensions, EXTENSION, dataclasses.replace(runtime, demo=True))
    code = run("admin", "code", email).output.strip()
    signed_in = runtime.identity.sign_ins.sign_in(
        email=email, password=STRONG, address="192.0.2.9", audience="console", code=code
    )
    assert signed_in.token is not None
    assert run("admin", "code", fresh_email()).exit_code == 1


def test_a_lost_device_is_replaced(run, runtime):
    email = fresh_email()
    run("admin", "create", "--email", email, typed=f"{STRONG}\n{STRONG}\n")
    sign_in = runtime.identity.sign_ins.sign_in
    given = {"email": email, "password": STRONG, "address": "192.0.2.10", "audience": "console"}
    secret = sign_in(**given).enrolment.secret
    sign_in(**given, code=pyotp.TOTP(secret).now())
    assert run("admin", "reset-second-factor", email).exit_code == 0
    assert sign_in(**given).enrolment.secret != secret


def test_keys_are_changed_by_a_command(run, runtime):
    tokens = runtime.identity.sign_ins.tokens
    person = write_control(
        runtime.router,
        lambda c: tenants.create_person(
            c, email=fresh_email(), name="Asha", password=runtime.identity.sign_ins.passwords.accept(STRONG, email="")
        ),
    )
    before = tokens.issue(person_id=person.id, name="Asha", audience="shop", session_version=1).text
    assert "nothing to do" in run("keys", "rotate").output
    made = run("keys", "rotate", "--at-once")
    assert made.exit_code == 0 and made.output.startswith("New key ")
    tokens.forget()
    assert tokens.verify(before) is not None


def test_a_shop_is_opened_and_ready(run, runtime):
    tag = secrets.token_hex(4)
    words = {
        "name": f"Ganga {tag}", "state": "27", "gstin": "27AAACR5055K1Z7", "address": "1 Main Road", "city": "Pune",
        "pin": "411001", "owner-email": f"g{tag}@example.test", "owner-name": "Ganga", "shard": "shard-b",
    }  # fmt: skip
    done = run("shops", "open", *(part for name, value in words.items() for part in (f"--{name}", value)))
    assert done.exit_code == 0 and f"/s/ganga-{tag} on shard-b" in done.output
    shop_id = runtime.identity.shop_of_slug(f"ganga-{tag}")
    with runtime.router.control() as control:
        assert tenants.get_shop(control, shop_id).ready_at is not None
    words["pin"] = "1"
    wrong = run("shops", "open", *(part for name, value in words.items() for part in (f"--{name}", value)))
    assert wrong.exit_code == 1 and "PIN" in wrong.output


def test_a_preparing_that_was_given_up_is_done_by_hand(run, runtime, cast):
    assert "nothing to do" in run("shops", "prepare", str(cast.asha.shop_id)).output
    unknown = run("shops", "prepare", "987654321")
    assert unknown.exit_code == 1 and "no such shop" in unknown.output


def test_figures_are_said_in_rupees(run):
    assert "MRR ₹" in run("shops", "figures").output
