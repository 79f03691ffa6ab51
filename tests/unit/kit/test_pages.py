"""Where a form may lead to: pages of this site, however the address is written."""

from urllib.parse import urlencode

import pytest
from flask import Flask

from app.kit.pages import safe_next

HERE = Flask("pages")


def led_to(wanted: str) -> str:
    with HERE.test_request_context(f"/sign-in?{urlencode({'next': wanted})}"):
        return safe_next("/shops")


@pytest.mark.parametrize("wanted", ["/", "/s/asha/", "/s/asha/stock?q=ring&after=x", "/s/asha/customers?q=आशा"])
def test_a_page_of_this_site_is_gone_to(wanted: str) -> None:
    assert led_to(wanted) == wanted


@pytest.mark.parametrize(
    "wanted",
    [
        "", "shops", "//evil.example", "///evil.example", "/\\evil.example", "\\\\evil.example", "https://evil.example",
        "javascript:alert(1)", "/\t/evil.example", "/s/asha/\r\nSet-Cookie: a=b", "http://[", "//[", "/s\x00",
    ],
)  # fmt: skip
def test_whatever_else_leads_to_the_pages_own_place(wanted: str) -> None:
    assert led_to(wanted) == "/shops"
