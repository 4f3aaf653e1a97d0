import pytest
from hypothesis import given
from hypothesis import strategies as st

from kb.model.list_numbering import Numbering, find_list_start, format_number, next_label


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        (["1.", "2.", "3."], (Numbering.DECIMAL, 1)),
        (["3.", "4."], (Numbering.DECIMAL, 3)),
        (["3)", "4)"], None),
        (["3", "4"], None),
        (["(a)", "(b)"], None),
        (["a.", "b."], (Numbering.LOWER_ALPHA, 1)),
        (["i.", "ii."], (Numbering.LOWER_ROMAN, 1)),
        (["h.", "i.", "j."], (Numbering.LOWER_ALPHA, 8)),
        (["i.", "j."], (Numbering.LOWER_ALPHA, 9)),
        (["IV.", "V."], (Numbering.UPPER_ROMAN, 4)),
        (["z.", "aa."], (Numbering.LOWER_ALPHA, 26)),
        (["1.", "3."], None),
        (["1.", "2)"], None),
        (["", "2."], None),
        (["1.2.1"], None),
        ([], None),
    ],
)
def test_numbering_of_a_list(labels, expected):
    assert find_list_start(labels) == expected


@given(st.integers(1, 3999), st.sampled_from(list(Numbering)))
def test_a_label_is_followed_by_the_next_number(number, numbering):
    labels = [format_number(number + step, numbering) + "." for step in range(3)]
    if len(labels[0]) <= 12:
        start = find_list_start(labels)
        assert start is None or format_number(start.start, start.numbering) + "." == labels[0]


def test_next_label():
    assert [next_label(label) for label in ("3.", "b)", "(ix)", "Z.", "1.2.1", "")] == [
        "4.",
        "c)",
        "(x)",
        "AA.",
        "",
        "",
    ]
