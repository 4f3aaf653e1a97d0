"""Autocomplete index: prefix search and ranking of suggested names.

`AutocompleteIndex` holds the names of all published articles in sorted arrays. It is immutable;
`index.autocomplete.service` replaces it after changes. Every word of a name can be matched by
prefix. Several typed words must all occur in the name, in any order, or in a heading together with
the title of its article ("warfarin side" matches the heading "Side effects" of Warfarin).

Order: exact names, names with the typed text as prefix, matches of whole words, then by kind,
number of passages and length. Shared headings rank below headings of a single article.

The cost of a query is bounded by the constants below. Ranks with a short prefix may include most
names; the best of them are precomputed.
"""

from __future__ import annotations

import heapq
from array import array
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from string import ascii_lowercase

from index.analyzer import fold, split_words
from index.autocomplete.entries import (
    ArticleEntry,
    NameKind,
    SuggestedHeading,
    SuggestedName,
    SuggestionSet,
    build_names,
    fold_name,
    rank_key,
)

MAX_SCANNED = 1_024  # numbers scanned for one prefix: less than a millisecond
MAX_PRECOMPUTED = 256  # best numbers kept for a prefix with more than MAX_SCANNED
LAST_CHARACTER = "\U0010ffff"  # sorts after all letters


class PrefixArray:
    """Immutable map from words to numbers with prefix lookup; smaller numbers rank higher."""

    def __init__(self, numbers: Mapping[str, Sequence[int]]) -> None:
        self._words = sorted(numbers)
        self._ends = array("I", [0])  # start of each word's numbers, and the end of the last
        self._numbers = array("I")
        for word in self._words:
            self._numbers.extend(numbers[word])
            self._ends.append(len(self._numbers))
        self._best: dict[str, tuple[int, ...]] = dict(self._large(""))

    def __contains__(self, word: str) -> bool:
        at = bisect_left(self._words, word)
        return at < len(self._words) and self._words[at] == word

    def has_prefix(self, prefix: str) -> bool:
        """Return whether any word has this prefix; cheaper than `count`."""
        at = bisect_left(self._words, prefix)
        return at < len(self._words) and self._words[at].startswith(prefix)

    def count(self, prefix: str) -> int:
        """Return the number of entries of all words with this prefix."""
        begin, end = self._range(prefix)
        return end - begin

    def best(self, prefix: str) -> Sequence[int]:
        """Return the numbers of all words with this prefix, unordered.

        For a prefix with more than `MAX_SCANNED` numbers, only the best are returned.
        """
        kept = self._best.get(prefix)
        if kept is not None:
            return kept
        begin, end = self._range(prefix)
        return self._numbers[begin:end]

    def _range(self, prefix: str) -> tuple[int, int]:
        first = bisect_left(self._words, prefix)
        last = bisect_left(self._words, prefix + LAST_CHARACTER, lo=first)
        return self._ends[first], self._ends[last]

    def _large(self, prefix: str) -> Iterator[tuple[str, tuple[int, ...]]]:
        """Yield every prefix with more than `MAX_SCANNED` numbers, and the best of them."""
        begin, end = self._range(prefix)
        if end - begin <= MAX_SCANNED:
            return
        if prefix:
            best = heapq.nsmallest(MAX_PRECOMPUTED, self._numbers[begin:end])
            yield prefix, tuple(dict.fromkeys(best))
        at = bisect_left(self._words, prefix)
        last = bisect_left(self._words, prefix + LAST_CHARACTER)
        if at < last and self._words[at] == prefix:
            at += 1
        while at < last:
            longer = self._words[at][: len(prefix) + 1]
            yield from self._large(longer)
            at = bisect_left(self._words, longer + LAST_CHARACTER, lo=at)


MAX_SUGGESTIONS = 8  # names in a result
MAX_TYPED_LENGTH = 100  # characters
MAX_TYPED_WORDS = 8
MAX_ARTICLES = 32  # articles per typed word whose headings are searched, highest rank first
MAX_HEADINGS = 1_024  # headings searched for one result
FUZZY_WORD_LENGTHS = range(4, 25)  # letters; shorter words have too many neighbours
MIN_FUZZY_PREFIX_LENGTH = 6  # letters of a corrected word that is only a prefix of a known word
MAX_FUZZY = 5  # corrected spellings that are searched


# Reserved suggestions per group, so that a letter with many topics still suggests articles. The
# remaining suggestions are filled by rank.
GROUP_SIZES = {NameKind.TOPIC: 3, NameKind.ARTICLE: 5, NameKind.HEADING: 3}


class AutocompleteIndex:
    """The names of articles, sorted; shared by all threads."""

    def __init__(self, articles: Iterable[ArticleEntry] = ()) -> None:
        articles = list(articles)
        self._headings = {
            one.article_id: [(fold_name(heading.text), heading) for heading in one.headings]
            for one in articles
        }
        self._names = sorted(build_names(articles, self._headings), key=rank_key)
        self._folded = [fold_name(name.text) for name in self._names]
        count = Counter(name.kind for name in self._names)
        self._titles = range(count[NameKind.TOPIC], len(self._names) - count[NameKind.HEADING])
        by_word: dict[str, list[int]] = {}
        by_start: dict[str, list[int]] = {}
        for number, text in enumerate(self._folded):
            by_start.setdefault(text, []).append(number)
            for word in set(text.split()):
                by_word.setdefault(word, []).append(number)
        self._by_word, self._by_start = PrefixArray(by_word), PrefixArray(by_start)

    def __len__(self) -> int:
        return len(self._names)

    def find(self, typed: str, hidden: frozenset[str] = frozenset()) -> SuggestionSet:
        """Return suggestions for `typed`, without the articles in `hidden`."""
        words = _fold_words(typed[:MAX_TYPED_LENGTH])[:MAX_TYPED_WORDS]
        if not words:
            return SuggestionSet()
        suggestions = _select(self._matching(words, hidden))
        if suggestions:
            return SuggestionSet(suggestions)
        similar = _select(
            name
            for respelled in self._respelled(words)
            for name in self._matching(respelled, hidden)
        )
        return SuggestionSet(similar, fuzzy=bool(similar))

    def _matching(self, words: Sequence[str], hidden: frozenset[str]) -> Iterator[SuggestedName]:
        """Yield the names that contain all words, best first, then headings within articles."""
        for number in self._ranked(words):
            name = self._names[number]
            if not hidden or not hidden.issuperset(name.articles):
                yield name
        if len(words) > 1:
            yield from self._headings_within(words, hidden)

    def _ranked(self, words: Sequence[str]) -> Iterator[int]:
        """Yield the numbers of the names that contain all words, best first."""
        texts, start = self._folded, f" {' '.join(words)}"
        with_prefix = self._whole_words_first(self._by_start.best(start), words)
        whole_name = f"{start} "
        yield from (number for number in with_prefix if texts[number] == whole_name)
        yield from (number for number in with_prefix if texts[number] != whole_name)
        rarest = min(words, key=self._by_word.count)
        inside = [n for n in self._by_word.best(rarest) if not texts[n].startswith(start)]
        for word in words:
            if word != rarest:
                word_start = f" {word}"
                inside = [n for n in inside if word_start in texts[n]]
        yield from self._whole_words_first(inside, words)

    def _whole_words_first(self, numbers: Iterable[int], words: Sequence[str]) -> list[int]:
        """Return the numbers by rank, with names that match whole words first."""
        texts, ordered = self._folded, sorted(set(numbers))
        for word in words:
            test = f" {word} "
            ordered.sort(key=lambda number, test=test: test not in texts[number])  # type: ignore[misc]
        return ordered

    def _headings_within(
        self, words: Sequence[str], hidden: frozenset[str]
    ) -> Iterator[SuggestedName]:
        """Yield headings that contain some of the words if their article's name has the others."""
        tests = [f" {word}" for word in words]
        found: list[tuple[int, int, SuggestedName]] = []
        examined = 0
        for number in self._matching_articles(words):
            article = self._names[number]
            (article_id,) = article.articles
            within = self._headings[article_id]
            examined += len(within)
            if examined > MAX_HEADINGS:
                break
            rest = [test for test in tests if test not in self._folded[number]]
            if not rest or article_id in hidden:
                continue
            for text, heading in within:
                if all(test in text for test in rest):
                    partial = sum(f"{test} " not in text for test in rest)
                    found.append((partial, number, _heading_in_article(heading, article)))
        yield from (name for _, _, name in sorted(found, key=lambda one: one[:2]))

    def _matching_articles(self, words: Sequence[str]) -> list[int]:
        """Return the numbers of titles and alternative titles that contain any of the words."""
        numbers: dict[int, None] = {}
        for word in words:
            titles = (n for n in self._by_word.best(word) if n in self._titles)
            numbers.update(dict.fromkeys(heapq.nsmallest(MAX_ARTICLES, titles)))
        return list(numbers)

    def _respelled(self, words: Sequence[str]) -> Iterator[Sequence[str]]:
        """Yield corrected queries: the only unknown word, changed by one edit."""
        unknown = [word for word in words if not self._by_word.has_prefix(word)]
        if len(unknown) != 1:
            return
        (misspelt,) = unknown
        if len(misspelt) not in FUZZY_WORD_LENGTHS or not misspelt.isalpha():
            return
        known = [
            word
            for word in _single_edits(misspelt)
            if self._by_word.has_prefix(word)
            and (len(word) >= MIN_FUZZY_PREFIX_LENGTH or word in self._by_word)
        ]

        def likely(word: str) -> tuple[bool, bool, int]:
            return word[0] != misspelt[0], word not in self._by_word, -len(word)

        for spelling in sorted(known, key=likely)[:MAX_FUZZY]:
            yield [spelling if word == misspelt else word for word in words]


def _fold_words(typed: str) -> list[str]:
    return list(dict.fromkeys(fold(word) for word in split_words(typed)))


def _heading_in_article(heading: SuggestedHeading, article: SuggestedName) -> SuggestedName:
    return SuggestedName(
        kind=NameKind.HEADING,
        text=heading.text,
        articles=article.articles,
        passages=heading.passages,
        see=article.see or article.text,
        passage_id=heading.passage_id,
    )


def _select(ranked: Iterable[SuggestedName]) -> tuple[SuggestedName, ...]:
    """Return the best names by group, with one name per target."""
    groups: dict[NameKind, list[SuggestedName]] = {}
    overflow: list[SuggestedName] = []
    room = MAX_SUGGESTIONS
    seen: set[tuple[str, ...]] = set()
    for name in ranked:
        group = name.group
        members = groups.setdefault(group, [])
        full = len(members) == GROUP_SIZES[group]
        if (full and len(overflow) == MAX_SUGGESTIONS) or (target := _target_key(name)) in seen:
            continue
        seen.add(target)
        if full:
            overflow.append(name)
            continue
        members.append(name)
        room -= 1
        if not room:
            break
    for name in overflow[:room]:
        groups[name.group].append(name)
    return tuple(name for members in groups.values() for name in members)


def _target_key(name: SuggestedName) -> tuple[str, ...]:
    if name.group is NameKind.ARTICLE:
        return (NameKind.ARTICLE, *name.articles)
    return (name.kind, name.passage_id or name.text)


def _single_edits(word: str) -> Iterator[str]:
    """Yield all words one deletion, insertion, substitution or transposition away."""
    spellings: dict[str, None] = {}
    for at in range(len(word) + 1):
        before, after = word[:at], word[at:]
        spellings[before + after[1:]] = None
        spellings[before + after[1:2] + after[:1] + after[2:]] = None
        for letter in ascii_lowercase:
            spellings[before + letter + after] = None
            spellings[before + letter + after[1:]] = None
    spellings.pop(word, None)
    return iter(spellings)
