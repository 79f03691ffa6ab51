"""How a shop's board follows the feed: its rules, the feed as it was told, what they come to, accepted or published."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.exc import IntegrityError

from app.kit import audit, outbox
from app.kit.cache import ShopCache
from app.kit.clock import ist, today_ist, utc_now
from app.kit.errors import PreconditionFailed
from app.kit.money import whole
from app.kit.texts import _
from app.kit.weights import RateBasis, purity_label
from app.rates import feeds, repository
from app.rates.errors import FeedMissing, FeedStale, NothingSuggested, RateBusy, RateTwice, RuleAbsurd, SuggestionMoved
from app.rates.models import BoardTerms, RateRule
from app.rates.models import FeedRate as FeedRow
from app.rates.purities import check_purity, list_purities
from app.rates.reckoning import PLAIN, ROUNDINGS, Rule, suggest
from app.rates.service.board import Rate, RateSetting, is_locked, publish_rates, read_board, set_rates
from app.rates.service.feed import NewRate
from app.tenants import service as tenants
from shard_router import ShopSession

TAKE = "app.rates.jobs.take_feed"
MOST_PREMIUM_BP = 2_000
MOST_PREMIUM_PAISE = 100_000_00
MOST_STEP_BP = 1_000
LAST_MINUTE = 24 * 60 - 1
USUAL = (("gold", 9990), ("gold", 9160), ("gold", 7500), ("silver", 9990), ("silver", 9250))
"""What is suggested to a shop that has neither a rate nor a rule yet."""

followers = repository.followers


@dataclass(frozen=True, slots=True)
class Terms:
    """How a board follows the feed.

    follows          the shop is told every new rate
    with_duty        the law's duty on imported metal is added to the feed
    auto_publish     new rates go on the board by themselves, in steps of at most `auto_most_bp`
    locked_from_min  from this minute of the day in India on, a change takes `rates.lower`; None: never
    """

    follows: bool = False
    with_duty: bool = True
    auto_publish: bool = False
    auto_most_bp: int = 100
    locked_from_min: int | None = None


@dataclass(frozen=True, slots=True)
class RuleDraft:
    """The rule of one purity."""

    metal: str
    fineness: int
    rule: Rule


@dataclass(frozen=True, slots=True)
class Rules:
    """All of a shop's rules; version 0 before they were ever set."""

    terms: Terms
    rules: Mapping[tuple[str, int], Rule]
    version: int

    def locked(self, now: dt.datetime) -> bool:
        """Whether the day's board is locked by now."""
        return is_locked(self.terms, now)


@dataclass(frozen=True, slots=True)
class FeedRate:
    """The feed of a metal as the shop was told it: paise for a gram of the fine metal."""

    metal: str
    paise_per_g: int
    feed: str
    fetched_at: dt.datetime
    stale: bool

    def minutes_old(self, now: dt.datetime) -> int:
        return max(0, int((now - self.fetched_at).total_seconds()) // 60)


@dataclass(frozen=True, slots=True)
class Suggestion:
    """What feed and rules come to for a purity, beside what the board says. `followed`: accepting sets it."""

    metal: str
    fineness: int
    paise_per_g: int
    board_paise_per_g: int | None
    change_bp: int | None
    followed: bool
    stale: bool

    @property
    def purity(self) -> dict[str, object]:
        return {"metal": self.metal, "fineness": self.fineness}

    @property
    def label(self) -> str:
        return purity_label(self.metal, self.fineness)

    @property
    def differs(self) -> bool:
        return self.paise_per_g != self.board_paise_per_g


# ---------------------------------------------------------------- rules


def get_rules(db: ShopSession) -> Rules:
    row = repository.find_terms(db)
    rules = {
        (one.metal, one.fineness): Rule(one.premium_bp, one.premium_paise_per_g, one.round_to_paise)
        for one in repository.list_rules(db)
    }
    return Rules(_terms(row), rules, 0 if row is None else row.version)


def set_rules(db: ShopSession, *, terms: Terms, rules: Sequence[RuleDraft], expected_version: int) -> Rules:
    """Replace the shop's rules as a whole; raises PreconditionFailed, UnknownPurity, RateTwice, RuleAbsurd."""
    _check_terms(terms)
    _check_rules(rules)
    row, now = repository.find_terms(db, lock=True), utc_now()
    if expected_version != (0 if row is None else row.version):
        raise PreconditionFailed(_("The rules were changed since you opened them."), action=_("Look at them again."))
    row = row or BoardTerms(version=0)
    for name in Terms.__dataclass_fields__:
        setattr(row, name, getattr(terms, name))
    row.version, row.changed_at, row.changed_by = row.version + 1, now, db.actor.person_id
    db.add(row)
    try:
        db.flush()
    except IntegrityError as taken:
        raise RateBusy() from taken
    repository.delete_rules(db)
    db.add_all(_rows(rules))
    db.flush()
    if terms.follows:
        ask_fresh(db)
    audit.record(db, "rates.rules_set", None, _written(terms, rules, row.version))
    return Rules(terms, {(one.metal, one.fineness): one.rule for one in rules}, row.version)


def _rows(rules: Sequence[RuleDraft]) -> list[RateRule]:
    return [
        RateRule(
            metal=one.metal, fineness=one.fineness, premium_bp=one.rule.premium_bp,
            premium_paise_per_g=one.rule.premium_paise_per_g, round_to_paise=one.rule.round_to_paise,
        )
        for one in rules
    ]  # fmt: skip


def _check_terms(terms: Terms) -> None:
    whole(terms.auto_most_bp, "The largest step in bp", least=1, most=MOST_STEP_BP, field="terms.autoMostBp")
    if terms.locked_from_min is not None:
        whole(terms.locked_from_min, "The lock's minute", most=LAST_MINUTE, field="terms.lockedFromMin")
    if terms.auto_publish and not terms.follows:
        raise RuleAbsurd(
            _("A board that does not follow the feed can't be published by it."),
            fields={"terms.autoPublish": "needs follows"},
        )


def _check_rules(rules: Sequence[RuleDraft]) -> None:
    today, seen = today_ist(), set[tuple[str, int]]()
    for place, one in enumerate(rules):
        at = f"rules.{place}"
        check_purity(one.metal, one.fineness, today, field=f"{at}.purity")
        if one.metal not in feeds.SYMBOLS:
            raise RuleAbsurd(
                _("The feed has no rate of %(metal)s.", metal=one.metal), fields={f"{at}.purity": "not in the feed"}
            )
        if (one.metal, one.fineness) in seen:
            raise RateTwice(fields={f"{at}.purity": "given twice"})
        seen.add((one.metal, one.fineness))
        if abs(one.rule.premium_bp) > MOST_PREMIUM_BP:
            raise RuleAbsurd(fields={f"{at}.premiumBp": "absurd"})
        if abs(one.rule.premium_paise_per_g) > MOST_PREMIUM_PAISE:
            raise RuleAbsurd(fields={f"{at}.premiumPaisePerG": "absurd"})
        if one.rule.round_to_paise not in ROUNDINGS:
            raise RuleAbsurd(fields={f"{at}.roundToPaise": "not a rounding"})


# ---------------------------------------------------------------- the feed


def read_feed(db: ShopSession) -> list[FeedRate]:
    """As the shop's own shard knows it: it needs neither the control plane nor Redis."""
    now = utc_now()
    stale_after = feeds.terms_on(ist(now).date()).stale_after
    return [
        FeedRate(row.metal, row.paise_per_g, row.feed, row.fetched_at, now - row.fetched_at > stale_after)
        for row in repository.list_feed(db)
    ]


def ask_fresh(db: ShopSession) -> UUID:
    """Asks for the newest feed, once for however many ask at a time; gives the job's id."""
    return outbox.enqueue(db, TAKE, key="take-feed")


def take(db: ShopSession, newest: Sequence[NewRate], cache: ShopCache | None = None) -> int:
    """Writes what the feed says unless what stands there is as new, and publishes where the shop wants that; gives how
    many rates were put on the board."""
    rows = {row.metal: row for row in repository.list_feed(db, lock=True)}
    for new in newest:
        row = rows.get(new.metal)
        if row is None:
            db.add(FeedRow(metal=new.metal, paise_per_g=new.paise_per_g, feed=new.feed, fetched_at=new.fetched_at))
        elif row.fetched_at < new.fetched_at:
            row.paise_per_g, row.feed, row.fetched_at = new.paise_per_g, new.feed, new.fetched_at
    db.flush()
    return publish(db, cache)


# ---------------------------------------------------------------- what they come to


def suggested(db: ShopSession) -> list[Suggestion]:
    """Of every purity of the metals that the feed has, in the order of a board."""
    feed = {one.metal: one for one in read_feed(db)}
    rules, board = get_rules(db), read_board(db)
    basis, today = RateBasis(tenants.get_profile(db).rate_basis), today_ist()
    followed = {*board, *rules.rules} or set(USUAL)

    def of(metal: str, fineness: int) -> Suggestion:
        key, told = (metal, fineness), feed[metal]
        paise = suggest(
            told.paise_per_g, fineness=fineness, basis=basis, rule=rules.rules.get(key, PLAIN),
            duty_bp=feeds.duty_bp(metal, today) if rules.terms.with_duty else 0,
        )  # fmt: skip
        change = feeds.difference_bp(paise, board[key]) if key in board else None
        return Suggestion(metal, fineness, paise, board.get(key), change, key in followed, told.stale)

    return [of(purity.metal, purity.fineness) for purity in list_purities(today) if purity.metal in feed]


def accept(
    db: ShopSession, *, rates: Sequence[RateSetting], cache: ShopCache | None = None, approval_id: UUID | None = None
) -> list[Rate]:
    """Put on the board what was suggested and seen; raises FeedMissing, SuggestionMoved, FeedStale,
    NothingSuggested, and what set_rates raises."""
    now = {(one.metal, one.fineness): one for one in suggested(db)}
    if not now:
        raise FeedMissing()
    for place, seen in enumerate(rates):
        current = now.get((seen.metal, seen.fineness))
        if current is None or current.paise_per_g != seen.paise_per_g:
            raise SuggestionMoved(fields={f"rates.{place}.paisePerG": "moved"})
        if current.stale:
            raise FeedStale(fields={f"rates.{place}.purity": "stale"})
    changed = [one for one in rates if now[one.metal, one.fineness].differs]
    if not changed:
        raise NothingSuggested()
    return set_rates(db, rates=changed, cache=cache, approval_id=approval_id)


def publish(db: ShopSession, cache: ShopCache | None = None) -> int:
    """What the owner lets happen by itself: rates of the board only, all in steps within the bound, before the lock,
    from a fresh feed; else none, and the page shows what waits."""
    row = repository.find_terms(db)
    if row is None or not row.auto_publish or is_locked(row, utc_now()):
        return 0
    moved = [one for one in suggested(db) if one.board_paise_per_g is not None and one.differs]
    if not moved or any(one.stale or abs(one.change_bp or 0) > row.auto_most_bp for one in moved):
        return 0
    publish_rates(db, rates=[RateSetting(one.metal, one.fineness, one.paise_per_g) for one in moved], cache=cache)
    return len(moved)


def _terms(row: BoardTerms | None) -> Terms:
    if row is None:
        return Terms()
    return Terms(**{name: getattr(row, name) for name in Terms.__dataclass_fields__})


def _written(terms: Terms, rules: Sequence[RuleDraft], version: int) -> dict[str, object]:
    return {
        "follows": terms.follows, "withDuty": terms.with_duty, "autoPublish": terms.auto_publish,
        "autoMostBp": terms.auto_most_bp, "lockedFromMin": terms.locked_from_min, "version": version,
        "rules": [
            {
                "metal": one.metal, "fineness": one.fineness, "premiumBp": one.rule.premium_bp,
                "premiumPaisePerG": one.rule.premium_paise_per_g, "roundToPaise": one.rule.round_to_paise,
            }
            for one in rules
        ],
    }  # fmt: skip
