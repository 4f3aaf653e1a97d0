"""Names by their beginnings: what somebody who has typed a few letters may mean.

A name is a title, another name of an article, a topic, or the heading of passages. `AutocompleteIndex` holds
those of all published articles in sorted arrays and never changes: whoever follows the store makes
another one (`index.autocomplete.service`). Every word of a name is found by its beginning; several typed
words must all stand in the name, in any order, or in the heading and the title of one article
("warfarin side" finds the heading "Side effects" of Warfarin).

Order: the whole name, then names that begin so, then whole words, then the kind, the number of
passages, the shorter name. A heading that many articles share is one name and comes after those
that stand in one article.

What one answer may cost is bounded by the table below, whatever was typed.

Numbers by the beginnings of words: a sorted array with bounded answers.

The numbers are places in a ranking, smallest best. Under a long beginning stand few, and all of
them are returned. Under a short one may stand most of the base; for such, the best are picked out
when the array is built, so that no answer walks through all of them.
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

MAX_SCANNED = 1_024  # numbers looked at for one beginning: under a millisecond
MAX_PRECOMPUTED = 256  # of the best under a beginning with more; an answer shows eight
LAST_CHARACTER = "\U0010ffff"  # sorts after every letter


class PrefixArray:
    """An unchanging map from words to numbers, asked by how the words begin."""

    def __init__(self, numbers: Mapping[str, Sequence[int]]) -> None:
        self._words = sorted(numbers)
        self._ends = array("I", [0])  # where the numbers of each word begin, and of the last end
        self._numbers = array("I")
        for word in self._words:
            self._numbers.extend(numbers[word])
            self._ends.append(len(self._numbers))
        self._best: dict[str, tuple[int, ...]] = dict(self._large(""))

    def __contains__(self, word: str) -> bool:
        at = bisect_left(self._words, word)
        return at < len(self._words) and self._words[at] == word

    def has_prefix(self, prefix: str) -> bool:
        """Tell whether a word begins so; cheaper than to count them."""
        at = bisect_left(self._words, prefix)
        return at < len(self._words) and self._words[at].startswith(prefix)

    def count(self, prefix: str) -> int:
        """Return how many numbers stand under words that begin so."""
        begin, end = self._range(prefix)
        return end - begin

    def best(self, prefix: str) -> Sequence[int]:
        """Return the numbers under words that begin so: all, in no order, or the `MAX_PRECOMPUTED` best."""
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
        """Yield every beginning that more than `MAX_SCANNED` numbers stand under, with the best."""
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


MAX_SUGGESTIONS = 8  # names in one answer: as many as one looks through while typing
MAX_TYPED_LENGTH = 100  # characters; no name is told apart by more
MAX_TYPED_WORDS = 8  # of what was typed; the titles of real articles are told apart by six
MAX_ARTICLES = 32  # articles looked into for each typed word, the largest first
MAX_HEADINGS = 1_024  # headings of such articles looked at for one answer
FUZZY_WORD_LENGTHS = range(
    4, 25
)  # shorter words are near dozens of others, longer ones are no names
MIN_FUZZY_PREFIX_LENGTH = 6  # letters of a changed word that is only the beginning of a known one
MAX_FUZZY = 5  # spellings followed up


# Other names of articles stand among the articles. The best few of each group come first, so that
# a letter with which many topics begin still offers articles; what room is left goes by rank.
GROUP_SIZES = {NameKind.TOPIC: 3, NameKind.ARTICLE: 5, NameKind.HEADING: 3}


class AutocompleteIndex:
    """The names of some articles, sorted once and shared by all threads."""

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
        """Return what `typed` may be the beginning of, without the articles in `hidden`."""
        asked = _fold_words(typed[:MAX_TYPED_LENGTH])[:MAX_TYPED_WORDS]
        if not asked:
            return SuggestionSet()
        found = _select(self._matching(asked, hidden))
        if found:
            return SuggestionSet(found)
        similar = _select(
            name for other in self._respelled(asked) for name in self._matching(other, hidden)
        )
        return SuggestionSet(similar, fuzzy=bool(similar))

    def _matching(self, asked: Sequence[str], hidden: frozenset[str]) -> Iterator[SuggestedName]:
        """Yield the names that hold all the words, best first, then headings in articles."""
        for number in self._ranked(asked):
            name = self._names[number]
            if not hidden or not hidden.issuperset(name.articles):
                yield name
        if len(asked) > 1:
            yield from self._headings_within(asked, hidden)

    def _ranked(self, asked: Sequence[str]) -> Iterator[int]:
        """Yield the numbers of the names that hold all the words, best first."""
        texts, start = self._folded, f" {' '.join(asked)}"
        beginning = self._whole_words_first(self._by_start.best(start), asked)
        whole_name = f"{start} "
        yield from (number for number in beginning if texts[number] == whole_name)
        yield from (number for number in beginning if texts[number] != whole_name)
        rarest = min(asked, key=self._by_word.count)
        inside = [n for n in self._by_word.best(rarest) if not texts[n].startswith(start)]
        for word in asked:
            if word != rarest:
                test = f" {word}"
                inside = [n for n in inside if test in texts[n]]
        yield from self._whole_words_first(inside, asked)

    def _whole_words_first(self, numbers: Iterable[int], asked: Sequence[str]) -> list[int]:
        """Return the numbers by rank, but first the names in which all words are whole words."""
        texts, ordered = self._folded, sorted(set(numbers))
        for word in asked:
            test = f" {word} "
            ordered.sort(key=lambda number, test=test: test not in texts[number])  # type: ignore[misc]
        return ordered

    def _headings_within(
        self, asked: Sequence[str], hidden: frozenset[str]
    ) -> Iterator[SuggestedName]:
        """Yield headings that hold some of the words while their article's name holds the rest."""
        tests = [f" {word}" for word in asked]
        found: list[tuple[int, int, SuggestedName]] = []
        looked_at = 0
        for number in self._matching_articles(asked):
            article = self._names[number]
            (article_id,) = article.articles
            within = self._headings[article_id]
            looked_at += len(within)
            if looked_at > MAX_HEADINGS:
                break
            rest = [test for test in tests if test not in self._folded[number]]
            if not rest or article_id in hidden:
                continue
            for text, heading in within:
                if all(test in text for test in rest):
                    partial = sum(f"{test} " not in text for test in rest)
                    found.append((partial, number, _heading_in_article(heading, article)))
        yield from (name for _, _, name in sorted(found, key=lambda one: one[:2]))

    def _matching_articles(self, asked: Sequence[str]) -> list[int]:
        """Return the titles and other names that hold one of the words at least."""
        numbers: dict[int, None] = {}
        for word in asked:
            named = (n for n in self._by_word.best(word) if n in self._titles)
            numbers.update(dict.fromkeys(heapq.nsmallest(MAX_ARTICLES, named)))
        return list(numbers)

    def _respelled(self, asked: Sequence[str]) -> Iterator[Sequence[str]]:
        """Yield what was typed with its one unknown word changed by one letter."""
        unknown = [word for word in asked if not self._by_word.has_prefix(word)]
        if len(unknown) != 1:
            return
        (slip,) = unknown
        if len(slip) not in FUZZY_WORD_LENGTHS or not slip.isalpha():
            return
        known = [
            word
            for word in _single_edits(slip)
            if self._by_word.has_prefix(word)
            and (len(word) >= MIN_FUZZY_PREFIX_LENGTH or word in self._by_word)
        ]

        def likely(word: str) -> tuple[bool, bool, int]:
            return word[0] != slip[0], word not in self._by_word, -len(word)

        for spelling in sorted(known, key=likely)[:MAX_FUZZY]:
            yield [spelling if word == slip else word for word in asked]


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
    """Return the best names, one for each place that they lead to, group by group."""
    groups: dict[NameKind, list[SuggestedName]] = {}
    over: list[SuggestedName] = []
    room = MAX_SUGGESTIONS
    seen: set[tuple[str, ...]] = set()
    for name in ranked:
        group = name.group
        members = groups.setdefault(group, [])
        full = len(members) == GROUP_SIZES[group]
        if (full and len(over) == MAX_SUGGESTIONS) or (place := _target_key(name)) in seen:
            continue
        seen.add(place)
        if full:
            over.append(name)
            continue
        members.append(name)
        room -= 1
        if not room:
            break
    for name in over[:room]:
        groups[name.group].append(name)
    return tuple(name for members in groups.values() for name in members)


def _target_key(name: SuggestedName) -> tuple[str, ...]:
    if name.group is NameKind.ARTICLE:
        return (NameKind.ARTICLE, *name.articles)
    return (name.kind, name.passage_id or name.text)


def _single_edits(word: str) -> Iterator[str]:
    """Yield what becomes of a word when one letter is left out, put in, changed or swapped."""
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
