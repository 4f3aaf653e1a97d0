"""Settings: file, environment variables, error messages and the documentation page."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from pydantic import ValidationError

from kb.errors import HomeError, SettingsError
from kb.settings import Settings, get_home, load_settings
from tests.raises import raises

PAGE = Path(__file__).parents[2] / "docs" / "settings.md"
NAMES = [name for name in Settings.model_fields if name != "home"]


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

    assert (settings.title, settings.sync_seconds) == ("Ward 8", 5.0)


def test_configured_urls_are_used(home: Path) -> None:
    database = "postgresql+psycopg://kb@db/kb"
    (home / "kb.toml").write_text(f'database = "{database}"\nengine = "whoosh:/srv/index"\n')

    settings = load_settings()

    assert (settings.database_url, settings.engine_url) == (database, "whoosh:/srv/index")


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("colour = 'red'", "colour"),
        ("sync_seconds = 0", "sync_seconds"),
        ("sync_seconds = 61", "sync_seconds"),
        ("sync_seconds = 'often'", "sync_seconds"),
        ("title = 3", "title"),
        ("database = 'mysql://db/kb'", "database"),
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
        ("KB_SYNC_SECONDS", "often"),
        ("KB_SMTP_PORT", "1.5"),
        ("KB_FOUR_EYES", "perhaps"),
        ("KB_ROLE_RIGHTS", "editor"),
        ("KB_ROLE_RIGHTS", '{"editr": []}'),
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


def test_misspelt_setting_in_file_suggests_nearest_name(home: Path) -> None:
    (home / "kb.toml").write_text("titel = 'Ward 7'")

    with pytest.raises(SettingsError, match=r"kb\.toml.*\btitel\b.*\btitle\b"):
        load_settings()


def test_misspelt_variable_suggests_nearest_name(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KB_READ_NEED_ACCOUNT", "1")

    with pytest.raises(SettingsError, match=r"KB_READ_NEED_ACCOUNT.*KB_READ_NEEDS_ACCOUNT"):
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


def test_page_documents_no_unknown_setting() -> None:
    told = set(re.findall(r"^## `(\w+)`", PAGE.read_text(), re.M))

    assert told == {*NAMES, "KB_HOME"}
