"""Owns what can keep a migration from being run, each in a sentence that says what to do."""


class MigrationRefused(Exception):
    """Nothing was changed; the message says why and what to do."""


class AnotherRunner(MigrationRefused):
    """Another runner is at work on this fleet."""


class SignInRefused(MigrationRefused):
    """A server does not take an account's password."""


class MigrationFailed(Exception):
    """At least one step failed; the ledger has it, and the next run goes on from there."""

    def __init__(self, failures: dict[str, str]) -> None:
        self.failures = failures
        super().__init__("\n".join(f"{target}: {why}" for target, why in sorted(failures.items())))
