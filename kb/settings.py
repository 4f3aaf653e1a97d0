"""Settings from ``KB_HOME/kb.toml`` and ``KB_*`` environment variables, which take precedence.

KB_HOME is the environment variable of that name, by default ``~/.clinical-kb``. All settings are
documented in docs/settings.md.
"""

from __future__ import annotations

import json
import logging
import os
import re
import tomllib
from collections.abc import Callable, Mapping
from difflib import get_close_matches
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, ValidationError
from pydantic_core import ErrorDetails
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from kb.errors import HomeError, SettingsError
from kb.model.permissions import Role
from kb.model.reader_limits import DEFAULT_MAX_CHARACTERS, DEFAULT_MAX_PAGES, ReaderLimits

SETTINGS_FILE = "kb.toml"
PREFIX = "KB_"
# Former names of settings, which still work; docs/settings.md lists them.
DEPRECATED_SETTINGS = {
    "directory_roles": "group_roles",
    "fetch_private": "fetch_private_networks",
    "four_eyes": "require_independent_approval",
    "frame_hosts": "frame_ancestors",
    "proxies": "proxy_count",
    "read_needs_account": "require_sign_in",
    "review_mail": "review_fallback_email",
    "session_hours": "session_lifetime_hours",
    "sync_seconds": "index_sync_seconds",
}
IGNORED_SETTING = "oidc_name"  # removed; it only changed a label
# Removed. Ignoring it could give roles more permissions than the operator intended.
REJECTED_SETTING = "role_rights"
# Error messages by pydantic error type.
NUMBER = "must be a number"
WHOLE_NUMBER = "must be a whole number"
SWITCH = "must be true or false"
EXPECTED_VALUES = {
    "string_type": "must be text in quotation marks",
    "float_type": NUMBER,
    "float_parsing": NUMBER,
    "finite_number": NUMBER,
    "int_type": WHOLE_NUMBER,
    "int_parsing": WHOLE_NUMBER,
    "int_from_float": WHOLE_NUMBER,
    "bool_type": SWITCH,
    "bool_parsing": SWITCH,
    "tuple_type": "must be a list",
    "dict_type": "must be a table",
    "enum": "must be {expected}",
    "literal_error": "must be {expected}",
    "greater_than": "must be more than {gt:g}",
    "greater_than_equal": "must be {ge:g} or more",
    "less_than_equal": "must be {le:g} or less",
    "value_error": "{error}",
}
DATABASES = ("sqlite:///", "postgresql+psycopg://")
# An origin as browsers send it: in lower case, without a path or the scheme's default port.
ORIGIN = re.compile(r"https?://(?:[a-z0-9._-]+|\[[0-9a-f:]+\])(?::[0-9]{1,5})?")
USUAL_PORTS = re.compile(r"http:.*:80|https:.*:443")

log = logging.getLogger(__name__)


def _validate_database(value: str) -> str:
    if value and not value.startswith(DATABASES):
        raise ValueError(f"must start with {' or '.join(DATABASES)}")
    return value


def _split_words(value: object) -> object:
    """Split the value of an environment variable into words; leave a TOML list unchanged."""
    return tuple(value.replace(",", " ").split()) if isinstance(value, str) else value


def is_origin(text: str) -> bool:
    """Return whether the text is an origin in the form that browsers send."""
    return bool(ORIGIN.fullmatch(text)) and not USUAL_PORTS.fullmatch(text)


def _validate_issuer(value: str) -> str:
    # Claims of the identity provider are trusted, so the connection must be encrypted.
    if value and not value.startswith(("https://", "http://127.0.0.1:", "http://localhost:")):
        raise ValueError("must start with https://")
    return value.rstrip("/")


def _validate_origins(values: tuple[str, ...]) -> tuple[str, ...]:
    for value in values:
        if not is_origin(value):
            raise ValueError(
                f"contains {value!r}, which is not a valid origin. Use the scheme, the host in "
                "lower case and a non-default port, such as https://intranet.hospital.example, "
                "without a path, trailing slash or *"
            )
    return values


def _parse_table(value: object) -> object:
    """Parse the JSON value of an environment variable; leave a TOML table unchanged."""
    try:
        return json.loads(value) if isinstance(value, str) else value
    except ValueError as error:
        raise ValueError("must be a table (as JSON in an environment variable)") from error


# A list in the file; words separated by spaces or commas in an environment variable.
Origins = Annotated[
    tuple[str, ...], NoDecode, BeforeValidator(_split_words), AfterValidator(_validate_origins)
]


class Settings(BaseSettings):
    """Settings of one knowledge base."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="forbid", frozen=True)

    home: Path
    database: Annotated[str, AfterValidator(_validate_database)] = Field(
        default="", description="Database URL; KB_HOME/kb.sqlite when empty."
    )
    engine: str = Field(
        default="", description="Search engine URL; whoosh:KB_HOME/index when empty."
    )
    title: str = Field(
        default="Clinical knowledge base", description="Name of the site, shown on every page."
    )
    contact: str = Field(
        default="", description="Address or telephone number of the content team, shown to readers."
    )
    index_sync_seconds: float = Field(
        default=1.0,
        gt=0,
        le=60,
        description="Interval in seconds at which the site checks for changes to index.",
    )

    public_url: str = Field(
        default="",
        description="Public URL of the site, for links in feeds and health records; the host "
        "of each request when empty.",
    )
    infobutton_strict: bool = Field(
        default=False,
        description="Reject Infobutton requests that do not strictly conform to the HL7 "
        "specification.",
    )
    fetch_private_networks: bool = Field(
        default=False,
        description="Allow `kb add` to fetch pages from private networks.",
    )
    article_max_characters: int = Field(
        default=DEFAULT_MAX_CHARACTERS,
        gt=0,
        description="Maximum number of characters of an article when it is read from its source.",
    )
    pdf_max_pages: int = Field(
        default=DEFAULT_MAX_PAGES, gt=0, description="Maximum number of pages of a PDF file."
    )

    allowed_origins: Origins = Field(
        default=(),
        description="Origins of other sites whose pages may use the search, such as the intranet.",
    )

    frame_ancestors: Origins = Field(
        default=(),
        description="Origins of other sites whose pages may embed the search in a frame.",
    )

    api_requests_per_minute: int = Field(
        # At a busy hospital 300 users may share one address and search in the same minute, each
        # with about ten requests per typed query: 3,000. Twice that number never affects people,
        # but stops a script that sends requests without a pause.
        default=6_000,
        ge=0,
        le=1_000_000,
        description="Maximum API requests per minute and client address; 0 disables the limit.",
    )
    query_log_days: int = Field(
        default=90,  # one season: winter and summer queries differ
        ge=0,
        le=3_650,
        description="Number of days to keep the query log; 0 disables query logging and "
        "deletes existing entries.",
    )
    require_independent_approval: bool = Field(
        default=True,
        description="Require approval by a user other than the author before a version is "
        "published.",
    )
    smtp_host: str = Field(
        default="", description="SMTP server for review reminders; empty disables them."
    )
    smtp_port: int = Field(default=25, ge=1, le=65_535, description="SMTP port.")
    smtp_tls: bool = Field(default=False, description="Encrypt the SMTP connection with STARTTLS.")
    smtp_user: str = Field(
        default="", description="SMTP user name, if the server requires authentication."
    )
    smtp_password: SecretStr = Field(
        default=SecretStr(""), description="SMTP password; set it as an environment variable."
    )
    smtp_from: str = Field(default="", description="Sender address of review reminders.")
    review_fallback_email: str = Field(
        default="",
        description="Recipient of reminders for articles whose owner is not an email address.",
    )
    oidc_issuer: Annotated[str, AfterValidator(_validate_issuer)] = Field(
        default="",
        description="Issuer URL of the OpenID Connect identity provider; empty disables it.",
    )
    oidc_client_id: str = Field(
        default="", description="Client ID registered with the identity provider."
    )
    oidc_client_secret: SecretStr = Field(
        default=SecretStr(""), description="Client secret; set it as an environment variable."
    )
    oidc_groups_claim: str = Field(
        default="groups", description="Claim that contains the user's groups."
    )
    group_roles: Annotated[dict[str, Role], NoDecode, BeforeValidator(_parse_table)] = Field(
        default={},
        description="Role for each group of the identity provider or the trusted proxy.",
    )
    proxy_user_header: str = Field(
        default="",
        description="Request header that carries the authenticated user name set by a "
        "trusted reverse proxy. Empty: disabled.",
    )
    proxy_groups_header: str = Field(
        default="", description="Request header that carries the user's groups, separated by |."
    )
    trusted_proxies: Annotated[tuple[str, ...], NoDecode, BeforeValidator(_split_words)] = Field(
        default=(),
        description="IP addresses of the reverse proxies whose user header is trusted.",
    )
    require_sign_in: bool = Field(
        default=False,
        description="Require an account, or a token for scripts, to search and read.",
    )
    session_idle_minutes: int = Field(
        # A compromise between shared ward computers and authors who pause while writing.
        default=30,
        ge=1,
        le=1_440,
        description="Minutes of inactivity after which a session expires.",
    )
    session_lifetime_hours: int = Field(
        default=12,  # hours; the longest shift of clinical staff
        ge=1,
        le=168,
        description="Hours after which a session expires regardless of activity.",
    )
    proxy_count: int = Field(
        default=0,
        ge=0,
        le=10,
        description="Number of your own reverse proxies that add to X-Forwarded-For.",
    )

    def digests(self) -> dict[str, str]:
        """Return a digest of each setting, to detect changes without storing values.

        For a secret only its presence is hashed, because a short secret could be guessed.
        """
        values = {
            name: str(bool(value.get_secret_value()) if isinstance(value, SecretStr) else value)
            for name, value in self
        }
        return {name: sha256(value.encode()).hexdigest() for name, value in values.items()}

    @property
    def database_url(self) -> str:
        """Effective database URL."""
        return self.database or f"sqlite:///{self.home / 'kb.sqlite'}"

    @property
    def engine_url(self) -> str:
        """Effective search engine URL."""
        return self.engine or f"whoosh:{self.home / 'index'}"

    @property
    def reader_limits(self) -> ReaderLimits:
        """Limits on the length of the sources that are read."""
        return ReaderLimits(
            article_max_characters=self.article_max_characters, pdf_max_pages=self.pdf_max_pages
        )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Give environment variables precedence over the file, and drop the other sources."""
        return (
            init_settings,
            _EnvironmentSource(settings_cls),
            _FileSource(settings_cls, get_home() / SETTINGS_FILE),
        )


class _EnvironmentSource(EnvSettingsSource):
    """`KB_*` environment variables, by current or former names."""

    def __init__(self, settings_cls: type[BaseSettings]) -> None:
        super().__init__(settings_cls)
        prefix = PREFIX.lower()  # pydantic lowers the names of variables
        given = {
            name.removeprefix(prefix): value
            for name, value in self.env_vars.items()
            if name.startswith(prefix)
        }
        current = _resolve_names(given, _variable)
        self.env_vars = {prefix + name: value for name, value in current.items()}


class _FileSource(TomlConfigSettingsSource):
    """The settings file, by current or former names."""

    def __call__(self) -> dict[str, Any]:
        return _resolve_names(super().__call__(), str, f"{self.toml_file_path}: ")


def _resolve_names(
    values: Mapping[str, Any], spell: Callable[[str], str], place: str = ""
) -> dict[str, Any]:
    """Return the values of one source by current names; log a warning for each other name.

    `spell` returns a name as written in the source, and `place` precedes it in messages. Raises
    `SettingsError` for a removed setting that cannot be ignored, and if both names are set.
    """
    if REJECTED_SETTING in values:
        raise SettingsError(
            f"{place}{spell(REJECTED_SETTING)} is no longer supported; remove it and give users "
            "roles with the permissions they need (`kb user roles NAME ROLE...`).",
            setting=REJECTED_SETTING,
            code="removed",
        )
    current = dict(values)
    if IGNORED_SETTING in values:
        del current[IGNORED_SETTING]
        log.warning("%s%s is no longer used. Remove it.", place, spell(IGNORED_SETTING))
    for former, name in DEPRECATED_SETTINGS.items():
        if former not in values:
            continue
        if name in values:
            raise SettingsError(
                f"{place}{spell(former)} and {spell(name)} are two names of one setting. "
                f"Remove {spell(former)}.",
                setting=former,
                code="set-twice",
            )
        current[name] = current.pop(former)
        log.warning("%s%s is deprecated. Use %s.", place, spell(former), spell(name))
    return current


def _variable(name: str) -> str:
    """Return the environment variable of a setting."""
    return f"{PREFIX}{name.upper()}"


def get_home() -> Path:
    """Return KB_HOME as an absolute path."""
    path = os.environ.get("KB_HOME", "")
    return (Path(path) if path else Path.home() / ".clinical-kb").expanduser().resolve()


def load_settings() -> Settings:
    """Load the settings of KB_HOME.

    Raises `SettingsError` for an invalid setting or file, and `HomeError` if KB_HOME is not a
    folder.
    """
    home = get_home()
    if home.exists() and not home.is_dir():
        raise HomeError(home, "is not a folder", "Set KB_HOME to a folder.")
    path = home / SETTINGS_FILE
    try:
        settings = Settings(home=home)
    except ValidationError as error:
        raise _invalid_setting_error(path, error.errors()[0]) from error
    except tomllib.TOMLDecodeError as error:
        raise _unreadable_error(path, str(error)) from error
    except UnicodeDecodeError as error:
        raise _unreadable_error(path, "it is not UTF-8 text") from error
    except OSError as error:
        raise _unreadable_error(path, str(error.strerror)) from error
    _reject_unknown_variables()
    return settings


def _reject_unknown_variables() -> None:
    known = {*Settings.model_fields, *DEPRECATED_SETTINGS, IGNORED_SETTING}
    for variable in map(str.upper, os.environ):
        name = variable.removeprefix(PREFIX).lower()
        if variable.startswith(PREFIX) and name not in known:
            raise SettingsError(
                f"Unknown setting {variable}{_suggest_name(name, _variable)}.", setting=name
            )


def _unreadable_error(path: Path, reason: str) -> SettingsError:
    return SettingsError(f"{path} cannot be read: {reason}.", code="unreadable")


def _invalid_setting_error(path: Path, error: ErrorDetails) -> SettingsError:
    """Return the error for an invalid setting, with its location and the expected value.

    The setting has the name that the operator used, which may be the former one.
    """
    setting, *keys = (str(part) for part in error["loc"] if part != "[key]")
    if error["type"] == "extra_forbidden":
        suggestion = _suggest_name(setting, str)
        return SettingsError(f"{path}: unknown setting {setting}{suggestion}.", setting=setting)
    names = [setting, *(old for old, new in DEPRECATED_SETTINGS.items() if new == setting)]
    variables = {variable.upper() for variable in os.environ}
    used = next((name for name in names if _variable(name) in variables), "")
    if used:
        location = _variable(used)
    else:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
        used = next(name for name in names if name in content)
        location = f"{path}: {'.'.join((used, *keys))}"
    expected = EXPECTED_VALUES.get(error["type"], "has an invalid value")
    return SettingsError(f"{location} {expected.format(**error.get('ctx', {}))}.", setting=used)


def _suggest_name(name: str, spell: Callable[[str], str]) -> str:
    """Return the question whether the setting with the most similar name was meant, or ""."""
    for nearest in get_close_matches(name, [*Settings.model_fields, *DEPRECATED_SETTINGS], n=1):
        return f"; did you mean {spell(DEPRECATED_SETTINGS.get(nearest, nearest))}?"
    return ""
