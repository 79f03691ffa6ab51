"""Owns the settings of `python -m migrations`: few of the product's, and the administrator's account.

Not `app.settings.Settings`: whoever migrates needs no master key, and whoever serves requests must not have these."""

import os
from pathlib import Path

from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from app.settings import PREFIX, SecretFiles, SettingsWrong, blaming, refuse_unknown, wrong_values
from migrations.fleet import FleetConfig
from shard_router.accounts import APP, FLEET_RO, MIGRATE, MOVER, PURGER
from shard_router.config import Account
from shard_router.errors import TopologyRefused
from shard_router.topology import parse

NAMES = (APP, FLEET_RO, MIGRATE, MOVER, PURGER)


class MigrationSettings(BaseSettings):
    """Each field is the variable BOOLA_<NAME>; a secret may stand in the file that BOOLA_<NAME>_FILE names instead."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, env_ignore_empty=True, frozen=True, extra="ignore")

    topology_file: Path = Field(description="The servers: control plane, shards, replicas.")
    shard_database: str = Field("boolagold", description="Name of the database on every shard.")
    control_database: str = Field("boolagold_control", description="Name of the control plane's database.")
    mysql_tls_ca: Path | None = Field(None, description="CA certificate of the MySQL servers.")
    mysql_account_prefix: str = Field("", description="Before the accounts' names.")
    mysql_account_host: str = Field("%", description="Hosts from which the accounts may sign in, as MySQL writes it.")
    mysql_app_password: SecretStr | None = Field(
        None, description="Given with an administrator: the account's password."
    )
    mysql_fleet_ro_password: SecretStr | None = Field(None, description="The same, of fleet_ro.")
    mysql_migrate_password: SecretStr = Field(description="Password of the account that owns the schema.")
    mysql_mover_password: SecretStr | None = Field(None, description="The same, of mover.")
    mysql_purger_password: SecretStr | None = Field(None, description="The same, of purger.")
    mysql_admin_user: str | None = Field(
        None, description="Makes databases and accounts. None: they are there already."
    )
    mysql_admin_password: SecretStr | None = Field(None, description="Its password.")
    migrate_canary: str | None = Field(
        None, description="The shard that is migrated first and alone. None: the first by name."
    )
    migrate_parallel: int = Field(4, ge=1, le=64, description="Shards at once, after the canary.")
    migrate_lock_wait_seconds: int = Field(5, ge=1, le=60, description="Longest wait for a table that trade is using.")

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return init_settings, env_settings, SecretFiles(settings_cls)

    def fleet(self) -> FleetConfig:
        """What a run is told. Raises SettingsWrong where an administrator is to make accounts without passwords."""
        with blaming("topology_file", TopologyRefused):
            topology = parse(self.topology_file.read_text(encoding="utf-8"))
        return FleetConfig(
            topology=topology,
            accounts={name: self._account(name) for name in NAMES},
            control_database=self.control_database,
            shard_database=self.shard_database,
            admin=self._admin(),
            tls_ca=self.mysql_tls_ca,
            canary=self.migrate_canary,
            parallel=self.migrate_parallel,
            account_host=self.mysql_account_host,
            lock_wait_s=self.migrate_lock_wait_seconds,
        )

    def _account(self, name: str) -> Account:
        password: SecretStr | None = getattr(self, f"mysql_{name}_password")
        if password is None and self.mysql_admin_user is not None:
            raise SettingsWrong(f"{PREFIX}MYSQL_{name.upper()}_PASSWORD_FILE is needed to make the account {name}.")
        return Account(f"{self.mysql_account_prefix}{name}", password.get_secret_value() if password else "")

    def _admin(self) -> Account | None:
        if self.mysql_admin_user is None:
            return None
        if self.mysql_admin_password is None:
            raise SettingsWrong(f"{PREFIX}MYSQL_ADMIN_PASSWORD_FILE is needed with {PREFIX}MYSQL_ADMIN_USER.")
        return Account(self.mysql_admin_user, self.mysql_admin_password.get_secret_value())


def load() -> FleetConfig:
    """The fleet that the environment names. Raises SettingsWrong."""
    refuse_unknown(os.environ)
    try:
        return MigrationSettings().fleet()  # type: ignore[call-arg]
    except ValidationError as error:
        raise wrong_values(error) from None
