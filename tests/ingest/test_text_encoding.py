import re

import pytest

from ingest.text_encoding import FALLBACK_ENCODING, TextNormalizer, decode
from kb.errors import SourceError, SourceProblem

PLAIN = "Give 5 µg – “slowly”."


def decoded(data):
    warnings = []
    return decode(data, "file", "", warnings), warnings


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
def test_unicode_is_decoded_without_warning(encoding):
    assert decoded(PLAIN.encode(encoding)) == (PLAIN, [])


def test_big_endian_with_byte_order_mark_is_decoded():
    assert decoded(("\ufeff" + PLAIN).encode("utf-16-be")) == (PLAIN, [])


def test_declared_encoding_is_used():
    page = '<meta http-equiv="Content-Type" content="text/html; charset=koi8-r"><p>Доза'
    assert decoded(page.encode("koi8-r")) == (page, [])


def test_latin_1_is_decoded_as_windows_1252():
    page = '<meta charset="iso-8859-1"><p>' + PLAIN
    assert decoded(page.encode("windows-1252")) == (page, [])


def test_windows_1252_fallback_is_reported():
    text, (warning,) = decoded(PLAIN.encode("windows-1252"))
    assert text == PLAIN
    assert FALLBACK_ENCODING in warning.casefold()


def test_unknown_declared_encoding_is_reported():
    text, warnings = decoded(b'<meta charset="x-none"><p>caf\xe9')
    assert text.endswith("café")
    assert "x-none" in warnings[0]


def test_invalid_byte_does_not_change_the_encoding():
    text, (warning,) = decoded(PLAIN.encode() + b"\nand \xff this")
    assert text == PLAIN + "\nand \ufffd this"
    assert re.search(r"\b2\b", warning)
    assert "\ufffd" in warning


def test_undecodable_bytes_raise_source_error():
    for data, encoding in ((b"\xff\xfe\x00", "utf-16-le"), (b"caf\xe9 \x81", FALLBACK_ENCODING)):
        with pytest.raises(SourceError) as refusal:
            decoded(data)
        assert refusal.value.code == SourceProblem.ENCODING
        assert encoding in refusal.value.problem
        assert "UTF-8" in refusal.value.hint


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("a\r\nb\rc\u2028d", "a\nb\nc\nd"),
        ("war\u200bfarin\ufeff", "warfarin"),
        ("\u202e5\u202c mg\0", "5 mg"),
        ("cafe\u0301", "café"),
        ("half\ud800", "half"),
        ("tab\tkept", "tab\tkept"),
    ],
)
def test_normalize_removes_invisible_characters(text, clean):
    assert TextNormalizer().normalize(text) == clean


def test_normalizer_counts_removed_characters():
    cleaner = TextNormalizer()
    cleaner.normalize("a\u200bb\u200b")
    assert cleaner.removed == {"\u200b": 2}
    (warning,) = cleaner.warnings()
    assert re.search(r"\b2\b", warning)
    assert "U+200B" in warning
    assert TextNormalizer().warnings() == []
