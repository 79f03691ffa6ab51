"""Starts the launcher's verbs: `python -m ops …`, which is what ./dev becomes."""

from ops.cli import main

main()
