"""How an article is built: its first words, its headings, its passages, what it asks to do."""

from __future__ import annotations

from collections.abc import Iterator

from ingest.checks.config import Rule
from ingest.checks.context import CheckContext
from ingest.checks.finding import Finding, FindingLocation
from ingest.checks.negation import format_examples, unique_words
from ingest.language.phrase_matcher import BOUNDARY, tokenize

MIN_WORD_LENGTH = 4  # of a title, to say what the article is about: "of" and "the" do not


def check_main_message(context: CheckContext, rule: Rule) -> Iterator[Finding]:
    """The article does not open with a statement about its subject."""
    if not context.text_parts:
        return
    part = context.text_parts[0]
    if not part.prose:
        yield rule.finding(
            "The article opens with a list or a table, not with its main message.",
            at=part.location,
            suggestion="Open with one or two sentences that say what matters most.",
        )
        return
    about_itself = [
        hit.words for sentence in part.prose for hit in rule.find("about_itself", sentence)
    ]
    if about_itself:
        yield rule.finding(
            f"The opening speaks of the article, not of its subject: {format_examples(about_itself)}.",
            at=part.location,
            words=unique_words(about_itself),
            suggestion="Open with what the reader must know, as in the first line of a telephone "
            "call.",
        )
    elif not _names_subject(context, int(rule.number("first_words"))):
        yield rule.finding(
            f'The opening does not name what the article is about ("{context.article.title}").',
            at=part.location,
            suggestion="Name it in the first sentence and say the one thing that matters most.",
        )


def _names_subject(context: CheckContext, first_words: int) -> bool:
    metadata, article = context.article.metadata, context.article
    names = tokenize(" ".join((article.title, *metadata.also_called)))
    subject = {_stem(word) for word in names if len(word) >= MIN_WORD_LENGTH}
    subject |= {word for word in names if word != BOUNDARY} if not subject else set()
    text = " ".join(sentence for part in context.text_parts for sentence in part.sentences)
    opening = tokenize(text)[:first_words]
    return not subject.isdisjoint(_stem(word) for word in opening)


def _stem(word: str) -> str:
    return word.removesuffix("'s").removesuffix("s")


def check_generic_headings(context: CheckContext, rule: Rule) -> Iterator[Finding]:
    """Headings that could stand over any text."""
    generic = set(rule.texts("headings"))
    seen: set[tuple[str, ...]] = set()
    for path, section in context.article.walk():
        plain = " ".join(word for word in tokenize(section.heading) if word != BOUNDARY)
        if plain in generic and path not in seen:
            seen.add(path)
            yield rule.finding(
                f'The heading "{section.heading}" does not say what stands below it.',
                at=FindingLocation(heading_path=path, passage=_first_passage_under(context, path)),
                words=(section.heading,),
                suggestion="Write what the section tells: some readers see only the heading.",
            )


def _first_passage_under(context: CheckContext, path: tuple[str, ...]) -> int | None:
    for part in context.parts:
        if part.passage.heading_path[: len(path)] == path:
            return part.number
    return None


def check_actions(context: CheckContext, rule: Rule) -> Iterator[Finding]:
    """A text for patients that never tells its reader what to do."""
    if context.audience not in rule.texts("audiences") or not context.text_parts:
        return
    for _, sentence in context.sentences():
        begins = any(hit.start == 0 for hit in rule.find("verbs", sentence))
        if begins or rule.contains("asking", sentence):
            return
    yield rule.finding(
        "The article never tells its reader what to do.",
        suggestion="Add at least one step: what to do, when, and whom to ask.",
    )


def check_passage_size(context: CheckContext, rule: Rule) -> Iterator[Finding]:
    """A passage that fills more than a screen."""
    most = int(rule.number("most_words"))
    for part in context.text_parts:
        words = len(part.passage.text.split())
        if words > most:
            yield rule.finding(
                f"The passage has {words} words, more than {most}.",
                at=part.location,
                suggestion="Part it by headings, so that a reader can be led to the right place.",
            )


def check_near_duplicates(context: CheckContext, rule: Rule) -> Iterator[Finding]:
    """A passage that is nearly an earlier one, or nearly one of another article."""
    doubles = {double.passage_id: double for double in context.related.near_duplicates}
    for part in context.text_parts:
        double = doubles.get(part.passage.id)
        if double is None or double.share < rule.number("jaccard"):
            continue
        where = f"the article {double.article_id}" if double.article_id else "this article"
        under = f'under "{double.heading}"' if double.heading else "in the opening"
        level = None
        if context.has_section_tag(part.passage, "help"):
            level = rule.level("help_level")
        elif double.everywhere:
            level = rule.level("boilerplate_level")
        yield rule.finding(
            f"{double.share:.0%} of this passage is the same as /passages/{double.other_id}, "
            f"{under} of {where}.",
            at=part.location,
            words=part.sentences[:1],
            suggestion="Keep one of them and link to it.",
            level=level,
        )
