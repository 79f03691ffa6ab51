"""What the product really sends to its shards, read from the wire: no statement of a shop names another, or none.

That is what lets Vitess, or any router by shop_id, send each of them to one shard (docs/platforms.md).
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from flask import Flask
from sqlalchemy import select

from app.kit import leases
from app.kit.access import access_of
from app.kit.clock import utc_now
from app.kit.jobruns import run_job
from app.kit.jobs import SYSTEM
from app.kit.leases import Candidate
from app.kit.models import OutboxJob, OutboxState
from app.kit.runtime import Runtime
from app.tenants import service as tenants
from migrations.fleet import Plane
from migrations.tables import tables_of
from shard_router.engines import shared_tls
from shard_router.gtid import TrackingConnection
from tests.support.cast import make_cast
from tests.support.cluster import Cluster
from tests.support.good_asks import GOOD, Stage
from tests.support.query_log import Loose, Meant, QueryLog, Said, meaning
from tests.support.world import furnish

SHARD_TABLES = frozenset(table.name for table in tables_of(Plane.SHARD))
TRADE = {
    "invoices", "invoice_lines", "invoice_payments", "items", "customers", "number_series", "audit_log", "audit_head",
    "outbox", "idempotency_keys", "exports", "board_rates", "shop_fence", "shop_profiles", "entitlements", "pictures",
}  # fmt: skip
MUST_SUCCEED = {
    "items.register_item", "customers.register_customer", "invoices.issue_invoice", "invoices.issue_credit_note",
    "invoices.list_invoices", "items.list_items", "customers.list_customers", "exports.ask_export",
    "console_shops.open_shop",
}  # fmt: skip


@dataclass
class Told:
    """What each request, or job, sent to a shard."""

    stage: Stage
    by: dict[str, list[Said]] = field(default_factory=dict)
    succeeded: set[str] = field(default_factory=set)

    def of_shops(self) -> Iterator[tuple[str, Meant]]:
        """Statements of sessions of one shop; accounts that read across shops, or move one, are judged apart."""
        for who, packets in self.by.items():
            for packet in packets:
                if not packet.user.endswith(("fleet_ro", "mover")):
                    try:
                        yield from ((who, meant) for meant in meaning(packet.sql, SHARD_TABLES))
                    except Loose as loose:
                        raise AssertionError(f"{who}: {loose}") from loose


@pytest.fixture(scope="module")
def told(flask_app: Flask, runtime: Runtime, cluster: Cluster) -> Told:
    """Everything that Asha, her people and Om can ask for, once each, and the jobs that came of it."""
    cast = make_cast(runtime)
    stage = Stage(flask_app, runtime, cast, furnish(runtime, cast))
    told = Told(stage)
    assert stage.places and stage.total
    for endpoint, make in GOOD.items():
        rule = next(flask_app.url_map.iter_rules(endpoint))
        method = min((rule.methods or set()) - {"HEAD", "OPTIONS"})
        ask = make(stage)
        with QueryLog().listening() as log:
            answer = stage.send(endpoint, ask, method, json=ask.body)
        _note(told, endpoint, log, cluster, ok=answer.status_code < 400)
    for rule in flask_app.url_map.iter_rules():
        if "GET" in (rule.methods or set()) and rule.arguments <= {*stage.places, "shop_slug"}:
            with QueryLog().listening() as log:
                status = _get(stage, rule.endpoint, rule.arguments)
            _note(told, rule.endpoint, log, cluster, ok=status < 400)
    with QueryLog().listening() as log:
        done = run_jobs(runtime, stage.asha.shop_id)
    _note(told, "jobs", log, cluster, ok=done > 0)
    with QueryLog().listening() as log:
        tenants.prepare_shop(runtime.router, stage.cast.zoya.shop_id)
    _note(told, "prepare_shop", log, cluster, ok=True)
    return told


def _note(told: Told, who: str, log: QueryLog, cluster: Cluster, *, ok: bool) -> None:
    told.by.setdefault(who, []).extend(said for said in log.said if said.database == cluster.shard_database)
    if ok:
        told.succeeded.add(who)


def _get(stage: Stage, endpoint: str, arguments: set[str]) -> int:
    """As its own people ask: pages by their cookie, the API by a token."""
    console = endpoint.startswith("console")
    who = stage.cast.om if console else stage.asha
    places = {**stage.places, "shop_slug": stage.asha.shop.slug}
    path = stage.app.url_map.bind("shop.test").build(endpoint, {name: places[name] for name in arguments})
    client = stage.app.test_client()
    if path.startswith("/api/"):
        return client.get(path, headers={"Authorization": f"Bearer {who.token}"}).status_code
    client.set_cookie("boola_console" if console else "boola_session", who.token)
    return client.get(path).status_code


def run_jobs(runtime: Runtime, shop_id: int) -> int:
    """Every waiting job of the shop, as relay and worker would do it."""
    with runtime.router.shop(shop_id, SYSTEM) as db:
        rows = db.scalars(select(OutboxJob).where(OutboxJob.state == OutboxState.WAITING.value)).all()
        found = [Candidate(row.id, row.job, row.attempts, row.params) for row in rows if row.available_at <= utc_now()]
        for candidate in found:
            leases.release(db, OutboxJob, candidate)
        db.commit()
    return sum(run_job(runtime, shop_id=shop_id, job_id=one.id, attempts=one.attempts) for one in found)


def test_the_log_holds_the_trade(told: Told) -> None:
    """Else what follows would be true of nothing."""
    assert told.succeeded >= MUST_SUCCEED
    assert len(told.succeeded) > 60
    seen = set().union(*(meant.tables for _, meant in told.of_shops()))
    assert seen >= TRADE


def test_every_statement_of_a_shop_names_that_shop_alone(told: Told) -> None:
    for who, meant in told.of_shops():
        assert len(meant.shops) == 1, f"{who}: {meant}"


def test_what_ashas_people_ask_for_names_ashas_shop(told: Told) -> None:
    asha = told.stage.asha.shop_id
    for who, meant in told.of_shops():
        access = access_of(told.stage.app.view_functions[who]) if who in told.stage.app.view_functions else None
        if access is not None and not who.startswith("console"):
            assert meant.shops == {asha}, f"{who}: {meant}"


def test_only_the_console_reads_across_shops_and_it_only_reads(told: Told) -> None:
    across = {
        who: [packet.sql for packet in packets if packet.user.endswith("fleet_ro")] for who, packets in told.by.items()
    }
    asking = {who for who, packets in across.items() if any(_names_a_table(sql) for sql in packets)}
    assert all(who.startswith("console") for who in asking), asking
    for packets in across.values():
        for sql in packets:
            assert sql.split()[0] in {"SELECT", "SET", "ROLLBACK", "COMMIT"}, sql


def _names_a_table(sql: str) -> bool:
    try:
        return bool(meaning(sql, SHARD_TABLES))
    except Loose:
        return True


def test_a_statement_without_its_shop_would_be_found(cluster: Cluster) -> None:
    """The log hears what goes past the guards too."""
    admin = cluster.admin
    server = cluster.topology.shards["shard-a"].primary
    with QueryLog().listening() as log:
        raw = TrackingConnection(
            host=server.host, port=server.port, user=admin.user, password=admin.password,
            database=cluster.shard_database, ssl=shared_tls(cluster.tls_ca),
        )  # fmt: skip
        raw.cursor().execute("SELECT COUNT(*) FROM invoices")
        raw.close()
    mine = [said for said in log.said if said.user == admin.user]
    with pytest.raises(Loose):
        [meaning(said.sql, SHARD_TABLES) for said in mine]
