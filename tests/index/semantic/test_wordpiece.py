"""WordPiece tokens; the expected ids are line numbers of the vocabulary."""

from __future__ import annotations

import pytest

from index.semantic.wordpiece import encode

CLS, SEP, UNK = 101, 102, 100


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("", []),
        ("the", [1996]),
        ("Heart failure", [2540, 4945]),
        # hy ##po ##gly ##ca ##emia without accents and with British spelling
        ("hypoglycaemia", [1044, 22571, 8649, 2135, 3540, 17577]),
        ("naïve CAFÉ", [15743, 7668]),
        ("nai\u0308ve", [15743]),
        (
            "Paracetamol 500 mg, twice-daily (max 4 g/day)",
            [
                *(11498, 3401, 15464, 4747, 3156, 11460, 1010, 3807, 1011, 3679),
                *(1006, 4098, 1018, 1043, 1013, 2154, 1007),
            ],
        ),
        ("don't", [2123, 1005, 1056]),
        ("µg < 5%", [1085, 2290, 1026, 1019, 1003]),
        ("天天", [1811, 1811]),
        ("糖尿病", [UNK, UNK, UNK]),
        ("the\u200b\u00ad the\x00", [1996, 1996]),
        ("the\u00a0the\u2028the", [1996, 1996, 1996]),
        ("a" * 101, [UNK]),
    ],
)
def test_encode_returns_the_ids_of_the_vocabulary(text: str, ids: list[int]) -> None:
    assert encode(text, 192) == [CLS, *ids, SEP]


def test_encode_cuts_a_long_text() -> None:
    assert encode("the " * 500, 192) == [CLS, *[1996] * 190, SEP]
