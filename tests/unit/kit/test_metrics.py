"""What is counted: by this process alone, and by all processes of a host together."""

import os
import subprocess
import sys

from app.kit.metrics import Metrics

COUNT = "from app.kit.metrics import Metrics; from pathlib import Path; import sys; m = Metrics(Path(sys.argv[1]));"


def test_one_process_sees_its_own_reads():
    metrics = Metrics()
    metrics.cache_reads.labels("hit").inc()
    metrics.cache_reads.labels("miss").inc(2)
    assert metrics.cache_outcomes() == {"hit": 1, "miss": 2, "bypass": 0}


def test_processes_that_share_a_folder_are_summed(tmp_path):
    environment = {**os.environ, "PROMETHEUS_MULTIPROC_DIR": str(tmp_path)}

    def process(code: str) -> str:
        words = [sys.executable, "-c", COUNT + code, str(tmp_path)]
        return subprocess.run(words, env=environment, capture_output=True, text=True, check=True).stdout.strip()

    process("m.cache_reads.labels('hit').inc(3)")
    process("m.cache_reads.labels('hit').inc(4); m.cache_reads.labels('bypass').inc()")
    assert process("print(m.cache_outcomes())") == "{'hit': 7, 'miss': 0, 'bypass': 1}"
