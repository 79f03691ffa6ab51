"""A document that is gone leaves a gap in its series, whatever room it is of: the check of the books names each."""

from uuid import UUID

import pytest

from app.console.cli.auditing import audit as commands
from app.numbering.gaps import number_gaps
from tests.integration.karigar.conftest import Bench
from tests.integration.orders.conftest import Desk
from tests.support.counter import Counter, made
from tests.support.jobs import work_off
from tests.support.pages import Sender

PLAN = {
    "code": "SWARNA", "name": "Swarna 11+1", "months": 11, "instalment": "fixed", "leastPaise": 500_00,
    "stepPaise": 500_00, "bonus": "instalment",
}  # fmt: skip


@pytest.fixture
def desk(flask_app, runtime, cast) -> Desk:
    counter = Counter(flask_app, runtime, cast.asha)
    counter.set_board()
    return Desk(counter, counter.customer())


def three_of_each(desk) -> dict[str, tuple[str, str]]:
    """Of each kind three are made; its table and the second one's id."""
    counter = desk.counter
    bench = Bench(counter, made(counter.post("/karigars", {"code": "RAM", "name": "Ram Soni"})))
    ring, job = counter.piece(), bench.job()
    plan = made(counter.post("/scheme-plans", PLAN))
    scheme = {"planId": plan["id"], "customerId": desk.customer["id"], "instalmentPaise": 2_000_00}
    metal = [{"metal": "gold", "fineness": 9160, "netMg": 1_000}]
    make = {
        ("delivery_challan", "karigar_challans"): lambda: bench.issue(job, metal=metal),
        ("estimate", "estimates"): lambda: made(counter.post("/estimates", {"lines": [{"itemId": ring["id"]}]})),
        ("order", "orders"): desk.order,
        ("repair", "orders"): desk.repair,
        ("passbook", "schemes"): lambda: made(counter.post("/schemes", scheme)),
    }
    return {kind: (table, [one()["id"] for _ in range(3)][1]) for (kind, table), one in make.items()}


def test_every_series_names_what_is_gone(desk, cluster):
    second, who = three_of_each(desk), desk.counter.who
    assert desk.counter.read(number_gaps) == []
    home = next(one for one in cluster.fleet.targets if one.name == who.shop.shard)
    link = cluster.raw_connection(home, "admin")
    with link, link.cursor() as cursor:
        cursor.execute("SET foreign_key_checks = 0")
        for table, gone in second.values():
            facts = (who.shop_id, UUID(gone).bytes)
            assert cursor.execute(f"DELETE FROM {table} WHERE shop_id = %s AND id = %s", facts) == 1
        link.commit()
    gaps = desk.counter.read(number_gaps)
    assert [gap.split()[0] for gap in gaps] == sorted(second)
    assert all(gap.endswith(": 2 from 1 to 3, last given 3") for gap in gaps)
    said = desk.counter.app.test_cli_runner().invoke(commands, ["verify", "--shop", str(who.shop_id)])
    assert said.exit_code == 1 and all(f"numbers are missing: {gap}." in said.output for gap in gaps)
    asked = desk.counter.post("/audit/verify", {}).json["id"]
    work_off(desk.counter.runtime, who.shop_id)
    page = Sender(desk.counter.app, who).look(f"/s/{who.shop.slug}/audit?job={asked}").text
    assert all(gap in page for gap in gaps)
