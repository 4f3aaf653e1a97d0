"""Query parser: a table of texts and trees, and limits that hold for any text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.analyzer import stem_word
from index.query.parser import (
    MAX_PHRASE_WORDS,
    MAX_QUERY_LENGTH,
    MAX_WORDS,
    MIN_PREFIX_LENGTH,
    PHRASE_CUT,
    PREFIX_TOO_SHORT,
    WORDS_CUT,
    AnyOfQuery,
    Leaf,
    ParsedQuery,
    PhraseQuery,
    PrefixQuery,
    WordQuery,
    add_filters,
    parse,
    parse_words,
    split_compounds,
)
from kb.errors import QueryError
from tests.raises import raises


def word(text: str, field: str = "") -> WordQuery:
    return WordQuery(text, stem_word(text), field)


def prefix(start: str, field: str = "") -> PrefixQuery:
    return PrefixQuery(start, stem_word(start), field)


def phrase(text: str, field: str = "", *, quoted: bool = True) -> PhraseQuery:
    parts = text.replace("-", " ").split()
    return PhraseQuery(text, tuple(map(stem_word, parts)), field, quoted)


GOUT, PAIN, ICE = word("gout"), word("pain"), word("ice")

TABLE = [
    # Words
    ("", ParsedQuery(), ""),
    ("   ", ParsedQuery(), ""),
    ("gout", ParsedQuery((GOUT,)), "gout"),
    ("gout pain", ParsedQuery((GOUT, PAIN)), "gout pain"),
    ("gout, pain!", ParsedQuery((GOUT, PAIN)), "gout pain"),
    ("gout\tpain\n", ParsedQuery((GOUT, PAIN)), "gout pain"),
    ("gout\0pain", ParsedQuery((GOUT, PAIN)), "gout pain"),
    ("mg/kg", ParsedQuery((word("mg"), word("kg"))), "mg kg"),
    ("pain,gout.Ice", ParsedQuery((PAIN, GOUT, word("Ice"))), "pain gout Ice"),
    ("ice,follow-up", ParsedQuery((ICE, phrase("follow-up", quoted=False))), "ice follow-up"),
    ("0.5 mg", ParsedQuery((word("0.5"), word("mg"))), "0.5 mg"),
    ("Crohn's", ParsedQuery((word("Crohn's"),)), "Crohn's"),
    # Stop words are kept, because names may contain them
    ("what is gout", ParsedQuery((word("what"), word("is"), GOUT)), "what is gout"),
    ("gout or pain", ParsedQuery((GOUT, word("or"), PAIN)), "gout or pain"),
    # AND is how all words are combined anyway; NOT excludes
    ("gout AND pain", ParsedQuery((GOUT, PAIN)), "gout pain"),
    ("gout NOT pain", ParsedQuery((GOUT,), (PAIN,)), "gout -pain"),
    ("NOT gout", ParsedQuery((), (GOUT,)), "-gout"),
    ('NOT "heart failure"', ParsedQuery((), (phrase("heart failure"),)), '-"heart failure"'),
    ("gout NOT", ParsedQuery((GOUT,)), "gout"),
    ("gout AND NOT pain", ParsedQuery((GOUT,), (PAIN,)), "gout -pain"),
    ("gout not pain", ParsedQuery((GOUT, word("not"), PAIN)), "gout not pain"),
    # Phrases
    ('"heart failure"', ParsedQuery((phrase("heart failure"),)), '"heart failure"'),
    ("“heart  failure”", ParsedQuery((phrase("heart failure"),)), '"heart failure"'),
    ('"heart failure', ParsedQuery((phrase("heart failure"),)), '"heart failure"'),
    ('"to be"', ParsedQuery((phrase("to be"),)), '"to be"'),
    ('"gout"', ParsedQuery((GOUT,)), "gout"),
    ('""', ParsedQuery(), ""),
    ('pain"heart failure"', ParsedQuery((PAIN, phrase("heart failure"))), 'pain "heart failure"'),
    ('"heart failure"ice', ParsedQuery((phrase("heart failure"), ICE)), '"heart failure" ice'),
    ("follow-up", ParsedQuery((phrase("follow-up", quoted=False),)), "follow-up"),
    ('"follow-up"', ParsedQuery((phrase("follow-up"),)), '"follow-up"'),
    # Exclusions
    ("gout -pain", ParsedQuery((GOUT,), (PAIN,)), "gout -pain"),
    ("-pain gout", ParsedQuery((GOUT,), (PAIN,)), "gout -pain"),
    ("-pain", ParsedQuery((), (PAIN,)), "-pain"),
    ('-"heart failure"', ParsedQuery((), (phrase("heart failure"),)), '-"heart failure"'),
    ("-follow-up", ParsedQuery((), (phrase("follow-up", quoted=False),)), "-follow-up"),
    ("- pain", ParsedQuery((PAIN,)), "pain"),
    ("--", ParsedQuery(), ""),
    ("-title:gout", ParsedQuery((), (word("gout", "title"),)), "-title:gout"),
    # OR
    ("gout OR pain", ParsedQuery((AnyOfQuery((GOUT, PAIN)),)), "gout OR pain"),
    ("gout OR pain OR ice", ParsedQuery((AnyOfQuery((GOUT, PAIN, ICE)),)), "gout OR pain OR ice"),
    ("ice gout OR pain", ParsedQuery((ICE, AnyOfQuery((GOUT, PAIN)))), "ice gout OR pain"),
    (
        'gout OR "heart failure"',
        ParsedQuery((AnyOfQuery((GOUT, phrase("heart failure"))),)),
        'gout OR "heart failure"',
    ),
    ("OR gout", ParsedQuery((GOUT,)), "gout"),
    ("gout OR", ParsedQuery((GOUT,)), "gout"),
    ("gout OR OR pain", ParsedQuery((AnyOfQuery((GOUT, PAIN)),)), "gout OR pain"),
    ("OR OR", ParsedQuery(), ""),
    ("gout OR -pain ice", ParsedQuery((GOUT, ICE), (PAIN,)), "gout ice -pain"),
    # Fields
    ("title:gout", ParsedQuery((word("gout", "title"),)), "title:gout"),
    ("HEADING:gout", ParsedQuery((word("gout", "heading"),)), "heading:gout"),
    (
        'body:"heart failure"',
        ParsedQuery((phrase("heart failure", "body"),)),
        'body:"heart failure"',
    ),
    (
        "title:follow-up",
        ParsedQuery((phrase("follow-up", "title", quoted=False),)),
        "title:follow-up",
    ),
    ("title:", ParsedQuery((word("title"),)), "title"),
    ("title: gout", ParsedQuery((word("title"), GOUT)), "title gout"),
    ("warning:pain", ParsedQuery((word("warning"), PAIN)), "warning pain"),
    ("-warning:pain", ParsedQuery((), (word("warning"), PAIN)), "-warning -pain"),
    ("http://ice", ParsedQuery((word("http"), ICE)), "http ice"),
    # Filters
    ("tag:safety", ParsedQuery(tags=("safety",)), "tag:safety"),
    (
        'gout tag:"Side effects"',
        ParsedQuery((GOUT,), tags=("Side effects",)),
        'gout tag:"Side effects"',
    ),
    ("tag:a tag:b tag:a", ParsedQuery(tags=("a", "b")), "tag:a tag:b"),
    (
        'topic:"knee pain" gout',
        ParsedQuery((GOUT,), topics=("knee pain",)),
        'gout topic:"knee pain"',
    ),
    ("topic:knee", ParsedQuery(topics=("knee",)), 'topic:"knee"'),
    ('tag:""', ParsedQuery(), ""),
    # Prefixes
    ("infect*", ParsedQuery((prefix("infect"),)), "infect*"),
    ("INFECT*", ParsedQuery((prefix("infect"),)), "infect*"),
    ("title:infect*", ParsedQuery((prefix("infect", "title"),)), "title:infect*"),
    ("gout infect*, pain", ParsedQuery((GOUT, prefix("infect"), PAIN)), "gout infect* pain"),
    ("crohn's*", ParsedQuery((prefix("crohn"),)), "crohn*"),
    ("x-ray*", ParsedQuery((word("x"), prefix("ray"))), "x ray*"),
    ("go*", ParsedQuery((word("go"),), notes=(PREFIX_TOO_SHORT,)), "go"),
    ("a's*", ParsedQuery((word("a's"),), notes=(PREFIX_TOO_SHORT,)), "a's"),
    ("x-r*", ParsedQuery((phrase("x-r", quoted=False),), notes=(PREFIX_TOO_SHORT,)), "x-r"),
    ("*", ParsedQuery(), ""),
    ("**", ParsedQuery(), ""),
]  # fmt: skip


@pytest.mark.parametrize(("text", "tree", "shown"), TABLE, ids=[repr(row[0]) for row in TABLE])
def test_parse_returns_expected_tree(text: str, tree: ParsedQuery, shown: str) -> None:
    found = parse(text)

    assert found == tree
    assert str(found) == shown


@pytest.mark.parametrize(
    ("text", "note"),
    [
        ("go*", PREFIX_TOO_SHORT),
        (" ".join(f"w{n}" for n in range(40)), WORDS_CUT),
        (
            '"' + " ".join(f"w{n}" for n in range(20)) + '"',
            PHRASE_CUT,
        ),
        (
            "-".join(f"w{n}" for n in range(20)),
            PHRASE_CUT,
        ),
    ],
)
def test_ignored_parts_are_noted(text: str, note: str) -> None:
    assert parse(text).notes == (note,)


def test_too_long_query_is_rejected() -> None:
    parse("a" * MAX_QUERY_LENGTH)

    with raises(QueryError, "length") as raised:
        parse("a" * (MAX_QUERY_LENGTH + 1))
    assert f"{MAX_QUERY_LENGTH:,}" in str(raised.value)


# What was seen to cost Whoosh minutes, or its life, and what else a person or a program may type.
HOSTILE = {
    "a lone star": "*",
    "a leading star": "*s",
    "one letter and a star": "a*",
    "stars in every word": "*a* *b* *c*",
    "question marks": "????????",
    "32 prefixes": " ".join(f"abc{n}*" for n in range(32)),
    "1,000 words ANDed": " AND ".join(["pain"] * 1_000)[:MAX_QUERY_LENGTH],
    "10,000 terms": " ".join(f"t{n}" for n in range(10_000)),
    "as many terms as are read": " ".join(f"t{n}" for n in range(400)),
    "as many ORs as are read": " OR ".join(f"t{n}" for n in range(250)),
    "a hyphenated word of 1,000 parts": "-".join("a" * 1_000),
    "1 MB token": "a" * 1_000_000,
    "the longest token": "a" * MAX_QUERY_LENGTH,
    "deep parentheses": "(" * 900 + "pain" + ")" * 900,
    "a wide slop": '"pain in"~1000000000',
    "a phrase of 400 words": '"' + "a b " * 400 + '"',
    "fuzzy": "pain~9",
    "a boost": "pain^1000000",
    "a regex": "r'(a+)+$'",
    "a regex between slashes": "/(a|a)*b/",
    "a range": "[a TO z] {* TO *}",
    "an unclosed quotation": '"pain in the',
    "quotations in quotations": '"""""pain""""" "',
    "curly and straight": "“pain\" in”",
    "only minus": "-",
    "many minus": "- -- --- -\"-",
    "minus words alone": "-pain -gout",
    "only OR": "OR OR OR OR",
    "OR and minus": "OR -OR OR- -\"OR\"",
    "a field with nothing": "title:",
    "a field of a field": "title:body:heading:tag:topic:pain",
    "a filter with nothing": 'tag: topic:"" tag:""',
    "an unknown tag of many words": 'tag:"' + "word " * 300 + '"',
    "300 unknown tags": " ".join(f"tag:t{n}" for n in range(200)),
    "NULs": "\0pain\0\0in\0",
    "control characters": "\x01\x1e\x1f\x7f pain \x85",
    "marks for right to left": "\u202epain\u202c \u200f\u05d0\u05d1",
    "emoji": "😀👩‍⚕️ 🏥",
    "zalgo": "p" + "\u0301" * 1_500 + "ain",
    "lone surrogates": "\ud800pain\udfff",
    "nothing but accents": "\u0301\u0302",
    "letters that fold to nothing": "ﾞﾞﾞ* ﾟ",
    "one long word of apostrophes": "a" + "'a" * 900,
    "SQL": "'; DROP TABLE articles; --",
    "a template": "{{7*7}} ${7*7} <%= 7*7 %>",
}  # fmt: skip


def size(leaf: Leaf) -> int:
    return len(leaf.stems) if isinstance(leaf, PhraseQuery) else 1


def assert_bounded(query: ParsedQuery) -> None:
    leaves: list[Leaf] = [*query.leaves, *query.excluded]
    assert len(leaves) <= MAX_WORDS
    # The last phrase may begin before the bound and end after it.
    assert sum(map(size, leaves)) < MAX_WORDS + MAX_PHRASE_WORDS
    for leaf in leaves:
        assert size(leaf) <= MAX_PHRASE_WORDS
        if isinstance(leaf, PrefixQuery):
            assert len(leaf.start) >= MIN_PREFIX_LENGTH
        elif isinstance(leaf, WordQuery):
            assert leaf.stem


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_hostile_text_is_parsed_within_limits_or_rejected(text: str) -> None:
    if len(text) > MAX_QUERY_LENGTH:
        with pytest.raises(QueryError):
            parse(text)
        return
    found = parse(text)

    assert_bounded(found)
    assert_bounded(split_compounds(found))


@given(st.text() | st.text('ab -"“”:*OR~^()[]/\\.\0\u0301\u00adß', max_size=80))
def test_any_text_is_parsed_within_limits(text: str) -> None:
    found = parse(text)

    assert_bounded(found)
    assert isinstance(str(found), str)
    assert str(parse(str(found))) is not None


NAMES = st.text("abcdefghijklmnopqrstuvwxyzäéß", min_size=1, max_size=9)
PLAIN = st.one_of(
    NAMES,
    st.lists(NAMES, min_size=1, max_size=4).map(lambda names: f'"{" ".join(names)}"'),
    st.tuples(NAMES, NAMES).map("-".join),
    st.tuples(st.sampled_from(["title", "heading", "body"]), NAMES).map(":".join),
    st.text("abcdefgh", min_size=3, max_size=9).map(lambda name: f"{name}*"),
)
PARTS = st.one_of(
    PLAIN,
    PLAIN.map(lambda part: f"-{part}"),
    st.tuples(PLAIN, PLAIN).map(" OR ".join),
    NAMES.map(lambda name: f"tag:{name}"),
    st.lists(NAMES, min_size=1, max_size=3).map(lambda names: f'topic:"{" ".join(names)}"'),
)


@given(st.lists(st.sampled_from(["gout", "Pain", "OR", "the", "What", "or", "mg"]), max_size=40))
def test_fast_path_equals_full_parser(typed: list[str]) -> None:
    """The fast path for plain words returns the same as the full parser."""
    assert parse(" ".join(typed)) == parse(" ".join(typed) + " ")
    quoted = '"' + " ".join(typed) + '"'
    assert parse(quoted) == parse(quoted + " ")


@given(st.lists(PARTS, max_size=6).map(" ".join))
def test_displayed_query_parses_to_the_same_tree(text: str) -> None:
    found = parse(text)

    assert parse(str(found)) == found


# Working on a query


def test_split_compounds_keeps_quoted_phrases() -> None:
    loose = split_compounds(parse('follow-up "heart failure" up'))

    assert loose.clauses == (word("follow"), word("up"), phrase("heart failure"))


def test_add_filters_ignores_duplicates() -> None:
    query = add_filters(parse("gout tag:a topic:x"), ("a", "b"), ("y",))

    assert (query.tags, query.topics) == (("a", "b"), ("x", "y"))
    assert query.clauses == (GOUT,)


def test_parse_words_ignores_syntax() -> None:
    assert parse_words("side effects OR -pain*") == tuple(
        word(text) for text in ("side", "effects", "OR", "pain")
    )
