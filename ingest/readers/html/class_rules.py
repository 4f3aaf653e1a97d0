"""Boilerplate rules by class name and id.

Losing clinical text is worse than keeping a menu, so a name is trusted only if it cannot mean
clinical content: a box called "related" is removed only if most of it is links, and a box called
"promo" not if it has a dose. A name counts only if no word of it is clinical ("footer-note",
"promo-dose"). An element that contains the page title or most of the page's words is never removed
by its name.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from bs4.element import Tag

from ingest.readers.html.boilerplate_rules import (
    COMMENTS,
    CONTENTS,
    COOKIES,
    DIALOG,
    EMBEDDED,
    FEEDBACK,
    FOOTER,
    FORM_CONTROL,
    HEADER,
    NAVIGATION,
    PROMOTION,
    RELATED,
    SHARING,
)
from ingest.readers.html.clinical_statements import is_clear_statement, is_possible_statement
from ingest.readers.html.dom import contains_element, get_classes, visible_line
from ingest.readers.html.elements import HEADINGS
from ingest.readers.html.linked_content import is_linked_content
from ingest.readers.html.text_density import ElementDensity


@dataclass(frozen=True, slots=True)
class ClassRule:
    """Rule on the classes and id of an element, with the limits within which it applies."""

    reason: str
    pattern: re.Pattern[str]
    max_words: int = 10_000
    min_link_share: float = 0.0  # share of the element's words that are in links
    max_page_share: float = 0.5  # share of the page's words; a larger element is not a single box
    outside_only: bool = False  # applies only outside main, article and section elements


def _within_name(alternatives: str) -> re.Pattern[str]:
    return re.compile(rf"-(?:{alternatives})-")


def _whole_name(alternatives: str) -> re.Pattern[str]:
    """Return a pattern for a whole name: "section-header" is not a page header."""
    return re.compile(rf"(?:^|\s)-(?:{alternatives})-(?:\s|$)")


# Names are normalised by `normalized_names`. A link share of 0.4 also matches a box with a heading
# and a line of text above its links.
CLASS_RULES = (
    # A consent wall is often longer than the article behind it.
    ClassRule(
        COOKIES,
        _within_name(
            r"cookies?(?:-(?:banner|bar|notice|message|consent|policy|law|info|popup|warning))*|gdpr|ccpa|onetrust(?:-consent(?:-sdk)?)?|cookiebot|cookieconsent|usercentrics|didomi|"
            r"consent-(?:banner|manager|sdk|wall|bar|popup|modal|box|overlay)"
        ),
        max_page_share=0.8,
    ),
    ClassRule(
        NAVIGATION, _within_name(r"skip-?(?:links?|nav|to|navigation|content)"), max_words=20
    ),
    ClassRule(NAVIGATION, _within_name(r"breadcrumbs?|crumbs?|breadcrumb-trail"), max_words=60),
    ClassRule(NAVIGATION, _within_name(r"back-to-top|backtotop|to-top|headerlink|anchor-link"), 12),
    ClassRule(
        NAVIGATION, _within_name(r"mega-?menu|main-menu|site-nav|nav-?bar|off-?canvas"), 10_000, 0.4
    ),
    ClassRule(
        SHARING,
        _within_name(
            r"share|sharing|social(?!-(?:care|history|work|support))|sharedaddy|addthis|addtoany|sharethis|socials?-media|"
            r"follow-us"
        ),
        max_words=60,
    ),
    ClassRule(
        COMMENTS,
        _within_name(
            r"comments|comments?-(?:list|form|respond|area|section|thread|reply)|disqus|commentlist"
        ),
        max_page_share=0.8,  # comments may be longer than the article
    ),
    ClassRule(
        PROMOTION,
        _within_name(
            r"newsletters?|subscribe|signup|sign-up|mailing-list|promo|donate|"
            r"call-to-action|cta|app-banner"
        ),
        max_words=120,
    ),
    ClassRule(
        PROMOTION,
        _within_name(
            r"ads?(?!-(?:hoc|lib(?:itum)?)-)|adverts?|advertisements?|advertising|adslot|adsense|"
            r"adsbygoogle|dfp|taboola|outbrain|sponsored|sponsor-box|[a-z]*-ad-slot|job-ads"
        ),
        max_words=150,
    ),
    ClassRule(
        FEEDBACK,
        _within_name(r"feedback|was-this-helpful|page-helpful|page-rating|star-rating|votecell"),
        max_words=80,
    ),
    ClassRule(
        DIALOG,
        _within_name(r"(?<!-multi-)modals?|pop-?ups?|lightbox|interstitial|paywall"),
        max_words=300,
    ),
    ClassRule(
        FORM_CONTROL, _within_name(r"log-?in|sign-?in|search-?(?:form|box|bar)"), max_words=60
    ),
    ClassRule("a page tool", _within_name(r"no-?print|do-not-print|spinner|preloader|ticker"), 60),
    ClassRule(
        "a note about the author",
        _within_name(r"(?:authors?|contributors?|about-author)-?(?:box|bio|card|info|tooltip)"),
        120,
        0.0,
    ),
    ClassRule(
        "a page tool",
        _within_name(
            r"mw-editsection|edit-?section|secedit|edit-?links?|edit-(?:this-)?page|mw-jump-link"
        ),
        max_words=12,
    ),
    ClassRule(
        NAVIGATION,
        _within_name(r"navbox|catlinks|printfooter|sistersitebox"),
        min_link_share=0.4,
    ),
    ClassRule(
        PROMOTION,
        _within_name(
            r"(?:smart-?)?app-?banner|smart-?banner|(?:download|get|install)-(?:the-)?app|"
            r"app-(?:download|promo|store(?:-(?:badges?|links?))?)|open-in-app|browser-?upgrade"
        ),
        max_words=60,
    ),
    ClassRule(
        EMBEDDED,
        _within_name(
            r"video-js|vjs(?:-[a-z]+)*|jw-?player|jw-[a-z]+|mejs-[a-z]+|plyr(?:-[a-z]+)?|"
            r"(?:audio|video|media|podcast)-player|beyondwords(?:-player)?|wp-playlist|"
            r"player-(?:controls?|details|info|meta)"
        ),
        max_words=25,  # a longer text is a transcript
    ),
    ClassRule(
        RELATED,
        _within_name(r"card-clickable|(?:post|article|blog|news|story)-(?:card|preview|teaser)"),
        max_words=60,
        min_link_share=0.15,
    ),
    ClassRule(
        RELATED,
        _within_name(
            r"related|relatedposts|jp-relatedposts|recommended|recirc(?:ulation)?|read-more|"
            r"more-from|next-?(?:post|story|article)s?|more-?in-categor(?:y|ies)|most-read|most-popular|popular|trending|also-like|see-also|next-steps-nav|"
            r"hot-questions|suggested|teasers?"
        ),
        min_link_share=0.4,
    ),
    ClassRule(
        CONTENTS,
        _within_name(r"toc|table-of-contents|contents?-list|jump-links?|on-this-page|in-page-nav"),
        min_link_share=0.4,
    ),
    ClassRule(
        NAVIGATION,
        _within_name(
            r"nav|navigation|menus?|submenu|side-?bar|side-?nav|widgets?|widget-area|links|"
            r"quick-?links|pagination|pager|paging|prev-next|tools|toolbar|page-tools|post-menu"
        ),
        min_link_share=0.4,
    ),
    ClassRule(
        "page tags",
        _within_name(
            r"tags|tag-?list|taglist|(?:post|article)-tag(?:s|list)|tags?-links|cat-links"
        ),
        max_words=60,
        min_link_share=0.4,
    ),
    ClassRule(
        "the page sidebar",
        _within_name(r"[a-z]*sidebar|widget-area|secondary-column"),
        min_link_share=0.3,
        outside_only=True,
    ),
    ClassRule(
        HEADER,
        _whole_name(
            r"site-?header(?:-[a-z]+)?|page-top|masthead|top-?bar|(?:site-)?banner|nav-?bar|brand|"
            r"branding|site-?(?:name|title)|logo"
        ),
        outside_only=True,
        max_page_share=0.3,
    ),
    ClassRule(
        HEADER, _whole_name(r"(?:page-?)?header|hd|head|top"), 300, 0.25, 0.3, outside_only=True
    ),
    ClassRule(
        FOOTER,
        _whole_name(r"(?:site-?|page-?|global-?)?footer(?:-[a-z]+)?|colophon|foot-links"),
        outside_only=True,
        max_page_share=0.4,
    ),
    ClassRule(FOOTER, _whole_name("foot|bottom"), 100, 0.25, outside_only=True),
)

ARTICLE_ELEMENTS = frozenset({"main", "article", "section"})
PAGE_PARTS = frozenset({HEADER, FOOTER})
# A name of these rules counts even next to a clinical word: "cookie-warning", "related-conditions".
TRUSTED_REASONS = frozenset({COOKIES, NAVIGATION, RELATED, CONTENTS})
TABLE_PARTS = frozenset({"table", "thead", "tbody", "tfoot", "th"})  # "comments" is a column
# Words of a class name that speak of content: "promo-dose", "banner--warning", "footer-note".
_WORDS_OF_CONTENT = """
    dose doses dosing dosage reaction reactions symptom symptoms effect effects treatment therapy
    clinical patient patients drug drugs medicine medicines medication disease condition conditions
    warning warnings caution cautions danger alert important note notes footnote footnotes safety
    risk risks injury decision criteria emergency urgent contraindications interactions advice
    diagnosis prevention
"""
_CLINICAL_WORDS = frozenset(_WORDS_OF_CONTENT.split())
_CONSENT_TEXT = re.compile(r"\b(?:cookies?|consent|privacy|partners|tracking|gdpr)\b", re.I)
_COMMENT_TEXT = re.compile(
    r"\breply\b|\bsays:|\b(?:minutes?|hours?|days?|weeks?|months?|years?) ago\b|\blog in\b"
    r"|\b(?:leave|post|add) a (?:comment|reply)\b|\bposted (?:by|on|at)\b|\blikes?: \d|\bupvote"
    r"|\b(?:commented|wrote) (?:on|:)|\b\d+ comments?\b|\bat \d{1,2}[:.]\d\d\b",
    re.I,
)
COMMENT_PARTS = frozenset({"textarea", "form"})
_COMMENT_NAMES = re.compile(
    r"-(?:comment-(?:author|meta|body|metadata|respond|reply|form|text|date|avatar|header)|avatar|"
    r"commentlist|disqus|username|user-?name|gravatar|vcard|upvotes?|reply|replies)-"
)
CACHED_NAMES = 10_000  # class names and ids; a site uses some hundreds
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_SEPARATORS = re.compile(r"[^a-z0-9]+")
# Parts of an id that say nothing about its content: "main-sidebar-2" is a sidebar.
_GENERIC_PARTS = re.compile(
    r"(?:-(?:main|container|wrapper?|box|block|section|area|inner|outer|content|page|site|top"
    r"|bottom|left|right|js|region|module|component|global|primary|secondary|\d+)(?=-))+-"
)


def normalized_names(tag: Tag) -> str:
    """Return the classes and id of an element in lower case: "-site-header- -top-".

    Words within a name are separated by single hyphens.
    """
    if not tag.attrs:
        return ""
    normalized = map(_separate_words, (*get_classes(tag), str(tag.get("id", ""))))
    return " ".join(f"-{name}-" for name in normalized if name)


@lru_cache(maxsize=CACHED_NAMES)
def _separate_words(name: str) -> str:
    return _SEPARATORS.sub("-", _CAMEL.sub("-", name).lower()).strip("-")


@lru_cache(maxsize=CACHED_NAMES)
def _rules_for_names(classes: str, identifier: str) -> tuple[ClassRule, ...]:
    """Return the rules for normalised classes and an id, of which the whole name must match."""
    return tuple(
        rule
        for rule in CLASS_RULES
        if rule.pattern.search(classes) or (identifier and rule.pattern.fullmatch(identifier))
    )


def _find_rules(tag: Tag) -> tuple[ClassRule, ...]:
    """Return the rules for the names of an element.

    A name that repeats words of the element's heading says what its text is about: the id
    "how-to-respond" is not a form for comments.
    """
    if not tag.attrs or tag.name in HEADINGS:
        return ()
    classes = [name for name in map(_separate_words, get_classes(tag)) if name]
    is_clinical = any(not _CLINICAL_WORDS.isdisjoint(name.split("-")) for name in classes)
    identifier = _GENERIC_PARTS.sub("-", f"-{_separate_words(str(tag.get('id', '')))}-")
    rules = _rules_for_names(" ".join(f"-{name}-" for name in classes), identifier)
    if not rules:
        return ()
    heading = tag.find(list(HEADINGS))
    words = set(_separate_words(heading.get_text(" ")).split("-")) if heading else set()
    classes = [name for name in classes if not words.issuperset(name.split("-"))]
    if words.issuperset(filter(None, identifier.split("-"))):
        identifier = ""
    rules = _rules_for_names(" ".join(f"-{name}-" for name in classes), identifier)
    if is_clinical:
        rules = tuple(rule for rule in rules if rule.reason in TRUSTED_REASONS)
    return tuple(rule for rule in rules if rule.min_link_share or tag.name not in TABLE_PARTS)


def match_class_rule(tag: Tag, measured: ElementDensity, page: ElementDensity) -> str:
    """Return the reason for removing an element because of its names, or an empty string.

    `measured` and `page` are the densities of the element and the page.
    """
    if measured.titles:
        return ""
    for rule in _find_rules(tag):
        if (
            measured.words <= min(rule.max_words, rule.max_page_share * page.words)
            and measured.link_share >= rule.min_link_share
            and not (rule.outside_only and is_inside_article(tag))
            and not _is_content(tag, rule)
        ):
            return rule.reason
    return ""


def _is_content(tag: Tag, rule: ClassRule) -> bool:
    """Return whether the text of an element contradicts the rule for its name."""
    text = visible_line(tag)
    if rule.reason == COMMENTS:
        return is_possible_statement(text) and not _is_reader_comment(tag, text)
    if rule.reason == COOKIES:
        return is_clear_statement(text) and not _CONSENT_TEXT.search(text)
    if rule.min_link_share:
        return is_linked_content(tag)
    if rule.reason in PAGE_PARTS:
        return is_clear_statement(text)
    return is_possible_statement(text)


def _is_reader_comment(tag: Tag, text: str) -> bool:
    """Return whether an element has the parts of readers' comments, not only the name."""
    return (
        bool(_COMMENT_TEXT.search(text))
        or contains_element(tag, COMMENT_PARTS)
        or any(
            _COMMENT_NAMES.search(normalized_names(part))
            for part in (tag, *tag.find_all(True, class_=True))
        )
    )


def is_inside_article(tag: Tag) -> bool:
    """Return whether an element is within a main, article or section element."""
    return any(above.name in ARTICLE_ELEMENTS for above in tag.parents)
