"""An operator's file replaces the packaged table of the same name; nothing else does."""

import json
from pathlib import Path

import pytest

from app.kit import dated


@pytest.fixture(autouse=True)
def _as_packaged():
    yield
    dated.correct_from(None)


@pytest.fixture
def packaged(tmp_path: Path) -> Path:
    path = tmp_path / "packaged" / "limits.json"
    path.parent.mkdir()
    path.write_text(json.dumps({"records": ["packaged"]}))
    return path


def test_the_packaged_table_holds_where_nobody_corrected_it(packaged, tmp_path):
    assert dated.read_table(packaged) == {"records": ["packaged"]}
    (tmp_path / "other.json").write_text("{}")
    dated.correct_from(tmp_path)
    assert dated.read_table(packaged) == {"records": ["packaged"]}


def test_a_correction_of_the_same_name_replaces_it_whole(packaged, tmp_path):
    (tmp_path / "limits.json").write_text(json.dumps({"records": ["corrected"]}))
    dated.correct_from(tmp_path)
    assert dated.read_table(packaged) == {"records": ["corrected"]}


def test_a_folder_that_is_not_there_stops_the_start(tmp_path):
    with pytest.raises(FileNotFoundError, match="missing"):
        dated.correct_from(tmp_path / "missing")
