"""`flask shards drain` and `plan --apply` on a fleet of its own: what must move moves, a drained shard is closed."""

import json

import pytest

from app.console import balance
from app.console.moves import mover_of
from app.factory import build_runtime, create_app
from shard_router.moves import MoveState
from shard_router.moves.planning import Load
from tests.support.cast import make_cast
from tests.support.settings import settings_for


@pytest.fixture
def alone(cluster, tmp_path):
    """Asha and Ravi on A, Zoya on B, and a topology file that may be changed: runner, parts, people."""
    own = cluster.named("_dr")
    own.create()
    raw = json.loads(cluster.file.read_text())
    path = tmp_path / "topology.json"
    path.write_text(json.dumps({"version": 1, "control": raw["control"], "shards": raw["shards"]}))
    settings = settings_for(own, tmp_path, topology_file=path)
    built = build_runtime(settings)
    app = create_app(settings, parts=built)
    yield lambda *words: app.test_cli_runner().invoke(args=list(words)), built, make_cast(built)
    built.close()
    own.drop()


@pytest.mark.long  # a fleet of its own, and five moves
def test_a_plan_is_asked_for_carried_out_and_a_shard_drained(alone, monkeypatch):
    run, runtime, people = alone
    router = runtime.router
    asha, ravi, zoya = people.asha.shop_id, people.ravi.shop_id, people.zoya.shop_id

    def home(shop_id):
        return router.directory.refresh(shop_id).shard

    with monkeypatch.context() as weighed:  # 60 + 40 on A and none that counts on B: the 40 go
        amounts = {asha: 60, ravi: 40, zoya: 0}
        found = [Load(shop_id, home(shop_id), amount) for shop_id, amount in amounts.items()]
        weighed.setattr(balance, "loads_of", lambda *_, **__: found)
        asked = run("shards", "plan", "--tolerance", "20%", "--apply", "--yes", "--accept-degraded")
    assert asked.exit_code == 0, asked.output
    (only,) = mover_of(router).list_moves(live_only=True)
    assert (only.shop_id, only.target, only.state) == (ravi, "shard-b", MoveState.PLANNED)
    assert home(ravi) == "shard-a"
    done = run("shops", "resume", "--accept-degraded")
    assert done.exit_code == 0, done.output
    assert (home(asha), home(ravi), home(zoya)) == ("shard-a", "shard-b", "shard-b")

    drained = run("shards", "drain", "shard-a", "--yes", "--accept-degraded")
    assert drained.exit_code == 0, drained.output
    assert {home(one) for one in (asha, ravi, zoya)} == {"shard-b"}
    assert {router.place(shop_id) for shop_id in range(40)} == {"shard-b"}
    assert json.loads(router.config.topology.read_text())["version"] == 2

    last = run("shards", "drain", "shard-b", "--yes", "--accept-degraded")
    assert last.exit_code == 1
    assert "no shard but shard-b takes shops" in last.output
    assert json.loads(router.config.topology.read_text())["version"] == 2
