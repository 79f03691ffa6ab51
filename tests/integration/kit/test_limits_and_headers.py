"""Rates, headers, origins, languages, health and the reference, over HTTP."""

import re

import pytest

from app.kit.cache import NoStore
from app.kit.ids import new_id
from tests.support.kit_app import toy_app
from tests.support.waiting import until


@pytest.fixture
def limited(router, cluster, cache_store, tmp_path):
    """Counters of its own for each test, also in Redis."""

    def build(store=cache_store, **rates):
        return toy_app(router, store, tmp_path, prefix=f"{cluster.redis_prefix}{new_id().hex}:", **rates)

    return build


@pytest.fixture(params=["redis", "in the process"])
def store(request, cache_store):
    return cache_store if request.param == "redis" else NoStore()


def asked(toy, shop, headers, times):
    client = toy.client()
    return [client.get(f"/api/v1/shops/{shop.shop_id}/notes/count", headers=headers) for _ in range(times)]


def test_a_client_may_ask_so_often_and_is_told_when_to_come_back(limited, shop, store):
    toy = limited(store, client="5/hour")
    replies = asked(toy, shop, toy.member(shop), 7)
    assert [reply.status_code for reply in replies] == [200] * 5 + [429] * 2
    assert replies[-1].json["code"] == "rate_limited"
    assert 0 < int(replies[-1].headers["Retry-After"]) <= 3600
    assert replies[-1].content_type == "application/problem+json"


def test_one_clients_limit_is_not_anothers(limited, shop, store):
    toy = limited(store, client="2/hour")
    bina, asha = toy.member(shop), toy.member(shop)
    assert asked(toy, shop, bina, 3)[-1].status_code == 429
    assert asked(toy, shop, asha, 1)[0].status_code == 200


def test_a_shops_people_share_its_limit(limited, shop, zoyas_shop, store):
    toy = limited(store, shop="3/hour")
    bina, asha, zoya = toy.member(shop), toy.member(shop), toy.member(zoyas_shop)
    assert [one.status_code for one in asked(toy, shop, bina, 2) + asked(toy, shop, asha, 2)] == [200, 200, 200, 429]
    assert asked(toy, zoyas_shop, zoya, 1)[0].status_code == 200


def test_a_stranger_cannot_use_up_a_shops_limit(limited, shop, ravis_shop, store):
    toy = limited(store, shop="3/hour")
    bina, ravi = toy.member(shop), toy.member(ravis_shop)
    assert {one.status_code for one in asked(toy, shop, ravi, 10)} == {404}
    assert {one.status_code for one in asked(toy, shop, {}, 10)} == {401}
    assert asked(toy, shop, bina, 3)[-1].status_code == 200


def test_who_tries_one_shop_after_another_is_counted_all_the_same(limited, shop, ravis_shop, store):
    toy = limited(store, client="3/hour")
    ravi = toy.member(ravis_shop)
    assert [one.status_code for one in asked(toy, shop, ravi, 5)] == [404] * 3 + [429] * 2


def test_who_is_not_signed_in_is_counted_by_address(limited, store):
    toy = limited(store, client="3/hour")
    replies = [toy.client().get("/api/nothing", environ_base={"REMOTE_ADDR": "192.0.2.7"}) for _ in range(4)]
    assert [one.status_code for one in replies] == [404, 404, 404, 429]
    assert toy.client().get("/api/nothing", environ_base={"REMOTE_ADDR": "192.0.2.8"}).status_code == 404


def test_a_view_may_be_tighter(limited, store):
    toy = limited(store)
    address = {"REMOTE_ADDR": "192.0.2.9"}
    assert [toy.client().post("/api/v1/me/try", environ_base=address).status_code for _ in range(4)] == [200] * 3 + [
        429
    ]


def test_a_load_balancer_is_not_counted(limited, store):
    toy = limited(store, client="1/hour")
    assert {toy.client().get("/healthz").status_code for _ in range(5)} == {200}


# ---------------------------------------------------------------- headers


def test_a_page_runs_nothing_but_what_carries_its_nonce(toy):
    reply = toy.client().get("/api/v1/docs")
    policy = reply.headers["Content-Security-Policy"]
    nonce = re.search(r"'nonce-([^']+)'", policy)[1]
    assert f'nonce="{nonce}"' in reply.text
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert "http://side.test" in policy
    assert toy.client().get("/api/v1/docs").headers["Content-Security-Policy"] != policy


def test_every_reply_is_guarded(toy, shop):
    for url in ("/healthz", "/api/nothing", "/nothing", f"/api/v1/shops/{shop.shop_id}/notes/count"):
        headers = toy.client().get(url).headers
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert "Content-Security-Policy" in headers
        assert headers["Cache-Control"] == "no-store"
        assert "Strict-Transport-Security" not in headers


def test_https_is_kept_where_there_is_any(limited):
    toy = limited(https=True)
    assert "max-age=31536000" in toy.client().get("/healthz").headers["Strict-Transport-Security"]
    assert toy.app.config["SESSION_COOKIE_SECURE"]


def test_only_origins_on_the_list_may_call_the_api(toy, shop):
    client = toy.client()
    url = f"/api/v1/shops/{shop.shop_id}/notes/count"
    ask = {"Access-Control-Request-Method": "POST"}
    friend = client.options(url, headers={"Origin": "http://friend.test", **ask})
    assert (friend.status_code, friend.headers["Access-Control-Allow-Origin"]) == (204, "http://friend.test")
    assert "Idempotency-Key" in friend.headers["Access-Control-Allow-Headers"]
    assert "Access-Control-Allow-Credentials" not in friend.headers
    for origin in ("http://foe.test", "http://friend.test.foe.test", "null", "https://friend.test"):
        foe = client.options(url, headers={"Origin": origin, **ask})
        assert "Access-Control-Allow-Origin" not in foe.headers
    pages = client.get("/healthz", headers={"Origin": "http://friend.test"})
    assert "Access-Control-Allow-Origin" not in pages.headers


# ---------------------------------------------------------------- health


def looked_at(toy):
    """Health of the database once every server has been asked; before that, nothing is claimed."""
    client = toy.client()
    replies = [client.get("/api/health/database")]

    def whole():
        replies.append(client.get("/api/health/database"))
        return replies[-1].status_code == 200 and all(one["reachable"] for one in servers_in(replies[-1]))

    until(whole, what="the first look at every server")
    return replies[-1]


def servers_in(reply):
    return [server for shard in reply.json["shards"] for server in shard["servers"]]


def test_health_of_the_database_names_every_server(toy, cluster):
    reply = looked_at(toy)
    servers = {one["name"] for shard in reply.json["shards"] for one in shard["servers"]}
    assert servers == {"ctl-1", "a-1", "a-2", "b-1", "b-2"}
    assert reply.status_code == 200
    roles = {one["name"]: one["role"] for shard in reply.json["shards"] for one in shard["servers"]}
    assert (roles["a-1"], roles["a-2"]) == ("primary", "replica")
    assert all(isinstance(one["lagMs"], int) for shard in reply.json["shards"] for one in shard["servers"]
               if one["role"] == "replica")  # fmt: skip
    assert "snapshotAgeSeconds" in reply.json


def test_one_replica_is_called_degraded(toy):
    """Guarantee mode needs two; the development cluster has one and must not hide it."""
    shards = {one["shard"]: one for one in looked_at(toy).json["shards"]}
    assert (shards["shard-a"]["status"], shards["shard-a"]["guaranteed"]) == ("degraded", False)


def test_what_an_acknowledgement_is_worth_is_told_with_the_reasons(toy):
    """As the primaries' own variables say it: nothing is flushed at commit here, and semi-sync gives up after 1 s."""
    shards = {one["shard"]: one for one in looked_at(toy).json["shards"]}
    told = shards["shard-a"]["durability"]
    assert (told["mode"], told["light"], told["confirming"]) == ("degraded", "red", 1)
    assert any("loses power" in reason for reason in told["lostWhen"])
    assert any("silent for 1 s" in reason for reason in told["lostWhen"])


# ---------------------------------------------------------------- the reference


def test_the_description_says_what_every_route_needs(toy):
    spec = toy.client().get("/api/v1/openapi.json").json
    assert spec["openapi"] == "3.1.0"
    make = spec["paths"]["/api/v1/shops/{shop_id}/notes/"]["post"]
    names = [one.get("$ref", "").rsplit("/", 1)[-1] for one in make["parameters"]]
    assert "IdempotencyKey" in names
    change = spec["paths"]["/api/v1/shops/{shop_id}/tills/{till_id}"]["patch"]
    assert "#/components/parameters/IfMatch" in [one.get("$ref") for one in change["parameters"]]
    assert make["x-right"] == "toy.make"
    operations = [one for path in spec["paths"].values() for method, one in path.items() if method != "parameters"]
    assert all(one["responses"]["default"] == {"$ref": "#/components/responses/Problem"} for one in operations)
    assert spec["paths"]["/api/v1/me/try"]["post"]["security"] == []
    assert spec["security"] == [{"bearer": []}]
    members = spec["components"]["schemas"]["WholeNoteIn"]["properties"]
    assert members["amountPaise"]["maximum"] == 10**12


def test_every_reference_in_the_description_leads_somewhere(toy):
    reply = toy.client().get("/api/v1/openapi.json")
    references = set(re.findall(r'"\$ref":\s*"#/([^"]+)"', reply.text))
    assert len(references) > 5, "this test reads nothing"
    for reference in references:
        found = reply.json
        for part in reference.split("/"):
            assert part in found, reference
            found = found[part]


def test_the_page_of_the_reference_loads_nothing_foreign(toy):
    text = toy.client().get("/api/v1/docs").text
    assert "netMg" in text
    assert "idempotency_key_reused" in text
    assert not re.findall(r"""(?:src|href)=["']?(?:https?:)?//""", text)
