"""The feed over real HTTP: sources that answer, fail and lie; what is kept, held, told to shops and put on boards."""

import datetime as dt
import time
from uuid import UUID

import pytest
from sqlalchemy import select, update

from app.adapters.rate_feeds import SourceFailed, read_json
from app.kit.clock import ist, utc_now
from app.kit.models import ControlJob
from app.rates import service
from app.rates.models import FeedSource, MetalQuote
from app.rates.service import NewRate, Rule, RuleDraft, Terms
from tests.support.counter import Counter, made
from tests.support.jobs import run_control, work_off
from tests.support.price_source import price_source
from tests.support.waiting import until

FETCH, PUSH = "app.rates.jobs.fetch_feed", "app.rates.jobs.push_feed"


@pytest.fixture(scope="module")
def server(runtime, standing_cast):
    with price_source(runtime, standing_cast.om.person_id) as source:
        yield source


@pytest.fixture
def source(runtime, server):
    """A world of its own: no earlier quotation counts, and the sources say this."""
    long_ago = utc_now() - dt.timedelta(days=1)
    with runtime.router.control() as control:
        control.execute(update(MetalQuote).values(state="dropped"))
        control.execute(update(FeedSource).values(failures=0, failure=None, tried_at=long_ago))
        control.commit()
    server.answers.clear()
    server.asked.clear()
    server.gold("2400.00")
    server.silver("30.00")
    server.rupees("84.25")
    server.second("2405.00", "30.10")
    return server


def fetch(runtime):
    run_control(runtime, FETCH, on="2026-11-30")


def newest(runtime):
    with runtime.router.control() as control:
        return {one.metal: (one.paise_per_g, one.feed) for one in service.newest(control)}


def quotes(runtime, state=None):
    with runtime.router.control() as control:
        return service.list_quotes(control, state=state, metal="gold").items


def outcomes(runtime):
    with runtime.router.control() as control:
        return {one.feed: (one.failures, one.failure) for one in service.read_state(control).sources}


def told(counter, gold=6_500_88, at=None):
    """The shop as a push leaves it; gives how many rates went on its board."""
    rates = [NewRate("gold", gold, "test", at or utc_now())]
    return counter.write(lambda db: service.take(db, rates, counter.runtime.cache))


def follow(counter, *rules, version=0, **terms):
    return counter.write(lambda db: service.set_rules(
        db, terms=Terms(**{"follows": True, "with_duty": False, **terms}), expected_version=version,
        rules=[RuleDraft("gold", fineness, rule) for fineness, rule in rules],
    ))  # fmt: skip


# ---------------------------------------------------------------- fetching


def test_a_good_answer_is_kept_with_what_it_came_from(runtime, source):
    """₹6,500.88 as in the unit test; silver 30 × 84.25 ÷ 31.1035 = 81.2609…"""
    fetch(runtime)
    assert newest(runtime) == {"gold": (6_500_88, "first; money"), "silver": (81_26, "first; money")}
    quote = quotes(runtime)[0]
    assert (quote.usd_micros, quote.inr_micros, quote.state) == (2_400_000_000, 84_250_000, "good")
    assert "/dbXRates/USD" not in source.asked, "nobody is asked whose answer is not needed"


@pytest.mark.parametrize("fault", ["500", "404", "garbage", "late", "drip", "redirect", "huge", '{"price": 24000000}'])
def test_where_the_first_source_fails_the_second_stands_in(runtime, source, fault):
    """2405 × 84.25 ÷ 31.1035 = 202,621.25 ÷ 31.1035 = 6,514.4196…"""
    source.says("/price/XAU", fault)
    fetch(runtime)
    assert newest(runtime)["gold"] == (6_514_42, "second; money")
    failures, why = outcomes(runtime)["first"]
    assert failures == 1 and why
    assert outcomes(runtime)["second"] == (0, None)


def test_a_source_that_drips_costs_its_time_and_no_more(source):
    source.says("/price/XAU", "drip")
    began = time.monotonic()
    with pytest.raises(SourceFailed, match="in time"):
        read_json(f"http://127.0.0.1:{source.port}/price/XAU", timeout_s=0.3)
    assert time.monotonic() - began < 3


def test_rupees_may_come_the_other_way_round(runtime, source):
    """0.0125 dollars for a rupee: 80 rupees for a dollar. 2400 × 80 ÷ 31.1035 = 6,172.9387…"""
    source.says("/v6/latest/USD", "500")
    source.says("/usd.json", {"inr": {"usd": "0.0125"}})
    fetch(runtime)
    assert newest(runtime)["gold"] == (6_172_94, "first; turned")


def test_without_any_source_the_last_rate_stays(runtime, source):
    fetch(runtime)
    before = newest(runtime)
    for path in list(source.answers):
        source.says(path, "500")
    fetch(runtime)
    assert newest(runtime) == before
    assert outcomes(runtime)["money"] == (1, "it answered 500")


def test_a_leap_is_held_until_a_person_confirms_it(runtime, source, cast):
    """2700 is 12.5 % above 2400, and the other source does not agree: 2700 × 84.25 ÷ 31.1035 = 7,313.4856…"""
    fetch(runtime)
    source.gold("2700")
    source.second("2900", "30.10")
    fetch(runtime)
    assert newest(runtime)["gold"][0] == 6_500_88
    (held,) = quotes(runtime, "held")
    assert (held.paise_per_g, held.change_bp) == (7_313_49, 1_250)
    with runtime.router.control() as control:
        service.confirm_quote(control, quote_id=held.id, actor_id=cast.om.person_id)
        control.commit()
    assert newest(runtime)["gold"][0] == 7_313_49
    fetch(runtime)
    assert quotes(runtime, "held") == [], "what was confirmed is what the next one is held against"


def test_a_leap_that_two_sources_tell_is_believed(runtime, source):
    fetch(runtime)
    source.gold("2700")
    source.second("2701", "30.10")
    fetch(runtime)
    assert newest(runtime)["gold"] == (7_313_49, "first, second; money")


def test_many_who_ask_at_once_make_one_fetch(runtime, source):
    now = utc_now()
    with runtime.router.control() as control:
        asked = {service.ask_fetch(control, now) for _ in range(5)}
        control.commit()
        keys = control.scalars(select(ControlJob.job).where(ControlJob.id.in_(asked))).all()
    assert keys == [FETCH]


# ---------------------------------------------------------------- telling the shops


def test_only_shops_that_follow_are_told_and_each_reads_its_own_shard(runtime, source, cast, flask_app):
    """Asha and Zoya follow, on two shards; Ravi does not."""
    asha, ravi, zoya = (Counter(flask_app, runtime, one) for one in (cast.asha, cast.ravi, cast.zoya))
    follow(asha)
    follow(zoya)
    fetch(runtime)
    run_control(runtime, PUSH, on="2026-11-30")
    for counter in (asha, zoya):
        until(
            lambda counter=counter: made(counter.get("/rates/feed"))["rates"]
        )  # a job wrote it: a replica may be behind
        feed = {one["metal"]: one for one in made(counter.get("/rates/feed"))["rates"]}
        assert (feed["gold"]["paisePerG"], feed["gold"]["stale"]) == (6_500_88, False)
    assert made(ravi.get("/rates/feed"))["rates"] == []


def test_the_button_takes_what_is_known_and_asks_for_more_once(runtime, source, counter):
    fetch(runtime)
    with runtime.router.control() as control:
        control.execute(update(FeedSource).values(tried_at=utc_now() - dt.timedelta(minutes=3)))
        control.commit()
    asked = counter.post("/rates/feed", {})
    assert asked.status_code == 202
    assert UUID(asked.json["jobId"]) in work_off(runtime, counter.who.shop_id)
    assert [one["paisePerG"] for one in made(counter.get("/rates/feed"))["rates"]] == [6_500_88, 81_26]
    with runtime.router.control() as control:
        waiting = control.scalars(select(ControlJob).where(ControlJob.job == FETCH, ControlJob.key.is_not(None))).all()
        assert waiting
        for row in waiting:
            control.delete(row)
        control.commit()


def test_an_older_rate_never_covers_a_newer_one(counter):
    now = utc_now()
    told(counter, 6_500_00, now)
    told(counter, 6_400_00, now - dt.timedelta(minutes=15))
    assert [one["paisePerG"] for one in made(counter.get("/rates/feed"))["rates"]] == [6_500_00]


def test_an_old_feed_is_marked_with_its_age(counter):
    told(counter, at=utc_now() - dt.timedelta(minutes=61))
    (gold,) = made(counter.get("/rates/feed"))["rates"]
    assert gold["stale"] is True
    assert counter.read(service.read_feed)[0].minutes_old(utc_now()) == 61


# ---------------------------------------------------------------- suggested, accepted, published


def suggested(counter):
    return {one["purity"]["fineness"]: one for one in made(counter.get("/rates/suggested"))["rates"]}


def setting(fineness, paise):
    return {"purity": {"metal": "gold", "fineness": fineness}, "paisePerG": paise}


def test_a_suggestion_is_the_feed_through_the_shops_rules(counter):
    """22K: 6,500.88 × 0.916 × 1.015 + 25.50 = 6,069.63, to ₹1: 6,070. 18K without a rule: 4,875.66 → 4,876."""
    told(counter)
    follow(counter, (9160, Rule(150, 25_50, 100)))
    found = suggested(counter)
    assert (found[9160]["paisePerG"], found[9160]["followed"]) == (6_070_00, True)
    assert (found[7500]["paisePerG"], found[7500]["followed"]) == (4_876_00, False)


def test_duty_and_karat_count_where_the_shop_says_so(counter):
    """6,500.88 × 1.06 × 22 ÷ 24 = 6,316.6884, to ₹1: 6,317."""
    told(counter)
    follow(counter, with_duty=True)
    profile = made(counter.get("/profile"))
    path = f"/api/v1/shops/{counter.who.shop_id}/profile"
    headers = counter.who.headers(**{"If-Match": f'"{profile["version"]}"'})
    changed = counter.app.test_client().patch(path, json={"rateBasis": "karat"}, headers=headers)
    assert changed.status_code == 200, changed.json
    assert suggested(counter)[9160]["paisePerG"] == 6_317_00


def test_what_was_seen_is_accepted_and_goes_on_the_board(counter):
    told(counter)
    follow(counter, (9160, Rule()))
    seen = suggested(counter)[9160]["paisePerG"]
    assert seen == 5_955_00  # 6,500.88 × 0.916 = 5,954.81, to ₹1
    board = made(counter.post("/rates/suggested", {"rates": [setting(9160, seen)]}))
    assert board["rates"][0]["paisePerG"] == seen
    again = counter.post("/rates/suggested", {"rates": [setting(9160, seen)]})
    assert (again.status_code, again.json["code"]) == (409, "nothing_suggested")


def test_a_suggestion_that_moved_is_not_accepted_unseen(counter):
    told(counter)
    seen = suggested(counter)[9160]["paisePerG"]
    told(counter, 6_600_00)
    late = counter.post("/rates/suggested", {"rates": [setting(9160, seen)]})
    assert (late.status_code, late.json["code"]) == (409, "suggestion_moved")
    assert made(counter.get("/rates"))["rates"] == []


def test_an_old_suggestion_is_not_accepted(counter):
    told(counter, at=utc_now() - dt.timedelta(hours=2))
    seen = suggested(counter)[9160]
    assert seen["stale"] is True
    refused = counter.post("/rates/suggested", {"rates": [setting(9160, seen["paisePerG"])]})
    assert (refused.status_code, refused.json["code"]) == (409, "feed_stale")


def board_of(counter, fineness=9160):
    return counter.read(service.read_board).get(("gold", fineness))


def test_a_board_that_publishes_itself_moves_in_small_steps_only(counter):
    """From 5,955 (6,500.88): 1 % allowed. 6,550 → 6,000 (0.76 %); then 6,700 → 6,137 (2.3 %) waits for a person."""
    counter.set_board(gold_9160=5_955_00, gold_7500=4_876_00, gold_5850=3_803_00)
    follow(counter, auto_publish=True, auto_most_bp=100)
    assert told(counter, 6_550_00) == 3
    assert board_of(counter) == 6_000_00  # 5,999.80 to ₹1
    assert told(counter, 6_700_00) == 0
    assert board_of(counter) == 6_000_00
    assert made(counter.get("/rates/history", metal="gold", fineness=9160, limit=1))["items"][0]["setBy"] is None


def test_nothing_is_published_from_an_old_feed_nor_after_the_lock(counter):
    counter.set_board(gold_9160=5_955_00, gold_7500=4_876_00, gold_5850=3_803_00)
    follow(counter, auto_publish=True)
    assert told(counter, 6_510_00, utc_now() - dt.timedelta(hours=2)) == 0
    follow(counter, version=1, auto_publish=True, locked_from_min=0)
    assert told(counter, 6_510_00) == 0


def test_a_board_that_nobody_lets_follow_stays(counter):
    counter.set_board()
    assert told(counter, 6_550_00) == 0
    assert board_of(counter) == 12_800_00


# ---------------------------------------------------------------- who may set what


@pytest.fixture
def setter(flask_app, runtime, cast):
    """Bina, as if her role had the right to set rates and not to lower them."""
    import dataclasses

    bina = cast.bina
    rights = bina.rights | {"rates.set"}
    return Counter(flask_app, runtime, dataclasses.replace(bina, rights=rights))


def set_rate(counter, paise, **more):
    rates = [service.RateSetting("gold", 9160, paise)]
    return counter.write(lambda db: service.set_rates(db, rates=rates, **more))


def test_who_may_set_may_raise_and_asks_to_lower(counter, setter):
    from app.approvals import service as approvals

    counter.set_board()
    set_rate(setter, 12_900_00)
    with pytest.raises(approvals.ApprovalNeeded) as refused:
        set_rate(setter, 12_850_00)
    wanted = refused.value.members["approval"]
    assert wanted["facts"]["rates"] == [
        {"metal": "gold", "fineness": 9160, "fromPaisePerG": 12_900_00, "toPaisePerG": 12_850_00}
    ]
    asked = made(setter.post("/approvals", wanted))
    path = f"/approvals/{asked['id']}/decision"
    made(counter.post(path, {"grant": True}, **{"If-Match": '"1"'}))
    with pytest.raises(approvals.ApprovalNeeded, match="other facts"):
        set_rate(setter, 12_840_00, approval_id=UUID(asked["id"]))
    set_rate(setter, 12_850_00, approval_id=UUID(asked["id"]))
    assert board_of(counter) == 12_850_00
    set_rate(setter, 12_900_00)
    with pytest.raises(approvals.ApprovalNeeded, match="used already"):
        set_rate(setter, 12_850_00, approval_id=UUID(asked["id"]))


def test_a_locked_board_is_changed_only_by_who_may_lower(counter, setter):
    from app.approvals import service as approvals

    counter.set_board()
    minute = ist(utc_now()).hour * 60 + ist(utc_now()).minute
    follow(counter, locked_from_min=minute)
    with pytest.raises(approvals.ApprovalNeeded) as refused:
        set_rate(setter, 12_900_00)
    assert refused.value.members["approval"]["facts"]["boardLocked"] is True
    set_rate(counter, 12_900_00)
    follow(counter, version=1, locked_from_min=None)
    set_rate(setter, 12_950_00)


# ---------------------------------------------------------------- rules


def rules_body(**terms):
    return {
        "terms": {
            "follows": False, "withDuty": True, "autoPublish": False, "autoMostBp": 100, "lockedFromMin": None, **terms,
        },
        "rules": [{
            "purity": {"metal": "gold", "fineness": 9160}, "premiumBp": 50, "premiumPaisePerG": 0,
            "roundToPaise": 1_000,
        }],
    }  # fmt: skip


def put(counter, body, version):
    headers = counter.who.headers(**{"If-Match": f'"{version}"'})
    return counter.app.test_client().put(f"{counter.base}/rates/rules", json=body, headers=headers)


def test_rules_are_read_as_they_were_set_and_replaced_as_a_whole(counter):
    assert made(counter.get("/rates/rules"))["version"] == 0
    body = rules_body(lockedFromMin=1_200)
    assert put(counter, body, 0).json == {**body, "version": 1}
    assert put(counter, {**body, "rules": []}, 1).json["rules"] == []
    assert put(counter, body, 1).status_code == 412
    assert counter.books().sound


def broken(**changes):
    body = rules_body()
    body["rules"][0] |= changes
    return body


@pytest.mark.parametrize(
    "body",
    [broken(premiumBp=5_000), broken(premiumPaisePerG=10**8), broken(roundToPaise=7), rules_body(autoMostBp=5_000),
     rules_body(autoPublish=True), rules_body(lockedFromMin=1_440),
     broken(purity={"metal": "platinum", "fineness": 9500}), broken(purity={"metal": "gold", "fineness": 1})],
)  # fmt: skip
def test_rules_that_nobody_can_mean_are_refused(counter, body):
    before = counter.row_counts()
    refused = put(counter, body, 0)
    assert refused.status_code == 422, refused.json
    assert counter.row_counts() == before


def test_a_clerk_makes_no_rules(counter, cast):
    clerk = Counter(counter.app, counter.runtime, cast.bina)
    assert put(clerk, rules_body(), 0).status_code == 403
