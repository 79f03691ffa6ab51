"""What a promotion decides from what the servers show: who takes over, what it may cost, and when it is refused."""

from dataclasses import replace

import pytest

from shard_router.durability import Durability
from shard_router.gtid_sets import missing, size, written_by
from shard_router.promotion import Look, Plan, PromotionRefused, plan
from shard_router.roles import Member
from shard_router.topology import Kind, Server, Shard

ONE, TWO, THREE = (Server(f"a-{n}", "127.0.0.1", 3300 + n) for n in (1, 2, 3))
SHARD = Shard("shard-a", Kind.REPLICATION, ONE, (TWO, THREE))
U1, U2, U3 = (f"{n}" * 8 + "-1111-1111-1111-111111111111" for n in (1, 2, 3))
SAFE, WEAK = Durability(2, ()), Durability(1, ("the primary dies after replicas were silent for 1 s",))

LEADS = Look(ONE, uuid=U1, writable=True, executed=f"{U1}:1-100", durability=SAFE)
SECOND = Look(TWO, uuid=U2, executed=f"{U1}:1-100", follows=U1, receiving=True, durability=SAFE)
THIRD = Look(THREE, uuid=U3, executed=f"{U1}:1-100", follows=U1, receiving=True, durability=SAFE)

KILLED = "Can't connect ([Errno 111] Connection refused)"
SILENT = "timed out"


def gone(look: Look, why: str = KILLED) -> Look:
    return Look(look.server, trouble=why)


def planned(*looks: Look, **wishes: object) -> Plan:
    return plan(SHARD, {one.name: one for one in looks}, **wishes)  # type: ignore[arg-type]


def refused(*looks: Look, **wishes: object) -> str:
    with pytest.raises(PromotionRefused) as found:
        planned(*looks, **wishes)
    return str(found.value)


# -- a primary that answers -----------------------------------------------------------------------------------------
def test_a_planned_change_loses_nothing() -> None:
    found = planned(LEADS, SECOND, THIRD, to="a-3")
    assert (found.old.name, found.candidate.name, found.loss) == ("a-1", "a-3", "")
    assert found.steps()[0].startswith("make a-1 refuse writes")


def test_a_primary_that_is_well_is_not_changed_unasked() -> None:
    """Whoever runs the command a second time must not promote a second time."""
    assert "--to a-2 or a-3" in refused(LEADS, SECOND, THIRD)
    assert "nothing to do" in refused(LEADS, SECOND, THIRD, to="a-1")


def test_a_replica_behind_is_no_matter_since_it_waits() -> None:
    assert planned(LEADS, replace(SECOND, executed=f"{U1}:1-40"), THIRD, to="a-2").candidate.name == "a-2"


def test_a_replica_with_transactions_of_its_own_is_refused() -> None:
    assert f"1 transactions that a-1 never had ({U2}:7)" in refused(
        LEADS, replace(SECOND, executed=f"{U1}:1-100,{U2}:7"), THIRD, to="a-2"
    )


def test_a_replica_may_have_a_commit_a_moment_before_its_primary() -> None:
    assert planned(LEADS, replace(SECOND, executed=f"{U1}:1-101"), THIRD, to="a-2").candidate.name == "a-2"


@pytest.mark.parametrize(
    ("second", "why"),
    [
        (gone(SECOND, SILENT), "a-2 does not answer (timed out)"),
        (replace(SECOND, stopped_by="1062"), "stopped applying: 1062"),
    ],
)
def test_an_unfit_candidate_is_refused(second: Look, why: str) -> None:
    assert why in refused(LEADS, second, THIRD, to="a-2")


def test_a_server_that_turns_the_administrator_away_is_alive() -> None:
    """A wrong password, or no connection left: over a living primary nobody is promoted, whatever is accepted."""
    away = replace(gone(LEADS, "Access denied"), turned_away=True)
    assert "a-1 answers, and does not let the administrator in (Access denied)" in refused(away, SECOND, THIRD)
    assert "a-1 answers" in refused(away, SECOND, THIRD, accept_loss=True)
    assert "a-3 answers" in refused(gone(LEADS), SECOND, replace(gone(THIRD, "Access denied"), turned_away=True))


def test_of_two_that_received_the_same_the_one_that_applied_more_is_chosen() -> None:
    """A replica that is late on purpose has all, and could open only in an hour."""
    late = replace(THIRD, executed=f"{U1}:1-40", received=f"{U1}:1-100")
    assert planned(gone(LEADS), SECOND, late).candidate.name == "a-2"


def test_an_unknown_server_is_refused_with_the_known_ones() -> None:
    assert "Its servers are a-1, a-2, a-3" in refused(LEADS, SECOND, THIRD, to="b-1")


def test_two_who_accept_writes_are_split_brain() -> None:
    text = refused(LEADS, replace(SECOND, writable=True, executed=f"{U1}:1-100,{U2}:1-3"), THIRD)
    assert "split brain" in text and f"a-2 alone has 3 transactions ({U2}:1-3)" in text and "super_read_only" in text


# -- a primary that is gone -----------------------------------------------------------------------------------------
def test_a_dead_primary_in_guarantee_mode_is_replaced_by_whoever_received_most() -> None:
    second = replace(SECOND, executed=f"{U1}:1-90", received=f"{U1}:91-101")
    found = planned(gone(LEADS), second, THIRD)
    assert (found.candidate.name, found.loss) == ("a-2", "")
    assert any("must never come back writable" in fact for fact in found.facts)
    assert any("Nothing acknowledged can be lost" in fact for fact in found.facts)


def test_a_server_that_lacks_what_another_has_is_refused() -> None:
    text = refused(gone(LEADS), replace(SECOND, executed=f"{U1}:1-98"), THIRD, to="a-2")
    assert f"a-3 has 2 transactions that a-2 has not ({U1}:99-100)" in text and "--to a-3" in text


def test_with_a_dead_primary_too_a_server_with_transactions_of_its_own_is_not_chosen() -> None:
    """Somebody wrote to a-3 past its primary: it has more than a-2, and none of that is the shard's."""
    third = replace(THIRD, executed=f"{U1}:1-100,{U3}:1-2")
    assert planned(gone(LEADS), SECOND, third).candidate.name == "a-2"
    text = refused(gone(LEADS), SECOND, third, to="a-3")
    assert f"a-3 holds 2 transactions of its own ({U3}:1-2)" in text and "--to a-2" in text
    assert "of its own" in planned(gone(LEADS), SECOND, third, to="a-3", accept_loss=True).loss


def test_what_is_the_shards_weighs_more_than_what_a_server_has_of_its_own() -> None:
    """a-2 is behind a-3, which somebody wrote to: neither is right, and both are named with the reason."""
    second, third = replace(SECOND, executed=f"{U1}:1-99"), replace(THIRD, executed=f"{U1}:1-100,{U3}:1-2")
    assert "a-3 holds 2 transactions of its own" in refused(gone(LEADS), second, third)
    assert f"a-3 has 1 transactions that a-2 has not ({U1}:100)" in refused(gone(LEADS), second, third, to="a-2")


def test_a_former_primarys_transactions_are_the_shards() -> None:
    """a-3 was primary before a-1. What it wrote then all have; or the application was told of it."""
    before = f"{U1}:1-100,{U3}:1-50"
    second, third = replace(SECOND, executed=before), replace(THIRD, executed=before)
    assert planned(gone(LEADS), second, third, to="a-3").loss == ""
    behind = replace(SECOND, executed=f"{U1}:1-100,{U3}:1-49")
    assert planned(gone(LEADS), behind, third, acknowledged=f"{U1}:1-100,{U3}:1-50").candidate.name == "a-3"


def test_what_a_server_has_of_its_own_is_not_judged_where_no_other_answers() -> None:
    third = replace(THIRD, executed=f"{U1}:1-100,{U3}:1-50")
    assert planned(gone(LEADS), gone(SECOND), third, acknowledged=f"{U1}:1-100").candidate.name == "a-3"


def test_a_degraded_shard_is_refused_until_the_loss_is_accepted() -> None:
    second, third = replace(SECOND, durability=WEAK), replace(THIRD, durability=WEAK)
    text = refused(gone(LEADS), second, third, acknowledged=f"{U1}:1-100")
    assert "degraded" in text and "as far as Redis knows, none" in text and "--accept-loss" in text
    found = planned(gone(LEADS), second, third, acknowledged=f"{U1}:1-100", accept_loss=True)
    assert "degraded" in found.loss


def test_acknowledged_transactions_that_are_missing_are_named_and_counted() -> None:
    lost = f"{U1}:1-105"
    assert f"5 acknowledged transactions are on a-1 alone and are lost: {U1}:101-105" in refused(
        gone(LEADS), SECOND, THIRD, acknowledged=lost
    )
    assert planned(gone(LEADS), SECOND, THIRD, acknowledged=lost, accept_loss=True).loss


def test_a_silent_replica_is_no_matter_where_redis_knows_all_that_was_acknowledged() -> None:
    found = planned(gone(LEADS), SECOND, gone(THIRD, SILENT), acknowledged=f"{U1}:1-100")
    assert (found.candidate.name, found.loss) == ("a-2", "")


def test_a_silent_replica_may_have_the_last_writes_where_nobody_knows() -> None:
    assert "may alone have the last acknowledged writes" in refused(gone(LEADS), SECOND, gone(THIRD, SILENT))


def test_two_silent_ones_may_be_trading_with_each_other() -> None:
    text = refused(gone(LEADS, SILENT), SECOND, gone(THIRD, SILENT), acknowledged=f"{U1}:1-100")
    assert "cut off from here they may go on together" in text


def test_nobody_is_left() -> None:
    assert "No server of shard-a beside a-1 answers" in refused(gone(LEADS), gone(SECOND), gone(THIRD))


# -- run again ------------------------------------------------------------------------------------------------------
OPENED = replace(SECOND, writable=True, follows="", executed=f"{U1}:1-100,{U2}:1-9")


def test_what_an_earlier_run_left_is_finished() -> None:
    """It opened a-2 and died: the file still names a-1, nobody follows."""
    found = planned(replace(LEADS, writable=False), OPENED, THIRD)
    assert (found.candidate.name, found.finishing) == ("a-2", True)
    assert {one.name for one in found.followers} == {"a-1", "a-3"}
    assert not any("accept writes" in step or "refuse writes" in step for step in found.steps())


def test_closed_and_not_opened_yet_goes_on() -> None:
    """It closed a-1 and died."""
    found = planned(replace(LEADS, writable=False), SECOND, THIRD)
    assert (found.old.name, found.finishing) == ("a-1", False) and found.candidate.name in ("a-2", "a-3")


def test_a_server_that_came_back_is_attached() -> None:
    shard = replace(SHARD, primary=TWO, replicas=(ONE, THREE))
    back = replace(LEADS, writable=False)
    looks = {one.name: one for one in (back, OPENED, replace(THIRD, follows=U2))}
    found = plan(shard, looks)
    assert (found.candidate.name, found.finishing) == ("a-2", True)


# -- groups and proxies ---------------------------------------------------------------------------------------------
GROUP = replace(SHARD, kind=Kind.GROUP)


def in_group(*states: tuple[str, str, str]) -> tuple[Member, ...]:
    return tuple(Member(*state) for state in states)


def test_a_group_hands_over_to_an_online_member() -> None:
    whole = in_group((U1, "ONLINE", "PRIMARY"), (U2, "ONLINE", "SECONDARY"), (U3, "RECOVERING", "SECONDARY"))
    looks = {one.name: replace(one, members=whole, follows="") for one in (LEADS, SECOND, THIRD)}
    found = plan(GROUP, looks, to="a-2")
    assert (found.old.name, found.candidate.name, found.finishing) == ("a-1", "a-2", False)
    with pytest.raises(PromotionRefused, match="a-3 is not online"):
        plan(GROUP, looks, to="a-3")


def test_a_groups_primary_that_is_well_is_not_changed_unasked() -> None:
    whole = in_group((U1, "ONLINE", "PRIMARY"), (U2, "ONLINE", "SECONDARY"), (U3, "ONLINE", "SECONDARY"))
    looks = {one.name: replace(one, members=whole, follows="") for one in (LEADS, SECOND, THIRD)}
    with pytest.raises(PromotionRefused, match="--to a-2 or a-3"):
        plan(GROUP, looks)
    with pytest.raises(PromotionRefused, match="nothing to do"):
        plan(GROUP, looks, to="a-1")


def test_whom_a_group_has_elected_is_only_named_in_the_file() -> None:
    two = in_group((U2, "ONLINE", "PRIMARY"), (U3, "ONLINE", "SECONDARY"))
    second = replace(SECOND, members=two, follows="", writable=True)
    looks = {"a-1": gone(LEADS), "a-2": second, "a-3": replace(THIRD, members=two, follows="")}
    found = plan(GROUP, looks)
    assert (found.candidate.name, found.finishing, found.loss) == ("a-2", True, "")
    assert found.steps() == ["name a-2 in the topology file", "look at all servers once more"]


@pytest.mark.parametrize("to", [None, "a-2"])
def test_a_group_whose_primary_is_silent_is_left_to_elect(to: str | None) -> None:
    """The others have not put it out yet; they do within seconds."""
    seen = in_group((U1, "UNREACHABLE", "PRIMARY"), (U2, "ONLINE", "SECONDARY"), (U3, "ONLINE", "SECONDARY"))
    others = {one.name: replace(one, members=seen, follows="") for one in (SECOND, THIRD)}
    with pytest.raises(PromotionRefused, match="elects another by itself"):
        plan(GROUP, {"a-1": gone(LEADS, SILENT), **others}, to=to)


def test_a_group_of_two_minds_is_left_alone() -> None:
    """One was frozen, woke up, and has not heard yet that it was put out."""
    old = in_group((U1, "ONLINE", "PRIMARY"), (U2, "ONLINE", "SECONDARY"), (U3, "ONLINE", "SECONDARY"))
    new = in_group((U2, "ONLINE", "PRIMARY"), (U3, "ONLINE", "SECONDARY"))
    looks = {
        "a-1": replace(LEADS, members=old),
        "a-2": replace(SECOND, members=new, follows="", writable=True),
        "a-3": replace(THIRD, members=new, follows=""),
    }
    with pytest.raises(PromotionRefused, match="run this again"):
        plan(GROUP, looks)


def test_a_group_without_a_majority_is_refused() -> None:
    left = in_group((U1, "UNREACHABLE", ""), (U2, "ONLINE", "SECONDARY"), (U3, "UNREACHABLE", ""))
    with pytest.raises(PromotionRefused, match="majority"):
        plan(GROUP, {"a-1": gone(LEADS), "a-2": replace(SECOND, members=left), "a-3": gone(THIRD)})


def test_a_proxy_is_promoted_elsewhere() -> None:
    with pytest.raises(PromotionRefused, match="behind a proxy"):
        plan(Shard("shard-a", Kind.PROXY, ONE), {"a-1": LEADS})


# -- sets -----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("have", "need", "left", "count"),
    [
        (f"{U1}:1-10", f"{U1}:1-10", "", 0),
        (f"{U1}:1-4:8-10", f"{U1}:1-10", f"{U1}:5-7", 3),
        (f"{U1}:3", f"{U1}:1-5", f"{U1}:1-2:4-5", 4),
        ("", f"{U1}:1-2:3,{U2}:9", f"{U1}:1-3,{U2}:9", 4),
        (f"{U1}:1-3:4-9", f"{U1}:2-8", "", 0),
    ],
)
def test_what_is_missing(have: str, need: str, left: str, count: int) -> None:
    assert (missing(have, need), size(left)) == (left, count)


def test_what_a_server_wrote_itself() -> None:
    assert written_by(U2, f"{U1}:1-9,{U2}:3:by_hand:1-2") == f"{U2}:3,{U2}:by_hand:1-2"
    assert written_by(U3, f"{U1}:1-9") == ""
