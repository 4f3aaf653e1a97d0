"""Text recognition (OCR) of scanned PDF pages with the program tesseract, if it is installed.

Each page is rendered in this process and recognised by a separate process with limits. An image is
passed as a portable greymap, which needs no library, through a pipe: no file is written.
"""

from __future__ import annotations

import os
import re
import resource
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence

import pypdfium2 as pdfium  # type: ignore[import-untyped]

from ingest.extra_time import request_extra_time
from ingest.readers.pdf.lines import Dehyphenator
from kb.model.article import Block, BlockKind

PROGRAM = "tesseract"
MAX_OCR_PAGES = 30
EXTRA_SECONDS = 5  # per page, beyond the time limit of the document; a page takes 1 to 4 seconds
RESOLUTION = 300  # dots per inch; tesseract is trained for characters of about 30 pixels
MAX_PIXELS = 5_000  # longest side; A4 at 300 dpi has 3,508
POINTS_PER_INCH = 72
PAGE_SECONDS = 30  # of processor time, and of elapsed time
MEMORY_BYTES = 2**30
PARAGRAPH_BREAK = re.compile(r"\n\s*\n")


def find_program() -> str | None:
    """Return the path of tesseract, or None if it is not on PATH."""
    return shutil.which(PROGRAM)


def recognize_pages(document: pdfium.PdfDocument, numbers: Sequence[int]) -> dict[int, str]:
    """Return the text of pages by number, counted from 1, without those that yield no text.

    Extends the time limit of the document for each page.
    """
    program = find_program()
    if program is None or not numbers:
        return {}
    request_extra_time(EXTRA_SECONDS * len(numbers))
    texts = {number: _recognize(program, document[number - 1]) for number in numbers}
    return {number: text for number, text in texts.items() if text}


def build_blocks(texts: Mapping[int, str]) -> dict[int, list[Block]]:
    """Return a block for each recognised paragraph, by page number.

    A line break is kept unless the next line starts with a lower-case letter, so that the rows of a
    table and the items of a list are not joined.
    """
    lines = (line for text in texts.values() for line in text.splitlines())
    dehyphenator = Dehyphenator(lines)
    return {
        number: [
            Block(
                kind=BlockKind.PARAGRAPH,
                text=_join_lines(paragraph.splitlines(), dehyphenator),
                page=number,
                ocr=True,
            )
            for paragraph in PARAGRAPH_BREAK.split(text)
        ]
        for number, text in texts.items()
    }


def _join_lines(lines: Sequence[str], dehyphenator: Dehyphenator) -> str:
    joined = lines[0].strip()
    for line in filter(None, map(str.strip, lines[1:])):
        joined = dehyphenator.join(joined, line) if line[0].islower() else f"{joined}\n{line}"
    return joined


def _recognize(program: str, page: pdfium.PdfPage) -> str:
    """Return the text of a page, or an empty string if it was not recognised within the limits."""
    try:
        finished = subprocess.run(
            [program, "stdin", "stdout", "-l", "eng", "--dpi", str(RESOLUTION)],
            input=_render(page),
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=PAGE_SECONDS,
            check=True,
            # One thread: more need more processor time in total.
            env={"PATH": os.environ.get("PATH", os.defpath), "OMP_THREAD_LIMIT": "1"},
            preexec_fn=_limit_resources,
        )
    except subprocess.SubprocessError:  # reported with the number of the page
        return ""
    return finished.stdout.decode("utf-8", "replace").replace("\f", "\n").strip()


def _render(page: pdfium.PdfPage) -> bytes:
    """Return the page as a portable greymap (PGM)."""
    scale = min(RESOLUTION / POINTS_PER_INCH, MAX_PIXELS / max(page.get_size()))
    bitmap = page.render(scale=scale, grayscale=True)
    pixels = bitmap.to_numpy()
    height, width = pixels.shape[:2]
    image: bytes = b"P5 %d %d 255\n" % (width, height) + pixels.tobytes()
    bitmap.close()
    page.close()
    return image


def _limit_resources() -> None:
    """Limit the memory and processor time of this process, and forbid it to write files."""
    limits = {resource.RLIMIT_CPU: PAGE_SECONDS, resource.RLIMIT_FSIZE: 0, resource.RLIMIT_CORE: 0}
    if sys.platform == "linux":  # elsewhere the address space cannot be limited
        limits[resource.RLIMIT_AS] = MEMORY_BYTES
    for kind, most in limits.items():
        hard = resource.getrlimit(kind)[1]
        allowed = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(kind, (allowed, allowed))
