"""What an acknowledgement is worth follows from what the primary is set to and who confirms, and from nothing else."""

import pytest

from shard_router.durability import judge, judge_group

SAFE = {
    "innodb_flush_log_at_trx_commit": "1", "sync_binlog": "1", "rpl_semi_sync_source_enabled": "ON",
    "rpl_semi_sync_source_timeout": "4294967295", "rpl_semi_sync_source_wait_no_replica": "ON",
    "rpl_semi_sync_source_wait_point": "AFTER_SYNC", "rpl_semi_sync_source_clients": "2",
}  # fmt: skip


def test_two_replicas_that_are_waited_for_are_a_guarantee():
    found = judge(SAFE)
    assert (found.guaranteed, found.replicas, found.lost_when, found.thin) == (True, 2, (), ())


@pytest.mark.parametrize(
    ("variable", "value", "said"),
    [
        ("innodb_flush_log_at_trx_commit", "2", "loses power"),
        ("sync_binlog", "0", "loses power"),
        ("sync_binlog", "1000", "loses power"),
        ("rpl_semi_sync_source_enabled", "OFF", "semi-sync is off"),
        ("rpl_semi_sync_source_timeout", "1000", "silent for 1 s"),
        ("rpl_semi_sync_source_wait_no_replica", "OFF", "no replica is connected"),
        ("rpl_semi_sync_source_wait_point", "AFTER_COMMIT", "AFTER_COMMIT"),
    ],
)
def test_one_variable_changed_by_hand_ends_the_guarantee_and_is_named(variable, value, said):
    found = judge({**SAFE, variable: value})
    assert not found.guaranteed
    assert len(found.lost_when) == 1
    assert said in found.lost_when[0]


def test_a_server_without_semi_sync_guarantees_nothing():
    found = judge({"innodb_flush_log_at_trx_commit": "1", "sync_binlog": "1"})
    assert found.lost_when == ("the primary dies: it waits for no replica (semi-sync is off)",)


WAITS, ALONE = "writes wait", "the primary goes on alone"
GIVES_UP = {"rpl_semi_sync_source_timeout": "1000", "rpl_semi_sync_source_wait_no_replica": "OFF"}


@pytest.mark.parametrize(
    ("set_to", "then"),
    [
        ({}, WAITS),
        ({"rpl_semi_sync_source_wait_point": "AFTER_COMMIT"}, WAITS),
        (GIVES_UP, ALONE),
        ({"rpl_semi_sync_source_timeout": "1000"}, ALONE),
        ({"rpl_semi_sync_source_wait_no_replica": "OFF"}, ALONE),
        ({"rpl_semi_sync_source_enabled": "OFF"}, ALONE),
    ],
)
def test_with_fewer_replicas_it_is_told_what_the_primary_does_without_the_last_one(set_to, then):
    few = [judge({**SAFE, **set_to, "rpl_semi_sync_source_clients": clients}) for clients in ("1", "0")]
    assert [one.thin for one in few] == [
        (f"only one replica confirms: without it, {then}",), (f"no replica confirms: {then}",),
    ]  # fmt: skip
    assert all(one.guaranteed for one in few) == (set_to == {})


def test_a_group_of_two_takes_no_writes_without_one_of_them():
    """One of two is no majority: it refuses rather than waits."""
    found = judge_group(SAFE, ["ONLINE", "ONLINE", "RECOVERING"])
    assert found.thin == ("only one other member confirms: without it, the group takes no writes",)


@pytest.mark.parametrize(
    ("states", "guaranteed", "thin"),
    [
        (["ONLINE"] * 3, True, 0),
        (["ONLINE", "ONLINE", "RECOVERING"], True, 1),
        (["ONLINE", "UNREACHABLE", "RECOVERING"], False, 1),
    ],
)
def test_a_group_is_worth_its_members_online(states, guaranteed, thin):
    found = judge_group(SAFE, states)
    assert (found.guaranteed, len(found.thin)) == (guaranteed, thin)


def test_a_group_whose_members_do_not_flush_is_no_guarantee():
    assert not judge_group({**SAFE, "sync_binlog": "0"}, ["ONLINE"] * 3).guaranteed
