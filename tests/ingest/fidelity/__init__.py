"""Documents on which readers have changed the meaning of a text, and what each must yield.

``NAME.expected.txt`` applies to each ``NAME.*``. Its lines are ``MUST: text`` and
``MUST NOT: text`` about the texts of the passages, ``EACH: text`` for every passage,
``WARNING: text`` for a warning of the draft, and ``WHY: reason``.
"""

from __future__ import annotations

from pathlib import Path

from ingest.processing import Draft, ProcessingContext, process
from ingest.readers.registry import split_documents
from ingest.sources import IngestTask, SourceFile
from ingest.tagging.tagger import Tagger
from kb.errors import SourceError
from kb.model.taxonomy import load_taxonomy

FOLDER = Path(__file__).parent
EXPECTED = ".expected.txt"
INPUTS = sorted(
    path
    for path in FOLDER.iterdir()
    if path.is_file() and path.suffix != ".py" and not path.name.endswith(EXPECTED)
)


def read_draft(path: Path) -> Draft:
    """Return the draft of the only document in a file."""
    (document,) = split_documents(path)
    if isinstance(document, SourceError):
        raise document
    context = ProcessingContext(Tagger(load_taxonomy()))
    return process(
        IngestTask(SourceFile(path=path, name=path.name, key=path.name), document), context
    )


def find_violations(path: Path) -> list[str]:
    """Return the expectations that a draft of the file does not meet."""
    draft = read_draft(path)
    texts = ["\n".join((*passage.heading_path, passage.text)) for passage in draft.passages]
    whole = "\n".join(texts)
    warnings = "\n".join(draft.warnings)
    violations = []
    lines = (FOLDER / (path.stem + EXPECTED)).read_text("utf-8").splitlines()
    for line in lines:
        kind, _, text = line.partition(": ")
        met = {
            "MUST": text in whole,
            "MUST NOT": text not in whole,
            "EACH": all(text in each for each in texts),
            "WARNING": text in warnings,
            "WHY": True,
        }[kind]
        if not met:
            violations.append(f"{line}\n{whole}\n{warnings}")
    return violations
