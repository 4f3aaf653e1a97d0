"""An article prepared for the checks, together with related content of the knowledge base.

The type of the article decides which rules apply: an article on a treatment must mention harms, an
article on a disease does not have to; a text for patients must be easy to read.

Related content is other articles, the previous version and dead links. `ingest.checks.service`
collects it. While a source is ingested there is none, so the rules that need it have no findings.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from itertools import chain
from typing import TYPE_CHECKING

from ingest.checks.article_type import ArticleType, classify_article, detect_audience
from ingest.checks.config import RuleOptions, Rules
from ingest.checks.finding import FindingLocation
from ingest.language.sentence_splitter import split_sentences
from kb.model.article import Article, BlockKind
from kb.model.passage import Passage
from kb.model.records import ArticleRecord

if TYPE_CHECKING:  # the workers must not import the database
    from kb.storage.near_duplicates import NearDuplicate


@dataclass(frozen=True, slots=True)
class RelatedPassage:
    """A passage of another article that may contradict this one."""

    article_id: str
    title: str
    also_called: tuple[str, ...]
    passage: Passage


@dataclass(frozen=True, slots=True, kw_only=True)
class RelatedContent:
    """Content outside the article; `dead_links` maps URLs that do not work to the reason."""

    related_passages: Sequence[RelatedPassage] = ()
    near_duplicates: Sequence[NearDuplicate] = ()
    previous_version: ArticleRecord | None = None
    dead_links: Mapping[str, str] = field(default_factory=dict)


NO_RELATED_CONTENT = RelatedContent()


PROSE = (BlockKind.PARAGRAPH, BlockKind.CALLOUT)


@dataclass(frozen=True)
class CheckPassage:
    """A passage with its sentences; `is_reference_list` is true if it only lists references."""

    passage: Passage
    number: int
    is_reference_list: bool

    @cached_property
    def sentences(self) -> tuple[str, ...]:
        """All sentences, including list items and table rows."""
        return tuple(chain.from_iterable(sentences for _, sentences in self._by_block))

    @cached_property
    def prose(self) -> tuple[str, ...]:
        """Sentences of running text."""
        return tuple(chain.from_iterable(found for kind, found in self._by_block if kind in PROSE))

    @cached_property
    def text_outside_tables(self) -> tuple[str, ...]:
        """Sentences and list items; table rows are excluded because their columns explain them."""
        return tuple(
            chain.from_iterable(
                found for kind, found in self._by_block if kind is not BlockKind.TABLE
            )
        )

    @cached_property
    def _by_block(self) -> tuple[tuple[BlockKind, tuple[str, ...]], ...]:
        return tuple((block.kind, tuple(_sentences(block.plain))) for block in self.passage.blocks)

    @property
    def location(self) -> FindingLocation:
        """The location of a finding in this passage."""
        return FindingLocation(self.number, self.passage.id, self.passage.heading_path)


@dataclass(frozen=True)
class CheckContext:
    """An article with tagged passages, the rules, the date and related content."""

    article: Article
    passages: tuple[Passage, ...]
    rules: Rules
    today: date
    related: RelatedContent = NO_RELATED_CONTENT

    @cached_property
    def parts(self) -> tuple[CheckPassage, ...]:
        """All passages with their sentences."""
        return tuple(
            CheckPassage(passage, number, self.has_section_tag(passage, "sources"))
            for number, passage in enumerate(self.passages)
        )

    @cached_property
    def text_parts(self) -> tuple[CheckPassage, ...]:
        """The passages that are not lists of references."""
        return tuple(part for part in self.parts if not part.is_reference_list)

    @cached_property
    def article_type(self) -> ArticleType:
        """Whether the article is about a treatment, with the reason."""
        return classify_article(self.article, self.passages, self.rules.settings("kind"))

    @cached_property
    def audience(self) -> str:
        """The audience of the article: patients, staff or unknown."""
        sentences = (sentence for _, sentence in self.sentences())
        return detect_audience(self.article, sentences, self.rules.settings("audience"))

    @property
    def negation(self) -> RuleOptions:
        """The settings for the detection of negation."""
        return self.rules.settings("negation")

    def has_section_tag(self, passage: Passage, section: str) -> bool:
        """Return whether the passage has a tag listed under that key of the section settings."""
        wanted = self.rules.settings("sections").texts(section)
        return any(tag.tag in wanted for tag in passage.tags)

    def parts_of_section(self, section: str) -> Sequence[CheckPassage]:
        """Return the passages with a tag listed under that key of the section settings."""
        return [part for part in self.parts if self.has_section_tag(part.passage, section)]

    def sentences(self) -> Iterator[tuple[CheckPassage, str]]:
        """Yield every sentence outside reference lists with its passage, in reading order."""
        for part in self.text_parts:
            for sentence in part.sentences:
                yield part, sentence


def _sentences(text: str) -> Iterator[str]:
    for sentence in split_sentences(text):
        bare = sentence.strip().removeprefix("- ").strip()
        if bare:
            yield bare
