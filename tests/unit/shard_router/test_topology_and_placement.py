"""Topologies that are taken, topologies that are refused whole, and where new shops go."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from shard_router import TopologyRefused
from shard_router.placement import place
from shard_router.topology import Kind, Server, TopologyFile, parse

GOOD: dict[str, Any] = {
    "version": 3,
    "control": {"kind": "replication", "primary": "c", "servers": {"c": {"host": "h", "port": 1}}},
    "shards": {
        "shard-a": {
            "kind": "replication", "primary": "a1",
            "servers": {"a1": {"host": "h", "port": 2}, "a2": {"host": "h", "port": 3}},
        },
        "shard-b": {
            "kind": "group", "primary": "b1", "servers": {"b1": {"host": "h", "port": 4}},
            "weight": 2, "takes_new": True,
        },
    },
}  # fmt: skip


def changed(**parts: Any) -> dict[str, Any]:
    """A copy of GOOD with `a__b__c=value` set at a path; None removes."""
    copy: dict[str, Any] = json.loads(json.dumps(GOOD))
    for path, value in parts.items():
        *way, last = path.replace("shard_", "shard-").split("__")
        at = copy
        for step in way:
            at = at[step]
        if value is None:
            del at[last]
        else:
            at[last] = value
    return copy


def test_a_good_one() -> None:
    found = parse(json.dumps({**GOOD, "admin": {}, "redis": "…", "tls_ca": "…"}))
    assert found.version == 3 and set(found.shards) == {"shard-a", "shard-b"}
    assert found.shards["shard-a"].primary == Server("a1", "h", 2)
    assert found.shards["shard-a"].replicas == (Server("a2", "h", 3),)
    assert found.shards["shard-b"].kind is Kind.GROUP and found.shards["shard-b"].weight == 2.0


def test_a_proxy_declares_what_it_can() -> None:
    proxy = {"kind": "proxy", "primary": "v", "servers": {"v": {"host": "h", "port": 9}}}
    plain = parse(json.dumps(changed(shards__shard_b=proxy))).shards["shard-b"]
    assert (plain.for_share, plain.gtids, plain.packets) == (False, False, False)
    able = parse(json.dumps(changed(shards__shard_b={**proxy, "for_share": True}))).shards["shard-b"]
    assert (able.for_share, able.gtids, able.packets) == (True, False, False)
    assert able.abilities != plain.abilities, "connections are made for what their shard can"


BAD = {
    "version missing": (changed(version=None), "version"),
    "version a text": (changed(version="1"), "version"),
    "version true": (changed(version=True), "version"),
    "no control": (changed(control=None), "control"),
    "no shards": (changed(shards={}), "shards"),
    "unknown kind": (changed(shards__shard_a__kind="magic"), "kind"),
    "a primary that is no server": (changed(shards__shard_a__primary="zz"), "primary"),
    "no servers": (changed(shards__shard_a__servers={}), "servers"),
    "port 0": (changed(shards__shard_a__servers__a1__port=0), "port"),
    "port 70000": (changed(shards__shard_a__servers__a1__port=70000), "port"),
    "port a text": (changed(shards__shard_a__servers__a1__port="2"), "port"),
    "no host": (changed(shards__shard_a__servers__a1__host=""), "host"),
    "an unknown key": (changed(shards__shard_a__wieght=2), "wieght"),
    "a negative weight": (changed(shards__shard_a__weight=-1), "weight"),
    "weight NaN": (changed(shards__shard_a__weight=float("nan")), "weight"),
    "takes_new a number": (changed(shards__shard_a__takes_new=1), "takes_new"),
    "nobody takes new shops": (changed(shards__shard_a__takes_new=False, shards__shard_b__weight=0), "takes new"),
    "one address twice": (changed(shards__shard_a__servers__a2__port=2), "same server"),
    "one name twice": (
        changed(shards__shard_b__servers={"a1": {"host": "h", "port": 9}}, shards__shard_b__primary="a1"),
        "share a name",
    ),
    "a proxy with two addresses": (changed(shards__shard_a__kind="proxy"), "exactly one"),
    "ranges that overlap": (changed(ranges=[[1, 10, "shard-a"], [10, 20, "shard-b"]]), "overlap"),
    "a range of nowhere": (changed(ranges=[[1, 10, "shard-z"]]), "unknown shard"),
    "a range backwards": (changed(ranges=[[10, 1, "shard-a"]]), "before it begins"),
    "a range of texts": (changed(ranges=[["1", 10, "shard-a"]]), "must be"),
    "a list": ([], "not an object"),
    "shards a list": (changed(shards=[1]), "shards"),
    "a server a list": (changed(shards__shard_a__servers__a1=[1]), "host and port"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_one_names_its_problem(name: str) -> None:
    content, word = BAD[name]
    with pytest.raises(TopologyRefused, match=word):
        parse(json.dumps(content))


def test_all_problems_are_named_at_once() -> None:
    with pytest.raises(TopologyRefused) as refused:
        parse(json.dumps(changed(version=0, shards__shard_a__kind="x", shards__shard_b__primary="y")))
    assert len(refused.value.problems) == 3


def test_not_json_is_refused() -> None:
    with pytest.raises(TopologyRefused, match="not JSON"):
        parse("{")


# -- the file -----------------------------------------------------------------------------------------------------
@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "topology.json"
    path.write_text(json.dumps(GOOD))
    return path


def test_a_newer_file_comes_into_force(path: Path) -> None:
    file = TopologyFile(path)
    assert not file.reload()
    path.write_text(json.dumps(changed(version=4, shards__shard_a__primary="a2")))
    assert file.reload() and file.current.shards["shard-a"].primary.name == "a2"
    assert not file.reload()


@pytest.mark.parametrize(("content", "why"), [
    (changed(version=2), "older"),
    (changed(shards__shard_a__primary="a2"), "version is still"),
    (changed(version=9, shards__shard_a__kind="x"), "kind"),
])  # fmt: skip
def test_a_file_that_is_refused_changes_nothing(path: Path, content: Any, why: str) -> None:
    file = TopologyFile(path)
    before = file.current
    path.write_text(json.dumps(content))
    assert not file.reload() and file.current is before
    assert file.problem is not None and why in file.problem
    path.write_text(json.dumps(changed(version=5)))
    assert file.reload() and file.problem is None


def test_another_spelling_of_the_same_is_no_change(path: Path) -> None:
    file = TopologyFile(path)
    path.write_text(json.dumps(GOOD, indent=4))
    assert not file.reload() and file.problem is None


# -- placement ----------------------------------------------------------------------------------------------------
def shards(**weights: float) -> str:
    servers = {name: {f"{name}-1": {"host": name, "port": 1}} for name in weights}
    return json.dumps({
        "version": 1, "control": GOOD["control"],
        "shards": {
            name: {"kind": "replication", "primary": f"{name}-1", "servers": servers[name], "weight": weight}
            for name, weight in weights.items()
        },
    })  # fmt: skip


def test_shops_fall_to_shards_by_weight() -> None:
    topology = parse(shards(a=1, b=3))
    share = Counter(place(topology, shop) for shop in range(20_000))["b"] / 20_000
    assert 0.735 < share < 0.765


def test_placement_is_the_same_every_time() -> None:
    assert [place(parse(shards(a=1, b=1)), shop) for shop in range(500)] == [
        place(parse(shards(b=1, a=1)), shop) for shop in range(500)
    ]


def test_a_new_shard_draws_shops_and_moves_none_between_the_old() -> None:
    two, three = parse(shards(a=1, b=1)), parse(shards(a=1, b=1, c=1))
    moved = [(place(two, shop), place(three, shop)) for shop in range(9_000) if place(two, shop) != place(three, shop)]
    assert {after for _, after in moved} == {"c"}
    assert 0.31 < len(moved) / 9_000 < 0.36


def test_full_and_weightless_shards_get_nothing() -> None:
    topology = parse(shards(a=1, b=0))
    assert {place(topology, shop) for shop in range(1_000)} == {"a"}


def test_a_range_wins_and_both_its_ends_are_in_it() -> None:
    topology = parse(json.dumps({**GOOD, "ranges": [[100, 200, "shard-b"]]}))
    assert {place(topology, shop) for shop in (100, 150, 200)} == {"shard-b"}
    assert {place(topology, shop) for shop in range(201, 300)} == {"shard-a", "shard-b"}
