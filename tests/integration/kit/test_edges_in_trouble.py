"""A request that meets a move, a lost commit or a dead server: done once, or not at all, and never in doubt unsaid."""

import json
from collections.abc import Iterator

import pytest

from shard_router import Router, State, Times
from shard_router.config import PoolSizes
from tests.support.kit_app import ToyApp, toy_app
from tests.support.shops import OpenedShop
from tests.support.tcp_proxy import TcpProxy
from tests.support.waiting import until


@pytest.fixture
def frail(cluster, cache_store, tmp_path) -> Iterator[tuple[ToyApp, TcpProxy]]:
    """An application whose way to a-1 may be cut; without TLS, so that the test can see COMMIT pass by."""
    yield from cut_off(cluster, cache_store, tmp_path, lambda raw: raw["shards"]["shard-a"]["servers"], "a-1")


@pytest.fixture
def frail_control(cluster, cache_store, tmp_path) -> Iterator[tuple[ToyApp, TcpProxy]]:
    """The same of the control plane."""
    yield from cut_off(cluster, cache_store, tmp_path, lambda raw: raw["control"]["servers"], "ctl-1")


def cut_off(cluster, cache_store, tmp_path, servers_of, name) -> Iterator[tuple[ToyApp, TcpProxy]]:
    topology = json.loads(cluster.file.read_text())
    server = servers_of(topology)[name]
    with TcpProxy(server["host"], server["port"]) as proxy:
        servers_of(topology)[name] = {"host": "127.0.0.1", "port": proxy.port}
        (tmp_path / "topology.json").write_text(json.dumps(topology))
        router = Router(
            cluster.router_config(
                tmp_path / "snapshot.json", topology=tmp_path / "topology.json", tls_ca=None,
                accounts={"app": cluster.admin},  # our own accounts come by TLS only
                times=Times(connect=1, answer=2, pool=0.5), pools=PoolSizes(write=2, hot=2, read=2),
            )
        )  # fmt: skip
        yield toy_app(router, cache_store, tmp_path, prefix=cluster.redis_prefix), proxy
        router.close()


def post(toy: ToyApp, shop: OpenedShop, headers, *, key="k", path="/"):
    url = f"/api/v1/shops/{shop.shop_id}/notes{path}"
    return toy.client().post(url, json={"text": "once"}, headers={**headers, "Idempotency-Key": key})


def count(toy: ToyApp, shop: OpenedShop, headers) -> int:
    return toy.client().get(f"/api/v1/shops/{shop.shop_id}/notes/count", headers=headers).json["count"]


@pytest.mark.fault(15)
@pytest.mark.parametrize("path", ["/", "/hot"])
def test_a_commit_whose_answer_is_lost_is_looked_up_and_not_done_again(frail, shop, path):
    toy, proxy = frail
    bina = toy.member(shop)
    assert post(toy, shop, bina, key="warm", path=path).status_code == 201
    proxy.cut_when(lambda chunk: b"\x03COMMIT" in chunk and not proxy_mended(proxy))
    reply = post(toy, shop, bina, key="lost", path=path)
    assert reply.status_code == 201, reply.json
    assert reply.headers["Idempotent-Replay"] == "true"
    assert reply.headers["X-Consistency"]
    until(lambda: count(toy, shop, bina) == 2, within=5)  # asked without the reply's token: a replica may be behind
    again = post(toy, shop, bina, key="lost", path=path)
    assert again.data == reply.data


def proxy_mended(proxy: TcpProxy) -> bool:
    """True from the second COMMIT on: only the first one's answer is lost."""
    proxy._watch = None
    return False


def test_an_update_whose_answer_is_lost_is_called_unclear(frail, shop):
    toy, proxy = frail
    headers = {**toy.member(shop), "If-Match": '"1"'}
    url = f"/api/v1/shops/{shop.shop_id}/tills/{shop.till_id}"
    assert toy.client().get(url, headers=headers).status_code == 200
    proxy.cut_when(lambda chunk: b"\x03COMMIT" in chunk)
    reply = toy.client().patch(url, json={"name": "Front"}, headers=headers)
    assert (reply.status_code, reply.json["code"]) == (503, "commit_unclear")
    proxy.mend()
    # its commit was on the way, and nobody has a token of it: a replica may show it a moment later
    until(lambda: toy.client().get(url, headers=headers).json["name"] == "Front", within=5)


def ask_for_job(toy: ToyApp, om, **headers: str):
    who = {"Authorization": f"Bearer {om.person_id}", **headers}
    return toy.client().post("/api/v1/console/jobs/", json={"text": "once"}, headers=who)


def count_jobs(toy: ToyApp, om) -> int:
    who = {"Authorization": f"Bearer {om.person_id}"}
    return toy.client().get("/api/v1/console/jobs/count", headers=who).json["count"]


def test_a_lost_commit_of_the_control_plane_is_looked_up_and_not_done_again(frail_control):
    toy, proxy = frail_control
    om = toy.people.enter("Om", {}, audience="console")
    before = count_jobs(toy, om)
    proxy.cut_when(lambda chunk: b"\x03COMMIT" in chunk and not proxy_mended(proxy))
    reply = ask_for_job(toy, om, **{"Idempotency-Key": "lost"})
    assert (reply.status_code, reply.headers["Idempotent-Replay"]) == (201, "true"), reply.json
    assert count_jobs(toy, om) == before + 1
    assert ask_for_job(toy, om, **{"Idempotency-Key": "lost"}).data == reply.data


def test_a_lost_commit_of_a_control_plane_that_stays_away_is_called_unclear(frail_control):
    """It was once answered that nothing was changed."""
    toy, proxy = frail_control
    om = toy.people.enter("Om", {}, audience="console")
    before = count_jobs(toy, om)
    proxy.cut_when(lambda chunk: b"\x03COMMIT" in chunk and not proxy._open.clear())  # new connections are refused
    reply = ask_for_job(toy, om, **{"Idempotency-Key": "lost"})
    assert (reply.status_code, reply.json["code"]) == (503, "commit_unclear")
    proxy.mend()
    assert count_jobs(toy, om) == before + 1


def test_a_dead_shard_is_said_so_and_neighbours_go_on(frail, shop, zoyas_shop):
    toy, proxy = frail
    bina, zoya = toy.member(shop), toy.member(zoyas_shop)
    proxy.cut()
    reply = post(toy, shop, bina)
    assert (reply.status_code, reply.json["code"], reply.headers["Retry-After"]) == (503, "shard_down", "1")
    assert "127.0.0.1" not in reply.text
    assert post(toy, zoyas_shop, zoya).status_code == 201
    proxy.mend()
    assert post(toy, shop, bina).status_code == 201


@pytest.fixture
def fence(cluster):
    """Sets the fence row of a shop, as a move does."""
    import sqlalchemy as sa

    def put(shop: OpenedShop, **columns):
        target = next(one for one in cluster.fleet.targets if one.server.name == "a-1")
        with cluster.fleet.connect(target, "admin") as connection:
            names = ", ".join(f"{name} = :{name}" for name in columns)
            connection.execute(
                sa.text(f"UPDATE shop_fence SET {names} WHERE shop_id = :shop_id"), {**columns, "shop_id": shop.shop_id}
            )
            connection.commit()

    return put


@pytest.mark.parametrize("path", ["/", "/hot"])
def test_a_shop_that_moved_is_found_again_unseen(toy, shop, router, fence, path):
    """The epoch rose, as after a move back: the old map fails at the fence, is refreshed, the write goes through."""
    import sqlalchemy as sa

    bina = toy.member(shop)
    assert post(toy, shop, bina, key="before", path=path).status_code == 201
    fence(shop, epoch=2)
    with router.control() as control:
        control.execute(sa.text("UPDATE directory SET epoch = 2 WHERE shop_id = :s"), {"s": shop.shop_id})
        control.commit()
    tried = toy.parts.metrics.retries.labels("moved")._value.get()
    reply = post(toy, shop, bina, key="after", path=path)
    assert reply.status_code == 201, reply.json
    assert toy.parts.metrics.retries.labels("moved")._value.get() == tried + 1
    assert count(toy, shop, bina) == 2


@pytest.mark.parametrize("path", ["/", "/hot"])
def test_a_shop_being_moved_is_said_so_and_nothing_is_done(toy, shop, fence, path):
    bina = toy.member(shop)
    fence(shop, state=State.FENCED.value)
    reply = post(toy, shop, bina, path=path)
    assert (reply.status_code, reply.json["code"], reply.headers["Retry-After"]) == (503, "shop_moving", "1")
    fence(shop, state=State.OPEN.value)
    assert post(toy, shop, bina, path=path).status_code == 201
    assert count(toy, shop, bina) == 1


def test_control_gone_stops_only_what_needs_it(cluster, cache_store, tmp_path, shop, router):
    server = cluster.raw["control"]["servers"]["ctl-1"]
    with TcpProxy(server["host"], server["port"]) as proxy:
        topology = json.loads(cluster.file.read_text())
        topology["control"]["servers"]["ctl-1"] = {"host": "127.0.0.1", "port": proxy.port}
        (tmp_path / "topology.json").write_text(json.dumps(topology))
        config = cluster.router_config(
            tmp_path / "snapshot.json", topology=tmp_path / "topology.json", times=Times(connect=1, answer=1)
        )
        lame = Router(config)
        toy = toy_app(lame, cache_store, tmp_path, prefix=cluster.redis_prefix)
        bina = toy.member(shop)
        proxy.cut()
        try:
            assert post(toy, shop, bina).status_code == 201
            om = toy.people.enter("Om", {}, audience="console")
            headers = {"Authorization": f"Bearer {om.person_id}"}
            reply = toy.client().get("/api/v1/console/jobs/count", headers=headers)
            assert reply.status_code == 503
            assert reply.json["code"] == "database_down"
            assert "127.0.0.1" not in reply.text
        finally:
            lame.close()
