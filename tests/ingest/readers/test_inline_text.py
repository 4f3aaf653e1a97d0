import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.readers.common.inline_text import (
    mark_note,
    mark_text,
    parse_inline,
    remove_noncharacters,
    strip_marks,
)
from ingest.text_encoding import TextNormalizer
from kb.model.article import Mark, MarkKind


def parse(text, *, keep_lines=False):
    return parse_inline(text, TextNormalizer().normalize, keep_lines=keep_lines)


def up(text):
    return mark_text(MarkKind.SUPERSCRIPT, text)


def down(text):
    return mark_text(MarkKind.SUBSCRIPT, text)


def linked(text):
    return mark_text(MarkKind.LINK, text, "https://example.org/" + "a" * 100)


def bold(text):
    return mark_text(MarkKind.STRONG, text)


@pytest.mark.parametrize(
    ("formatted", "plain"),
    [
        (f"4×10{up('9')}/L", "4×10^9/L"),
        (f"4 × {bold('10')}{up(bold('9'))}/L", "4 × 10^9/L"),
        (f"10{up('9/L')}", "10^9/L"),
        (f"10{up('-3')}", "10^-3"),
        (f"kg{up('−1')}", "kg^−1"),
        (f"250{up('1')} mg", "250 1 mg"),
        (f"250{linked(up('1'))} mg", "250 1 mg"),
        (f"10{linked(up('9'))}/L", "10^9/L"),
        (f"10{up('9')}{linked('2 notes')}", "10^9 2 notes"),
        (f"{bold('250')}{up('1')} mg", "250 1 mg"),
        (f"250{up('1,2')} mg", "250 1,2 mg"),
        (f"5 mg{up('1')} daily", "5 mg 1 daily"),
        (f"aspirin{up('3')} daily", "aspirin 3 daily"),
        (f"10{mark_note('9')} days", "10 9 days"),
        (f"{up('1')}Tablets only", "1 Tablets only"),
        (f"{up('1')}/{down('2')} tablet", "1/2 tablet"),
        (f"1{up('1')}/{down('2')} tablets", "1 1/2 tablets"),
        (f"1{up('1')}⁄{down('2')} tablets", "1 1⁄2 tablets"),
        (f"H{down('2')}O", "H2O"),
        (f"log{down('10')}5", "log10 5"),
        (f"Ca{up('2+')}", "Ca2+"),
        (f"HPO{down('4')}{up('2-')}", "HPO4 2-"),
        (f"{up('14')}C", "14C"),
        (f"1.73 m{up('2')} area", "1.73 m2 area"),
        (f"the 1{up('st')} day", "the 1st day"),
        (f"37{up('o')}C", "37°C"),
        (f"38 {up('0')}C", "38 °C"),
        (f"a{up('')}b", "ab"),
    ],
)
def test_raised_and_lowered_text_stays_separate(formatted, plain):
    assert parse(formatted)[0] == strip_marks(formatted) == plain


def test_marks_have_positions_in_the_plain_text():
    text, marks = parse(f" Give {bold(' 4 ')} × 10{up('9')}/L")
    assert text == "Give 4 × 10^9/L"
    assert marks == (Mark(MarkKind.STRONG, 5, 6), Mark(MarkKind.SUPERSCRIPT, 11, 13))


def test_adjacent_marks_of_one_kind_are_joined():
    assert parse(bold("Do not ") + bold("give")) == (
        "Do not give",
        (Mark(MarkKind.STRONG, 0, 11),),
    )


def test_lines_are_kept_or_joined():
    text = f"a \n {bold('b')}\n\n c"
    assert parse(text, keep_lines=True) == ("a\nb\nc", (Mark(MarkKind.STRONG, 2, 3),))
    assert parse(text)[0] == "a b c"


@pytest.mark.parametrize("href", ["https://x.example/a?b=1", "tel:999", "mailto:a@x.example"])
def test_a_link_keeps_its_address(href):
    assert parse(f"see {mark_text(MarkKind.LINK, 'this', href)}") == (
        "see this",
        (Mark(MarkKind.LINK, 4, 8, href),),
    )


@pytest.mark.parametrize("href", ["javascript:x()", "data:a", "/local", "#top", "", "vbscript:x"])
def test_an_unsafe_or_incomplete_link_is_text(href):
    assert parse(mark_text(MarkKind.LINK, "this", href)) == ("this", ())


TEXTS = st.text("ab01.,/^ -", max_size=6)


@given(st.lists(st.tuples(st.sampled_from([*MarkKind, None]), TEXTS), max_size=8))
def test_plain_text_and_positions_agree(parts):
    formatted = "".join(
        mark_text(kind, text, "https://x.example") if kind else text for kind, text in parts
    )
    text, marks = parse(formatted)
    assert text == " ".join(strip_marks(formatted).split())
    assert all(0 <= mark.start < mark.end <= len(text) for mark in marks)


def test_noncharacters_of_a_source_are_removed():
    assert remove_noncharacters("a\ufdd0b\ufdefc") == "abc"
