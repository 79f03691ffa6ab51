"""Labels over HTTP: asked for by piece, printed by a job, fetched by a link that expires, of one's own shop only."""

import pytest

from app.kit.ports import Bucket
from tests.support.counter import Counter, made
from tests.support.jobs import work_off
from tests.support.pages import Sender


@pytest.fixture
def counter(flask_app, runtime, cast) -> Counter:
    return Counter(flask_app, runtime, cast.asha)


def test_labels_of_pieces_come_as_a_pdf(flask_app, runtime, cast, counter):
    ring = counter.piece()
    sizes = [one["size"] for one in made(counter.get("/labels/sizes"))["sizes"]]
    answer = counter.post("/labels", {"itemIds": [ring["id"], ring["id"]], "size": sizes[0]})
    assert answer.status_code == 202, answer.json
    work_off(runtime, cast.asha.shop_id)
    ready = made(counter.get(f"/labels/{answer.json['id']}"))
    assert (ready["state"], ready["labels"]) == ("done", 2)
    assert ready["downloadUrl"]
    with runtime.store.open(
        Bucket.EXPORTS, f"{cast.asha.shop_id}/labels-{answer.json['id'].replace('-', '')}.pdf"
    ) as pdf:
        assert pdf.read(5) == b"%PDF-"
    ravi = Counter(flask_app, runtime, cast.ravi)
    assert ravi.get(f"/labels/{answer.json['id']}").json["code"] == "labels_unknown"
    assert ravi.post("/labels", {"itemIds": [ring["id"]], "size": sizes[0]}).json["code"] == "item_unknown"
    assert counter.post("/labels", {"itemIds": [ring["id"]], "size": "a4"}).json["code"] == "labels_unfit"


def test_the_page_prints_what_was_ticked(flask_app, runtime, cast, counter):
    ring = counter.piece()
    asha, base = Sender(flask_app, cast.asha), f"/s/{cast.asha.shop.slug}/labels"
    assert ring["tag"] in asha.look(f"{base}?item={ring['id']}").text
    assert asha.once(base, {"item": ring["id"], "size": "a4"}).status_code == 422
    sent = asha.once(base, {"item": ring["id"], "size": "label_50x25"})
    assert sent.status_code == 303
    work_off(runtime, cast.asha.shop_id)
    assert "Open the PDF" in asha.look(sent.location).text
