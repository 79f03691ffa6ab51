"""The pages of a count: opened, scanned into with what is missing beside it, closed, and what it found decided."""

import html
import re

import pytest

from tests.support.pages import Sender


@pytest.fixture
def asha(flask_app, cast):
    return Sender(flask_app, cast.asha)


@pytest.fixture
def bina(flask_app, cast):
    return Sender(flask_app, cast.bina)


def text_of(page):
    return html.unescape(" ".join(re.sub(r"<[^>]+>", " ", page.text).split()))


@pytest.fixture
def counted(asha, cast, counter):
    """Three rings, one of them counted and one weighed wrongly; the address of the count."""
    rings = [counter.piece() for _ in range(3)]
    opened = asha.once(f"/s/{cast.asha.shop.slug}/stocktakes", {"category": "ring", "note": "Diwali"})
    assert opened.status_code == 303, opened.text
    path = opened.location
    said = asha(f"{path}/scans", {"lines": f"{rings[0]['tag']}\n{rings[1]['tag']} 3.500\nNOBODY\nNO GOOD ONE"})
    assert said.status_code == 200
    for word in (rings[0]["tag"], "3.500", "+0.110", "unknown", "without spaces"):
        assert word in text_of(said), word
    return path, rings


def test_the_page_shows_what_is_still_to_scan_and_what_is_extra(counted, bina):
    path, rings = counted
    for page in (bina.look(path), bina.look(f"{path}/now")):
        said = text_of(page)
        for word in ("Expected 3", "Counted 2", "Still to scan 1", "Extra 1", "Weigh otherwise 1", rings[2]["tag"]):
            assert word in said, word
    assert "<html" not in bina.look(f"{path}/now").text


def test_a_code_typed_without_the_pages_script_is_kept_where_it_is_refused(counted, bina):
    path, rings = counted
    assert bina(f"{path}/scans", {"code": rings[2]["tag"], "grams": ""}).status_code == 303
    refused = bina(f"{path}/scans", {"code": "R\u0131NG", "grams": ""})
    assert refused.status_code == 422
    assert 'value="R\u0131NG"' in refused.text


def test_the_owner_decides_what_was_found_and_the_clerk_only_looks(counted, asha, bina, counter):
    path, rings = counted
    assert bina(f"{path}/closing", {"version": "1"}).status_code == 303
    assert "Lost: take it out" not in text_of(bina.look(path))
    page = asha.look(path)
    found = re.findall(r'name="finding_id" value="([^"]+)"', page.text)
    assert len(found) == 3  # unknown, missing, drift
    missing = page.text.partition(f'aria-label="{rings[2]["tag"]}"')[0].rpartition('value="')[2].partition('"')[0]
    refused = asha.once(f"{path}/decisions", {"finding_id": missing, "decision": "lost", "reason": "x"})
    assert refused.status_code == 422
    assert "At least 3 letters" in text_of(refused) and "checked" in refused.text
    assert (
        bina.once(f"{path}/decisions", {"finding_id": missing, "decision": "lost", "reason": "gone"}).status_code == 403
    )
    done = asha.once(f"{path}/decisions", {"finding_id": missing, "decision": "lost", "reason": "=looked everywhere"})
    assert done.status_code == 303
    assert counter.status(rings[2]["id"]) == "withdrawn"
    report = asha.look(f"{path}/report.csv")
    assert report.mimetype == "text/csv"
    assert f"missing,{rings[2]['tag']},Ring,3.390,,lost,'=looked everywhere," in report.text


def test_a_count_given_up_finds_nothing(asha, cast, counter):
    counter.piece()
    path = asha.once(f"/s/{cast.asha.shop.slug}/stocktakes", {}).location
    assert asha(f"{path}/closing", {"version": "1", "end": "abandon"}).status_code == 303
    assert "given up" in text_of(asha.look(path))
    assert "finding_id" not in asha.look(path).text
