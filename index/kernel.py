"""Loader of the C kernel, and the bindings of its word splitter.

The sources are in ``index/postings/c`` and are compiled when the package is installed
(``hatch_build.py``). ctypes calls the library, so building it needs no Python headers.
"""

from __future__ import annotations

import ctypes
import threading
from array import array
from pathlib import Path
from typing import Any

from kb.errors import InstallationError

LIBRARY = Path(__file__).parent / "postings" / "_kernel.so"
COUNT = ctypes.c_int64  # result of a function that counts; negative if memory ran out

OFFSET_MASK = (1 << 31) - 1  # the highest bit of a start marks an unsplit chunk

_ARGUMENT_TYPES = {
    "p": ctypes.c_void_p,
    "i": ctypes.c_int,
    "I": ctypes.c_uint32,
    "Q": ctypes.c_uint64,
    "d": ctypes.c_double,
}


def _load_library() -> ctypes.CDLL:
    try:
        return ctypes.CDLL(str(LIBRARY))
    except OSError as error:
        raise InstallationError(
            f"{LIBRARY.name} cannot be loaded ({error}). Compile it with `make install`, which"
            " needs a C compiler."
        ) from error


_LIBRARY = _load_library()


def bind(name: str, result: Any, arguments: str) -> Any:
    """Return a kernel function; `arguments` are type codes (keys of `_ARGUMENT_TYPES`)."""
    function = getattr(_LIBRARY, name)
    function.restype = result
    function.argtypes = [_ARGUMENT_TYPES[letter] for letter in arguments]
    return function


_words = bind("kb_words", COUNT, "pIppp")
_words_of_ascii = bind("kb_words_of_ascii", COUNT, "pIppp")
_all_words_of_ascii = bind("kb_all_words_of_ascii", COUNT, "pIp")


def find_word_spans(text: str, first: bytes, pairs: bytes) -> tuple[list[int], bool]:
    """Return the offsets of the candidate words of `text` as start, end, start, end, ...

    `first` has one byte for each ASCII character: 1 if a candidate may begin with it. `pairs` has
    one byte for each pair of letters: bit 1 if a candidate may begin with the pair, bit 2 if a word
    with this pair as its second and third letter may be spelled with another second letter. The
    second result is True if a chunk of text between two spaces can be split only by the rules of
    `index.analyzer`; such a chunk is returned whole, with a start above `OFFSET_MASK`.
    """
    buffer = _BUFFER.reserve(2 * len(text) + 2)
    if text.isascii():
        found = _words_of_ascii(text.encode(), len(text), first, pairs, buffer.address)
    else:
        characters = text.encode("utf-32-le", "surrogatepass")
        found = _words(characters, len(text), first, pairs, buffer.address)
    return buffer.spans[: found & ~1].tolist(), bool(found & 1)


def split_word_spans(text: str) -> tuple[list[int], bool]:
    """Return the offsets of all words of an ASCII text in the format of `find_word_spans`."""
    buffer = _BUFFER.reserve(2 * len(text) + 2)
    found = _all_words_of_ascii(text.encode("ascii"), len(text), buffer.address)
    return buffer.spans[: found & ~1].tolist(), bool(found & 1)


class _SpanBuffer(threading.local):
    """Output buffer of each thread, as large as its longest text required."""

    def __init__(self) -> None:
        self.spans, self.address = array("I"), 0

    def reserve(self, count: int) -> _SpanBuffer:
        """Grow the buffer to at least `count` numbers."""
        if count > len(self.spans):
            self.spans = array("I", bytes(4 * count))
            self.address = self.spans.buffer_info()[0]
        return self


_BUFFER = _SpanBuffer()
