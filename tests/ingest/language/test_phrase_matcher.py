import random

import pytest

from ingest.language.phrase_matcher import PhraseMatcher, tokenize
from kb.model.taxonomy import load_taxonomy

FOUND = [
    ("side effect*", "Side effects are rare.", "side effects"),
    ("side effect*", "SIDE-EFFECT", "side effect"),
    ("side effect", "side effects", None),
    ("risk", "asterisk risky", None),
    ("follow up", "Regular follow-up visits", "follow up"),
    ("follow-up", "to follow up", "follow up"),
    ("works by", "It works. By then", None),
    ("how * work", "How do vaccines work?", "how do vaccines work"),
    ("how * works", "How the new joint works", "how the new joint works"),
    ("how * works", "How works", None),
    ("how * works", "How one of the new joints works", None),
    ("how * prevent*", "How to prevent falls", None),
    ("how * prevent*", "How you can prevent falls", None),
    ("how * prevent*", "How statins prevent strokes", "how statins prevent"),
    ("go to a&e", "Go to A&E now", "go to a&e"),
    ("don't", "Don’t stop", "don't"),
    ("call 999", "call 999 or 111", "call 999"),
    ("contraindicat*", "is contraindicated in", "contraindicated"),
    ("safe use", "", None),
    ("^keep", "Keep it dry", "keep"),
    ("^keep", "First, keep it dry", "keep"),
    ("^keep", "You may keep it", None),
]


@pytest.mark.parametrize(("phrase", "text", "expected"), FOUND)
def test_phrase_matches(phrase, text, expected):
    found = next(iter(PhraseMatcher([("tag", phrase)]).find(text)), None)
    assert (found.words if found else None) == expected


def test_matches_are_in_reading_order():
    book = PhraseMatcher([("a", "pain"), ("b", "pain relief"), ("a", "relief*")])
    found = [(each.tag, each.words, each.start) for each in book.find("No pain relief")]
    assert found == [("a", "pain", 1), ("b", "pain relief", 1), ("a", "relief", 2)]


def test_phrases_match_together_as_they_match_alone():
    phrases = [
        phrase for tag in load_taxonomy() for phrase in (*tag.headings, "how * relief*", "*")
    ]
    chance = random.Random(1)
    words = sorted({word.rstrip("*") for phrase in phrases for word in tokenize(phrase)})
    texts = [" ".join(chance.choices([*words, "."], k=30)) for _ in range(20)]
    texts += [chance.choice(phrases).replace("*", "the").replace("^", ". ") for _ in range(200)]
    together = PhraseMatcher([("", phrase) for phrase in phrases])
    alone = [PhraseMatcher([("", phrase)]) for phrase in phrases]
    for text in texts:
        expected = [found for matcher in alone for found in matcher.find(text)]
        assert sorted(together.find(text)) == sorted(expected)
