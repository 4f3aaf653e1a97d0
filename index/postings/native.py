"""ctypes bindings of the posting-list functions of the C kernel; no search logic here.

Every array belongs to the caller, including those that a function fills: they must be C-contiguous
and large enough. The bindings of the word splitter are in `index.kernel`.
"""

from __future__ import annotations

import ctypes
import struct

import numpy as np

from index.kernel import COUNT, bind
from index.postings.array_file import Array

BLOCK, SKIP, STRIP, TABLED, PADDING = 128, 12, 64, 16, 8  # as in kernel.h

# Layouts of the structs in kernel.h. LIST packs one `List` and LISTS an array of them; the fields
# are term, count, factor, most, row, docs and scores. CHOICE packs a `Choice` (live, allowed,
# factors, room) and SPACE a `Space` (docs, scores, bounds, maxima).
LIST = struct.Struct("=IIddQQQ")
LISTS = np.dtype(
    [("term", "u4"), ("count", "u4"), ("factor", "f8"), ("most", "f8")]
    + [(name, "u8") for name in ("row", "docs", "scores")]
)
CHOICE = struct.Struct("=QQQI4x")
SPACE = struct.Struct("=QQQQ")


class NativeSegment(ctypes.Structure):
    """Postings of a segment, as declared in kernel.h."""

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
    """Saturation table of one commit, as declared in kernel.h."""

    _fields_ = (("most", ctypes.c_double), ("norms", ctypes.c_void_p), ("table", ctypes.c_void_p))


class NativeLabels(ctypes.Structure):
    """Label sets of tags or topics, as declared in counting.c."""

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
    """Columns for facet counting, as declared in counting.c."""

    _fields_ = (("article_of", ctypes.c_void_p), ("tags", NativeLabels), ("topics", NativeLabels))


def address(array: Array) -> int:
    """Return the memory address of a contiguous array's data."""
    found: int = array.__array_interface__["data"][0]
    return found


_pack = bind("kb_pack", None, "pppipIpppppp")
_unpack_terms = bind("kb_unpack_terms", None, "pIIpp")
_unpack_places = bind("kb_unpack_places", ctypes.c_uint64, "pIIpip")
first_not_below = bind("kb_first_not_below", COUNT, "ppIpI")
unite = bind("kb_unite", COUNT, "pppIipp")
intersect = bind("kb_together", COUNT, "pppIpIippp")
best = bind("kb_best", COUNT, "pppIidpppp")
add_up = bind("kb_add_up", COUNT, "pppIidp")
best_listed = bind("kb_best_listed", COUNT, "ppIpIpp")
best_spread = bind("kb_best_spread", COUNT, "pppIpidpIppp")
scores = bind("kb_scores", COUNT, "pppIpIp")
listed = bind("kb_listed", ctypes.c_uint32, "piIp")
count = bind("kb_count", None, "ppIpppp")


def check_count(count: int) -> int:
    """Return a count from the kernel; raises `MemoryError` if it is negative."""
    if count < 0:
        raise MemoryError("not enough memory for a query")
    return count


def pack(
    docs: Array, frequencies: Array, positions: Array, doc_freqs: Array
) -> tuple[Array, Array, Array, Array]:
    """Pack the postings and positions of terms.

    `docs` and `frequencies` (uint32) are the concatenated postings of all terms, and `doc_freqs`
    (uint32) the number of postings of each term. `positions` has the format of
    `index.postings.builder.InvertedDocuments`. Returns the packed postings, the start of each
    term's postings, the packed positions, and the start of each term's positions.
    """
    blocks = int(((doc_freqs.astype(np.int64) + BLOCK - 1) // BLOCK).sum())
    postings = np.zeros(len(docs) * 8 + blocks * (SKIP + 4) + PADDING, np.uint8)
    packed_places = np.zeros(
        len(positions) * 4 + len(positions) // 2 + blocks * 8 + PADDING, np.uint8
    )
    at, positions_at = np.zeros(len(doc_freqs), np.uint32), np.zeros(len(doc_freqs), np.uint32)
    used = np.zeros(4, np.uint64)
    longest = int(docs.max(initial=0)) if not len(positions) else _max_positions(positions)
    space = np.zeros(BLOCK * longest, np.uint32)
    _pack(
        address(docs), address(frequencies), address(positions), positions.itemsize == 4,
        address(doc_freqs), len(doc_freqs), address(postings), address(at),
        address(packed_places), address(positions_at), address(used), address(space),
    )  # fmt: skip
    return postings[: int(used[0])], at, packed_places[: int(used[1])], positions_at


def _max_positions(positions: Array) -> int:
    """Return the largest number of positions in one posting."""
    mark = positions.dtype.type(1 << (8 * positions.itemsize - 1))
    ends = np.flatnonzero(positions >= mark)
    return int(np.diff(ends, prepend=-1).max(initial=1))


def unpack_terms(segment: int, first: int, last: int, postings: int) -> tuple[Array, Array]:
    """Return the passages and frequencies of terms with `postings` postings in total."""
    docs, frequencies = np.empty(postings, np.uint32), np.empty(postings, np.uint32)
    _unpack_terms(segment, first, last, address(docs), address(frequencies))
    return docs, frequencies


def unpack_places(segment: int, first: int, last: int, *, wide: bool) -> tuple[Array, Array]:
    """Return the positions of terms and their number per term.

    The last position of each posting has its highest bit set.
    """
    counts = np.empty(last - first, np.uint32)
    total = _unpack_places(segment, first, last, None, wide, address(counts))
    places = np.empty(total, np.uint32 if wide else np.uint16)
    _unpack_places(segment, first, last, address(places), wide, None)
    return places, counts
