"""Passages that say the same again, in this article or in another: what the store found."""

from __future__ import annotations

from collections.abc import Iterator

from ingest.checks.config import Rule
from ingest.checks.context import CheckContext
from ingest.checks.finding import Finding


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
