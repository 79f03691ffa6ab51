"""A lock file that lags behind its wishes, lacks a hash or names an address is found without asking a network."""

import pytest

from ops import checks


@pytest.fixture
def folder(tmp_path):
    requirements = tmp_path / "requirements"
    requirements.mkdir()
    for name in checks.LOCKS:
        (requirements / f"{name}.in").write_text("# wishes\n-c other.txt\nflask~=3.1\n")
        (requirements / f"{name}.txt").write_text("flask==3.1.2 \\\n    --hash=sha256:aa\n    # via -r run.in\n")
    return requirements


def test_this_repositorys_lock_files_are_in_order():
    assert checks.lock_problems() == []


def test_lock_files_in_order_have_no_problem(folder):
    assert checks.lock_problems(folder) == []


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("flask==2.0 \\\n    --hash=sha256:aa\n", "flask~=3.1 is not pinned to a version that fits"),
        ("", "flask~=3.1 is not pinned"),
        ("flask==3.1.2\n", "has no hash"),
        ("--index-url https://index.example\nflask==3.1.2 \\\n    --hash=sha256:aa\n", "names an address"),
    ],
)
def test_a_problem_is_named_with_its_file(folder, text, problem):
    (folder / "run.txt").write_text(text)
    found = checks.lock_problems(folder)
    assert len(found) == 1
    assert found[0].startswith("requirements/run.txt")
    assert problem in found[0]


def test_names_are_compared_as_the_index_does(folder):
    (folder / "run.in").write_text("Flask-WTF\nmoto[server]>=5\n")
    lines = ("flask-wtf==1.3 \\\n    --hash=sha256:aa", "moto==5.1 \\\n    --hash=sha256:bb")
    (folder / "run.txt").write_text("\n".join(lines))
    assert checks.lock_problems(folder) == []
