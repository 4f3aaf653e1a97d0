"""Structure of an article: opening, headings, instructions to the reader, and passages."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from ingest.checks.config import Rule
from ingest.checks.context import CheckContext
from ingest.checks.finding import Finding, FindingLocation
from ingest.checks.negation import format_examples, unique_words
from ingest.language.phrase_matcher import BOUNDARY, tokenize

MIN_WORD_LENGTH = 4  # letters; shorter words of a title, such as "of", do not name its subject


def check_main_message(context: CheckContext, rule: Rule) -> Iterator[Finding]:
    """Find articles that do not open with a statement about their subject."""
    if not context.text_parts:
        return
    part = context.text_parts[0]
    if not part.prose:
        yield rule.finding(
            "The article opens with a list or a table, not with its main message.",
            at=part.location,
            suggestion="Open with one or two sentences that state what matters most.",
        )
        return
    about_itself = [
        hit.words for sentence in part.prose for hit in rule.find("about_itself", sentence)
    ]
    if about_itself:
        yield rule.finding(
            "The opening is about the article, not about its subject: "
            f"{format_examples(about_itself)}.",
            at=part.location,
            words=unique_words(about_itself),
            suggestion="Open with what the reader needs to know.",
        )
    elif not _names_subject(context, int(rule.number("first_words"))):
        yield rule.finding(
            f'The opening does not mention the subject of the article ("{context.article.title}").',
            at=part.location,
            suggestion="Mention it in the first sentence, with the most important message.",
        )


def _names_subject(context: CheckContext, first_words: int) -> bool:
    metadata, article = context.article.metadata, context.article
    names = tokenize(" ".join((article.title, *metadata.also_called)))
    subject = {_stem(word) for word in names if len(word) >= MIN_WORD_LENGTH}
    subject |= {word for word in names if word != BOUNDARY} if not subject else set()
    words = (word for _, sentence in context.sentences() for word in tokenize(sentence))
    return not subject.isdisjoint(_stem(word) for word in islice(words, first_words))


def _stem(word: str) -> str:
    return word.removesuffix("'s").removesuffix("s")


def check_generic_headings(context: CheckContext, rule: Rule) -> Iterator[Finding]:
    """Find headings that fit any text."""
    generic = set(rule.texts("headings"))
    seen: set[tuple[str, ...]] = set()
    for path, section in context.article.walk():
        plain = " ".join(word for word in tokenize(section.heading) if word != BOUNDARY)
        if plain in generic and path not in seen:
            seen.add(path)
            yield rule.finding(
                f'The heading "{section.heading}" does not describe its section.',
                at=FindingLocation(heading_path=path, passage=_first_passage_under(context, path)),
                words=(section.heading,),
                suggestion="Summarise the section in its heading; some readers only scan headings.",
            )


def _first_passage_under(context: CheckContext, path: tuple[str, ...]) -> int | None:
    for part in context.parts:
        if part.passage.heading_path[: len(path)] == path:
            return part.number
    return None


def check_actions(context: CheckContext, rule: Rule) -> Iterator[Finding]:
    """Find texts for patients without an instruction to the reader."""
    if context.audience not in rule.texts("audiences") or not context.text_parts:
        return
    for _, sentence in context.sentences():
        first_text = any(hit.start == 0 for hit in rule.find("verbs", sentence))
        if first_text or rule.contains("asking", sentence):
            return
    yield rule.finding(
        "The article contains no instruction to the reader.",
        suggestion="Add at least one step: what to do, when, and whom to ask.",
    )


def check_passage_size(context: CheckContext, rule: Rule) -> Iterator[Finding]:
    """Find passages that are longer than one screen."""
    most = int(rule.number("most_words"))
    for part in context.text_parts:
        words = len(part.passage.text.split())
        if words > most:
            yield rule.finding(
                f"The passage has {words} words; the limit is {most}.",
                at=part.location,
                suggestion="Split it with headings, so that links lead readers to the right part.",
            )


def check_near_duplicates(context: CheckContext, rule: Rule) -> Iterator[Finding]:
    """Find passages that are nearly identical to another in this article or elsewhere."""
    duplicates = {duplicate.passage_id: duplicate for duplicate in context.related.near_duplicates}
    for part in context.text_parts:
        duplicate = duplicates.get(part.passage.id)
        if duplicate is None or duplicate.share < rule.number("jaccard"):
            continue
        article = f"the article {duplicate.article_id}" if duplicate.article_id else "this article"
        position = f'under "{duplicate.heading}"' if duplicate.heading else "in the opening"
        level = None
        if context.has_section_tag(part.passage, "help"):
            level = rule.level("help_level")
        elif duplicate.is_boilerplate:
            level = rule.level("boilerplate_level")
        yield rule.finding(
            f"{duplicate.share:.0%} of this passage is the same as /passages/{duplicate.other_id}, "
            f"{position} of {article}.",
            at=part.location,
            words=part.sentences[:1],
            suggestion="Keep one of them and link to it.",
            level=level,
        )
