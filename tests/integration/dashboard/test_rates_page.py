"""What a rate was, drawn and listed: the right purity's, in the order it was set, until now."""

import datetime as dt
import html
import re

import orjson
import pytest

from app.kit.clock import utc_now
from app.rates import service as rates
from app.rates.service import RateSetting
from tests.support.pages import Sender


@pytest.fixture
def page(flask_app, cast, runtime):
    now = utc_now()
    with runtime.router.shop(cast.asha.shop_id, cast.asha.actor) as db:
        for days, gold, silver in ((3, 12_500_00, 150_00), (2, 12_700_00, 151_00), (1, 12_600_00, 149_50)):
            setting = [RateSetting("gold", 9160, gold), RateSetting("silver", 9250, silver)]
            rates.set_rates(db, rates=setting, at=now - dt.timedelta(days=days))
        db.commit()
    asha = Sender(flask_app, cast.asha)
    return lambda query="": asha.look(f"/s/{cast.asha.shop.slug}/rates{query}").text


def drawn(text):
    found = re.search(r'data-chart="([^"]+)"', text)
    return orjson.loads(html.unescape(found[1])) if found else None


def test_the_chart_is_of_22_karat_unless_another_is_asked_for(page):
    moments, paise = drawn(page())
    assert paise == [12_500_00, 12_700_00, 12_600_00, 12_600_00], "the last one holds until now"
    assert moments == sorted(moments) and abs(moments[-1] - utc_now().timestamp()) < 60
    assert drawn(page("?of=silver-9250"))[1] == [150_00, 151_00, 149_50, 149_50]
    assert drawn(page("?of=nonsense")) is not None


def test_the_list_is_of_the_purity_that_was_asked_for(page):
    assert page().count("₹151.00") == page().count("₹12,700.00") == 1
    silver = page("?of=silver-9250")
    assert "₹151.00" in silver and "₹12,700.00" not in silver
    none = page("?of=platinum-9500")
    assert drawn(none) is None and "was ever set" in none
