"""What a rate was, drawn and listed: the right purity's, in the order it was set, until now."""

import dataclasses
import datetime as dt
import html
import re

import orjson
import pytest

from app.factory import create_app
from app.kit.clock import utc_now
from app.rates import service as rates
from app.rates.service import RateSetting
from app.tenants.models import Role
from tests.support.cast import join, signed_in
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


# ---------------------------------------------------------------- the market beside the board


def told(runtime, cast, gold=6_500_88, minutes=0):
    """The shop as a push of the feed leaves it, some minutes ago."""
    at = utc_now() - dt.timedelta(minutes=minutes)
    with runtime.router.shop(cast.asha.shop_id, cast.asha.actor) as db:
        rates.take(db, [rates.NewRate("gold", gold, "a source", at)])
        db.commit()


@pytest.fixture
def asha(flask_app, cast):
    return Sender(flask_app, cast.asha)


@pytest.fixture
def base(cast):
    return f"/s/{cast.asha.shop.slug}/rates"


RULES = {"version": "0", "auto_most": "1", "rule-gold-9160-on": "yes", "rule-gold-9160-bp": "1.5",
         "rule-gold-9160-paise": "-25.50", "rule-gold-9160-step": "100"}  # fmt: skip


def words(answer):
    return html.unescape(" ".join(re.sub(r"<[^>]+>", " ", answer.text).split()))


def test_what_the_market_suggests_stands_beside_the_board_and_is_accepted_as_seen(asha, base, runtime, cast):
    """6,500.88 × 0.916 × 1.015 − 25.50 = 6,018.63, to ₹1: 6,019."""
    told(runtime, cast)
    assert asha.once(f"{base}/rules", RULES).status_code == 303
    page = asha.look(base)
    assert "₹6,500.88" in page.text and "just now" in words(page) and "₹6,019.00" in page.text
    seen = dict(re.findall(r'name="(seen-[^"]+)" value="([0-9]+)"', page.text))
    assert seen == {"seen-rate-gold-9160": "601900"}
    assert asha(f"{base}/suggested", seen).status_code == 303
    assert 'value="6,019.00"' in asha.look(base).text
    assert "Accept all suggested" not in asha.look(base).text
    late = asha(f"{base}/suggested", {"seen-rate-gold-9160": "601800"})
    assert late.status_code == 409 and "changed after you saw it" in words(late)


def test_an_old_feed_says_so(asha, base, runtime, cast):
    told(runtime, cast, minutes=125)
    page = words(asha.look(base))
    assert "stale" in page and "2 h 5 min ago" in page


def test_rules_come_back_as_they_were_typed_and_a_wrong_one_is_told_at_its_row(asha, base):
    asha.once(f"{base}/rules", {**RULES, "locked_from": "20:30", "follows": "yes"})
    page = asha.look(f"{base}/rules").text
    for shown in ('value="1.50"', 'value="-25.50"', 'value="20:30"', 'name="version" value="1"'):
        assert shown in page, shown
    for wrong, said in (
        ({"rule-gold-9160-bp": "30"}, "premium is at most"), ({"locked_from": "25:00"}, "no time of the day"),
        ({"rule-gold-9160-paise": "many"}, "no amount in rupees"), ({"auto_publish": "yes"}, "does not follow"),
    ):  # fmt: skip
        refused = asha.once(f"{base}/rules", {**RULES, "version": "1", **wrong})
        assert refused.status_code == 422 and said in words(refused), wrong
        assert all(f'value="{typed}"' in refused.text for typed in wrong.values() if typed != "yes")


class WithoutRight:
    """Who people are, but for one who may not lower rates: no role of today sets them and may not lower them."""

    def __init__(self, identity, person_id):
        self.identity, self.person_id = identity, person_id

    def __getattr__(self, name):
        return getattr(self.identity, name)

    def rights(self, principal, shop_id):
        found = self.identity.rights(principal, shop_id)
        if found is None or principal.person_id != self.person_id:
            return found
        return dataclasses.replace(found, rights=found.rights - {"rates.lower"})


def test_a_lower_rate_is_asked_for_and_set_when_it_is_allowed(settings, asha, base, runtime, cast):
    """The board's form offers to ask, and the answer leads back to it."""
    person = join(runtime, "Mohan", cast.asha.shop.slug[-6:], Role.MANAGER, cast.asha.shop)
    app = create_app(settings, parts=dataclasses.replace(runtime, identity=WithoutRight(runtime.identity, person)))
    mohan = Sender(app, signed_in(runtime, "Mohan", "x", person, Role.MANAGER, cast.asha.shop))
    asha.once(base, {"rate-gold-9160": "6,000"})
    refused = mohan.once(base, {"rate-gold-9160": "5,900"})
    assert refused.status_code == 403 and "Ask the owner" in words(refused)
    fields = {
        name: html.unescape(value)
        for name, value in re.findall(
            r'type="hidden" name="(kind|right|subject_id|facts|next)" value="([^"]*)"', refused.text
        )
    }
    asked = mohan.once(base.replace("/rates", "/approvals"), {**fields, "reason": "the market fell"})
    path, _mark, query = asked.location.partition("?")
    assert "₹6,000.00 a gram" in words(asha.look(path)) and "₹5,900.00 a gram" in words(asha.look(path))
    assert asha(f"{path}/decision", {"version": "1", "answer": "allow"}).status_code == 303
    onward = html.unescape(re.search(r'href="([^"]+)">Go on', mohan.look(f"{path}?{query}").text)[1])
    page = mohan.look(onward).text
    approval = re.search(r'name="approval_id" value="([^"]+)"', page)[1]
    assert 'name="rate-gold-9160" value="5,900.00"' in page
    assert mohan.once(base, {"rate-gold-9160": "5,900.00", "approval_id": approval}).status_code == 303
    assert 'name="rate-gold-9160" value="5,900.00"' in asha.look(base).text
