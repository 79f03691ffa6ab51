"""Instances lie apart, on ports that never overlap, and their sockets' paths fit the kernel's limit."""

from pathlib import Path

import pytest

from ops.cluster.layout import REDIS_OFFSET, SERVERS, SIDE_OFFSET, WEB_OFFSET
from ops.places import DEFAULT_PORT_BASE, Instance, port_base
from ops.trouble import Trouble


def test_instances_never_share_a_port():
    offsets = {*(server.offset for server in SERVERS), REDIS_OFFSET, WEB_OFFSET, SIDE_OFFSET}
    assert len(offsets) == len(SERVERS) + 3
    for wish in ("", "31000"):
        ports = [port_base(name, wish) + offset for name in ("dev", "test", "faults") for offset in offsets]
        assert len(set(ports)) == len(ports)


def test_a_wish_moves_all_instances_together():
    assert port_base("dev") == DEFAULT_PORT_BASE
    assert port_base("test") == DEFAULT_PORT_BASE + 1000
    assert [port_base(name, "31000") for name in ("dev", "test", "faults")] == [31000, 32000, 33000]


@pytest.mark.parametrize("wish", ["many", "80", "-1", "65001", "2e4"])
def test_a_port_base_that_cannot_be_is_refused(wish):
    with pytest.raises(Trouble, match="BOOLA_PORT_BASE"):
        port_base("dev", wish)


def test_a_socket_lies_in_the_instance_unless_its_path_is_too_long():
    near = Instance("dev", 26000, Path("/srv/boola/.local/dev"))
    assert near.socket("a-1") == Path("/srv/boola/.local/dev/run/a-1.sock")
    deep = Instance("dev", 26000, Path("/srv") / ("x" * 90) / ".local" / "dev")
    assert len(str(deep.socket("ctl-1"))) <= 107
    other = Instance("test", 26000, Path("/srv") / ("x" * 90) / ".local" / "test")
    assert deep.socket("a-1") != other.socket("a-1")
