"""Long texts: the words that are searched."""

from __future__ import annotations

import pytest

from index.query.messages import MIN_MESSAGE_WORDS, is_message, parse_long_text
from index.query.parser import MAX_WORDS, WORDS_CUT
from index.query.synonyms import SynonymDictionary

VOCABULARY = SynonymDictionary()
CHAT = (
    "Hi doctor, I hope you are well. Sorry to bother you again, I was wondering if you could help "
    "me as we are rather worried at the moment. {} Thanks so much, kind regards"
)


def searched(text: str) -> str:
    query = parse_long_text(text, VOCABULARY)
    assert query is not None
    return str(query)


@pytest.mark.parametrize(
    ("topic", "words"),
    [
        ("", None),
        ("My mother is 72 and has been taking warfarin for 3 years.", "warfarin"),
        ("He has pain,no fever.Can he stop the tablet?", "pain fever stop tablet"),
        ("She takes 5 mg twice a day since Monday", "5 mg"),
        ("It is NOT swollen -red", "swollen red"),
        ("Is it pins and needles, or her heart failure?", "pins and needles heart failure"),
        ("What is the morning after pill for?", "morning after pill"),
        ("Her auto-injector:the x-ray,no-fever", "auto-injector x-ray no-fever"),
        ("Warfarin, her warfarin: it's warfarin!", "Warfarin warfarin"),
        ("Type 2 diabetes since 2019", "Type 2 diabetes"),
    ],
)
def test_small_talk_of_a_message_is_removed(topic: str, words: str | None) -> None:
    text = CHAT.format(topic)

    assert is_message(text)
    if words is not None:
        assert searched(text) == words


def test_small_talk_without_topic_is_searched_as_typed() -> None:
    assert searched(CHAT.format("")).startswith("Hi doctor I hope")


def test_words_are_cut_after_small_talk_is_removed() -> None:
    topics = [f"topic{number}x" for number in range(MAX_WORDS + 1)]

    fitting = parse_long_text(CHAT.format(" ".join(topics[1:])), VOCABULARY)
    cut = parse_long_text(CHAT.format(" ".join(topics)), VOCABULARY)

    assert fitting is not None
    assert (str(fitting), fitting.notes) == (" ".join(topics[1:]), ())
    assert cut is not None
    assert (str(cut), cut.notes) == (" ".join(topics[:-1]), (WORDS_CUT,))


def test_long_text_without_pronouns_keeps_its_words() -> None:
    text = "hospital doctor 72 of the and " * 4 + " ".join(f"w{number}" for number in range(20))

    assert not is_message(text)
    assert searched(text).startswith("hospital doctor 72 w0 w1")


@pytest.mark.parametrize(
    "text",
    [
        "my mother takes warfarin",
        " ".join(f"w{number}" for number in range(MIN_MESSAGE_WORDS)),
        " OR ".join(f"w{number}" for number in range(MAX_WORDS + 1)),
        "title:gout " + " ".join(f"w{number}" for number in range(MAX_WORDS + 1)),
    ],
)
def test_other_queries_are_not_long_texts(text: str) -> None:
    assert parse_long_text(text, VOCABULARY) is None
