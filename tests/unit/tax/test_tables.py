"""Tables: an operator's file replaces the packaged one, and a broken one is named before any bill is made."""

import datetime as dt
import json

import pytest

from app.tax.rates import tax_rate
from app.tax.tables import DATA, BrokenTaxTable, current_tables

RATE = {
    "hsn": "7113", "use": "", "description": "Jewellery", "rate_bp": 500,
    "valid_from": "2027-04-01", "valid_to": None, "source": "a test", "confirm": False,
}  # fmt: skip
LIMIT = json.loads((DATA / "limits.json").read_text(encoding="utf-8"))["records"][0]
STATE = json.loads((DATA / "states.json").read_text(encoding="utf-8"))["records"][0]


def write(folder, name, *records):
    (folder / name).write_text(json.dumps({"records": records}), encoding="utf-8")


def test_a_correction_is_used_without_a_release(tmp_path, corrected):
    write(tmp_path, "rates.json", RATE | {"rate_bp": 300, "valid_from": "2017-07-01", "valid_to": "2027-03-31"}, RATE)
    corrected()
    assert tax_rate("7113", dt.date(2027, 3, 31)).rate_bp == 300
    assert tax_rate("7113", dt.date(2027, 4, 1)).rate_bp == 500


def test_files_that_are_not_corrected_stay_as_packaged(tmp_path, corrected):
    packaged = current_tables()
    write(tmp_path, "rates.json", RATE)
    corrected()
    assert current_tables().states == packaged.states
    assert len(current_tables().rates) == 1 != len(packaged.rates)


@pytest.mark.parametrize(
    ("name", "records", "says"),
    [
        ("rates.json", [RATE, RATE], "two records hold on 2027-04-01"),
        ("rates.json", [RATE | {"rate_bp": 3.0}], "rate_bp must be int"),
        ("rates.json", [RATE | {"rate_bp": True}], "rate_bp must be int"),
        ("rates.json", [RATE | {"rate_bp": 10_001}], "rate_bp must be from 0"),
        ("rates.json", [RATE | {"hsn": "71"}], "4, 6 or 8"),
        ("rates.json", [RATE | {"valid_from": "01-04-2027"}], "isoformat"),
        ("rates.json", [RATE | {"valid_to": "2026-01-01"}], "before valid_from"),
        ("rates.json", [RATE | {"more": 1}], "members must be exactly"),
        ("rates.json", [{"hsn": "7113"}], "members must be exactly"),
        ("limits.json", [LIMIT | {"rule": "pam"}], "rule must be one of"),
        ("limits.json", [LIMIT | {"action": "stop"}], "block or warn"),
        ("limits.json", [LIMIT | {"figure_paise": 0}], "positive"),
        ("states.json", [STATE | {"code": "1"}], "two digits"),
    ],
)
def test_a_broken_table_is_named(tmp_path, corrected, name, records, says):
    write(tmp_path, name, *records)
    corrected()
    with pytest.raises(BrokenTaxTable, match=says) as caught:
        current_tables()
    assert name in str(caught.value)


@pytest.mark.parametrize("text", ["", "{", "[]", '{"rows": []}', '{"records": 5}', '{"records": [5]}'])
def test_a_file_that_is_no_table_is_named(tmp_path, corrected, text):
    (tmp_path / "rates.json").write_text(text, encoding="utf-8")
    corrected()
    with pytest.raises(BrokenTaxTable, match="rates"):
        current_tables()
