"""HTML: a page or a fragment of one, read as its author marked it.

`ingest.readers.html.dom` says which part of the page is the article and `ingest.readers.html.elements`
reads single elements; here they become headings and blocks in reading order, and the head of the
page becomes metadata. Text that stands directly in a container is a paragraph, so nothing is lost
for want of a `p`.
"""

from __future__ import annotations

import re
from itertools import chain

from bs4 import BeautifulSoup
from bs4.element import Tag

from ingest.readers.base import OmittedText, ReaderResult, SectionBuilder, derive_title
from ingest.readers.html.boilerplate_rules import NOT_ARTICLE
from ingest.readers.html.dom import (
    BLOCKS,
    element_after,
    get_classes,
    is_text,
    parse_page,
    visible_text,
)
from ingest.readers.html.elements import (
    HEADINGS,
    LISTS,
    build_list_items,
    build_table,
    callout_text,
    collapse_whitespace,
    definition_list,
    inline_text,
    is_layout_table,
)
from ingest.readers.html.main_content import extract_main_content
from ingest.readers.html.metadata import find_json_ld_text, read_metadata
from ingest.readers.html.text_density import ancestor_ids
from ingest.readers.html.trafilatura_check import extract_with_trafilatura
from ingest.text_encoding import TextNormalizer
from kb.model.article import Block, BlockKind

# A class of one of these words marks a box that is set off from the text, in any naming scheme.
CALLOUT_CLASS = re.compile(
    r"(?:^|[-_])(?:callout|warning|important|alert|caution|danger|care-card|inset(?:-text)?)"
    r"(?:[-_]|$)",
    re.I,
)
CALLOUT_CONTAINERS = frozenset({"div", "section", "p"})
CALLOUT_ELEMENTS = frozenset({"blockquote", "aside"})
# A box holds a warning, not an article: a larger one only wraps what it stands around.
MAX_CALLOUT_WORDS = 250
# In a list with one of these, `li` places parts of the page and is no item.
BLOCKS_NOT_IN_ITEMS = ["table", "details", "figure", *HEADINGS]

# A text in JSON-LD this much longer than the one on the page is the article itself; a page that
# shows its text has about as much in both.
MIN_JSON_LD_RATIO = 3
SITE_SEPARATORS = (" - ", " – ", " — ", " | ", " · ", " :: ")
MIN_REPORTED_WORDS = 40  # words of a text beside the article that a person should look at
MAX_SHOWN_LENGTH = 80  # characters of it
TRAFILATURA_FAILED = "The second reader of pages failed: only our own rules were asked."
READ_FROM_JSON_LD = "The page shows its text by a script: read from its JSON-LD."
LONG_TEXT_OMITTED = "A long text beside the article was left out: look whether it belongs to it."
MAX_SUMMARY_WORDS = 14  # of a `summary` that can serve as a heading; the same as in plain text


def read_html(text: str, source: str) -> ReaderResult:
    """Read a page. Raises `SourceError` when it holds no text or is no page a person wrote."""
    soup = parse_page(text, source)
    body = soup.body or soup
    visible = visible_text(body)
    about = read_metadata(soup, visible)
    omitted: list[OmittedText] = []
    warnings = list(about.warnings)
    said = find_json_ld_text(soup)
    trafilatura_text = extract_with_trafilatura(text)
    if trafilatura_text is None:
        warnings.append(TRAFILATURA_FAILED)
    content = extract_main_content(body, omitted, about.title, trafilatura_text)
    if len(said.split()) > MIN_JSON_LD_RATIO * len(visible_text(content).split()):
        # A script would write the text that the page gives to search engines.
        content = _paragraphs(soup, said)
        visible = f"{visible}\n{said}"
        warnings.append(READ_FROM_JSON_LD)
    long = [
        each
        for each in omitted
        if each.reason == NOT_ARTICLE and len(each.text.split()) >= MIN_REPORTED_WORDS
    ]
    if long:
        warnings.append(f'{LONG_TEXT_OMITTED} It begins: "{long[0].text[:MAX_SHOWN_LENGTH]}..."')
    normalizer = TextNormalizer()
    builder = SectionBuilder(normalizer)
    HtmlWalker(builder, content).add_content(content)
    title = _select_title(content, about.title)
    if title:
        builder.merge_title_heading(title)
    else:
        title = derive_title([text for _, text in builder.headings], source)
    return ReaderResult(
        article=builder.build_article(source, "", title, about.metadata),
        visible_text=visible,
        omitted=tuple(omitted),
        warnings=(*warnings, *normalizer.warnings()),
    )


def _paragraphs(soup: BeautifulSoup, text: str) -> Tag:
    """Return a text as an element with a paragraph for each of its lines."""
    content = soup.new_tag("div")
    for line in text.split("\n"):
        paragraph = soup.new_tag("p")
        paragraph.string = line
        content.append(paragraph)
    return content


def _select_title(content: Tag, head_title: str) -> str:
    """Return the first heading of the first level, or the head's title without the site's name."""
    first = content.find("h1")
    text = inline_text(first).strip() if isinstance(first, Tag) else ""
    if text:
        return text
    cut = max(head_title.rfind(separator) for separator in SITE_SEPARATORS)
    return head_title[:cut] if cut > 0 else head_title


class HtmlWalker:
    """The way through the content: one call for each level of elements, bounded by the parser."""

    def __init__(self, builder: SectionBuilder, root: Tag) -> None:
        self._builder = builder
        self._root = root
        self._holders = ancestor_ids(
            tag for tag in root.descendants if isinstance(tag, Tag) and tag.name in BLOCKS
        )
        self._level = 0  # of the heading before
        self._folds = 0  # folded parts that are open

    def add_content(self, tag: Tag) -> None:
        """Read an element that holds blocks, loose text, or both."""
        run: list[str] = []
        captions: list[str] = []
        for child in tag.children:
            if not isinstance(child, Tag):
                run.append(collapse_whitespace(child) if is_text(child) else "")
            elif child.name in BLOCKS or id(child) in self._holders:
                self._end_run(run, captions)
                self._block(child)
            elif child.name == "br":
                run.append("\n")
            else:
                run.append(inline_text(child, images=False))
                images = [child] if child.name == "img" else child.find_all("img")
                captions.extend(str(image.get("alt", "")) for image in images)
        self._end_run(run, captions)

    def _end_run(self, run: list[str], captions: list[str]) -> None:
        self._builder.add_text(BlockKind.PARAGRAPH, "".join(run))
        for caption in captions:
            self._builder.add_text(BlockKind.CAPTION, caption)
        run.clear()
        captions.clear()

    def _block(self, tag: Tag) -> None:
        add = self._builder.add_block
        if tag.name in HEADINGS:
            self._level = HEADINGS[tag.name]
            self._builder.add_heading(self._level, inline_text(tag))
        elif _is_callout(tag):
            self._builder.add_text(BlockKind.CALLOUT, callout_text(tag))
        elif tag.name in LISTS and not tag.find(BLOCKS_NOT_IN_ITEMS):
            add(Block(kind=BlockKind.LIST, items=build_list_items(tag), ordered=tag.name == "ol"))
        elif tag.name == "dl" and not tag.find(BLOCKS_NOT_IN_ITEMS):
            add(definition_list(tag))
        elif tag.name == "table" and not is_layout_table(tag):
            for caption in tag.find_all("caption", limit=1):
                self._builder.add_text(BlockKind.CAPTION, inline_text(caption))
            add(build_table(tag))
        elif tag.name in ("figcaption", "caption"):
            self._builder.add_text(BlockKind.CAPTION, inline_text(tag))
        elif tag.name == "pre":
            self._builder.add_text(BlockKind.PARAGRAPH, tag.get_text())
        elif tag.name == "details":
            self._details(tag)
        else:
            self.add_content(tag)

    def _details(self, tag: Tag) -> None:
        """Read a folded part: a section of its own where no text follows that it would swallow."""
        summary = tag.find("summary", recursive=False)
        if isinstance(summary, Tag):
            text = inline_text(summary)
            if len(text.split()) <= MAX_SUMMARY_WORDS and self._ends_its_section(tag):
                self._builder.add_heading(self._level + 1 + self._folds, text)
            else:
                self._builder.add_text(BlockKind.PARAGRAPH, text)
            summary.extract()
        self._folds += 1
        self.add_content(tag)
        self._folds -= 1

    def _ends_its_section(self, tag: Tag) -> bool:
        """Whether the next text is a heading's or another folded part's, or there is none."""
        around = {id(parent) for parent in tag.parents}
        following = element_after(tag)
        if following is None:
            return True
        for element in chain([following], following.next_elements):
            if not is_text(element) or not str(element).strip():
                continue
            holders = list(element.parents)
            if not any(holder is self._root for holder in holders):
                return True  # the text after the end of the content
            return any(
                holder.name in HEADINGS or (holder.name == "details" and id(holder) not in around)
                for holder in holders
            )
        return True


def _is_callout(tag: Tag) -> bool:
    if tag.name not in CALLOUT_ELEMENTS:
        named_so = any(CALLOUT_CLASS.search(name) for name in get_classes(tag))
        if tag.name not in CALLOUT_CONTAINERS or not named_so:
            return False
    return len(visible_text(tag).split()) <= MAX_CALLOUT_WORDS
