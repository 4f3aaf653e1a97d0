"""Array files: round trip, and rejection of damaged files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from index.postings.array_file import (
    BYTE_ORDER_MARK,
    HEADER,
    MAGIC,
    VERSION,
    checksum,
    read_arrays,
    write_arrays,
)
from kb.errors import IndexCorruptError
from tests.raises import raises

ARRAYS = {
    "numbers": np.arange(1_000, dtype=np.uint32),
    "bytes": np.arange(12, dtype=np.uint8).reshape(3, 4),
    "none": np.zeros((0, 5), np.float64),
}


def test_arrays_round_trip(tmp_path: Path) -> None:
    path = tmp_path / "a.seg"
    seal = write_arrays(path, ARRAYS)

    found = read_arrays(path)

    assert checksum(path) == seal
    assert list(found) == list(ARRAYS)
    for name, array in ARRAYS.items():
        assert found[name].dtype == array.dtype
        assert np.array_equal(found[name], array)
        assert not found[name].flags.writeable


def test_existing_file_is_not_overwritten(tmp_path: Path) -> None:
    write_arrays(tmp_path / "a.seg", ARRAYS)
    with pytest.raises(FileExistsError):
        write_arrays(tmp_path / "a.seg", ARRAYS)


@pytest.mark.parametrize("at", [0, 9, 40, 700, -1], ids=str)
def test_changed_byte_fails_the_checksum(tmp_path: Path, at: int) -> None:
    path = tmp_path / "a.seg"
    write_arrays(path, ARRAYS)
    content = bytearray(path.read_bytes())
    content[at] ^= 1
    path.write_bytes(content)
    with raises(IndexCorruptError, "checksum"):
        checksum(path)


@pytest.mark.parametrize(
    ("head", "code"),
    [
        ((b"OTHERFMT", VERSION, BYTE_ORDER_MARK, 8), "format"),
        ((MAGIC, VERSION + 1, BYTE_ORDER_MARK, 8), "format"),
        ((MAGIC, VERSION, 0xFFFE, 8), "byte-order"),
        ((MAGIC, VERSION, BYTE_ORDER_MARK, 10_000), "format"),
    ],
)
def test_other_version_or_byte_order_is_rejected(
    tmp_path: Path, head: tuple[bytes, int, int, int], code: str
) -> None:
    path = tmp_path / "a.seg"
    path.write_bytes(HEADER.pack(*head) + b"{}" + bytes(100))
    with raises(IndexCorruptError, code):
        read_arrays(path)


def test_truncated_array_file_is_rejected(tmp_path: Path) -> None:
    path = tmp_path / "a.seg"
    path.write_bytes(b"KB")
    for reading in (read_arrays, checksum):
        with raises(IndexCorruptError, "truncated"):
            reading(path)
