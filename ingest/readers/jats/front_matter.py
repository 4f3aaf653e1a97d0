"""Front matter of a JATS article: title, metadata, and reasons for omitted parts."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date

from ingest.readers.common.result import AS_METADATA
from ingest.readers.jats.inline import line_text
from ingest.readers.xml.node import XmlNode
from kb.model.article import Metadata

# Elements of the front matter that are read into the article.
FRONT_CONTENT = frozenset(
    [
        "article-meta",
        "title-group",
        "abstract",
        "trans-abstract",
        "kwd-group",
        "author-notes",
        "funding-group",
        "notes",
    ]
)
AUTHORS = "authors and their addresses"
ALTERNATIVE_TITLE = "an alternative title"
# Omitted elements, with the reason; all others are details of the journal or the issue.
FRONT_OMISSIONS = {
    "permissions": AS_METADATA,
    "article-id": AS_METADATA,
    "pub-date": AS_METADATA,
    "contrib-group": AUTHORS,
    "aff": AUTHORS,
    "aff-alternatives": AUTHORS,
    "corresp": AUTHORS,
    "alt-title": ALTERNATIVE_TITLE,
    "trans-title-group": ALTERNATIVE_TITLE,
    "article-categories": "journal categories",
    "related-article": "the title of another article",
}
JOURNAL_DETAILS = "details of the journal and the issue"

# Types of article ids in order of preference. A DOI also provides the URL.
ID_KINDS = ("doi", "pmcid", "pmc", "pmid", "publisher-id")
DOI_URL = "https://doi.org/"
# Publication date types in order of preference; "collection" is the year of a volume.
DATE_KINDS = ("epub", "pub", "epub-ppub", "ppub", "collection", "")
ABSTRACT_TITLES = {
    "toc": "In brief",
    "teaser": "In brief",
    "short": "In brief",
    "summary": "Summary",
    "executive-summary": "Summary",
    "editor": "Editors' summary",
    "key-points": "Key points",
    "plain-language-summary": "Plain language summary",
}
# URL or sentence that identifies a well-known licence, and its short name.
LICENCE_PATTERNS = (
    (r"creativecommons\.org/licenses/(by(?:-[a-z]{2}){0,2})/(\d\.\d)", "CC {0} {1}"),
    (r"creativecommons\.org/publicdomain/zero/(\d\.\d)", "CC0 {0}"),
    (r"\bCreative Commons Attribution Licen[sc]e\b", "CC BY"),
    (r"\bCreative Commons CC0\b", "CC0"),
)


def read_title(article: XmlNode) -> str:
    """Return the title with its subtitle, or an empty string."""
    for front in article.children("front", "front-stub"):
        group = front.find("article-meta", "title-group") or front.find("title-group")
        if group:
            subtitles = [line_text(subtitle) for subtitle in group.children("subtitle")]
            title = line_text(group.find("article-title"))
            return ": ".join(part.rstrip(":") for part in (title, *subtitles) if part)
    return ""


def abstract_title(abstract: XmlNode) -> str:
    """Return the heading of an abstract, with the language of a translation."""
    title = ABSTRACT_TITLES.get(abstract.attributes.get("abstract-type", ""), "Abstract")
    language = abstract.attributes.get("lang", "") if abstract.name == "trans-abstract" else ""
    return f"{title} ({language.lower()})" if language else title


def read_metadata(article: XmlNode, warnings: list[str]) -> Metadata:
    """Return the metadata of an article from its front matter."""
    front = article.find("front") or XmlNode("front")
    meta = front.find("article-meta") or XmlNode("article-meta")
    ids = {
        part.attributes.get("pub-id-type", ""): line_text(part)
        for part in meta.children("article-id")
    }
    kind = next((kind for kind in ID_KINDS if ids.get(kind)), "")
    journal = next(front.descendants("journal-title"), None)
    return Metadata(
        id=f"{kind}:{ids[kind]}" if kind else "",
        source=line_text(journal),
        url=DOI_URL + ids["doi"] if ids.get("doi") else "",
        licence=_read_licence(meta),
        language=_format_language(article.attributes.get("lang", "")),
        published=_publication_date(meta, warnings),
    )


def _read_licence(meta: XmlNode) -> str:
    """Return the short name of a well-known licence, or the licence text."""
    for licence in meta.descendants("license"):
        links = [node.attributes.get("href", "") for node in licence.walk()]
        text = " ".join([*links, line_text(licence)])
        for pattern, name in LICENCE_PATTERNS:
            match = re.search(pattern, text)
            if match:
                return name.format(*(part.upper() for part in match.groups()))
        if line_text(licence):
            return line_text(licence)
    return ""


def _format_language(code: str) -> str:
    language, _, region = code.partition("-")
    return f"{language.lower()}-{region.upper()}" if region else language.lower()


def _publication_date(meta: XmlNode, warnings: list[str]) -> date | None:
    """Return the publication date; a date without a day is the first of the month."""
    for parts in _publication_dates(meta):
        numbers = [int(part) for part in parts if part.isascii() and part.isdigit()]
        if len(numbers) == 3 and numbers[1]:
            try:
                return date(numbers[0], numbers[1], numbers[2] or 1)
            except ValueError:  # invalid date
                continue
    years = sorted({parts[0] for parts in _publication_dates(meta)})
    if years:
        warnings.append(
            f"The publication date was left empty, because only its year ({years[0]}) is known."
        )
    return None


def _publication_dates(meta: XmlNode) -> Iterator[tuple[str, str, str]]:
    """Yield year, month and day of the dates in order of preference; "0" if one is missing."""
    by_kind = {
        node.attributes.get("pub-type", node.attributes.get("date-type", "")): node
        for node in reversed(meta.children("pub-date"))
    }
    for kind in DATE_KINDS:
        if kind in by_kind:
            year, month, day = (line_text(by_kind[kind].find(p)) for p in ("year", "month", "day"))
            if year:
                yield year, month or "0", day or "0"
