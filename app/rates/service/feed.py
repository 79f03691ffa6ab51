"""The feed in the control plane: sources asked in order, quotations that are believed, held or dropped, all kept."""

import datetime as dt
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any
from uuid import UUID

from app.adapters.rate_feeds import SourceFailed
from app.kit import audit, paging
from app.kit.clock import ist, utc_now
from app.kit.ids import new_id
from app.kit.outbox import enqueue_control
from app.rates import feeds, repository
from app.rates.errors import QuoteDecided, QuoteUnknown
from app.rates.feeds import MICROS, RUPEES, SYMBOLS, Source
from app.rates.models import FeedSource, MetalQuote, QuoteState
from shard_router import ControlSession

FETCH = "app.rates.jobs.fetch_feed"
PUSH = "app.rates.jobs.push_feed"
Read = Callable[[str, float], Any]
"""Asks an address, with seconds: JSON with exact numbers, or SourceFailed."""


@dataclass(frozen=True, slots=True)
class Quotation:
    """One number as it was found. `held`: too far from the last good one, and no second source agrees."""

    value: Decimal
    feed: str
    held: bool


@dataclass(slots=True)
class Gathered:
    """What the sources said: quotations by symbol, and of each source asked what went wrong (None: nothing)."""

    found: dict[str, Quotation] = field(default_factory=dict)
    outcomes: dict[str, str | None] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class NewRate:
    """The newest good rate of a metal: paise for a gram of the fine metal."""

    metal: str
    paise_per_g: int
    feed: str
    fetched_at: dt.datetime


@dataclass(frozen=True, slots=True)
class Quote:
    """A rate as it was fetched once."""

    id: UUID
    metal: str
    usd_micros: int
    inr_micros: int
    paise_per_g: int
    feed: str
    fetched_at: dt.datetime
    change_bp: int | None
    state: str
    decided_by: UUID | None
    decided_at: dt.datetime | None


@dataclass(frozen=True, slots=True)
class SourceView:
    """How a source did. `failures` in a row."""

    feed: str
    tried_at: dt.datetime
    worked_at: dt.datetime | None
    failures: int
    failure: str | None


@dataclass(frozen=True, slots=True)
class FeedState:
    """The feed as the vendor sees it."""

    newest: tuple[NewRate, ...]
    sources: tuple[SourceView, ...]
    stale_after: dt.timedelta


# ---------------------------------------------------------------- fetching


def last_values(control: ControlSession) -> dict[str, Decimal]:
    """The last good quotation of each symbol: what new ones are held against."""
    found: dict[str, Decimal] = {}
    rows = [row for metal in SYMBOLS if (row := repository.newest_quote(control, metal)) is not None]
    for row in sorted(rows, key=lambda row: row.fetched_at):
        found[SYMBOLS[row.metal]] = Decimal(row.usd_micros) / MICROS
        found[RUPEES] = Decimal(row.inr_micros) / MICROS
    return found


def gather(read: Read, last: Mapping[str, Decimal], on: dt.date) -> Gathered:
    """Asks the sources, each address once and only where one before it did not do. Opens no transaction."""
    gathered, answers = Gathered(), dict[str, Any]()
    for symbol in (*SYMBOLS.values(), RUPEES):
        found = _found(symbol, _values(symbol, read, answers, gathered, on), last.get(symbol), on)
        if found is not None:
            gathered.found[symbol] = found
    return gathered


def _found(symbol: str, values: Iterator[tuple[str, Decimal]], last: Decimal | None, on: dt.date) -> Quotation | None:
    """The first that is near the last good one; else one that a second source agrees with; else the first, held."""
    band, far = feeds.band_of(symbol, on), list[tuple[str, Decimal]]()
    for feed, value in values:
        if last is None or band.near(value, last):
            return Quotation(value, feed, held=False)
        for other, its in far:
            if other != feed and band.agree(value, its):
                return Quotation(its, f"{other}, {feed}", held=False)
        far.append((feed, value))
    return Quotation(far[0][1], far[0][0], held=True) if far else None


def _values(
    symbol: str, read: Read, answers: dict[str, Any], gathered: Gathered, on: dt.date
) -> Iterator[tuple[str, Decimal]]:
    """What each source says that can be at all; what can't be used is noted."""
    band = feeds.band_of(symbol, on)
    for source in (one for one in feeds.sources_on(on) if one.symbol == symbol):
        try:
            value = _asked(source, read, answers)
            if not band.possible(value):
                raise SourceFailed(f"{symbol} at {value:f} cannot be")
        except SourceFailed as failed:
            gathered.outcomes[source.feed] = str(failed)[:300]
            continue
        gathered.outcomes.setdefault(source.feed, None)
        yield source.feed, value


def _asked(source: Source, read: Read, answers: dict[str, Any]) -> Decimal:
    if source.url not in answers:
        try:
            answers[source.url] = read(source.url, source.timeout_s)
        except SourceFailed as failed:
            answers[source.url] = failed
    answer = answers[source.url]
    if isinstance(answer, SourceFailed):
        raise answer
    try:
        value = feeds.picked(answer, source.path)
    except ValueError as wrong:
        raise SourceFailed(str(wrong)) from wrong
    return feeds.turned(value) if source.turned else value


def keep(control: ControlSession, gathered: Gathered, now: dt.datetime) -> list[NewRate]:
    """Writes what was fetched and how the sources did; gives the rates that may go out to the shops."""
    _note_sources(control, gathered.outcomes, now)
    if RUPEES not in gathered.found:
        return []
    kept = []
    for metal, symbol in SYMBOLS.items():
        if symbol in gathered.found:
            row = _quote(control, metal, gathered, now)
            control.add(row)
            if row.state == QuoteState.GOOD.value:
                kept.append(NewRate(row.metal, row.paise_per_g, row.feed, row.fetched_at))
    control.flush()
    return kept


def _quote(control: ControlSession, metal: str, gathered: Gathered, now: dt.datetime) -> MetalQuote:
    dollars, rupees = gathered.found[SYMBOLS[metal]], gathered.found[RUPEES]
    usd, inr = feeds.micros(dollars.value), feeds.micros(rupees.value)
    paise = feeds.paise_per_gram(usd, inr, feeds.terms_on(ist(now).date()).grams_per_ounce)
    before = repository.newest_quote(control, metal)
    held = dollars.held or rupees.held
    return MetalQuote(
        id=new_id(), metal=metal, usd_micros=usd, inr_micros=inr, paise_per_g=paise,
        feed=f"{dollars.feed}; {rupees.feed}"[:100], fetched_at=now,
        change_bp=None if before is None else feeds.difference_bp(paise, before.paise_per_g),
        state=(QuoteState.HELD if held else QuoteState.GOOD).value,
    )  # fmt: skip


def _note_sources(control: ControlSession, outcomes: Mapping[str, str | None], now: dt.datetime) -> None:
    known = {row.feed: row for row in repository.list_sources(control, lock=True)}
    for feed, failure in sorted(outcomes.items()):
        row = known.get(feed)
        if row is None:
            row = FeedSource(feed=feed, failures=0)
            control.add(row)
        row.tried_at, row.failure = now, failure
        row.failures = 0 if failure is None else row.failures + 1
        if failure is None:
            row.worked_at = now
    control.flush()


def ask_fetch(control: ControlSession, now: dt.datetime) -> UUID:
    """Asks for a fetch; however many ask in the time for which a rate counts as fresh, it is one."""
    fresh_s = int(feeds.terms_on(ist(now).date()).fresh_after.total_seconds())
    turn = int(now.timestamp()) // max(1, fresh_s)
    return enqueue_control(control, FETCH, key=f"feed-{turn}", params={"on": ist(now).date().isoformat()})


def ask_if_old(control: ControlSession, now: dt.datetime) -> list[NewRate]:
    """What is known now; a fetch is asked for where the sources were last asked too long ago."""
    last = repository.last_fetch(control)
    if last is None or now - last > feeds.terms_on(ist(now).date()).fresh_after:
        ask_fetch(control, now)
    return newest(control)


# ---------------------------------------------------------------- reading and deciding


def newest(control: ControlSession) -> list[NewRate]:
    """The newest good rate of each metal."""
    rows = [row for metal in SYMBOLS if (row := repository.newest_quote(control, metal)) is not None]
    return [NewRate(row.metal, row.paise_per_g, row.feed, row.fetched_at) for row in rows]


def read_state(control: ControlSession) -> FeedState:
    sources = tuple(
        SourceView(row.feed, row.tried_at, row.worked_at, row.failures, row.failure)
        for row in repository.list_sources(control)
    )
    return FeedState(tuple(newest(control)), sources, feeds.terms_on(ist(utc_now()).date()).stale_after)


def list_quotes(
    control: ControlSession,
    *,
    metal: str | None = None,
    state: str | None = None,
    sort: str | None = None,
    after: str | None = None,
    limit: int = paging.DEFAULT_LIMIT,
) -> paging.Page[Quote]:
    """The newest first."""
    statement = repository.list_quotes(metal=metal, state=state)
    return paging.page(control, statement, orders=_ORDERS, sort=sort, after=after, limit=limit).map(_view)


def confirm_quote(control: ControlSession, *, quote_id: UUID, actor_id: UUID) -> Quote:
    """A person says that the market did move so far: the shops are told. Raises QuoteUnknown, QuoteDecided."""
    row = _decided(control, quote_id, QuoteState.GOOD, actor_id)
    enqueue_control(control, PUSH, key=f"push-{row.id.hex}", params={"on": ist(utc_now()).date().isoformat()})
    return _view(row)


def drop_quote(control: ControlSession, *, quote_id: UUID, actor_id: UUID) -> Quote:
    """A person says that the source erred. Raises QuoteUnknown, QuoteDecided."""
    return _view(_decided(control, quote_id, QuoteState.DROPPED, actor_id))


def _decided(control: ControlSession, quote_id: UUID, state: QuoteState, actor_id: UUID) -> MetalQuote:
    row = repository.find_quote(control, quote_id)
    if row is None:
        raise QuoteUnknown()
    if row.state != QuoteState.HELD.value:
        raise QuoteDecided()
    row.state, row.decided_by, row.decided_at = state.value, actor_id, utc_now()
    control.flush()
    audit.record_platform(control, f"feed.{state.value}", {
        "quote": row.id, "metal": row.metal, "paisePerG": row.paise_per_g,
    }, actor_id=actor_id)  # fmt: skip
    return row


_ORDERS = paging.Orders(tie=MetalQuote.id, default="-fetchedAt", fetchedAt=MetalQuote.fetched_at)


def _view(row: MetalQuote) -> Quote:
    return Quote(
        row.id, row.metal, row.usd_micros, row.inr_micros, row.paise_per_g, row.feed, row.fetched_at, row.change_bp,
        row.state, row.decided_by, row.decided_at,
    )  # fmt: skip
