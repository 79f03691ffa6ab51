"""What the Dockerfile copies is enough for every process: laid out in a folder as in the image, and started there."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from app.settings import Settings
from ops.places import ROOT
from tests.support.stack import variables

LOOKS = """
from app.factory import create_app, create_side_app
import workers.relay, workers.scheduler, workers.worker
web, side = create_app().test_client(), create_side_app().test_client()
print(web.get("/healthz").status_code, web.get("/sign-in").status_code, side.get("/healthz").status_code)
"""


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The application's folder as the image's last stage has it, but for the packages."""
    folder = tmp_path_factory.mktemp("image")
    last = (ROOT / "Dockerfile").read_text().rsplit("\nFROM ", 1)[1]
    copied = re.findall(r"^COPY (?:--from=built /srv/boolagold/)?(\w\S*) (\S+)$", last, re.MULTILINE)
    for source, target in copied:
        if (ROOT / source).is_dir():
            shutil.copytree(ROOT / source, folder / target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(ROOT / source, folder / target)
    return folder


def run(folder: Path, settings: Settings, *words: str) -> str:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("BOOLA_")}
    done = subprocess.run(
        [sys.executable, *words], cwd=folder, env={**kept, **variables(settings)}, capture_output=True, text=True,
        timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


def test_every_process_of_the_application_starts(image: Path, settings: Settings) -> None:
    assert run(image, settings, "-c", LOOKS).splitlines()[-1] == "200 200 200"


def test_the_commands_of_setup_are_there(image: Path, settings: Settings) -> None:
    assert "up" in run(image, settings, "-m", "migrations", "--help")
    assert "nothing to prepare" in run(
        image, settings, "-m", "flask", "--app", "app.factory:create_app", "files", "prepare"
    )
    assert "--from-environment" in run(
        image, settings, "-m", "flask", "--app", "app.factory:create_app", "admin", "create", "--help"
    )


def test_the_certificates_are_made_there(image: Path, settings: Settings, tmp_path: Path) -> None:
    run(image, settings, "-m", "ops.containers", "certificates", str(tmp_path))
    assert {"ca.pem", "server-cert.pem", "server-key.pem"} <= {one.name for one in tmp_path.iterdir()}
