"""Tables of boilerplate rules: by element and role, by the text of a line, and by heading.

The rules by class and id are in `ingest.readers.html.class_rules`. The main-content extraction
(`ingest.readers.html.main_content`) and `ingest.readers.html.boilerplate` apply them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from ingest.readers.html.clinical_statements import is_clear_statement
from ingest.readers.html.text_density import ElementDensity

FORM_CONTROL = "a form control"
EMBEDDED = "embedded content"
NAVIGATION = "navigation"
DIALOG = "a dialog"
HEADER = "the page header"
FOOTER = "the page footer"
SHARING = "sharing links"
RELATED = "links to other pages"
PROMOTION = "advertising"
FEEDBACK = "a request for feedback"
COMMENTS = "reader comments"
COOKIES = "a cookie notice"
CONTENTS = "a table of contents"
NOT_ARTICLE = "text outside the article"
# Elements removed anywhere on the page, with the reason.
OMITTED_ELEMENTS = {
    "nav": NAVIGATION,
    "noscript": "a message for browsers without scripts",
    "button": FORM_CONTROL,
    "input": FORM_CONTROL,
    "select": FORM_CONTROL,
    "textarea": FORM_CONTROL,
    "label": FORM_CONTROL,
    "iframe": EMBEDDED,
    "object": EMBEDDED,
    "audio": EMBEDDED,
    "video": EMBEDDED,
    "canvas": EMBEDDED,
    "svg": "a drawing",
    "dialog": DIALOG,
}
OMITTED_ROLES = {
    "navigation": NAVIGATION,
    "menubar": NAVIGATION,
    "tablist": NAVIGATION,
    "search": FORM_CONTROL,
    "dialog": DIALOG,
    "alertdialog": DIALOG,
}
MAX_TEASER_LENGTH = 50  # words per link: a title, a summary line and a date
PAGE_ELEMENTS = {"header": HEADER, "footer": FOOTER}
PAGE_ROLES = {"banner": HEADER, "contentinfo": FOOTER}


@dataclass(frozen=True, slots=True)
class TextRule:
    """Rule on the full text of a short block without nested blocks."""

    reason: str
    pattern: re.Pattern[str]
    max_words: int = 16
    min_link_share: float = 0.0


def _text_pattern(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.I)


# Lines that are never article text. Words that an article could contain as well ("See also") match
# only if they are links.
TEXT_RULES = (
    TextRule(NAVIGATION, _text_pattern(r"(?:skip|jump) (?:to|over) .*"), 8, 0.5),
    TextRule(NAVIGATION, _text_pattern(r"(?:back|return) to (?:the )?top\b.*"), 6),
    TextRule(NAVIGATION, _text_pattern(r"you are here:?.*"), 20),
    TextRule(
        NAVIGATION,
        _text_pattern(
            r"\W*(?:previous|prev|next|older|newer)\W*"
            r"|\W*(?:previous|prev|next|older|newer)(?:\s*[:›»→«‹←|]| [–-] | (?:page|post|article|"
            r"story|chapter|section|topic|slide|entry|entries|posts|articles|stories|up)\b).*"
        ),
        20,
        0.8,
    ),
    TextRule(
        SHARING,
        _text_pattern(
            r"(?:share|tweet|pin|e-?mail|print|copy|save)(?: (?:this|on|via|to|the link)\b.*)?"
        ),
        8,
        0.8,
    ),
    TextRule(SHARING, _text_pattern(r"share (?:this|on|via)\b.*|follow us(?: on\b.*)?"), 8),
    TextRule(
        RELATED,
        _text_pattern(r"(?:read|see|watch|learn|find out)(?: also| more| next)\b.*"),
        24,
        0.8,
    ),
    TextRule(RELATED, _text_pattern(r"(?:related|also read|more on this|more from)\b.*"), 24, 0.8),
    TextRule(PROMOTION, _text_pattern(r"advertisement|advertising|sponsored(?: content)?|ad"), 3),
    TextRule(
        PROMOTION,
        _text_pattern(r"(?:sign up|subscribe|join)\b.*(?:newsletter|e-?mails?|inbox).*"),
        24,
    ),
    TextRule(
        FEEDBACK,
        _text_pattern(
            r"(?:was|is|did|do) (?:this|you find this)\b.*\b(?:help|helpful|useful)\b.*\?"
        ),
        12,
    ),
    TextRule(
        COOKIES,
        _text_pattern(
            r".*\b(?:this|our|the) (?:web ?)?site uses cookies\b.*|we use (?:\w+ ){0,2}cookies\b.*"
        ),
        60,
    ),
    TextRule(
        FOOTER, _text_pattern(r".*(?:\ball rights reserved\b|©|\(c\) ?\d{4}).*|copyright\b.*"), 40
    ),
    TextRule(
        PROMOTION,
        _text_pattern(
            r"(?:download|get|install|try)\b.*\b(?:our|free)\b.*\bapp\b.*"
            r"|.*\bapp\b.*\b(?:app store|google play)\b.*"
            r"|(?:open|view|read|continue)(?: it| this)? in (?:the|our) app\b.*"
            r"|.*\bis better in (?:the|our) app\b.*|.*\badd .*\bto your home ?screen\b.*"
        ),
        24,
    ),
    TextRule(
        EMBEDDED,
        _text_pattern(
            r"(?:play|pause) (?:video|audio)|(?:video|audio|media) player|playback (?:rate|speed)"
            r"|(?:(?:current time|duration|length|running time):? )?\d+:\d\d(?::\d\d)?"
            r"(?: ?/ ?\d+:\d\d(?::\d\d)?)|(?:current time|duration|length|running time):? \d+:\d\d"
            r"|listen to this (?:article|page|story|post)\b.*"
            r"|use (?:up/down|left/right) arrow keys\b.*|media (?:last reviewed|review due)\b.*"
        ),
        16,
    ),
    TextRule(
        "a page tool",
        _text_pattern(r".*\b(?:an outdated|an unsupported|upgrade your) (?:web )?browser\b.*"),
        30,
    ),
    TextRule(FOOTER, _text_pattern(r"(?:proudly )?(?:powered by|built with)\b.*"), 12),
    TextRule("a page tool", _text_pattern(r"(?:please )?(?:enable|turn on) javascript\b.*"), 20),
    TextRule(
        "a page tool",
        _text_pattern(r"loading (?:the )?(?:page|content)\W*|loading ?(?:\.\.+|…)"),
        4,
    ),
    TextRule(
        "a page tool",
        _text_pattern(r"\d+[ -]min(?:ute)?s?(?: of)? read(?:ing)?(?: time)?"),
        5,
    ),
    TextRule("a link symbol", _text_pattern(r"[¶#↑↩⤴^]️?"), 1),
)


@dataclass(frozen=True, slots=True)
class HeadingRule:
    """Rule on a heading and the content below it, up to the next heading."""

    reason: str
    pattern: re.Pattern[str]
    min_link_share: float = 0.0  # share of the words below the heading that are in links
    max_words: int = 80


_PAGES = (
    r"(?:articles?|stories|posts?|pages|news|topics?|guides?|videos?|blogs?|resources|viewed|picks|"
    r"features|content|questions|links|publications)"
)
HEADING_RULES = (
    HeadingRule(
        RELATED,
        _text_pattern(
            r"(?:related|recommended|suggested|popular|trending|further (?:links|reading)"
            r"|more (?:from|on|in|about|{pages})|most (?:read|viewed|shared|popular|commented)"
            r"|(?:read|watch|see|keep|continue|what to) (?:more|next|also|reading|read next)"
            r"|explore (?:more|our|other|related|topics?|further)"
            r"|(?:you|we|others?|readers|people)(?: \w+)? (?:might|may|could|also|think)"
            r"|(?:see|also) (?:also|read|in)|up next|next up|in the news|in this (?:section|topic)"
            r"|(?:other|latest|recent|recently|featured|top|new|similar|all|our|more) {pages}"
            r"|(?:useful |external |quick |other )?links|don[’']t miss|must[- ]reads?"
            r"|(?:editors?|staff|reader)[’']?s? (?:picks?|choices?|favou?rites?)"
            r"|hot (?:network )?questions|(?:our|other) (?:locations|services)"
            r"|today on|top (?:picks|stories))\b.*".replace("{pages}", _PAGES)
        ),
        0.5,
        400,
    ),
    HeadingRule(
        CONTENTS,
        _text_pattern(
            r"(?:on this page|in this article|table of contents|contents|jump to|page contents):?"
        ),
        0.5,
        400,
    ),
    HeadingRule(
        SHARING,
        _text_pattern(
            r"share(?: (?:this|on|via)\b.*)?:?|follow us\b.*|connect with us|stay connected"
        ),
        0.0,
        20,
    ),
    HeadingRule(
        FEEDBACK,
        _text_pattern(
            r"(?:was|is|did) this\b.*\b(?:help|helpful|useful)\b.*\?"
            r"|(?:give|leave|send)(?: us)? (?:your )?feedback\b.*"
            r"|rate this(?: (?:page|article|content|site|information|post)\b.*)?"
            r"|help us improve\b.*"
        ),
        0.0,
        60,
    ),
    HeadingRule(
        COMMENTS,
        _text_pattern(
            r"(?:leave|post|add) a (?:reply|comment)|join the (?:discussion|conversation)"
        ),
    ),
    HeadingRule(
        PROMOTION,
        _text_pattern(
            r"(?:subscribe|sign up|join our|get our|never miss"
            r"|stay (?:up to date|informed|connected)(?= with (?:us|our|the latest)| on|$)"
            r"|newsletter|donate (?:now|today|to us)"
            r"|support (?:us|our work)|make a donation|ready to book)\b.*"
        ),
    ),
    HeadingRule(
        PROMOTION,
        _text_pattern(r"(?:get|download|try|install) (?:the|our) (?:[\w-]+ ){0,3}app\b.*"),
        0.0,
        40,
    ),
    HeadingRule(
        "a note about the author", _text_pattern(r"about the (?:author|writer)s?"), 0.0, 120
    ),
)


def match_text_rule(text: str, measured: ElementDensity) -> str:
    """Return the reason for removing a block with this text, or an empty string."""
    for rule in TEXT_RULES:
        if (
            measured.words <= rule.max_words
            and measured.link_share >= rule.min_link_share
            and rule.pattern.fullmatch(text)
            and not is_clear_statement(text)
        ):
            return rule.reason
    return ""
