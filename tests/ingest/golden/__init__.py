"""Golden files: inputs and the reader output for each, as reviewed JSON.

``python -m tests.ingest.golden`` rewrites the JSON of every input; review the diff before
committing it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from ingest.readers.registry import SourceDocument, read_document, split_documents
from kb.errors import SourceError
from kb.model.article import Block, Section

FOLDER = Path(__file__).parent
INPUTS = sorted(
    path for path in FOLDER.iterdir() if path.suffix in (".txt", ".md", ".html", ".jsonl")
)


def golden_path(path: Path) -> Path:
    return path.with_name(path.name.replace(".", "-") + ".json")


def render_results(path: Path) -> str:
    readings = [_render_result(piece, path) for piece in split_documents(path)]
    return json.dumps(readings, ensure_ascii=False, indent=1) + "\n"


def rewrite() -> Iterator[Path]:
    for path in INPUTS:
        golden = golden_path(path)
        text = render_results(path)
        if not golden.exists() or golden.read_text("utf-8") != text:
            golden.write_text(text, "utf-8")
            yield golden


def _render_result(piece: SourceDocument | SourceError, path: Path) -> dict[str, Any]:
    if isinstance(piece, SourceError):
        return {"error": str(piece)}
    try:
        document = read_document(replace(piece, path=path))
    except SourceError as error:
        return {"error": str(error).replace(str(path), path.name)}
    result = document.result
    metadata = result.article.metadata
    return {
        "type": document.media_type,
        "title": result.article.title,
        "metadata": {
            name: str(value) if not isinstance(value, tuple) else list(value)
            for name in metadata.__slots__
            if (value := getattr(metadata, name))
        },
        "sections": [_render_section(section) for section in result.article.sections],
        "dropped": [[piece.reason, piece.text] for piece in result.omitted],
        "warnings": list(result.warnings),
    }


def _render_section(section: Section) -> dict[str, Any]:
    tree: dict[str, Any] = {"heading": section.heading}
    tree["blocks"] = [_render_block(block) for block in section.blocks]
    if section.sections:
        tree["sections"] = [_render_section(below) for below in section.sections]
    return tree


def _render_block(block: Block) -> dict[str, Any]:
    if block.items:
        kind = "ordered list" if block.ordered else "list"
        return {kind: ["  " * item.depth + item.text for item in block.items]}
    if block.rows:
        return {
            f"table, {block.header_rows} header rows": [" | ".join(row) for row in block.row_texts]
        }
    return {block.kind.value: block.text}
