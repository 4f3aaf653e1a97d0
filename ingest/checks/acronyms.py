"""Acronyms that a reader must know already, because the article never says what they stand for."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ingest.checks.article_type import UNKNOWN
from ingest.checks.config import Rule
from ingest.checks.context import CheckContext
from ingest.checks.finding import Finding

# Two capitals at least, the rest capitals, digits or small letters: COPD, eGFR, HbA1c, NSAIDs.
ACRONYM = re.compile(
    r"(?<![\w&/.@-])[a-z]?[A-Z][A-Za-z0-9]{0,6}[A-Z][A-Z0-9]{0,5}(?:-\d|s)?(?![\w@&])"
)
SHORTEST, LONGEST = 2, 7  # one letter is a vitamin, more are a brand or a shout
SHOUTING = 0.5  # a line with more than this share in capitals is a heading in all but markup
EXPLAINED = "|".join(
    (
        r"\({0}\b",  # chronic kidney disease (CKD)
        r"\b{0},? (?:\(|or |short for |stands for |meaning |means |which stands for )",
        r"(?:\bor|,|called|known as|abbreviated(?: to)?) {0}\b(?:,| for short|\)|$)",
        r"[a-z]{{4,}}, or {0}\b",
        r"\b{0}(?:,? (?:and|or) \w+)? (?:genes?|proteins?|mutations?)\b",  # a name
    )
)


def undefined_acronyms(manuscript: CheckContext, rule: Rule) -> Iterator[Finding]:
    """Acronyms without a long form anywhere in the article; one finding for all of them."""
    if manuscript.audience not in rule.texts("audiences"):
        return
    known = {word.casefold() for word in rule.texts("known")}
    names = " ; ".join((manuscript.article.title, *manuscript.article.metadata.also_called))
    first: dict[str, int] = {}
    text = "\n".join(sentence for _, sentence in manuscript.sentences())
    for part in manuscript.text_parts:
        for sentence in part.sentences:
            for acronym in _acronyms(sentence):
                first.setdefault(acronym.removesuffix("s"), part.number)
    undefined = [
        acronym
        for acronym in first
        if acronym.casefold() not in known and not _explained(acronym, text, names)
    ]
    if len(undefined) > rule.number("most"):
        yield rule.finding(
            f"The article never says what these stand for: {', '.join(undefined)}.",
            at=manuscript.parts[first[undefined[0]]].place,
            words=tuple(undefined),
            suggestion="Write the long form with the short one in brackets, or use the long form.",
            level=rule.level("unknown_level") if manuscript.audience == UNKNOWN else None,
        )


def _acronyms(sentence: str) -> Iterator[str]:
    words = sentence.split()
    capitals = sum(word.isupper() and len(word) > 1 for word in words)
    if len(words) > 1 and capitals > SHOUTING * len(words):
        return
    for found in ACRONYM.finditer(sentence):
        # With a digit it is the name of a gene, a protein or a score, which stands for itself.
        named = any(character.isdigit() for character in found.group())
        if SHORTEST <= len(found.group()) <= LONGEST and not named:
            yield found.group()


def _explained(acronym: str, text: str, names: str) -> bool:
    plain = re.escape(acronym) + "s?"
    if re.search(rf"\b{plain}\b", names):
        return True
    if re.search(EXPLAINED.format(plain), text):
        return True
    return _long_form(acronym, text)


def _long_form(acronym: str, text: str) -> bool:
    """Whether words with these initials stand in the text: no brackets are needed then."""
    letters = [re.escape(letter) for letter in acronym if letter.isalpha()]
    if len(letters) < len("AB") + 1:  # two letters begin any two words
        return False
    pattern = r"\b" + r"[\w’']*[\s-]+(?:of |the |and |in |for )?".join(letters) + r"[\w’']{2,}"
    return re.search(pattern, text, re.IGNORECASE) is not None
