"""What an article can be named by: its title, its other names, its topics, its headings.

`Named` is what is known of one article; `names_of` makes of many the names that are offered to
somebody who types (`index.autocomplete.index`). A topic is one name however many articles it has, and so is a
heading, in whatever case and with whatever signs the articles write it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from index.analyzer import fold, words

NAME_WORDS_MOST = 24  # of one name: a heading of more words is a sentence, found by its first ones


class Kind(StrEnum):
    """What a name names, in the order of rank."""

    TOPIC = "topic"
    ARTICLE = "article"
    SEE = "see"
    HEADING = "heading"


RANKS = {kind: rank for rank, kind in enumerate(Kind)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Name:
    """A name and where it leads.

    `articles` are the ids of those it belongs to: one for a title or another name. `see` is the
    title of the article that another name or a heading belongs to; empty for a heading that several
    articles share. `passage_id` is the first passage under a heading of one article. `source` tells
    articles of the same title apart.
    """

    kind: Kind
    text: str
    articles: tuple[str, ...]
    passages: int
    see: str = ""
    passage_id: str = ""
    source: str = ""

    @property
    def group(self) -> Kind:
        """The kind it is shown with."""
        return Kind.ARTICLE if self.kind is Kind.SEE else self.kind


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading of one article: its first passage, and how many stand under it."""

    text: str
    passage_id: str
    passages: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """Everything of one article that can be named."""

    article_id: str
    title: str
    passages: int
    also_called: tuple[str, ...] = ()
    topics: tuple[str, ...] = ()
    headings: tuple[Heading, ...] = ()
    source: str = ""


@dataclass(frozen=True, slots=True)
class Suggested:
    """An answer: names grouped by kind, best group first; `slip` means similar spellings only."""

    names: tuple[Name, ...] = ()
    slip: bool = False


@lru_cache(maxsize=200_000)  # the names of 100,000 passages, so that a change folds its own only
def folded(name: str) -> str:
    """Return a name as it is compared, `` side effects ``: words between blanks; empty without."""
    found = [_folded_word(word) for word in words(name)[:NAME_WORDS_MOST]]
    return f" {' '.join(found)} " if found else ""


_folded_word = lru_cache(maxsize=100_000)(fold)


def names_of(
    articles: Sequence[Named],
    headings: Mapping[str, Sequence[tuple[str, Heading]]],
) -> Iterator[Name]:
    """Yield all names of these articles; `headings` are theirs by id, with their folded texts."""
    for one in articles:
        here, title = (one.article_id,), folded(one.title)
        yield Name(
            kind=Kind.ARTICLE,
            text=one.title,
            articles=here,
            passages=one.passages,
            source=one.source,
        )
        for other in dict.fromkeys(one.also_called):
            if folded(other) != title:
                yield Name(
                    kind=Kind.SEE,
                    text=other,
                    articles=here,
                    passages=one.passages,
                    see=one.title,
                )
    yield from _topics(articles)
    yield from _shared_headings(articles, headings)


def _topics(articles: Sequence[Named]) -> Iterator[Name]:
    under: dict[str, list[Named]] = {}
    for one in articles:
        for topic in dict.fromkeys(one.topics):
            under.setdefault(topic, []).append(one)
    for topic, found in under.items():
        yield Name(
            kind=Kind.TOPIC,
            text=topic,
            articles=tuple(one.article_id for one in found),
            passages=sum(one.passages for one in found),
        )


def _shared_headings(
    articles: Sequence[Named],
    headings: Mapping[str, Sequence[tuple[str, Heading]]],
) -> Iterator[Name]:
    """Yield each heading once, in whatever case and with whatever signs the articles write it."""
    under: dict[str, list[tuple[Named, Heading]]] = {}
    for one in articles:
        own = {"", folded(one.title)}
        for text, heading in headings[one.article_id]:
            if text not in own:
                own.add(text)
                under.setdefault(text, []).append((one, heading))
    for found in under.values():
        (one, heading), *others = found
        if others:
            yield Name(
                kind=Kind.HEADING,
                text=heading.text,
                articles=tuple(article.article_id for article, _ in found),
                passages=sum(heading.passages for _, heading in found),
            )
        else:
            yield Name(
                kind=Kind.HEADING,
                text=heading.text,
                articles=(one.article_id,),
                passages=heading.passages,
                see=one.title,
                passage_id=heading.passage_id,
            )


def rank(name: Name) -> tuple[int, bool, int, int, str]:
    """Return the place of a name among those that match what was typed equally well."""
    shared = name.kind is Kind.HEADING and not name.passage_id
    return RANKS[name.kind], shared, -name.passages, len(name.text), name.text
