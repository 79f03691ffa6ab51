"""An operator's file replaces the packaged table of the same name; nothing else does."""

import json
from pathlib import Path

import pytest

from app.kit import dated


@pytest.fixture(autouse=True)
def _as_packaged():
    yield
    dated.decide({})
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


# ---------------------------------------------------------------- decided by the console


@pytest.fixture
def figures(packaged, monkeypatch):
    """A reader as rooms have them; it wants whole numbers."""
    monkeypatch.setattr(dated, "_readers", [])
    packaged.write_text(json.dumps({"records": [1]}))
    return dated.remembered(lambda: tuple(int(record) for record in dated.read_table(packaged)["records"]))


def test_what_was_decided_counts_at_once_and_before_the_file(figures, packaged, tmp_path):
    assert figures() == (1,)
    (tmp_path / "limits.json").write_text(json.dumps({"records": [2]}))
    dated.correct_from(tmp_path)
    assert figures() == (2,)
    dated.decide({"limits.json": json.dumps({"records": [3]})})
    assert figures() == (3,)
    dated.decide({})
    assert figures() == (2,)


def test_a_table_that_its_reader_cannot_use_is_refused_and_nothing_changes(figures):
    dated.decide({"limits.json": json.dumps({"records": [3]})})
    for broken in ("{", "[]", json.dumps({"records": ["three"]})):
        with pytest.raises(dated.BrokenTable):
            dated.decide({"limits.json": broken})
    assert figures() == (3,)


def test_trying_a_table_out_changes_nothing(figures):
    dated.try_out({"limits.json": json.dumps({"records": [9]})})
    assert figures() == (1,)


def test_a_reader_reads_once_until_something_changes(packaged, monkeypatch):
    monkeypatch.setattr(dated, "_readers", [])
    seen = []
    reader = dated.remembered(lambda: seen.append(dated.read_table(packaged)))
    reader()
    reader()
    assert len(seen) == 1


def test_no_two_rooms_have_a_table_of_one_name():
    paths = sorted(dated.ROOMS.glob("*/data/*.json"))
    assert len({path.name for path in paths}) == len(paths)


def test_every_table_that_comes_with_the_product_is_read_anew_once_it_is_decided():
    """A room that remembered its table by itself would go on with the old one."""
    import app.factory  # noqa: F401 (imports every room)

    read = set()
    real = dated.read_text

    def noting(path: Path) -> str:
        read.add(path.name)
        return real(path)

    original, dated.read_text = dated.read_text, noting
    try:
        dated.try_out({})
    finally:
        dated.read_text = original
    assert read == set(dated.packaged_tables())
