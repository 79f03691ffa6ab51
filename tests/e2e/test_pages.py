"""Every page, looked at on the counter's PC, in the dark and on a phone: nothing serious for axe, no complaint."""

from collections.abc import Callable

import pytest

from tests.e2e.conftest import PHONE
from tests.e2e.stage import Stage
from tests.e2e.support import Watched
from tests.support.cast import Cast, Somebody


def places(who: Somebody, stage: Stage) -> dict[str, str]:
    """Name of the picture → address."""
    shop = f"/s/{who.shop.slug}"
    free = stage.items[0]
    return {
        "home": f"{shop}/", "bills": f"{shop}/bills", "bill": f"{shop}/bills/{stage.bills[0].id}",
        "bills-none": f"{shop}/bills?number=ZZ", "counter-empty": f"{shop}/bills/new",
        "counter": f"{shop}/bills/new?code={free.tag}", "stock": f"{shop}/stock", "piece": f"{shop}/stock/{free.id}",
        "piece-sold": f"{shop}/stock/{stage.bills[0].lines[0].item_id}", "piece-new": f"{shop}/stock/new",
        "piece-edit": f"{shop}/stock/{free.id}/edit",
        "customers": f"{shop}/customers", "customer": f"{shop}/customers/{stage.people[0].id}",
        "customer-new": f"{shop}/customers/new", "old-gold": f"{shop}/old-gold", "old-gold-new": f"{shop}/old-gold/new",
        "old-gold-voucher": f"{shop}/old-gold/{stage.voucher_id}", "old-gold-lots": f"{shop}/old-gold/lots",
        "buying-terms": f"{shop}/old-gold/terms", "schemes": f"{shop}/schemes", "scheme-new": f"{shop}/schemes/new",
        "scheme": f"{shop}/schemes/{stage.scheme_id}", "scheme-plans": f"{shop}/schemes/plans",
        "scheme-collect": f"{shop}/schemes/collect", "rates": f"{shop}/rates", "exports": f"{shop}/exports",
        "staff": f"{shop}/staff", "staff-self": f"{shop}/staff/{who.person_id}", "settings": f"{shop}/settings",
        "cash": f"{shop}/cash", "day": f"{shop}/day", "day-close": f"{shop}/day/close", "audit": f"{shop}/audit",
        "audit-entry": f"{shop}/audit?entry=3",
        "shops": "/shops?stay=yes", "me": "/me",
        "customer-account": f"{shop}/customers/{stage.people[0].id}/account",
        "customer-family": f"{shop}/customers/{stage.people[0].id}/family",
        "customer-papers": f"{shop}/customers/{stage.people[0].id}/papers",
        "customer-merge": f"{shop}/customers/{stage.people[1].id}/merge?into={stage.people[2].id}",
        "customer-days": f"{shop}/customers/days", "outstanding": f"{shop}/outstanding",
        "receipts": f"{shop}/receipts", "receipt": f"{shop}/receipts/{stage.receipt_id}",
        "receipt-find": f"{shop}/receipts/new", "receipt-new": f"{shop}/receipts/new?customer={stage.people[0].id}",
        "pay-out": f"{shop}/credits/{stage.credit_id}/pay-out", "estimates-none": f"{shop}/estimates",
    }  # fmt: skip


NOT_FOR_ACCOUNTANTS = (
    "counter", "counter-empty", "piece-new", "piece-edit", "customer-new", "staff", "staff-self", "customer-papers",
    "customer-merge", "receipt-find", "receipt-new", "pay-out", "old-gold-new", "scheme-new", "scheme-collect",
)  # fmt: skip
LOOKS = {
    "light": {"color_scheme": "light"},
    "phone": {"color_scheme": "light", "viewport": PHONE, "is_mobile": True, "has_touch": True},
}


def look_at(screen: Watched, look: str, name: str) -> None:
    """On the counter's PC by day and, without loading it anew, in the dark, where only colours differ."""
    screen.look(f"{look}-{name}")
    if look == "light":
        screen.page.emulate_media(color_scheme="dark")
        screen.look(f"dark-{name}", "color-contrast")
        screen.page.emulate_media(color_scheme="light")


@pytest.mark.parametrize("look", LOOKS)
def test_every_page_of_a_shop(open_page: Callable[..., Watched], cast: Cast, stage: Stage, look: str) -> None:
    screen = open_page(**LOOKS[look])
    screen.be(cast.asha)
    for name, address in places(cast.asha, stage).items():
        assert screen.go(address) == 200, address
        look_at(screen, look, name)


@pytest.mark.parametrize("look", LOOKS)
def test_the_pages_of_nobody(open_page: Callable[..., Watched], look: str) -> None:
    screen = open_page(**LOOKS[look])
    screen.expected = ("404 (NOT FOUND)",)
    for name, address, status in (
        ("sign-in", "/sign-in", 200), ("console-sign-in", "/console/sign-in", 200), ("nowhere", "/nowhere", 404),
    ):  # fmt: skip
        assert screen.go(address) == status
        look_at(screen, look, name)


@pytest.mark.parametrize("look", LOOKS)
def test_the_consoles_pages(open_page: Callable[..., Watched], cast: Cast, look: str) -> None:
    screen = open_page(**LOOKS[look])
    screen.be(cast.om)
    for name, address in {
        "console-shops": f"/console/shops?q={cast.asha.shop.slug}", "console-new": "/console/shops/new",
        "console-shop": f"/console/shops/{cast.asha.shop_id}",
        "console-person": f"/console/people/{cast.bina.person_id}", "console-none": "/console/shops?q=nobodyatall",
        "console-shards": "/console/shards", "console-jobs": "/console/jobs",
    }.items():  # fmt: skip
        assert screen.go(address) == 200, address
        look_at(screen, look, name)


def test_an_accountant_sees_what_the_role_gives(open_page: Callable[..., Watched], cast: Cast, stage: Stage) -> None:
    """No page breaks for who may do less, and nothing is offered that would be refused."""
    screen = open_page()
    screen.be(cast.meera)
    screen.expected = ("403 (FORBIDDEN)",)
    for name, address in places(cast.asha, stage).items():
        wanted = 403 if name in NOT_FOR_ACCOUNTANTS else 200
        assert screen.go(address) == wanted, address
        assert screen.page.get_by_role("link", name="New bill").count() == 0
