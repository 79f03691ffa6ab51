"""Owns the console's JSON."""

from marshmallow import fields

from app.kit.locale import LANGUAGES
from app.kit.paging import DEFAULT_LIMIT, MAX_LIMIT, PageArgs, page_of
from app.kit.schemas import ApiSchema, Day, Flag, IdField, Moment, OneOf, QueryArgs, Secret, Text, Whole

MAX_SHARDS_CURSOR = 4000
"""It names the shards that were missing on the way."""


class ConsoleSignInIn(ApiSchema):
    """`code` is the second factor's; at the very first sign-in it is left out, and the reply says how to set it up."""

    email = Text(least=3, most=254, required=True)
    password = Secret(least=1, most=300, required=True)
    code = Text(most=10, load_default="")


class EnrolmentOut(ApiSchema):
    secret = fields.String()
    uri = fields.String()


class AdminOut(ApiSchema):
    id = IdField()
    email = fields.String()
    name = fields.String()
    version = fields.Integer()


class ConsoleTokenOut(ApiSchema):
    """Either a token, or an enrolment: then sign in once more with a code of it."""

    token = fields.String(attribute="token.text", allow_none=True)
    token_type = fields.Constant("Bearer")
    expires_at = Moment(attribute="token.expires_at", allow_none=True)
    enrolment = fields.Nested(EnrolmentOut, allow_none=True)
    person = fields.Nested(AdminOut)


class ShopArgs(PageArgs):
    """`q` is looked for in name, address and GSTIN; a number is a shop's own. Sort by openedAt, name or shopId."""

    q = Text(most=60, load_default=None, attribute="text")


class ShopFiguresOut(ApiSchema):
    """Counted by a job: as the shop stood at `asOf`. `recentBills`: of the 30 days up to then."""

    bills = fields.Integer()
    recent_bills = fields.Integer()
    last_bill_on = fields.Date(allow_none=True)
    pieces = fields.Integer()
    writes = fields.Integer()
    as_of = Moment()


class ShopRowOut(ApiSchema):
    shop_id = fields.Integer()
    slug = fields.String()
    name = fields.String()
    legal_name = fields.String()
    state_code = fields.String()
    gstin = fields.String(allow_none=True)
    opened_at = Moment()
    ready_at = Moment(allow_none=True)
    shard = fields.String(allow_none=True)
    plan = fields.String(allow_none=True)
    annual_price_paise = fields.Integer(allow_none=True)
    contract_state = fields.String(allow_none=True)
    ends_on = fields.Date(allow_none=True)
    standing = fields.String(allow_none=True)
    version = fields.Integer()
    figures = fields.Nested(ShopFiguresOut, allow_none=True)


ShopRowPage = page_of(ShopRowOut)


class EventOut(ApiSchema):
    event = fields.String()
    on_date = fields.Date()
    reason = fields.String(allow_none=True)
    actor_id = IdField(allow_none=True)
    at = Moment()


class ShopDetailOut(ApiSchema):
    shop = fields.Nested(ShopRowOut)
    events = fields.List(fields.Nested(EventOut))


class ShopPersonOut(ApiSchema):
    person_id = IdField()
    name = fields.String()
    email = fields.String()
    phone = fields.String(allow_none=True)
    role = fields.String()
    since = Moment()
    version = fields.Integer()


ShopPersonPage = page_of(ShopPersonOut)


class NewShopIn(ApiSchema):
    name = Text(least=1, most=120, required=True)
    legal_name = Text(least=1, most=120, required=True)
    name_local = Text(most=120, allow_none=True, load_default=None)
    state_code = Text(least=2, most=2, required=True)
    gstin = Text(most=20, allow_none=True, load_default=None)
    composition = Flag(load_default=False)
    address = Text(least=1, most=300, required=True)
    city = Text(least=1, most=80, required=True)
    pin = Text(least=6, most=6, required=True)
    phone = Text(most=30, allow_none=True, load_default=None)
    locale = OneOf(LANGUAGES, load_default="en")
    owner_email = Text(least=3, most=254, required=True)
    owner_name = Text(least=1, most=120, required=True)
    owner_phone = Text(most=30, allow_none=True, load_default=None)
    shard = Text(most=40, allow_none=True, load_default=None)


class OwnerOut(ApiSchema):
    person_id = IdField(attribute="id")
    email = fields.String()
    name = fields.String()


class OpenedOut(ApiSchema):
    """The shop is being prepared; `oneTimePassword` is shown this once, and only where the owner is new."""

    shop_id = fields.Integer(attribute="shop.shop_id")
    slug = fields.String(attribute="shop.slug")
    shard = fields.String()
    owner = fields.Nested(OwnerOut)
    one_time_password = fields.String(allow_none=True)


class ExtensionIn(ApiSchema):
    ends_on = Day(required=True)
    reason = Text(least=1, most=300, required=True)


class ActivationIn(ApiSchema):
    starts_on = Day(required=True)
    reason = Text(least=1, most=300, required=True)


class ContractOut(ApiSchema):
    shop_id = fields.Integer()
    plan_code = fields.String()
    plan_name = fields.String()
    annual_price_paise = fields.Integer()
    state = fields.String()
    starts_on = fields.Date()
    ends_on = fields.Date()
    standing = fields.String(attribute="entitlement.state")
    version = fields.Integer()


class ReasonIn(ApiSchema):
    reason = Text(least=5, most=300, required=True)


class PersonShopOut(ApiSchema):
    shop_id = fields.Integer()
    slug = fields.String()
    shop_name = fields.String()
    role = fields.String()


class PersonStandingOut(ApiSchema):
    """`disabledAt` is null for who may sign in."""

    person = fields.Nested(AdminOut)
    memberships = fields.List(fields.Nested(PersonShopOut))
    last_sign_in_at = Moment(allow_none=True)
    disabled_at = Moment(allow_none=True)
    disabled_because = fields.String(allow_none=True)
    version = fields.Integer()


class FailedJobOut(ApiSchema):
    shop_id = fields.Integer()
    id = IdField()
    job = fields.String()
    attempts = fields.Integer()
    error = fields.String(allow_none=True)
    created_at = Moment()
    finished_at = Moment(allow_none=True)


class MissingShardOut(ApiSchema):
    shard = fields.String()
    reason = fields.String()


class FailedJobsOut(ApiSchema):
    """`missing`: shards that did not answer for this page; `missed`: those whose jobs some page so far lacks."""

    items = fields.List(fields.Nested(FailedJobOut))
    next_cursor = fields.String(data_key="next", allow_none=True)
    missing = fields.List(fields.Nested(MissingShardOut))
    missed = fields.List(fields.String())


class FailedJobArgs(QueryArgs):
    limit = Whole(least=1, most=MAX_LIMIT, load_default=DEFAULT_LIMIT)
    after = Text(most=MAX_SHARDS_CURSOR, load_default=None)


class ServerOut(ApiSchema):
    """As one process of ours saw it last. `breaker`: open while nobody waits for it."""

    name = fields.String()
    role = fields.String(metadata={"description": "primary, replica or proxy."})
    reachable = fields.Boolean()
    in_rotation = fields.Boolean(allow_none=True)
    lag_ms = fields.Integer(allow_none=True)
    breaker = fields.String(metadata={"description": "closed or open."})
    problem = fields.String(allow_none=True)


class ShardOut(ApiSchema):
    """`light`: red, the end of one machine may lose an acknowledged write, and `lostWhen` says how; yellow, it may not,
    and one more loss stops writes; green. What shops amount to was counted by a job, and is null before."""

    name = fields.String()
    kind = fields.String()
    status = fields.String(metadata={"description": "ok, degraded or down."})
    problem = fields.String(allow_none=True)
    runbook = fields.String(allow_none=True, metadata={"description": "What to do: a page of docs/runbooks."})
    shops = fields.Integer(allow_none=True)
    recent_bills = fields.Integer(allow_none=True)
    pieces = fields.Integer(allow_none=True)
    weight = fields.Float()
    takes_new = fields.Boolean()
    light = fields.String()
    lost_when = fields.List(fields.String())
    thin = fields.List(fields.String())
    servers = fields.List(fields.Nested(ServerOut))


class ShardsOut(ApiSchema):
    """The control plane first. `controlReachable`: else nobody can say how many shops live where."""

    items = fields.List(fields.Nested(ShardOut))
    control_reachable = fields.Boolean()


class MoveArgs(PageArgs):
    """`shop`: only this shop's. `live`: only those that are under way or wait to be. Sort by askedAt."""

    shop = Whole(least=1, most=2**63 - 1, load_default=None, attribute="shop_id")
    live = Flag(load_default=False)


class MoveOut(ApiSchema):
    """`runs`: a process carries it out now. Until `oldRowsUntil` it can be rolled back. `rollsBack`: the move that this
    one takes back. `asked` by a request that is answered 202 goes on in a job."""

    id = IdField()
    shop_id = fields.Integer()
    source = fields.String()
    target = fields.String()
    state = fields.String(
        metadata={
            "description": "planned, copying, catching_up, verifying, fencing; then switched, finished, aborted or "
            "rolled_back."
        }
    )
    runs = fields.Boolean()
    rows_copied = fields.Integer()
    rows_expected = fields.Integer(metadata={"description": "An estimate."})
    changed_rows = fields.Integer(metadata={"description": "That the shop changed meanwhile, and are still to come."})
    pause_ms = fields.Float(allow_none=True, metadata={"description": "How long writers of the shop waited."})
    max_pause_ms = fields.Integer()
    note = fields.String()
    reason = fields.String(allow_none=True)
    rolls_back = IdField(allow_none=True)
    restored = fields.Boolean(metadata={"description": "Its rows are those of an earlier moment."})
    asked_by = fields.String()
    asked_at = Moment()
    switched_at = Moment(allow_none=True)
    ended_at = Moment(allow_none=True)
    old_rows_until = Moment(allow_none=True)


MovePage = page_of(MoveOut)


class MoveIn(ApiSchema):
    """`acceptDegraded`: move though a shard may lose acknowledged commits with one server."""

    target = Text(least=1, most=40, required=True)
    max_pause_ms = Whole(least=20, most=10_000, load_default=250)
    accept_degraded = Flag(load_default=False)


class GoOnIn(ApiSchema):
    """`acceptDegraded`: go on though a shard may lose acknowledged commits with one server."""

    accept_degraded = Flag(load_default=False)


class SweepIn(ApiSchema):
    """Without `on`, up to today."""

    on = Day(load_default=None)


class SweepOut(ApiSchema):
    job_id = IdField()
    on = fields.Date()


class FiguresOut(ApiSchema):
    mrr_paise = fields.Integer()
    arr_paise = fields.Integer()
    trials = fields.Integer()
    active = fields.Integer()
    expired = fields.Integer()


class TableDecisionOut(ApiSchema):
    """One version; `body` is null where the file was made to count again."""

    version = fields.Integer()
    body = fields.String(allow_none=True)
    reason = fields.String()
    decided_by = IdField()
    decided_at = Moment()


class TableOut(ApiSchema):
    """A dated table as it counts: `body` is its JSON, version 0 where nobody ever decided anything."""

    name = fields.String()
    room = fields.String()
    note = fields.String()
    body = fields.String()
    version = fields.Integer()
    corrected = fields.Boolean()
    decisions = fields.List(fields.Nested(TableDecisionOut))


class TablesOut(ApiSchema):
    items = fields.List(fields.Nested(TableOut))


class TableIn(ApiSchema):
    """The whole table as JSON in one line, or null for the file's; If-Match carries the version that was looked at."""

    body = Text(least=2, most=500_000, required=True, allow_none=True)
    reason = Text(least=3, most=300, required=True)


class NewRateOut(ApiSchema):
    metal = fields.String()
    paise_per_g = fields.Integer()
    feed = fields.String()
    fetched_at = Moment()


class FeedSourceOut(ApiSchema):
    """`failures` in a row."""

    feed = fields.String()
    tried_at = Moment()
    worked_at = Moment(allow_none=True)
    failures = fields.Integer()
    failure = fields.String(allow_none=True)


class FeedStateOut(ApiSchema):
    newest = fields.List(fields.Nested(NewRateOut))
    sources = fields.List(fields.Nested(FeedSourceOut))


class FeedQuoteOut(ApiSchema):
    """Millionths of a dollar for a troy ounce, of a rupee for a dollar; paise for a gram of the fine metal."""

    id = IdField()
    metal = fields.String()
    usd_micros = fields.Integer()
    inr_micros = fields.Integer()
    paise_per_g = fields.Integer()
    feed = fields.String()
    fetched_at = Moment()
    change_bp = fields.Integer(allow_none=True)
    state = fields.String()
    decided_by = IdField(allow_none=True)
    decided_at = Moment(allow_none=True)


FeedQuotePage = page_of(FeedQuoteOut)


class FeedQuoteArgs(PageArgs):
    metal = OneOf(("gold", "silver"), load_default=None)
    state = OneOf(("good", "held", "dropped"), load_default=None)


class FeedDecisionIn(ApiSchema):
    """true: the market did move so far."""

    confirm = Flag(required=True)


class AskedFetchOut(ApiSchema):
    job_id = IdField()
