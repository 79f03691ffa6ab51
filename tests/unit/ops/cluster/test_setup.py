"""An instance remembers its mode; what cannot be changed is refused in words, before anything is."""

import pytest

from ops.cluster import setup
from ops.cluster.layout import EVERY_SERVER, GROUP_LINE, PROXY_LINE, REDIS_OFFSET, RESTORED, SHARDS, Mode, layout
from ops.cluster.mysql import DURABILITIES, settings_text
from ops.cluster.setup import Setup, changed, load, save, with_shard
from ops.places import Instance
from ops.trouble import Trouble


def test_an_instance_from_before_there_were_modes_is_degraded(tmp_path):
    assert load(Instance("dev", 26000, tmp_path)) == Setup(Mode.DEGRADED, proxied=False)


def test_what_was_chosen_is_remembered(tmp_path):
    instance = Instance("dev", 26000, tmp_path)
    chosen = changed(Setup(), mode=Mode.GROUP, proxied=True, is_new=True)
    save(instance, chosen)
    assert load(instance) == chosen
    assert set(chosen.group_names) == {"shard-a", "shard-b"}
    assert len(set(chosen.group_names.values())) == 2


def test_without_a_word_it_goes_on_as_before():
    before = Setup(Mode.GUARANTEE, proxied=True)
    assert changed(before, mode=None, proxied=None, is_new=False) == before


@pytest.mark.parametrize(("before", "after"), [(Mode.DEGRADED, Mode.GUARANTEE), (Mode.GUARANTEE, Mode.DEGRADED)])
def test_the_replicating_modes_turn_into_each_other(before, after):
    assert changed(Setup(before), mode=after, proxied=None, is_new=False).mode is after


@pytest.mark.parametrize(("before", "after"), [(Mode.GUARANTEE, Mode.GROUP), (Mode.GROUP, Mode.DEGRADED)])
def test_replication_and_groups_do_not(before, after):
    with pytest.raises(Trouble, match="cannot turn"):
        changed(Setup(before), mode=after, proxied=None, is_new=False)


def test_a_damaged_record_is_told(tmp_path):
    instance = Instance("dev", 26000, tmp_path)
    (tmp_path / "setup.json").write_text('{"mode": "sometimes"}')
    with pytest.raises(Trouble, match="damaged"):
        setup.load(instance)


def test_no_two_doors_share_a_port():
    offsets = [server.offset + line for server in EVERY_SERVER for line in (0, GROUP_LINE, PROXY_LINE)]
    offsets += [server.offset for server in RESTORED.values()]
    assert len({*offsets, REDIS_OFFSET, 0, 1}) == len(offsets) + 3
    assert max(offsets) < 100  # the next instance begins there


@pytest.mark.parametrize("mode", list(Mode))
def test_each_mode_has_its_servers(mode):
    wanted = {Mode.DEGRADED: (1, 2, 2), Mode.GUARANTEE: (3, 3, 3), Mode.GROUP: (1, 3, 3)}[mode]
    found = layout(mode)
    assert found.groups == ("control", "shard-a", "shard-b")
    assert tuple(len(found.members(group)) for group in found.groups) == wanted


@pytest.mark.parametrize(
    ("mode", "servers"),
    [
        (Mode.DEGRADED, ["c-1", "c-2"]),
        (Mode.GUARANTEE, ["c-1", "c-2", "c-3"]),
        (Mode.GROUP, ["c-1", "c-2", "c-3"]),
    ],
)
def test_a_shard_that_was_added_has_the_servers_of_its_mode_beside_the_others(mode, servers):
    grown = with_shard(changed(Setup(), mode=mode, proxied=None, is_new=True), "shard-c").layout
    assert [one.name for one in grown.members("shard-c")] == servers
    assert grown.groups == ("control", "shard-a", "shard-b", "shard-c")
    assert [one for one in grown.servers if one.group != "shard-c"] == list(layout(mode).servers)


def test_the_instance_remembers_what_was_added_whatever_its_mode(tmp_path):
    instance = Instance("dev", 26000, tmp_path)
    save(instance, with_shard(Setup(), "shard-c"))
    assert load(instance).layout.shards == (*SHARDS, "shard-c")
    later = changed(load(instance), mode=Mode.GUARANTEE, proxied=None, is_new=False)
    assert later.layout.shards == (*SHARDS, "shard-c")


def test_an_instance_from_before_there_was_adding_has_its_two_shards(tmp_path):
    (tmp_path / "setup.json").write_text('{"mode": "guarantee", "proxied": false, "group_names": {}}')
    assert load(Instance("dev", 26000, tmp_path)).layout.shards == SHARDS


def test_adding_twice_changes_nothing_and_the_groups_keep_their_names():
    """A group that came under another name would be another group."""
    before = changed(Setup(), mode=Mode.GROUP, proxied=None, is_new=True)
    once = with_shard(before, "shard-c")
    assert with_shard(once, "shard-c") == once
    assert {**once.group_names, **before.group_names} == once.group_names
    assert set(once.group_names) == {*SHARDS, "shard-c"}


@pytest.mark.parametrize(("shard", "why"), [("shard-z", "No shard shard-z"), ("shard-a", "from the beginning")])
def test_only_a_shard_that_has_names_and_ports_is_added(shard, why):
    with pytest.raises(Trouble, match=f"{why}.*shard-c"):
        with_shard(Setup(), shard)


def test_guarantee_mode_never_gives_up_and_flushes_each_commit(tmp_path):
    text = settings_text(DURABILITIES[Mode.GUARANTEE], tmp_path)
    for line in (
        "loose-rpl-semi-sync-source-timeout=4294967295", "loose-rpl-semi-sync-source-wait-no-replica=ON",
        "loose-rpl-semi-sync-source-wait-point=AFTER_SYNC", "sync-binlog=1", "innodb-flush-log-at-trx-commit=1",
    ):  # fmt: skip
        assert f"\n{line}\n" in text
