"""What dies is started again, and being told to end ends all of it."""

import os
import signal
import sys

import pytest

from ops import supervisor as module
from ops.places import Instance
from ops.supervisor import Child, Supervisor, running, stop_elsewhere
from ops.up import demo_lines

SLEEPER = (sys.executable, "-c", "import time; time.sleep(60)")


@pytest.fixture
def instance(tmp_path, monkeypatch):
    monkeypatch.delenv("BOOLA_CLUSTER", raising=False)
    return Instance("dev", 26000, tmp_path)


@pytest.fixture
def supervisor(instance, monkeypatch):
    monkeypatch.setattr(module, "children", lambda instance, settings: [Child("web", SLEEPER), Child("relay", SLEEPER)])
    found = Supervisor(instance)
    yield found
    found.stop()


def test_it_starts_what_it_is_told_to_and_is_found_by_others(supervisor, instance):
    supervisor.start("web")
    assert supervisor.processes.alive("web")
    assert supervisor.processes.alive("relay") is None
    assert running(instance) == os.getpid()


def test_a_process_that_was_killed_is_started_again_after_its_pause(supervisor, capsys):
    supervisor.start("web", "relay")
    web, relay = (supervisor.processes.alive(name) for name in ("web", "relay"))
    os.kill(web, signal.SIGKILL)
    supervisor.processes._children["web"].wait()
    child = supervisor.children[0]
    supervisor._look_after(child, 1000.0)
    assert supervisor.processes.alive("web") is None
    assert "web ended" in capsys.readouterr().out
    supervisor._look_after(child, child.start_again_at - 0.01)
    assert supervisor.processes.alive("web") is None
    supervisor._look_after(child, child.start_again_at)
    assert supervisor.processes.alive("web") not in (None, web)
    assert supervisor.processes.alive("relay") == relay


def test_what_a_killed_supervisor_left_behind_is_ended_by_the_next_command(supervisor, instance):
    supervisor.start("web", "relay")
    supervisor.processes.forget(module.SUPERVISOR)
    assert stop_elsewhere(instance) == ["relay", "web"]
    assert supervisor.processes.alive("web") is None


@pytest.mark.parametrize("text", ["", "{", "{}", '{"sign_ins": []}'])
def test_a_demo_without_sign_ins_prints_none(tmp_path, text):
    path = tmp_path / "demo.json"
    if text:
        path.write_text(text)
    assert demo_lines(path) == []


def test_the_demos_people_are_printed_with_what_they_are(tmp_path):
    path = tmp_path / "demo.json"
    path.write_text('{"sign_ins": [{"who": "owner of Asha Jewellers", "email": "asha@x.example", "password": "p"}]}')
    assert demo_lines(path) == ["asha@x.example · p   (owner of Asha Jewellers)"]
