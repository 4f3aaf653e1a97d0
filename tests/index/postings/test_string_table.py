"""String table: lookup by value, by prefix, and of missing strings."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from index.postings.string_table import StringTable, pack_strings


def test_strings_are_found_by_value_and_prefix() -> None:
    words = [b"", b"gout", b"gouty", b"heart", "é".encode()]
    strings = StringTable(*pack_strings(words))

    assert strings.all() == words
    assert [strings.find(word) for word in words] == list(range(5))
    assert strings.find(b"goutier") is None
    assert list(strings.prefix_range(b"gout", 10)) == [1, 2]
    assert list(strings.prefix_range(b"gout", 1)) == [1]
    assert list(strings.prefix_range(b"x", 10)) == []


@given(st.sets(st.binary(max_size=4), max_size=30), st.binary(max_size=5))
def test_lower_bound_returns_first_not_less(words: set[bytes], wanted: bytes) -> None:
    strings = StringTable(*pack_strings(sorted(words)))

    assert strings.lower_bound(wanted) == sum(word < wanted for word in words)
