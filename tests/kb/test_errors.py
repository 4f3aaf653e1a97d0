"""Every error stands in the tree of the docstring, and its message says what to do."""

from __future__ import annotations

import inspect
import pickle
import re

import pytest

from kb import errors
from kb.errors import KnowledgeBaseError

CLASSES = [
    found
    for _, found in inspect.getmembers(errors, inspect.isclass)
    if issubclass(found, KnowledgeBaseError)
]
MESSAGES = {
    errors.ExportError: (
        ("kb.zip", "articles/gout.json", "is missing", "Export it again."),
        "Export it again.",
    ),
    errors.PackError: (("pack", "holds no pack", "Name another."), "Name another."),
    errors.BackupError: (("kb.zip", "has changed", "Take another backup."), "Take another backup."),
    errors.SettingsError: (("title: wrong.",), "docs/settings.md"),
    errors.TaxonomyError: (("taxonomy.toml", "tag 1 (a)", "'label' is missing."), "is missing"),
    errors.RulesError: (("checks.toml", "rule 1", "'phrase' is missing."), "is missing"),
    errors.JudgementsError: (("judged.csv", "line 2: It is empty. Fill it in."), "Fill it in"),
    errors.SynonymsError: (("synonyms.txt", 3, "has no “=”", "Write one."), "Write one"),
    errors.RefusedError: (("sqlite:///kb.sqlite", "NOT NULL failed"), "report this"),
    errors.NoKnowledgeBaseError: (("/srv/kb",), "Run `kb init`"),
    errors.SchemaVersionError: (("0000", "0001"), "Run `kb init`"),
    errors.NotFoundError: (("article", "gout"), "`kb list`"),
    errors.ConflictError: (("gout", 2, 3), "compare both"),
    errors.MailError: (("mail:25", "away"), "run the command again"),
    errors.DirectoryError: (("It is away.",), "Try again"),
    errors.WaitError: ((7,), "Wait 7 seconds"),
    errors.SignInNeededError: ((), "Sign in"),
    errors.SourceError: (("a.pdf", "It is locked.", "Save it without a password."), "Save it"),
    errors.SandboxError: (("it ended",), "Check the installation"),
    errors.IndexMissingError: (("/srv/kb/index",), "Run `kb index rebuild`"),
    errors.IndexStampError: (("old", "new"), "Run `kb index rebuild`"),
    errors.IndexDamagedError: (("a.seg has changed",), "Run `kb index rebuild`"),
    errors.IndexBusyError: ((), "Try again"),
}


def tree() -> dict[str, str]:
    """Return each class of the docstring's tree with the one above it."""
    above: list[tuple[int, str]] = []
    found = {}
    for line in (errors.__doc__ or "").splitlines():
        match = re.match(r"^    ([ │├└─]*)(\w+Error)\b", line)
        if not match:
            continue
        depth = len(match[1])
        above = [(at, name) for at, name in above if at < depth]
        found[match[2]] = above[-1][1] if above else "Exception"
        above.append((depth, match[2]))
    return found


def test_the_tree_of_the_docstring_is_the_tree_of_the_classes() -> None:
    assert tree() == {found.__name__: found.__base__.__name__ for found in CLASSES}


@pytest.mark.parametrize("kind", CLASSES, ids=lambda kind: kind.__name__)
def test_an_error_that_writes_its_own_message_says_what_to_do(
    kind: type[KnowledgeBaseError],
) -> None:
    writes_its_own = "__init__" in vars(kind)

    assert writes_its_own == (kind in MESSAGES)
    assert kind.__doc__
    if writes_its_own:
        arguments, mend = MESSAGES[kind]
        message = str(kind(*arguments))
        assert mend in message
        assert all(str(argument) in message for argument in arguments)


def test_an_error_about_a_source_crosses_from_a_child_process() -> None:
    sent = errors.SourceError("a.pdf", "It is locked.", "Save it.", "page 3")

    came = pickle.loads(pickle.dumps(sent))

    assert str(came) == str(sent) == "a.pdf, page 3: It is locked. Save it."
    assert (came.source, came.place, came.mend) == ("a.pdf", "page 3", "Save it.")
