"""`flask shards`: what each shard is and how it is."""

import pytest


@pytest.fixture
def run(flask_app):
    return lambda *words: flask_app.test_cli_runner().invoke(args=["shards", *words])


def test_every_server_is_listed_with_its_part(run, runtime):
    told = run("list")
    assert told.exit_code == 0, told.output
    lines = {line.split()[1]: line.split() for line in told.output.splitlines()[1:]}
    for shard in runtime.router.topology.every():
        for server in shard.servers:
            part = "primary" if server is shard.primary else "replica"
            assert lines[server.name][:3] == [shard.name, server.name, part]
            assert lines[server.name][3] == "well"
