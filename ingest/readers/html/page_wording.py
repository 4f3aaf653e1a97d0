"""What only a page says: lines and headings that are no part of an article, whatever their names.

The tables hold the rules with their reasons; `ingest.readers.html.boilerplate` applies them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from ingest.readers.html.boilerplate_rules import (
    COMMENTS,
    CONTENTS,
    COOKIES,
    FEEDBACK,
    FOOTER,
    NAVIGATION,
    PROMOTION,
    RELATED,
    SHARING,
)
from ingest.readers.html.text_density import ElementDensity


@dataclass(frozen=True, slots=True)
class TextRule:
    """A rule on the whole text of a short block that holds no other block."""

    reason: str
    words: re.Pattern[str]
    most_words: int = 16
    least_linked: float = 0.0


def _worded(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.I)


# Lines that only a page says, whatever they are called. A word that an article could say as well
# ("See also") counts only as a link.
WORDED = (
    TextRule(NAVIGATION, _worded(r"(?:skip|jump) (?:to|over) .*"), 8, 0.5),
    TextRule(NAVIGATION, _worded(r"(?:back|return) to (?:the )?top\b.*"), 6),
    TextRule(NAVIGATION, _worded(r"you are here:?.*"), 20),
    TextRule(NAVIGATION, _worded(r"(?:previous|next|older|newer)\b.*"), 20, 0.8),
    TextRule(
        SHARING,
        _worded(
            r"(?:share|tweet|pin|e-?mail|print|copy|save)(?: (?:this|on|via|to|the link)\b.*)?"
        ),
        8,
        0.8,
    ),
    TextRule(SHARING, _worded(r"share (?:this|on|via)\b.*|follow us(?: on\b.*)?"), 8),
    TextRule(
        RELATED, _worded(r"(?:read|see|watch|learn|find out)(?: also| more| next)\b.*"), 24, 0.8
    ),
    TextRule(RELATED, _worded(r"(?:related|also read|more on this|more from)\b.*"), 24, 0.8),
    TextRule(PROMOTION, _worded(r"advertisement|advertising|sponsored(?: content)?|ad"), 3),
    TextRule(
        PROMOTION, _worded(r"(?:sign up|subscribe|join)\b.*(?:newsletter|e-?mails?|inbox).*"), 24
    ),
    TextRule(
        FEEDBACK,
        _worded(r"(?:was|is|did) this\b.*\b(?:help|helpful|useful)\b.*\?"),
        12,
    ),
    TextRule(
        COOKIES,
        _worded(
            r".*\b(?:this|our|the) (?:web ?)?site uses cookies\b.*|we use (?:\w+ ){0,2}cookies\b.*"
        ),
        60,
    ),
    TextRule(FOOTER, _worded(r".*(?:\ball rights reserved\b|©|\(c\) ?\d{4}).*|copyright\b.*"), 40),
    TextRule(FOOTER, _worded(r"(?:proudly )?(?:powered by|built with)\b.*"), 12),
    TextRule("a tool of the page", _worded(r"(?:please )?(?:enable|turn on) javascript\b.*"), 20),
    TextRule("a tool of the page", _worded(r"loading(?: (?:the )?page| content)?\W*"), 4),
    TextRule(
        "a tool of the page", _worded(r"\d+[ -]min(?:ute)?s?(?: of)? read(?:ing)?(?: time)?"), 5
    ),
    TextRule("a mark of a link", _worded(r"[¶#↑↩⤴^]️?"), 1),
)


@dataclass(frozen=True, slots=True)
class HeadingRule:
    """A rule on a heading and what stands under it, up to the next heading."""

    reason: str
    heading: re.Pattern[str]
    least_linked: float = 0.0  # of what stands under it
    most_words: int = 80


HEADED = (
    HeadingRule(
        RELATED,
        _worded(
            r"(?:related|recommended|suggested|popular|trending|further links"
            r"|more (?:from|on|in|about)|most (?:read|viewed|popular)|read (?:more|next|also)"
            r"|explore|you (?:might|may) also"
            r"|people also|see also|latest|recent|in this section|in this topic|other \w+|links"
            r"|hot (?:network )?questions|our (?:locations|services)"
            r"|today on|top (?:picks|stories))\b.*"
        ),
        0.5,
        400,
    ),
    HeadingRule(
        CONTENTS,
        _worded(
            r"(?:on this page|in this article|table of contents|contents|jump to|page contents):?"
        ),
        0.5,
        400,
    ),
    HeadingRule(
        SHARING,
        _worded(r"share(?: (?:this|on|via)\b.*)?:?|follow us\b.*|connect with us|stay connected"),
        0.0,
        20,
    ),
    HeadingRule(
        FEEDBACK,
        _worded(
            r"(?:was|is|did) this\b.*\b(?:help|helpful|useful)\b.*\?"
            r"|(?:give|leave|send)(?: us)? (?:your )?feedback\b.*"
            r"|rate this\b.*|help us improve\b.*"
        ),
        0.0,
        60,
    ),
    HeadingRule(
        COMMENTS,
        _worded(r"(?:leave|post|add) a (?:reply|comment)|join the (?:discussion|conversation)"),
    ),
    HeadingRule(
        PROMOTION,
        _worded(
            r"(?:subscribe|sign up|join our|get our|never miss|stay (?:up to date|informed)"
            r"|newsletter|donate (?:now|today|to us)"
            r"|support (?:us|our work)|make a donation|ready to book)\b.*"
        ),
    ),
    HeadingRule("a note on the author", _worded(r"about the (?:author|writer)s?"), 0.0, 120),
)


def match_text_rule(text: str, weight: ElementDensity) -> str:
    """Return why a block of this text is left out, or an empty text."""
    for rule in WORDED:
        if (
            weight.words <= rule.most_words
            and weight.link_share >= rule.least_linked
            and rule.words.fullmatch(text)
        ):
            return rule.reason
    return ""
