"""The cut-out by a model's file: really run by rembg and onnxruntime, and only when the file is what it should be."""

import hashlib
from pathlib import Path

import numpy as np
import pytest

from app.adapters.cut_out import CutOuts
from app.adapters.cut_out.maker import ALLOWED
from tests.support import pictures
from tests.support.onnx import brightness_network

NETWORK = brightness_network()
MD5 = hashlib.md5(NETWORK, usedforsecurity=False).hexdigest()


@pytest.mark.parametrize("place", ["models/u2netp/u2netp.onnx", "u2netp.onnx"])
def test_a_file_with_the_right_hash_is_used_wherever_rembg_keeps_such_files(tmp_path: Path, place: str) -> None:
    path = tmp_path / place
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(NETWORK)
    ground = (10, 10, 14)
    picture = np.asarray(pictures.ring((400, 300), ground=ground))
    found = CutOuts(tmp_path, allowed={"u2netp": MD5}).cut(picture)
    assert found.by == "rembg:u2netp"
    assert found.sure_bp > 5000
    truth = np.any(picture != np.array(ground), axis=2)
    mask = found.alpha > 127
    assert mask.shape == truth.shape
    assert (mask & truth).sum() / (mask | truth).sum() > 0.8


def test_a_file_with_another_hash_is_not_touched(tmp_path: Path) -> None:
    (tmp_path / "u2netp.onnx").write_bytes(NETWORK)
    found = CutOuts(tmp_path).cut(np.asarray(pictures.ring((400, 300))))
    assert found.by in ("border", "grabcut")


def test_only_models_that_stay_on_this_machine_and_cost_nothing_are_allowed() -> None:
    assert set(ALLOWED) == {"u2net", "u2netp"}
