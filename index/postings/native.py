"""The loops over postings, in C: what they take and give, and nothing of what they are for.

The sources stand in ``index/postings/c`` and are compiled when the package is installed
(``hatch_build.py``). They are called through `ctypes`, so that no header of Python is needed. Every
array is the caller's: what a function fills is given to it, and is large enough.
"""

from __future__ import annotations

import ctypes
import struct
import threading
from pathlib import Path
from typing import Any

import numpy as np

from index.postings.array_file import Array
from kb.errors import InstallationError

LIBRARY = Path(__file__).with_name("_kernel.so")
BLOCK, SKIP, STRIP, TABLED, PADDING = 128, 12, 64, 16, 8  # as in kernel.h

PLACE = (1 << 31) - 1  # of a place in a text, without its mark

# What kernel.h declares. `List`, or several at once: term, count, factor, most, row, docs, scores.
# `Choice`: live, allowed, worth, room. `Space`: docs, scores, bounds, maxima.
LIST = struct.Struct("=IIddQQQ")
LISTS = np.dtype(
    [("term", "u4"), ("count", "u4"), ("factor", "f8"), ("most", "f8")]
    + [(name, "u8") for name in ("row", "docs", "scores")]
)
CHOICE = struct.Struct("=QQQI4x")
SPACE = struct.Struct("=QQQQ")


class NativeSegment(ctypes.Structure):
    """The postings of a segment; see kernel.h."""

    _fields_ = (
        ("passages", ctypes.c_uint32),
        ("texts", ctypes.c_uint32),
        ("starts", ctypes.c_void_p),
        ("at", ctypes.c_void_p),
        ("places_at", ctypes.c_void_p),
        ("postings", ctypes.c_void_p),
        ("places", ctypes.c_void_p),
        ("length_bytes", ctypes.c_void_p),
        ("lengths", ctypes.c_void_p),
        ("wide", ctypes.c_uint32),
    )


class NativeModel(ctypes.Structure):
    """The saturation of one commit; see kernel.h."""

    _fields_ = (("most", ctypes.c_double), ("norms", ctypes.c_void_p), ("table", ctypes.c_void_p))


class NativeLabels(ctypes.Structure):
    """The sets of tags or topics; see counting.c."""

    _fields_ = (
        ("of_passage", ctypes.c_void_p),
        ("starts", ctypes.c_void_p),
        ("members", ctypes.c_void_p),
        ("masks", ctypes.c_void_p),
        ("wide", ctypes.c_uint32),
        ("sets", ctypes.c_uint32),
        ("labels", ctypes.c_uint32),
    )


class NativeColumns(ctypes.Structure):
    """What counting needs to know of passages; see counting.c."""

    _fields_ = (("article_of", ctypes.c_void_p), ("tags", NativeLabels), ("topics", NativeLabels))


def address(array: Array) -> int:
    """Return where an array's numbers stand in memory; they must stand side by side."""
    found: int = array.__array_interface__["data"][0]
    return found


def _library() -> ctypes.CDLL:
    try:
        return ctypes.CDLL(str(LIBRARY))
    except OSError as error:
        raise InstallationError(
            f"{LIBRARY.name} cannot be loaded ({error}). It is compiled when the package is"
            " installed: run `make install`, which needs a C compiler."
        ) from error


def _function(name: str, result: Any, arguments: str) -> Any:
    """Return a function of the library; `arguments` has a letter for each: p, i, I, Q, d."""
    kinds = {
        "p": ctypes.c_void_p,
        "i": ctypes.c_int,
        "I": ctypes.c_uint32,
        "Q": ctypes.c_uint64,
        "d": ctypes.c_double,
    }
    found = getattr(_LIBRARY, name)
    found.restype, found.argtypes = result, [kinds[letter] for letter in arguments]
    return found


_LIBRARY = _library()
_COUNT = ctypes.c_int64  # of what was found; negative where there was no memory

_pack = _function("kb_pack", None, "pppipIpppppp")
_unpack_terms = _function("kb_unpack_terms", None, "pIIpp")
_unpack_places = _function("kb_unpack_places", ctypes.c_uint64, "pIIpip")
first_not_below = _function("kb_first_not_below", _COUNT, "ppIpI")
unite = _function("kb_unite", _COUNT, "pppIipp")
together = _function("kb_together", _COUNT, "pppIpIippp")
best = _function("kb_best", _COUNT, "pppIidpppp")
add_up = _function("kb_add_up", _COUNT, "pppIidp")
best_listed = _function("kb_best_listed", _COUNT, "ppIpIpp")
best_spread = _function("kb_best_spread", _COUNT, "pppIpidpIppp")
scores = _function("kb_scores", _COUNT, "pppIpIp")
listed = _function("kb_listed", ctypes.c_uint32, "piIp")
count = _function("kb_count", None, "ppIpppp")
_words = _function("kb_words", _COUNT, "pIppp")
_words_of_ascii = _function("kb_words_of_ascii", _COUNT, "pIppp")
_all_words_of_ascii = _function("kb_all_words_of_ascii", _COUNT, "pIp")


def counted(found: int) -> int:
    """Return a count that a function of the library gave; raises `MemoryError` for none."""
    if found < 0:
        raise MemoryError("no memory for a query")
    return found


def pack(
    docs: Array, frequencies: Array, places: Array, holders: Array
) -> tuple[Array, Array, Array, Array]:
    """Pack the postings and places of some terms.

    `docs` and `frequencies` (uint32) hold the postings of all terms end to end, `holders` (uint32)
    how many each has; `places` are as `index.postings.builder.InvertedDocuments` has them. Returns the
    packed postings, where each term's begin, the packed places, and where each term's begin.
    """
    blocks = int(((holders.astype(np.int64) + BLOCK - 1) // BLOCK).sum())
    postings = np.zeros(len(docs) * 8 + blocks * (SKIP + 4) + PADDING, np.uint8)
    packed_places = np.zeros(len(places) * 4 + len(places) // 2 + blocks * 8 + PADDING, np.uint8)
    at, places_at = np.zeros(len(holders), np.uint32), np.zeros(len(holders), np.uint32)
    used = np.zeros(4, np.uint64)
    longest = int(docs.max(initial=0)) if not len(places) else _most_places(places)
    space = np.zeros(BLOCK * longest, np.uint32)
    _pack(
        address(docs), address(frequencies), address(places), places.itemsize == 4,
        address(holders), len(holders), address(postings), address(at),
        address(packed_places), address(places_at), address(used), address(space),
    )  # fmt: skip
    return postings[: int(used[0])], at, packed_places[: int(used[1])], places_at


def _most_places(places: Array) -> int:
    """Return the most places that one posting has."""
    mark = places.dtype.type(1 << (8 * places.itemsize - 1))
    ends = np.flatnonzero(places >= mark)
    return int(np.diff(ends, prepend=-1).max(initial=1))


def unpack_terms(segment: int, first: int, last: int, postings: int) -> tuple[Array, Array]:
    """Return the passages and frequencies of terms, whose postings are so many."""
    docs, frequencies = np.empty(postings, np.uint32), np.empty(postings, np.uint32)
    _unpack_terms(segment, first, last, address(docs), address(frequencies))
    return docs, frequencies


def unpack_places(segment: int, first: int, last: int, *, wide: bool) -> tuple[Array, Array]:
    """Return the places of terms, the last one of a posting marked, and how many each term has."""
    counts = np.empty(last - first, np.uint32)
    total = _unpack_places(segment, first, last, None, wide, address(counts))
    places = np.empty(total, np.uint32 if wide else np.uint16)
    _unpack_places(segment, first, last, address(places), wide, None)
    return places, counts


def words_beginning(text: str, first: bytes, pairs: bytes) -> tuple[list[int], bool]:
    """Return where the words of `text` stand that may be among some: start, end, start, end...

    `first` has a byte for each character of ASCII, not 0 for the letters that one may begin with;
    `pairs` one for each two letters, with bit 1 for those that one may begin with, and bit 2 for
    those whose first letter, as the second of a word, may be read as another. The second result
    tells whether there are pieces between two spaces of which the rules of `index.analyzer` tell
    the words; the start of such a piece is above `PLACE`.
    """
    room = _ROOM.of(2 * len(text) + 2)
    if text.isascii():
        found = _words_of_ascii(text.encode(), len(text), first, pairs, room.at)
    else:
        characters = text.encode("utf-32-le", "surrogatepass")
        found = _words(characters, len(text), first, pairs, room.at)
    return room.spans[: found & ~1].tolist(), bool(found & 1)


def all_words(text: str) -> tuple[list[int], bool]:
    """Return where all words of a text of ASCII stand, as `words_beginning` does."""
    room = _ROOM.of(2 * len(text) + 2)
    found = _all_words_of_ascii(text.encode("ascii"), len(text), room.at)
    return room.spans[: found & ~1].tolist(), bool(found & 1)


class _Room(threading.local):
    """Where a thread's spans are found, as large as its longest text has needed."""

    def __init__(self) -> None:
        self.spans, self.at = np.empty(0, np.uint32), 0

    def of(self, count: int) -> _Room:
        if count > len(self.spans):
            self.spans = np.empty(count, np.uint32)
            self.at = address(self.spans)
        return self


_ROOM = _Room()
