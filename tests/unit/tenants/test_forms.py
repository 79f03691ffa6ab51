"""The one form of an address, a telephone number, a name, a slug, a network."""

import datetime as dt

import pytest
from flask import Response

from app.kit.clock import utc_now
from app.tenants.errors import MalformedEmail, MalformedPhone
from app.tenants.service.cookies import clear_sign_in_cookie, is_console, set_sign_in_cookie
from app.tenants.service.gates import GatePolicy, gate_of, network_of
from app.tenants.service.opening import slug_base
from app.tenants.service.people import normal_email, normal_name, normal_phone


@pytest.mark.parametrize(
    ("text", "form"), [(" Asha@Example.TEST ", "asha@example.test"), ("a.b+c@x-y.co.in", "a.b+c@x-y.co.in")]
)
def test_an_address_has_one_form(text, form):
    assert normal_email(text) == form


@pytest.mark.parametrize(
    "text",
    ["", "asha", "asha@", "@x.in", "asha@x", "a b@x.in", "ásha@x.in", "asha@x..in", "a@b@x.in", "a\n@x.in",
     "x" * 65 + "@x.in", "a@" + "x" * 250 + ".in", None, 7],
)  # fmt: skip
def test_what_mail_cannot_reach_is_refused(text):
    with pytest.raises(MalformedEmail):
        normal_email(text)


@pytest.mark.parametrize(
    ("text", "form"),
    [("98200 12345", "+919820012345"), ("+91-98200-12345", "+919820012345"), ("022 2345 6789", "+912223456789"),
     ("+1 212 555 0100", "+12125550100"), ("", None), ("  ", None), (None, None)],
)  # fmt: skip
def test_a_telephone_number_has_one_form(text, form):
    assert normal_phone(text) == form


@pytest.mark.parametrize("text", ["12", "call me", "+999999999999999999", "98200 1234x"])
def test_what_is_no_number_is_refused(text):
    with pytest.raises(MalformedPhone):
        normal_phone(text)


def test_a_name_is_one_form_of_the_same_letters():
    assert normal_name("  Jose\u0301   Rao ") == "Jos\u00e9 Rao"


@pytest.mark.parametrize(
    ("name", "slug"),
    [("Shree Ganesh Jewellers", "shree-ganesh-jewellers"), ("P. N. Gadgil & Sons", "p-n-gadgil-sons"),
     ("Café d'Or", "cafe-d-or"), ("श्री गणेश", "shop"), ("!!!", "shop"),
     ("Gold " * 20, "gold-gold-gold-gold-gold-gold-go")],
)  # fmt: skip
def test_a_slug_is_what_an_address_can_hold(name, slug):
    assert slug_base(name) == slug


@pytest.mark.parametrize(
    ("address", "network"),
    [("203.0.113.7", "203.0.113.7"), ("2001:db8:1:2:aaaa::1", "2001:db8:1:2::/64"),
     ("::ffff:203.0.113.7", "203.0.113.7"), ("unknown", "unknown"), ("", "unknown")],
)  # fmt: skip
def test_a_household_of_ipv6_is_one_network(address, network):
    assert network_of(address) == network


def test_gates_of_people_and_networks_never_meet():
    assert gate_of("person", "x") != gate_of("address", "x")
    assert len(gate_of("person", "x")) == 32


def test_pauses_double_up_to_half_a_day():
    policy = GatePolicy()
    minutes = [policy.pause(shutting).total_seconds() / 60 for shutting in (1, 2, 3, 4, 5, 6, 7, 50)]
    assert minutes == [15, 30, 60, 120, 240, 480, 720, 720]


def test_pages_keep_their_token_from_scripts_and_other_sites():
    until = utc_now() + dt.timedelta(hours=24)
    shop, console = (
        set_sign_in_cookie(Response(), "token", audience=audience, expires_at=until, secure=True).headers["Set-Cookie"]
        for audience in ("shop", "console")
    )
    for cookie in (shop, console):
        assert "HttpOnly" in cookie and "SameSite=Lax" in cookie and "Secure" in cookie
    assert shop.startswith("boola_session=token") and "Path=/;" in shop
    assert console.startswith("boola_console=token") and "Path=/console" in console
    cleared = clear_sign_in_cookie(Response(), audience="shop", secure=True).headers["Set-Cookie"]
    assert "Max-Age=0" in cleared or "Expires=Thu, 01 Jan 1970" in cleared


@pytest.mark.parametrize(
    ("path", "console"),
    [("/console", True), ("/console/shops", True), ("/api/v1/console/shops", True), ("/consoles", False),
     ("/api/v1/consolation", False), ("/s/console", False), ("/", False)],
)  # fmt: skip
def test_the_console_begins_where_its_path_does(path, console):
    assert is_console(path) is console
