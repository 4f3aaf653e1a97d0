"""Autocomplete entries: titles, alternative titles, topics and headings of articles.

`build_names` turns the entries of articles into the suggested names that
`index.autocomplete.index` searches. Topics and headings that several articles share, regardless of
case and punctuation, become one name.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from index.analyzer import fold, split_words

MAX_NAME_WORDS = 24  # words of a name that are indexed


class NameKind(StrEnum):
    """Kind of a name, in order of rank; `SEE` is an alternative title."""

    TOPIC = "topic"
    ARTICLE = "article"
    SEE = "see"
    HEADING = "heading"


RANKS = {kind: rank for rank, kind in enumerate(NameKind)}


@dataclass(frozen=True, slots=True, kw_only=True)
class SuggestedName:
    """A suggested name and its target.

    `articles` are the ids of its articles: exactly one for a title or an alternative title. `see`
    is the title of the article of an alternative title or a heading; empty for shared headings.
    `passage_id` is the first passage under a heading of a single article. `source` distinguishes
    articles with the same title.
    """

    kind: NameKind
    text: str
    articles: tuple[str, ...]
    passages: int
    see: str = ""
    passage_id: str = ""
    source: str = ""

    @property
    def group(self) -> NameKind:
        """The kind under which the name is displayed."""
        return NameKind.ARTICLE if self.kind is NameKind.SEE else self.kind


@dataclass(frozen=True, slots=True)
class SuggestedHeading:
    """A heading of one article: its first passage and its number of passages."""

    text: str
    passage_id: str
    passages: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ArticleEntry:
    """The names of one article."""

    article_id: str
    title: str
    passages: int
    also_called: tuple[str, ...] = ()
    topics: tuple[str, ...] = ()
    headings: tuple[SuggestedHeading, ...] = ()
    source: str = ""


@dataclass(frozen=True, slots=True)
class SuggestionSet:
    """Suggestions by kind, best group first; `fuzzy` is true if only similar spellings match."""

    names: tuple[SuggestedName, ...] = ()
    fuzzy: bool = False


@lru_cache(
    maxsize=200_000
)  # the names of 100,000 passages, so that an update folds only changed names
def fold_name(name: str) -> str:
    """Return the folded words of a name with a space before and after each word, or ""."""
    found = [_folded_word(word) for word in split_words(name)[:MAX_NAME_WORDS]]
    return f" {' '.join(found)} " if found else ""


_folded_word = lru_cache(maxsize=100_000)(fold)


def build_names(
    articles: Sequence[ArticleEntry],
    headings: Mapping[str, Sequence[tuple[str, SuggestedHeading]]],
) -> Iterator[SuggestedName]:
    """Yield all names; `headings` has the folded and original headings of each article by id."""
    for article in articles:
        article_ids, title = (article.article_id,), fold_name(article.title)
        yield SuggestedName(
            kind=NameKind.ARTICLE,
            text=article.title,
            articles=article_ids,
            passages=article.passages,
            source=article.source,
        )
        for alternative in dict.fromkeys(article.also_called):
            if fold_name(alternative) != title:
                yield SuggestedName(
                    kind=NameKind.SEE,
                    text=alternative,
                    articles=article_ids,
                    passages=article.passages,
                    see=article.title,
                )
    yield from _topic_names(articles)
    yield from _heading_names(articles, headings)


def _topic_names(articles: Sequence[ArticleEntry]) -> Iterator[SuggestedName]:
    by_topic: dict[str, list[ArticleEntry]] = {}
    for article in articles:
        for topic in dict.fromkeys(article.topics):
            by_topic.setdefault(topic, []).append(article)
    for topic, entries in by_topic.items():
        yield SuggestedName(
            kind=NameKind.TOPIC,
            text=topic,
            articles=tuple(article.article_id for article in entries),
            passages=sum(article.passages for article in entries),
        )


def _heading_names(
    articles: Sequence[ArticleEntry],
    headings: Mapping[str, Sequence[tuple[str, SuggestedHeading]]],
) -> Iterator[SuggestedName]:
    """Yield each distinct heading once, compared by folded text."""
    by_heading: dict[str, list[tuple[ArticleEntry, SuggestedHeading]]] = {}
    for one in articles:
        seen = {"", fold_name(one.title)}
        for text, heading in headings[one.article_id]:
            if text not in seen:
                seen.add(text)
                by_heading.setdefault(text, []).append((one, heading))
    for entries in by_heading.values():
        (one, heading), *others = entries
        if others:
            yield SuggestedName(
                kind=NameKind.HEADING,
                text=heading.text,
                articles=tuple(article.article_id for article, _ in entries),
                passages=sum(heading.passages for _, heading in entries),
            )
        else:
            yield SuggestedName(
                kind=NameKind.HEADING,
                text=heading.text,
                articles=(one.article_id,),
                passages=heading.passages,
                see=one.title,
                passage_id=heading.passage_id,
            )


def rank_key(name: SuggestedName) -> tuple[int, bool, int, int, str]:
    """Return the sort key of a name among equally good matches."""
    shared = name.kind is NameKind.HEADING and not name.passage_id
    return RANKS[name.kind], shared, -name.passages, len(name.text), name.text
