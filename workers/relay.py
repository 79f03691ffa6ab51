"""Owns the relay's process: rows of the outbox to the queue, until told to stop. Several of them are harmless."""

import argparse

from app.kit.relay import Relay
from workers.parts import BUILD, build, stop_on_signals


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m workers.relay", description=__doc__)
    parser.add_argument("--build", default=BUILD, help="module:function that makes the runtime")
    chosen = parser.parse_args(arguments)
    stop = stop_on_signals()
    runtime = build(chosen.build)
    try:
        Relay(runtime).run(stop)
    finally:
        runtime.close()


if __name__ == "__main__":
    main()
