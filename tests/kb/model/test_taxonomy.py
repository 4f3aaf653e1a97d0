"""Taxonomy: the default file is valid, and errors in a custom file name the location."""

from __future__ import annotations

from pathlib import Path

import pytest

from kb.errors import WHOLE_FILE, TaxonomyError
from kb.model.taxonomy import DEFAULT_FILE, TagDefinition, Taxonomy, load_taxonomy
from tests.raises import raises

FAMILY = Taxonomy(
    [
        TagDefinition(key="safety", label="Safety"),
        TagDefinition(key="interactions", label="Interactions", parent="safety", glyph="⇄"),
        TagDefinition(key="food", label="With food", parent="interactions"),
    ]
)


def written(folder: Path, text: str) -> Path:
    path = folder / "taxonomy.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_default_taxonomy_has_the_three_main_tags() -> None:
    shipped = load_taxonomy()
    first_class = {tag.key for tag in shipped if tag.first_class}

    assert {"mechanism", "safety", "long-term-care"} <= first_class
    assert all(tag.label and tag.glyph for tag in shipped)
    assert len({tag.label for tag in shipped}) == len(list(shipped))


@pytest.mark.parametrize(
    ("text", "place", "code", "named"),
    [
        ("", WHOLE_FILE, "empty", "[[tag]]"),
        ("[[tags]]\nkey = 'a'\nlabel = 'A'", WHOLE_FILE, "empty", "[[tag]]"),
        ("[[tag", WHOLE_FILE, "unreadable", ""),
        ("[tag]\nkey = 'a'\nlabel = 'A'", WHOLE_FILE, "tag-form", "[[tag]]"),
        ("tag = 3", WHOLE_FILE, "tag-form", "[[tag]]"),
        ("tag = ['a']", "tag 1", "tag-form", "[[tag]]"),
        ("[[tag]]\nlabel = 'A'", "tag 1", "field-missing", "'key'"),
        ("[[tag]]\nkey = 'a'", "tag 1 (a)", "field-missing", "'label'"),
        ("[[tag]]\nkey = 'a'\nlabel = ''", "tag 1 (a)", "field-missing", "'label'"),
        (
            "[[tag]]\nkey = 'a'\nlabel = 'A'\ncolour = 'red'",
            "tag 1 (a)",
            "field-invalid",
            "'colour'",
        ),
        ("[[tag]]\nkey = 'a'\nlabel = 'A'\ncues = 'one'", "tag 1 (a)", "field-invalid", "'cues'"),
        ("[[tag]]\nkey = 'a'\nlabel = 'A'\ncues = [1]", "tag 1 (a)", "field-invalid", "'cues.0'"),
        ("[[tag]]\nkey = 7\nlabel = 'A'", "tag 1 (7)", "field-invalid", "'key'"),
        (
            "[[tag]]\nkey = 'a'\nlabel = 'A'\nfirst_class = 'often'",
            "tag 1 (a)",
            "field-invalid",
            "'first_class'",
        ),
        ("other_cues = 'one'\n[[tag]]\nkey = 'a'\nlabel = 'A'", "other_cues", "field-invalid", ""),
        (
            "other_headings = [1]\n[[tag]]\nkey = 'a'\nlabel = 'A'",
            "other_headings",
            "field-invalid",
            "",
        ),
        ("[[tag]]\nkey = 'a'\nlabel = 'A'\nparent = 'b'", "tag a", "parent-missing", "'b'"),
        ("[[tag]]\nkey = 'a'\nlabel = 'A'\nrelated = ['b']", "tag a", "related-missing", "'b'"),
        ("[[tag]]\nkey = 'a'\nlabel = 'A'\nparent = 'a'", "tag a", "cycle", ""),
        (
            "[[tag]]\nkey = 'a'\nlabel = 'A'\nparent = 'b'\n"
            "[[tag]]\nkey = 'b'\nlabel = 'B'\nparent = 'a'",
            "tag a",
            "cycle",
            "",
        ),
        (
            "[[tag]]\nkey = 'a'\nlabel = 'A'\n[[tag]]\nkey = 'a'\nlabel = 'B'",
            "tag a",
            "duplicate",
            "",
        ),
    ],
)
def test_error_names_the_file_and_the_tag(
    tmp_path: Path, text: str, place: str, code: str, named: str
) -> None:
    path = written(tmp_path, text)

    with raises(TaxonomyError, code) as raised:
        load_taxonomy(tmp_path)

    assert (raised.value.path, raised.value.location) == (str(path), place)
    assert named in str(raised.value)


def test_error_names_a_file_that_is_not_text(tmp_path: Path) -> None:
    (tmp_path / "taxonomy.toml").write_bytes(b"\xff\xfe\x00")

    with raises(TaxonomyError, "unreadable") as raised:
        load_taxonomy(tmp_path)
    assert raised.value.path == str(tmp_path / "taxonomy.toml")


def test_custom_file_replaces_the_default(tmp_path: Path) -> None:
    written(tmp_path, "[[tag]]\nkey = 'diet'\nlabel = 'Food and drink'\n")

    assert [tag.key for tag in load_taxonomy(tmp_path)] == ["diet"]


def test_phrases_of_other_subjects_are_optional(tmp_path: Path) -> None:
    path = written(tmp_path, "[[tag]]\nkey = 'diet'\nlabel = 'Food'\n")
    assert (load_taxonomy(tmp_path).other_headings, load_taxonomy(tmp_path).other_cues) == ((), ())
    path.write_text("other_headings = ['treatment*']\n" + path.read_text("utf-8"), "utf-8")
    assert load_taxonomy(tmp_path).other_headings == ("treatment*",)


def test_help_in_an_emergency_is_not_part_of_long_term_care() -> None:
    assert load_taxonomy().with_ancestors(["when-to-seek-help"]) == ("when-to-seek-help",)


def test_default_is_used_without_a_custom_file(tmp_path: Path) -> None:
    assert load_taxonomy(tmp_path).digest == load_taxonomy().digest
    assert load_taxonomy(tmp_path / "nowhere").digest == load_taxonomy().digest
    assert DEFAULT_FILE.exists()


@pytest.mark.parametrize(
    ("keys", "found"),
    [
        ((), ()),
        (("safety",), ("safety",)),
        (("food",), ("food", "interactions", "safety")),
        (("safety", "food"), ("safety", "food", "interactions")),
        (("interactions", "food", "food"), ("interactions", "safety", "food")),
        (("left-the-file",), ("left-the-file",)),
    ],
)
def test_tag_is_returned_with_its_ancestors(keys: tuple[str, ...], found: tuple[str, ...]) -> None:
    assert FAMILY.with_ancestors(keys) == found


def test_unknown_tag_is_labelled_by_its_key() -> None:
    assert (FAMILY.label("interactions"), FAMILY.glyph("interactions")) == ("Interactions", "⇄")
    assert (FAMILY.label("gone"), FAMILY.glyph("gone")) == ("gone", "")
    assert "gone" not in FAMILY
    assert FAMILY["food"].parent == "interactions"


def test_the_digest_changes_with_what_is_indexed_and_with_nothing_else() -> None:
    def digest(**changed: str) -> str:
        values = {"key": "a", "label": "A", "parent": "b"} | changed
        return Taxonomy([TagDefinition(**values), TagDefinition(key="b", label="B")]).digest

    assert digest() == digest(glyph="x")
    assert len({digest(), digest(key="c"), digest(parent=""), digest(label="Other")}) == 4
    assert Taxonomy(reversed(list(FAMILY))).digest == FAMILY.digest
