"""Tables of boilerplate rules: by element, role, class and id, by text, and by heading.

The main-content extraction (`ingest.readers.html.main_content`) and
`ingest.readers.html.boilerplate` apply them. Losing clinical text is worse than keeping a menu, so
a class name is trusted only if it cannot mean clinical content: a box called "related" is removed
only if most of it is links, a box called "cookie" always. An element that contains the page title
or most of the page's words is never removed by its name.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from bs4.element import Tag

from ingest.readers.html.dom import get_classes
from ingest.readers.html.elements import HEADINGS
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
            r"cookies?|gdpr|ccpa|onetrust|cookiebot|cookieconsent|usercentrics|didomi|"
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
            r"comments|comments?-(?:list|form|respond|area|section|thread|reply)|respond|disqus|"
            r"commentlist"
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
            r"ads?|adverts?|advertisements?|advertising|adslot|adsense|adsbygoogle|dfp|"
            r"taboola|outbrain|sponsored|sponsor-box|[a-z]*-ad-slot|job-ads"
        ),
        max_words=150,
    ),
    ClassRule(
        FEEDBACK,
        _within_name(r"feedback|was-this-helpful|page-helpful|page-rating|star-rating|votecell"),
        max_words=80,
    ),
    ClassRule(
        DIALOG, _within_name(r"modals?|pop-?ups?|lightbox|interstitial|paywall"), max_words=300
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
    TextRule(NAVIGATION, _text_pattern(r"(?:previous|next|older|newer)\b.*"), 20, 0.8),
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
        _text_pattern(r"(?:was|is|did) this\b.*\b(?:help|helpful|useful)\b.*\?"),
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
    TextRule(FOOTER, _text_pattern(r"(?:proudly )?(?:powered by|built with)\b.*"), 12),
    TextRule("a page tool", _text_pattern(r"(?:please )?(?:enable|turn on) javascript\b.*"), 20),
    TextRule("a page tool", _text_pattern(r"loading(?: (?:the )?page| content)?\W*"), 4),
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


HEADING_RULES = (
    HeadingRule(
        RELATED,
        _text_pattern(
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
            r"|rate this\b.*|help us improve\b.*"
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
            r"(?:subscribe|sign up|join our|get our|never miss|stay (?:up to date|informed)"
            r"|newsletter|donate (?:now|today|to us)"
            r"|support (?:us|our work)|make a donation|ready to book)\b.*"
        ),
    ),
    HeadingRule(
        "a note about the author", _text_pattern(r"about the (?:author|writer)s?"), 0.0, 120
    ),
)
ARTICLE_ELEMENTS = frozenset({"main", "article", "section"})
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
    identifier = _GENERIC_PARTS.sub("-", f"-{_separate_words(str(tag.get('id', '')))}-")
    rules = _rules_for_names(" ".join(f"-{name}-" for name in classes), identifier)
    if not rules:
        return ()
    heading = tag.find(list(HEADINGS))
    words = set(_separate_words(heading.get_text(" ")).split("-")) if heading else set()
    classes = [name for name in classes if not words.issuperset(name.split("-"))]
    if words.issuperset(filter(None, identifier.split("-"))):
        identifier = ""
    return _rules_for_names(" ".join(f"-{name}-" for name in classes), identifier)


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
        ):
            return rule.reason
    return ""


def is_inside_article(tag: Tag) -> bool:
    """Return whether an element is within a main, article or section element."""
    return any(above.name in ARTICLE_ELEMENTS for above in tag.parents)


def match_text_rule(text: str, measured: ElementDensity) -> str:
    """Return the reason for removing a block with this text, or an empty string."""
    for rule in TEXT_RULES:
        if (
            measured.words <= rule.max_words
            and measured.link_share >= rule.min_link_share
            and rule.pattern.fullmatch(text)
        ):
            return rule.reason
    return ""
