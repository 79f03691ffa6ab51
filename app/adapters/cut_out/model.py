"""Owns running a U²-Net by rembg, from a file that was checked, on one thread and with no memory kept aside."""

from pathlib import Path
from typing import Any

import numpy as np

from app.kit.ports import CutOut, Pixels

BASIS = 10_000


class Model:
    """One network in memory."""

    def __init__(self, name: str, path: Path) -> None:
        import numba
        import onnxruntime

        # pymatting, which rembg loads, compiles itself for three quarters of a minute; masks alone use none of it
        numba.config.DISABLE_JIT = True  # type: ignore[attr-defined]
        from rembg.sessions.u2netp import U2netpSession

        class Checked(U2netpSession):  # type: ignore[misc]
            """rembg's own handling of pictures and masks, on our file; it looks for none and fetches none."""

            @classmethod
            def download_models(cls, *args: Any, **kwargs: Any) -> str:
                return str(path)

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.enable_cpu_mem_arena = False  # 452 → 116 MB
        self._name = name
        self._session = Checked(name, options, providers=["CPUExecutionProvider"])

    def cut(self, picture: Pixels) -> CutOut:
        from PIL import Image
        from rembg import remove

        mask = remove(Image.fromarray(picture), session=self._session, only_mask=True)
        alpha = np.asarray(mask.convert("L"))
        return CutOut(alpha=alpha, by=f"rembg:{self._name}", sure_bp=decided(alpha))


def decided(alpha: Pixels) -> int:
    """How far from undecided the mask's pixels are, if there is a piece: 0 for grey, 10000 for black and white."""
    share = float(np.mean(alpha > 127))
    if not 0.002 < share < 0.95:
        return 0
    return round(float(np.mean(np.abs(alpha.astype(np.float32) / 127.5 - 1.0))) * BASIS)
