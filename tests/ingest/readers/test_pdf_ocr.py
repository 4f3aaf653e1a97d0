"""OCR of scanned PDF pages, with a script in place of tesseract."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from ingest.chunking import chunk_article
from ingest.extra_time import request_handler
from ingest.fidelity.comparison import compare_with_source
from ingest.fidelity.markers import SourceText
from ingest.readers.common.result import ReaderResult
from ingest.readers.pdf import ocr, reader
from ingest.readers.pdf.reader import read_pdf
from ingest.workers.pool import map_ordered
from ingest.workers.sandbox import SandboxLimits
from kb.errors import SourceError, SourceProblem
from tests.ingest.documents.pdf import Page, pdf

FIRST = "Bleeding is more likely in the first month, and in people over 75 years of age."
LAST = "Measure the INR on the third day, and adjust the dose to the result of the test."
TEXT = "Give medi-\\ncines with\\nfood:\\n5 mg once\\n10 mg twice\\n\\nStop at 6 mmol/L.\\n\\f"


def read(*pages: Page) -> ReaderResult:
    return read_pdf(pdf(*pages), "/kb/scan.pdf")


@pytest.fixture
def tesseract(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a script that is found as tesseract, and saves nothing."""
    program = tmp_path / "tesseract"
    install(program, f"cat > /dev/null; printf '{TEXT}'")
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    return program


def read_text(path: str, _shared: None) -> str:
    return read_pdf(Path(path).read_bytes(), path).article.plain


def install(program: Path, command: str) -> None:
    program.write_text(f"#!/bin/sh\n{command}\n", "utf-8")
    program.chmod(0o755)


@pytest.fixture
def no_tesseract(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))


@pytest.mark.usefixtures("tesseract")
def test_scanned_page_is_read_between_its_neighbours() -> None:
    result = read(Page().text(50, 60, FIRST), Page().image(), Page().text(50, 60, LAST))
    blocks = [block for _, section in result.article.walk() for block in section.blocks]
    assert [(block.page, block.ocr, block.text) for block in blocks] == [
        (1, False, FIRST),
        (2, True, "Give medicines with food:\n5 mg once\n10 mg twice"),
        (2, True, "Stop at 6 mmol/L."),
        (3, False, LAST),
    ]
    assert [re.findall(r"\d+", warning) for warning in result.warnings] == [["2"]]
    assert "Stop at 6 mmol/L." in result.visible_text


@pytest.mark.usefixtures("tesseract")
def test_document_of_scanned_pages_is_read() -> None:
    result = read(Page().image(), Page().image())
    (warning,) = result.warnings
    assert re.findall(r"\d+", warning) == ["1", "2"]
    assert all(passage.ocr for passage in chunk_article(result.article))


@pytest.mark.usefixtures("tesseract")
def test_recognized_text_is_not_compared_with_the_text_layer() -> None:
    result = read(Page().text(50, 60, FIRST), Page().image())
    assert compare_with_source(result.article, SourceText(FIRST), []) == []


def test_program_receives_the_page_as_an_image(tesseract: Path) -> None:
    install(tesseract, 'echo "$@"; head -c 16; cat > /dev/null; echo; ulimit -t; ulimit -f')
    result = read(Page().image())
    text = result.article.plain
    assert "stdin stdout -l eng --dpi 300" in text
    assert re.search(r"P5 \d{4} \d{4} 255", text)
    assert text.splitlines()[-2:] == [str(ocr.PAGE_SECONDS), "0"]


@pytest.mark.usefixtures("tesseract")
def test_sandboxed_worker_runs_the_program(tmp_path: Path) -> None:
    source = tmp_path / "scan.pdf"
    source.write_bytes(pdf(Page().image()))
    (batch,) = map_ordered(read_text, [str(source)], None, jobs=1)
    ((_, text),) = batch
    assert "Stop at 6 mmol/L." in text


@pytest.mark.parametrize("command", ["exit 1", "cat > /dev/null", "cat > /dev/null; exec sleep 9"])
def test_page_that_is_not_recognized_is_reported(
    tesseract: Path, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    monkeypatch.setattr(ocr, "PAGE_SECONDS", 1)
    install(tesseract, command)
    result = read(Page().text(50, 60, FIRST), Page().image(), Page().text(50, 60, LAST))
    assert [re.findall(r"\d+", warning) for warning in result.warnings] == [["2"]]
    with pytest.raises(SourceError) as refusal:
        read(Page().image())
    assert (refusal.value.code, refusal.value.hint) == (SourceProblem.SCANNED, reader.OCR_FAILED)


@pytest.mark.usefixtures("no_tesseract")
def test_missing_program_is_reported() -> None:
    result = read(Page().text(50, 60, FIRST), Page().image(), Page().text(50, 60, LAST))
    assert [re.findall(r"\d+", warning) for warning in result.warnings] == [["2"]]
    with pytest.raises(SourceError) as refusal:
        read(Page().image())
    assert (refusal.value.code, refusal.value.hint) == (SourceProblem.SCANNED, reader.INSTALL_OCR)
    assert "apt install tesseract-ocr" in refusal.value.hint
    assert "brew install tesseract" in refusal.value.hint


@pytest.mark.usefixtures("tesseract")
def test_more_pages_than_the_limit_are_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "MAX_OCR_PAGES", 1)
    with pytest.raises(SourceError) as refusal:
        read(Page().image(), Page().image())
    assert refusal.value.code == SourceProblem.SCANNED


def test_scan_extends_the_time_limit_by_its_pages(tesseract: Path) -> None:
    requested: list[float] = []
    token = request_handler.set(requested.append)
    try:
        read(Page().text(50, 60, FIRST))
        read(Page().image(), Page().image())
        tesseract.unlink()
        with pytest.raises(SourceError):
            read(Page().image())
    finally:
        request_handler.reset(token)
    assert requested == [2 * ocr.EXTRA_SECONDS]
    assert SandboxLimits().max_extra_seconds >= ocr.MAX_OCR_PAGES * ocr.EXTRA_SECONDS
