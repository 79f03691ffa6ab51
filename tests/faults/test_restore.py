"""Row 22: one shop restored from a backup and the binlog's copy, while its shard lives, and when all of it is gone."""

from __future__ import annotations

import os
import re
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from app.console.moves import shop_tables
from app.invoices import service as invoices
from app.invoices.models import Invoice
from app.kit.clock import utc_now
from app.kit.models import SealingKey
from app.settings import Settings
from app.tenants import service as tenants
from ops.cluster import backups, restored
from ops.cluster.mysql import MySQL
from ops.places import ROOT
from shard_router import ShopSession
from tests.factories.people import a_phone
from tests.faults import load
from tests.faults.load import Sold
from tests.faults.market import Market
from tests.faults.servers import Servers
from tests.support.cast import Somebody
from tests.support.cluster import Cluster
from tests.support.stack import variables

RPO, RTO = 5.0, 900.0
Measured = Callable[..., None]
Contents = dict[str, list[tuple[Any, ...]]]


@pytest.fixture
def backed_up(servers: Servers) -> Iterator[Servers]:
    """With a snapshot of shard A, and its binlog being copied."""
    servers.mend()
    with servers.cluster.locked():
        backups.back_up(servers.cluster, "shard-a")
    yield servers
    with servers.cluster.locked():
        restored.forget(servers.cluster, "shard-a")
        backups.forget(servers.cluster, "shard-a")


def bring_back(servers: Servers, at: str | None = None) -> tuple[MySQL, restored.Restored]:
    with servers.cluster.locked():
        made = restored.restore(servers.cluster, "shard-a", at)
    return restored.server(servers.cluster, "shard-a"), made


def command(settings: Settings, *words: str) -> subprocess.CompletedProcess[str]:
    """`flask shops …`, as a person types it."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("BOOLA_")}
    return subprocess.run(
        [sys.executable, "-m", "flask", "--app", "app.factory", "shops", *words], cwd=ROOT,
        env=environment | variables(settings), capture_output=True, text=True, check=False, timeout=240,
    )  # fmt: skip


def contents(mysql: MySQL, database: str, shop_id: int) -> Contents:
    """Each table's rows as the server gives them, by another way than the mover reads them."""
    found: Contents = {}
    with mysql.root() as root:
        for table in shop_tables():
            rows = root.run(f"SELECT * FROM `{database}`.`{table.name}` WHERE shop_id = {shop_id:d}")
            found[table.name] = sorted((tuple(row.values()) for row in rows), key=repr)
    return found


def now(servers: Servers, name: str) -> str:
    """By that server's clock, which commits are dated by."""
    return str(servers.sql(name, "SELECT DATE_FORMAT(UTC_TIMESTAMP(6), '%Y-%m-%dT%H:%i:%s.%fZ') AS n")[0]["n"])


def books(market: Market, who: Somebody) -> invoices.BooksReport:
    found: invoices.BooksReport = market.look(who, invoices.verify_books)
    return found


def numbers(sold: list[Sold]) -> list[str]:
    return [one.facts["number"] for one in sold]


def home(market: Market, who: Somebody) -> str:
    """As the control plane has it, for this process from now on, too."""
    entry = market.runtime.router.directory.refresh(who.shop_id)
    assert entry is not None
    return entry.shard


def issued(market: Market, who: Somebody) -> list[str]:
    found: list[str] = market.look(who, lambda db: sorted(db.scalars(select(Invoice.number))))
    return found


def one_more(market: Market, who: Somebody) -> str:
    """A bill more; its number."""
    body = market.bill_body(who)
    return str(market.insist(who, "invoices", body, secrets.token_hex(16)).json["number"])


def last_no(number: str) -> int:
    return int(re.findall(r"\d+", number)[-1])


def register(market: Market, who: Somebody) -> UUID:
    """A customer, with the keys that seal their papers."""
    facts = {
        "name": "Lata Deshpande", "phone": a_phone(), "address": "4 Laxmi Road", "city": "Mumbai", "pin": "400004",
        "stateCode": "27", "pan": "ABCPD1234F",
    }  # fmt: skip
    made = market.post(who, "customers", facts)
    assert made.status == 201, made
    return UUID(made.json["id"])


def open_till_and_erase(market: Market, who: Somebody, customer: UUID) -> None:
    """What no restore takes back."""
    with market.runtime.router.shop(who.shop_id, who.actor) as db:
        profile = tenants.get_profile(db)
        outlet = profile.outlets[0].id
        tenants.add_till(db, outlet_id=outlet, expected_version=profile.version, code="Z9", name="Second")
        for key in db.scalars(select(SealingKey).where(SealingKey.subject_id == customer)):
            key.destroyed_at = utc_now()
        db.commit()


def keys_and_tills(db: ShopSession, customer: UUID) -> tuple[int, set[str]]:
    keys = db.scalars(select(SealingKey).where(SealingKey.subject_id == customer)).all()
    return len(keys), {till.code for till in tenants.get_profile(db).tills}


@contextmanager
def gone(servers: Servers, names: Sequence[str]) -> Iterator[float]:
    """All of them killed at once, and their data out of the way; gives the moment. At the end they are back."""
    folders = [servers.instance.folder / "mysql" / name / "data" for name in names]
    for pid in [servers.pid(name) for name in names]:
        os.kill(pid, signal.SIGKILL)
    died = time.monotonic()
    for name in names:
        servers.cluster.processes.wait_until_gone(name)
    for folder in folders:
        folder.rename(folder.with_name("gone"))
    try:
        yield died
    finally:
        for folder in folders:
            folder.with_name("gone").rename(folder)
        servers.mend()


@pytest.mark.fault(22)
def test_one_shop_is_given_back_as_it_was_while_its_neighbours_trade(
    market: Market, backed_up: Servers, fault_settings: Settings, fault_cluster: Cluster, measured: Measured
) -> None:
    """And back again, to the rows that it had. No number is given twice, whichever way it goes."""
    asha, ravi, zoya = market.people
    with market.billing(asha) as early:
        early.go_on(3)
    kept, customer = market.journal.of(asha.shop_id), register(market, asha)
    _, tills = market.look(asha, lambda db: keys_and_tills(db, customer))
    moment = now(backed_up, backed_up.primary("shard-a"))
    with market.billing(asha) as late:
        late.go_on(2)
    lost = market.journal.of(asha.shop_id)[len(kept) :]
    open_till_and_erase(market, asha, customer)
    scratch, _ = bring_back(backed_up, moment)
    address = ("--from", f"127.0.0.1:{scratch.port}")
    market.journal.troubles.clear()
    with market.billing(ravi, zoya) as neighbours:
        told = command(fault_settings, "restore", str(asha.shop_id), *address, "--to", "shard-b", "--yes")
        neighbours.go_on(2)
    assert told.returncode == 0, told.stdout + told.stderr
    assert [one for one in numbers(lost) if one not in told.stdout] == []
    assert market.journal.troubles == []
    assert home(market, asha) == "shard-b"
    assert sorted(issued(market, asha)) == sorted(numbers(kept))
    assert market.look(asha, lambda db: keys_and_tills(db, customer)) == (0, tills | {"Z9"})
    again = one_more(market, asha)
    assert last_no(again) == len(kept) + len(lost) + 1
    report = books(market, asha)
    assert report.sound and len(report.lost) == 1, report
    old = contents(backed_up.cluster.mysql[backed_up.primary("shard-a")], fault_cluster.shard_database, asha.shop_id)
    assert len(old["invoices"]) == len(kept) + len(lost)  # behind its fence, for the way back

    told = command(fault_settings, "rollback", str(asha.shop_id), "--yes")
    assert told.returncode == 0, told.stdout + told.stderr
    assert again in told.stdout
    assert home(market, asha) == "shard-a"
    assert sorted(issued(market, asha)) == sorted(numbers([*kept, *lost]))
    assert last_no(one_more(market, asha)) == len(kept) + len(lost) + 2
    assert books(market, asha).sound
    for who in (ravi, zoya):
        report = books(market, who)
        assert report.sound and report.documents == len(market.journal.of(who.shop_id))
    measured(kept=len(kept), lost=len(lost), neighbours_errors=0)


@pytest.mark.fault(22)
@pytest.mark.long
def test_a_shop_outlives_all_servers_of_its_shard(
    market: Market, backed_up: Servers, fault_settings: Settings, fault_cluster: Cluster, measured: Measured,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """Killed together under load, their data gone; its till asks on until it is answered from the backup."""
    asha, _, zoya = market.people
    monkeypatch.setattr(load, "GIVES_UP", RTO)
    members = [one.name for one in backed_up.cluster.members("shard-a")]
    with market.billing(asha, zoya) as tills:
        tills.go_on(5)
        with gone(backed_up, members) as died:
            safe = [one for one in market.journal.of(asha.shop_id) if one.at < died]
            began = time.monotonic()
            scratch, _ = bring_back(backed_up)
            there = contents(scratch, fault_cluster.shard_database, asha.shop_id)
            words = ("--from", f"127.0.0.1:{scratch.port}", "--to", "shard-b", "--yes")
            refused = command(fault_settings, "restore", str(asha.shop_id), *words)
            assert refused.returncode == 1, refused.stdout  # nobody has said that the shard is dead
            told = command(fault_settings, "restore", str(asha.shop_id), *words, "--accept-dead-source")
            assert told.returncode == 0, told.stdout + told.stderr
            tills.go_on(1, asha.shop_id, within=RTO)
            took = time.monotonic() - began
            tills.go_on(1, zoya.shop_id)
    _audit_what_was_saved(market, asha, safe, {row[1] for row in there["invoices"]}, died, measured)
    assert took <= RTO
    assert market.journal.troubles_of(zoya.shop_id) == []
    was = contents(backed_up.cluster.mysql[members[0]], fault_cluster.shard_database, asha.shop_id)
    for table in ("invoices", "invoice_lines", "invoice_payments", "audit_log", "sealing_keys"):
        assert set(there[table]) <= set(was[table]), table
    _the_shard_comes_back(backed_up, fault_settings, fault_cluster.shard_database, asha.shop_id)
    measured(rto_s=round(took, 1), lost_bills=len(safe) - len(_kept(safe, there)), neighbours_errors=0)


def _kept(safe: Sequence[Sold], there: Contents) -> list[Sold]:
    ids = {row[1] for row in there["invoices"]}
    return [one for one in safe if UUID(one.facts["id"]).bytes in ids]


def _audit_what_was_saved(
    market: Market, who: Somebody, safe: Sequence[Sold], ids: set[bytes], died: float, measured: Measured
) -> None:
    """What was acknowledged by five seconds before the end is there, byte for byte; no number was given twice."""
    kept = [one for one in safe if UUID(one.facts["id"]).bytes in ids]
    assert [one.facts["number"] for one in safe if one not in kept and died - one.at > RPO] == []
    behind = market.journal.of(who.shop_id)[len(safe) :]
    market.replay(who, [*kept, *behind])
    given = numbers([*safe, *behind])
    assert len(set(given)) == len(given)
    assert home(market, who) == "shard-b"
    assert issued(market, who) == sorted(numbers([*kept, *behind]))
    assert books(market, who).sound
    measured(rpo_s=round(max(0.0, died - max(one.at for one in kept)), 2), acknowledged_before=len(safe))


def _the_shard_comes_back(servers: Servers, settings: Settings, database: str, shop_id: int) -> None:
    """Its fence would let an old map in, until it is closed."""
    look = f"SELECT state FROM `{database}`.shop_fence WHERE shop_id = {shop_id:d}"
    assert servers.sql(servers.primary("shard-a"), look) == [{"state": "open"}]
    told = command(settings, "purge")
    assert told.returncode == 0 and "is closed" in told.stdout, told.stdout + told.stderr
    assert servers.sql(servers.primary("shard-a"), look) == [{"state": "moved"}]
