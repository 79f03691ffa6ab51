"""Ports in use are told in one sentence that names them all."""

import pytest

from ops.cluster.control import as_text, check_ports, port_sentence
from ops.trouble import Trouble


def test_one_port_in_use():
    assert port_sentence({"a-1": 26011}) == "Port 26011 (for a-1) is in use by another program"


def test_several_ports_in_use():
    taken = {"a-1": 26011, "a-2": 26012, "redis": 26063}
    sentence = "Ports 26011 (for a-1), 26012 (for a-2) and 26063 (for redis) are in use by other programs"
    assert port_sentence(taken) == sentence


def test_only_taken_ports_are_named_and_the_remedy_is_given():
    with pytest.raises(Trouble) as refused:
        check_ports({"a-1": 26011, "redis": 26063}, is_free=lambda port: port != 26063, patience=0)
    assert "26011" not in str(refused.value)
    assert "BOOLA_PORT_BASE" in str(refused.value)


def test_free_ports_pass():
    looked: list[int] = []
    check_ports({"a-1": 26011, "redis": 26063}, is_free=lambda port: not looked.append(port))
    assert looked == [26011, 26063]


def test_rows_are_lines_of_json_with_readable_bytes():
    assert as_text([{"id": b"\x01\xff", "name": "सोना"}, {"n": None}]) == '{"id": "01ff", "name": "सोना"}\n{"n": null}'
