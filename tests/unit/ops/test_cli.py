"""Every verb says in one line what it does, and failures are one sentence."""

import pytest

from ops import cli
from ops.trouble import Trouble


def everything():
    for name, command in cli.verbs.commands.items():
        yield name, command
        for below, inner in getattr(command, "commands", {}).items():
            yield f"{name} {below}", inner


@pytest.mark.parametrize(
    ("name", "command"), list(everything()), ids=lambda value: value if isinstance(value, str) else ""
)
def test_a_verb_has_one_line_of_help(name, command):
    assert command.help
    assert "\n" not in command.help.strip()
    assert command.help.strip().endswith((".", "…"))


def test_the_verbs_of_the_readme_are_there():
    verbs = {
        "up",
        "down",
        "status",
        "test",
        "check",
        "lint",
        "lock",
        "bench",
        "faults",
        "shell",
        "logs",
        "cluster",
        "flask",
    }
    assert verbs | {"assets", "containers"} == set(cli.verbs.commands)


def test_a_trouble_is_one_sentence_and_status_1(monkeypatch):
    def broken(**_):
        raise Trouble("The disk is full", "free 1 GB and run it again")

    monkeypatch.setattr(cli, "verbs", broken)
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert ended.value.code == "./dev: The disk is full: free 1 GB and run it again."
