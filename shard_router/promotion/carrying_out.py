"""Owns the steps of a promotion in their order; each may be done twice, so whoever died in between runs it again."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

import pymysql

from shard_router import gtid_sets
from shard_router.promotion.looking import Administrator, Look, Root
from shard_router.promotion.planning import Plan, PromotionBrokenOff, PromotionRefused, is_online, plan
from shard_router.topology import Kind, Shard, parse

APPLY_WITHIN = 60
HAND_OVER_WITHIN = 10  # seconds; a group ends transactions that are still open on its old primary then
SETTLE = 10.0
LOCK = "boola: change of the primary"
BY_HAND = "Attach the others by hand, with CHANGE REPLICATION SOURCE TO … SOURCE_AUTO_POSITION=1."
Way = dict[str, Any]  # what a replica needs to sign in at its source
LOCK_WAIT_TIMED_OUT = 1205
FOLLOWED = 1.0
"""Seconds in which every process has found the new primary. They ask all servers, and whoever turns its semi-sync off,
as the old one must before it follows, answers nobody for a second."""
LETS_GO = 0.1
"""Seconds that closing may wait before it is helped; as a rule it takes a few hundredths."""

OPEN_TRANSACTIONS = (
    "SELECT trx_mysql_thread_id AS id FROM information_schema.innodb_trx JOIN performance_schema.threads"
    " ON processlist_id = trx_mysql_thread_id WHERE name = 'thread/sql/one_connection'"  # a client's, and no applier's
    " AND processlist_command <> 'Binlog Dump GTID' AND trx_mysql_thread_id <> CONNECTION_ID()"
)
WAITING_FOR_A_ROW = "SELECT trx_mysql_thread_id AS id FROM information_schema.innodb_trx WHERE trx_state = 'LOCK WAIT'"
SOURCE = (
    "SELECT User_name AS user, User_password AS password, Enabled_ssl AS tls, Ssl_ca AS ca,"
    " Ssl_verify_server_cert AS verify, Connect_retry AS retry, Retry_count AS count, Heartbeat AS heartbeat"
    " FROM mysql.slave_master_info WHERE Channel_name = ''"
)


class Promotion:
    """Of one shard, whose primary is the last known one. `say` hears of each step as it begins and as it is done;
    `acknowledged` tells which transactions the application was told of, or None."""

    def __init__(
        self,
        admin: Administrator,
        shard: Shard,
        *,
        topology: Path,
        acknowledged: Callable[[], str | None],
        say: Callable[[str], None],
        accept_loss: bool = False,
    ) -> None:
        self._admin, self._shard, self._topology, self._say = admin, shard, topology, say
        self._acknowledged, self._accept_loss = acknowledged, accept_loss

    def plan(self, to: str | None = None) -> Plan:
        """Looks at all servers and changes nothing. Raises PromotionRefused."""
        looks = self._admin.look_at_all(self._shard)
        known = self._acknowledged()
        return plan(self._shard, looks, to=to, accept_loss=self._accept_loss, acknowledged=known)

    def run(self, plan: Plan) -> list[str]:
        """What is not as it should be afterwards; empty where all is well. Raises PromotionRefused where it stopped."""
        try:
            with self._alone(plan):
                return self._run(plan)
        except pymysql.err.MySQLError as lost:
            raise PromotionBrokenOff(
                f"It broke off: {lost.args[-1]}. Run the same command again; what is done is not done twice."
            ) from lost

    def _run(self, plan: Plan) -> list[str]:
        self._plan = self._still(plan)
        if plan.shard.kind is Kind.GROUP:
            self._hand_over_in_group()
        elif plan.finishing:
            self._attach(self._plan.followers, self._way())
        else:
            self._change(self._way())
        self._name_in_topology()
        return self._verify()

    @contextmanager
    def _alone(self, plan: Plan) -> Iterator[None]:
        """Two at once would open two servers. The lock is one of the servers' own, on each that answers: it ends with
        the connection, so whoever dies here keeps nobody out."""
        with ExitStack() as held:
            looks = {one.name: one for one in (plan.old, plan.candidate, *plan.others)}  # a group's two may be one
            for _, one in sorted(looks.items()):
                if not one.reachable:
                    continue
                root = held.enter_context(self._admin.on(one.server))
                if root.value("SELECT GET_LOCK(%s, 0)", (LOCK,)) != 1:
                    raise PromotionRefused(
                        [f"Somebody else is changing the primary of {plan.shard.name}. Wait for its end, begin anew."]
                    )
            yield

    def _still(self, plan: Plan) -> Plan:
        """The same plan by what the servers say now: between the look and the yes an hour may have gone by."""
        now = self.plan(plan.candidate.name)
        if (now.old.name, now.old.reachable, now.old.writable, now.finishing, now.loss) != (
            plan.old.name, plan.old.reachable, plan.old.writable, plan.finishing, plan.loss,
        ):  # fmt: skip
            raise PromotionRefused([f"{plan.shard.name} is not as it was when you were asked. Begin anew."])
        return now

    def _change(self, way: Way | None) -> None:
        """What stands between closing and opening is what writers wait for, so the old one is attached afterwards. The
        others are attached before: under semi-sync the new one's first commit waits for one of them."""
        if self._plan.old.reachable:
            self._wait_for_candidate()
            self._close_old()
        else:
            self._shut_out_old()
        old = self._plan.old
        others = tuple(one for one in self._plan.followers if one is not old)
        with self._reopening():
            self._drain()
            self._attach(others, way)
        self._open()
        if old.reachable:
            if others:  # writes go on meanwhile
                time.sleep(FOLLOWED)
            self._attach((old,), way)
            with self._admin.on(old.server) as root:  # whose next try finds the new one
                _end(root, OPEN_TRANSACTIONS)

    # -- the old one ----------------------------------------------------------------------------------------------
    def _shut_out_old(self) -> None:
        """It may be alive where we cannot see it: once nobody receives from it, it can acknowledge nothing more, and
        what it did until then is looked at anew."""
        followers = [one for one in self._plan.followers if one.follows]
        for one in followers:
            with self._admin.on(one.server) as root:
                root.run("STOP REPLICA IO_THREAD")
        try:
            self._plan = self.plan(self._plan.candidate.name)
            if self._plan.old.reachable:
                raise PromotionRefused([f"{self._plan.old.name} answers again. Nothing was changed; begin anew."])
        except PromotionRefused:
            for one in followers:
                with self._admin.on(one.server) as root:
                    root.run("START REPLICA IO_THREAD")
            raise
        self._say(f"{self._plan.old.name} is not reachable; nobody receives from it any more.")

    def _close_old(self) -> None:
        old = self._plan.old
        self._say(f"Closing {old.name}: it refuses writes from now on …")
        with self._admin.on(old.server) as root, self._admin.on(old.server) as beside:
            if not self._refuse_writes(root, beside):
                _end(beside, OPEN_TRANSACTIONS)
                if not self._refuse_writes(root, beside):
                    raise PromotionRefused([f"{old.name} could not be closed: a statement holds it. Nothing changed."])
            root.run("SET PERSIST_ONLY super_read_only = ON")
        self._say(f"{old.name} is closed, and stays so when it is restarted.")

    @staticmethod
    def _refuse_writes(root: Root, beside: Root) -> bool:
        """False where something does not let go. Closing waits for statements under way, and every new one waits for
        it: a statement that waits for the row of a transaction which may not go on now would hold up all of them until
        its time is over. Such are ended; who sent them tries again."""
        root.run("SET SESSION lock_wait_timeout = 2")
        with ThreadPoolExecutor(1) as thread:
            closing = thread.submit(root.run, "SET GLOBAL super_read_only = ON")
            while wait([closing], LETS_GO).not_done:
                _end(beside, WAITING_FOR_A_ROW, only="QUERY")
        try:
            closing.result()
        except pymysql.err.OperationalError as blocked:
            if blocked.args[0] != LOCK_WAIT_TIMED_OUT:
                raise
            return False
        return True

    @contextmanager
    def _reopening(self) -> Iterator[None]:
        """Until the new one is to accept writes everything can be taken back, whatever goes wrong."""
        try:
            yield
        except pymysql.err.MySQLError as failed:
            self._reopen_old()
            raise PromotionRefused(
                [f"{self._plan.candidate.name} was lost ({failed.args[-1]}). Begin anew."]
            ) from failed
        except BaseException:
            self._reopen_old()
            raise

    def _reopen_old(self) -> None:
        """The promotion stops and the old primary was well: it goes on as if nothing had been."""
        old = self._plan.old
        if old.reachable and old.writable:
            with self._admin.on(old.server) as root:
                _accept_writes(root)
            self._say(f"{old.name} accepts writes again, as before.")

    # -- the new one ----------------------------------------------------------------------------------------------
    def _wait_for_candidate(self) -> None:
        """What it lacks by far is waited for while the old one still serves."""
        new = self._plan.candidate
        with self._admin.on(new.server) as root:
            if new.follows:
                root.run("START REPLICA")
            if root.value(f"SELECT WAIT_FOR_EXECUTED_GTID_SET(%s, {APPLY_WITHIN:d})", (self._plan.old.executed,)) != 0:
                raise PromotionRefused(
                    [f"{new.name} is more than {APPLY_WITHIN} s behind. Nothing was changed; choose another, or wait."]
                )

    def _drain(self) -> None:
        """The candidate gets all that the old one has, and applies it."""
        new, old = self._plan.candidate, self._plan.old
        with self._admin.on(new.server) as root:
            wanted = new.all
            if old.reachable:
                with self._admin.on(old.server) as closed:
                    wanted = str(closed.value("SELECT @@global.gtid_executed")).replace("\n", "")
                self._check_errant(root, wanted)
            if new.follows:
                root.run("START REPLICA" if old.reachable else "START REPLICA SQL_THREAD")
            self._say(f"Waiting until {new.name} has applied everything …")
            if root.value(f"SELECT WAIT_FOR_EXECUTED_GTID_SET(%s, {APPLY_WITHIN:d})", (wanted,)) != 0:
                raise PromotionRefused(
                    [f"{new.name} did not apply everything within {APPLY_WITHIN} s. Try again later."]
                )
        self._say(f"{new.name} has everything.")

    def _check_errant(self, root: Root, wanted: str) -> None:
        """Exact only now: while the old one was open, a replica could have a commit a moment before it."""
        own = gtid_sets.missing(wanted, str(root.value("SELECT @@global.gtid_executed")))
        if own:
            raise PromotionRefused([f"{self._plan.candidate.name} holds transactions of its own ({own}): rebuild it."])

    def _open(self) -> None:
        new = self._plan.candidate
        with self._admin.on(new.server) as root:
            root.run("STOP REPLICA")
            root.run("RESET REPLICA ALL")
            if root.has("rpl_semi_sync_source_enabled"):
                root.run("SET GLOBAL rpl_semi_sync_source_enabled = ON")
            _accept_writes(root)
        self._say(f"{new.name} accepts writes.")

    def _hand_over_in_group(self) -> None:
        new = self._plan.candidate
        if not self._plan.finishing:
            self._say(f"Asking the group to make {new.name} its primary …")
            try:
                with self._admin.on(new.server) as root:
                    root.value(f"SELECT group_replication_set_as_primary(%s, {HAND_OVER_WITHIN:d})", (new.uuid,))
            except pymysql.err.MySQLError as refused:
                raise PromotionRefused(
                    [f"The group refused it ({refused.args[-1]}). Look again, then repeat."]
                ) from None
            self._say(f"{new.name} is the group's primary.")

    # -- the others -------------------------------------------------------------------------------------------------
    def _attach(self, servers: Sequence[Look], way: Way | None) -> None:
        """All at once; one that fails keeps nobody from going on."""
        if not servers:
            return
        if way is None:
            self._say(f"No server knows the replication account any more. {BY_HAND}")
            return
        with self._admin.on(self._plan.candidate.server) as root:
            there = str(root.value("SELECT @@global.gtid_executed"))
        with ThreadPoolExecutor(len(servers)) as threads:
            for said in threads.map(lambda one: self._attach_one(one, way, there), servers):
                self._say(said)

    def _attach_one(self, one: Look, way: Way, there: str) -> str:
        try:
            return self._point(one, way, there)
        except pymysql.err.MySQLError as failed:
            return f"{one.name} could not be attached ({failed.args[-1]}). Run this again once it is well."

    def _way(self) -> Way | None:
        """How replicas sign in: any of them knows. The candidate is asked first, before it forgets. None: of two
        servers the one that knew was opened, and the run ended before it had told the other."""
        for one in (self._plan.candidate, *self._plan.others, self._plan.old):
            if one.reachable:
                with self._admin.on(one.server) as root:
                    rows = root.run(SOURCE)
                if rows:
                    return rows[0]
        return None

    def _point(self, one: Look, way: Way, there: str) -> str:
        new = self._plan.candidate
        with self._admin.on(one.server) as root:
            own = gtid_sets.missing(there, str(root.value("SELECT @@global.gtid_executed")))
            if own:
                return f"{one.name} holds transactions that {new.name} has not ({own}): rebuild it."
            if root.has("rpl_semi_sync_source_enabled"):
                root.run("SET GLOBAL rpl_semi_sync_source_enabled = OFF")  # what it applies was acknowledged already
            root.run("STOP REPLICA")
            root.run(
                "CHANGE REPLICATION SOURCE TO SOURCE_HOST=%s, SOURCE_PORT=%s, SOURCE_USER=%s, SOURCE_PASSWORD=%s,"
                " SOURCE_AUTO_POSITION=1, SOURCE_SSL=%s, SOURCE_SSL_CA=%s, SOURCE_SSL_VERIFY_SERVER_CERT=%s,"
                " SOURCE_CONNECT_RETRY=%s, SOURCE_RETRY_COUNT=%s, SOURCE_HEARTBEAT_PERIOD=%s",
                (*new.address, way["user"], way["password"], way["tls"], way["ca"], way["verify"], way["retry"],
                 way["count"], way["heartbeat"]),
            )  # fmt: skip
            root.run("START REPLICA")
        return f"{one.name} follows {new.name}."

    # -- what is written, and what is true afterwards ---------------------------------------------------------------
    def _name_in_topology(self) -> None:
        name, new = self._plan.shard.name, self._plan.candidate.name
        raw = json.loads(self._topology.read_text(encoding="utf-8"))
        plane = raw["control"] if name == "control" else raw["shards"][name]
        if plane["primary"] == new:
            return
        plane["primary"] = new
        raw["version"] += 1
        text = json.dumps(raw, indent=1) + "\n"
        parse(text)
        _replace(self._topology, text)
        self._say(f"{self._topology.name} names {new}, version {raw['version']}. Copy it to your other machines.")

    def _verify(self) -> list[str]:
        """By what the servers say now; those that answer are given a moment to connect."""
        ends = time.monotonic() + SETTLE
        wrong, silent = self._wrong()
        while wrong and time.monotonic() < ends:
            time.sleep(0.1)
            wrong, silent = self._wrong()
        return wrong + silent

    def _wrong(self) -> tuple[list[str], list[str]]:
        shard, new = self._plan.shard, self._plan.candidate
        looks = self._admin.look_at_all(shard)
        wrong = [] if looks[new.name].writable else [f"{new.name} does not accept writes. Run this command again."]
        silent = []
        for one in looks.values():
            if one.name == new.name:
                continue
            if not one.reachable:
                silent.append(f"{one.name} does not answer. When it is back, {self._comes_back()}")
            elif one.writable:
                wrong.append(f"{one.name} accepts writes too: run SET GLOBAL super_read_only=ON there at once.")
            elif shard.kind is Kind.GROUP:
                if not is_online(one):
                    wrong.append(f"{one.name} is not online in its group. Run START GROUP_REPLICATION there.")
            elif one.follows != new.uuid or not one.receiving:
                wrong.append(f"{one.name} does not follow {new.name}. Compare their transactions, or rebuild it.")
        return wrong, silent

    def _comes_back(self) -> str:
        if self._plan.shard.kind is Kind.GROUP:
            return "run START GROUP_REPLICATION there."
        return "run this command again to attach it."


def _accept_writes(root: Root) -> None:
    root.run("SET GLOBAL super_read_only = OFF")
    root.run("SET GLOBAL read_only = OFF")
    root.run("RESET PERSIST IF EXISTS super_read_only")


def _end(root: Root, which: str, *, only: str = "") -> None:
    """Their transactions, which cannot commit any more and let go of what they hold; or only their statements."""
    for row in root.run(which):
        try:
            root.run(f"KILL {only} {row['id']:d}")
        except pymysql.err.MySQLError as gone:
            if gone.args[0] != 1094:  # it has ended by itself
                raise


def _replace(path: Path, text: str) -> None:
    """In one step and with the rights it had."""
    with NamedTemporaryFile("w", dir=path.parent, prefix=f".{path.name}.", delete=False, encoding="utf-8") as made:
        made.write(text)
    new = Path(made.name)
    new.chmod(path.stat().st_mode & 0o777)
    new.replace(path)
