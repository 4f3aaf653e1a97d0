"""The article's own part of a web page: what is read, what is left out, and why.

Stages, each over weights counted afresh, so the number of walks does not grow with the page:
1. `_reveal`: folded and tabbed parts are content; so is a `noscript` that holds most of the page.
2. `_leave_out`: elements, roles and names of the tables in `ingest.readers.boilerplate`.
3. `_chosen`: the element that the page marks as its content or, where it marks none, the smallest
   one that holds nearly all the prose.
4. Within it, lines, headed boxes and lists of links that only a page has are left out.
5. A line about the review of the text that stood outside comes back: it is clinical content.

What is left out is reported with its reason. An emptied element stays as an `hr`: taking elements
out one by one costs a search among their siblings each, which is quadratic on a flat page.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice

from bs4.element import PageElement, Tag

from ingest.readers.boilerplate import (
    CONTENTS,
    FOOTER,
    HEADED,
    LEFT_OUT,
    LEFT_OUT_ROLES,
    NAVIGATION,
    PAGE_PARTS,
    PAGE_ROLES,
    Headed,
    named_reason,
    names_of,
    worded_reason,
)
from ingest.readers.page import BLOCKS, UNSEEN, is_text, visible_text
from ingest.readers.reading import Dropped
from ingest.readers.weights import Weight, Weights

OUTSIDE = "outside the main part of the page"
HIDDEN_STYLE = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.I)
# Parts that a click shows. A hidden box with none of these names is hidden for good.
FOLDED = re.compile(
    r"-(?:tabs?|tab-?panels?|tab-?panes?|accordions?|collapse|collapsible|collapsed|expand\w*|"
    r"toggle\w*|panels?|disclosure|fold\w*|reveal\w*|answers?|faq)-"
)
MOST_FOLDED_LINKS = 0.6  # a folded part with more is a menu
# Words: a note to browsers without scripts is a sentence, a page for them is more.
SMALLEST_NOSCRIPT = 40
# A list of links beside the text is navigation; a sentence with a link in it is not.
NAVIGATION_LINK_SHARE = 0.6
# Before the first and after the last sentence, where breadcrumbs and further pages stand.
EDGE_LINK_SHARE = 0.8
SENTENCE_WORDS = 8  # not in links, in one block: a label or a heading has fewer
# Less text than this share of the page in "main" means that the page is marked wrongly.
SMALLEST_MAIN_SHARE = 0.25
# Words of prose, and their share in links, with which a box beside the content may belong to it.
TEXT_BESIDE = 25
LINKS_BESIDE = 0.25
MOST_PROSE = 0.9  # of the page: an element with it is the content of a page without mark-up
REVIEW_LINE = re.compile(
    r"\b(?:last|medically|clinically|content|page|date) (?:last )?(?:reviewed|updated|modified|"
    r"checked|revised)\b|\b(?:next|date of) review\b|\breview (?:date|due)\b"
    r"|\breviewed (?:on|by|in)\b",
    re.I,
)
LONGEST_REVIEW_LINE = 30  # words
MOST_REVIEW_LINES = 5
COPYRIGHT = re.compile(r"©|\ball rights reserved\b", re.I)
# Lists of works are links only, and clinical content.
REFERENCES = re.compile(r"-(?:references?|ref-list|footnotes?|citations?|sources?|bibliography)-")
MOST_SIBLINGS = 40  # under one heading: a box has no more, and the search stays linear
LONGEST_LINE = 60  # words of the longest line that the tables know
CAPTIONS = frozenset({"caption", "figcaption"})  # "© the hospital" is a part of the figure
HEADINGS = ("h2", "h3", "h4", "h5", "h6")
MAY_HEAD = frozenset({*HEADINGS, "p", "div", "strong", "b"})
MAY_BE_LINE = BLOCKS | {"a", "span", "font"}


def content_of(body: Tag, dropped: list[Dropped], title: str = "") -> Tag:
    """Return the element that holds the article, with what is not part of it taken out.

    Changes the tree. What is left out is added to `dropped`, with the reason. `title` is that of
    the head of the page.
    """
    weights = Weights(body)
    _reveal(body, weights)
    salvaged = _leave_out(body, weights, dropped, title)
    weights = Weights(body)
    _leave_out_headed(weights, dropped)
    _leave_out_lines(weights, dropped)
    content = _chosen(body, Weights(body))
    outside = list(_around(content, body))
    _leave_out_links(content, dropped)
    for element in outside:
        salvaged.extend(_set_aside(element, content, title, dropped))
    for line in salvaged:
        content.append(line)
    return content


def _reveal(body: Tag, weights: Weights) -> None:
    """Make content of what a click or the lack of scripts would show."""
    notes = body.find_all("noscript")
    without_scripts = sum(weights.of(tag).words for tag in notes)
    if without_scripts >= SMALLEST_NOSCRIPT and 2 * without_scripts > weights.of(body).words:
        for tag in notes:
            tag.name = "div"
    controlled = {
        str(tag.get(name)).lstrip("#")
        for tag in body.find_all(["button", "a", "div", "h2", "h3", "summary", "li"])
        for name in ("aria-controls", "data-target", "data-bs-target")
        if tag.get(name)
    }
    controlled.update(
        str(link.get("href", ""))[1:]
        for tabs in body.find_all(role="tablist")
        for link in tabs.find_all("a")
    )
    for tag in weights.tags():
        if tag.name == "button" and tag.find_parent([*HEADINGS, "h1", "dt", "summary"]):
            tag.name = "span"
        elif tag.name in BLOCKS and _is_hidden(tag) and _is_folded(tag, controlled, weights):
            for name in ("hidden", "aria-hidden", "style"):
                tag.attrs.pop(name, None)
            before = tag.find_previous_sibling(True)
            if isinstance(before, Tag) and before.name == "button":
                before.name = "p"


def _is_folded(tag: Tag, controlled: set[str], weights: Weights) -> bool:
    named_so = tag.get("role") == "tabpanel" or FOLDED.search(names_of(tag))
    weight = weights.of(tag)
    return bool(
        (named_so or tag.get("id") in controlled)
        and tag.get("role") not in LEFT_OUT_ROLES
        and weight.link_share < MOST_FOLDED_LINKS
    )


def _leave_out(body: Tag, weights: Weights, dropped: list[Dropped], title: str) -> list[Tag]:
    """Apply the tables of names; return the lines of review of what was left out."""
    salvaged: list[Tag] = []
    page = weights.of(body)
    for tag in weights.tags():
        if not tag.contents and tag.name == "hr":
            continue  # emptied with what it stood in, or nothing to leave out
        reason = _reason(tag, weights.of(tag), page, title)
        if reason is None:
            continue
        if reason == FOOTER and len(salvaged) < MOST_REVIEW_LINES:
            salvaged.extend(_review_lines(tag))
        _empty(tag, reason, dropped)
    return salvaged


def _review_lines(tag: Tag) -> list[Tag]:
    """Take out of an element the short lines about the review of the text, and return them."""
    if not REVIEW_LINE.search(_words(tag)):
        return []
    lines = [
        line
        for line in tag.find_all(["p", "div", "li", "dd", "td"])
        if not line.find(list(BLOCKS))
        and REVIEW_LINE.search(text := _words(line))
        and len(text.split()) <= LONGEST_REVIEW_LINE
        and not COPYRIGHT.search(text)
    ]
    return [line.extract() for line in lines[:MOST_REVIEW_LINES]]


def _reason(tag: Tag, weight: Weight, page: Weight, title: str) -> str | None:
    """Why a tag is left out; an empty text means that there is nothing to report."""
    role = str(tag.get("role", ""))
    if tag.name in UNSEEN:
        return ""
    reason = LEFT_OUT.get(tag.name) or LEFT_OUT_ROLES.get(role)
    part = PAGE_PARTS.get(tag.name) or PAGE_ROLES.get(role)
    if not reason and part and not _inside_article(tag) and not _holds_title(tag, weight, title):
        reason = part
    if not reason and _is_hidden(tag):
        reason = "hidden on the page"
    if reason or tag.name not in BLOCKS | {"a", "span"} or tag.name in ("body", "td", "tr"):
        return reason
    if tag.name == "aside" and weight.link_share >= NAVIGATION_LINK_SHARE:
        return NAVIGATION
    names = names_of(tag)
    if not names:
        return None
    if weight.titles and tag.find(["main", "article"]) is None:
        weight = weight if _holds_title(tag, weight, title) else _untitled(weight)
    return named_reason(names, weight, page, _inside_article(tag)) or None


def _untitled(weight: Weight) -> Weight:
    return Weight(weight.words, weight.linked, weight.links, weight.within_page, 0, weight.blocks)


def _holds_title(tag: Tag, weight: Weight, title: str) -> bool:
    """Whether an element holds the title of the article, which a site's name in an h1 is not."""
    if not weight.titles:
        return False
    if tag.find(["main", "article"]):
        return True
    headings = [_words(each).casefold() for each in tag.find_all("h1")]
    whole = title.casefold()
    return any(
        heading and (heading == whole or not whole.endswith(heading)) for heading in headings
    )


def _inside_article(tag: Tag) -> bool:
    return tag.find_parent(["main", "article", "section"]) is not None


def _is_hidden(tag: Tag) -> bool:
    if tag.has_attr("hidden") and str(tag["hidden"]).lower() != "until-found":
        return True
    if str(tag.get("aria-hidden", "")).lower() == "true":
        return True
    return bool(HIDDEN_STYLE.search(str(tag.get("style", ""))))


def _leave_out_headed(weights: Weights, dropped: list[Dropped]) -> None:
    """Leave out headings such as "Related" with what stands under them."""
    for heading in weights.tags():
        if heading.name not in MAY_HEAD:
            continue
        weight = weights.of(heading)
        if not 0 < weight.words <= 8 or weight.blocks:
            continue
        text = _words(heading)
        for rule in HEADED:
            if rule.heading.fullmatch(text) and (under := _under(heading, rule, weights)):
                for tag in (*under, heading):
                    _empty(tag, rule.reason, dropped)
                break


def _under(heading: Tag, rule: Headed, weights: Weights) -> list[Tag]:
    """Return the elements under a heading if the rule holds for them together."""
    top = heading
    while top.parent is not None and weights.of(top.parent).words == weights.of(heading).words:
        top = top.parent
    found: list[Tag] = []
    words = linked = 0
    for element in islice(top.next_siblings, MOST_SIBLINGS):
        if is_text(element) and str(element).strip():
            break
        if not isinstance(element, Tag) or not weights.of(element).words:
            continue
        weight = weights.of(element)
        words, linked = words + weight.words, linked + weight.linked
        if element.name in HEADINGS or weight.titles or words > rule.most_words:
            words, linked = words - weight.words, linked - weight.linked
            break
        if rule.least_linked and linked < rule.least_linked * words:
            words, linked = words - weight.words, linked - weight.linked
            break
        found.append(element)
    only_heading = not rule.least_linked and heading.name in HEADINGS
    return found or ([heading] if only_heading else [])


def _leave_out_lines(weights: Weights, dropped: list[Dropped]) -> None:
    """Leave out single lines by their words, and lists of links to places on the page."""
    for tag in weights.tags():
        if tag.name not in MAY_BE_LINE:
            continue
        weight = weights.of(tag)
        if not weight.words or tag.name in ("td", "tr", "table"):
            continue
        inner = weight.within_page > 1 and weight.within_page == weight.links
        if inner and weight.link_share >= EDGE_LINK_SHARE:
            _empty(tag, CONTENTS, dropped)
            continue
        if weight.blocks or weight.titles or weight.words > LONGEST_LINE:
            continue
        if tag.name in CAPTIONS or _inside_line(tag, weight, weights):
            continue
        text = _words(tag)
        reason = worded_reason(text, weight)
        if reason and not REVIEW_LINE.search(text):
            _empty(tag, reason, dropped)


def _inside_line(tag: Tag, weight: Weight, weights: Weights) -> bool:
    """Whether an inline element stands in a sentence, where its words mean something else."""
    if tag.name in BLOCKS or tag.parent is None:
        return False
    around = weights.of(tag.parent)
    return bool(around.prose - weight.prose) and weight.words > 1


def _leave_out_links(content: Tag, dropped: list[Dropped]) -> None:
    """Leave out blocks of nothing but links before the first sentence and after the last one."""
    weights = Weights(content)
    blocks = [tag for tag in weights.tags() if tag.name in BLOCKS and weights.of(tag).words]
    leaves = [tag for tag in blocks if not weights.of(tag).blocks or tag.name == "p"]
    texts = [number for number, tag in enumerate(leaves) if weights.of(tag).prose >= SENTENCE_WORDS]
    if not texts:
        return
    edges = {id(tag) for tag in (*leaves[: texts[0]], *leaves[texts[-1] + 1 :])}
    edges |= {id(above) for tag in leaves if id(tag) in edges for above in tag.parents}
    kept = {id(above) for number in (texts[0], texts[-1]) for above in leaves[number].parents}
    for tag in weights.tags():
        weight = weights.of(tag)
        if tag.name not in BLOCKS or not weight.words:
            continue
        if id(tag) in kept or id(tag) not in edges or weight.titles or tag.name in HEADINGS:
            continue
        if any(REFERENCES.search(names_of(each)) for each in (tag, *tag.parents)):
            continue
        if (
            weight.links
            and weight.link_share >= EDGE_LINK_SHARE
            and not REVIEW_LINE.search(_words(tag))
        ):
            _empty(tag, NAVIGATION, dropped)


def _chosen(body: Tag, weights: Weights) -> Tag:
    """The element that the page marks as its content, or the one that holds nearly all prose."""
    marked = body.find_all("main") or body.find_all(role="main")
    marked = marked or body.find_all("article")
    if marked:
        largest: Tag = max(marked, key=lambda tag: weights.of(tag).words)
        share = SMALLEST_MAIN_SHARE
        if len(marked) > 1 and largest.name == "article":
            share = 0.5  # a page of several articles is not its largest one
        if weights.of(largest).words >= share * weights.of(body).words:
            return largest
        if len(marked) > 1:
            return body
    return _densest(body, weights)


def _densest(body: Tag, weights: Weights) -> Tag:
    """Go down from the body as long as one element holds nearly all the prose and the title."""
    least = MOST_PROSE * weights.of(body).prose
    current = body
    while True:
        titles = weights.of(current).titles
        inner = [
            child
            for child in current.children
            if isinstance(child, Tag)
            and child.name in BLOCKS
            and weights.of(child).prose >= least
            and weights.of(child).prose
        ]
        if len(inner) != 1 or (titles and not _titles_in(inner[0], weights)):
            return current
        if any(
            weights.of(child).prose >= TEXT_BESIDE and weights.of(child).link_share < LINKS_BESIDE
            for child in current.children
            if isinstance(child, Tag) and child is not inner[0]
        ):
            return current
        current = inner[0]


def _titles_in(tag: Tag, weights: Weights) -> bool:
    return tag.name == "h1" or bool(weights.of(tag).titles)


def _around(content: Tag, body: Tag) -> Iterator[PageElement]:
    """Yield what stands in the body beside an element and beside all that is above it."""
    current = content
    while current is not body and current.parent is not None:
        yield from (element for element in current.parent.contents if element is not current)
        current = current.parent


def _set_aside(element: PageElement, content: Tag, title: str, dropped: list[Dropped]) -> list[Tag]:
    """Report what stands outside the content; return its lines of review, and bring the title."""
    salvaged: list[Tag] = []
    if isinstance(element, Tag):
        salvaged = _review_lines(element)
        heading = element if element.name == "h1" else element.find("h1")
        if isinstance(heading, Tag) and not content.find("h1") and _is_title(heading, title):
            element = Tag(name="hr") if heading is element else element
            content.insert(0, heading.extract())
    text = _words(element)
    if text:
        dropped.append(Dropped(OUTSIDE, text))
    return salvaged


def _is_title(heading: Tag, title: str) -> bool:
    text = _words(heading).casefold()
    return bool(text) and title.casefold().startswith(text)


def _empty(tag: Tag, reason: str, dropped: list[Dropped]) -> None:
    """Report and empty an element; it stays as a rule, which parts what stands around it."""
    text = _words(tag) if reason else ""
    if text:
        dropped.append(Dropped(reason, text))
    after = _after(tag)
    tag.contents = []
    tag.next_element = after
    if after is not None:
        after.previous_element = tag
    tag.name = "hr" if tag.name in BLOCKS else tag.name
    tag.attrs.clear()


def _after(tag: Tag) -> PageElement | None:
    """Return what follows an element in the page, past all that it holds."""
    current: Tag | None = tag
    while current is not None:
        if current.next_sibling is not None:
            return current.next_sibling
        current = current.parent
    return None


def _words(element: PageElement) -> str:
    if isinstance(element, Tag):
        return " ".join(visible_text(element).split())
    return " ".join(str(element).split()) if is_text(element) else ""
