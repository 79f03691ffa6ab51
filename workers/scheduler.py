"""Owns the scheduler's process: what is due by the clock becomes a job of the control plane, once."""

import argparse

from app.kit.schedule import Scheduler
from app.schedule import SCHEDULE
from workers.parts import BUILD, build, stop_on_signals


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m workers.scheduler", description=__doc__)
    parser.add_argument("--build", default=BUILD, help="module:function that makes the runtime")
    chosen = parser.parse_args(arguments)
    stop = stop_on_signals()
    runtime = build(chosen.build)
    try:
        Scheduler(runtime, SCHEDULE).run(stop)
    finally:
        runtime.close()


if __name__ == "__main__":
    main()
