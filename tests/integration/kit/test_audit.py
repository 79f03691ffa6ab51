"""The audit chain: who, when, from where, before and after; a changed byte, a row removed or swapped are found."""

import contextlib
import datetime as dt
from uuid import UUID

import pytest

from app.cash import service as cash
from app.console.cli.auditing import audit as commands
from app.kit import audit_reading
from app.kit.audit_checking import check
from app.kit.clock import today_ist
from tests.support.counter import Counter, made
from tests.support.jobs import work_off


@pytest.fixture
def counter(flask_app, runtime, cast) -> Counter:
    found = Counter(flask_app, runtime, cast.asha)
    found.set_board()
    return found


@pytest.fixture
def tamper(cluster, cast):
    """One statement behind the application's back, on the shard of Asha's shop, as the administrator alone can."""
    home = next(one for one in cluster.fleet.shards if one.name == cast.asha.shop.shard)

    def run(*statements: str) -> None:
        with contextlib.closing(cluster.raw_connection(home, "admin")) as connection:
            with connection.cursor() as cursor:
                for statement in statements:
                    assert cursor.execute(statement.replace("SHOP", f"shop_id = {cast.asha.shop_id}")), statement
            connection.commit()

    return run


def broken(counter):
    found = counter.read(check).broken
    return found and (found.seq, found.what.value)


def entry(counter, action):
    page = counter.read(lambda db: audit_reading.log_page(db, action=action))
    return page.items[0]


CHANGED = "UPDATE audit_log SET body = REPLACE(body, 'rate.set', 'rate.sat') WHERE SHOP AND seq = 2"
HASH = "UPDATE audit_log SET hash = REVERSE(hash) WHERE SHOP AND seq = 3"
REMOVED = "DELETE FROM audit_log WHERE SHOP AND seq = 2"
TAIL = "DELETE FROM audit_log WHERE SHOP AND seq = 4"
WHO = "UPDATE audit_log SET actor_id = NULL WHERE SHOP AND seq = 3"
SWAPPED = (
    "UPDATE audit_log SET seq = 1002 WHERE SHOP AND seq = 2", "UPDATE audit_log SET seq = 2 WHERE SHOP AND seq = 3",
    "UPDATE audit_log SET seq = 3 WHERE SHOP AND seq = 1002",
)  # fmt: skip


@pytest.mark.parametrize(
    ("statements", "first", "what"),
    [
        ((CHANGED,), 2, "changed"), ((HASH,), 3, "changed"), ((REMOVED,), 2, "missing"), ((TAIL,), 4, "missing"),
        ((WHO,), 3, "columns"), (SWAPPED, 2, "changed"),
    ],
    ids=["a byte", "a hash", "a row gone", "the last row gone", "a column beside the text", "two rows swapped"],
)  # fmt: skip
def test_whatever_is_done_to_the_chain_is_found_and_its_first_entry_named(
    counter, tamper, flask_app, cast, statements, first, what
):
    """1 is the shop's opening, 2 the board, 3 a piece, 4 another: found by the walk and by the command."""
    counter.piece(), counter.piece()
    assert broken(counter) is None
    tamper(*statements)
    assert broken(counter) == (first, what)
    done = flask_app.test_cli_runner().invoke(commands, ["verify", "--shop", str(cast.asha.shop_id)])
    assert done.exit_code == 1
    assert f"BROKEN at entry {first} of" in done.output


def test_a_chain_that_was_cut_short_whole_is_found_by_the_days_closing(counter, tamper, flask_app, cast):
    """Entries and head together are taken back behind the closing: only the closing knows that there was more."""
    counter.piece()
    counter.write(lambda db: cash.close_day(db, business_on=today_ist(), figures=lambda _db, _on: {}))
    tamper(
        "DELETE FROM audit_log WHERE SHOP AND seq > 2",
        "UPDATE audit_head SET seq = 2 WHERE SHOP",
    )
    assert broken(counter) is None  # by itself the chain looks whole
    assert counter.read(lambda db: check(db, anchors=cash.chain_anchors(db))).broken.seq == 3
    done = flask_app.test_cli_runner().invoke(commands, ["verify", "--shop", str(cast.asha.shop_id)])
    assert (done.exit_code, "BROKEN at entry 3" in done.output) == (1, True)


def test_a_sound_chain_and_its_documents_pass_the_command(counter, flask_app, cast):
    made(counter.bill([counter.piece()], customerId=counter.customer()["id"]))
    runner = flask_app.test_cli_runner()
    done = runner.invoke(commands, ["verify", "--shop", str(cast.asha.shop_id), "--documents"])
    assert done.exit_code == 0, done.output
    assert "1 documents hold" in done.output
    assert runner.invoke(commands, ["verify"]).exit_code == 2
    assert runner.invoke(commands, ["verify", "--shop", "999999999"]).exit_code == 2


def test_the_page_has_it_walked_by_a_job(counter, runtime, tamper):
    asked = counter.post("/audit/verify", {})
    assert asked.status_code == 202
    work_off(runtime, counter.who.shop_id)
    result = counter.get(f"/jobs/{asked.json['id']}").json["result"]
    assert (result["brokenSeq"], result["checked"], result["gaps"]) == (None, result["head"], [])
    tamper(CHANGED)
    again = counter.post("/audit/verify", {})
    work_off(runtime, counter.who.shop_id)
    result = counter.get(f"/jobs/{again.json['id']}").json["result"]
    assert (result["brokenSeq"], result["what"]) == (2, "changed")


# ---------------------------------------------------------------- what an entry says


def test_an_entry_says_who_when_from_where_and_what_was_before(counter):
    piece = counter.piece()
    answer = counter.app.test_client().patch(
        f"{counter.base}/items/{piece['id']}", json={"grossMg": 3400},
        headers=counter.who.headers(**{"If-Match": '"1"'}), environ_base={"REMOTE_ADDR": "203.0.113.9"},
    )  # fmt: skip
    assert answer.status_code == 200
    line = entry(counter, "item.edited")
    assert (line.actor_id, line.address, line.subject_id) == (counter.who.person_id, "203.0.113.9", UUID(piece["id"]))
    assert line.request_id == answer.headers["X-Request-Id"]
    (change,) = line.changes
    assert (change["table"], change["before"]["gross_mg"], change["after"]["gross_mg"]) == ("items", 3390, 3400)


def test_what_a_setting_was_and_is_stands_in_the_log_without_its_service_saying_so(counter):
    profile = counter.get("/profile")
    renamed = counter.patch("/profile", {"nameLocal": "आशा"}, version=profile.json["version"])
    assert renamed.status_code == 200, renamed.json
    (change,) = entry(counter, "shop.profile_changed").changes
    assert (change["before"], change["after"]) == ({"name_local": None}, {"name_local": "आशा"})


def test_a_customers_particulars_stand_in_the_chain_only_sealed(counter, runtime):
    """And once their key is destroyed nobody reads them, while the chain holds."""
    from app.reports import auditing

    customer = counter.customer(name="Lata Deshpande")
    made(counter.patch(f"/customers/{customer['id']}", {"name": "Lata Kulkarni"}, version=1))
    line = entry(counter, "customer.edited")
    assert "Kulkarni" not in str(line) and "Deshpande" not in str(line)
    opened = counter.read(lambda db: auditing.get_entry(db, line.seq, keyring=runtime.keyring))
    assert opened.sealed == {"before": {"name": "Lata Deshpande"}, "after": {"name": "Lata Kulkarni"}}
    counter.write(lambda db: _destroy(db, UUID(customer["id"])))
    opened = counter.read(lambda db: auditing.get_entry(db, line.seq, keyring=runtime.keyring))
    assert opened.sealed is None and broken(counter) is None


def _destroy(db, subject_id):
    from sqlalchemy import select

    from app.kit.models import SealingKey

    for key in db.scalars(select(SealingKey).where(SealingKey.subject_id == subject_id)):
        key.destroyed_at = dt.datetime.now(dt.UTC)


def test_the_log_is_found_by_who_what_and_when(counter, cast, flask_app, runtime):
    Counter(flask_app, runtime, cast.bina).customer()
    today = today_ist()
    mine = counter.get("/audit", actorId=str(cast.bina.person_id)).json["items"]
    assert {line["action"] for line in mine} == {"customer.registered"}
    assert counter.get("/audit", **{"from": today.isoformat(), "to": today.isoformat()}).json["items"]
    before = (today - dt.timedelta(days=1)).isoformat()
    assert counter.get("/audit", **{"to": before}).json["items"] == []
    page = counter.get("/audit", limit=1).json
    assert counter.get("/audit", limit=1, below=page["nextBelow"]).json["items"][0]["seq"] == page["nextBelow"] - 1
    assert Counter(flask_app, runtime, cast.bina).get("/audit").status_code == 403
