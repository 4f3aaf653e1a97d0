"""Error classes: documented in the docstring's tree, with messages that suggest a fix."""

from __future__ import annotations

import inspect
import pickle
import re
from pathlib import Path

import pytest

from kb import errors
from kb.errors import KnowledgeBaseError

CLASSES = [
    found
    for _, found in inspect.getmembers(errors, inspect.isclass)
    if issubclass(found, KnowledgeBaseError)
]
# Constructor arguments of each class with a message of its own, and the command or file that the
# message names. Empty if the fix is an argument or needs no command.
MESSAGES: dict[type[KnowledgeBaseError], tuple[tuple[object, ...], str]] = {
    errors.KnowledgeBaseError: (("It failed. Repeat it.",), ""),
    errors.ExportError: (("kb.zip", "articles/gout.json", "is missing", "Export it again."), ""),
    errors.OfflinePackError: (("pack", "holds no pack", "Name another."), ""),
    errors.BackupError: (("kb.zip", "has changed", "Take another backup."), ""),
    errors.SettingsError: (("title: wrong.",), "docs/settings.md"),
    errors.HomeError: (("/srv/kb", "is not a folder", "Set KB_HOME to a folder."), ""),
    errors.TaxonomyError: (("taxonomy.toml", "tag 1 (a)", "'label' is missing. Add it."), ""),
    errors.RulesError: (("checks.toml", "rule 1", "'phrase' is missing. Add it."), ""),
    errors.JudgmentsError: (("judged.csv", "line 2: It is empty. Fill it in."), ""),
    errors.SynonymsError: (("synonyms.txt", 3, "has no “=”", "Write one."), ""),
    errors.RejectedError: (("sqlite:///kb.sqlite", "NOT NULL failed"), ""),
    errors.NoKnowledgeBaseError: (("/srv/kb",), "`kb init`"),
    errors.SchemaVersionError: (("0000", "0001"), "`kb init`"),
    errors.NotFoundError: (("article", "gout"), "`kb list`"),
    errors.EditConflictError: (("gout", 2, 3), ""),
    errors.MailError: (("mail:25", "away"), "smtp_host"),
    errors.OidcError: (("It is away.",), ""),
    errors.LoginThrottledError: ((7,), ""),
    errors.AuthenticationRequiredError: ((), ""),
    errors.EmbeddingModelError: ((Path("model.onnx"),), "Reinstall the package"),
    errors.IntentsError: (("a.toml", "intent a", "is defined twice. Remove one."), ""),
    errors.SourceError: (("a.pdf", "It is locked.", "Save it without a password."), ""),
    errors.SandboxError: (("it ended",), "-c 'import ingest.workers.sandbox'`"),
    errors.IndexMissingError: (("/srv/kb/index",), f"`{errors.REBUILD}`"),
    errors.IndexVersionError: (("old", "new"), f"`{errors.REBUILD}`"),
    errors.IndexCorruptError: (("a.seg has changed",), f"`{errors.REBUILD}`"),
    errors.IndexLockedError: ((), ""),
}
SENTENCE_ENDS = re.compile(r"[.?!](?=\s|$)")


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
def test_error_message_suggests_a_fix(
    kind: type[KnowledgeBaseError],
) -> None:
    writes_its_own = "__init__" in vars(kind)

    assert writes_its_own == (kind in MESSAGES)
    assert kind.__doc__
    if writes_its_own:
        arguments, way_out = MESSAGES[kind]
        message = str(kind(*arguments))
        assert way_out in message
        assert all(str(argument) in message for argument in arguments)
        assert len(SENTENCE_ENDS.findall(message)) >= 2  # what happened, what to do


@pytest.mark.parametrize("kind", MESSAGES, ids=lambda kind: kind.__name__)
def test_an_error_carries_its_code_and_its_message_does_not(
    kind: type[KnowledgeBaseError],
) -> None:
    arguments, _ = MESSAGES[kind]
    if "code" not in inspect.signature(kind).parameters:
        assert kind(*arguments).code == ""
        return
    found = kind(*arguments, code="slug")
    assert (found.code, str(found)) == ("slug", str(kind(*arguments)))


def test_an_error_about_a_source_crosses_from_a_child_process() -> None:
    sent = errors.SourceError("a.pdf", "It is locked.", "Save it.", "page 3", code="locked")

    came = pickle.loads(pickle.dumps(sent))

    assert type(came) is errors.SourceError
    assert str(came) == str(sent)
    assert vars(came) == vars(sent)
    parts = (came.source, came.problem, came.hint, came.location, came.code)
    assert parts == ("a.pdf", "It is locked.", "Save it.", "page 3", "locked")
    assert all(part in str(came) for part in parts[:4])
