"""Articles about the subject of a query, which come before all others.

An article is about a subject if its title or an alternative title equals it, under any synonym, or
else if its title contains it. A short query that only names a subject also leads to the only
article with it in its title. Within each article, the passages that answer the query come first;
an article that is only named but answers nothing is shown with its opening.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from index.analyzer import split_words, stem_word
from index.document import name_key, split_title
from index.engine import ArticleGroup, Engine, EngineRequest, EngineResult
from index.query.intents import Intent, IntentCatalog, Stems
from index.query.interpretation import MAX_NAME_WORDS, Interpretation, NameTest, interpret
from index.query.parser import (
    AnyOfQuery,
    Leaf,
    ParsedQuery,
    PhraseQuery,
    WordQuery,
    parse_words,
)
from index.query.synonyms import SynonymDictionary
from index.search import sections
from kb.model.passage import Passage
from kb.model.records import ArticleSummary
from kb.model.taxonomy import Taxonomy
from kb.storage.published_cache import PublishedSnapshot

MAX_TITLE_WORDS = 3  # of a query that a longer title may contain: "diabetes", "hip replacement"
MAX_ARTICLES = 10  # about one subject that are placed first; more make the subject a topic

LoadedArticle = tuple[ArticleSummary, Sequence[Passage], int]  # with its rank


@dataclass(frozen=True, slots=True, kw_only=True)
class SubjectArticle:
    """An article about the subject, with all its passages, the answering ones first."""

    article: ArticleSummary
    passages: tuple[Passage, ...]
    rank: int  # 2: the typed words are its name; 1: a synonym of them is; 0: its title has them
    score: float  # of the best passage for what is asked; 0 if it answers nothing
    answered: frozenset[str] = frozenset()  # keys of the intents that one of its passages answers

    @property
    def is_named(self) -> bool:
        """Whether the subject is its name."""
        return self.rank > 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """The interpretation of a query and the articles about its subject, best first.

    `query` has only the words that name the subject; those `beside` them describe it. `names` are
    the stems of all names of several words in the query. `groups` are the articles that pass the
    filters of the query, as results; `tags` and `topics` are their facet counts. `titled` are the
    other articles with the subject in their title, which a query without an intent shows by their
    openings.
    """

    interpretation: Interpretation
    words: tuple[str, ...]
    query: ParsedQuery
    names: tuple[Stems, ...] = ()
    beside: tuple[str, ...] = ()
    articles: tuple[SubjectArticle, ...] = ()
    groups: tuple[ArticleGroup, ...] = ()
    tags: Mapping[str, int] = field(default_factory=dict)
    topics: Mapping[str, int] = field(default_factory=dict)
    titled: frozenset[str] = frozenset()

    def shows_opening(self, passage: Passage) -> bool:
        """Return whether a passage is shown as the opening of an article that answers nothing."""
        return any(not each.score and each.passages[0].id == passage.id for each in self.articles)

    @property
    def unanswered(self) -> tuple[Intent, ...]:
        """The intents that no article with the name of the subject answers."""
        named = [each for each in self.articles if each.is_named]
        if not named:
            return ()
        answered = frozenset().union(*(each.answered for each in named))
        return tuple(each for each in self.interpretation.asked if each.key not in answered)

    def add_to(self, result: EngineResult) -> EngineResult:
        """Return the result with the articles counted in its totals and facets."""
        return replace(
            result,
            articles=result.articles + len(self.groups),
            passages=result.passages + sum(len(group.passages) for group in self.groups),
            tags=_sum_counts(result.tags, self.tags),
            topics=_sum_counts(result.topics, self.topics),
        )


class SubjectFinder:
    """Interprets queries and finds the articles about their subjects."""

    def __init__(
        self,
        engine: Engine,
        vocabulary: SynonymDictionary,
        intents: IntentCatalog,
        taxonomy: Taxonomy,
    ) -> None:
        self._engine = engine
        self._vocabulary, self._intents, self._taxonomy = vocabulary, intents, taxonomy

    def find(self, query: ParsedQuery, published: PublishedSnapshot) -> Subject | None:
        """Return the subject of a query of plain words, or None."""
        read = self._interpret(query)
        if read is None:
            return None
        words, stems, is_name, interpretation = read
        subject = _subject_of(query, words, interpretation)
        ranks = self._ranks(subject)
        subject = replace(subject, names=_names(subject, stems, is_found=bool(ranks)))
        if len(ranks) > 1 and not interpretation.asked and not any(ranks.values()):
            return replace(subject, titled=frozenset(ranks))
        articles = _load(subject, ranks, published)
        if not articles and interpretation.asked:
            named = self._only_named(subject, query, words, is_name, published)
            return named or subject
        other = frozenset(stems[n] for n in range(len(words)) if n not in interpretation.subject)
        return self._with_articles(subject, articles, other)

    def _with_articles(
        self,
        subject: Subject,
        articles: Sequence[LoadedArticle],
        other: frozenset[str],
        weight: float = sections.WORDS,
    ) -> Subject:
        """Return the subject with its articles, best first.

        `other` are stems of the query that prefer a passage, and `weight` that of all of them.
        """
        interpretation = subject.interpretation
        ranked = [self._ranked(*entry, interpretation, other, weight=weight) for entry in articles]
        if interpretation.asked:
            ranked = [each for each in ranked if each.rank or each.score]
        ranked.sort(key=lambda each: (-each.rank, -each.score))
        return self._with_groups(replace(subject, articles=tuple(ranked)))

    def find_names(self, query: ParsedQuery) -> tuple[Stems, ...]:
        """Return the stems of the names of several words in a query of plain words."""
        read = self._interpret(query)
        if read is None:
            return ()
        subject = _subject_of(query, read.words, read.interpretation)
        return _names(subject, read.stems, is_found=bool(self._ranks(subject)))

    def find_named_articles(self, query: ParsedQuery) -> frozenset[str]:
        """Return the ids of the articles that any words of a query name, also by a synonym."""
        words = plain_words(query)
        keys = set(_spans([stem_word(word) for word in words]).values())
        for match in self._vocabulary.find_matches(words):
            keys.update(" ".join(synonym.stems) for synonym in match.synonyms)
        return frozenset().union(*self._engine.find_articles(keys).values())

    def _interpret(self, query: ParsedQuery) -> _InterpretedQuery | None:
        """Return the interpretation of a query of plain words, None if it has no subject."""
        words = plain_words(query)
        stems = [stem_word(word) for word in words]
        is_name = self._name_test(words, stems)
        interpretation = interpret(words, stems, self._intents, is_name)
        if interpretation is None:
            return None
        return _InterpretedQuery(words, stems, is_name, interpretation)

    def _only_named(
        self,
        subject: Subject,
        query: ParsedQuery,
        words: Sequence[str],
        is_name: NameTest,
        published: PublishedSnapshot,
    ) -> Subject | None:
        """Return the only name of articles among the words of a subject that no article has.

        The other words describe it: "apixaban gi bleed antidote". None if two names have articles,
        if the other words are in a title beside the name, or if its articles answer nothing and
        the other words are in any title, or all words in a passage.
        """
        numbers = subject.interpretation.subject
        found: list[Subject] = []
        for start, end in _names_within(numbers, is_name):
            narrowed = replace(subject.interpretation, subject=tuple(range(start, end)))
            named = _subject_of(query, words, narrowed)
            articles = _load(named, self._ranks(named), published)
            if any(rank for _, _, rank in articles):
                beside = frozenset(stem_word(words[n]) for n in numbers if not start <= n < end)
                found.append(self._with_articles(named, articles, beside, sections.SUBJECT_WORDS))
        if len(found) != 1:
            return None
        named = found[0]
        others = tuple(words[n] for n in numbers if n not in named.interpretation.subject)
        named = replace(named, beside=others)
        titled = AnyOfQuery(tuple(_title_leaf([word]) for word in others))
        if any(each.score for each in named.articles):
            return None if self._finds(ParsedQuery((_title_leaf(named.words), titled))) else named
        is_elsewhere = self._finds(ParsedQuery((titled,))) or self._finds(subject.query)
        return None if is_elsewhere else named

    def _finds(self, query: ParsedQuery) -> bool:
        return bool(self._engine.search(EngineRequest(query=query, limit=1)).groups)

    def _with_groups(self, subject: Subject) -> Subject:
        """Return the subject with the groups and facet counts under the filters of its query."""
        wanted_tags = set(subject.query.tags)
        wanted_topics = {topic.casefold() for topic in subject.query.topics}
        groups: list[ArticleGroup] = []
        tags: Counter[str] = Counter()
        topics: Counter[str] = Counter()
        for each in subject.articles:
            own_topics = each.article.metadata.topics
            tagged = {p.id: set(self._passage_tags(p)) for p in each.passages}
            ids = tuple(id_ for id_, own in tagged.items() if not wanted_tags or wanted_tags & own)
            on_topic = not wanted_topics or wanted_topics & {t.casefold() for t in own_topics}
            if on_topic:
                tags.update(set().union(*tagged.values()))
            if ids:
                topics.update(set(own_topics))
            if on_topic and ids:
                groups.append(ArticleGroup(each.article.id, each.score, ids))
        return replace(subject, groups=tuple(groups), tags=tags, topics=topics)

    def _passage_tags(self, passage: Passage) -> tuple[str, ...]:
        return self._taxonomy.with_ancestors(tag.tag for tag in passage.tags)

    def _name_test(self, words: Sequence[str], stems: Sequence[str]) -> NameTest:
        spans = _spans(stems)
        titles = self._engine.find_articles(dict.fromkeys(spans.values()))
        names = {(m.start, m.end) for m in self._vocabulary.find_matches(words)}
        return lambda start, end: (
            spans.get((start, end)) in titles
            or ((start, end) in names and (end - start > 1 or len(words) > 1))
        )

    def _ranks(self, subject: Subject) -> dict[str, int]:
        """Return the ranks of the articles about a subject; empty if there are too many."""
        names = [subject.words, *self._synonyms(subject.words)]
        keys = list(dict.fromkeys(name_key(" ".join(name)) for name in names))
        found = self._engine.find_articles(keys)
        ranks: dict[str, int] = {}
        for key in keys:
            for id_ in found.get(key, ()):
                ranks.setdefault(id_, 2 if key == keys[0] else 1)
        is_short = len(subject.words) <= MAX_TITLE_WORDS
        if not ranks and (subject.interpretation.asked or is_short):
            ranks = dict.fromkeys(self._titled(names), 0)
        return ranks if len(ranks) <= MAX_ARTICLES else {}

    def _titled(self, names: Iterable[Sequence[str]]) -> list[str]:
        """Return the articles with one of the names in their title."""
        leaves = tuple(dict.fromkeys(_title_leaf(name) for name in names if name))
        query = ParsedQuery((AnyOfQuery(leaves),))
        result = self._engine.search(EngineRequest(query=query, limit=MAX_ARTICLES + 1))
        return [group.article_id for group in result.groups]

    def _synonyms(self, words: Sequence[str]) -> list[list[str]]:
        match = self._vocabulary.find_name(words)
        return [split_words(synonym.text) for synonym in match.synonyms] if match else []

    def _ranked(
        self,
        article: ArticleSummary,
        passages: Sequence[Passage],
        rank: int,
        interpretation: Interpretation,
        other: frozenset[str],
        *,
        weight: float,
    ) -> SubjectArticle:
        ordered = sections.order_passages(passages, interpretation, other, weight)
        return SubjectArticle(
            article=article,
            passages=tuple(passage for _, passage in ordered),
            rank=rank,
            score=ordered[0][0],
            answered=sections.answered_intents(passages, interpretation.asked, ordered[0][0]),
        )


class _InterpretedQuery(NamedTuple):
    """The words of a query, their stems, which of them are names, and the interpretation."""

    words: Sequence[str]
    stems: Sequence[str]
    is_name: NameTest
    interpretation: Interpretation


def _spans(stems: Sequence[str]) -> dict[tuple[int, int], str]:
    """Return the keys of the names that adjacent words of a query may be."""
    return {
        (start, end): " ".join(stems[start:end])
        for start in range(len(stems))
        for end in range(start + 1, min(len(stems), start + MAX_NAME_WORDS) + 1)
    }


def _names(subject: Subject, stems: Sequence[str], *, is_found: bool) -> tuple[Stems, ...]:
    """Return the stems of the names in a query; a subject that titles contain is one."""
    spans = list(subject.interpretation.names)
    if is_found and subject.interpretation.is_contiguous:
        numbers = subject.interpretation.subject
        spans.append((numbers[0], numbers[-1] + 1))
    return tuple(tuple(stems[start:end]) for start, end in spans)


def plain_words(query: ParsedQuery) -> list[str]:
    """Return the words of a query without operators, otherwise an empty list."""
    if query.excluded:
        return []
    words: list[str] = []
    for node in query.clauses:
        if isinstance(node, WordQuery) and not node.field:
            words.append(node.text)
        elif isinstance(node, PhraseQuery) and not node.field and not node.quoted:
            words += split_words(node.text)
        else:
            return []
    return words


def _sum_counts(one: Mapping[str, int], other: Mapping[str, int]) -> dict[str, int]:
    return {key: one.get(key, 0) + other.get(key, 0) for key in (*one, *other)}


def _title_leaf(name: Sequence[str]) -> Leaf:
    stems = tuple(stem_word(word) for word in name)
    if len(stems) == 1:
        return WordQuery(name[0], stems[0], "title")
    return PhraseQuery(" ".join(name), stems, "title")


def _subject_of(
    query: ParsedQuery, words: Sequence[str], interpretation: Interpretation
) -> Subject:
    """Return the subject of a query without its articles."""
    named = tuple(words[number] for number in interpretation.subject)
    return Subject(
        interpretation=interpretation,
        words=named,
        query=replace(query, clauses=parse_words(" ".join(named))),
    )


def _names_within(numbers: Sequence[int], is_name: NameTest) -> list[tuple[int, int]]:
    """Return the names among adjacent words of a subject, longest first at each word."""
    found: list[tuple[int, int]] = []
    for start in numbers:
        if found and start < found[-1][1]:
            continue
        ends = [end for end in (n + 1 for n in numbers) if end > start]
        adjacent = [end for end in ends if set(range(start, end)) <= set(numbers)]
        end = next((end for end in reversed(adjacent) if is_name(start, end)), None)
        if end is not None:
            found.append((start, end))
    return found


def _load(
    subject: Subject, ranks: Mapping[str, int], published: PublishedSnapshot
) -> list[LoadedArticle]:
    """Return the published articles among these with their passages and ranks."""
    key = name_key(" ".join(subject.words))
    loaded: list[LoadedArticle] = []
    for id_, rank in ranks.items():
        if found := published.article(id_):
            article, passages = found
            is_bracketed = key == name_key(split_title(article.title)[1])
            loaded.append((article, passages, rank or int(is_bracketed)))
    return loaded
