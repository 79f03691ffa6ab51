"""Runbooks are typed at night: every command, option, setting and file that they name is there, and every sentence that
they quote is one that the product says."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from app.console.cli import OF_SHOPS
from app.factory import COMMANDS, settings_reference
from ops.cli import verbs

ROOT = Path(__file__).resolve().parents[3]
PAGES = [*sorted((ROOT / "docs" / "runbooks").glob("*.md")), ROOT / "docs" / "platforms.md"]
BESIDE = {"BOOLA_MYSQL_ADMIN_USER", "BOOLA_MYSQL_ADMIN_PASSWORD_FILE", "BOOLA_PORT_BASE"}  # of migrations and of ./dev
TROUBLES = {
    "primary-died", "replica-lags", "shard-full", "move-hangs", "control-gone", "redis-gone", "split-brain",
    "restore-one-shop",
}  # fmt: skip

SAID = {
    "shard_router": (
        "is asked no more", "split brain suspected", "replication is stopped", "a replica that accepts writes",
        "has transactions that its primary never had", "replica_preserve_commit_order is off", "s behind",
        "the proxy leads to a server that refuses writes",
    ),
    "app": ("not reached", "the queue is unreachable", "No move is under way.", "snapshotAgeSeconds", "inRotation"),
}  # fmt: skip


def commands() -> dict[str, click.Group]:
    """The roots by their first word, as a person types it."""
    flask = click.Group("flask", commands={command.name or "": command for command in COMMANDS})
    shops = flask.commands["shops"]
    assert isinstance(shops, click.Group)
    flask.add_command(click.Group("shops", commands={**shops.commands, **{one.name or "": one for one in OF_SHOPS}}))
    return {"flask": flask, "./dev": verbs}


ROOTS = commands()


def spans(text: str) -> Iterator[str]:
    """Code in a line, and lines of code."""
    blocks = re.findall(r"^```[a-z]*\n(.*?)^```", text, re.S | re.M)
    for block in blocks:
        yield from block.splitlines()
    yield from re.findall(r"`([^`\n]+)`", re.sub(r"^```.*?^```", "", text, flags=re.S | re.M))


def typed(page: Path) -> list[str]:
    return [one.split("   ")[0].strip() for one in spans(page.read_text()) if one.startswith(("flask ", "./dev "))]


def problem_of(line: str) -> str:
    """Why a line could not be typed; empty if it could."""
    first, *words = shlex.split(line)
    if words[:1] == ["--app"]:
        words = words[2:]
    command: click.Command = ROOTS[first]
    while isinstance(command, click.Group) and words and words[0] != "…":
        found = command.commands.get(words[0])
        if found is None:
            return f"{command.name} has no {words[0]}"
        command, words = found, words[1:]
    known = {option for parameter in command.params for option in parameter.opts + parameter.secondary_opts}
    return ", ".join(f"{command.name} has no {word}" for word in words if word.startswith("--") and word not in known)


LINES = [(page, line) for page in PAGES for line in typed(page)]


@pytest.mark.parametrize(("page", "line"), LINES, ids=[f"{page.stem}: {line}" for page, line in LINES])
def test_every_command_can_be_typed(page: Path, line: str) -> None:
    assert problem_of(line) == ""


@pytest.mark.parametrize(
    "line", ["flask shards elect shard-a", "flask shops move 17 --into shard-b", "./dev cluster explode a-1"]
)
def test_one_that_does_not_exist_would_be_found(line: str) -> None:
    assert problem_of(line)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_setting_is_one(page: Path) -> None:
    known = {*re.findall(r"BOOLA_[A-Z0-9_]+", settings_reference()), *BESIDE}
    assert set(re.findall(r"BOOLA_[A-Z0-9_]+", page.read_text())) <= known


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_page_that_is_pointed_at_is_there(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", page.read_text()):
        assert (page.parent / target).exists(), target
    for named in re.findall(r"docs/[\w/-]+\.md", page.read_text()):
        assert (ROOT / named).exists(), named


@pytest.mark.parametrize(("room", "words"), [(room, words) for room, all_of in SAID.items() for words in all_of])
def test_what_is_quoted_is_said(room: str, words: str) -> None:
    quoted = "".join(page.read_text() for page in PAGES)
    assert words in quoted, "no page needs it any more"
    assert any(words in path.read_text() for path in (ROOT / room).rglob("*.py"))


def test_each_trouble_has_its_page_and_each_page_its_parts() -> None:
    index = (ROOT / "docs" / "runbooks" / "README.md").read_text()
    for name in TROUBLES:
        text = (ROOT / "docs" / "runbooks" / f"{name}.md").read_text()
        assert f"({name}.md)" in index
        for part in ("How it shows", "What shops notice", "First look", "Decide", "Act", "Afterwards"):
            assert f"**{part}" in text or (name == "replica-lags" and part == "Decide"), f"{name}: {part}"
        assert len(text.splitlines()) <= 70, "one page"
