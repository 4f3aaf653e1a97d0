"""What changed since the version before: a date of review that moved further than the text did.

Passages that say the same again, in this article or in another: what the store found.
"""

from __future__ import annotations

from collections.abc import Iterator

from ingest.checks.config import Rule
from ingest.checks.context import CheckContext
from ingest.checks.finding import Finding


def partial_review(manuscript: CheckContext, rule: Rule) -> Iterator[Finding]:
    """The date of the last review moved on with a change to a small part of the text.

    Who read the rest is written nowhere, so the finding asks.
    """
    earlier, reviewed = manuscript.around.earlier, manuscript.article.metadata.reviewed
    if earlier is None or reviewed is None or not manuscript.parts:
        return
    before = earlier.article.metadata.reviewed
    if before is None or reviewed <= before:
        return
    texts = {passage.text for passage in earlier.passages}
    changed = [part for part in manuscript.parts if part.passage.text not in texts]
    if not changed or len(changed) > rule.number("share") * len(manuscript.parts):
        return
    yield rule.finding(
        f"The last review moved from {before} to {reviewed}, and {len(changed)} of "
        f"{len(manuscript.parts)} passages changed: was the whole article reviewed?",
        at=changed[0].place,
        words=tuple(part.passage.id for part in changed),
        suggestion=f"If only a part was, set the last review back to {before}.",
    )


def near_duplicates(manuscript: CheckContext, rule: Rule) -> Iterator[Finding]:
    """A passage that is nearly an earlier one, or nearly one of another article."""
    doubles = {double.passage_id: double for double in manuscript.around.doubles}
    for part in manuscript.text_parts:
        double = doubles.get(part.passage.id)
        if double is None or double.share < rule.number("jaccard"):
            continue
        where = f"the article {double.article_id}" if double.article_id else "this article"
        under = f'under "{double.heading}"' if double.heading else "in the opening"
        level = None
        if manuscript.is_about(part.passage, "help"):
            level = rule.level("help_level")
        elif double.everywhere:
            level = rule.level("boilerplate_level")
        yield rule.finding(
            f"{double.share:.0%} of this passage is the same as /passages/{double.other_id}, "
            f"{under} of {where}.",
            at=part.place,
            words=part.sentences[:1],
            suggestion="Keep one of them and link to it.",
            level=level,
        )
