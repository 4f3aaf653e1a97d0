"""Interpretation of a plain query: its subject, intents and populations.

"apixaban renal impairment" asks about the population "kidney impairment" under the subject
"apixaban". Names are looked for among all typed words, before stop words are removed, and a name
takes precedence over a shorter phrase of an intent: "heart failure" is no failure of anything else.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from index.analyzer import is_question_word, is_stopword
from index.query.intents import Intent, IntentCatalog, IntentMatch

OVERVIEW = "overview"  # "what is ..." also begins questions with another intent
MAX_NAME_WORDS = 12

# Returns whether the words from one index to another (exclusive) are a name.
NameTest = Callable[[int, int], bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class Interpretation:
    """The parts of a query; `subject` has the indexes of the words that name the subject.

    `asked` are the intents and populations; it is empty if the query only names a subject. `names`
    are the names of several words, from one index to another (exclusive).
    """

    subject: tuple[int, ...]
    asked: tuple[Intent, ...] = ()
    names: tuple[tuple[int, int], ...] = ()

    @property
    def is_contiguous(self) -> bool:
        """Whether the words of the subject are adjacent in the query."""
        return self.subject == tuple(range(self.subject[0], self.subject[-1] + 1))


def interpret(
    words: Sequence[str], stems: Sequence[str], catalog: IntentCatalog, is_name: NameTest
) -> Interpretation | None:
    """Return the interpretation of a query; None if it has no subject.

    `words` are the typed words with their `stems`.
    """
    everything = tuple(range(len(words)))
    if not words:
        return None
    if is_name(0, len(words)):
        return Interpretation(subject=everything, names=((0, len(words)),))
    names = _longest_names(len(words), is_name)
    matches = [
        match
        for match in catalog.find_matches(stems)
        if not any(_covers(name, match) for name in names)
    ]
    named = {n for start, end in names for n in range(start, end)}
    topical = {n for n in everything if _is_topical(words[n]) and stems[n] not in catalog.asides}
    for ignored in _droppable(matches, words, is_name):
        used = {word for match in matches if match not in ignored for word in match.words}
        subject = tuple(n for n in everything if n not in used and (n in named or n in topical))
        if subject:
            asked = dict.fromkeys(match.intent for match in matches if match not in ignored)
            return Interpretation(subject=subject, asked=tuple(asked), names=tuple(names))
    return None


def _droppable(
    matches: list[IntentMatch], words: Sequence[str], is_name: NameTest
) -> list[list[IntentMatch]]:
    """Return the matches to ignore: first as few as possible, then others if no subject is left.

    What only opens a question yields to other phrases: "what is the dose of X for".
    A population is the subject if nothing else is: "kidney failure causes". So is a phrase that is
    also a name, beside another phrase: "anaphylaxis dose".
    """
    openings = [match for match in matches if _is_opening(match, words)]
    several = any(match not in openings and not match.intent.population for match in matches)
    opening = openings if several else []
    populations = [match for match in matches if match.intent.population]
    names = [match for match in matches if is_name(match.words[0], match.words[-1] + 1)]
    named = names[:1] if len(matches) > 1 else []
    return [opening, [*opening, *populations], [*opening, *named]]


def _is_opening(match: IntentMatch, words: Sequence[str]) -> bool:
    """Return whether a phrase is "what is ..." or has no topical word around the subject."""
    is_split = match.words[-1] - match.words[0] >= len(match.words)
    return match.intent.key == OVERVIEW or (
        is_split and not any(_is_topical(words[n]) for n in match.words)
    )


def _longest_names(count: int, is_name: NameTest) -> list[tuple[int, int]]:
    """Return the names of several words in the query, longest first at each word."""
    found: list[tuple[int, int]] = []
    start = 0
    while start < count - 1:
        stop = min(count, start + MAX_NAME_WORDS)
        end = next((end for end in range(stop, start + 1, -1) if is_name(start, end)), None)
        if end is None:
            start += 1
        else:
            found.append((start, end))
            start = end
    return found


def _covers(name: tuple[int, int], match: IntentMatch) -> bool:
    """Return whether a name contains the words of a phrase and others."""
    start, end = name
    inside = [word for word in match.words if start <= word < end]
    return len(inside) == len(match.words) and end - start > len(inside)


def _is_topical(word: str) -> bool:
    return not is_stopword(word) and not is_question_word(word)
