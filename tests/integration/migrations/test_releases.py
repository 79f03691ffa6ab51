"""While a release rolls out, the one before it and this one run side by side: each works on the other's schema."""

import pytest

from migrations import versions
from migrations.releases import Release
from migrations.runner import Runner
from tests.support.releases import NoHistory, previous_code, this_code

pytestmark = pytest.mark.fault(18)


@pytest.fixture(scope="module")
def previous(tmp_path_factory):
    try:
        return previous_code(tmp_path_factory.mktemp("previous"))
    except NoHistory as missing:
        pytest.skip(str(missing))


@pytest.fixture
def before(own, previous):
    """The fleet as the previous release's own migrations make it; gives its revisions."""
    previous.migrate(own.prefix)
    own.forget_cached()
    return revisions(own)


def revisions(own):
    return {one.target: one.revision for one in Runner(own.fleet_config()).standing()}


@pytest.mark.fault(18)
def test_the_previous_release_works_on_this_releases_schema(own, before, previous, tmp_path):
    """Expand first: the schema is there before the code is."""
    Runner(own.fleet_config()).up()
    after = revisions(own)
    assert after == {target.name: versions.history(target.plane)[-1].revision for target in own.fleet.targets}
    if after == before:
        pytest.skip("no step since the previous release")
    check(previous.smoke(own.prefix, tmp_path / "day"))


@pytest.mark.fault(18)
def test_this_release_works_on_the_previous_ones_schema(own, before, tmp_path):
    """A host may be given the new code first; what its minimum allows must work, the console too."""
    for target in own.fleet.targets:
        if versions.is_below(before[target.name], versions.minimum(target.plane)):
            pytest.skip(
                f"{target.name}: this code's minimum is above {before[target.name]}, so it waits for the schema"
            )
    check(this_code().smoke(own.prefix, tmp_path / "day"))


def check(day):
    """Two bills and a note in each shop, their three PDFs made, books sound; and no shard too old for that code."""
    assert (day["below"], day["control_below"], day["console"]) == ({}, False, 200)
    assert set(day["shops"]) == {"Asha", "Ravi", "Zoya"}
    for seen in day["shops"].values():
        assert (seen["numbers"], seen["note"], seen["sound"], seen["documents"]) == ([1, 2], "credit_note", True, 3)
        assert seen["jobs"] == ["done"] * 3


def test_a_tree_without_its_history_is_told_by_name(tmp_path):
    with pytest.raises(NoHistory, match=r"release 9\.9\.9"):
        previous_code(tmp_path, Release("9.9.9", "0" * 40))
