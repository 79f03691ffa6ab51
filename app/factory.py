"""Owns the wiring: the one place where settings become parts, and parts and domains become an application."""

from __future__ import annotations

import gc

gc.disable()  # a third of a start went into walking what is being loaded, again and again: see the end of the imports

import importlib
import ssl
import tomllib
from collections.abc import Iterable
from pathlib import Path

import click
from flask import Blueprint, Flask, Response

from app.adapters.cut_out import CutOuts
from app.adapters.inline_queue import InlineQueue
from app.adapters.object_store.disk import DiskStore
from app.adapters.object_store.s3 import S3Store
from app.adapters.redis_cache import RedisCache
from app.adapters.redis_queue import RedisQueue
from app.amc import cli as amc_commands
from app.amc import service as amc
from app.approvals import api as approvals
from app.cash import api as cash
from app.console import api as console
from app.console import cli as platform_commands
from app.console import corrections
from app.console import feed_api as console_feed
from app.console import table_api as console_tables
from app.console import web as console_pages
from app.credits import api as credit_books
from app.credits import service as credits
from app.customers import api as customers
from app.dashboard import web as shop_pages
from app.estimates import api as estimates
from app.estimates import service as estimate_books
from app.imports import api as imports
from app.inventory import api as items
from app.inventory import cli as stock_commands
from app.invoices import api as invoices
from app.invoices import service as bills
from app.karigar import api as karigar
from app.karigar import service as karigar_books
from app.kit import access, dated, flaskapp, housekeeping, logs, openapi
from app.kit.assets import Assets
from app.kit.blueprints import ApiBlueprint
from app.kit.cache import Breaker, NoStore, ShopCache
from app.kit.collecting import leave_out_what_is_loaded
from app.kit.health import health
from app.kit.http import public
from app.kit.inline import InlineWorkers
from app.kit.limits import Limits, Rate, unlimited
from app.kit.metrics import Metrics
from app.kit.ports import CacheStore, ObjectStore
from app.kit.queueing import JobQueue
from app.kit.runtime import Runtime, runtime
from app.kit.sealing import Keyring
from app.kit.security import Policy
from app.kit.signing import LinkSigner, TextSigner
from app.labels import api as labels
from app.ledger import api as ledger
from app.live import api as live
from app.live import cli as file_commands
from app.live import web as live_pages
from app.metal import api as metal
from app.numbering import gaps
from app.oldgold import api as old_gold
from app.oldgold import service as old_gold_books
from app.orders import api as orders
from app.orders import service as order_books
from app.ratelocks import api as ratelocks
from app.ratelocks import service as rate_locks
from app.rates import api as rates
from app.reports import api as exports
from app.schedule import SCHEDULE
from app.schemes import api as savings
from app.schemes import service as scheme_books
from app.settings import Settings, blaming, key_of, load, stopping, text_of
from app.settings import reference as settings_reference
from app.stocktake import api as stocktakes
from app.tax.tables import current_tables
from app.tenants import api as people
from app.tenants import cli as people_commands
from app.tenants import service as tenants
from app.tenants.service import SignInPolicy
from app.vision import api as images
from app.vision import logo_api
from shard_router import Account, PoolSizes, Router, RouterConfig, Times
from shard_router.errors import TopologyRefused
from shard_router.topology import parse as parse_topology

gc.freeze()  # it stays as long as the process (app/kit/collecting.py)
gc.enable()

ROOT = Path(__file__).resolve().parent.parent

# ---------------------------------------------------------------- what the domains bring; each adds its own lines

API: tuple[ApiBlueprint, ...] = (
    rates.blueprint,
    *items.BLUEPRINTS,
    metal.blueprint,
    customers.blueprint,
    invoices.blueprint,
    images.blueprint,
    exports.blueprint,
    live.blueprint,
    credit_books.credits,
    credit_books.receipts,
    credit_books.merges,
    ledger.blueprint,
    people.auth,
    people.people,
    people.profile,
    console.auth,
    console.shops,
    console.people,
    console.platform,
    console.fleet,
    karigar.karigars,
    karigar.jobs,
    orders.orders,
    orders.repairs,
    console_tables.tables,
    approvals.blueprint,
    console_feed.feed,
    ratelocks.blueprint,
    cash.blueprint,
    exports.audit,
    exports.days,
    old_gold.blueprint,
    savings.plans,
    savings.schemes,
    stocktakes.blueprint,
    imports.blueprint,
    labels.blueprint,
    logo_api.blueprint,
    estimates.estimates,
    estimates.held_sheets,
)

"""Routes of the JSON API, in the order in which the reference lists them."""

PAGES: tuple[Blueprint, ...] = (shop_pages.account.pages, shop_pages.shop_pages, console_pages.pages)
"""Web pages of the shops and of the console."""

SIDE: tuple[Blueprint, ...] = (live_pages.pages,)
"""What the side service answers: files and live updates."""

COMMANDS: tuple[click.Command, ...] = (
    people_commands.admin,
    people_commands.keys,
    amc_commands.shops,
    platform_commands.shards,
    file_commands.files,
    platform_commands.audit,
)
"""Commands of `flask --app app.factory`."""

NUMBERED = (bills, credits, old_gold_books, karigar_books, estimate_books, order_books, scheme_books)
"""The rooms whose documents bear numbers of a series: none of them may be missing."""

JOB_MODULES: tuple[str, ...] = (
    "app.tenants.jobs",
    "app.amc.jobs",
    "app.invoices.jobs",
    "app.vision.jobs",
    "app.reports.jobs",
    "app.kit.housekeeping",
    "app.console.jobs",
    "app.credits.jobs",
    "app.rates.jobs",
    "app.schemes.jobs",
    "app.imports.jobs",
    "app.labels.jobs",
)
"""Imported before anything runs, so that every job's name resolves."""

SCHEMA_LOOK_S = 30.0

__all__ = ["build_runtime", "build_worker_runtime", "create_app", "create_side_app", "settings_reference"]

# ---------------------------------------------------------------- the two faces and the workers


@stopping()
def create_app(settings: Settings | None = None, *, parts: Runtime | None = None) -> Flask:
    """The web application: API and pages. `parts` are given by tests and by whoever built them already."""
    chosen = settings or load()
    built = parts or _started(chosen)
    if parts is None and isinstance(built.queue, InlineQueue):
        InlineWorkers(built, built.queue, SCHEDULE).start()
    app = _face("web", chosen, built)
    api = openapi.begin(app)
    for blueprint in API:
        api.register_blueprint(blueprint)
    _register(app, (health, *PAGES))
    openapi.install(app, api)
    app.extensions[people_commands.FIRST_ADMIN] = (chosen.admin_email, text_of(chosen.admin_password))
    for command in COMMANDS:
        app.cli.add_command(command)
    for command in (*platform_commands.OF_SHOPS, *stock_commands.OF_SHOPS):
        amc_commands.shops.add_command(command)
    access.check_declared(app)
    if parts is None:
        leave_out_what_is_loaded()
    return app


@stopping()
def create_side_app(settings: Settings | None = None, *, parts: Runtime | None = None) -> Flask:
    """The side service, on another origin: files, live updates, metrics. Nothing here signs in by cookie."""
    chosen = settings or load()
    app = _face("side", chosen, parts or _started(chosen))
    _register(app, (health, *SIDE))

    @app.get("/metrics")
    @unlimited
    @public
    def metrics() -> Response:
        return Response(runtime().metrics.text(), content_type="text/plain; version=0.0.4; charset=utf-8")

    access.check_declared(app)
    if parts is None:
        leave_out_what_is_loaded()
    return app


@stopping()
def build_worker_runtime() -> Runtime:
    """What workers, relay and scheduler run on."""
    built = _started(load())
    leave_out_what_is_loaded()
    return built


def _started(settings: Settings) -> Runtime:
    logs.configure(settings.log_level, json=settings.log_json)
    dsn = text_of(settings.sentry_dsn)
    if dsn is not None:
        logs.configure_sentry(dsn, release=version(), environment=settings.environment)
    return build_runtime(settings)


def _face(face: str, settings: Settings, parts: Runtime) -> Flask:
    store = (settings.s3_public_url or settings.s3_endpoint) if settings.object_store == "s3" else None
    policy = Policy.of(
        side_url=settings.side_url, https=settings.https, cors_origins=settings.cors_origins, store_url=store
    )
    rates = Limits(parts.cache_store, client=Rate.parse(settings.rate_client), shop=Rate.parse(settings.rate_shop))
    return flaskapp.bare_app(
        face,
        parts,
        secret=key_of(settings.csrf_key),
        policy=policy,
        rates=rates,
        asset_files=Assets(settings.assets_dir),
        proxies=settings.trusted_proxies,
    )


def _register(app: Flask, blueprints: Iterable[Blueprint]) -> None:
    for blueprint in blueprints:
        app.register_blueprint(blueprint)


# ---------------------------------------------------------------- the parts


def build_runtime(settings: Settings) -> Runtime:
    """Everything that edges and jobs reach down to. Opens no connection; the router's pollers begin."""
    for module in JOB_MODULES:
        importlib.import_module(module)
    credits.stand_under(bills.TheBills(), purchases=old_gold_books.cash_of_day)
    credits.ask_before_giving_back(
        rate_locks.stands_on, old_gold_books.exchange_stands_on, scheme_books.stands_on, order_books.stands_on
    )  # fmt: skip
    old_gold_books.ask_what_was_sold(bills.sold_pieces)
    credits.follow_merges({
        "rateLocks": rate_locks.move_locks, "orders": order_books.follow_merge,
        "estimates": estimate_books.follow_merge,
    })  # fmt: skip
    bills.keep_rates_by(estimate_books.TheEstimates())
    gaps.look_at(*(book for room in NUMBERED for book in room.NUMBERED))
    housekeeping.also_purge(estimate_books.OLD_SHEETS)
    _check_files(settings)
    metrics = Metrics(settings.metrics_dir)
    store = _cache_store(settings)
    links = LinkSigner(key_of(settings.link_key))
    objects = _object_store(settings, links)
    router = Router(router_config(settings))
    router.refuse_unfit(lambda: _too_old(router), every=SCHEMA_LOOK_S)
    corrections.follow(router, settings.snapshot_file.with_suffix(".tables.json"))
    keyring = Keyring(key_of(settings.master_key))
    prefix = settings.redis_prefix
    cache = ShopCache(store, prefix=prefix, count=lambda outcome: metrics.cache_reads.labels(outcome).inc())
    return Runtime(
        router=router,
        cache=cache,
        cache_store=store,
        identity=tenants.build_identity(
            router=router,
            cache_store=store,
            keyring=keyring,
            prefix=prefix,
            policy=SignInPolicy(bcrypt_rounds=settings.bcrypt_rounds, hashes_at_once=settings.hashes_at_once),
        ),
        entitlement=amc.ShopEntitlements(router=router, cache=cache),
        store=objects,
        queue=_queue(settings),
        links=links,
        signer=TextSigner(key_of(settings.token_key)),
        keyring=keyring,
        metrics=metrics,
        public_url=settings.public_url,
        side_url=settings.side_url,
        cut_outs=CutOuts(settings.rembg_home),
        inline_jobs=settings.jobs == "inline",
        demo=settings.demo,
        version=version(),
        font_dir=settings.font_dir,
    )


def _check_files(settings: Settings) -> None:
    """What settings name is there and whole, before anything stands on it; the law's tables come into force."""
    with blaming("law_dir"):
        dated.correct_from(settings.law_dir)
        current_tables()
    with blaming("topology_file", TopologyRefused):
        parse_topology(settings.topology_file.read_text(encoding="utf-8"))
    with blaming("mysql_tls_ca"):
        ssl.create_default_context(cafile=settings.mysql_tls_ca)
    with blaming("font_dir"):
        list(settings.font_dir.iterdir() if settings.font_dir else ())


def _too_old(router: Router) -> dict[str, str]:
    """Shards whose schema this release does not work on: they wait for their migration, the others trade on."""
    from migrations import versions  # brings alembic, which only this look needs

    needed = versions.minimum("shard")
    return {
        shard: f"its schema is {found or 'missing'}, this release needs {needed}"
        for shard, found in versions.shards_below_minimum(router).items()
    }


def router_config(settings: Settings) -> RouterConfig:
    """What the router is told; also of use to the migrations' and the movers' commands."""
    passwords = {
        "app": settings.mysql_app_password,
        "fleet_ro": settings.mysql_fleet_ro_password,
        "migrate": settings.mysql_migrate_password,
        "purger": settings.mysql_purger_password,
        "mover": settings.mysql_mover_password,
    }
    accounts = {
        name: Account(f"{settings.mysql_account_prefix}{name}", password.get_secret_value())
        for name, password in passwords.items()
        if password is not None
    }
    pools = PoolSizes(
        write=settings.pool_write,
        hot=settings.pool_hot,
        read=settings.pool_read,
        control=settings.pool_control,
        fleet=settings.pool_fleet,
    )
    times = Times(
        connect=settings.connect_seconds, answer=settings.answer_seconds, lock_wait=settings.lock_wait_seconds
    )
    return RouterConfig(
        topology=settings.topology_file,
        accounts=accounts,
        snapshot=settings.snapshot_file,
        redis_url=text_of(settings.redis_url),
        shard_database=settings.shard_database,
        control_database=settings.control_database,
        tls_ca=settings.mysql_tls_ca,
        token_keys=(key_of(settings.token_key),),
        redis_prefix=settings.redis_prefix,
        pools=pools,
        times=times,
        shard_threads=settings.shard_threads,
    )


def version() -> str:
    """The product's version, as pyproject.toml has it."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    return str(project["project"]["version"])


def _cache_store(settings: Settings) -> CacheStore:
    url = text_of(settings.redis_url)
    return NoStore() if url is None else Breaker(RedisCache(url, prefix=settings.redis_prefix))


def _queue(settings: Settings) -> JobQueue:
    url = text_of(settings.redis_url)
    return InlineQueue() if settings.jobs == "inline" or url is None else RedisQueue(url, prefix=settings.redis_prefix)


def _object_store(settings: Settings, links: LinkSigner) -> ObjectStore:
    access_key, secret_key = text_of(settings.s3_access_key), text_of(settings.s3_secret_key)
    if settings.object_store == "s3" and access_key and secret_key:
        return S3Store(
            endpoint=settings.s3_endpoint,
            region=settings.s3_region,
            access_key=access_key,
            secret_key=secret_key,
            bucket_prefix=settings.s3_bucket_prefix,
            public_url=settings.s3_public_url,
        )
    assert settings.object_store_dir is not None  # settings hold that
    with blaming("object_store_dir"):
        return DiskStore(settings.object_store_dir, links=links, side_url=settings.side_url)
