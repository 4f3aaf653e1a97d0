"""Settings: file, environment variables, error messages and the documentation page."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from kb.errors import HomeError, SettingsError
from kb.model.permissions import Role
from kb.model.reader_limits import ReaderLimits
from kb.settings import DEPRECATED_SETTINGS, Settings, get_home, load_settings
from tests.raises import raises

PAGE = Path(__file__).parents[2] / "docs" / "settings.md"
NAMES = [name for name in Settings.model_fields if name != "home"]
# Former name, current name, a value that is not the default in kb.toml and in a variable, and the
# setting's value.
RENAMED: list[tuple[str, str, str, str, Any]] = [
    (
        "directory_roles",
        "group_roles",
        "{ Authors = 'author' }",
        '{"Authors": "author"}',
        {"Authors": Role.AUTHOR},
    ),
    ("fetch_private", "fetch_private_networks", "true", "1", True),
    ("four_eyes", "require_independent_approval", "false", "0", False),
    (
        "frame_hosts",
        "frame_ancestors",
        "['https://a.example']",
        "https://a.example",
        ("https://a.example",),
    ),
    ("proxies", "proxy_count", "2", "2", 2),
    ("read_needs_account", "require_sign_in", "true", "yes", True),
    ("review_mail", "review_fallback_email", "'a@b.example'", "a@b.example", "a@b.example"),
    ("session_hours", "session_lifetime_hours", "8", "8", 8),
    ("sync_seconds", "index_sync_seconds", "2.5", "2.5", 2.5),
]
by_name = pytest.mark.parametrize(
    ("former", "name", "in_file", "in_variable", "value"), RENAMED, ids=[row[0] for row in RENAMED]
)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "base"
    folder.mkdir()
    monkeypatch.setenv("KB_HOME", str(folder))
    return folder


def test_defaults_are_in_the_home_folder(home: Path) -> None:
    settings = load_settings()

    assert settings.home == home
    assert settings.database_url == f"sqlite:///{home / 'kb.sqlite'}"
    assert settings.engine_url == f"whoosh:{home / 'index'}"


def test_the_file_is_read_and_a_variable_overrides_it(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (home / "kb.toml").write_text('title = "Ward 7"\nsync_seconds = 5\n')
    monkeypatch.setenv("KB_TITLE", "Ward 8")

    settings = load_settings()

    assert (settings.title, settings.index_sync_seconds) == ("Ward 8", 5.0)


def test_limits_of_the_readers_are_read_from_the_file_and_from_variables(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert load_settings().reader_limits == ReaderLimits(
        article_max_characters=800_000, pdf_max_pages=500
    )
    (home / "kb.toml").write_text("article_max_characters = 900_000\n")
    monkeypatch.setenv("KB_PDF_MAX_PAGES", "900")
    assert load_settings().reader_limits == ReaderLimits(
        article_max_characters=900_000, pdf_max_pages=900
    )


def test_configured_urls_are_used(home: Path) -> None:
    database = "postgresql+psycopg://kb@db/kb"
    (home / "kb.toml").write_text(f'database = "{database}"\nengine = "whoosh:/srv/index"\n')

    settings = load_settings()

    assert (settings.database_url, settings.engine_url) == (database, "whoosh:/srv/index")


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("colour = 'red'", "colour"),
        ("index_sync_seconds = 0", "index_sync_seconds"),
        ("index_sync_seconds = 61", "index_sync_seconds"),
        ("index_sync_seconds = 'often'", "index_sync_seconds"),
        ("title = 3", "title"),
        ("article_max_characters = 0", "article_max_characters"),
        ("pdf_max_pages = 2.5", "pdf_max_pages"),
        ("database = 'mysql://db/kb'", "database"),
        ("sync_seconds = 0", "sync_seconds"),
        ("directory_roles = { ward = 'chief' }", "directory_roles"),
        ("allowed_origins = 3", "allowed_origins"),
        ("allowed_origins = ['https://portal.example', '*']", "allowed_origins"),
    ],
)
def test_file_error_names_the_setting_and_the_file(home: Path, line: str, name: str) -> None:
    (home / "kb.toml").write_text(line)

    with pytest.raises(SettingsError) as raised:
        load_settings()

    assert raised.value.setting.split(".")[0] == name
    assert str(home / "kb.toml") in str(raised.value)
    assert name in str(raised.value)
    assert "KB_" not in str(raised.value)


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("KB_INDEX_SYNC_SECONDS", "often"),
        ("KB_SMTP_PORT", "1.5"),
        ("KB_ARTICLE_MAX_CHARACTERS", "many"),
        ("KB_PDF_MAX_PAGES", "-1"),
        ("KB_REQUIRE_INDEPENDENT_APPROVAL", "perhaps"),
        ("KB_FOUR_EYES", "perhaps"),
        ("KB_GROUP_ROLES", "author"),
        ("KB_GROUP_ROLES", '{"ward": "chief"}'),
        ("KB_DIRECTORY_ROLES", '{"ward": "chief"}'),
    ],
)
def test_variable_error_names_the_variable(
    home: Path, monkeypatch: pytest.MonkeyPatch, variable: str, value: str
) -> None:
    monkeypatch.setenv(variable, value)

    with pytest.raises(SettingsError) as raised:
        load_settings()

    assert raised.value.setting.split(".")[0] == variable.removeprefix("KB_").lower()
    assert variable in str(raised.value)
    assert "kb.toml" not in str(raised.value)


def test_every_former_name_is_tested() -> None:
    assert {former: name for former, name, *_ in RENAMED} == DEPRECATED_SETTINGS


@by_name
def test_former_name_in_file_is_accepted_with_one_warning(
    home: Path,
    caplog: pytest.LogCaptureFixture,
    former: str,
    name: str,
    in_file: str,
    in_variable: str,
    value: Any,
) -> None:
    (home / "kb.toml").write_text(f"{former} = {in_file}")

    settings = load_settings()

    assert getattr(settings, name) == value != Settings.model_fields[name].default
    assert not hasattr(settings, former)
    (record,) = caplog.records
    assert record.levelname == "WARNING"
    assert record.args == (f"{home / 'kb.toml'}: ", former, name)


@by_name
def test_former_name_in_environment_is_accepted_with_one_warning(
    home: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    former: str,
    name: str,
    in_file: str,
    in_variable: str,
    value: Any,
) -> None:
    monkeypatch.setenv(f"KB_{former.upper()}", in_variable)

    assert getattr(load_settings(), name) == value
    (record,) = caplog.records
    assert record.levelname == "WARNING"
    assert record.args == ("", f"KB_{former.upper()}", f"KB_{name.upper()}")


@by_name
def test_current_name_is_accepted_without_a_warning(
    home: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    former: str,
    name: str,
    in_file: str,
    in_variable: str,
    value: Any,
) -> None:
    (home / "kb.toml").write_text(f"{name} = {in_file}")
    assert getattr(load_settings(), name) == value

    (home / "kb.toml").unlink()
    monkeypatch.setenv(f"KB_{name.upper()}", in_variable)
    assert getattr(load_settings(), name) == value
    assert not caplog.records


def test_former_and_current_name_in_file_are_both_named(home: Path) -> None:
    (home / "kb.toml").write_text("proxies = 1\nproxy_count = 1")

    with raises(SettingsError, "set-twice") as raised:
        load_settings()
    assert raised.value.setting == "proxies"
    for part in (str(home / "kb.toml"), "proxies", "proxy_count"):
        assert part in str(raised.value)


def test_former_and_current_name_in_environment_are_both_named(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("kb_proxies", "1")
    monkeypatch.setenv("KB_PROXY_COUNT", "1")

    with raises(SettingsError, "set-twice") as raised:
        load_settings()
    assert raised.value.setting == "proxies"
    for part in ("KB_PROXIES", "KB_PROXY_COUNT"):
        assert part in str(raised.value)


@pytest.mark.parametrize(
    ("variable", "line"), [("KB_PROXIES", "proxy_count = 2"), ("KB_PROXY_COUNT", "proxies = 2")]
)
def test_variable_overrides_the_file_by_either_name(
    home: Path, monkeypatch: pytest.MonkeyPatch, variable: str, line: str
) -> None:
    (home / "kb.toml").write_text(line)
    monkeypatch.setenv(variable, "1")

    assert load_settings().proxy_count == 1


@pytest.mark.parametrize("value", ["{}", "{ reviewer = ['read'] }"])
def test_role_rights_in_file_is_rejected(home: Path, value: str) -> None:
    (home / "kb.toml").write_text(f"role_rights = {value}")

    with raises(SettingsError, "removed") as raised:
        load_settings()
    assert raised.value.setting == "role_rights"
    for part in (f"{home / 'kb.toml'}: role_rights", "`kb user roles"):
        assert part in str(raised.value)


@pytest.mark.parametrize("value", ["", "{}", '{"reviewer": ["read"]}'])
def test_role_rights_in_environment_is_rejected(
    home: Path, monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    monkeypatch.setenv("KB_ROLE_RIGHTS", value)

    with raises(SettingsError, "removed") as raised:
        load_settings()
    assert raised.value.setting == "role_rights"
    for part in ("KB_ROLE_RIGHTS", "`kb user roles"):
        assert part in str(raised.value)


def test_oidc_name_is_ignored_with_a_warning(
    home: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    (home / "kb.toml").write_text("oidc_name = 'Ward 7'")
    monkeypatch.setenv("KB_OIDC_NAME", "Ward 8")

    load_settings()

    assert [record.levelname for record in caplog.records] == ["WARNING", "WARNING"]
    assert [record.args for record in caplog.records] == [
        ("", "KB_OIDC_NAME"),
        (f"{home / 'kb.toml'}: ", "oidc_name"),
    ]


def test_misspelt_setting_in_file_suggests_nearest_name(home: Path) -> None:
    (home / "kb.toml").write_text("titel = 'Ward 7'")

    with pytest.raises(SettingsError, match=r"kb\.toml.*\btitel\b.*\btitle\b"):
        load_settings()


def test_misspelt_variable_suggests_nearest_name(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KB_READ_NEED_ACCOUNT", "1")

    with pytest.raises(SettingsError, match=r"KB_READ_NEED_ACCOUNT.*KB_REQUIRE_SIGN_IN"):
        load_settings()


@pytest.mark.parametrize(
    ("wrong", "meant"),
    [("proxy_cuont", "proxy_count"), ("four_eye", DEPRECATED_SETTINGS["four_eyes"])],
)
def test_misspelt_name_suggests_the_current_name(
    home: Path, monkeypatch: pytest.MonkeyPatch, wrong: str, meant: str
) -> None:
    (home / "kb.toml").write_text(f"{wrong} = 1")
    with pytest.raises(SettingsError, match=rf"\b{wrong}\b.*\b{meant}\b"):
        load_settings()

    (home / "kb.toml").unlink()
    monkeypatch.setenv(f"KB_{wrong.upper()}", "1")
    with pytest.raises(SettingsError, match=f"KB_{wrong.upper()}.*KB_{meant.upper()}"):
        load_settings()


def test_variable_in_lower_case_is_a_setting(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("kb_title", "Ward 7")

    assert load_settings().title == "Ward 7"


def test_home_that_is_a_file_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "file"
    file.touch()
    monkeypatch.setenv("KB_HOME", str(file))

    with pytest.raises(HomeError) as raised:
        load_settings()

    assert raised.value.home == file


@pytest.mark.parametrize(
    "origin",
    [
        "*",
        "null",
        "portal.example",
        "https://*.example",
        "https://portal.example/",
        "https://portal.example/start",
        "https://Portal.example",
        "https://portal.example:443",
        "http://portal.example:80",
        "https://user@portal.example",
        "file://portal.example",
        "https://portal.example\n",
    ],
)
def test_invalid_origin_is_rejected_with_an_example(home: Path, origin: str) -> None:
    with pytest.raises(ValidationError, match=r"https://intranet\.hospital\.example"):
        Settings(home=home, allowed_origins=(origin,))


def test_origins_are_a_list_of_the_file_and_words_of_the_variable(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other = "https://portal.example", "http://[::1]:8080"
    (home / "kb.toml").write_text(f"allowed_origins = ['{one}', '{other}']")
    assert load_settings().allowed_origins == (one, other)

    monkeypatch.setenv("KB_ALLOWED_ORIGINS", f"{other}, {one}")
    assert load_settings().allowed_origins == (other, one)

    monkeypatch.setenv("KB_ALLOWED_ORIGINS", "")
    assert load_settings().allowed_origins == ()


@pytest.mark.parametrize("content", [b"title = ", b"\xff\xfe"])
def test_a_file_that_cannot_be_read_is_named(home: Path, content: bytes) -> None:
    (home / "kb.toml").write_bytes(content)

    with raises(SettingsError, "unreadable") as raised:
        load_settings()
    assert str(home / "kb.toml") in str(raised.value)


def test_the_home_is_absolute_and_in_the_user_folder_by_default(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("KB_HOME")
    assert get_home() == tmp_path / ".clinical-kb"

    monkeypatch.setenv("KB_HOME", "~/ward")
    assert get_home() == tmp_path / "ward"

    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("KB_HOME", "here")
    assert get_home() == tmp_path / "here"


def test_settings_cannot_be_changed_while_the_program_runs(home: Path) -> None:
    with pytest.raises(ValidationError):
        load_settings().title = "Other"  # type: ignore[misc]


@pytest.mark.parametrize("name", NAMES)
def test_page_documents_every_setting_with_default_and_variable(name: str) -> None:
    sections = dict(re.findall(r"^## `(\w+)`\n(.*?)(?=^## |\Z)", PAGE.read_text(), re.M | re.S))
    field = Settings.model_fields[name]

    assert name in sections
    assert f"`KB_{name.upper()}`" in sections[name]
    assert re.search(r"^default\b", sections[name], re.M | re.I)
    assert str(field.default) in sections[name]
    assert field.description
    assert field.description in " ".join(sections[name].split())


@pytest.mark.parametrize(("former", "name"), DEPRECATED_SETTINGS.items())
def test_page_documents_every_former_name(former: str, name: str) -> None:
    assert f"| `{former}` | [`{name}`](#{name}) |" in PAGE.read_text()


def test_page_documents_no_unknown_setting() -> None:
    told = set(re.findall(r"^## `(\w+)`", PAGE.read_text(), re.M))

    assert told == {*NAMES, "KB_HOME"}
