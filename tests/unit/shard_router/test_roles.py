"""Who is primary follows from what the servers say: never from a guess, and in doubt from what was known before."""

from dataclasses import replace

import pytest

from shard_router.roles import Claim, Member, Verdict, View, decide
from shard_router.topology import Kind, Server, Shard, Topology

ONE, TWO, THREE = (Server(f"a-{n}", "127.0.0.1", 3300 + n) for n in (1, 2, 3))
SHARD = Shard("shard-a", Kind.REPLICATION, ONE, (TWO, THREE))
GROUP = replace(SHARD, kind=Kind.GROUP)
U1, U2, U3 = (f"{n}" * 8 + "-1111-1111-1111-111111111111" for n in (1, 2, 3))
OLD = f"{U1}:1-100"

LEADS = Claim(ONE, True, True, U1, OLD, "")
SECOND = Claim(TWO, True, False, U2, OLD, U1)
THIRD = Claim(THREE, True, False, U3, OLD, U1)

DEMOTED = replace(LEADS, writable=False, follows=U2)
PROMOTED = replace(SECOND, writable=True, follows="", executed=f"{OLD},{U2}:1-5")
REPOINTED = replace(THIRD, follows=U2)


def gone(claim: Claim) -> Claim:
    return Claim(claim.server)


def test_as_the_file_says_it() -> None:
    assert decide(SHARD, [LEADS, SECOND, THIRD]) == Verdict(ONE)


def test_a_promotion_is_followed() -> None:
    assert decide(SHARD, [DEMOTED, PROMOTED, REPOINTED]) == Verdict(TWO)


def test_a_promotion_after_a_death_is_followed() -> None:
    assert decide(SHARD, [gone(LEADS), PROMOTED, REPOINTED]) == Verdict(TWO)


def test_a_fenced_server_that_follows_nobody_speaks_against_nothing() -> None:
    assert decide(SHARD, [replace(DEMOTED, follows=""), PROMOTED, gone(THIRD)]) == Verdict(TWO)


@pytest.mark.parametrize(
    ("claims", "why"),
    [
        ([gone(LEADS), replace(PROMOTED, follows=U1), REPOINTED], "still replicates"),
        ([gone(LEADS), PROMOTED, THIRD], "a-3 does not replicate from it"),
        ([gone(LEADS), PROMOTED, replace(REPOINTED, follows="?")], "a-3 does not replicate from it"),
        ([replace(DEMOTED, executed=f"{U1}:1-101"), PROMOTED, REPOINTED], "a-1 has transactions that it lacks"),
        ([gone(LEADS), replace(PROMOTED, follows=None), REPOINTED], "may not read"),
        ([gone(LEADS), PROMOTED, replace(REPOINTED, follows=None)], "may not read"),
    ],
    ids=["follows", "not followed", "follows one not met", "lacks some", "may not ask", "may not ask another"],
)
def test_a_server_that_merely_accepts_writes_is_not_followed(claims: list[Claim], why: str) -> None:
    found = decide(SHARD, claims)
    assert found.primary == ONE and not found.refused
    assert why in found.problem and "a-2" in found.problem


def test_gaps_count() -> None:
    """101 is there, 100 is not: the newest number alone would say that nothing is missing."""
    holed = replace(PROMOTED, executed=f"{U1}:1-99:101,{U2}:1-5")
    assert decide(SHARD, [DEMOTED, holed, REPOINTED]).primary == ONE


def test_a_dead_primary_stays_the_last_known_one() -> None:
    assert decide(SHARD, [gone(LEADS), SECOND, THIRD]) == Verdict(ONE)


def test_nobody_who_accepts_writes_is_said() -> None:
    found = decide(SHARD, [replace(LEADS, writable=False), SECOND, THIRD])
    assert (found.primary, found.refused) == (ONE, "") and "no server of shard-a accepts writes" in found.problem


# -- two at once --------------------------------------------------------------------------------------------------
def test_split_brain_keeps_the_last_known_one() -> None:
    """An old primary that came back writable: its successor, which is known, goes on and hears no refusal."""
    found = decide(replace(SHARD, primary=TWO, replicas=(ONE, THREE)), [LEADS, PROMOTED, REPOINTED])
    assert (found.primary, found.refused) == (TWO, "")
    assert "split brain suspected: a-1 and a-2 both accept writes" in found.problem
    assert "super_read_only" in found.problem and "flask shards promote shard-a" in found.problem


def test_a_last_known_primary_that_was_outdone_gets_no_write() -> None:
    """As a process sees it that started with an old file: what it wrote to a-1 would be lost."""
    found = decide(SHARD, [LEADS, PROMOTED, REPOINTED])
    assert found.primary == ONE and "split brain" in found.refused


def test_both_with_writes_of_their_own_leave_all_as_it_is() -> None:
    found = decide(SHARD, [replace(LEADS, executed=f"{U1}:1-101"), PROMOTED, REPOINTED])
    assert (found.primary, found.refused) == (ONE, "") and "split brain" in found.problem


def test_two_others_and_the_last_known_one_gone() -> None:
    found = decide(SHARD, [gone(LEADS), PROMOTED, replace(THIRD, writable=True, follows="")])
    assert found.primary == ONE and "split brain" in found.refused


# -- groups ---------------------------------------------------------------------------------------------------------
def members(*states: tuple[str, str, str]) -> tuple[Member, ...]:
    return tuple(Member(*state) for state in states)


ELECTED_TWO = members((U2, "ONLINE", "PRIMARY"), (U3, "ONLINE", "SECONDARY"))


def in_group(claim: Claim, seen: tuple[Member, ...], *, writable: bool = False) -> Claim:
    return replace(claim, follows=None, members=seen, writable=writable)


def test_whom_the_group_elected() -> None:
    claims = [gone(LEADS), in_group(SECOND, ELECTED_TWO, writable=True), in_group(THIRD, ELECTED_TWO)]
    assert decide(GROUP, claims) == Verdict(TWO)


def test_one_who_was_elected_and_is_not_open_yet_gets_no_writes() -> None:
    found = decide(GROUP, [gone(LEADS), in_group(SECOND, ELECTED_TWO), in_group(THIRD, ELECTED_TWO)])
    assert found.primary == ONE and "a-2 was elected" in found.problem


def test_a_minority_elects_nobody() -> None:
    """a-2 is cut off: it still believes what it last heard, and its two neighbours are unreachable to it."""
    cut_off = members((U1, "UNREACHABLE", "SECONDARY"), (U2, "ONLINE", "PRIMARY"), (U3, "UNREACHABLE", "SECONDARY"))
    found = decide(GROUP, [gone(LEADS), in_group(SECOND, cut_off, writable=True), gone(THIRD)])
    assert found.primary == ONE and "majority" in found.problem


def test_a_minority_and_a_majority() -> None:
    """The old primary alone believes in itself; the other two have elected."""
    alone = members((U1, "ONLINE", "PRIMARY"), (U2, "UNREACHABLE", "SECONDARY"), (U3, "UNREACHABLE", "SECONDARY"))
    claims = [
        in_group(LEADS, alone, writable=True),
        in_group(SECOND, ELECTED_TWO, writable=True),
        in_group(THIRD, ELECTED_TWO),
    ]
    assert decide(GROUP, claims) == Verdict(TWO)


def test_a_server_that_left_the_group_has_no_voice() -> None:
    left = members((U1, "ERROR", ""))
    found = decide(GROUP, [in_group(LEADS, left), gone(SECOND), gone(THIRD)])
    assert found.primary == ONE and found.problem


def test_a_proxy_is_its_own_primary() -> None:
    shard = Shard("shard-a", Kind.PROXY, ONE)
    assert decide(shard, [replace(LEADS, writable=False)]) == Verdict(ONE)


# -- the map ----------------------------------------------------------------------------------------------------------
FILE = Topology(1, Shard("control", Kind.REPLICATION, Server("ctl-1", "127.0.0.1", 3310)), {"shard-a": SHARD})


def test_the_view_has_the_found_primary_and_all_servers() -> None:
    view = View.of(FILE, {}).with_verdict("shard-a", Verdict(TWO))
    shard = view.topology.shards["shard-a"]
    assert shard.primary == TWO and set(shard.replicas) == {ONE, THREE}
    assert view.topology.control == FILE.control and FILE.shards["shard-a"].primary == ONE


def test_a_newer_file_keeps_what_was_found_unless_it_names_another_primary() -> None:
    view = View.of(FILE, {}).with_verdict("shard-a", Verdict(TWO))
    heavier = replace(FILE, version=2, shards={"shard-a": replace(SHARD, weight=2.0)})
    assert view.on_file(heavier).topology.shards["shard-a"].primary == TWO
    named = replace(FILE, version=3, shards={"shard-a": replace(SHARD, primary=THREE, replicas=(ONE, TWO))})
    assert view.on_file(named).topology.shards["shard-a"].primary == THREE


def test_a_server_that_left_the_file_is_primary_no_more() -> None:
    view = View.of(FILE, {}).with_verdict("shard-a", Verdict(TWO))
    without = replace(FILE, version=2, shards={"shard-a": replace(SHARD, replicas=(THREE,))})
    assert view.on_file(without).topology.shards["shard-a"].primary == ONE
