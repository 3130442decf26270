"""Settings: defaults, then `fsdb.toml`, then the environment (`FSDB_…`), the later ones winning."""

import os
import re
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, AnyHttpUrl, BeforeValidator, Field, SecretStr, ValidationError
from pydantic_settings import (
    BaseSettings,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from extractors.core.spec import all_specs

PROJECT = Path(__file__).parents[1]
LOOPBACK = {"127.0.0.1", "::1", "localhost"}


class SettingsError(Exception):
    """A setting that cannot be used; names it and where it came from."""


def _listed(value: object) -> object:
    """`sse,szse` → a tuple."""
    return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value


def _address(value: object) -> object:
    if value in (None, ""):
        return None
    return str(AnyHttpUrl(str(value))).rstrip("/")


def _zone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError("expected a time zone such as Asia/Shanghai") from None
    return value


def _folder(value: object) -> object:
    if value == "":
        raise ValueError("expected a folder")
    return value


class Settings(BaseSettings):
    """Everything that differs between installations."""

    model_config = SettingsConfigDict(env_prefix="FSDB_", extra="forbid", frozen=True)

    data_dir: Annotated[
        Path, BeforeValidator(_folder), Field(description="everything the pipeline writes lies under it")
    ] = Path("data")
    inbox: Annotated[
        Path,
        BeforeValidator(_folder),
        Field(description="where files are delivered, in a folder per source; default: inbox in the data folder"),
    ] = Field(default_factory=lambda given: given.get("data_dir", Path("data")) / "inbox")
    upstream: Annotated[
        str | None,
        BeforeValidator(_address),
        Field(description="one address that serves the live hosts as path prefixes; unset = the live hosts"),
    ] = None
    base_urls: Annotated[dict[str, str], Field(description="address of single sources, by source id")] = {}
    sources: Annotated[
        tuple[str, ...], NoDecode, BeforeValidator(_listed), Field(description="sources of a run; empty = all")
    ] = ()
    timezone: Annotated[str, AfterValidator(_zone), Field(description="whose calendar names the nights")] = (
        "Asia/Shanghai"
    )
    contact: Annotated[
        str, Field(pattern=r"^[ -~]*$", description="address sources can write to; goes into the User-Agent")
    ] = ""
    http_timeout: Annotated[float | None, Field(gt=0, description="seconds; instead of each source's own time-out")] = (
        None
    )
    parallel: Annotated[int, Field(ge=1, le=32, description="sources fetched at the same time")] = 4
    retry_delay: Annotated[timedelta, Field(description="how long the schedule waits before it asks again")] = (
        timedelta(minutes=10)
    )
    keep_releases: Annotated[int, Field(ge=1, description="published releases kept")] = 30
    tokens: Annotated[
        dict[str, SecretStr],
        Field(description="tokens that partners gave us, by source id; in the environment FSDB_TOKEN_<SOURCE>"),
    ] = {}

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls, config_file())

    @property
    def raw(self) -> Path:
        """Raw archive."""
        return self.data_dir / "raw"

    @property
    def changes(self) -> Path:
        """Change log."""
        return self.data_dir / "changes"

    @property
    def decisions(self) -> Path:
        """Identity decisions."""
        return self.data_dir / "identity" / "decisions"

    @property
    def build(self) -> Path:
        """What dbt works in."""
        return self.data_dir / "build"

    @property
    def candidates(self) -> Path:
        """Releases that are written but not yet published."""
        return self.data_dir / "candidates"

    @property
    def releases(self) -> Path:
        """Published releases and the pointer to the current one."""
        return self.data_dir / "releases"

    @property
    def runs(self) -> Path:
        """Run ledger."""
        return self.data_dir / "runs"

    @property
    def locks(self) -> Path:
        """Who is at work."""
        return self.data_dir / "locks"

    @property
    def user_agent(self) -> str:
        """How we introduce ourselves to sources."""
        return "fsdb/0.1 (financing service databases" + (f"; {self.contact})" if self.contact else ")")

    def address(self, source: str, base: str) -> str:
        """Where a source with the live address `base` answers in this installation."""
        if source in self.base_urls:
            return self.base_urls[source].rstrip("/")
        return f"{self.upstream}/{urlsplit(base).netloc}" if self.upstream else base

    def token(self, source: str) -> SecretStr | None:
        """The token that a source wants to see; never written anywhere."""
        return self.tokens.get(source)

    def is_live(self, source: str) -> bool:
        """Whether the source itself is asked, not a stand-in."""
        return self.upstream is None and source not in self.base_urls


def is_somebody_elses(address: str) -> bool:
    """Whether politeness is due: a stand-in on this machine is asked as fast as it answers."""
    return urlsplit(address).hostname not in LOOPBACK


def config_file() -> Path:
    """`fsdb.toml` of the working folder, or the file `FSDB_CONFIG` names."""
    return Path(os.environ.get("FSDB_CONFIG", "fsdb.toml"))


def without_secrets(text: str) -> str:
    """A text in which addresses have lost their user and password."""
    return re.sub(r"(?<=://)[^/@\s]+@", "•••@", text)


# Read by others: the settings file, the log, and dbt's profile.
_NOT_OURS = {"FSDB_CONFIG", "FSDB_LOG_FORMAT", "FSDB_WAREHOUSE"}


def _refuse_misspelt() -> None:
    known = {f"FSDB_{name.upper()}" for name in Settings.model_fields} | _NOT_OURS | set(_token_names())
    unknown = sorted(name for name in os.environ if name.upper().startswith("FSDB_") and name.upper() not in known)
    if unknown:
        raise ValueError(f"unknown setting {', '.join(unknown)} in the environment; `fsdb config` lists them")


def _token_names() -> dict[str, str]:
    """The environment's name for the token of each source that wants one → the source."""
    specs = all_specs().values()
    return {f"FSDB_TOKEN_{spec.id.upper()}": spec.id for spec in specs if spec.http and spec.http.auth}


def load(**given: Any) -> Settings:
    """Read the settings; `given` ones win. Raises `SettingsError` in words, none of them a token."""
    try:
        settings = Settings(**given)
        _refuse_misspelt()
        said = {source: SecretStr(token) for name, source in _token_names().items() if (token := os.environ.get(name))}
        settings = settings.model_copy(update={"tokens": settings.tokens | said | given.get("tokens", {})})
        # Relative to the settings file where there is one: what a schedule starts elsewhere finds the same data.
        home = config_file().absolute().parent
        folders = {name: (home / getattr(settings, name)).absolute() for name in ("data_dir", "inbox")}
        return settings.model_copy(update=folders)
    except ValidationError as error:
        faults = "; ".join(
            f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}"
            + ("" if fault["loc"][0] == "tokens" else f" (got {fault['input']!r:.60})")
            for fault in error.errors()
        )
        raise SettingsError(without_secrets(f"settings (environment FSDB_…, {config_file()}): {faults}")) from None
    except ValueError as error:
        raise SettingsError(f"settings (environment FSDB_…, {config_file()}): {error}") from error
