"""The world's prices in rupees a gram, by hand; and what each source's answer is worth."""

import datetime as dt
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.adapters.rate_feeds import SourceFailed
from app.kit import dated
from app.rates import feeds
from app.rates.feeds import difference_bp, micros, paise_per_gram, picked, turned
from app.rates.service import gather

ON = dt.date(2026, 11, 30)
OUNCE = Decimal("31.1035")
LAST = {"XAU": Decimal(2400), "XAG": Decimal(30), "INR": Decimal("84.25")}


def reckoned(usd, inr):
    return paise_per_gram(micros(Decimal(usd)), micros(Decimal(inr)), OUNCE)


def test_gold_in_rupees_by_hand():
    """2400.00 × 84.25 = 202,200.00 ₹ an ounce. 31.1035 × 6,500 = 202,172.75; 27.25 ÷ 31.1035 = 0.876…: ₹6,500.88."""
    assert reckoned("2400.00", "84.25") == 6_500_88


def test_silver_in_rupees_by_hand():
    """30 × 85 = 2,550 ₹ an ounce; 31.1035 × 81 = 2,519.3835; 30.6165 ÷ 31.1035 = 0.98434…: ₹81.98."""
    assert reckoned("30", "85") == 81_98


def test_a_half_paisa_goes_up():
    """An ounce of 31.1035 × 1.005 = 31.2590175 ₹: 100.5 paise a gram."""
    assert reckoned("31.2590175", "1") == 1_01
    assert reckoned("31.259017", "1") == 1_00


@given(st.integers(500, 20_000), st.integers(50, 250), st.integers(1, 5_000))
def test_a_dearer_ounce_is_a_dearer_gram(usd, inr, more):
    assert reckoned(usd + more, inr) >= reckoned(usd, inr) > 0


def test_ounces_for_a_dollar_are_turned():
    """0.0004 ounces for a dollar: 2,500 dollars for an ounce."""
    assert turned(Decimal("0.0004")) == 2500


def test_a_change_is_told_in_basis_points():
    """6,500 to 6,630 is 2 %; to 6,370 is -2 %."""
    assert (difference_bp(6_630_00, 6_500_00), difference_bp(6_370_00, 6_500_00)) == (200, -200)


def test_a_number_is_found_in_the_sources_forms():
    assert picked({"price": Decimal("2400.10")}, ("price",)) == Decimal("2400.10")
    assert picked({"items": [{"xauPrice": "2400.10"}]}, ("items", "0", "xauPrice")) == Decimal("2400.10")


@pytest.mark.parametrize(
    "answer",
    [{}, [], None, {"price": None}, {"price": "soon"}, {"price": Decimal(0)}, {"price": Decimal(-5)}, {"price": True},
     {"price": "NaN"}, {"price": "Infinity"}, {"price": {"usd": Decimal(1)}}, {"price": Decimal("1" * 50)}],
)  # fmt: skip
def test_what_is_no_price_is_refused(answer):
    with pytest.raises(ValueError, match="price"):
        picked(answer, ("price",))


# ---------------------------------------------------------------- which quotation is believed


def table(*rows):
    import json

    return json.dumps({"note": "of a test", "records": [
        {"symbol": symbol, "feed": feed, "url": f"https://{feed}.test/{symbol}", "path": "p", "turned": False,
         "timeout_ms": 1000, "valid_from": "2026-04-01", "valid_to": None, "source": "a test"}
        for symbol, feed in rows
    ]})  # fmt: skip


@pytest.fixture
def three_sources():
    """Gold of three sources, silver and rupees of one each."""
    rows = [("XAU", "a"), ("XAU", "b"), ("XAU", "c"), ("XAG", "a"), ("INR", "a")]
    dated.decide({"feeds.json": table(*rows)})
    yield
    dated.decide({})


def asked(**gold):
    """What is gathered where the sources say this of gold; None: it fails."""
    seen = []

    def read(url, seconds):
        seen.append(url)
        feed, symbol = url.removeprefix("https://").replace(".test", "").split("/")
        value = gold[feed] if symbol == "XAU" else {"XAG": "30", "INR": "84.25"}[symbol]
        if value is None:
            raise SourceFailed("it answered 500")
        return {"p": Decimal(value)}

    gathered = gather(read, LAST, ON)
    return gathered, [url for url in seen if url.endswith("XAU")]


@pytest.mark.usefixtures("three_sources")
class TestWhichIsBelieved:
    """The band of gold is 3 %: 2,328 to 2,472 beside 2,400; two sources agree within 0.5 %."""

    def test_the_first_that_answers_well_is_enough(self):
        gathered, seen = asked(a="2410", b="2420", c="2430")
        assert (gathered.found["XAU"].value, gathered.found["XAU"].feed) == (Decimal(2410), "a")
        assert len(seen) == 1

    def test_the_next_stands_in_for_one_that_fails(self):
        gathered, _ = asked(a=None, b="2420", c=None)
        assert (gathered.found["XAU"].feed, gathered.found["XAU"].held) == ("b", False)
        assert gathered.outcomes["a"] == "it answered 500"
        assert gathered.outcomes["b"] is None

    def test_the_edge_of_the_band_is_in_it(self):
        assert asked(a="2472", b=None, c=None)[0].found["XAU"].held is False
        assert asked(a="2472.01", b=None, c=None)[0].found["XAU"].held is True

    def test_one_that_is_far_off_gives_way_to_one_that_is_near(self):
        gathered, _ = asked(a="2600", b="2405", c="2400")
        assert (gathered.found["XAU"].value, gathered.found["XAU"].held) == (Decimal(2405), False)

    def test_two_that_agree_are_believed_however_far_the_market_moved(self):
        gathered, _ = asked(a="2600", b="2612", c=None)  # 12 ÷ 2600 = 0.46 %
        assert (gathered.found["XAU"].value, gathered.found["XAU"].feed) == (Decimal(2600), "a, b")
        assert gathered.found["XAU"].held is False

    def test_two_that_are_far_off_and_differ_are_held(self):
        gathered, _ = asked(a="2600", b="2700", c=None)
        assert (gathered.found["XAU"].value, gathered.found["XAU"].held) == (Decimal(2600), True)

    def test_what_gold_cannot_be_is_no_quotation_at_all(self):
        gathered, _ = asked(a="24", b="240000", c=None)
        assert "XAU" not in gathered.found
        assert "cannot be" in gathered.outcomes["b"]

    def test_nothing_is_invented_where_none_answers(self):
        gathered, seen = asked(a=None, b=None, c=None)
        assert "XAU" not in gathered.found and "XAG" not in gathered.outcomes
        assert len(seen) == 3


def test_every_symbol_of_the_packaged_table_has_a_band_and_several_sources():
    for symbol in ("XAU", "XAG", "INR"):
        assert feeds.band_of(symbol, ON).band_bp > 0
        assert len({one.feed for one in feeds.sources_on(ON) if one.symbol == symbol}) >= 3
