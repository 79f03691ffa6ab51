"""Servers that somebody else runs are looked at before anything is written to them."""

import copy
import os
from pathlib import Path

import pytest

from ops.cluster import state
from ops.trouble import Trouble
from ops.up import check_given


@pytest.fixture(scope="module")
def described():
    named = os.environ.get("BOOLA_CLUSTER")
    if not named:
        pytest.fail("BOOLA_CLUSTER names no cluster: run these tests with ./dev test", pytrace=False)
    return state.load(Path(named))


def test_servers_fit_for_the_application_are_taken(described):
    said = []
    check_given(described, said.append)
    assert said == ["using the servers that BOOLA_CLUSTER describes"]


def test_a_server_that_does_not_answer_is_named(described):
    wrong = copy.deepcopy(described)
    shard = min(wrong["shards"])
    name, server = next(iter(wrong["shards"][shard]["servers"].items()))
    server["port"] = 1
    with pytest.raises(Trouble, match=rf"MySQL {name} at .*:1 does not answer"):
        check_given(wrong, lambda text: None)


def test_a_wrong_password_is_told_before_any_work(described):
    wrong = copy.deepcopy(described)
    wrong["admin"]["password"] = "not it"
    with pytest.raises(Trouble, match="Access denied"):
        check_given(wrong, lambda text: None)
