"""A link or a text that we signed says exactly what we signed, and nothing else passes."""

import datetime as dt
from urllib.parse import parse_qsl, urlencode

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from app.kit.signing import LinkExpired, LinkForged, LinkSigner, TextSigner, TokenForged

KEY, OTHER = b"k" * 32, b"o" * 32
NOON = dt.datetime(2026, 4, 1, 12, tzinfo=dt.UTC)
LASTS = dt.timedelta(minutes=10)


def signer(key=KEY, now=NOON):
    return LinkSigner(key, now=lambda: now)


def query(**more):
    return dict(parse_qsl(signer().query("GET", "/invoices/7/a.pdf", lasts=LASTS, **more)))


def test_a_link_says_what_was_signed():
    link = signer().check("GET", "/invoices/7/a.pdf", query(filename="Bill 7.pdf", disposition="inline"))
    assert (link.filename, link.disposition, link.length) == ("Bill 7.pdf", "inline", None)
    assert link.expires_at == NOON + LASTS


def test_an_uploads_length_is_part_of_it():
    signed = dict(parse_qsl(signer().query("PUT", "/incoming/x", lasts=LASTS, length=5)))
    assert signer().check("PUT", "/incoming/x", signed).length == 5
    with pytest.raises(LinkForged):
        signer().check("PUT", "/incoming/x", {**signed, "l": "6"})
    with pytest.raises(LinkForged):
        signer().check("PUT", "/incoming/x", {name: value for name, value in signed.items() if name != "l"})


@pytest.mark.parametrize(("method", "path"), [("PUT", "/invoices/7/a.pdf"), ("GET", "/invoices/8/a.pdf"), ("GET", "/")])
def test_a_link_is_for_one_thing(method, path):
    with pytest.raises(LinkForged):
        signer().check(method, path, query())


@pytest.mark.parametrize("name", ["e", "d", "f", "s"])
def test_every_part_is_covered(name):
    signed = query(filename="a.pdf")
    for value in (signed[name] + "0", "", "9999999999", "ü", "\udcff"):
        with pytest.raises(LinkForged):
            signer().check("GET", "/invoices/7/a.pdf", {**signed, name: value})


def test_it_ends_on_time():
    signed = query()
    assert signer(now=NOON + LASTS - dt.timedelta(seconds=1)).check("GET", "/invoices/7/a.pdf", signed)
    with pytest.raises(LinkExpired):
        signer(now=NOON + LASTS).check("GET", "/invoices/7/a.pdf", signed)


def test_another_key_signs_nothing_for_us():
    with pytest.raises(LinkForged):
        signer(OTHER).check("GET", "/invoices/7/a.pdf", query())


def test_a_short_key_is_refused():
    for kind in (LinkSigner, TextSigner):
        with pytest.raises(ValueError, match="32 bytes"):
            kind(b"k" * 31)


@given(st.text(st.characters(exclude_categories=("Cs",)), max_size=40), st.text(max_size=10).filter(str.isprintable))
def test_names_of_files_survive(filename, disposition):
    text = signer().query("GET", "/x", lasts=LASTS, filename=filename, disposition=disposition)
    link = signer().check("GET", "/x", dict(parse_qsl(text, keep_blank_values=True)))
    assert (link.filename, link.disposition) == (filename, disposition)


@given(st.text(st.characters(exclude_categories=("Cs",)), max_size=60))
def test_a_text_comes_back(text):
    assert TextSigner(KEY).read(TextSigner(KEY).sign(text, use="u", scope="7"), use="u", scope="7") == text


@pytest.mark.parametrize(("use", "scope"), [("other", "7"), ("u", "8"), ("u", ""), ("u7", "")])
def test_a_text_is_for_one_use_in_one_scope(use, scope):
    with pytest.raises(TokenForged):
        TextSigner(KEY).read(TextSigner(KEY).sign("shard-a 1 x", use="u", scope="7"), use=use, scope=scope)


@given(st.text(max_size=80))
def test_nothing_that_we_did_not_sign_is_read(text):
    assume(text != TextSigner(KEY).sign("", use="u"))
    with pytest.raises(TokenForged):
        TextSigner(KEY).read(text, use="u")


def test_the_query_is_one_that_a_browser_keeps():
    text = signer().query("GET", "/x", lasts=LASTS, filename="बिल & co?.pdf")
    assert dict(parse_qsl(urlencode(dict(parse_qsl(text))))) == dict(parse_qsl(text))
