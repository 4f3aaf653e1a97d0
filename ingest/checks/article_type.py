"""Classification of an article: whether it is about a treatment, and its audience.

Neither is part of the metadata, so both are derived from the topics, title, opening and tags. The
reason is part of the result, so that an editor who disagrees knows what to change (usually a
topic).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain

from ingest.checks.config import RuleOptions
from ingest.checks.negation import format_examples
from ingest.language.phrase_matcher import tokenize
from ingest.language.sentence_splitter import split_sentences
from kb.model.article import Article
from kb.model.passage import Passage

STRONG, WEAK = 2, 1  # points for statements of the author, and for tags of passages
MAX_FROM_TAGS = 2  # so that tags never outweigh statements of the author
OPENING_SENTENCES = 3
PATIENTS, STAFF, UNKNOWN = "patients", "staff", "unknown"


@dataclass(frozen=True, slots=True)
class ArticleType:
    """Whether the article is about a treatment, and the evidence for it."""

    is_treatment: bool
    reason: str


def classify_article(
    article: Article, passages: Sequence[Passage], settings: RuleOptions
) -> ArticleType:
    """Decide whether an article is about a treatment, by points for and against."""
    points, reasons = 0, []
    for weight, reason in _evidence(article, passages, settings):
        points += weight
        if weight > 0:
            reasons.append(reason)
    return ArticleType(points >= settings.number("points"), ", ".join(reasons))


def _evidence(
    article: Article, passages: Sequence[Passage], settings: RuleOptions
) -> Iterator[tuple[int, str]]:
    for topic in article.metadata.topics:
        name = _normalize(topic)
        if name in settings.texts("topics"):
            yield STRONG, f'the topic is "{topic}"'
        elif name in settings.texts("other_topics"):
            yield -STRONG, ""
    title = [hit.words for hit in settings.find("title_words", article.title)]
    if title:
        yield STRONG, f"the title has {format_examples(title)}"
    opening = " ".join(split_sentences(passages[0].text)[:OPENING_SENTENCES]) if passages else ""
    opening_words = [hit.words for hit in settings.find("opening_words", opening)]
    if opening_words:
        yield STRONG, f"it opens with {format_examples(opening_words[:1])}"
    elif any(True for _ in settings.find("other_openings", opening)):
        yield -STRONG, ""
    tags = {tag.tag for passage in passages for tag in passage.tags}
    matching_tags = [tag for tag in settings.texts("tags") if tag in tags][:MAX_FROM_TAGS]
    for tag in matching_tags:
        yield WEAK, f"a passage is tagged {tag}"


def detect_audience(article: Article, sentences: Iterable[str], settings: RuleOptions) -> str:
    """Return the audience of an article: patients, staff or unknown."""
    topics = {_normalize(topic) for topic in article.metadata.topics}
    if topics & set(settings.texts("patient_topics")):
        return PATIENTS
    if topics & set(settings.texts("staff_topics")):
        return STAFF
    words = list(chain.from_iterable(map(tokenize, sentences)))
    reader = set(settings.texts("reader_words"))
    reader_count = sum(map(reader.__contains__, words))
    if words and 100 * reader_count / len(words) >= settings.number("per_hundred_words"):
        return PATIENTS
    return settings.text("default")


def _normalize(topic: str) -> str:
    return " ".join(tokenize(topic))
