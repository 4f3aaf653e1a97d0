import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.language.sentence_splitter import split_sentences

SENTENCES = [
    ["It hurts.", "It swells."],
    ["Ask Dr. Smith or Prof. Jones.", "They know."],
    ["Some drugs, e.g. Warfarin, i.e. Coumadin, interact.", "Ask."],
    ["Drug A vs. Placebo was tried.", "It worked."],
    ["Take 5 mg. twice a day.", "Stop then."],
    ["Take 5 mg.", "Then rest."],
    ["Take approx. 5 tablets.", "No more."],
    ["See Fig. 2 and No. 7.", "They show it."],
    ["The answer is no.", "Then stop."],
    ["It is 2.5 mg, not 25.", "Check."],
    ["J. A. Smith wrote it.", "It is old."],
    ["It is made of vitamin K.", "Warfarin blocks it."],
    ["The U.S. Food and Drug Administration agrees.", "So do we."],
    ["Is it bad?", "(Is it really?)", "Yes."],
    ["It may (who knows?) help.", "It may not."],
    ["He said “Stop.”", "She did."],
    ["Stop!", "Call 999.", "Wait..."],
    ["It helps... sometimes.", "Not always."],
    ["One line\n", "another line"],
    ["Come at 9 a.m. or 5 p.m. every day.", "Come at 9 p.m.", "Bring a bag."],
    ["Fever, rash, etc. can follow.", "Pain, etc.", "That is all."],
]


@pytest.mark.parametrize("sentences", SENTENCES, ids=lambda sentences: sentences[0])
def test_split_sentences(sentences):
    text = " ".join(sentences).replace("\n ", "\n")
    assert [part.strip() for part in split_sentences(text)] == [part.strip() for part in sentences]


@given(st.text(alphabet="aB1 .?!)(“”\n…", max_size=80))
def test_joined_sentences_equal_the_text(text):
    assert "".join(split_sentences(text)) == text


def test_text_without_terminator_is_one_sentence():
    assert split_sentences("word " * 500) == ["word " * 500]
    assert split_sentences("") == []
