"""The owner's list and buttons, the asker's state, and the number in the menu."""

import html
import re

import orjson
import pytest

from app.kit.ids import new_id
from tests.support.counter import made
from tests.support.pages import Sender

FACTS = {"costPaise": 1_017_00, "fromPaisePerG": 12_800_00, "netMg": 3_390, "wastageBp": 550, "metal": "gold",
         "fineness": 9160, "lines": [{"tag": "R-1"}]}  # fmt: skip


@pytest.fixture
def asha(flask_app, cast):
    return Sender(flask_app, cast.asha)


@pytest.fixture
def bina(flask_app, cast):
    return Sender(flask_app, cast.bina)


@pytest.fixture
def base(cast):
    return f"/s/{cast.asha.shop.slug}/approvals"


def asked(bina, base, subject="", **more):
    form = {"kind": "bill.rate", "right": "bill.lower_rate", "subject_id": subject, "reason": "a regular buyer",
            "facts": orjson.dumps(FACTS).decode()}  # fmt: skip
    answer = bina.once(base, {**form, **more})
    assert answer.status_code == 303, answer.text
    return answer.location.partition("?")[0]


def text_of(page):
    return html.unescape(" ".join(re.sub(r"<[^>]+>", " ", page.text).split()))


def test_the_owner_sees_who_asks_what_it_costs_and_for_which_piece(asha, bina, base, owner):
    piece = owner.piece()
    asked(bina, base, piece["id"])
    page = text_of(asha.look(base))
    for said in ("₹1,017.00", "Bina asks", "a regular buyer", piece["tag"], "₹12,800.00 a gram", "3.390 g", "5.50 %",
                 "22K 916", "Lines 1", "Allow once", "Refuse"):  # fmt: skip
        assert said in page, said


def test_a_tap_allows_it_and_the_asker_may_go_on(asha, bina, base):
    path = asked(bina, base, next="/s/x/bills/new")
    assert "waits" in bina.look(f"{path}/state").text and "hx-get" in bina.look(f"{path}/state").text
    assert "Allow once" not in bina.look(path).text
    answer = asha(f"{path}/decision", {"version": "1", "answer": "allow", "note": "this once"})
    assert answer.status_code == 303
    state = bina.look(f"{path}/state").text
    assert f'name="approval_id" value="{path.rpartition("/")[2]}"' in state and "hx-get" not in state
    page = text_of(bina.look(path))
    assert "allowed" in page and "by Asha" in page and "this once" in page


def test_a_second_answer_is_told_that_it_comes_late(asha, bina, base):
    path = asked(bina, base)
    asha(f"{path}/decision", {"version": "1", "answer": "refuse"})
    late = asha(f"{path}/decision", {"version": "1", "answer": "allow"})
    assert late.status_code == 409 and "answered already" in text_of(late)
    assert "Allow once" not in late.text


def test_the_menu_says_how_many_wait_and_only_to_who_decides(asha, bina, base):
    assert asha.look(f"{base}/waiting").json == {"waiting": 0}
    assert bina.look(f"{base}/waiting").status_code == 403
    assert "data-badge" in asha.look(base).text and "data-badge" not in bina.look(base).text


def test_the_menu_counts_what_waits(asha, bina, base):
    asked(bina, base)
    asked(bina, base, str(new_id()))
    assert asha.look(f"{base}/waiting").json == {"waiting": 2}


def test_what_was_asked_by_mistake_is_taken_back(asha, bina, base, owner):
    path = asked(bina, base)
    assert bina(f"{path}/withdrawal", {"version": "1"}).status_code == 303
    assert "taken back" in text_of(asha.look(path))
    assert [one["state"] for one in made(owner.get("/approvals"))["items"]] == ["withdrawn"]


@pytest.mark.parametrize("facts", ["", "{", "[]", '{"costPaise": 1.5}'])
def test_a_form_with_broken_facts_asks_nothing(bina, base, facts, clerk):
    answer = bina.once(base, {"kind": "bill.rate", "right": "bill.lower_rate", "facts": facts})
    assert answer.status_code in (400, 422)
    assert made(clerk.get("/approvals"))["items"] == []
