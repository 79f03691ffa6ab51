"""A count of the stock: what is expected is decided at its opening, what is scanned once stays, selling goes on."""

from threading import Thread
from uuid import UUID

import pytest

from app.inventory import service as inventory
from app.kit import audit
from shard_router import Mode
from tests.support.counter import all_at_once, made


def scanned(counter, count, *codes, weights=()):
    """The answers for these codes, scanned in one go."""
    scans = [{"code": code} for code in codes] + [{"code": code, "grossMg": mg} for code, mg in weights]
    return made(counter.post(f"/stocktakes/{count['id']}/scans", {"scans": scans}))["scans"]


def figures(counter, count):
    found = made(counter.get(f"/stocktakes/{count['id']}"))["figures"]
    return {name: number for name, number in found.items() if number}


def closed(counter, count):
    return made(counter.post(f"/stocktakes/{count['id']}/closing", {}, **{"If-Match": f'"{count["version"]}"'}))


def findings(counter, count):
    return made(counter.get(f"/stocktakes/{count['id']}/findings"))["items"]


def decided(counter, count, found, decision, reason="as the owner saw it"):
    ids = [one["id"] for one in found]
    body = {"findingIds": ids, "decision": decision, "reason": reason}
    return counter.post(f"/stocktakes/{count['id']}/decisions", body)


def test_what_is_scanned_counts_and_what_is_not_is_missing(counter, opened):
    rings = [counter.piece() for _ in range(3)]
    count = opened()
    assert figures(counter, count) == {"expected": 3, "missing": 3}
    answers = scanned(counter, count, rings[0]["tag"].lower(), rings[1]["huid"])
    assert [(one["verdict"], one["tag"], one["again"]) for one in answers] == [
        ("counted", rings[0]["tag"], False), ("counted", rings[1]["tag"], False),
    ]  # fmt: skip
    assert figures(counter, count) == {"expected": 3, "counted": 2, "missing": 1}
    waiting = made(counter.get(f"/stocktakes/{count['id']}/unscanned"))["items"]
    assert [(one["tag"], one["left"]) for one in waiting] == [(rings[2]["tag"], False)]


def test_the_same_scan_twice_is_once_and_tag_and_huid_are_one_piece(counter, opened):
    ring = counter.piece()
    count = opened()
    scanned(counter, count, ring["tag"])
    (again,) = scanned(counter, count, ring["tag"])
    assert (again["verdict"], again["again"]) == ("counted", True)
    scanned(counter, count, ring["huid"], ring["huid"])
    assert figures(counter, count) == {"expected": 1, "counted": 1}


def test_selling_goes_on_while_people_scan(counter, opened):
    """Sold before it was scanned: not missing; scanned and then sold: counted; entered meanwhile: new, no finding."""
    counter.set_board()
    sold, scanned_first, kept = (counter.piece(grossMg=1_000) for _ in range(3))
    count = opened()
    scanned(counter, count, scanned_first["tag"])
    made(counter.bill([sold]))
    made(counter.bill([scanned_first]))
    late = counter.piece()
    (new,) = scanned(counter, count, late["tag"])
    assert new["verdict"] == "new"
    assert figures(counter, count) == {"expected": 3, "counted": 1, "missing": 1, "left": 1, "new": 1}
    assert closed(counter, count)["figures"]["missing"] == 1
    assert [(one["kind"], one["code"]) for one in findings(counter, count)] == [("missing", kept["tag"])]


def test_what_should_not_be_there_is_extra_and_says_why(counter, opened):
    counter.set_board()
    ring, chain, sold = counter.piece(), counter.piece(category="chain"), counter.piece(grossMg=1_000)
    made(counter.bill([sold]))
    count = opened(category="ring")
    answers = scanned(counter, count, ring["tag"], chain["tag"], sold["tag"], "NOBODY-1")
    assert [one["verdict"] for one in answers] == ["counted", "elsewhere", "gone", "unknown"]
    assert answers[2]["status"] == "sold"
    assert figures(counter, count) == {
        "expected": 1, "counted": 1, "elsewhere": 1, "gone": 1, "unknown": 1, "extra": 3,
    }  # fmt: skip
    closed(counter, count)
    assert {one["kind"] for one in findings(counter, count)} == {"elsewhere", "gone", "unknown"}


def test_a_weight_is_a_finding_beyond_what_scales_differ_by(counter, opened):
    """3.390 g entered: 3.400 is 10 mg off, which two scales may be; 3.401 is not (counting.json)."""
    near, far = counter.piece(), counter.piece()
    count = opened()
    answers = scanned(counter, count, weights=[(near["tag"], 3_400), (far["tag"], 3_401)])
    assert [(one["driftMg"], one["drifts"]) for one in answers] == [(10, False), (11, True)]
    assert figures(counter, count) == {"expected": 2, "counted": 2, "weighed": 2, "drift": 1}
    (again,) = scanned(counter, count, weights=[(far["tag"], 3_379)])  # the last weighing counts
    assert (again["again"], again["driftMg"], again["drifts"]) == (True, -11, True)
    closed(counter, count)
    (found,) = findings(counter, count)
    assert (found["kind"], found["bookMg"], found["foundMg"]) == ("drift", 3_390, 3_379)
    assert decided(counter, count, [found], "corrected").status_code == 201
    piece = made(counter.get(f"/items/{far['id']}"))
    assert (piece["grossMg"], piece["netMg"]) == (3_379, 3_379)


def test_what_is_lost_leaves_the_stock_and_each_finding_is_decided_once(counter, binas_counter, opened):
    rings = [counter.piece() for _ in range(2)]
    count = opened()
    closed(counter, count)
    lost, found = findings(counter, count)
    refused = decided(binas_counter, count, [lost], "lost")
    assert (refused.status_code, refused.json["code"]) == (403, "right_missing")
    assert decided(counter, count, [lost], "corrected").json["code"] == "decision_unfit"
    left = made(decided(counter, count, [lost], "lost"))
    assert left["undecided"] == 1
    assert counter.status(lost["itemId"]) == "withdrawn"
    assert made(decided(counter, count, [found], "found"))["undecided"] == 0
    assert counter.status(found["itemId"]) == "in_stock"
    again = decided(counter, count, [found, lost], "found")
    assert (again.status_code, again.json["code"]) == (409, "finding_decided")
    assert {one["decision"] for one in findings(counter, count)} == {"lost", "found"}
    assert {one["tag"] for one in rings} == {lost["code"], found["code"]}


def test_of_two_who_decide_a_finding_at_once_one_is_told(counter, opened):
    counter.piece()
    count = opened()
    closed(counter, count)
    answers = all_at_once(2, lambda n: decided(counter, count, findings(counter, count), ("lost", "found")[n]))
    assert sorted(answer.status_code for answer in answers) == [201, 409], [answer.json for answer in answers]
    (lost, _found) = answers
    (finding,) = findings(counter, count)
    assert finding["decision"] == ("lost" if lost.status_code == 201 else "found")
    assert counter.status(finding["itemId"]) == ("withdrawn" if lost.status_code == 201 else "in_stock")


def test_a_piece_sold_after_the_closing_is_not_written_off(counter, opened):
    counter.set_board()
    ring = counter.piece(grossMg=1_000)
    count = opened()
    closed(counter, count)
    (missing,) = findings(counter, count)
    made(counter.bill([ring]))
    refused = decided(counter, count, [missing], "lost")
    assert (refused.status_code, refused.json["code"]) == (409, "finding_overtaken")
    assert counter.status(ring["id"]) == "sold"
    assert findings(counter, count)[0]["decision"] is None


def test_a_closed_count_takes_no_scan_and_closes_once(counter, opened):
    ring = counter.piece()
    count = opened()
    assert counter.post(f"/stocktakes/{count['id']}/closing", {}).json["code"] == "if_match_missing"
    done = closed(counter, count)
    assert (done["state"], done["version"], done["undecided"]) == ("closed", 2, 1)
    for answer in (
        counter.post(f"/stocktakes/{count['id']}/scans", {"scans": [{"code": ring["tag"]}]}),
        counter.post(f"/stocktakes/{count['id']}/closing", {}, **{"If-Match": '"2"'}),
        counter.post(f"/stocktakes/{count['id']}/abandonment", {}, **{"If-Match": '"2"'}),
    ):
        assert (answer.status_code, answer.json["code"]) == (409, "stocktake_over")


def test_many_scan_the_same_pieces_at_once_and_each_counts_once(counter, binas_counter, opened):
    rings = [counter.piece()["tag"] for _ in range(6)]
    count = opened()
    who = (counter, binas_counter)
    answers = all_at_once(6, lambda n: scanned(who[n % 2], count, *(rings if n % 2 else reversed(rings))))
    assert [sum(not one["again"] for answer in answers for one in answer if one["code"] == tag) for tag in rings] == (
        [1] * 6
    )
    assert figures(counter, count) == {"expected": 6, "counted": 6}


def test_a_scan_and_a_closing_at_once_leave_no_scan_outside(counter, opened):
    """Either the scan came first, and nothing is missing; or it is refused, and the piece is a finding."""
    for _ in range(4):
        ring = counter.piece()
        count = opened()

        def one(n, count=count, ring=ring):
            if n:
                return counter.post(f"/stocktakes/{count['id']}/scans", {"scans": [{"code": ring["tag"]}]})
            return counter.post(f"/stocktakes/{count['id']}/closing", {}, **{"If-Match": '"1"'})

        closing, scan = all_at_once(2, one)
        assert closing.status_code == 200, closing.json
        missing = [found["code"] for found in findings(counter, count)]
        assert (ring["tag"] in missing) == (scan.status_code == 409), (scan.status_code, missing)
        withdrawn = made(counter.get(f"/items/{ring['id']}"))
        counter.post(
            f"/items/{ring['id']}/withdrawal", {"reason": "the next round"}, **{"If-Match": f'"{withdrawn["version"]}"'}
        )


def test_another_shop_sees_nothing_of_it(counter, ravis_counter, opened):
    counter.piece()
    count = opened()
    assert ravis_counter.get(f"/stocktakes/{count['id']}").status_code == 404
    assert ravis_counter.post(f"/stocktakes/{count['id']}/scans", {"scans": [{"code": "X"}]}).status_code == 404


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"category": "crown"}, 422, "nothing_to_count"),
        ({"placeId": "01890000-0000-7000-8000-000000000000"}, 404, "stock_place_unknown"),
    ],
)
def test_a_scope_of_nothing_is_refused(counter, body, status, code):
    counter.piece()
    answer = counter.post("/stocktakes", body)
    assert (answer.status_code, answer.json["code"]) == (status, code)


@pytest.mark.parametrize("code", ["", "A B", "R\u0131NG", "x" * 25])
def test_a_code_that_no_tag_has_is_refused(counter, opened, code):
    counter.piece()
    count = opened()
    answer = counter.post(f"/stocktakes/{count['id']}/scans", {"scans": [{"code": code}]})
    assert answer.status_code == 422
    assert list(answer.json["fields"]) == ["scans.0.code"]


def test_a_place_is_counted_with_its_trays(counter, cast, opened):
    from app.inventory import service as inventory

    home = cast.asha.shop.outlet_id
    tray = counter.write(lambda db: inventory.add_tray(db, outlet_id=home, code="T1", name="Front"))
    here, in_tray = counter.piece(), counter.piece(placeId=str(tray.id))
    assert opened(placeId=str(home))["expected"] == 2
    count = opened(placeId=str(tray.id))
    answers = scanned(counter, count, here["tag"], in_tray["tag"])
    assert [one["verdict"] for one in answers] == ["elsewhere", "counted"]


def test_a_decision_waits_for_its_pieces_before_it_holds_the_audit_chain(counter, opened):
    """Else a bill that has one of them, and wants its place in the chain, would wait for it in a ring."""
    rings = [counter.piece() for _ in range(2)]
    count = closed(counter, opened())
    found, answers = findings(counter, count), []
    waiting = Thread(target=lambda: answers.append(decided(counter, count, found, "lost")))
    with counter.runtime.router.shop(counter.who.shop_id, counter.who.actor, mode=Mode.WRITE) as db:
        inventory.lock_items(db, [UUID(rings[-1]["id"])])
        waiting.start()
        waiting.join(1)
        audit.record(db, "test.bill", None, {})
        db.commit()
    waiting.join(20)
    assert [answer.status_code for answer in answers] == [201]
