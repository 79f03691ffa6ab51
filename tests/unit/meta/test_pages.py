"""Pages load what is built and nothing else is built, and no page needs a script that the security policy forbids."""

import re
from pathlib import Path

import pytest

from ops import assets

ROOT = Path(__file__).resolve().parents[3]
PAGES = sorted((ROOT / "app").rglob("*.html"))
SCRIPTS = sorted((ROOT / "app" / "assets").rglob("*.js"))

# What htmx or the browser would have to evaluate: docs/decisions/0021.
EVALUATED = {
    "hx-on": re.compile(r"\bhx-on[:=-]"),
    "a handler written into the tag": re.compile(r"<[^>]*\son[a-z]+\s*=", re.S),
    "an address that is a script": re.compile(r"[\"'](?:js|javascript):"),
    "a filter of hx-trigger": re.compile(r"hx-trigger=[\"'][^\"']*\["),
    "HTML let through unescaped": re.compile(r"\|\s*safe\b|autoescape\s+false"),
}


def found_in(text: str) -> list[str]:
    return [name for name, pattern in EVALUATED.items() if pattern.search(text)]


def test_no_page_needs_what_the_policy_forbids():
    assert len(PAGES) > 20, "the templates moved: this test reads nothing"
    assert {path.name: found for path in (*PAGES, *SCRIPTS) if (found := found_in(path.read_text("utf-8")))} == {}


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ('<b hx-on:click="go()">', "hx-on"),
        ('<b id="x"\n onclick="go()">', "a handler written into the tag"),
        ("<a href='javascript:go()'>", "an address that is a script"),
        ('<b hx-vals="js:{a: b()}">', "an address that is a script"),
        ('<b hx-trigger="keyup[ctrlKey]">', "a filter of hx-trigger"),
        ("{{ shop.banner | safe }}", "HTML let through unescaped"),
    ],
)
def test_what_is_forbidden_is_seen(text, name):
    assert name in found_in(text)


def test_pages_load_what_is_built_and_all_of_it():
    loaded = {name for page in PAGES for name in re.findall(r"asset\([\"']([^\"']+)[\"']\)", page.read_text("utf-8"))}
    built = {*assets.LIBRARIES, *(path.name for path in (*assets.entries(), *assets.drawings()))}
    assert loaded == built
